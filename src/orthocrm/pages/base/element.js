/** What every element stands on: attributes, drawing, texts, listening, and telling the page. */

import { explained, isSaid, say, word } from "../texts/say.js";
import { listen } from "./live.js";
import { patch } from "./tree.js";

export { h } from "./tree.js";

const beside = async (name) => css([await (await fetch(new URL(name, import.meta.url))).text()]);
const [shared, tokens] = await Promise.all(["shared.css", "tokens.css"].map(beside));
document.adoptedStyleSheets.push(tokens); // for pages that are not ours: their own values win

/** Make a sheet of a template: css`:host { display: block }`. */
export function css(parts) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(parts[0]);
  return sheet;
}

/** A custom element with a shadow tree; docs/reference/pages says how one is written. */
export class OrthoElement extends HTMLElement {
  static attributes = {}; // {"lead-id": String, compact: Boolean}: each a property as well
  static styles = []; // what `css` made
  static texts = "common"; // the subject of its catalogue
  static get observedAttributes() {
    return Object.keys(this.attributes);
  }

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.shadowRoot.adoptedStyleSheets = [shared, ...[this.constructor.styles].flat()];
    this.state = {};
  }

  connectedCallback() {
    this.leaving = new AbortController();
    this.connected();
    this.redraw();
  }
  disconnectedCallback() {
    this.leaving.abort();
  }
  attributeChangedCallback(name, before, after) {
    if (before === after || !this.leaving || !this.isConnected) return; // it is in no page
    this.changed(name);
    this.redraw();
  }

  connected() {} // it is in a page: begin; `this.leaving.signal` says when it leaves
  changed() {} // an attribute, whose name is given, is another
  draw() {} // gives what is shown, made by `h`
  drawn() {} // it was drawn

  /** Know something else, and show it. */
  set(state) {
    Object.assign(this.state, state);
    this.redraw();
  }

  /** Draw before the browser does; however often it is asked for, once. */
  redraw() {
    if (this.isDue) return;
    this.isDue = true;
    queueMicrotask(() => this.drawNow());
  }

  drawNow() {
    this.isDue = false;
    if (!this.isConnected) return;
    const focused = this.shadowRoot.activeElement;
    patch(this.shadowRoot, this.draw());
    if (focused?.isConnected && focused !== this.shadowRoot.activeElement) focused.focus();
    this.drawn();
  }

  /** Say a text of the element's own subject, or one that all share. */
  t(key, values) {
    const own = `${this.constructor.texts}.${key}`;
    return say(isSaid(own) ? own : `common.${key}`, values);
  }

  /** Tell the page; gives false when somebody prevented what usually follows. */
  tell(name, detail = {}) {
    const told = { bubbles: true, composed: true, cancelable: true, detail };
    return this.dispatchEvent(new CustomEvent(name, told));
  }

  /** Show a notice; options: {kind: "error", undo: () => …}. */
  notice = (text, options) => this.tell("ortho-notice", { text, kind: "info", ...options });

  /** Say what a problem of the API is, or a value of it: word("interest", "INVISALIGN"). */
  explain = (problem) => explained(problem, this.constructor.texts);
  word = word;

  /** Hear what others change, for as long as the element is in the page. */
  live(hear) {
    this.leaving.signal.addEventListener("abort", listen(hear));
  }

  /** Load something into the state: {loading, failed} and what `read` gives. */
  async load(read) {
    const { signal } = this.leaving;
    this.set({ loading: true, failed: null });
    const found = await read().catch((failed) => {
      if (failed.code !== undefined) return { failed };
      throw failed; // it is no refusal of the API
    });
    if (!signal.aborted) this.set({ ...found, loading: false });
  }
}

/** Give a class its attributes as properties, and its name to the browser. */
export function define(name, type) {
  for (const [attribute, kind] of Object.entries(type.attributes)) {
    const isFlag = kind === Boolean;
    Object.defineProperty(type.prototype, attribute.replace(/-(.)/g, (_, x) => x.toUpperCase()), {
      get() {
        const text = this.getAttribute(attribute);
        return isFlag || text === null ? (isFlag ? text !== null : null) : kind(text);
      },
      set(value) {
        if ((value ?? false) === false) this.removeAttribute(attribute);
        else this.setAttribute(attribute, isFlag ? "" : value);
      },
    });
  }
  if (!customElements.get(name)) customElements.define(name, type);
}
