/**
 * <ortho-lead-detail>: all of one lead, and whatever can be done with it.
 *
 * Attributes
 *   lead-id   The lead.
 *
 * Events
 *   ortho-lead-changed   It is another than before; detail: {lead}.
 *   ortho-lead-open      Somebody wants to see another lead; detail: {leadId}; preventable.
 *
 * Slots: more, below everything on the left. CSS parts: head, steps, facts.
 *
 * What was done shows at once and is taken back when the API refuses it. Giving a lead up and
 * merging can be undone from the notice; a merge later as well.
 */

import "./activity-logger.js";
import "./activity-timeline.js";
import "./coordinator-assignment.js";
import "./task-list.js";
import { client } from "../base/client.js";
import { OrthoElement, define, h } from "../base/element.js";
import { format } from "../base/format.js";
import { dialog, dialogStyles, showDialogs } from "../parts/dialog.js";
import { icon } from "../parts/icons.js";
import { callLink, contactOf, leadLink, leadsById, patientOf } from "../parts/people.js";
import { practice } from "../parts/practice.js";
import { alike, merge, mergeDialog, preview } from "./detail/merging.js";
import { styles } from "./detail/styles.js";

const LOST = "CHOSE_COMPETITOR COST_FINANCIAL TIMING_NOT_RIGHT NOT_A_CANDIDATE NO_RESPONSE INSURANCE_ISSUES RELOCATED OTHER".split(" ");
const OBJECTIONS = ["COST", "TIMING", "INSURANCE", "CONFIDENCE", "OTHER"];

class LeadDetail extends OrthoElement {
  static attributes = { "lead-id": String };
  static texts = "leads";
  static styles = [dialogStyles, styles];

  state = { lead: null, alike: [], merges: [], family: [], asks: null };

  connected() {
    this.begin();
    this.live(({ kind, leadIds, versions }) => {
      const isNew = leadIds?.includes(this.leadId) && versions?.[this.leadId] !== this.state.lead?.version;
      if ((kind === "look" || isNew) && !this.isBusy) this.refresh();
    });
  }

  changed() {
    this.set({ lead: null, isEdited: false, alike: [], merges: [], family: [] });
    this.begin();
  }

  async begin() {
    await this.load(async () => ({ house: await practice(), lead: await client.get(`/leads/${this.leadId}`) }));
    if (this.state.lead) await this.around();
  }

  async refresh() {
    const lead = await client.get(`/leads/${this.leadId}`).catch(() => null);
    if (lead) this.set({ lead });
  }

  /** Who else may be the same, what was merged, and the family; the rest goes without it. */
  async around() {
    const id = this.state.lead.id;
    const none = () => ({});
    const found = await Promise.all([
      alike(id, leadsById).catch(none),
      client.get(`/leads/${id}/merges`).then((merges) => ({ merges }), none),
      client.get(`/leads/${id}/household`).then(({ leads }) => ({ family: leads }), none),
    ]);
    this.set(Object.assign({}, ...found));
  }

  /** Show a change, carry it out, tell of it; as it was before, if it is refused. */
  async act(changes, ask, { said, values, undo } = {}) {
    const before = this.state.lead;
    this.isBusy = true;
    this.set({ lead: { ...before, ...changes }, asks: null });
    try {
      const done = await ask(before);
      this.took(done?.lead ?? done);
      if (said) this.notice(this.t(said, { name: patientOf(before), ...values }), { undo });
    } catch (problem) {
      if (problem.code === undefined) throw problem;
      this.set({ lead: before });
      this.notice(this.explain(problem), { kind: "error" });
      if (problem.code === "stale_version") await this.refresh();
    } finally {
      this.isBusy = false;
    }
  }

  took(lead) {
    if (lead?.version) this.set({ lead });
    this.shadowRoot.querySelector("ortho-activity-timeline")?.refresh();
    this.shadowRoot.querySelector("ortho-task-list")?.refresh();
    this.tell("ortho-lead-changed", { lead: this.state.lead });
  }

