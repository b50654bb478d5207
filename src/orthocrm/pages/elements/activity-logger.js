/**
 * <ortho-activity-logger>: note what happened with a lead: a call, a message, a meeting, a note.
 *
 * Attributes
 *   lead-id   The lead.
 *   type      What is offered first: PHONE_CALL, EMAIL, SMS, IN_PERSON or NOTE.
 *
 * Events
 *   ortho-activity-logged   It was noted; detail: {lead, activity, tasks, suggestLost, callInstead}.
 *   ortho-lose              Nobody answers: somebody follows the advice to give the lead up.
 */

import { client } from "../base/client.js";
import { css, define, h } from "../base/element.js";
import { icon } from "../parts/icons.js";
import { OrthoForm, choicesOf, filled } from "../parts/form.js";
import { callLink } from "../parts/people.js";
import { instant, written } from "../parts/zone.js";

const TYPES = { PHONE_CALL: "phone", SMS: "message", EMAIL: "mail", IN_PERSON: "person", NOTE: "edit" };
const OUTCOMES = ["SPOKE", "VOICEMAIL", "NO_ANSWER", "WRONG_NUMBER"];
const DIRECTED = ["PHONE_CALL", "SMS", "EMAIL"];

class ActivityLogger extends OrthoForm {
  static attributes = { "lead-id": String, type: String };
  static texts = "leads";
  static styles = [OrthoForm.styles, css`
    .advice { display: grid; gap: .6rem; padding: .75rem 1rem; margin-block-end: .9rem; border-radius: var(--ortho-round); background: var(--ortho-warn-soft); color: var(--ortho-warn-text); }
    summary { cursor: pointer; color: var(--ortho-muted); font-size: .875rem; }
    details .fields { margin-block-start: .6rem; }
  `];

  connected() {
    this.begin();
  }

  begin() {
    const { values } = this.state;
    this.set({ values: { type: values.type ?? this.type ?? "PHONE_CALL", direction: "OUTBOUND" } });
  }

  save(event) {
    event.preventDefault();
    return this.send(async () => {
      const { type, direction, callOutcome, occurredAt, durationMinutes, notes } = this.state.values;
      const entry = filled({
        type, notes,
        direction: DIRECTED.includes(type) ? direction : null,
        callOutcome: type === "PHONE_CALL" ? callOutcome : null,
        durationMinutes: durationMinutes ? Number(durationMinutes) : null,
        occurredAt: occurredAt ? instant(occurredAt) : null,
      });
      const logged = await client.post(`/leads/${this.leadId}/activities`, entry);
      this.set({ advice: logged });
      this.begin();
      this.tell("ortho-activity-logged", logged);
    });
  }

  draw() {
    const { values } = this.state;
    const type = values.type ?? "PHONE_CALL";
    const types = Object.entries(TYPES).map(([one, name]) => [one, [icon(name), this.word("activity", one)]]);
    return [
      this.advice(),
      h("form", { key: "form", novalidate: true, onsubmit: (event) => this.save(event), onkeydown: (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && this.save(event) }, [
        this.field("type", { label: this.t("log.type"), kind: "picks", options: types }),
        DIRECTED.includes(type) && this.field("direction", { label: this.t("log.direction"), kind: "picks", options: choicesOf(this.word, "direction", ["OUTBOUND", "INBOUND"]) }),
        type === "PHONE_CALL" && this.field("callOutcome", { label: this.t("log.outcome"), kind: "picks", isNeeded: true, options: choicesOf(this.word, "outcome", OUTCOMES) }),
        this.field("notes", { kind: "area" }),
        h("details", { key: "more" }, [
          h("summary", {}, this.t("log.more")),
          h("div", { class: "fields" }, [
            this.field("occurredAt", { label: this.t("log.when"), kind: "datetime-local", max: written(Date.now()), hint: this.t("log.when_hint") }),
            ["PHONE_CALL", "IN_PERSON"].includes(type) && this.field("durationMinutes", { label: this.t("log.minutes"), kind: "number", min: 0, max: 1440 }),
          ]),
        ]),
        this.ending(this.t("log.save")),
      ]),
    ];
  }

  advice() {
    const { suggestLost, callInstead } = this.state.advice ?? {};
    return h("div", { key: "advice", role: "status" }, [
      callInstead && h("p", { class: "advice" }, [this.t("log.call_instead"), " ", callLink(callInstead.number)]),
      suggestLost && h("div", { class: "advice" }, [
        h("p", {}, this.t("log.suggest_lost")),
        h("div", { class: "choices" }, [
          h("button", { class: "button", type: "button", onclick: () => (this.set({ advice: null }), this.tell("ortho-lose")) }, this.t("lead.lose")),
          h("button", { class: "button quiet", type: "button", onclick: () => this.set({ advice: null }) }, this.t("log.keep_trying")),
        ]),
      ]),
    ]);
  }
}

define("ortho-activity-logger", ActivityLogger);
