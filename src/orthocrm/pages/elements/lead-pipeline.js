/**
 * <ortho-lead-pipeline>: all leads by stage, as a board on which they are moved.
 *
 * Properties: `filters`: {owner, source, interest, due} as in an address.
 * Events: `ortho-filters` with the filters when they change; `ortho-lead-open` {leadId} of a card,
 * preventable; `ortho-lead-moved` {leadId, stage} when the practice has the move.
 * Slots: `tools`, beside the filters. Parts: `tools`, `column`, `heading`, `list`.
 */

import "./lead-card.js";
import { client } from "../base/client.js";
import { OrthoElement, define, h } from "../base/element.js";
import { format } from "../base/format.js";
import { dialogStyles, showDialogs } from "../parts/dialog.js";
import { draggable } from "../parts/drag.js";
import { shortcut } from "../parts/keys.js";
import { practice } from "../parts/practice.js";
import { inView, rem } from "../parts/window.js";
import { condition, filterFields } from "./pipeline/filters.js";
import { goneOver, merged, moved } from "./pipeline/columns.js";
import { question } from "./pipeline/questions.js";
import { steer } from "./pipeline/steering.js";
import { styles } from "./pipeline/styles.js";

const PAGE = 50;
const CARD_REM = 6;
const GAP_REM = 0.5;
const SETTLE_MS = 250;
const PAUSE_MS = 1_500;

class LeadPipeline extends OrthoElement {
  static texts = "pipeline";
  static styles = [styles, dialogStyles];

  state = { columns: null, house: null, filters: {}, asks: null, held: null, over: null, refused: null };
  /** How far each column is scrolled, and which card of it Tab reaches. */
  tops = new Map();
  reached = new Map();
  reading = new Set();

  get filters() {
    return this.state.filters;
  }

  set filters(filters) {
    if (JSON.stringify(filters) === JSON.stringify(this.state.filters)) return;
    this.set({ filters: { ...filters } });
    if (this.isConnected) this.look();
  }

  connected() {
    const { signal } = this.leaving;
    this.height = rem(CARD_REM + GAP_REM);
    this.live(({ kind, leadIds, subject }) => {
      if (kind === "look" || leadIds?.length > 0 || subject) this.lookSoon();
    });
    new ResizeObserver(() => this.redraw()).observe(this);
    draggable(this.shadowRoot, this.dragging(), signal);
    shortcut("← ↑ ↓ →", this.t("key.walk"), null, signal);
    shortcut("m", this.t("key.move"), null, signal);
    shortcut("⇧ →", this.t("key.push"), null, signal);
    this.load(() => this.read(true));
  }

  /** Read the practice and the first cards of each column. */
  async read(isFirst = false) {
    const house = isFirst ? await practice() : this.state.house;
    const where = condition(this.state.filters, house);
    const query = { cards: PAGE, where, mine: this.state.filters.owner === "mine" };
    const { columns } = await client.get("/board", { query });
    return { house, columns: merged(isFirst ? null : this.state.columns, columns) };
  }

  /** Look again now: the filters are others. */
  look() {
    this.tops.clear();
    this.load(async () => ({ ...(await this.read(true)) }));
  }

  /** Look again once things have settled, and not all the time where much happens. */
  lookSoon() {
    this.isStale = true;
    this.soon ??= setTimeout(() => this.lookAgain(), SETTLE_MS);
  }

  async lookAgain() {
    const { filters, held } = this.state;
    if (this.leaving.signal.aborted || !this.isStale || !this.state.columns) {
      this.soon = null;
      return;
    }
    if (!held && !this.isMoving) {
      this.isStale = false;
      const found = await this.read().catch(() => null); // what stands there is as good as before
      if (found && filters === this.state.filters && !this.isMoving && !this.state.held) this.set(found);
      else this.isStale = true;
    }
    this.soon = setTimeout(() => this.lookAgain(), PAUSE_MS);
  }

  /** Read on in a column that was scrolled to where nothing is known yet. */
  async readOn(column) {
    const { slug } = column.stage;
    if (this.reading.has(slug) || !column.cursor) return;
    this.reading.add(slug);
    const { filters, house } = this.state;
    const query = { size: 2 * PAGE, cursor: column.cursor, where: condition(filters, house), mine: filters.owner === "mine" };
    try {
      const next = await client.get(`/board/${slug}`, { query });
      if (filters === this.state.filters) this.set({ columns: goneOver(this.state.columns, next) });
    } catch (problem) {
      this.notice(this.explain(problem), { kind: "error" });
    }
    this.reading.delete(slug);
  }

