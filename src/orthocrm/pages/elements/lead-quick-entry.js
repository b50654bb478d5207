/**
 * <ortho-lead-quick-entry>: an enquiry by phone, written down while somebody is speaking.
 *
 * Attributes
 *   phone     The number of the caller, where the phone system knows it.
 *   channel   PHONE unless told otherwise; WALK_IN for somebody at the desk.
 *
 * Events
 *   ortho-lead-captured   It was saved; detail: {lead, duplicates, tasks, decision}.
 *   ortho-lead-open       Somebody wants to see a lead; detail: {leadId}.
 *
 * Enter saves from every field, and the next call can be typed at once. Leads with the number or
 * the name are shown while one types; the call can be noted with one of them.
 *
 * CSS parts: matches.
 */

import "./source-selector.js";
import { client } from "../base/client.js";
import { css, define, h } from "../base/element.js";
import { OrthoForm, choicesOf, filled } from "../parts/form.js";
import { contactOf, freshKey, leadLink, leadsById, nameOf, patientOf } from "../parts/people.js";
import { practice } from "../parts/practice.js";

const PAUSE_MS = 250;
const FEWEST_DIGITS = 6;
const INTERESTS = ["GENERAL_INQUIRY", "BRACES_METAL", "BRACES_CLEAR", "INVISALIGN", "RETAINER", "SECOND_OPINION"];

class LeadQuickEntry extends OrthoForm {
  static attributes = { phone: String, channel: String };
  static texts = "leads";
  static styles = [OrthoForm.styles, css`
    :host { container-type: inline-size; }
    .both { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 21rem); gap: 1.5rem; align-items: start; }
    @container (max-width: 46rem) { .both { grid-template-columns: minmax(0, 1fr); } }
    .fields { grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); }
    aside { display: grid; gap: .6rem; padding: 1rem; border-radius: var(--ortho-round-large); background: var(--ortho-sunken); }
    aside h3 { font-size: 1rem; }
    aside li { display: grid; gap: .25rem; padding: .75rem; }
    aside ul { display: grid; gap: .6rem; }
    aside a { font-weight: 600; overflow-wrap: anywhere; }
    .done { padding: .75rem 1rem; border-radius: var(--ortho-round); background: var(--ortho-good-soft); color: var(--ortho-good-text); }
    .done a { color: inherit; }
    .row { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; }
    .small { min-block-size: 2rem; padding: .15rem .7rem; font-size: .875rem; }
  `];

  key = freshKey();

  async connected() {
    this.begin();
    await this.load(async () => ({ house: await practice() }));
  }

  begin() {
    this.set({ values: { phone: this.phone ?? "", treatmentInterest: ["GENERAL_INQUIRY"], origin: {} }, matches: [], hidden: 0 });
    if (this.phone) this.look();
    this.isFresh = true;
  }

  drawn() {
    super.drawn();
    const first = this.shadowRoot.getElementById(this.phone ? "name" : "phone");
    if (!this.isFresh || !first) return;
    this.isFresh = false;
    first.focus();
  }

  put(name, value) {
    super.put(name, value);
    clearTimeout(this.timer);
    if (["phone", "name", "patient"].includes(name)) this.timer = setTimeout(() => this.look(), PAUSE_MS);
  }

  /** What is typed, as an enquiry: "Ana Lee" calls for "Mia", who is a Lee as well. */
  get intake() {
    const { phone, email, name = "", patient = "", treatmentInterest, notes, origin } = this.state.values;
    const [firstName, lastName] = parted(name);
    const [patientFirstName, patientLastName] = patient.trim() ? parted(patient) : [firstName, lastName];
    return filled({
      channel: this.channel ?? "PHONE", phone, email, firstName, lastName, patientFirstName,
      patientLastName: patientLastName || lastName,
      patientRelationship: patient.trim() ? "CHILD" : "SELF",
      treatmentInterest, notes, ...origin,
    });
  }

  /** Look whether the family is known: by all that was typed, or by what is there so far. */
  async look() {
    const { phone = "", name = "" } = this.state.values;
    const digits = phone.replace(/\D/g, "");
    this.looking?.abort();
    const { signal } = (this.looking = new AbortController());
    if (digits.length < FEWEST_DIGITS && parted(name)[1].length < 2) return this.set({ matches: [], hidden: 0 });
    try {
      const found = await this.known(digits, name.trim(), signal);
      if (!signal.aborted) this.set(found);
    } catch (problem) {
      if (problem.name !== "AbortError" && problem.code === undefined) throw problem;
    }
  }

