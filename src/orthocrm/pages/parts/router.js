/** Addresses of pages: where the application stands, where one is, and going elsewhere. */

import { client } from "../base/client.js";

const listeners = new Set();

/** Give the address of a page, for a link: href("/leads/123", {tab: "tasks"}). */
export function href(path, query = {}) {
  const url = new URL(path.replace(/^\//, ""), client.root);
  for (const [name, value] of Object.entries(query))
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  return url.pathname + url.search;
}

/** Tell where one is: {path, query}. */
export function here() {
  const root = client.root.pathname;
  const path = `/${location.pathname.slice(root.length)}`;
  return { path, query: Object.fromEntries(new URLSearchParams(location.search)) };
}

/** Go to a page; going back comes back here. */
export function go(path, query) {
  history.pushState(null, "", href(path, query));
  tell();
}

/** Keep what a page is narrowed down to in its address, so that it can be handed on. */
export function keep(query) {
  history.replaceState(null, "", href(here().path, query));
}

/** Hear of every change of the address, and follow links to pages within the page. */
export function follow(hear, signal) {
  listeners.add(hear);
  signal.addEventListener("abort", () => listeners.delete(hear));
  window.addEventListener("popstate", hear, { signal });
  window.addEventListener("click", followed, { signal });
}

function tell() {
  for (const hear of listeners) hear();
}

function followed(event) {
  const link = event.composedPath().find((node) => node.localName === "a" && node.href);
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!link || event.defaultPrevented || !isPlain || link.target || link.download) return;
  const url = new URL(link.href);
  const isOurs = url.origin === client.root.origin && url.pathname.startsWith(client.root.pathname);
  if (!isOurs || /^(api|static)\//.test(url.pathname.slice(client.root.pathname.length))) return;
  event.preventDefault();
  history.pushState(null, "", url);
  tell();
}
