/** Charts of bars that are looked at, read as a table, and asked for the leads behind them. */

import { client } from "../base/client.js";
import { css, h } from "../base/element.js";
import { say } from "../texts/say.js";
import { leadLink, leadsById, patientOf } from "./people.js";

const t = (key, values) => say(`reports.${key}`, values);
const MOST = 200;

export const chartStyles = css`
  :host { container-type: inline-size; }
  figure { padding: 1rem 1.15rem; }
  .head { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; margin-block-end: .75rem; }
  h3 { font-size: 1.05rem; }
  .tools { display: flex; flex-wrap: wrap; gap: .4rem; }
  .tools .button { min-block-size: 2.25rem; padding: .2rem .7rem; font-size: .875rem; }
  .bars { display: grid; gap: .15rem; margin: .6rem -.4rem 0; }
  .bar { display: grid; grid-template-columns: minmax(5rem, 11rem) minmax(0, 1fr) minmax(6.500rem, auto); gap: .1rem .8rem; align-items: center; inline-size: 100%; min-block-size: 2rem; padding: .15rem .4rem; border: 0; border-radius: var(--ortho-round); background: transparent; text-align: start; }
  button.bar { cursor: pointer; }
  .bar:hover, .bar:focus-visible { background: var(--ortho-hover); }
  .bar span { overflow-wrap: anywhere; }
  .bar .says { font-variant-numeric: tabular-nums; text-align: end; }
  .bar svg { display: block; inline-size: 100%; block-size: 1.25rem; }
  .bar svg:dir(rtl) { transform: scaleX(-1); }
  .ground { fill: var(--ortho-sunken); }
  .fill { fill: var(--ortho-chart-1); }
  .readout { min-block-size: 2.9em; margin-block-start: .6rem; color: var(--ortho-muted); font-size: .875rem; }
  .rolls { overflow-x: auto; }
  table { inline-size: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .45rem .6rem; text-align: end; }
  th:first-child, td:first-child { min-inline-size: 8rem; text-align: start; overflow-wrap: anywhere; }
  thead th { color: var(--ortho-muted); font-size: .8125rem; }
  thead button { display: inline; min-block-size: 1.75rem; padding: .1rem .2rem; border: 0; background: transparent; font-weight: 600; text-align: inherit; cursor: pointer; }
  tbody th { font-weight: 550; }
  tbody tr { border-block-start: 1px solid var(--ortho-line); }
  .link { padding: .2rem; border: 0; background: transparent; color: var(--ortho-accent-text); text-decoration: underline; cursor: pointer; }
  .behind { display: grid; gap: .4rem; margin-block: .75rem 1rem; }
  .behind a { display: inline-block; min-block-size: 1.5rem; }
  @container (max-width: 32rem) {
    .bar { grid-template-columns: minmax(0, 1fr) auto; }
    .bar svg { grid-row: 2; grid-column: 1 / -1; }
  }
  @media print { .readout { display: none; } figure { break-inside: avoid; } }
`;

/**
 * Describe bars: rows of {key, name, share, before, says, told, act}; `share` is the length of the
 * bar, of 1, `before` that of the lighter one behind it. `told` is shown while one is at the bar.
 */
export function bars(element, rows, { isCentred = false } = {}) {
  const length = (share) => `${(100 * share).toFixed(2)}%`;
  const rect = (kind, share) =>
    share > 0 && h("rect", { class: kind, x: isCentred ? length((1 - share) / 2) : "0", width: length(share), height: "100%", rx: 3 });
  const bar = ({ key, name, share, before = 0, says, told, act }) => {
    const show = () => element.set({ told });
    const given = { class: "bar", part: "bar", "aria-label": `${name}: ${told}`, onfocus: show, onmouseenter: show };
    const shown = [h("span", {}, h("bdi", {}, name)), h("svg", { "aria-hidden": "true" }, rect("ground", before), rect("fill", share)), h("span", { class: "says" }, says)];
    return h("li", { key }, act ? h("button", { ...given, onclick: act }, shown) : h("div", { ...given, role: "img", tabindex: "0" }, shown));
  };
  return [
    h("ul", { key: "bars", class: "bars" }, rows.map(bar)),
    h("p", { key: "readout", class: "readout" }, element.state.told ?? t(rows.some((row) => row.act) ? "hover_open" : "hover")),
  ];
}

