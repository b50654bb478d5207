/**
 * <ortho-lead-form>: all that is known of a lead, to write down or to correct.
 *
 * Attributes
 *   lead-id   The lead that is corrected; without it, a new one is made.
 *
 * Properties
 *   lead      The same, where the page has read it already.
 *
 * Events
 *   ortho-lead-saved   It was saved; detail: {lead, duplicates}.
 *   ortho-cancel       Somebody does not want to go on.
 *
 * Only what was changed is sent. Where somebody else changed the same field meanwhile, both values
 * are shown and one is chosen; changes of other fields come together by themselves.
 */

import "./source-selector.js";
import { client } from "../base/client.js";
import { css, define, h } from "../base/element.js";
import { OrthoForm, choicesOf, filled } from "../parts/form.js";
import { freshKey } from "../parts/people.js";
import { practice } from "../parts/practice.js";

const RELATIONSHIPS = ["CHILD", "SELF", "SPOUSE", "OTHER"];
const CONTACTS = ["PHONE", "TEXT", "EMAIL", "ANY"];
const INTERESTS = ["BRACES_METAL", "BRACES_CLEAR", "INVISALIGN", "RETAINER", "SECOND_OPINION", "GENERAL_INQUIRY"];
const ORIGIN = ["sourceId", "sourceDetail", "referringProviderId", "referringPatientId"];
const FIELDS = [...ORIGIN, ..."firstName lastName patientFirstName patientLastName patientDob patientRelationship email phone phoneAlt preferredContact preferredTime addressLine1 addressLine2 city state postalCode treatmentInterest insuranceCarrier insuranceMemberId notes".split(" ")];

const same = (one, other) => JSON.stringify(one ?? "") === JSON.stringify(other ?? "");
const fieldsOf = (lead) => Object.fromEntries(FIELDS.map((name) => [name, lead[name]]));

class LeadForm extends OrthoForm {
  static attributes = { "lead-id": String };
  static texts = "leads";
  static styles = [OrthoForm.styles, css`
    form { gap: 1.5rem; }
    .clash { display: grid; gap: .6rem; padding: 1rem; border: 1px solid var(--ortho-warn); border-radius: var(--ortho-round); background: var(--ortho-warn-soft); color: var(--ortho-warn-text); }
    .clash .pick span { border-radius: var(--ortho-round); color: var(--ortho-text); overflow-wrap: anywhere; }
  `];

  key = freshKey();

  set lead(lead) {
    this.base = lead;
    this.set({ values: fieldsOf(lead), clashes: null });
  }

  async connected() {
    await this.load(async () => ({ house: await practice() }));
    if (this.base) return;
    if (this.leadId) await this.load(async () => void (this.lead = await client.get(`/leads/${this.leadId}`)));
    else this.set({ values: { patientRelationship: "CHILD", preferredContact: "PHONE", treatmentInterest: ["GENERAL_INQUIRY"] } });
  }

  get edits() {
    const { values } = this.state;
    const changed = FIELDS.filter((name) => !same(values[name], this.base[name]));
    return Object.fromEntries(changed.map((name) => [name, values[name] === "" ? null : (values[name] ?? null)]));
  }

  save(event) {
    event.preventDefault();
    return this.send(() => (this.base ? this.correct() : this.make()));
  }

  async make() {
    const { values } = this.state;
    const isSelf = values.patientRelationship === "SELF";
    const contact = isSelf ? { firstName: values.patientFirstName, lastName: values.patientLastName } : {};
    const made = await client.post("/leads", { channel: "MANUAL", ...filled({ ...values, ...contact }) }, { key: this.key });
    this.key = freshKey();
    this.tell("ortho-lead-saved", made);
  }

  async correct() {
    const edit = this.edits;
    if (Object.keys(edit).length === 0) return this.tell("ortho-lead-saved", { lead: this.base });
    try {
      const lead = await client.put(`/leads/${this.base.id}`, edit, { version: this.base.version });
      this.lead = lead;
      this.tell("ortho-lead-saved", { lead });
    } catch (problem) {
      if (problem.code !== "stale_version") throw problem;
      await this.meet(edit);
    }
  }

