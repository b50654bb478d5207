/**
 * <ortho-lead-card>: a lead in a few lines, as it stands on the board.
 *
 * Attributes: `lead-id`: the lead, which is asked for where no `card` is given; `active`: the link
 * of the card can be reached by Tab; `movable`: it offers to be moved.
 * Properties: `card`: a card of GET /api/board; `owner`: the name of its coordinator.
 * Events: `ortho-lead-open` {leadId}, before the link is followed, preventable;
 * `ortho-lead-move` {leadId}: the button to move it.
 * Slots: `more`, below everything. Parts: `card`, `name`, `due`.
 */

import { client } from "../base/client.js";
import { OrthoElement, css, define, h } from "../base/element.js";
import { format } from "../base/format.js";
import { icon } from "../parts/icons.js";
import { practice } from "../parts/practice.js";
import { href } from "../parts/router.js";

class LeadCard extends OrthoElement {
  static attributes = { "lead-id": String, active: Boolean, movable: Boolean };
  static texts = "card";
  static styles = css`
    article { position: relative; display: grid; grid-template-rows: auto auto 1fr; gap: .15rem; block-size: 100%; padding: .6rem .7rem; border: 1px solid var(--ortho-line); border-inline-start: 4px solid var(--card-color, var(--ortho-line)); border-radius: var(--ortho-round); background: var(--ortho-raised); box-shadow: var(--ortho-shadow); }
    article:hover { border-color: var(--ortho-line-strong); border-inline-start-color: var(--card-color, var(--ortho-line)); }
    .top { display: flex; align-items: center; gap: .5rem; min-inline-size: 0; }
    a { flex: 1; color: var(--ortho-text); font-weight: 620; text-decoration: none; }
    a::after { content: ""; position: absolute; inset: 0; border-radius: inherit; }
    a:focus-visible { outline: none; }
    a:focus-visible::after { outline: 3px solid var(--ortho-focus); outline-offset: 1px; border-radius: var(--ortho-round); }
    .owner { display: grid; place-items: center; flex: none; inline-size: 1.6rem; block-size: 1.6rem; border-radius: 50%; background: var(--ortho-accent-soft); color: var(--ortho-accent-text); font-size: .6875rem; font-weight: 680; }
    .line { display: flex; align-items: center; gap: .35rem; min-inline-size: 0; font-size: .8125rem; }
    .bottom { align-self: end; justify-content: space-between; }
    .due { display: inline-flex; align-items: center; gap: .3rem; min-inline-size: 0; }
    .due.late { color: var(--ortho-danger-text); font-weight: 600; }
    .age { flex: none; }
    .age.long { color: var(--ortho-warn-text); font-weight: 600; }
    .move { position: relative; z-index: 1; display: none; place-items: center; flex: none; inline-size: 1.75rem; block-size: 1.75rem; margin: -.2rem; padding: 0; border: 0; border-radius: var(--ortho-round); background: transparent; color: var(--ortho-muted); cursor: pointer; }
    .move:hover { background: var(--ortho-hover); color: var(--ortho-text); }
    article:hover .move, article:focus-within .move { display: grid; }
    @media (pointer: coarse) { .move { display: grid; } }
  `;

  /** A card of the board. */
  get card() {
    return this.state.card ?? null;
  }

  set card(card) {
    this.set({ card });
  }

  get owner() {
    return this.state.owner ?? null;
  }

  set owner(owner) {
    this.set({ owner });
  }

  connected() {
    if (!this.card && this.leadId) this.load(() => this.read());
  }

  changed(name) {
    if (name === "lead-id" && !this.card) this.load(() => this.read());
  }

  /** Ask for a lead that nobody has given. */
  async read() {
    const [house, lead] = await Promise.all([practice(), client.get(`/leads/${this.leadId}`)]);
    const { assignedToId } = lead;
    return { card: shown(lead), owner: assignedToId && house.name(assignedToId) };
  }

  focus(options) {
    this.shadowRoot.querySelector("a")?.focus(options);
  }

  draw() {
    const { card, failed } = this.state;
    if (failed) return h("p", { class: "state", role: "alert" }, this.explain(failed));
    if (!card) return h("p", { class: "state" }, this.t("loading"));
    return h("article", { part: "card" }, [this.top(card), this.middle(card), this.bottom(card), h("slot", { name: "more" })]);
  }

  top(card) {
    const { owner } = this.state;
    const label = owner ? this.t("owner", { name: owner }) : this.t("unowned");
    const open = (event) => {
      if (!this.tell("ortho-lead-open", { leadId: card.leadId })) event.preventDefault();
    };
    return h("div", { class: "top" }, [
      h("a", { class: "clip", part: "name", href: href(`/leads/${card.leadId}`), tabindex: this.active ? "0" : "-1", draggable: "false", onclick: open },
        h("bdi", {}, card.patient || card.contact)),
      this.movable &&
        h("button", { class: "move", type: "button", tabindex: this.active ? "0" : "-1", "aria-label": this.t("move", { name: card.patient }), onclick: () => this.tell("ortho-lead-move", { leadId: card.leadId }) }, icon("more")),
      h("span", { class: "owner", role: "img", "aria-label": label, title: label }, initials(owner)),
    ]);
  }

  middle(card) {
    const [interest] = card.interests ?? [];
    const isOther = card.contact && card.contact !== card.patient;
    return h("div", { class: "line muted" }, [
      h("span", { class: "clip" }, [
        interest && this.word("interest", interest),
        interest && isOther && " · ",
        isOther && h("bdi", {}, card.contact),
      ]),
    ]);
  }

  bottom(card) {
    const { nextAction, nextActionAt, overdue, overAge, ageSeconds } = card;
    const when = nextActionAt && format.moment(nextActionAt);
    const told = nextActionAt ? this.t(overdue ? "overdue" : "due", { when }) : null;
    const length = ageSeconds === undefined ? null : format.length(ageSeconds, "narrow");
    return h("div", { class: "line bottom" }, [
      nextAction
        ? h("span", { class: overdue ? "due late" : "due", part: "due", title: told }, [
            icon(overdue ? "alert" : "clock"),
            h("span", { class: "clip" }, `${this.word("task", nextAction)} · ${format.ago(nextActionAt)}`),
            overdue && h("span", { class: "unseen" }, told),
          ])
        : h("span", { class: "due muted", part: "due" }, this.t("unplanned")),
      length &&
        h("span", { class: overAge ? "age long" : "age muted", title: this.t("age", { length: format.length(ageSeconds) }) }, [
          length,
          overAge && h("span", { class: "unseen" }, this.t("over_age")),
        ]),
    ]);
  }
}

/** Make a card of a lead, which knows nothing of its tasks but when the next one is due. */
function shown(lead) {
  const at = Date.now();
  return {
    leadId: lead.id,
    patient: `${lead.patientFirstName} ${lead.patientLastName}`.trim(),
    contact: `${lead.firstName} ${lead.lastName}`.trim(),
    stage: lead.pipelineStage,
    interests: lead.treatmentInterest,
    nextAction: lead.nextActionAt && "FOLLOW_UP",
    nextActionAt: lead.nextActionAt,
    overdue: lead.nextActionAt !== null && Date.parse(lead.nextActionAt) < at,
    ageSeconds: (at - Date.parse(lead.stageEnteredAt)) / 1000,
    overAge: false,
  };
}

function initials(name) {
  if (!name) return "–";
  const words = name.split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] ?? "").join("");
}

define("ortho-lead-card", LeadCard);
