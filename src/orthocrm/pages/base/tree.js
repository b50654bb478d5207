/** Trees of elements as values, and their keyed update in place: data never becomes markup. */

const KEPT = Symbol("kept");
const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set("svg g path rect circle line text tspan polyline polygon title desc".split(" "));
const LEADS_TO = new Set(["http:", "https:", "mailto:", "tel:", "blob:"]);
const ADDRESSES = new Set(["href", "src", "action", "formaction"]);

/** Describe an element: h("button", {key: id, class: "quiet", onclick: act, ".value": x}, "Save") */
export function h(tag, attributes, ...children) {
  const { key = null, ...rest } = attributes ?? {};
  return { tag, key, attributes: rest, children: shown(children) };
}

/** Make the children of a node those that are described, keeping the nodes that stay. */
export function patch(parent, described) {
  const wanted = shown([described]);
  const stays = new Set(wanted.map((want) => want.key));
  const keyed = new Map();
  for (const node of [...parent.childNodes]) {
    const key = node[KEPT]?.key ?? null;
    if (key !== null && stays.has(key)) keyed.set(key, node);
    else if (key !== null) node.remove();
  }
  const used = new Set();
  let place = parent.firstChild;
  for (const want of wanted) {
    const found = matching(want, place, keyed);
    const node = found ?? made(want, parent);
    fill(node, want); // before it is connected, so that elements find their attributes
    used.add(node);
    if (node === place) place = place.nextSibling;
    else if (found && parent.moveBefore && parent.isConnected) parent.moveBefore(node, place);
    else parent.insertBefore(node, place);
  }
  for (const node of [...parent.childNodes]) if (!used.has(node)) node.remove();
}

function shown(children) {
  return children.flat(Infinity).filter((child) => (child ?? false) !== false && child !== true);
}

function matching(want, place, keyed) {
  const key = want.key ?? null;
  const node = key === null ? place : keyed.get(key);
  if (!node || (node[KEPT]?.key ?? null) !== key) return null;
  return node.nodeName.toLowerCase() === (want.tag ?? "#text").toLowerCase() ? node : null;
}

function made(want, parent) {
  if (want.tag === undefined) return document.createTextNode("");
  const isDrawn = DRAWN.has(want.tag) && (want.tag === "svg" || parent.namespaceURI === SVG);
  const node = isDrawn ? document.createElementNS(SVG, want.tag) : document.createElement(want.tag);
  node[KEPT] = { key: want.key, attributes: {}, listeners: {} };
  return node;
}

function fill(node, want) {
  if (want.tag === undefined) {
    if (node.data !== String(want)) node.data = String(want);
    return;
  }
  const before = node[KEPT].attributes;
  patch(node, want.children);
  for (const name of Object.keys(before)) if (!(name in want.attributes)) put(node, name, null);
  for (const [name, value] of Object.entries(want.attributes))
    if (before[name] !== value) put(node, name, value);
  node[KEPT].attributes = want.attributes;
}

function put(node, name, value) {
  if (name.startsWith(".")) node[name.slice(1)] = value;
  else if (name.startsWith("on")) listen(node, name.slice(2), value);
  else if (name === "style")
    for (const [property, one] of Object.entries(value ?? {})) node.style.setProperty(property, one);
  else if (isAbsent(name, value)) node.removeAttribute(name);
  else node.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : value);
}

function isAbsent(name, value) {
  if ((value ?? false) === false) return value !== false || !name.startsWith("aria-");
  if (!ADDRESSES.has(name)) return false;
  const base = document.baseURI; // a script is no place to go
  return !URL.canParse(value, base) || !LEADS_TO.has(new URL(value, base).protocol);
}

function listen(node, type, act) {
  const { listeners } = node[KEPT];
  if (!(type in listeners)) node.addEventListener(type, (event) => listeners[type]?.(event));
  listeners[type] = act;
}
