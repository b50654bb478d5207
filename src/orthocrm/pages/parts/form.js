/** Forms: labelled fields, what is wrong with each, and sending without doing it twice. */

import { OrthoElement, css, h } from "../base/element.js";
import { explained } from "../texts/say.js";

const formStyles = css`
  form, .fields, fieldset { display: grid; gap: .9rem; min-inline-size: 0; }
  .fields, fieldset { grid-template-columns: repeat(auto-fill, minmax(min(13rem, 100%), 1fr)); align-items: start; }
  fieldset { margin: 0; padding: 0; border: 0; }
  legend { padding: 0; margin-block-end: .55rem; font-size: 1rem; font-weight: 650; }
  .whole { grid-column: 1 / -1; }
  textarea.input { min-block-size: 4.5rem; resize: vertical; }
  .checks, .picks { display: flex; flex-wrap: wrap; gap: .4rem; }
  .pick { position: relative; display: inline-flex; }
  .pick input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; cursor: pointer; }
  .pick span { display: inline-flex; gap: .4rem; align-items: center; min-block-size: 2.25rem; padding: .25rem .8rem; border: 1px solid var(--ortho-line-strong); border-radius: 99px; background: var(--ortho-field); font-size: .875rem; }
  .pick :checked + span { border-color: var(--ortho-accent); background: var(--ortho-accent-soft); color: var(--ortho-accent-text); font-weight: 600; }
  .pick :focus-visible + span { outline: 3px solid var(--ortho-focus); outline-offset: 2px; }
  .problem { padding: .6rem .9rem; border-radius: var(--ortho-round); background: var(--ortho-danger-soft); color: var(--ortho-danger-text); }
  .choices { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; }
  .needed { color: var(--ortho-danger-text); }
`;

/** An element that is a form: `state.values` is what is in it, `state.wrong` what is wrong. */
export class OrthoForm extends OrthoElement {
  static styles = formStyles;

  state = { values: {}, wrong: {}, busy: false, problem: null };

  /** Somebody filled a field in. */
  put(name, value) {
    const { values, wrong } = this.state;
    this.set({ values: { ...values, [name]: value }, wrong: { ...wrong, [name]: undefined } });
  }

  /**
   * Describe a field: its label is the text `field.<name>`.
   *
   * `kind` is that of an input, or area, select, picks (one of several), checks (some of several);
   * `options` are [value, text]; other names go to the input itself.
   */
  field(name, { kind = "text", label = this.t(`field.${name}`), hint, isNeeded, whole, options, ...more } = {}) {
    const wrong = this.state.wrong[name];
    const about = [hint && `${name}-hint`, wrong && `${name}-wrong`].filter(Boolean).join(" ");
    const told = { "aria-describedby": about || null, "aria-invalid": wrong ? "true" : null };
    const isSeveral = kind === "picks" || kind === "checks";
    const star = isNeeded && h("span", { class: "needed", "aria-hidden": "true" }, " *");
    const heading = isSeveral
      ? h("span", { class: "label", id: `${name}-label` }, label, star)
      : h("label", { for: name }, label, star);
    return h("div", { key: name, class: `field${whole ? " whole" : ""}` }, [
      heading,
      isSeveral ? this.several(name, kind, options, told) : this.one(name, kind, options, { ...told, ...more, "aria-required": isNeeded ? "true" : null }),
      hint && h("p", { class: "hint", id: `${name}-hint` }, hint),
      wrong && h("p", { class: "wrong", id: `${name}-wrong` }, wrong),
    ]);
  }

  one(name, kind, options, told) {
    const value = this.state.values[name] ?? "";
    const put = ({ target }) => this.put(name, target.value);
    const named = { id: name, name, class: "input", ...told };
    if (kind === "area") return h("textarea", { rows: 3, ...named, ".value": value, oninput: put });
    if (kind !== "select") return h("input", { type: kind, autocomplete: "off", ...named, ".value": value, oninput: put });
    const option = ([one, text]) => h("option", { key: one, value: one, ".selected": one === value }, text);
    return h("select", { ...named, onchange: put }, options.map(option));
  }

  several(name, kind, options, told) {
    const { [name]: value } = this.state.values;
    const isOne = kind === "picks";
    const pick = ([one, text]) => {
      const isOn = isOne ? value === one : (value ?? []).includes(one);
      const put = ({ target }) => this.put(name, isOne ? one : options.map(([each]) => each).filter((each) => (each === one ? target.checked : (value ?? []).includes(each))));
      return h("label", { class: "pick", key: one }, h("input", { type: isOne ? "radio" : "checkbox", name, value: one, ".checked": isOn, onchange: put }), h("span", {}, text));
    };
    return h("div", { class: kind, role: isOne ? "radiogroup" : "group", "aria-labelledby": `${name}-label`, ...told }, options.map(pick));
  }

  /** Send, once at a time; what is refused stands beside its field. */
  async send(act) {
    if (this.state.busy) return;
    this.set({ busy: true, wrong: {}, problem: null });
    try {
      await act();
    } catch (problem) {
      if (problem.code === undefined) throw problem;
      this.refused(problem);
    } finally {
      this.set({ busy: false });
    }
  }

  refused(problem) {
    const say = ({ code, message }) => explained({ code: `field.${code}`, about: {}, message }, this.constructor.texts);
    const wrong = Object.fromEntries(problem.problems.map((one) => [one.path, say(one)]));
    const isAll = problem.problems.length > 0 && Object.keys(wrong).every((name) => this.shadowRoot.getElementById(name));
    this.set({ wrong, problem: isAll ? null : problem });
    this.isRefused = true;
  }

  /** What is wrong with all of it, and the buttons at the end. */
  ending(label, ...others) {
    const { busy, problem, wrong } = this.state;
    const more = problem?.problems.map(({ path }) => wrong[path]).join(". ");
    return [
      problem && h("p", { key: "problem", class: "problem", role: "alert" }, more || this.explain(problem)),
      h("div", { key: "choices", class: "choices" }, [
        h("button", { class: "button primary", "aria-disabled": busy ? "true" : null }, busy ? this.t("sending") : label),
        others,
      ]),
    ];
  }

  drawn() {
    if (!this.isRefused) return;
    this.isRefused = false;
    this.shadowRoot.querySelector("[aria-invalid=true]")?.focus();
  }
}

/** Pairs of values and their words, for `options`. */
export const choicesOf = (word, kind, values) => values.map((value) => [value, word(kind, value)]);

/** What is empty is missing. */
export const filled = (values) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined));
