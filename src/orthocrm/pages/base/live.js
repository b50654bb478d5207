/** What others change, as it happens: one stream for all elements, or a look every while. */

import { address, client } from "./client.js";

const LOOK_MS = 20_000;
const listeners = new Set();
let stream, timer;

/** Hear each event of the API, and {kind: "look"} when one may be missed; gives what ends it. */
export function listen(hear) {
  listeners.add(hear);
  if (listeners.size === 1) open();
  return () => listeners.delete(hear) && listeners.size === 0 && close();
}

function open() {
  close();
  wait();
  if (client.token) return; // a stream cannot say who asks but by a cookie
  stream = new EventSource(address("/events/stream"));
  stream.onopen = () => clearTimeout(timer);
  stream.onmessage = ({ data }) => tell(JSON.parse(data));
  stream.onerror = wait;
  stream.addEventListener("reset", look); // it is not known what happened since
  stream.addEventListener("end", () => (close(), look())); // the session has ended: the API says so
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(() => (look(), open()), LOOK_MS);
}

function close() {
  stream?.close();
  clearTimeout(timer);
}

const look = () => document.visibilityState === "visible" && tell({ kind: "look" });
const tell = (event) => [...listeners].forEach((hear) => hear(event));
document.addEventListener("visibilitychange", look);
