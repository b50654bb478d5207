/**
 * <ortho-activity-timeline>: everything that happened to a lead, the latest first.
 *
 * Attributes
 *   lead-id   The lead.
 *
 * Methods
 *   refresh()   Read it anew.
 *
 * CSS parts: entry. What others note appears by itself.
 */

import { client } from "../base/client.js";
import { OrthoElement, css, define, h } from "../base/element.js";
import { format } from "../base/format.js";
import { icon } from "../parts/icons.js";
import { nameOf } from "../parts/people.js";
import { practice } from "../parts/practice.js";

const ICONS = {
  PHONE_CALL: "phone", EMAIL: "mail", SMS: "message", IN_PERSON: "person", NOTE: "edit", STAGE_CHANGE: "board",
  ASSIGNMENT_CHANGE: "people", TASK_COMPLETED: "check", TASK_CREATED: "clock", DOCUMENT_SENT: "list",
  CONSULTATION_SCHEDULED: "calendar", CONSULTATION_COMPLETED: "calendar", LEAD_CAPTURED: "flag",
};
const KINDS = { contacts: ["PHONE_CALL", "EMAIL", "SMS", "IN_PERSON", "DOCUMENT_SENT"], notes: ["NOTE"], changes: ["STAGE_CHANGE", "ASSIGNMENT_CHANGE", "LEAD_CAPTURED", "CONSULTATION_SCHEDULED", "CONSULTATION_COMPLETED"], tasks: ["TASK_CREATED", "TASK_COMPLETED"] };
const AT_ONCE = 60;
const SETTLE_MS = 200;

class ActivityTimeline extends OrthoElement {
  static attributes = { "lead-id": String };
  static texts = "leads";
  static styles = css`
    .kinds { display: flex; flex-wrap: wrap; gap: .35rem; margin-block-end: 1rem; }
    .kinds button { min-block-size: 2rem; padding: .1rem .75rem; border-radius: 99px; font-size: .875rem; }
    .kinds [aria-pressed="true"] { border-color: var(--ortho-accent); background: var(--ortho-accent-soft); color: var(--ortho-accent-text); }
    h4 { margin-block: 1.1rem .5rem; color: var(--ortho-muted); font-size: .8125rem; font-weight: 600; }
    h4:first-of-type { margin-block-start: 0; }
    .entry { position: relative; display: grid; grid-template-columns: 2rem minmax(0, 1fr) auto; gap: .1rem .75rem; padding-block-end: 1rem; }
    .entry::before { content: ""; position: absolute; inset-block: 2rem 0; inset-inline-start: 1rem; border-inline-start: 2px solid var(--ortho-line); }
    .entry:last-child::before { display: none; }
    .mark { display: grid; place-items: center; grid-row: span 3; align-self: start; inline-size: 2rem; block-size: 2rem; border-radius: 50%; background: var(--ortho-sunken); color: var(--ortho-muted); }
    .contact .mark { background: var(--ortho-accent-soft); color: var(--ortho-accent-text); }
    .what { padding-block-start: .3rem; overflow-wrap: anywhere; }
    time { padding-block-start: .4rem; color: var(--ortho-muted); font-size: .8125rem; white-space: nowrap; }
    .by { grid-column: 2 / -1; color: var(--ortho-muted); font-size: .8125rem; }
    .notes { grid-column: 2 / -1; margin-block-start: .35rem; padding: .5rem .75rem; border-radius: var(--ortho-round); background: var(--ortho-sunken); white-space: pre-wrap; overflow-wrap: anywhere; max-block-size: 14rem; overflow: auto; }
  `;

  state = { kind: null, most: AT_ONCE };

  connected() {
    this.refresh();
    this.live(({ kind, leadIds }) => {
      if (kind === "look" || leadIds?.includes(this.leadId)) this.soon();
    });
  }

  changed() {
    this.set({ entries: null });
    this.refresh();
  }

  /** Read it once for several events that come together. */
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isConnected && this.refresh(), SETTLE_MS);
  }

  refresh() {
    return this.load(async () => {
      const [house, { entries }] = await Promise.all([practice(), client.get(`/leads/${this.leadId}/timeline`)]);
      return { house, entries };
    });
  }

  draw() {
    const { entries, failed, kind, most } = this.state;
    if (failed && !entries) return h("div", { class: "state" }, h("p", { role: "alert" }, this.explain(failed)), h("button", { class: "button", onclick: () => this.refresh() }, this.t("retry")));
    if (!entries) return h("p", { class: "state", role: "status" }, this.t("loading"));
    const wanted = kind ? entries.filter((one) => KINDS[kind].includes(one.what)) : entries;
    const days = Map.groupBy(wanted.slice(0, most), (one) => format.date(one.at));
    return [
      h("div", { key: "kinds", class: "kinds", role: "group", "aria-label": this.t("timeline.show") }, [null, ...Object.keys(KINDS)].map((one) =>
        h("button", { key: one ?? "", class: "button", "aria-pressed": String(one === kind), onclick: () => this.set({ kind: one }) }, this.t(one ? `timeline.${one}` : "all")),
      )),
      wanted.length === 0 && h("p", { key: "none", class: "state" }, this.t("timeline.none")),
      [...days].flatMap(([day, those]) => [
        h("h4", { key: day }, day),
        h("ol", { key: `${day} entries` }, those.map((one) => this.entry(one))),
      ]),
      wanted.length > most && h("button", { key: "more", class: "button", onclick: () => this.set({ most: most + AT_ONCE }) }, this.t("timeline.more", { count: wanted.length - most })),
    ];
  }

  entry(one) {
    const { activity, task, message } = one;
    const isTask = one.what === "TASK_COMPLETED";
    const notes = isTask ? null : (activity?.notes ?? task?.description ?? message?.body);
    const isContact = KINDS.contacts.includes(one.what);
    return h("li", { key: `${one.at} ${activity?.id ?? task?.id ?? ""}`, part: "entry", class: `entry${isContact ? " contact" : ""}` }, [
      h("span", { class: "mark" }, icon(ICONS[one.what] ?? "list")),
      h("p", { class: "what" }, this.sentence(one)),
      h("time", { datetime: one.at }, format.time(one.at)),
      h("p", { class: "by" }, nameOf(this.state.house, one.by)),
      notes && h("p", { class: "notes", tabindex: notes.length > 600 ? "0" : null }, notes),
    ]);
  }

  sentence({ what, activity, task, message }) {
    const { house } = this.state;
    const stage = (slug) => house.stages.find((one) => one.slug === slug)?.name ?? slug;
    if (what === "STAGE_CHANGE") return this.t(activity.previousStage ? "timeline.moved" : "timeline.entered", { from: stage(activity.previousStage), to: stage(activity.newStage) });
    if (what === "ASSIGNMENT_CHANGE" && activity.decision) return this.t("timeline.assigned", { name: nameOf(house, activity.decision.chosen), rule: this.word("rule", activity.decision.rule) });
    const told = [
      this.word("activity", what),
      task?.title ?? (what === "TASK_COMPLETED" ? activity.notes : activity?.document?.name) ?? message?.subject,
      activity?.direction && this.word("direction", activity.direction),
      activity?.callOutcome ? this.word("outcome", activity.callOutcome) : activity?.outcome,
      activity?.durationMinutes && format.length(activity.durationMinutes * 60),
      message && this.word("messageState", message.state),
    ];
    return told.filter(Boolean).join(" · ");
  }
}

define("ortho-activity-timeline", ActivityTimeline);
