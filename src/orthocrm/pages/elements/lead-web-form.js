/**
 * <ortho-lead-web-form>: a form of the practice for everybody, on the practice's own site.
 *
 * Attributes
 *   clinic   The id of the clinic.
 *   form     The slug of one of its forms; it has to be active, and not signed.
 *
 * Events
 *   ortho-form-sent   It arrived; detail: {form}. Who prevents it says thanks in its own way.
 *
 * Slots: intro, consent (the practice's own words, above the button), thanks, closed.
 * CSS parts: form, thanks.
 *
 * Nobody has to be logged in. Fields are those of the definition, under its labels, or where it has
 * none, under ours in the language of the reader. A field with a single answer on offer is a box to
 * tick, such as a consent. Tags of the campaign in the page's address go along. It brings a ground
 * of its own, so that it can be read in either theme on whatever site it stands.
 */

import { client } from "../base/client.js";
import { css, define, h } from "../base/element.js";
import { OrthoForm } from "../parts/form.js";
import { isSaid } from "../texts/say.js";
import { kindOf, optionsOf, purposeOf, told, wrongs } from "./web-form/asking.js";

const TAGS = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"];
const LONGEST_TAG = 255;

class LeadWebForm extends OrthoForm {
  static attributes = { clinic: String, form: String };
  static texts = "web-form";
  static styles = [OrthoForm.styles, css`
    :host { position: relative; padding: 1.25rem; border-radius: var(--ortho-round-large); background: var(--ortho-surface); overflow-wrap: anywhere; }
    .agree { display: grid; grid-template-columns: auto 1fr; gap: .6rem; align-items: start; font-weight: 400; font-size: 1rem; }
    .agree input { inline-size: 1.5rem; block-size: 1.5rem; margin: 0; accent-color: var(--ortho-accent); }
    .input, .button { min-block-size: 2.75rem; font-size: 1rem; }
    .thanks { padding: 1rem 1.25rem; border-radius: var(--ortho-round); background: var(--ortho-good-soft); color: var(--ortho-good-text); }
    .closed { display: grid; gap: .75rem; justify-items: start; }
  `];

  connected() {
    this.read();
  }

  changed() {
    if (this.leaving) this.read(); // attributes of the page's own markup come before the element is in it
  }

  read() {
    this.path = `/forms/${[this.clinic, this.form].map((part) => encodeURIComponent(part ?? "")).join("/")}`;
    this.set({ values: {}, wrong: {}, problem: null, isSent: false, asked: null });
    const { path: wanted } = this;
    return this.load(async () => {
      const asked = await client.get(wanted);
      return wanted === this.path ? { asked } : {};
    });
  }

  submit(event) {
    event.preventDefault();
    const { asked, values } = this.state;
    const wrong = wrongs(asked, values);
    if (!wrong.size) return this.send(() => this.deliver());
    const said = [...wrong].map(([name, code]) => [name, this.explain({ code: `field.${code}`, about: {} })]);
    this.set({ wrong: Object.fromEntries(said), problem: null });
    this.isRefused = true;
  }

  async deliver() {
    const { asked, values } = this.state;
    const names = [...asked.fields.map(({ name }) => name), asked.honeypot];
    const said = names.map((name) => [name, told(values[name])]).filter(([, texts]) => texts.length);
    const answers = said.map(([name, texts]) => [name, texts.length > 1 ? texts : texts[0]]);
    await client.post(this.path, { ...tracking(), ...Object.fromEntries(answers) });
    const isOurs = this.tell("ortho-form-sent", { form: this.form });
    this.set({ values: {}, wrong: {}, isSent: isOurs });
    this.isThanked = isOurs;
  }

  drawn() {
    const root = this.shadowRoot;
    if (this.isThanked) root.querySelector(".thanks")?.focus();
    const first = this.isRefused && root.querySelector("[aria-invalid=true]");
    if (first) (first.matches("input, select, textarea") ? first : first.querySelector("input")).focus();
    this.isThanked = this.isRefused = false;
  }