  /** Somebody else saved first: take theirs where only they changed something, else ask. */
  async meet(edit) {
    const theirs = await client.get(`/leads/${this.base.id}`);
    const clashes = Object.keys(edit).filter((name) => !same(theirs[name], this.base[name]) && !same(theirs[name], edit[name]));
    this.base = theirs;
    this.set({ values: { ...fieldsOf(theirs), ...edit } });
    if (clashes.length === 0) return this.correct();
    this.set({ clashes: clashes.map((name) => ({ name, mine: edit[name], theirs: theirs[name] })) });
    queueMicrotask(() => this.shadowRoot.querySelector(".clash")?.focus());
  }

  shownValue(name, value) {
    const kind = { treatmentInterest: "interest", patientRelationship: "relationship", preferredContact: "preferred" }[name];
    if (name === "sourceId") return this.state.house.sources.find((one) => one.id === value)?.name ?? this.t("source.unknown");
    const texts = [value].flat().map((one) => (kind ? this.word(kind, one) : one));
    return texts.filter(Boolean).join(", ") || this.t("empty");
  }

  draw() {
    const { house, failed, values } = this.state;
    if (failed) return h("p", { class: "problem" }, this.explain(failed));
    if (!house || !values.patientRelationship) return h("p", { class: "state", role: "status" }, this.t("loading"));
    const group = (name, ...fields) => h("fieldset", { key: name }, h("legend", {}, this.t(`group.${name}`)), fields);
    const hasContact = this.base || values.patientRelationship !== "SELF";
    return h("form", { novalidate: true, onsubmit: (event) => this.save(event) }, [
      this.state.clashes && this.clash(),
      group("patient",
        this.field("patientFirstName", { isNeeded: true }),
        this.field("patientLastName", { isNeeded: true }),
        this.field("patientDob", { kind: "date" }),
        this.field("patientRelationship", { kind: "select", options: choicesOf(this.word, "relationship", RELATIONSHIPS) }),
      ),
      group("contact",
        hasContact && this.field("firstName", { isNeeded: true }),
        hasContact && this.field("lastName", { isNeeded: true }),
        this.field("phone", { kind: "tel", hint: this.t("hint.reach") }),
        this.field("email", { kind: "email" }),
        this.field("phoneAlt", { kind: "tel" }),
        this.field("preferredContact", { kind: "select", options: choicesOf(this.word, "preferred", CONTACTS) }),
        this.field("preferredTime"),
      ),
      group("enquiry",
        this.field("treatmentInterest", { kind: "checks", options: choicesOf(this.word, "interest", INTERESTS), whole: true }),
        h("ortho-source-selector", { key: "source", ".origin": this.origin, ".wrong": this.state.wrong.sourceId, "onortho-source": ({ detail }) => this.chose(detail) }),
        this.field("notes", { kind: "area", whole: true }),
      ),
      group("address", ["addressLine1", "addressLine2", "city", "state", "postalCode"].map((name) => this.field(name))),
      group("insurance", this.field("insuranceCarrier"), this.field("insuranceMemberId")),
      this.ending(this.t(this.base ? "save" : "lead.create"), h("button", { class: "button quiet", type: "button", onclick: () => this.tell("ortho-cancel") }, this.t("cancel"))),
    ]);
  }

  /** The origin, the same object for as long as it is the same. */
  get origin() {
    const { values } = this.state;
    const now = Object.fromEntries([...ORIGIN, "referrerName"].map((name) => [name, values[name]]));
    if (!same(this.shownOrigin, now)) this.shownOrigin = now;
    return this.shownOrigin;
  }

  chose(origin) {
    const none = Object.fromEntries(ORIGIN.map((name) => [name, null]));
    this.set({ values: { ...this.state.values, ...none, referrerName: null, ...origin } });
  }

  clash() {
    const one = ({ name, mine, theirs }) => {
      const pick = (value, label) =>
        h("label", { class: "pick" },
          h("input", { type: "radio", name: `clash-${name}`, ".checked": same(this.state.values[name], value), onchange: () => this.put(name, value) }),
          h("span", {}, `${label}: ${this.shownValue(name, value)}`),
        );
      return h("div", { key: name, role: "radiogroup", "aria-label": this.t(`field.${name}`) }, [
        h("p", { class: "label" }, this.t(`field.${name}`)),
        h("div", { class: "picks" }, pick(mine, this.t("clash.mine")), pick(theirs, this.t("clash.theirs"))),
      ]);
    };
    return h("div", { key: "clash", class: "clash", role: "alert", tabindex: "-1" }, h("p", {}, this.t("clash.hint")), this.state.clashes.map(one));
  }
}

define("ortho-lead-form", LeadForm);
