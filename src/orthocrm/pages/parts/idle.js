/**
 * Whether anybody is there: what a page reads by itself keeps no session alive.
 *
 * All pages of a browser count together: who works in one of them is there for all.
 */

const SEEN = "orthocrm.seen";
const LOOK_MS = 20_000;
const ACTS = ["pointerdown", "keydown", "wheel"];

/** Call `act` once nobody has done anything for so many minutes, and again after each return. */
export function whenIdle(minutes, act, signal) {
  let wasIdle = false;
  const see = () => localStorage.setItem(SEEN, Date.now());
  const look = () => {
    const isIdle = Date.now() - Number(localStorage.getItem(SEEN)) > minutes * 60_000;
    if (isIdle && !wasIdle) act();
    wasIdle = isIdle;
  };
  see();
  for (const type of ACTS) window.addEventListener(type, see, { signal, capture: true, passive: true });
  const timer = setInterval(look, LOOK_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
}
