/** Keyboard shortcuts: kept in one place, so that a sheet can list them and one can do without. */

const OFF = "orthocrm.shortcuts-off";
const PAUSE_MS = 1_200;
const shortcuts = new Set();
let begun = { key: "", at: 0 };

/**
 * Add a shortcut for as long as the signal says: keys is "n", or "g p" for one after the other;
 * `text` says what it does. Nothing happens while somebody types, or in a dialog. Without `act` it is
 * one that an element hears by itself, and is listed only.
 */
export function shortcut(keys, text, act, signal) {
  const one = { keys, text, act };
  shortcuts.add(one);
  signal.addEventListener("abort", () => shortcuts.delete(one));
}

/** List them, in the order in which they were added. */
export const listed = () => [...shortcuts];

/** Whether they are on; single keys can be in the way of speech input. */
export const areOn = () => localStorage.getItem(OFF) === null;

/** Turn them on or off. */
export function turn(isOn) {
  if (isOn) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
}

/** Whether a key goes into a field, and is nobody else's. */
export function isTyping(event) {
  const [at] = event.composedPath();
  return at.isContentEditable || ["input", "select", "textarea"].includes(at.localName);
}

document.addEventListener("keydown", (event) => {
  const isOther = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented;
  const isInDialog = event.composedPath().some((node) => node.localName === "dialog");
  if (isOther || isInDialog || isTyping(event) || !areOn()) return;
  const before = event.timeStamp - begun.at < PAUSE_MS ? `${begun.key} ` : "";
  begun = { key: event.key, at: event.timeStamp };
  const known = listed().filter((one) => one.act);
  const found =
    known.find((one) => one.keys === before + event.key) ??
    known.find((one) => one.keys === event.key);
  if (!found) return;
  event.preventDefault();
  begun = { key: "", at: 0 };
  found.act(event);
});
