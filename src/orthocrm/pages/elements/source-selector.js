/**
 * <ortho-source-selector>: where a lead comes from, and who or what has brought them.
 *
 * Attributes
 *   value        The id of the chosen source.
 *   needed       Says that one has to be chosen.
 *
 * Properties
 *   origin       What is chosen: {sourceId, sourceDetail, referringProviderId, referringPatientId,
 *                referrerName}, as the API takes it. Set it to show that.
 *   wrong        What is wrong with the source, as a text.
 *
 * Events
 *   ortho-source   Something was chosen; detail is `origin`.
 *
 * CSS parts: select, detail. Whoever may configure the practice can add a source in place.
 */

import { client } from "../base/client.js";
import { css, define, h } from "../base/element.js";
import { OrthoForm } from "../parts/form.js";
import { practice } from "../parts/practice.js";

const CATEGORIES = "DOCTOR_REFERRAL PATIENT_REFERRAL WEB_ORGANIC WEB_PAID WEB_SOCIAL PRINT_AD COMMUNITY_EVENT SCHOOL_SCREENING WALK_IN OTHER".split(" ");
const REFERRERS = { DOCTOR_REFERRAL: ["PROVIDER", "referringProviderId"], PATIENT_REFERRAL: ["PATIENT", "referringPatientId"] };
const ADD = "+";

class SourceSelector extends OrthoForm {
  static attributes = { value: String, needed: Boolean };
  static texts = "leads";
  static styles = [OrthoForm.styles, css`
    :host { display: grid; gap: .9rem; }
    .adding { padding: .9rem; border-radius: var(--ortho-round); background: var(--ortho-sunken); }
  `];

  #origin = {};

  get origin() {
    return this.#origin;
  }

  set origin(origin) {
    this.#origin = origin;
    this.value = origin.sourceId ?? null;
    this.redraw();
  }

  set wrong(text) {
    this.set({ wrong: { source: text } });
  }

  async connected() {
    await this.load(async () => ({ house: await practice() }));
    this.referrers();
  }

  get source() {
    return this.state.house?.sources.find((one) => one.id === this.value);
  }

  choose(id) {
    if (id === ADD) return this.set({ adding: true, values: { category: "OTHER" } });
    const source = this.state.house.sources.find((one) => one.id === id);
    this.pick({ sourceId: source?.id ?? null });
    this.referrers();
  }

  pick(origin) {
    this.origin = origin;
    this.tell("ortho-source", origin);
  }

  /** People who refer are known by name; another name is one that is not known yet. */
  async referrers() {
    const [kind] = REFERRERS[this.source?.category] ?? [];
    if (kind && this.state.known !== kind) {
      const people = await client.once(`/referrers?kind=${kind}`).catch(() => []);
      this.set({ known: kind, people: people.filter((one) => one.isActive) });
    }
  }

  detailed(text) {
    const [, field] = REFERRERS[this.source.category] ?? [];
    const known = field && this.state.people?.find((one) => one.name === text);
    const { sourceId } = this.#origin;
    if (known) this.pick({ sourceId, [field]: known.ref });
    else this.pick({ sourceId, [field ? "referrerName" : "sourceDetail"]: text || null });
  }

  async add(event) {
    event.preventDefault();
    event.stopPropagation();
    await this.send(async () => {
      const made = await client.post("/lead-sources", this.state.values);
      client.forget("/lead-sources");
      this.set({ house: await practice(), adding: false });
      this.choose(made.id);
      this.notice(this.t("source.added", { name: made.name }));
    });
  }

  draw() {
    const { house, adding, wrong, failed } = this.state;
    if (failed) return h("p", { class: "problem" }, this.explain(failed));
    if (!house) return h("p", { class: "muted" }, this.t("loading"));
    const isOffered = (one) => one.isActive || one.id === this.value;
    const option = (one) => h("option", { key: one.id, value: one.id, ".selected": one.id === (this.value ?? "") }, one.name);
    return [
      h("div", { key: "field", class: "field" }, [
        h("label", { for: "source" }, this.t("field.source"), this.needed && h("span", { class: "needed", "aria-hidden": "true" }, " *")),
        h("select", { id: "source", part: "select", class: "input", "aria-invalid": wrong.source ? "true" : null, "aria-describedby": wrong.source ? "source-wrong" : null, onchange: ({ target }) => this.choose(target.value) }, [
          option({ id: "", name: this.t("source.unknown") }),
          house.sources.filter(isOffered).map(option),
          house.may("lead:configure") && option({ id: ADD, name: this.t("source.add") }),
        ]),
        wrong.source && h("p", { class: "wrong", id: "source-wrong" }, wrong.source),
      ]),
      this.source && !adding && this.detail(),
      adding && this.adding(),
    ];
  }

  detail() {
    const [, field] = REFERRERS[this.source.category] ?? [];
    const known = field && this.state.people?.find((one) => one.ref === this.#origin[field]);
    const value = known?.name ?? this.#origin.referrerName ?? this.#origin.sourceDetail ?? this.#origin[field] ?? "";
    return h("div", { key: "detail", class: "field" }, [
      h("label", { for: "detail" }, this.t(field ? "source.referrer" : "source.detail")),
      h("input", { id: "detail", part: "detail", class: "input", list: field ? "people" : null, autocomplete: "off", ".value": value, onchange: ({ target }) => this.detailed(target.value.trim()) }),
      field && h("datalist", { id: "people" }, (this.state.people ?? []).map((one) => h("option", { key: one.ref, value: one.name }, one.organisation))),
    ]);
  }

  adding() {
    const categories = CATEGORIES.map((one) => [one, this.word("category", one)]);
    return h("form", { key: "adding", class: "adding", onsubmit: (event) => this.add(event) }, [
      h("div", { class: "fields" }, [
        this.field("name", { label: this.t("source.name"), isNeeded: true }),
        this.field("category", { label: this.t("source.category"), kind: "select", options: categories }),
      ]),
      this.ending(this.t("source.save"), h("button", { class: "button quiet", type: "button", onclick: () => this.set({ adding: false }) }, this.t("cancel"))),
    ]);
  }
}

define("ortho-source-selector", SourceSelector);