  post(path, body) {
    return ({ id, version }) => client.post(`/leads/${id}/${path}`, body, { version });
  }

  move(stage) {
    return this.act({ pipelineStage: stage.slug }, this.post("stage", { stage: stage.slug }), { said: "lead.moved", values: { stage: stage.name } });
  }

  lose({ lostReason, lostNotes }) {
    const { slug } = this.state.house.stages.find((one) => one.kind === "LOST");
    const undo = () => this.reopen({ reason: this.t("lead.taken_back") });
    const told = { lostReason, lostNotes: lostNotes.trim() || null };
    return this.act({ status: "LOST", pipelineStage: slug, lostReason }, this.post("lost", told), { said: "lead.was_lost", undo });
  }

  reopen({ reason }) {
    return this.act({}, this.post("reopen", { reason }), { said: "lead.reopened" });
  }

  convert({ patientRef }) {
    const { slug } = this.state.house.stages.find((one) => one.kind === "WON");
    return this.act({ status: "CONVERTED", pipelineStage: slug }, this.post("convert", { patientRef: patientRef.trim() || null }), { said: "lead.converted" });
  }

  observe({ recallDueOn, notes }) {
    return this.act({ recallDueOn }, this.post("observe", { recallDueOn, notes: notes.trim() || null }), { said: "lead.observed", values: { day: format.day(recallDueOn) } });
  }

  recall() {
    return this.act({ recallDueOn: null }, this.post("recall", {}), { said: "lead.recalled" });
  }

  object(objection) {
    return this.act({ objection }, ({ id, version }) => client.put(`/leads/${id}/objection`, { objection }, { version }));
  }

  async compare(other, choices = {}) {
    const { lead } = this.state;
    await this.tried(async () => this.set({ asks: { kind: "merge", lead, other, choices, shown: await preview(lead, other, choices) } }));
  }

  async merge() {
    const { asks } = this.state;
    this.set({ asks: null });
    await this.tried(async () => {
      const done = await merge(asks);
      this.notice(this.t("merge.done", { name: patientOf(asks.other) }), { undo: () => this.unmerge(done) });
      await this.anew();
    });
  }

  async unmerge({ id }) {
    await this.tried(async () => {
      await client.post(`/merges/${id}/undo`);
      this.notice(this.t("merge.undone"));
      await this.anew();
    });
  }