/**
 * Describe a table: `columns` of {name, title, text(row), act(row)}, by each of which it is sorted
 * where `sort` is given as {name, isDown}; `.head` of a row is its first cell.
 */
export function table(element, label, columns, rows, { sort, change } = {}) {
  const turn = (name) => change({ name, isDown: sort.name === name ? !sort.isDown : true });
  const head = ({ name, title }) =>
    h("th", { key: name, scope: "col", "aria-sort": sort?.name === name ? (sort.isDown ? "descending" : "ascending") : null },
      sort ? h("button", { onclick: () => turn(name) }, title, sort.name === name && h("span", { "aria-hidden": "true" }, sort.isDown ? " ↓" : " ↑")) : title);
  const cell = (row) => ({ name, title, text, act }, n) => {
    const asked = act?.(row);
    const told = text(row);
    const shown = asked ? h("button", { class: "link", "aria-label": `${row.name}, ${title}: ${told}`, onclick: asked }, told) : told;
    return n ? h("td", { key: name }, shown) : h("th", { key: name, scope: "row" }, h("bdi", {}, shown));
  };
  return h("div", { key: "table", class: "rolls", role: "region", tabindex: "0", "aria-label": label }, [
    h("table", { part: "table" }, [
      h("thead", {}, h("tr", {}, columns.map(head))),
      h("tbody", {}, rows.map((row) => h("tr", { key: row.key ?? "" }, columns.map(cell(row))))),
    ]),
  ]);
}

/** Put rows in the order of a column, by `values` of the row; what is not known comes last. */
export function sorted(rows, { name, isDown }) {
  const compare = (one, other) => (typeof one === "string" ? one.localeCompare(other) : one - other);
  const known = rows.filter((row) => (row[name] ?? null) !== null).sort((one, other) => compare(one[name], other[name]));
  return [...(isDown ? known.reverse() : known), ...rows.filter((row) => (row[name] ?? null) === null)];
}

/** What is shown where there is nothing to draw: it is loading, or could not be had. */
export function waiting(element) {
  const { failed } = element.state;
  if (!failed) return h("p", { class: "state panel", role: "status" }, element.t("loading"));
  return h("div", { class: "state panel", role: "alert" }, [
    h("h3", {}, element.t("failed")),
    h("p", {}, element.explain(failed)),
    failed.code !== "forbidden" && h("button", { class: "button", onclick: () => element.refresh() }, element.t("retry")),
  ]);
}

/** Show the leads behind a number: {metric, part, by, group}; telling `ortho-drill` may prevent it. */
export async function drill(element, title, { metric, ...asked }) {
  const { period } = element;
  if (!element.tell("ortho-drill", { metric, period, ...asked })) return;
  try {
    const query = { period, ...asked };
    // an empty group is what nobody recorded, and has to be said
    const path = new URLSearchParams(Object.entries(query).filter(([, value]) => (value ?? null) !== null));
    const ids = await client.get(`/metrics/${metric}/leads?${path}`);
    const found = await leadsById(ids.slice(0, MOST));
    element.set({ behind: { title, count: ids.length, leads: [...found.values()] } });
  } catch (problem) {
    if (problem.code === undefined) throw problem;
    element.notice(element.explain(problem), { kind: "error" });
  }
}

/** Describe the dialog of those leads, while there is one. */
export function behind(element) {
  const { behind: shown } = element.state;
  if (!shown) return null;
  const close = () => element.set({ behind: null });
  return h("dialog", { key: "behind", "data-asks": "", "aria-label": shown.title, oncancel: close }, [
    h("h2", {}, shown.title),
    h("p", { class: "muted" }, t("behind", { count: shown.count })),
    shown.count > shown.leads.length && h("p", { class: "muted" }, t("behind_most", { count: shown.leads.length })),
    h("ul", { class: "behind" }, shown.leads.map((lead) => h("li", { key: lead.id }, leadLink(element, lead.id, patientOf(lead))))),
    h("div", { class: "choices" }, h("button", { class: "button", onclick: close }, say("common.close"))),
  ]);
}
