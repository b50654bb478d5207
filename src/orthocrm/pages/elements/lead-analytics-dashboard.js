/**
 * <ortho-lead-analytics-dashboard>: the practice's numbers of a period, beside those of the one before.
 *
 * Attributes: `range`: `month` (usual), `last_month`, `days_30`, `days_90`, `year` or `own`; `first`
 * and `until`: the days of one's own period, 2026-11-03, both within.
 * Events: `ortho-range` {range, first, until}: another period was chosen; `ortho-drill` and
 * `ortho-lead-open`, as the charts within tell them.
 * Slots: `more`, below everything. Parts: `tile`, `table`.
 */

import "./conversion-funnel.js";
import "./source-performance-chart.js";
import { address, client } from "../base/client.js";
import { OrthoElement, css, define, h } from "../base/element.js";
import { format } from "../base/format.js";
import { behind, chartStyles, drill, sorted, table, waiting } from "../parts/chart.js";
import { dialogStyles, showDialogs } from "../parts/dialog.js";
import { icon } from "../parts/icons.js";
import { practice } from "../parts/practice.js";

const RANGES = ["month", "last_month", "days_30", "days_90", "year", "own"];
const TILES = ["total_leads", "conversions", "conversion_rate", "tried_in_time", "consultations_scheduled", "show_rate", "cost_per_acquisition", "roi"];
const LESS_IS_BETTER = new Set(["cost_per_acquisition"]);
const DAY_MS = 86_400_000;
const PEOPLE = { name: "owner", leads: "leads", won: "converted", rate: "conversion", days: "median_days" };

class LeadAnalyticsDashboard extends OrthoElement {
  static attributes = { range: String, first: String, until: String };
  static texts = "reports";
  static styles = [dialogStyles, chartStyles, css`
    .page { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
    .top { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; }
    .top .input { inline-size: auto; }
    .top p { flex: 1 1 14rem; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(11.500rem, 100%), 1fr)); gap: .75rem; }
    .tiles li { display: grid; gap: .1rem; align-content: start; padding: .8rem 1rem; }
    .tiles h3 { color: var(--ortho-muted); font-size: .8125rem; font-weight: 600; }
    .value { justify-self: start; font-size: 1.6rem; font-weight: 650; letter-spacing: -.02em; }
    button.value { margin-inline-start: -.2rem; text-decoration-thickness: 1px; text-underline-offset: .2em; }
    .change { display: flex; flex-wrap: wrap; gap: .3rem; align-items: center; color: var(--ortho-muted); font-size: .8125rem; }
    @container (max-width: 32rem) { .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
  `];

  state = { measured: null, sort: { name: "won", isDown: true } };

  connected() {
    this.refresh();
  }