  async known(digits, name, signal) {
    if (digits.length >= FEWEST_DIGITS && name) {
      const told = await client.post("/leads/duplicates", this.intake, { signal }).catch((problem) => (problem.status === 422 ? null : Promise.reject(problem)));
      if (told?.found.length || told?.hidden) {
        const leads = await leadsById(told.found.map((one) => one.leadId));
        const matches = told.found.map((one) => ({ ...one, lead: leads.get(one.leadId) })).filter((one) => one.lead);
        return { matches, hidden: told.hidden };
      }
    }
    const text = digits.length >= FEWEST_DIGITS ? digits.slice(-10) : name;
    const leads = await client.post("/leads/search", { text, size: 5 }, { signal });
    return { matches: leads.map((lead) => ({ lead })), hidden: 0 };
  }

  save(event) {
    event.preventDefault();
    return this.send(async () => {
      const made = await client.post("/leads", this.intake, { key: this.key });
      this.key = freshKey();
      this.set({ last: made });
      this.begin();
      this.tell("ortho-lead-captured", made);
    });
  }

  /** It is a call about a lead that is there: note it with that one. */
  note(lead) {
    const { notes } = this.state.values;
    const call = { type: "PHONE_CALL", direction: "INBOUND", callOutcome: "SPOKE", notes: notes || null };
    return this.send(async () => {
      await client.post(`/leads/${lead.id}/activities`, call);
      this.begin();
      this.notice(this.t("quick.noted", { name: patientOf(lead) }));
    });
  }

  draw() {
    const { house, failed, last, values } = this.state;
    if (failed) return h("p", { class: "problem" }, this.explain(failed));
    if (!house || !values.origin) return h("p", { class: "state", role: "status" }, this.t("loading"));
    return h("div", { class: "both" }, [
      h("form", { key: "form", novalidate: true, onsubmit: (event) => this.save(event), onkeydown: (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && this.save(event) }, [
        h("div", { key: "done", role: "status" }, last && h("p", { class: "done" }, this.done(last))),
        h("div", { key: "fields", class: "fields" }, [
          this.field("phone", { kind: "tel", isNeeded: true, inputmode: "tel" }),
          this.field("name", { label: this.t("quick.name"), isNeeded: true }),
          this.field("patient", { label: this.t("quick.patient"), hint: this.t("quick.patient_hint") }),
          this.field("email", { kind: "email" }),
          h("ortho-source-selector", { key: "source", class: "whole", ".origin": values.origin, "onortho-source": ({ detail }) => this.put("origin", detail) }),
          this.field("treatmentInterest", { kind: "checks", options: choicesOf(this.word, "interest", INTERESTS), whole: true }),
          this.field("notes", { kind: "area", whole: true, hint: this.t("quick.notes_hint") }),
        ]),
        this.ending(this.t("quick.save")),
      ]),
      this.matches(),
    ]);
  }

  refused(problem) {
    const place = { firstName: "name", lastName: "name", patientFirstName: "patient", patientLastName: "patient" };
    const problems = problem.problems.map((one) => ({ ...one, path: place[one.path] ?? one.path }));
    super.refused(Object.assign(problem, { problems }));
  }

  done({ lead, decision, duplicates }) {
    return [
      this.t("quick.done", { owner: nameOf(this.state.house, decision?.chosen ?? lead.assignedToId) }), " ",
      leadLink(this, lead.id, patientOf(lead)),
      duplicates.length > 0 && ` · ${this.t("quick.alike", { count: duplicates.length })}`,
    ];
  }

  matches() {
    const { matches, hidden, house } = this.state;
    const stage = (lead) => house.stages.find((one) => one.slug === lead.pipelineStage)?.name;
    const one = ({ lead, relation }) =>
      h("li", { key: lead.id, class: "panel" }, [
        leadLink(this, lead.id, patientOf(lead)),
        h("p", { class: "muted" }, [contactOf(lead), lead.phone].filter(Boolean).join(" · ")),
        h("p", { class: "row" }, [relation && h("span", { class: "chip warn" }, this.word("relation", relation)), h("span", { class: "chip" }, stage(lead)), h("span", { class: "muted" }, nameOf(house, lead.assignedToId))]),
        house.may("lead:update") && h("button", { class: "button small", type: "button", onclick: () => this.note(lead) }, this.t("quick.note")),
      ]);
    return h("aside", { key: "matches", part: "matches", "aria-label": this.t("quick.matches") }, [
      h("div", { role: "status" }, h("h3", {}, matches.length + hidden ? this.t("quick.found", { count: matches.length + hidden }) : this.t("quick.none"))),
      matches.length === 0 && !hidden && h("p", { class: "muted" }, this.t("quick.none_hint")),
      h("ul", {}, matches.map(one)),
      hidden > 0 && h("p", { class: "muted" }, this.t("quick.hidden", { count: hidden })),
    ]);
  }
}

/** Part a name at its last space. */
function parted(name) {
  const [, first, last = ""] = /^(.*?)(?:\s+(\S+))?$/.exec(name.trim());
  return [first, last];
}

define("ortho-lead-quick-entry", LeadQuickEntry);
