/**
 * <ortho-task-list>: what is to be done for a lead, or by somebody.
 *
 * Attributes
 *   lead-id   The tasks of this lead, those that are done as well.
 *   user      The open tasks of this person, of all leads; `me` stands for whoever looks.
 *
 * Events
 *   ortho-task-changed   A task was ticked off, put off, changed or made; detail: {task}.
 *   ortho-lead-open      Somebody wants to see the lead; detail: {leadId}.
 *
 * CSS parts: task. Ticking off shows at once, and is taken back when the API refuses it; what was
 * done can be undone from the notice.
 */

import "./task-form.js";
import { client } from "../base/client.js";
import { OrthoElement, css, define, h } from "../base/element.js";
import { format } from "../base/format.js";
import { dialogStyles, showDialogs } from "../parts/dialog.js";
import { icon } from "../parts/icons.js";
import { callLink, contactOf, leadLink, leadsById, nameOf, patientOf } from "../parts/people.js";
import { practice } from "../parts/practice.js";
import { onDay } from "../parts/zone.js";

const SOON = { hour: () => new Date(Date.now() + 3_600_000).toISOString(), tomorrow: () => onDay(1, "09:00"), three_days: () => onDay(3, "09:00"), week: () => onDay(7, "09:00") };
const OPEN = ["PENDING", "IN_PROGRESS", "OVERDUE"];
const MOST = 200;
const SETTLE_MS = 300;

class TaskList extends OrthoElement {
  static attributes = { "lead-id": String, user: String };
  static texts = "leads";
  static styles = [dialogStyles, css`
    :host { container-type: inline-size; }
    h3 { display: flex; gap: .5rem; align-items: center; margin-block: 1.25rem .5rem; font-size: .9375rem; }
    h3:first-of-type { margin-block-start: 0; }
    ul { display: grid; gap: .5rem; }
    li { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: .15rem .8rem; align-items: center; padding: .65rem .8rem; }
    li.late { border-inline-start: 3px solid var(--ortho-danger); }
    .tick { grid-row: span 2; inline-size: 1.35rem; block-size: 1.35rem; margin: .2rem; accent-color: var(--ortho-accent); cursor: pointer; }
    .title { font-weight: 600; overflow-wrap: anywhere; }
    .over .title { color: var(--ortho-muted); text-decoration: line-through; }
    .told { grid-column: 2; display: flex; flex-wrap: wrap; gap: .15rem .7rem; align-items: center; color: var(--ortho-muted); font-size: .875rem; }
    .told span { overflow-wrap: anywhere; }
    .late .due { color: var(--ortho-danger-text); font-weight: 600; }
    .acts { grid-column: 3; grid-row: 1 / span 2; display: flex; gap: .25rem; }
    .acts > * { min-block-size: 2.25rem; padding: .2rem .5rem; }
    select.button { max-inline-size: 8rem; font-size: .875rem; }
    select option { background: var(--ortho-field); color: var(--ortho-text); }
    .top { margin-block-end: 1rem; }
    @container (max-width: 34rem) { .acts { grid-column: 2 / -1; grid-row: auto; margin-block-start: .3rem; } }
  `];

  state = { tasks: null, leads: new Map() };
  /** What was ticked off here stays in its place, so that nothing moves under the pointer. */
  ticked = new Map();

  connected() {
    this.refresh();
    this.live(({ kind, leadIds, taskId }) => {
      if (kind === "look" || (this.leadId ? leadIds?.includes(this.leadId) : taskId || leadIds?.length)) this.soon();
    });
  }

  changed() {
    this.ticked.clear();
    this.set({ tasks: null });
    this.refresh();
  }

