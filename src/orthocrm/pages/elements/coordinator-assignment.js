/**
 * <ortho-coordinator-assignment>: who takes care of a lead, why, and who has how much to do.
 *
 * Attributes
 *   lead-id   The lead.
 *   owner     The id of its coordinator, where the page knows it.
 *   fixed     It is not given to anybody else any more.
 *
 * Events
 *   ortho-assigned   Somebody else has it now; detail: {lead, decision}.
 *
 * CSS parts: person. What a role may not do is not shown: the front desk may only find somebody
 * else for whoever is away.
 */

import { client } from "../base/client.js";
import { OrthoElement, css, define, h } from "../base/element.js";
import { format } from "../base/format.js";
import { icon } from "../parts/icons.js";
import { nameOf } from "../parts/people.js";
import { practice } from "../parts/practice.js";

class CoordinatorAssignment extends OrthoElement {
  static attributes = { "lead-id": String, owner: String, fixed: Boolean };
  static texts = "leads";
  static styles = css`
    :host { display: grid; gap: .9rem; }
    .now { display: flex; gap: .7rem; align-items: center; }
    .face { display: grid; place-items: center; flex: none; inline-size: 2.5rem; block-size: 2.5rem; border-radius: 50%; background: var(--ortho-accent-soft); color: var(--ortho-accent-text); font-weight: 650; }
    .now strong { display: block; overflow-wrap: anywhere; }
    .why { display: grid; gap: .3rem; font-size: .875rem; }
    summary { cursor: pointer; font-weight: 550; }
    details ul { display: grid; gap: .5rem; margin-block-start: .75rem; }
    .person { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .2rem .75rem; align-items: center; padding: .55rem .75rem; }
    .load { grid-column: 1; color: var(--ortho-muted); font-size: .8125rem; }
    .bar { grid-column: 1; block-size: .35rem; border-radius: 9px; background: var(--ortho-sunken); overflow: hidden; }
    .bar span { display: block; block-size: 100%; inline-size: var(--share); border-radius: inherit; background: var(--ortho-accent); }
    .bar.full span { background: var(--ortho-danger); }
    .person > .button, .person > .chip { grid-column: 2; grid-row: 1 / span 3; min-block-size: 2.25rem; padding: .2rem .75rem; }
    .input { margin-block-start: .75rem; }
  `;

  connected() {
    this.refresh();
  }

  changed(name) {
    if (name === "lead-id" || this.owner !== this.state.owner) this.refresh();
  }

  refresh() {
    return this.load(async () => {
      const [house, owners, loads] = await Promise.all([practice(), client.get(`/leads/${this.leadId}/owners`), client.get("/workload")]);
      const owner = this.owner ?? owners.at(-1)?.decision.chosen ?? null;
      return { house, owners, loads, owner };
    });
  }

  /** Show who has it now, then do it; as it was again, if that is refused. */
  async assign(user, { isUndo = false } = {}) {
    const before = this.state.owner;
    const { reason } = this.state;
    if (user) this.set({ owner: user });
    try {
      const told = filledReason(user, isUndo ? null : reason);
      await this.assigned(await client.post(`/leads/${this.leadId}/assign`, told), isUndo ? null : before);
    } catch (problem) {
      this.refused(problem, before);
    }
  }

  /** Whoever should have it is away: let the rules find somebody else. */
  async reassign() {
    try {
      await this.assigned(await client.post(`/leads/${this.leadId}/reassign-absent`, {}), null);
    } catch (problem) {
      this.refused(problem, this.state.owner);
    }
  }

  async assigned(done, before) {
    const { house } = this.state;
    this.set({ owner: done.decision.chosen, reason: "" });
    const undo = before && before !== done.decision.chosen ? () => this.assign(before, { isUndo: true }) : undefined;
    this.notice(this.t("owner.assigned", { name: nameOf(house, done.decision.chosen) }), { undo });
    this.tell("ortho-assigned", done);
    await this.refresh();
  }

