/** <ortho-help>: the sheet of keyboard shortcuts; `open()` shows it. */

import { OrthoElement, css, define, h } from "../base/element.js";
import { icon } from "../parts/icons.js";
import { areOn, listed, turn } from "../parts/keys.js";

class Help extends OrthoElement {
  static texts = "app";
  static styles = css`
    dialog { inline-size: min(32rem, calc(100vw - 2rem)); padding: 1.25rem 1.5rem; border: 1px solid var(--ortho-line); border-radius: var(--ortho-round-large); background: var(--ortho-raised); color: inherit; box-shadow: var(--ortho-shadow-large); }
    dialog::backdrop { background: rgb(8 12 18 / 55%); }
    header { display: flex; align-items: center; justify-content: space-between; margin-block-end: .75rem; }
    h2 { font-size: 1.2rem; }
    dl { display: grid; grid-template-columns: auto 1fr; gap: .55rem 1.25rem; align-items: baseline; }
    dt { display: flex; gap: .25rem; }
    kbd { min-inline-size: 1.7rem; padding: .1rem .45rem; border: 1px solid var(--ortho-line-strong); border-block-end-width: 2px; border-radius: .35rem; background: var(--ortho-sunken); font: inherit; font-size: .85rem; text-align: center; }
    label { display: flex; gap: .5rem; align-items: center; margin-block-start: 1.25rem; }
  `;

  open() {
    this.redraw();
    this.shadowRoot.querySelector("dialog").showModal();
  }

  draw() {
    const row = ({ keys, text }) => [
      h("dt", { key: `key ${keys}` }, keys.split(" ").map((key) => h("kbd", {}, key))),
      h("dd", { key: `text ${keys}` }, text),
    ];
    const close = () => this.shadowRoot.querySelector("dialog").close();
    return h("dialog", { "aria-labelledby": "title" }, [
      h("header", {}, [
        h("h2", { id: "title" }, this.t("shortcuts")),
        h("button", { class: "button quiet", "aria-label": this.t("close"), onclick: close }, icon("close")),
      ]),
      h("dl", {}, listed().map(row)),
      h("label", {}, [
        h("input", { type: "checkbox", checked: areOn(), onchange: ({ target }) => turn(target.checked) }),
        this.t("shortcuts_on"),
      ]),
    ]);
  }
}

define("ortho-help", Help);
