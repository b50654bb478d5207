/**
 * <ortho-notices>: what elements have to say in passing, by the event `ortho-notice`.
 *
 * A notice goes by itself after a while, unless it is an error or somebody is at it.
 */

import { OrthoElement, css, define, h } from "../base/element.js";
import { icon } from "../parts/icons.js";

const SHOWN_MS = 8_000;
const MOST = 3;

class Notices extends OrthoElement {
  static texts = "app";
  static styles = css`
    :host { position: fixed; inset-block-end: calc(1rem + var(--ortho-below, 0rem)); inset-inline: 1rem; z-index: 50; pointer-events: none; }
    ol { display: grid; justify-items: center; gap: .5rem; }
    li { display: flex; align-items: center; gap: .75rem; max-inline-size: min(36rem, 100%); padding: .5rem .6rem .5rem 1rem; border-radius: var(--ortho-round-large); background: light-dark(#1d2935, #e8edf3); color: light-dark(#fff, #17212e); box-shadow: var(--ortho-shadow-large); pointer-events: auto; animation: rise var(--ortho-quick); }
    li.error { background: var(--ortho-danger); color: var(--ortho-on-danger); }
    p { overflow-wrap: anywhere; }
    button { display: inline-flex; align-items: center; gap: .3rem; min-block-size: 2rem; padding: .2rem .6rem; border: 0; border-radius: var(--ortho-round); background: rgb(128 128 128 / 25%); color: inherit; font-weight: 600; cursor: pointer; }
    button:focus-visible { outline-color: currentcolor; }
    @keyframes rise { from { opacity: 0; transform: translateY(.5rem); } }
  `;

  state = { notices: [] };
  count = 0;

  connected() {
    const heard = { signal: this.leaving.signal };
    document.addEventListener("ortho-notice", ({ detail }) => this.show(detail), heard);
  }

  show({ text, kind, undo }) {
    this.count += 1;
    const notice = { id: this.count, text, kind, undo };
    this.set({ notices: [...this.state.notices, notice].slice(-MOST) });
    if (kind !== "error") this.timed(notice);
  }

  timed(notice) {
    setTimeout(() => {
      const isLookedAt = this.shadowRoot.querySelector("li:hover, li:focus-within") !== null;
      if (isLookedAt) this.timed(notice);
      else this.drop(notice);
    }, SHOWN_MS);
  }

  drop(notice) {
    this.set({ notices: this.state.notices.filter((one) => one.id !== notice.id) });
  }

  draw() {
    const one = (notice) =>
      h("li", { key: notice.id, class: notice.kind }, [
        h("p", {}, notice.text),
        notice.undo &&
          h("button", { type: "button", onclick: () => (this.drop(notice), notice.undo()) }, [
            icon("undo"),
            this.t("undo"),
          ]),
        h("button", { type: "button", "aria-label": this.t("dismiss"), onclick: () => this.drop(notice) }, icon("close")),
      ]);
    return h("div", { role: "status", "aria-live": "polite" }, h("ol", {}, this.state.notices.map(one)));
  }
}

define("ortho-notices", Notices);
