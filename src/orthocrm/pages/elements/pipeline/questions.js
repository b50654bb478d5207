/** What the board asks before a card goes somewhere: where to, why it was lost, whether it starts. */

import { h } from "../../base/element.js";
import { dialog } from "../../parts/dialog.js";

const REASONS =
  "CHOSE_COMPETITOR COST_FINANCIAL TIMING_NOT_RIGHT NOT_A_CANDIDATE NO_RESPONSE INSURANCE_ISSUES RELOCATED OTHER".split(" ");

/** Describe the question that is open, if there is one. */
export function question(board) {
  const { asks } = board.state;
  if (!asks) return null;
  const { kind, card, slug } = asks;
  const name = card.patient;
  const close = () => (board.set({ asks: null }), board.focusOn(card.leadId));
  if (kind === "MOVE") return stageChoice(board, card, close);
  if (kind === "WON")
    return dialog({
      key: kind,
      title: board.t("convert_title", { name }),
      body: h("p", {}, board.t("convert_hint")),
      confirm: board.t("convert_confirm"),
      close,
      submit: () => board.move(card, slug),
    });
  return dialog({
    key: kind,
    title: board.t("lose_title", { name }),
    body: lossFields(board, asks),
    confirm: board.t("lose_confirm"),
    kind: "danger",
    close,
    submit: ({ lostReason, lostNotes }) =>
      board.move(card, slug, { lostReason, ...(lostNotes.trim() ? { lostNotes } : {}) }),
  });
}

function lossFields(board, { reason }) {
  const option = (one) => h("option", { value: one }, board.word("lost", one));
  const choose = ({ target }) => board.set({ asks: { ...board.state.asks, reason: target.value } });
  const options = [h("option", { value: "" }), REASONS.map(option)];
  const asked = { id: "reason", name: "lostReason", class: "input", required: true, onchange: choose };
  const isOther = reason === "OTHER";
  return [
    h("div", { class: "field" }, [
      h("label", { for: "reason" }, board.t("reason")),
      h("select", asked, options),
    ]),
    h("div", { class: "field" }, [
      h("label", { for: "notes" }, [board.t("notes"), !isOther && ` (${board.t("optional")})`]),
      h("textarea", { id: "notes", name: "lostNotes", class: "input", rows: "3", required: isOther }),
    ]),
  ];
}

function stageChoice(board, card, close) {
  const stages = board.state.columns.map((column) => column.stage);
  const place = stages.findIndex((stage) => stage.slug === card.stage);
  const title = board.t("move_title", { name: card.patient });
  const pick = (stage) => (board.set({ asks: null }), board.moveTo(card, stage.slug));
  const choice = (stage, n) => {
    const look = { class: "button choice", type: "button", style: { "--card-color": stage.color ?? "" } };
    const told = { disabled: n <= place, "aria-current": n === place ? "true" : null };
    return h("li", { key: stage.slug }, h("button", { ...look, ...told, onclick: () => pick(stage) }, stage.name));
  };
  return h("dialog", { key: "move", "data-asks": "", "aria-label": title, oncancel: close }, [
    h("form", { onsubmit: (event) => event.preventDefault() }, [
      h("h2", {}, title),
      h("ul", { class: "stages" }, stages.map(choice)),
      h("div", { class: "choices" }, h("button", { class: "button", type: "button", onclick: close }, board.t("cancel"))),
    ]),
  ]);
}