  refused(problem, owner) {
    if (problem.code === undefined) throw problem;
    this.set({ owner });
    this.notice(this.explain(problem), { kind: "error" });
  }

  draw() {
    const { house, failed, owner, owners, loads } = this.state;
    if (failed && !house) return h("p", { class: "muted" }, this.explain(failed));
    if (!house) return h("p", { class: "state", role: "status" }, this.t("loading"));
    const name = nameOf(house, owner);
    const mayAssign = !this.fixed && house.may("lead:assign");
    const isAway = loads.find((one) => one.user === owner)?.isAway;
    return [
      h("div", { key: "now", class: "now" }, [
        h("span", { class: "face", "aria-hidden": "true" }, owner ? name.split(" ").map((part) => part[0]).slice(0, 2).join("") : "?"),
        h("p", {}, h("strong", {}, name), isAway && h("span", { class: "chip warn" }, this.t("owner.away"))),
      ]),
      owners.length > 0 && this.why(owners.at(-1)),
      !mayAssign && house.may("lead:reassign_absent") && isAway && h("button", { key: "absent", class: "button", onclick: () => this.reassign() }, this.t("owner.reassign")),
      mayAssign && h("details", { key: "people" }, [
        h("summary", {}, this.t("owner.change")),
        h("input", { class: "input", "aria-label": this.t("owner.reason"), placeholder: this.t("owner.reason"), ".value": this.state.reason ?? "", oninput: ({ target }) => this.set({ reason: target.value }) }),
        h("ul", {}, [
          h("li", { key: "rules" }, h("button", { class: "button", onclick: () => this.assign(null) }, icon("people"), this.t("owner.rules"))),
          house.coordinators.filter((one) => one.isActive).map((one) => this.person(one)),
        ]),
      ]),
    ];
  }

  why({ at, by, decision, reason }) {
    const { house } = this.state;
    const passed = Object.entries(Object.groupBy(decision.passedOver, (one) => one.reason));
    return h("div", { key: "why", class: "why muted" }, [
      h("p", {}, `${this.word("rule", decision.rule)} · ${nameOf(house, by)} · ${format.date(at)}`),
      reason && h("p", {}, `“${reason}”`),
      decision.needsAssignment && h("p", {}, h("span", { class: "chip bad" }, this.t("owner.needs"))),
      passed.length > 0 && h("details", {}, [
        h("summary", {}, this.t("owner.why")),
        h("ul", {}, passed.map(([why, people]) => h("li", { key: why }, `${this.word("passed", why)}: ${people.map((one) => nameOf(house, one.user)).join(", ")}`))),
      ]),
    ]);
  }

  person({ id, name, capacity }) {
    const { loads, owner } = this.state;
    const load = loads.find((one) => one.user === id) ?? { openLeads: 0, openTasks: 0, overdueTasks: 0 };
    const most = capacity ?? Math.max(1, ...loads.map((one) => one.openLeads));
    const share = Math.min(1, load.openLeads / most);
    return h("li", { key: id, part: "person", class: "person panel" }, [
      h("p", {}, name, " ", load.isAway && h("span", { class: "chip warn" }, this.t("owner.away"))),
      h("p", { class: "load" }, this.t(capacity ? "owner.load_of" : "owner.load", { leads: load.openLeads, capacity, tasks: load.openTasks, overdue: load.overdueTasks })),
      h("div", { class: `bar${capacity && share >= 1 ? " full" : ""}` }, h("span", { style: { "--share": `${share * 100}%` } })),
      id === owner
        ? h("span", { class: "chip good" }, this.t("owner.now"))
        : h("button", { class: "button", "aria-label": this.t("owner.give_one", { name }), onclick: () => this.assign(id) }, this.t("owner.give")),
    ]);
  }
}

const filledReason = (user, reason) => ({ ...(user && { assignedToId: user }), ...(user && reason && { reason }) });

define("ortho-coordinator-assignment", CoordinatorAssignment);
