/**
 * <ortho-lead-list>: all leads in lines: searched while one types, narrowed down, kept as views.
 *
 * Attributes
 *   remember   Filters are kept in this browser, for when the page is opened without any.
 *
 * Properties
 *   filters    {text, stage, status, owner, source, interest, due, since, view, sort}, as in an address.
 *
 * Events
 *   ortho-filters     The filters are others; detail is them.
 *   ortho-lead-open   Somebody wants to see a lead; detail: {leadId}.
 *
 * CSS parts: tools, table.
 */

import { address, client } from "../base/client.js";
import { OrthoElement, css, define, h } from "../base/element.js";
import { format } from "../base/format.js";
import { dialog, dialogStyles, showDialogs } from "../parts/dialog.js";
import { icon } from "../parts/icons.js";
import { shortcut } from "../parts/keys.js";
import { callLink, contactOf, leadLink, nameOf, patientOf } from "../parts/people.js";
import { practice } from "../parts/practice.js";
import { href } from "../parts/router.js";
import { onDay } from "../parts/zone.js";
import { say } from "../texts/say.js";
import { condition, filterFields } from "./pipeline/filters.js";

const KEPT = "orthocrm.leads";
const SIZE = 50;
const PAUSE_MS = 200;
const SETTLE_MS = 1_000;
const SORTS = ["-createdAt", "createdAt", "nextActionAt", "-updatedAt", "stageOrder", "-stageOrder"];
const STATUSES = ["NEW", "ACTIVE", "CONVERTED", "LOST", "ARCHIVED"];
const SINCE = { today: 0, week: -6, month: -29 };

class LeadList extends OrthoElement {
  static attributes = { remember: Boolean };
  static texts = "leads";
  static styles = [dialogStyles, css`
    .tools { display: grid; gap: .75rem; margin-block-end: 1rem; }
    .row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
    .search { position: relative; flex: 1 1 16rem; }
    .search .icon { position: absolute; inset-block: 0; inset-inline-start: .75rem; margin-block: auto; color: var(--ortho-muted); pointer-events: none; }
    .search .input { padding-inline-start: 2.4rem; }
    .filters { display: contents; }
    .row select.input { inline-size: auto; max-inline-size: 12rem; min-block-size: 2.25rem; padding-block: .2rem; }
    select.set { border-color: var(--ortho-accent); background: var(--ortho-accent-soft); color: var(--ortho-accent-text); }
    option { background: var(--ortho-field); color: var(--ortho-text); }
    .panel { overflow-x: auto; }
    table { inline-size: 100%; border-collapse: collapse; }
    th, td { padding: .6rem .9rem; text-align: start; vertical-align: middle; }
    thead th { color: var(--ortho-muted); font-size: .8125rem; font-weight: 600; white-space: nowrap; }
    tbody tr { border-block-start: 1px solid var(--ortho-line); }
    tbody tr:hover { background: var(--ortho-hover); }
    td { max-inline-size: 15rem; overflow-wrap: anywhere; }
    .lead { font-weight: 600; }
    .number, time { white-space: nowrap; }
    .late { color: var(--ortho-danger-text); font-weight: 600; }
    .small { display: block; color: var(--ortho-muted); font-size: .8125rem; font-weight: 400; }
    td:first-child { min-inline-size: 10rem; }
    .stage::before { content: ""; inline-size: .55rem; block-size: .55rem; border-radius: 50%; background: var(--stage, var(--ortho-line-strong)); }
    .more { display: grid; justify-items: center; padding: 1rem; }
    @media (max-width: 44rem) {
      .tools > .row:last-child { flex-wrap: nowrap; overflow-x: auto; padding: 4px; margin: -4px; }
      .tools > .row:last-child > * { flex: none; }
      thead { display: none; }
      tbody tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .15rem .75rem; padding: .7rem .9rem; }
      td { max-inline-size: none; padding: 0; font-size: .875rem; }
      td:nth-child(even) { text-align: end; }
    }
  `];

  state = { filters: {}, leads: null, views: [], cursor: null, asks: null };
  count = SIZE;

  get filters() {
    return this.state.filters;
  }

  set filters(filters) {
    if (JSON.stringify(filters) === JSON.stringify(this.state.filters)) return;
    this.set({ filters: { ...filters } });
    if (this.isConnected) this.refresh();
  }

  async connected() {
    const { signal } = this.leaving;
    shortcut("/", this.t("list.search"), () => this.shadowRoot.querySelector("input").focus(), signal);
    if (this.remember && Object.keys(this.filters).length === 0) this.narrow(kept());
    else this.refresh();
    this.live(({ kind, leadIds }) => (kind === "look" || leadIds?.length) && this.soon(SETTLE_MS));
    client.get("/views").then((views) => this.set({ views }), () => null);
  }