  /** Read them once for several events that come together. */
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isConnected && this.refresh(), SETTLE_MS);
  }

  refresh() {
    return this.load(async () => {
      const house = await practice();
      const user = this.user === "me" ? house.me.user : this.user;
      const found = await (this.leadId ? client.get(`/leads/${this.leadId}/tasks`) : client.get("/tasks", { query: { user } }));
      const gone = this.state.tasks?.filter((one) => this.ticked.has(one.id) && !found.some(({ id }) => id === one.id)) ?? [];
      const tasks = gone.length ? [...found, ...gone].sort((one, other) => (one.dueAt < other.dueAt ? -1 : 1)) : found;
      const leads = this.leadId ? new Map() : await leadsById(tasks.slice(0, MOST).map((one) => one.leadId));
      return { house, tasks, leads };
    });
  }

  /** Show it as it will be, then do it; as it was again, if that is refused. */
  async act(task, changes, ask, { said, undo } = {}) {
    const before = this.state.tasks;
    const put = (one) => this.set({ tasks: this.state.tasks.map((each) => (each.id === task.id ? one : each)) });
    put({ ...task, ...changes });
    try {
      const done = await ask();
      put(done);
      if (said) this.notice(this.t(said, { title: task.title }), { undo: undo && (() => this.undone(undo, done)) });
      this.tell("ortho-task-changed", { task: done });
    } catch (problem) {
      if (problem.code === undefined) throw problem;
      this.ticked.delete(task.id);
      this.set({ tasks: before });
      this.notice(this.explain(problem), { kind: "error" });
      if (problem.code === "stale_version") this.refresh();
    }
  }

  async undone(undo, task) {
    this.ticked.delete(task.id);
    this.set({ tasks: this.state.tasks.filter((one) => one.id !== task.id) });
    await undo(task).catch((problem) => this.notice(this.explain(problem), { kind: "error" }));
    await this.refresh();
    this.tell("ortho-task-changed", { task });
  }

  /** Put a closed task back: as a new one, since history is never rewritten. */
  again({ leadId, type, title, dueAt, priority, description, assignedToId }) {
    return client.post(`/leads/${leadId}/tasks`, { type, title, dueAt, priority, description, assignedTo: assignedToId });
  }

  complete(task) {
    this.ticked.set(task.id, this.group(task));
    const ask = () => client.post(`/leads/tasks/${task.id}/complete`, undefined, { version: task.version });
    return this.act(task, { status: "COMPLETED" }, ask, { said: "task.completed", undo: () => this.again(task) });
  }

  cancel(task) {
    const ask = () => client.post(`/leads/tasks/${task.id}/cancel`, undefined, { version: task.version });
    return this.act(task, { status: "CANCELLED" }, ask, { said: "task.cancelled", undo: () => this.again(task) });
  }

  snooze(task, name) {
    const until = SOON[name]();
    const ask = () => client.post(`/leads/tasks/${task.id}/snooze`, { until }, { version: task.version });
    const undo = ({ version }) => client.put(`/leads/tasks/${task.id}`, { dueAt: task.dueAt }, { version });
    return this.act(task, { dueAt: until, status: "PENDING" }, ask, { said: "task.snoozed", undo });
  }

  group({ status, dueAt }) {
    if (!OPEN.includes(status)) return "over";
    return Date.parse(dueAt) < Date.now() ? "late" : dueAt < onDay(1, "00:00") ? "today" : "later";
  }

  saved({ detail: { task } }) {
    this.set({ editing: null });
    this.refresh();
    this.notice(this.t("task.saved", { title: task.title }));
    this.tell("ortho-task-changed", { task });
  }

  drawn() {
    showDialogs(this.shadowRoot);
  }

  draw() {
    const { tasks, failed, house, editing } = this.state;
    if (failed && !tasks) return h("div", { class: "state" }, h("p", { role: "alert" }, this.explain(failed)), h("button", { class: "button", onclick: () => this.refresh() }, this.t("retry")));
    if (!tasks) return h("p", { class: "state", role: "status" }, this.t("loading"));
    const groups = Map.groupBy(tasks.slice(0, MOST), (one) => this.ticked.get(one.id) ?? this.group(one));
    const close = () => this.set({ editing: null });
    return [
      this.leadId && house.may("lead:update") && h("div", { key: "top", class: "top" }, h("button", { class: "button", onclick: () => this.set({ editing: {} }) }, icon("plus"), this.t("task.new"))),
      tasks.length === 0 && h("div", { key: "none", class: "state" }, h("h3", {}, this.t("task.none")), h("p", {}, this.t(this.leadId ? "task.none_lead" : "task.none_user"))),
      ["late", "today", "later", "over"].filter((name) => groups.has(name)).flatMap((name) => [
        h("h3", { key: name }, this.t(`task.${name}`), h("span", { class: `chip${name === "late" ? " bad" : ""}` }, groups.get(name).length)),
        h("ul", { key: `${name} tasks` }, groups.get(name).map((one) => this.row(one, name))),
      ]),
      tasks.length > MOST && h("p", { key: "most", class: "muted" }, this.t("task.most", { count: MOST })),
      editing && h("dialog", { key: "editing", "data-asks": "", "aria-label": this.t(editing.id ? "task.edit" : "task.new"), oncancel: close }, [
        h("h2", {}, this.t(editing.id ? "task.edit" : "task.new")),
        h("ortho-task-form", { "lead-id": this.leadId, ".task": editing.id ? editing : null, "onortho-task-saved": (event) => (event.stopPropagation(), this.saved(event)), "onortho-cancel": close }),
      ]),
    ];
  }

  row(task, group) {
    const { house, leads } = this.state;
    const lead = leads.get(task.leadId);
    const isOpen = OPEN.includes(task.status);
    const mayChange = isOpen && house.may("lead:update");
    const priority = { URGENT: "bad", HIGH: "warn" }[task.priority];
    return h("li", { key: task.id, part: "task", class: `panel ${isOpen ? group : "over"}` }, [
      h("input", { type: "checkbox", class: "tick", ".checked": task.status === "COMPLETED", disabled: !mayChange, "aria-label": this.t("task.complete", { title: task.title }), onchange: () => this.complete(task) }),
      h("p", { class: "title" }, task.title),
      h("p", { class: "told" }, [
        !this.leadId && (lead ? leadLink(this, lead.id, patientOf(lead)) : leadLink(this, task.leadId, this.t("task.lead"))),
        lead?.phone && callLink(lead.phone, { "aria-label": this.t("call", { name: contactOf(lead) }) }),
        h("span", { class: "due" }, isOpen ? `${format.moment(task.dueAt)} (${format.ago(task.dueAt)})` : [this.word("taskStatus", task.status), format.moment(task.completedAt)].filter(Boolean).join(" · ")),
        priority && isOpen && h("span", { class: `chip ${priority}` }, this.word("priority", task.priority)),
        (this.leadId || !this.user) && h("span", {}, nameOf(house, task.assignedToId)),
        task.description && h("span", {}, task.description),
      ]),
      mayChange && h("div", { class: "acts" }, [
        h("select", { class: "button", "aria-label": this.t("task.snooze_one", { title: task.title }), onchange: ({ target }) => target.value && this.snooze(task, target.value) }, [
          h("option", { value: "" }, this.t("task.snooze")),
          Object.keys(SOON).map((name) => h("option", { key: name, value: name }, this.t(`soon.${name}`))),
        ]),
        h("button", { class: "button quiet", "aria-label": this.t("task.edit_one", { title: task.title }), onclick: () => this.set({ editing: task }) }, icon("edit")),
        h("button", { class: "button quiet", "aria-label": this.t("task.cancel_one", { title: task.title }), onclick: () => this.cancel(task) }, icon("close")),
      ]),
    ]);
  }
}

define("ortho-task-list", TaskList);