  /** Move a card: at once on the board, then in the practice; what is refused goes back. */
  async move(card, slug, fields = {}) {
    const stage = this.stage(slug);
    const before = this.state.columns;
    this.isMoving = true;
    this.set({ columns: moved(before, card, slug), asks: null, refused: null });
    try {
      const done = await this.send(card, stage, fields);
      this.tell("ortho-lead-moved", { leadId: card.leadId, stage: slug });
      this.notice(this.told(card, stage, fields), this.wayBack(card, stage));
      const version = done?.lead?.version ?? card.version;
      this.set({ columns: moved(this.state.columns, { ...card, version, overAge: false, ageSeconds: 0 }, slug) });
    } catch (problem) {
      this.goBack(card, problem);
    }
    this.isMoving = false;
    this.lookSoon();
  }

  async send(card, stage, fields) {
    const version = card.version;
    const path = { OPEN: "stage", WON: "convert", LOST: "lost" }[stage.kind];
    const body = { OPEN: { stage: stage.slug }, WON: {}, LOST: fields }[stage.kind];
    try {
      return await client.post(`/leads/${card.leadId}/${path}`, body, { version });
    } catch (problem) {
      if (!problem.repeated || problem.code !== "stale_version") throw problem;
      const lead = await client.get(`/leads/${card.leadId}`); // the first try may have arrived
      if (lead.pipelineStage !== stage.slug) throw problem;
      return { lead };
    }
  }

  goBack(card, problem) {
    const { columns } = this.state;
    const stage = this.stage(card.stage);
    this.set({ columns: moved(columns, card, card.stage), refused: card.leadId });
    const why = this.explain(problem);
    this.notice(this.t("refused", { name: card.patient, stage: stage.name, why }), { kind: "error" });
    this.focusOn(card.leadId);
  }

  /** A lead that was lost by mistake is reopened where it stood; one that moved on goes no way back. */
  wayBack(card, stage) {
    if (stage.kind !== "LOST" || !this.state.house.may("lead:convert")) return {};
    return { undo: () => this.reopen(card) };
  }

  async reopen(card) {
    try {
      const { lead } = await client.post(`/leads/${card.leadId}/reopen`, { reason: this.t("undone") });
      this.set({ columns: moved(this.state.columns, { ...card, version: lead.version }, lead.pipelineStage) });
    } catch (problem) {
      this.notice(this.explain(problem), { kind: "error" });
    }
    this.lookSoon();
  }

  told(card, stage, { lostReason }) {
    const reason = this.word("lost", lostReason);
    const key = { OPEN: "moved", WON: "won", LOST: "lost" }[stage.kind];
    return this.t(key, { name: card.patient, stage: stage.name, reason });
  }

  /** Ask what has to be known before a card goes to a stage, or move it there. */
  moveTo(card, slug) {
    if (card.stage === slug) return;
    const { kind } = this.stage(slug);
    if (kind === "OPEN") this.move(card, slug);
    else this.set({ asks: { kind, card, slug } });
  }

  stage(slug) {
    return this.state.columns.find((column) => column.stage.slug === slug).stage;
  }

  card(leadId) {
    return this.state.columns.flatMap((column) => column.cards).find((one) => one.leadId === leadId);
  }

  mayMove() {
    return this.state.house.may("lead:update");
  }

  /** Put the focus on a card, wherever it stands by now. */
  focusOn(leadId) {
    const column = this.state.columns.find(({ cards }) => cards.some((one) => one.leadId === leadId));
    if (!column) return;
    const { slug } = column.stage;
    const index = column.cards.findIndex((one) => one.leadId === leadId);
    this.reached.set(slug, leadId);
    this.drawNow();
    const list = this.list(slug);
    const top = index * this.height;
    if (top < list.scrollTop || top + this.height > list.scrollTop + list.clientHeight) list.scrollTop = top;
    this.tops.set(slug, list.scrollTop);
    this.drawNow();
    const found = this.shadowRoot.querySelector(`ortho-lead-card[lead-id="${leadId}"]`);
    found?.scrollIntoView({ block: "nearest", inline: "nearest" });
    found?.drawNow();
    found?.focus();
  }

  list(slug) {
    return this.shadowRoot.querySelector(`.list[data-stage="${slug}"]`);
  }

  dragging() {
    const column = ({ x, y }) => this.shadowRoot.elementsFromPoint(x, y).map((one) => one.closest(".column")).find(Boolean);
    return {
      take: (event) => {
        const taken = event.composedPath().find((one) => one.localName === "ortho-lead-card");
        const isButton = event.composedPath().some((one) => one.localName === "button");
        return taken && !isButton && this.mayMove() ? this.card(taken.leadId) : null;
      },
      begin: (card, at) => this.set({ held: card, over: card.stage, at }),
      move: (card, at) => {
        const over = column(at)?.dataset.stage ?? null;
        if (over !== this.state.over) this.set({ over, at });
        else this.carry(at);
      },
      end: () => this.set({ held: null, over: null }),
      drop: (card, at) => {
        const slug = column(at)?.dataset.stage;
        if (slug) this.moveTo(card, slug);
      },
      scrolls: (at) => [this.shadowRoot.querySelector(".board"), column(at)?.querySelector(".list")].filter(Boolean),
    };
  }

