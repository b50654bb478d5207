/** Questions that keep everything else waiting, as the browser's own dialogs. */

import { css } from "../base/element.js";
import { h } from "../base/tree.js";
import { say } from "../texts/say.js";

export const dialogStyles = css`
  dialog { inline-size: min(30rem, calc(100vw - 2rem)); max-block-size: calc(100dvh - 2rem); padding: 1.25rem 1.5rem 1.5rem; border: 1px solid var(--ortho-line); border-radius: var(--ortho-round-large); background: var(--ortho-raised); color: inherit; box-shadow: var(--ortho-shadow-large); overflow: auto; }
  dialog::backdrop { background: rgb(8 12 18 / 55%); }
  dialog form { display: grid; gap: 1rem; }
  dialog h2 { font-size: 1.2rem; line-height: 1.3; overflow-wrap: anywhere; }
  dialog .choices { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: .6rem; }
`;

/**
 * Describe a dialog with a form: title, what is asked, and what is done with the fields.
 *
 * It shows itself when it is drawn; `close` is to leave it out of the next drawing. `submit` gets
 * the fields as an object, and closes by itself when it is done.
 */
export function dialog({ title, body, confirm, kind = "primary", close, submit, key = "dialog" }) {
  const submitted = (event) => {
    event.preventDefault();
    submit(Object.fromEntries(new FormData(event.target)));
  };
  const choices = [
    h("button", { class: "button", type: "button", onclick: close }, say("common.cancel")),
    h("button", { class: `button ${kind}` }, confirm),
  ];
  return h("dialog", { key, "aria-label": title, oncancel: close, "data-asks": "" }, [
    h("form", { onsubmit: submitted }, [
      h("h2", {}, title),
      body,
      h("div", { class: "choices" }, choices),
    ]),
  ]);
}

const askers = new WeakMap();

/** Show the dialogs of a tree that was just drawn; call it in `drawn`. The focus comes back. */
export function showDialogs(root) {
  for (const one of root.querySelectorAll("dialog[data-asks]:not([open])")) {
    if (root.activeElement) askers.set(root, root.activeElement);
    one.showModal();
  }
  if (root.activeElement || root.querySelector("dialog[data-asks]")) return;
  askers.get(root)?.focus();
  askers.delete(root);
}