  async part(other, isFamily) {
    const { lead } = this.state;
    await this.tried(async () => {
      if (isFamily) await client.post("/households", { leadIds: [lead.id, other.id] });
      else await client.post(`/leads/${lead.id}/not-duplicate`, { otherId: other.id });
      this.notice(this.t(isFamily ? "merge.family_done" : "merge.other_done", { name: patientOf(other) }));
      await this.around();
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

  async anew() {
    await this.refresh();
    this.took();
    await this.around();
  }

  drawn() {
    showDialogs(this.shadowRoot);
    const { lead } = this.state;
    const here = lead && this.shadowRoot.querySelector(".steps [aria-current]");
    if (here && this.place !== lead.pipelineStage) {
      const steps = here.closest(".steps");
      steps.scrollLeft = here.offsetLeft - steps.offsetLeft - (steps.clientWidth - here.offsetWidth) / 2;
    }
    this.place = lead?.pipelineStage;
  }

  draw() {
    const { lead, failed, house, isEdited } = this.state;
    if (failed && !lead) return this.missing(failed);
    if (!lead) return h("p", { class: "state", role: "status" }, this.t("loading"));
    const isLocked = lead.status === "CONVERTED";
    const mayUpdate = house.may("lead:update");
    const section = (key, ...shown) => h("section", { key, class: "panel", "aria-labelledby": `of-${key}` }, h("h3", { id: `of-${key}`, tabindex: "-1" }, this.t(`section.${key}`)), shown);
    return [
      this.head(lead, house, mayUpdate, isLocked),
      this.notes(lead, house, mayUpdate),
      h("div", { key: "columns", class: "columns" }, [
        h("div", { key: "left" }, [
          isEdited
            ? section("edit", h("ortho-lead-form", { "lead-id": lead.id, ".lead": this.edited, "onortho-lead-saved": (event) => this.saved(event), "onortho-cancel": () => (this.set({ isEdited: false }), this.goTo("facts")) }))
            : section("facts", this.facts(lead, house)),
          mayUpdate && section("log", h("ortho-activity-logger", { "lead-id": lead.id, "onortho-activity-logged": ({ detail }) => this.took(detail.lead), "onortho-lose": () => this.set({ asks: { kind: "lose", reason: "NO_RESPONSE" } }) })),
          h("slot", { name: "more" }),
        ]),
        h("div", { key: "right" }, [
          section("owner", h("ortho-coordinator-assignment", { "lead-id": lead.id, owner: lead.assignedToId, fixed: isLocked, "onortho-assigned": ({ detail }) => this.took(detail.lead) })),
          section("tasks", h("ortho-task-list", { "lead-id": lead.id, "onortho-task-changed": () => this.refresh() })),
          section("timeline", h("ortho-activity-timeline", { "lead-id": lead.id })),
        ]),
      ]),
      this.question(lead),
    ];
  }

  missing(failed) {
    return h("div", { class: "state", role: "alert" }, [
      h("h2", {}, this.t("failed")),
      h("p", {}, this.explain(failed)),
      h("button", { class: "button", onclick: () => this.begin() }, this.t("retry")),
    ]);
  }

  head(lead, house, mayUpdate, isLocked) {
    const ask = (kind) => this.set({ asks: { kind } });
    const button = (kind, name, act = () => ask(kind)) => h("button", { key: kind, class: "button", onclick: act }, name && icon(name), this.t(`lead.${kind}`));
    const isOpen = ["NEW", "ACTIVE"].includes(lead.status);
    const mark = { LOST: "bad", CONVERTED: "good" }[lead.status] ?? "";
    return h("header", { key: "head", class: "head", part: "head" }, [
      h("div", { class: "title" }, [
        h("h2", {}, h("bdi", {}, patientOf(lead))),
        h("span", { class: `chip ${mark}` }, this.word("status", lead.status)),
        lead.lostReason && lead.status === "LOST" && h("span", { class: "chip bad" }, this.word("lost", lead.lostReason)),
        lead.recallDueOn && h("span", { class: "chip warn" }, this.t("lead.until", { day: format.day(lead.recallDueOn) })),
        lead.tags.map((tag) => h("span", { key: tag, class: "chip" }, tag)),
      ]),
      h("p", { class: "row reach" }, [
        h("bdi", {}, contactOf(lead)),
        [lead.phone, lead.phoneAlt].filter(Boolean).map((number) => callLink(number)),
        lead.email && h("a", { href: `mailto:${encodeURIComponent(lead.email)}` }, lead.email),
      ]),
      this.steps(lead, house, mayUpdate && isOpen),
      h("div", { class: "row" }, [
        mayUpdate && !isLocked && button("edit", "edit", () => this.edit()),
        mayUpdate && isOpen && button("lose", null),
        mayUpdate && isOpen && (lead.recallDueOn ? button("recall", null, () => this.recall()) : button("observe", "clock")),
        mayUpdate && lead.status === "LOST" && button("reopen", "undo"),
        mayUpdate && isOpen && h("select", { key: "objection", class: "button", "aria-label": this.t("lead.objection"), onchange: ({ target }) => this.object(target.value || null) }, [
          h("option", { value: "", ".selected": !lead.objection }, this.t("lead.objection_none")),
          OBJECTIONS.map((one) => h("option", { key: one, value: one, ".selected": one === lead.objection }, this.word("objection", one))),
        ]),
      ]),
    ]);
  }

  steps(lead, house, mayMove) {
    const place = house.stages.find((one) => one.slug === lead.pipelineStage)?.order ?? 0;
    const mayConvert = mayMove && house.may("lead:convert");
    const step = (stage) => {
      const isHere = stage.slug === lead.pipelineStage;
      const may = stage.kind === "WON" ? mayConvert : mayMove && (stage.kind === "LOST" || stage.order > place);
      const go = { WON: () => this.set({ asks: { kind: "convert" } }), LOST: () => this.set({ asks: { kind: "lose" } }), OPEN: () => this.move(stage) }[stage.kind];
      const kind = stage.kind === "LOST" ? "lost" : stage.order < place && lead.status !== "LOST" ? "past" : null;
      return h("li", { key: stage.slug, class: kind },
        h("button", { "aria-current": isHere ? "step" : null, "aria-disabled": may && !isHere ? null : "true", onclick: () => may && !isHere && go() }, stage.name));
    };
    return h("ol", { class: "steps", part: "steps", "aria-label": this.t("lead.steps") }, house.stages.map(step));
  }

  async edit() {
    this.edited = this.state.lead;
    await import("./lead-form.js");
    this.set({ isEdited: true });
    this.goTo("edit");
  }

  /** Put the focus on the heading of a section, once that is there. */
  goTo(section) {
    queueMicrotask(() => this.shadowRoot.getElementById(`of-${section}`)?.focus());
  }

  async saved({ detail }) {
    this.set({ lead: detail.lead, isEdited: false, house: await practice() }); // with new sources
    this.goTo("facts");
    this.notice(this.t("lead.saved"));
    this.took(detail.lead);
    this.around();
  }

  notes(lead, house, mayUpdate) {
    const { alike: found, hidden, merges, family } = this.state;
    const others = found.filter((one) => !family.some(({ id }) => id === one.leadId) || one.relation !== "same_household");
    const undone = merges.filter((one) => !one.undoneAt && one.survivorId === lead.id);
    const button = (text, act, label) => h("button", { class: "button", "aria-label": label, onclick: act }, text);
    const one = ({ lead: other, relation, reasons }) => {
      const name = patientOf(other);
      return h("li", { key: other.id }, [
        leadLink(this, other.id, name),
        h("span", {}, `${this.word("relation", relation)} (${reasons.map((reason) => this.word("alike", reason)).join(", ")})`),
        mayUpdate && relation !== "same_household" && button(this.t("merge.open"), () => this.compare(other), this.t("merge.title", { name })),
        mayUpdate && button(this.t("merge.family"), () => this.part(other, true), this.t("merge.family_one", { name })),
        mayUpdate && button(this.t("merge.not"), () => this.part(other, false), this.t("merge.not_one", { name })),
      ]);
    };
    return [
      (others.length > 0 || hidden > 0) && h("div", { key: "alike", class: "note", role: "note" }, [
        h("p", {}, this.t("merge.found", { count: others.length + hidden })),
        h("ul", { class: "family" }, others.map(one)),
        hidden > 0 && h("p", {}, this.t("quick.hidden", { count: hidden })),
      ]),
      mayUpdate && undone.map((one) => h("div", { key: one.id, class: "note", role: "note" }, h("div", { class: "row" }, this.t("merge.was", { name: patientOf(one.loserBefore), day: format.date(one.at) }), button(this.t("merge.undo"), () => this.unmerge(one))))),
    ];
  }

  facts(lead, house) {
    const source = house.sources.find((one) => one.id === lead.sourceId)?.name;
    const address = [lead.addressLine1, lead.addressLine2, [lead.city, lead.state, lead.postalCode].filter(Boolean).join(" ")].filter(Boolean).join("\n");
    const rows = {
      patientDob: format.day(lead.patientDob),
      patientAge: lead.patientAge && this.t("lead.age", { count: lead.patientAge }),
      patientRelationship: this.word("relationship", lead.patientRelationship),
      treatmentInterest: lead.treatmentInterest.map((one) => this.word("interest", one)).join(", "),
      sourceId: [source, lead.sourceCampaign, lead.sourceDetail].filter(Boolean).join(" · "),
      channel: `${this.word("channel", lead.channel)} · ${format.moment(lead.createdAt)}`,
      preferredContact: [this.word("preferred", lead.preferredContact), lead.preferredTime].filter(Boolean).join(" · "),
      address,
      insuranceCarrier: [lead.insuranceCarrier, lead.insuranceMemberId].filter(Boolean).join(" · "),
      notes: lead.notes,
      lostNotes: lead.lostNotes,
      convertedToPatientId: lead.convertedToPatientId,
      ...Object.fromEntries(Object.entries(lead.custom).map(([name, value]) => [name, String(value)])),
    };
    const labels = { address: this.t("group.address") };
    const own = new Map((house.clinic?.settings.customFields ?? []).map((one) => [one.name, one.label ?? one.name]));
    return [
      h("dl", { part: "facts" }, Object.entries(rows).filter(([, text]) => text).map(([name, text]) => [
        h("dt", { key: name }, labels[name] ?? own.get(name) ?? this.t(`field.${name}`)),
        h("dd", { key: `${name} text`, tabindex: text.length > 500 ? "0" : null }, text),
      ])),
      this.state.family.length > 0 && h("div", { key: "family" }, [
        h("h4", {}, this.t("lead.family")),
        h("ul", { class: "family" }, this.state.family.map((one) => h("li", { key: one.id }, leadLink(this, one.id, patientOf(one)), ` · ${this.word("status", one.status)}`))),
      ]),
    ];
  }

  question(lead) {
    const { asks } = this.state;
    if (!asks) return null;
    const name = patientOf(lead);
    const close = () => this.set({ asks: null });
    const asked = (kind, body, submit, look) => dialog({ key: kind, title: this.t(`lead.${kind}_title`, { name }), body, confirm: this.t(`lead.${kind}`), kind: look, close, submit });
    const area = (id, label, isNeeded) => h("div", { class: "field" }, h("label", { for: id }, label), h("textarea", { id, name: id, class: "input", rows: 3, required: isNeeded }));
    if (asks.kind === "merge") return mergeDialog(this, asks, { close, submit: () => this.merge(), choose: (field, side) => this.compare(asks.other, { ...asks.choices, [field]: side }) });
    if (asks.kind === "lose") return asked("lose", this.loss(asks, area), (fields) => this.lose(fields), "danger");
    if (asks.kind === "reopen") return asked("reopen", area("reason", this.t("lead.reason"), true), (fields) => this.reopen(fields));
    if (asks.kind === "observe")
      return asked("observe", [
        h("p", { class: "muted" }, this.t("lead.observe_hint")),
        h("div", { class: "field" }, h("label", { for: "recallDueOn" }, this.t("lead.recall_on")), h("input", { id: "recallDueOn", name: "recallDueOn", type: "date", class: "input", required: true, min: format.today() })),
        area("notes", this.t("field.notes")),
      ], (fields) => this.observe(fields));
    return asked("convert", [
      h("p", {}, this.t("lead.convert_hint")),
      h("div", { class: "field" }, h("label", { for: "patientRef" }, this.t("lead.patient_ref")), h("input", { id: "patientRef", name: "patientRef", class: "input", autocomplete: "off" })),
    ], (fields) => this.convert(fields));
  }

  loss({ reason = "" }, area) {
    const choose = ({ target }) => this.set({ asks: { kind: "lose", reason: target.value } });
    return [
      h("div", { class: "field" }, [
        h("label", { for: "lostReason" }, this.t("lead.lost_reason")),
        h("select", { id: "lostReason", name: "lostReason", class: "input", required: true, onchange: choose }, [
          h("option", { value: "" }),
          LOST.map((one) => h("option", { key: one, value: one, ".selected": one === reason }, this.word("lost", one))),
        ]),
      ]),
      area("lostNotes", this.t("field.notes"), reason === "OTHER"),
    ];
  }
}

define("ortho-lead-detail", LeadDetail);