  /** Several attributes that change together are asked for once. */
  changed() {
    this.set({ measured: null, failed: null });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isConnected && this.refresh());
  }

  /** The period as the API takes it; null while one's own is not a period. */
  get period() {
    const today = format.today();
    const back = (days) => new Date(Date.parse(today) - days * DAY_MS).toISOString().slice(0, 10);
    const { first, until } = this;
    if (this.range === "own") return first && until && first <= until ? `${first}/${until}` : null;
    if (this.range === "last_month") return back(Number(today.slice(8))).slice(0, 7);
    const days = { days_30: 29, days_90: 89, year: 364 }[this.range] ?? Number(today.slice(8)) - 1;
    return `${back(days)}/${today}`;
  }

  refresh() {
    return this.load(async () => {
      const [house, offered] = await Promise.all([practice(), client.once("/metrics")]);
      const { period } = this;
      if (!period) return { house };
      const metric = TILES.filter((name) => offered.some((one) => one.name === name));
      const seesPeople = !house.rights.get("lead:analytics")?.includes("marketing");
      const [measured, people, groups] = await Promise.all([
        client.get("/metrics/measure", { query: { metric, period, compare: true } }),
        seesPeople ? client.get("/reports/coordinators", { query: { period } }) : null,
        seesPeople ? client.get("/leads/analytics/coordinators", { query: { period } }) : null,
      ]);
      return period === this.period ? { house, offered, measured, people: people && this.people(people.tables[0]), hidden: groups?.hidden } : {};
    });
  }

  people({ columns, rows }) {
    const place = (name) => columns.findIndex((column) => column.name === name);
    const places = Object.entries(PEOPLE).map(([name, column]) => [name, place(column)]);
    const key = place("owner_key");
    const read = (row) => ({ key: row[key], ...Object.fromEntries(places.map(([name, n]) => [name, row[n]])) });
    return rows.map(read).map((row) => (row.key === null ? { ...row, name: this.t("not_recorded") } : row));
  }

  choose(range) {
    const [first, until] = this.span();
    const own = range === "own" ? { first: this.first ?? first, until: this.until ?? until } : {};
    this.narrow({ range, first: null, until: null, ...own });
  }

  narrow(wanted) {
    const { range = this.range, first = this.first, until = this.until } = wanted;
    Object.assign(this, { range, first, until });
    this.tell("ortho-range", { range, first, until });
  }

  /** The days of the period. */
  span() {
    const found = this.state.measured?.[0]?.period ?? this.period;
    return found?.includes("/") ? found.split("/") : [format.today(), format.today()];
  }

  drawn() {
    showDialogs(this.shadowRoot);
  }

  draw() {
    const { house, measured } = this.state;
    if (!house) return waiting(this);
    const { period } = this;
    return [
      h("div", { key: "page", class: "page" }, [
        this.top(),
        !period && h("p", { key: "none", class: "state panel", role: "alert" }, this.t("own_wrong")),
        period && (measured ? this.tiles() : waiting(this)),
        period && h("ortho-conversion-funnel", { key: "funnel", period }),
        period && h("ortho-source-performance-chart", { key: "sources", period }),
        period && measured && this.leaders(),
        h("slot", { key: "more", name: "more" }),
      ]),
      behind(this),
    ];
  }

  top() {
    const { measured } = this.state;
    const range = RANGES.includes(this.range) ? this.range : RANGES[0];
    const day = (name) => h("input", { key: name, type: "date", class: "input", "aria-label": this.t(`own_${name}`), ".value": this[name] ?? "", onchange: ({ target }) => this.narrow({ [name]: target.value }) });
    const before = measured?.find((one) => one.before)?.before;
    return h("div", { key: "top", class: "top" }, [
      h("select", { key: "range", class: "input", "aria-label": this.t("range"), onchange: ({ target }) => this.choose(target.value) },
        RANGES.map((one) => h("option", { key: one, value: one, ".selected": one === range }, this.t(`range.${one}`)))),
      range === "own" && [day("first"), day("until")],
      h("p", { key: "told", class: "muted", role: "status" }, before && this.t("compared", { period: days(measured[0].period), before: days(before.period) })),
      h("button", { key: "again", class: "button", onclick: () => this.again() }, this.t("again")),
    ]);
  }

  again() {
    this.refresh();
    for (const one of this.shadowRoot.querySelectorAll("ortho-conversion-funnel, ortho-source-performance-chart")) one.refresh();
  }

  tiles() {
    return h("ul", { key: "tiles", class: "tiles" }, this.state.measured.map((one) => this.tile(one)));
  }

  tile({ metric, title, unit, total, before, failed }) {
    const { house, offered } = this.state;
    const name = this.t(`metric.${metric}`);
    const isKnown = !failed && !total.isHidden && total.value !== null;
    const parts = offered.find((one) => one.name === metric)?.parts ?? [];
    const part = parts.includes("numerator") ? "numerator" : parts[0];
    const value = isKnown ? this.text(unit, total.value) : "–";
    const open = () => drill(this, name, { metric, part });
    const mayOpen = isKnown && part && total.n > 0 && house.may("lead:read");
    const why = failed ? "metric_failed" : total.isHidden ? "metric_hidden" : "metric_none";
    return h("li", { key: metric, class: "panel", part: "tile", title }, [
      h("h3", {}, name),
      mayOpen ? h("button", { class: "link value", "aria-label": this.t("open_value", { name, value }), onclick: open }, value) : h("p", { class: "value" }, value),
      isKnown ? this.change(metric, unit, total, before?.total) : h("p", { class: "change" }, this.t(why)),
    ]);
  }

  change(metric, unit, now, before) {
    if (!before || before.isHidden || before.value === null) return h("p", { class: "change" }, this.t("no_before"));
    const [value, was] = [Number(now.value), Number(before.value)];
    const isShare = unit === "share" || unit === "rate";
    const share = isShare ? value - was : was ? value / was - 1 : null;
    const signed = { signDisplay: "exceptZero", maximumFractionDigits: 1 };
    const told = share === null ? null : isShare ? this.t("points", { count: format.number(share * 100, signed) }) : format.number(share, { ...signed, style: "percent" });
    const isBetter = value > was !== LESS_IS_BETTER.has(metric);
    return h("p", { class: "change" }, [
      told && h("span", { class: `chip ${value === was ? "" : isBetter ? "good" : "bad"}` }, told),
      this.t("was", { value: this.text(unit, was) }),
    ]);
  }

  text(unit, value) {
    if (unit === "money") return format.sum({ amount: value, currency: this.state.house.me.currency });
    if (unit === "share" || unit === "rate") return format.percent(Number(value));
    return format.number(value, { maximumFractionDigits: 1 });
  }

  leaders() {
    const { people, hidden, sort, house } = this.state;
    if (!people) return null;
    const told = { leads: format.number, won: format.number, rate: format.percent, days: (days) => format.number(days, { maximumFractionDigits: 1 }) };
    const open = (row) => house.may("lead:read") && row.leads > 0 && (() => drill(this, this.t("leads_of", { name: row.name }), { metric: "outcomes", part: "leads", by: "owner", group: row.key ?? "" }));
    const columns = Object.keys(PEOPLE).map((name) => ({ name, title: this.t(name === "name" ? "head.person" : `head.${name}`), text: (row) => (row[name] === null ? "–" : (told[name]?.(row[name]) ?? row[name])), act: name === "leads" ? open : null }));
    const csv = address("/reports/coordinators/csv", { period: this.period }).href;
    return h("div", { key: "people", class: "panel" }, [
      h("figure", { "aria-labelledby": "people" }, [
        h("div", { class: "head" }, [
          h("h3", { id: "people" }, this.t("people")),
          people.length > 0 && h("div", { class: "tools" }, h("a", { class: "button", href: csv, download: "coordinators.csv", "aria-label": this.t("csv_of", { title: this.t("people") }) }, icon("download"), this.t("csv"))),
        ]),
        people.length ? table(this, this.t("people"), columns, sorted(people, sort), { sort, change: (order) => this.set({ sort: order }) }) : h("p", { class: "state" }, this.t("funnel_none")),
        hidden > 0 && h("p", { key: "hidden", class: "muted" }, this.t("hidden_groups", { count: hidden })),
      ]),
    ]);
  }
}

/** Say the days of a period: "Nov 1, 2026 – Nov 21, 2026". */
function days(period) {
  return period.split("/").map((day) => (day.length === 10 ? format.day(day) : day)).join(" – ");
}

define("ortho-lead-analytics-dashboard", LeadAnalyticsDashboard);
