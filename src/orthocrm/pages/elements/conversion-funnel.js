/**
 * <ortho-conversion-funnel>: how far the leads of a period came, stage by stage.
 *
 * Attributes: `period`: 2026, 2026-11 or 2026-11-02/2026-11-15, by when leads came in.
 * Events: `ortho-drill` {metric, part, period}, before the leads behind a step are shown,
 * preventable; `ortho-lead-open` {leadId}, before the link to one of them is followed.
 * Parts: `bar`, `table`.
 */

import { address, client } from "../base/client.js";
import { OrthoElement, define, h } from "../base/element.js";
import { format } from "../base/format.js";
import { bars, behind, chartStyles, drill, table, waiting } from "../parts/chart.js";
import { dialogStyles, showDialogs } from "../parts/dialog.js";
import { icon } from "../parts/icons.js";
import { practice } from "../parts/practice.js";

class ConversionFunnel extends OrthoElement {
  static attributes = { period: String };
  static texts = "reports";
  static styles = [dialogStyles, chartStyles];

  state = { funnel: null, isTable: false };

  connected() {
    this.refresh();
  }

  changed() {
    this.set({ funnel: null, told: null });
    this.refresh();
  }

  refresh() {
    const { period } = this;
    return this.load(async () => {
      const [house, { total }] = await Promise.all([practice(), client.get("/leads/analytics/funnel", { query: { period } })]);
      return period === this.period ? { house, funnel: total } : {};
    });
  }

  drawn() {
    showDialogs(this.shadowRoot);
  }

  draw() {
    const { funnel, house, isTable } = this.state;
    if (!funnel) return waiting(this);
    const steps = funnel.steps.map((step, n) => this.step(step, funnel.steps[n - 1], funnel, house.may("lead:read")));
    const isEmpty = funnel.leads === 0 || steps.length === 0;
    const csv = address("/reports/funnel/csv", { period: this.period }).href;
    return [
      h("figure", { key: "figure", class: "panel", "aria-labelledby": "title", "aria-describedby": "told" }, [
        h("div", { class: "head" }, [
          h("h3", { id: "title" }, this.t("funnel")),
          !isEmpty && h("div", { class: "tools" }, [
            h("button", { class: "button", "aria-pressed": isTable, onclick: () => this.set({ isTable: !isTable }) }, this.t("as_table")),
            h("a", { class: "button", href: csv, download: "funnel.csv", "aria-label": this.t("csv_of", { title: this.t("funnel") }) }, icon("download"), this.t("csv")),
          ]),
        ]),
        h("p", { id: "told", class: "muted" }, this.said(funnel)),
        isEmpty ? h("p", { class: "state" }, this.t("funnel_none")) : isTable ? this.table(steps) : bars(this, steps, { isCentred: true }),
        funnel.hidden > 0 && h("p", { key: "hidden", class: "muted" }, this.t("hidden_steps", { count: funnel.hidden })),
      ]),
      behind(this),
    ];
  }

  said({ leads, won, lost, open }) {
    const known = Object.entries({ won, lost, open }).filter(([, count]) => count !== null);
    return [this.t("leads_in", { count: leads }), ...known.map(([name, count]) => this.t(`count_${name}`, { count }))].join(" · ");
  }

  step({ stage, name, reached, dropOff, stillOpen, cumulative }, before, { leads }, mayOpen) {
    const next = before?.nextStep?.value ?? null;
    const told = [
      this.t("reached", { count: reached }),
      this.t("of_all", { share: percent(cumulative.value) }),
      next !== null && this.t("of_before", { share: percent(next) }),
      dropOff > 0 && this.t("lost_here", { count: dropOff }),
      stillOpen > 0 && this.t("still_here", { count: stillOpen }),
    ].filter(Boolean).join(", ");
    const act = mayOpen && reached > 0 && (() => drill(this, this.t("reached_title", { name }), { metric: "funnel", part: `reached:${stage}` }));
    const says = `${format.number(reached)} · ${percent(cumulative.value)}`;
    return { key: stage, name, told, act, says, share: reached / leads, before: before ? before.reached / leads : 0, reached, dropOff, stillOpen, all: cumulative.value, next };
  }

  table(steps) {
    const number = (name) => ({ name, title: this.t(`head.${name}`), text: (row) => format.number(row[name]) });
    const share = (name) => ({ name, title: this.t(`head.${name}`), text: (row) => percent(row[name]) });
    const columns = [{ name: "name", title: this.t("head.stage"), text: ({ name }) => name }, { ...number("reached"), act: ({ act }) => act }, share("all"), share("next"), number("dropOff"), number("stillOpen")];
    return table(this, this.t("funnel"), columns, steps);
  }
}

const percent = (share) => (share === null ? "–" : format.percent(share));

define("ortho-conversion-funnel", ConversionFunnel);