  soon(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isConnected && this.refresh(), pause);
  }

  /** Narrow the list down to something else, and say so. */
  narrow(filters) {
    this.count = SIZE;
    this.state.filters = Object.fromEntries(Object.entries(filters).filter(([, value]) => value));
    const { text, ...kept } = this.filters; // names of people are not kept, nor put into an address
    if (this.remember) localStorage.setItem(KEPT, JSON.stringify(kept));
    this.tell("ortho-filters", kept);
    this.redraw();
    this.soon(text ? PAUSE_MS : 0);
  }

  where(house) {
    const { stage, status, since } = this.filters;
    const is = (field, value) => value && { field, op: "eq", value };
    const from = since in SINCE && { field: "created_at", op: "ge", value: { instant: onDay(SINCE[since], "00:00") } };
    const all = [...(condition(this.filters, house)?.all ?? []), is("stage", stage), is("status", status), from].filter(Boolean);
    return all.length ? { all } : null;
  }

  /** The condition of all filters, with whose leads they are. */
  all(house) {
    const mine = this.filters.owner === "mine" && { field: "owner", op: "eq", value: house.me.user };
    const all = [this.where(house), mine].filter(Boolean);
    return all.length ? { all } : null;
  }

  refresh() {
    this.asked?.abort();
    const { signal } = (this.asked = new AbortController());
    return this.load(async () => {
      const house = await practice();
      const { text, owner, view, sort } = this.filters;
      const where = this.where(house);
      try {
        if (text?.trim()) {
          const leads = await client.post("/leads/search", { text, size: SIZE, where: this.all(house) ?? { all: [] } }, { signal });
          return { house, leads, cursor: null };
        }
        const size = Math.min(500, this.count);
        return { house, ...(await client.get("/leads", { query: { where, view, sort, size, mine: owner === "mine" }, signal })) };
      } catch (problem) {
        if (problem.name === "AbortError") return { house };
        throw problem;
      }
    });
  }

  async more() {
    this.count += SIZE;
    const { cursor, leads, house } = this.state;
    const { owner, view, sort } = this.filters;
    await this.load(async () => {
      const next = await client.get("/leads", { query: { where: this.where(house), view, sort, size: SIZE, cursor, mine: owner === "mine" } });
      return { leads: [...leads, ...next.leads], cursor: next.cursor };
    });
  }

  async saveView({ name, isShared }) {
    const where = this.all(this.state.house) ?? { all: [] };
    await this.tried(async () => {
      const view = await client.post("/views", { name, where, isShared: isShared === "on" });
      this.set({ asks: null, views: await client.get("/views") });
      this.narrow({ view: view.id });
      this.notice(this.t("view.saved", { name: view.name }));
    });
  }

  async dropView(view) {
    await this.tried(async () => {
      await client.delete(`/views/${view.id}`);
      this.set({ views: this.state.views.filter((one) => one.id !== view.id) });
      this.narrow({});
      const { name, where, sort, isShared } = view;
      const undo = () => this.tried(async () => void (await client.post("/views", { name, where, sort, isShared }), this.set({ views: await client.get("/views") })));
      this.notice(this.t("view.dropped", { name }), { undo });
    });
  }

  async tried(act) {
    try {
      await act();
    } catch (problem) {
      if (problem.code === undefined) throw problem;
      this.notice(this.explain(problem), { kind: "error" });
    }
  }

  drawn() {
    showDialogs(this.shadowRoot);
  }

  draw() {
    const { house, leads, failed, loading, cursor, asks } = this.state;
    if (failed && !leads) return h("div", { class: "state", role: "alert" }, h("h3", {}, this.t("failed")), h("p", {}, this.explain(failed)), h("button", { class: "button", onclick: () => this.refresh() }, this.t("retry")));
    if (!leads) return h("p", { class: "state", role: "status" }, this.t("loading"));
    return [
      this.tools(house),
      h("p", { key: "count", class: "unseen", role: "status" }, loading ? "" : this.t("list.count", { count: leads.length })),
      leads.length === 0 ? this.none(house) : this.table(house, leads),
      cursor && h("div", { key: "more", class: "more" }, h("button", { class: "button", onclick: () => this.more() }, this.t("list.more"))),
      asks && this.question(),
    ];
  }

  tools(house) {
    const { filters, state } = this;
    const { views } = state;
    const view = views.find((one) => one.id === filters.view);
    const change = (name) => ({ target }) => this.narrow({ ...filters, [name]: target.value });
    const select = (name, options) =>
      h("select", { key: name, class: filters[name] ? "input set" : "input", "aria-label": this.t(`list.${name}`), onchange: change(name) },
        options.map(([value, text]) => h("option", { key: value, value, ".selected": value === (filters[name] ?? "") }, text)));
    const t = (key) => say(`pipeline.${key}`);
    const mayDrop = view && (view.owner === house.me.user || house.may("lead:configure"));
    const isNarrow = Object.keys(filters).some((name) => !["text", "sort", "view"].includes(name));
    return h("div", { key: "tools", class: "tools", part: "tools" }, [
      h("div", { class: "row" }, [
        h("div", { class: "search", role: "search" }, icon("search"), h("input", { type: "search", class: "input", "aria-label": this.t("list.search"), placeholder: this.t("list.search_hint"), maxlength: 100, ".value": filters.text ?? "", oninput: change("text"), onkeydown: (event) => this.steer(event) })),
        !filters.text && h("a", { class: "button", href: address("/exports/leads", { where: this.all(house), view: filters.view }).href, download: "leads.csv" }, icon("download"), this.t("list.csv")),
        house.may("lead:create") && h("a", { class: "button primary", href: href("/call") }, icon("phone"), this.t("quick.title")),
      ]),
      h("div", { class: "row" }, [
        views.length > 0 && select("view", [["", this.t("view.all")], ...views.map((one) => [one.id, one.name])]),
        select("stage", [["", this.t("list.stage_all")], ...house.stages.map((one) => [one.slug, one.name])]),
        select("status", [["", this.t("list.status_all")], ...STATUSES.map((one) => [one, this.word("status", one)])]),
        filterFields({ filters, t, word: this.word }, house, (narrowed) => this.narrow(Object.keys(narrowed).length ? narrowed : { text: filters.text, sort: filters.sort })),
        select("since", [["", this.t("list.since_all")], ...Object.keys(SINCE).map((one) => [one, this.t(`list.since_${one}`)])]),
        !filters.text && select("sort", SORTS.map((one, n) => [n ? one : "", this.t(`sort.${one}`)])),
        isNarrow && h("button", { class: "button quiet", onclick: () => this.set({ asks: { kind: "view" } }) }, this.t("view.save")),
        mayDrop && h("button", { class: "button quiet", onclick: () => this.dropView(view) }, this.t("view.drop")),
      ]),
    ]);
  }

  none(house) {
    const { text } = this.filters;
    const isAll = Object.keys(this.filters).length === 0;
    return h("div", { key: "none", class: "state panel" }, [
      h("h3", {}, this.t(text ? "list.none_found" : isAll ? "list.none" : "list.none_fits")),
      h("p", {}, this.t(text ? "list.none_found_hint" : isAll ? "list.none_hint" : "list.none_fits_hint")),
      isAll
        ? house.may("lead:create") && h("a", { class: "button primary", href: href("/call") }, this.t("quick.title"))
        : h("button", { class: "button", onclick: () => this.narrow({}) }, this.t("list.clear")),
    ]);
  }

  table(house, leads) {
    const heads = ["patient", "phone", "stage", "source", "owner", "next", "since"];
    return h("div", { key: "table", class: "panel", tabindex: "0", role: "region", "aria-label": this.t("list.title") },
      h("table", { part: "table" }, [
        h("thead", {}, h("tr", {}, heads.map((one) => h("th", { key: one, scope: "col" }, this.t(`list.${one}`))))),
        h("tbody", { onkeydown: (event) => this.steer(event) }, leads.map((lead) => this.line(lead, house))),
      ]),
    );
  }

  line(lead, house) {
    const stage = house.stages.find((one) => one.slug === lead.pipelineStage);
    const isLate = lead.nextActionAt && Date.parse(lead.nextActionAt) < Date.now();
    return h("tr", { key: lead.id }, [
      h("td", {}, leadLink(this, lead.id, patientOf(lead)), h("span", { class: "small" }, h("bdi", {}, contactOf(lead)))),
      h("td", {}, lead.phone && callLink(lead.phone)),
      h("td", {}, h("span", { class: "chip stage", style: { "--stage": stage?.color ?? "" } }, stage?.name ?? lead.pipelineStage)),
      h("td", {}, house.sources.find((one) => one.id === lead.sourceId)?.name),
      h("td", {}, nameOf(house, lead.assignedToId)),
      h("td", { class: isLate ? "late" : null }, lead.nextActionAt && format.ago(lead.nextActionAt)),
      h("td", {}, h("time", { datetime: lead.createdAt, title: format.moment(lead.createdAt) }, format.date(lead.createdAt))),
    ]);
  }

  /** Arrows go from the search to the lines, and from line to line. */
  steer(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const stops = [this.shadowRoot.querySelector("input"), ...this.shadowRoot.querySelectorAll("tbody .lead")];
    const next = stops[stops.indexOf(this.shadowRoot.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  question() {
    const body = [
      h("div", { class: "field" }, h("label", { for: "name" }, this.t("view.name")), h("input", { id: "name", name: "name", class: "input", required: true, maxlength: 100, autocomplete: "off" })),
      h("label", { class: "row" }, h("input", { type: "checkbox", name: "isShared" }), this.t("view.share")),
    ];
    return dialog({ title: this.t("view.save"), body, confirm: this.t("save"), close: () => this.set({ asks: null }), submit: (fields) => this.saveView(fields) });
  }
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

define("ortho-lead-list", LeadList);
