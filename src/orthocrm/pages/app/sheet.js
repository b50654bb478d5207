/**
 * <ortho-sheet>: a page that is read from above: its margins and its heading.
 *
 * Attributes: `heading`; `narrow`: a form that is better not as wide as the window.
 * Slots: what is on it; `tools`, beside the heading.
 */

import { OrthoElement, css, define, h } from "../base/element.js";

class Sheet extends OrthoElement {
  static attributes = { heading: String, narrow: Boolean };
  static styles = css`
    :host { padding: 1.25rem clamp(.75rem, 2vw, 1.75rem) 3rem; }
    .sheet { max-inline-size: 84rem; margin-inline: auto; }
    :host([narrow]) .sheet { max-inline-size: 62rem; }
    header { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center; justify-content: space-between; margin-block-end: 1.1rem; }
    h2 { font-size: 1.4rem; letter-spacing: -.015em; }
  `;

  draw() {
    return h("div", { class: "sheet" }, [
      this.heading && h("header", { key: "head" }, h("h2", {}, this.heading), h("slot", { name: "tools" })),
      h("slot", { key: "rest" }),
    ]);
  }
}

define("ortho-sheet", Sheet);