  carry({ x, y }) {
    this.state.at = { x, y };
    const held = this.shadowRoot.querySelector(".held");
    held?.style.setProperty("transform", `translate(${x}px, ${y}px) rotate(2deg)`);
  }

  drawn() {
    showDialogs(this.shadowRoot);
    if (this.state.held) this.carry(this.state.at);
    for (const [slug, top] of this.tops) {
      const list = this.list(slug);
      if (list && Math.abs(list.scrollTop - top) > 1) list.scrollTop = top;
    }
  }

  draw() {
    const { columns, house, failed, held } = this.state;
    if (!columns && failed) return this.failed(failed);
    if (!columns) return h("p", { class: "state", role: "status" }, this.t("loading"));
    return [
      this.tools(house, columns),
      h("p", { id: "keys", class: "unseen" }, this.t("keys")),
      h("div", { class: held ? "board holding" : "board", role: "group", "aria-label": this.t("board"), "aria-describedby": "keys", onkeydown: (event) => steer(this, event) },
        columns.map((column) => this.column(column))),
      held && h("div", { class: "held", key: "held", "aria-hidden": "true" }, h("ortho-lead-card", { ".card": held, ".owner": house.name(held.owner) })),
      question(this),
    ];
  }

  failed(problem) {
    return h("div", { class: "state", role: "alert" }, [
      h("h2", {}, this.t("failed")),
      h("p", {}, this.explain(problem)),
      h("button", { class: "button primary", onclick: () => this.load(() => this.read(true)) }, this.t("retry")),
    ]);
  }

  tools(house, columns) {
    const count = columns.reduce((sum, column) => sum + column.count, 0);
    const change = (filters) => {
      this.filters = filters;
      this.tell("ortho-filters", filters);
    };
    return h("div", { class: "tools", part: "tools" }, [
      h("p", { class: "total" }, this.t("total", { count })),
      filterFields(this, house, change),
      h("slot", { name: "tools" }),
    ]);
  }

  column({ stage, count, cards, cursor }) {
    const { over, held, house } = this.state;
    const list = this.list(stage.slug);
    const top = this.tops.get(stage.slug) ?? 0;
    const room = list?.clientHeight || this.clientHeight || window.innerHeight;
    const { first, last } = inView({ top, room, height: this.height, count });
    if (last > cards.length && cursor) queueMicrotask(() => this.readOn({ stage, cursor }));
    const shown = cards.slice(first, last);
    const isOver = held && over === stage.slug && held.stage !== stage.slug;
    const fee = house.clinic?.settings.reporting.averageFee;
    const sum = fee && format.sum({ ...fee, amount: fee.amount * count });
    const scrolled = ({ target }) => (this.tops.set(stage.slug, target.scrollTop), this.redraw());
    return h("section", { key: stage.slug, class: isOver ? "column over" : "column", part: "column", "data-stage": stage.slug, "data-kind": stage.kind, style: { "--card-color": stage.color ?? "" }, "aria-labelledby": `name-${stage.slug}` }, [
      h("header", { part: "heading" }, [
        h("h2", { id: `name-${stage.slug}`, title: stage.description }, [h("bdi", { class: "clip" }, stage.name), h("span", { class: "chip" }, format.number(count))]),
        sum && h("p", { class: "muted sum", title: this.t("worth", { sum }) }, count > 0 ? sum : "–"),
      ]),
      h("div", { class: "list", part: "list", "data-stage": stage.slug, onscroll: scrolled }, [
        h("ul", { style: { "block-size": `${count * this.height}px` } }, shown.map((card, n) => this.item(card, first + n, count, stage))),
        count === 0 && h("p", { class: "muted none" }, this.t("empty")),
      ]),
    ]);
  }

  item(card, index, count, stage) {
    const { held, refused, house } = this.state;
    const known = this.reached.get(stage.slug);
    const isReached = known === undefined || !this.card(known) ? index === 0 : known === card.leadId;
    const classes = [held?.leadId === card.leadId && "taken", refused === card.leadId && "refused"].filter(Boolean).join(" ");
    return h("li", { key: card.leadId, class: classes || null, style: { "inset-block-start": `${index * this.height}px` }, "aria-setsize": count, "aria-posinset": index + 1 },
      h("ortho-lead-card", {
        "lead-id": card.leadId,
        active: isReached,
        movable: this.mayMove(),
        ".card": card,
        ".owner": card.owner && house.name(card.owner),
        "onortho-lead-move": () => this.ask(card),
        onfocusin: () => this.reached.get(stage.slug) !== card.leadId && (this.reached.set(stage.slug, card.leadId), this.redraw()),
      }),
    );
  }

  /** Ask where a card goes. */
  ask(card) {
    if (this.mayMove()) this.set({ asks: { kind: "MOVE", card } });
  }
}

define("ortho-lead-pipeline", LeadPipeline);
