/**
 * <ortho-task-form>: a task for a lead, to make or to change.
 *
 * Attributes
 *   lead-id   The lead of a new task.
 *
 * Properties
 *   task      The task that is changed.
 *
 * Events
 *   ortho-task-saved   Detail: {task}.
 *   ortho-cancel       Somebody does not want to go on.
 */

import { client } from "../base/client.js";
import { css, define, h } from "../base/element.js";
import { OrthoForm, choicesOf } from "../parts/form.js";
import { practice } from "../parts/practice.js";
import { instant, onDay, written } from "../parts/zone.js";

const TYPES = ["CALL", "EMAIL", "SMS", "FOLLOW_UP", "CONSULTATION_CONFIRM", "PAPERWORK_REMINDER", "CUSTOM"];
const PRIORITIES = ["LOW", "NORMAL", "HIGH", "URGENT"];
const SOON = [["today", 0], ["tomorrow", 1], ["three_days", 3], ["week", 7]];

class TaskForm extends OrthoForm {
  static attributes = { "lead-id": String };
  static texts = "leads";
  static styles = [OrthoForm.styles, css`
    .soon { display: flex; flex-wrap: wrap; gap: .35rem; }
    .soon button { min-block-size: 2rem; padding: .1rem .7rem; font-size: .875rem; }
  `];

  set task(task) {
    this.kept = task;
    if (task) this.set({ values: { ...task, assignedTo: task.assignedToId, dueAt: written(task.dueAt), reminderAt: task.reminderAt ? written(task.reminderAt) : "" } });
  }

  async connected() {
    if (!this.kept) this.set({ values: { type: "CALL", priority: "NORMAL", title: this.word("task", "CALL"), dueAt: written(onDay(1, "09:00")), assignedTo: "" } });
    await this.load(async () => ({ house: await practice() }));
  }

  put(name, value) {
    const { type, title } = this.state.values;
    super.put(name, value);
    if (name === "type" && (!title || title === this.word("task", type))) super.put("title", this.word("task", value));
  }

  save(event) {
    event.preventDefault();
    return this.send(async () => {
      const { type, title, priority, description, assignedTo, dueAt, reminderAt } = this.state.values;
      const told = { type, title: title?.trim(), priority, description: description || null, dueAt: dueAt ? instant(dueAt) : null, reminderAt: reminderAt ? instant(reminderAt) : null };
      if (assignedTo) told.assignedTo = assignedTo;
      const task = this.kept
        ? await client.put(`/leads/tasks/${this.kept.id}`, told, { version: this.kept.version })
        : await client.post(`/leads/${this.leadId}/tasks`, told);
      this.tell("ortho-task-saved", { task });
    });
  }

  draw() {
    const { house, values } = this.state;
    if (!house || !values.type) return h("p", { class: "state", role: "status" }, this.t("loading"));
    const people = house.coordinators.filter((one) => one.isActive || one.id === values.assignedTo).map((one) => [one.id, one.name]);
    const owner = this.kept ? [] : [["", this.t("task.owner")]];
    const isElse = values.assignedTo && !people.some(([id]) => id === values.assignedTo);
    return h("form", { novalidate: true, onsubmit: (event) => this.save(event) }, [
      this.field("title", { label: this.t("task.title"), isNeeded: true }),
      h("div", { key: "fields", class: "fields" }, [
        this.field("type", { label: this.t("task.type"), kind: "select", options: choicesOf(this.word, "task", TYPES) }),
        this.field("assignedTo", { label: this.t("task.who"), kind: "select", options: [...owner, ...people, ...(isElse ? [[values.assignedTo, house.name(values.assignedTo)]] : [])] }),
        this.field("dueAt", { label: this.t("task.due"), kind: "datetime-local", isNeeded: true }),
        this.field("reminderAt", { label: this.t("task.reminder"), kind: "datetime-local" }),
      ]),
      h("div", { key: "soon", class: "soon", role: "group", "aria-label": this.t("task.due") }, SOON.map(([name, days]) =>
        h("button", { key: name, class: "button", type: "button", onclick: () => this.put("dueAt", written(onDay(days, days ? "09:00" : "17:00"))) }, this.t(`soon.${name}`)),
      )),
      this.field("priority", { label: this.t("task.priority"), kind: "picks", options: choicesOf(this.word, "priority", PRIORITIES) }),
      this.field("description", { label: this.t("field.notes"), kind: "area" }),
      this.ending(this.t(this.kept ? "save" : "task.create"), h("button", { class: "button quiet", type: "button", onclick: () => this.tell("ortho-cancel") }, this.t("cancel"))),
    ]);
  }
}

define("ortho-task-form", TaskForm);
