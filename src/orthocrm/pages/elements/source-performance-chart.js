/**
 * <ortho-source-performance-chart>: what each source brought: leads, patients, cost, return.
 *
 * Attributes: `period`: 2026, 2026-11 or 2026-11-02/2026-11-15, by when leads came in; without it
 * nothing is said of costs.
 * Events: `ortho-drill` {metric, part, by, group, period}, before the leads of a source are shown,
 * preventable; `ortho-lead-open` {leadId}, before the link to one of them is followed.
 * Parts: `bar`, `table`.
 */

import { address, client } from "../base/client.js";
import { OrthoElement, css, define, h } from "../base/element.js";
import { format } from "../base/format.js";
import { bars, behind, chartStyles, drill, sorted, table, waiting } from "../parts/chart.js";
import { dialogStyles, showDialogs } from "../parts/dialog.js";
import { icon } from "../parts/icons.js";
import { practice } from "../parts/practice.js";

const COUNTS = ["leads", "won"];
const MONEY = ["cost", "roi"];

class SourcePerformanceChart extends OrthoElement {
  static attributes = { period: String };
  static texts = "reports";
  static styles = [dialogStyles, chartStyles, css`
    select.input { inline-size: auto; min-block-size: 2.25rem; padding-block: .2rem; font-size: .875rem; }
  `];

  state = { rows: null, isTable: false, sort: { name: "leads", isDown: true } };

  connected() {
    this.refresh();
  }

  changed() {
    this.set({ rows: null, told: null });
    this.refresh();
  }

  refresh() {
    const { period } = this;
    return this.load(async () => {
      const [house, offered] = await Promise.all([practice(), client.once("/metrics")]);
      // costs accrue over a period, and are nobody's own figures
      const metric = MONEY.filter((name) => period && offered.some((one) => one.name === name));
      const query = { period, by: "source" };
      const [found, report, measured] = await Promise.all([
        client.get("/leads/analytics/sources", { query }),
        client.get("/reports/sources", { query: { period } }),
        metric.length ? client.get("/metrics/measure", { query: { ...query, metric } }) : [],
      ]);
      if (period !== this.period) return {};
      return { house, rows: this.rows(found.groups, report.tables[0], measured), hidden: found.hidden, columns: [...COUNTS, "rate", ...metric] };
    });
  }

  rows(groups, { columns, rows }, measured) {
    const [key, name] = ["source_id", "source"].map((one) => columns.findIndex((column) => column.name === one));
    const names = new Map(rows.map((row) => [row[key], row[name]]));
    const values = Object.fromEntries(measured.map(({ metric, groups: found }) => [metric, new Map(found)]));
    const outcomes = new Map(groups);
    // a source that cost something and brought nobody is shown as well
    const all = new Set([...outcomes.keys(), ...names.keys()]);
    return [...all].map((id) => {
      const { leads = 0, won = 0, conversion } = outcomes.get(id) ?? {};
      const number = (metric) => { const value = values[metric]?.get(id)?.value ?? null; return value === null ? null : Number(value); };
      return { key: id, name: id === null ? this.t("not_recorded") : (names.get(id) ?? id), leads, won, rate: conversion?.value ?? null, cost: number("cost"), roi: number("roi") };
    });
  }

  drawn() {
    showDialogs(this.shadowRoot);
  }

  text(name, row) {
    const value = row[name];
    if (value === null) return "–";
    if (name === "cost") return format.sum({ amount: value, currency: this.state.house.me.currency });
    return COUNTS.includes(name) ? format.number(value) : format.percent(value);
  }

  open(row, name) {
    const asked = { metric: "outcomes", part: name, by: "source", group: row.key ?? "" };
    return drill(this, this.t(`source_${name}`, { name: row.name }), asked);
  }

  draw() {
    const { rows, hidden, isTable, sort, columns, house } = this.state;
    if (!rows) return waiting(this);
    const ordered = sorted(rows, sort);
    const mayOpen = house.may("lead:read");
    const acts = (name) => (row) => mayOpen && row[name] > 0 && (() => this.open(row, name));
    const shown = columns.map((name) => ({ name, title: this.t(`head.${name}`), text: (row) => this.text(name, row), act: COUNTS.includes(name) ? acts(name) : null }));
    const change = (order) => this.set({ sort: order });
    const named = { name: "name", title: this.t("head.source"), text: ({ name }) => name };
    return [
      h("figure", { key: "figure", class: "panel", "aria-labelledby": "title", "aria-describedby": "told" }, [
        h("div", { class: "head" }, [
          h("h3", { id: "title" }, this.t("sources"), !isTable && rows.length > 0 && `: ${this.t(`head.${sort.name}`)}`),
          rows.length > 0 && this.tools(shown),
        ]),
        h("p", { id: "told", class: "muted" }, this.t("sources_told", { count: rows.length })),
        rows.length === 0 ? h("p", { class: "state" }, this.t("funnel_none")) : isTable ? table(this, this.t("sources"), [named, ...shown], ordered, { sort, change }) : this.bars(ordered, shown),
        hidden > 0 && h("p", { key: "hidden", class: "muted" }, this.t("hidden_groups", { count: hidden })),
      ]),
      behind(this),
    ];
  }

  tools(shown) {
    const { isTable, sort } = this.state;
    const choose = ({ target }) => this.set({ sort: { name: target.value, isDown: true }, told: null });
    const csv = address("/reports/sources/csv", { period: this.period }).href;
    return h("div", { class: "tools" }, [
      !isTable && h("select", { key: "by", class: "input", "aria-label": this.t("bars_show"), onchange: choose },
        shown.map(({ name, title }) => h("option", { key: name, value: name, ".selected": name === sort.name }, title))),
      h("button", { key: "table", class: "button", "aria-pressed": isTable, onclick: () => this.set({ isTable: !isTable, sort: { name: "leads", isDown: true } }) }, this.t("as_table")),
      h("a", { key: "csv", class: "button", href: csv, download: "sources.csv", "aria-label": this.t("csv_of", { title: this.t("sources") }) }, icon("download"), this.t("csv")),
    ]);
  }

  bars(rows, shown) {
    const { name } = this.state.sort;
    const most = Math.max(...rows.map((row) => row[name] ?? 0), 0);
    const drawn = rows.map((row) => ({
      key: row.key ?? "",
      name: row.name,
      share: most > 0 ? Math.max(row[name] ?? 0, 0) / most : 0,
      says: this.text(name, row),
      told: shown.map(({ title, text }) => `${title}: ${text(row)}`).join(", "),
      act: shown[0].act(row),
    }));
    return bars(this, drawn);
  }
}

define("ortho-source-performance-chart", SourcePerformanceChart);