  draw() {
    const { asked, failed, isSent } = this.state;
    if (failed) return this.closed(failed);
    if (!asked) return h("p", { class: "state", role: "status" }, this.t("loading"));
    if (isSent) return h("div", { key: "thanks", class: "thanks", part: "thanks", role: "status", tabindex: -1 }, h("slot", { name: "thanks" }, this.t("thanks")));
    return h("form", { key: "form", part: "form", "aria-label": this.t("form"), novalidate: true, onsubmit: (event) => this.submit(event) }, [
      h("slot", { key: "intro", name: "intro" }),
      asked.fields.some(({ required }) => required) && h("p", { key: "needed", class: "muted" }, this.t("needed")),
      h("div", { key: "fields", class: "fields" }, asked.fields.map((field) => this.asking(field))),
      this.trap(asked.honeypot),
      h("slot", { key: "consent", name: "consent" }),
      this.ending(this.t("send")),
    ]);
  }

  asking(field) {
    const kind = kindOf(field);
    const options = optionsOf(field, (subject, value) => this.choice(subject, value));
    if (kind === "agree") return this.agreeing(field, options[0]);
    return this.field(field.name, {
      kind, label: this.label(field), isNeeded: field.required, autocomplete: purposeOf(field),
      options: kind === "select" ? [["", this.t("choose")], ...options] : options,
      whole: kind === "area" || kind === "checks" || kind === "picks",
      hint: kind === "picks" && this.t("pick"), // said aloud with the group, as no star is
      inputmode: field.fills === "patient_age" ? "numeric" : null,
    });
  }

  /** One box to tick; what it says is the answer, and the label of the field names what it is about. */
  agreeing({ name, label, required }, [value, text]) {
    const wrong = this.state.wrong[name];
    const about = [label && `${name}-hint`, wrong && `${name}-wrong`].filter(Boolean).join(" ");
    return h("div", { key: name, class: "field whole" }, [
      label && h("p", { class: "label", id: `${name}-hint` }, label),
      h("label", { class: "agree", for: name }, [
        h("input", {
          type: "checkbox", id: name, name, value, ".checked": told(this.state.values[name]).length > 0,
          "aria-required": required ? "true" : null, "aria-invalid": wrong ? "true" : null, "aria-describedby": about || null,
          onchange: ({ target }) => this.put(name, target.checked ? value : ""),
        }),
        h("span", {}, text, required && h("span", { class: "needed", "aria-hidden": "true" }, " *")),
      ]),
      wrong && h("p", { class: "wrong", id: `${name}-wrong` }, wrong),
    ]);
  }

  /** A field that people neither see nor reach. */
  trap(name) {
    return h("div", { key: "trap", class: "unseen", "aria-hidden": "true" }, [
      h("label", { for: name }, this.t("trap")),
      h("input", { id: name, name, type: "text", tabindex: -1, autocomplete: "off", ".value": this.state.values[name] ?? "", oninput: ({ target }) => this.put(name, target.value) }),
    ]);
  }

  closed(problem) {
    const isGone = problem.status === 404;
    return h("div", { class: "closed" }, [
      h("slot", { name: "closed" }, h("p", { class: "problem", role: "alert" }, this.explain(problem))),
      !isGone && h("button", { class: "button", type: "button", onclick: () => this.read() }, this.t("retry")),
    ]);
  }

  label({ name, label, fills }) {
    return label ?? (isSaid(`web-form.fills.${fills}`) ? this.t(`fills.${fills}`) : name);
  }

  choice(subject, value) {
    const own = `${subject}.${value}`;
    return isSaid(`web-form.${own}`) ? this.t(own) : this.word(subject, value);
  }
}

/** By what the family came: tags in the page's address, and the page before, without its query. */
function tracking() {
  const here = new URLSearchParams(location.search);
  const tags = TAGS.map((name) => [name, (here.get(name) ?? "").slice(0, LONGEST_TAG)]);
  const referrer = document.referrer.split(/[?#]/)[0].slice(0, LONGEST_TAG);
  return Object.fromEntries([...tags, ["referrer", referrer]].filter(([, text]) => text));
}

define("ortho-lead-web-form", LeadWebForm);
