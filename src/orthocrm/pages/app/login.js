/**
 * <ortho-login>: logging in by address, password and, where there is one, a second factor.
 *
 * Attributes: `again`: a session has ended, and the page behind it waits.
 * Events: `ortho-entered` with {enrolBy}.
 */

import { client } from "../base/client.js";
import { OrthoElement, css, define, h } from "../base/element.js";

class Login extends OrthoElement {
  static attributes = { again: Boolean };
  static texts = "login";
  static styles = css`
    form { display: grid; gap: 1rem; inline-size: min(23rem, 100%); }
    h1 { font-size: 1.4rem; line-height: 1.2; }
    .wrong { padding: .6rem .8rem; border-radius: var(--ortho-round); background: var(--ortho-danger-soft); color: var(--ortho-danger-text); }
    .demo { display: grid; gap: .5rem; padding-block-start: 1rem; border-block-start: 1px solid var(--ortho-line); }
    .demo ul { display: grid; grid-template-columns: 1fr 1fr; gap: .4rem; }
    .demo li:first-child { grid-column: 1 / -1; }
    .demo .button { display: grid; justify-content: start; justify-items: start; gap: 0; inline-size: 100%; block-size: 100%; border-color: var(--ortho-line); line-height: 1.3; text-align: start; }
    .demo .muted { font-size: .8125rem; font-weight: 400; }
  `;

  state = { needsCode: false, isBusy: false, wrong: null };

  connected() {
    this.demo = JSON.parse(document.documentElement.dataset.demo || "[]");
  }

  async enter(fields) {
    this.set({ isBusy: true, wrong: null });
    try {
      const { outcome, csrfToken, enrolBy } = await client.post("/session", fields);
      if (outcome === "IN") {
        client.csrf = csrfToken;
        this.tell("ortho-entered", { enrolBy });
      } else if (outcome === "CODE_NEEDED") {
        this.set({ needsCode: true, wrong: this.state.needsCode ? this.t("problem.code") : null });
      } else this.set({ wrong: this.t(`outcome.${outcome}`) });
    } catch (problem) {
      this.set({ wrong: this.explain(problem) });
    }
    this.set({ isBusy: false });
  }

  submitted(event) {
    event.preventDefault();
    const { email, password, code } = Object.fromEntries(new FormData(event.target));
    this.enter({ email, password, ...(code ? { code: code.trim() } : {}) });
  }

  drawn() {
    if (this.state.needsCode && !this.hasAsked) this.shadowRoot.querySelector("#code").focus();
    this.hasAsked = this.state.needsCode;
  }

  draw() {
    const { needsCode, isBusy, wrong } = this.state;
    return h("form", { onsubmit: (event) => this.submitted(event) }, [
      h("h1", {}, this.t(this.again ? "again" : "title")),
      this.again && h("p", { class: "muted" }, this.t("again_hint")),
      h("p", { role: "alert", class: wrong ? "wrong" : "unseen" }, wrong),
      this.field("email", "email", { autocomplete: "username", autofocus: true }),
      this.field("password", "password", { autocomplete: "current-password" }),
      needsCode &&
        this.field("code", "text", { autocomplete: "one-time-code", inputmode: "numeric" }),
      h("button", { class: "button primary", "aria-disabled": isBusy ? "true" : null }, this.t("enter")),
      this.demo.length > 0 && !this.again && this.trial(),
    ]);
  }

  field(name, type, more) {
    return h("div", { class: "field", key: name }, [
      h("label", { for: name }, this.t(name)),
      h("input", { id: name, name, type, class: "input", required: true, ...more }),
      name === "code" && h("p", { class: "hint" }, this.t("code_hint")),
    ]);
  }

  /** Offer the invented people of a demo. */
  trial() {
    const one = ([email, name, role, password]) =>
      h("li", { key: email }, [
        h("button", { class: "button", type: "button", onclick: () => this.enter({ email, password }) }, [
          h("span", {}, name),
          h("span", { class: "muted" }, this.word("role", role)),
        ]),
      ]);
    return h("section", { class: "demo", "aria-label": this.t("demo") }, [
      h("h2", { class: "label" }, this.t("demo")),
      h("ul", {}, this.demo.map(one)),
    ]);
  }
}

define("ortho-login", Login);
