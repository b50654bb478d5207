/** The one way to the API: who asks, versions, keys of repetition, retries, what went wrong. */

const [TRIES, WAIT_MS] = [4, 300];
const AWAY = new Set([0, 502, 503, 504]);
const known = new Map();

/** What the API refused (RFC 9457); `repeated`: an earlier try may have had its effect. */
export class Problem extends Error {
  constructor(status, told = {}) {
    super(told.detail ?? told.title ?? "");
    const { code = status ? "failed" : "offline", problems = [], about = {} } = told;
    Object.assign(this, { status, code, problems, about, repeated: false });
  }
}

export const client = {
  root: new URL("../../../", import.meta.url), // where the application stands
  token: null, // gives what pages of other origins come by
  csrf: null,
  enter: null, // called when nobody is logged in; resolves to true when somebody is again
  configure({ root = client.root, token = null }) {
    Object.assign(client, { root: new URL(root, document.baseURI), token });
  },
  get: (path, options) => ask("GET", path, options),
  post: (path, body, options) => ask("POST", path, { ...options, body }),
  put: (path, body, options) => ask("PUT", path, { ...options, body }),
  patch: (path, body, options) => ask("PATCH", path, { ...options, body }),
  delete: (path, options) => ask("DELETE", path, options),
  /** Ask once for what hardly changes; everybody shares the answer until it is forgotten. */
  once(path) {
    if (!known.has(path)) known.set(path, ask("GET", path));
    known.get(path).catch(() => known.delete(path));
    return known.get(path);
  },
  forget: (path) => (path ? known.delete(path) : known.clear()),
};

// What is harmless twice is tried again when the connection is lost: reading, replacing, removing,
// and whatever has a version or a key of repetition.
export async function ask(method, path, options = {}) {
  const { version, key, signal } = options;
  const again = !["POST", "PATCH"].includes(method) || version !== undefined || key !== undefined;
  for (let tried = 1; ; tried += 1) {
    const answer = await attempt(method, path, options);
    if (!(answer instanceof Problem)) return answer;
    if (answer.status === 401 && path !== "/session" && (await client.enter?.())) continue;
    if (answer.code === "foreign_page" && tried === 1 && (await renew())) continue;
    answer.repeated = tried > 1;
    if (!AWAY.has(answer.status) || !again || tried === TRIES) throw answer;
    await new Promise((done) => setTimeout(done, WAIT_MS * 2 ** tried));
    signal?.throwIfAborted();
  }
}

/** Give the address of a path of the API. */
export function address(path, query = {}) {
  const url = new URL(`api${path}`, client.root);
  for (const [name, value] of Object.entries(query))
    for (const one of [value].flat())
      if (one !== null && one !== undefined && one !== "")
        url.searchParams.append(name, typeof one === "object" ? JSON.stringify(one) : one);
  return url;
}

/** Take the token of the session that the browser has; gives it, or null without a session. */
export const renew = async () => (client.csrf = (await ask("GET", "/session")).csrfToken);

async function attempt(method, path, { query, body, version, key, signal }) {
  const headers = {};
  if (client.token) headers.Authorization = `Bearer ${await client.token()}`;
  else if (client.csrf && method !== "GET") headers["X-CSRF-Token"] = client.csrf;
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  if (key !== undefined) headers["Idempotency-Key"] = key;
  if (body !== undefined && !(body instanceof Blob)) headers["Content-Type"] = "application/json";
  const sent = body instanceof Blob ? body : JSON.stringify(body);
  const credentials = client.token ? "omit" : "same-origin";
  try {
    const asked = { method, headers, body: sent, signal, credentials };
    const answer = await fetch(address(path, query), asked);
    const isJson = answer.headers.get("content-type")?.includes("json");
    if (!answer.ok) return new Problem(answer.status, isJson ? await answer.json() : {});
    return answer.status === 204 ? null : isJson ? await answer.json() : await answer.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return new Problem(0);
  }
}
