/** What narrows the board down: as fields to choose from, and as a condition of the API. */

import { h } from "../../base/element.js";
import { format } from "../../base/format.js";

const INTERESTS = "BRACES_METAL BRACES_CLEAR INVISALIGN RETAINER SECOND_OPINION GENERAL_INQUIRY".split(" ");

/** Make the condition of filters; null where there is none. */
export function condition({ owner, source, interest, due }) {
  const all = [
    owner === "none" && { field: "owner", op: "absent" },
    owner && !["mine", "none"].includes(owner) && { field: "owner", op: "eq", value: owner },
    source && { field: "source", op: "eq", value: source },
    interest && { field: "interest", op: "has", value: interest },
    due === "overdue" && before(new Date()),
    due === "today" && before(new Date(`${format.today()}T23:59:59`)),
    due === "unplanned" && { field: "next_action_at", op: "absent" },
  ].filter(Boolean);
  return all.length > 0 ? { all } : null;
}

function before(instant) {
  return { field: "next_action_at", op: "lt", value: { instant: instant.toISOString() } };
}

/** Describe the fields; `change` gets the filters when one is another. */
export function filterFields(element, house, change) {
  const { filters } = element;
  const { coordinators, sources, me } = house;
  const t = (key) => element.t(key);
  const isMember = coordinators.some((one) => one.id === me.user);
  const fields = [
    ["owner", t("coordinator"), [["", t("everybody")], isMember && ["mine", t("mine")], ...coordinators.map((one) => [one.id, one.name]), ["none", t("nobody")]]],
    ["source", t("source"), [["", t("every_source")], ...sources.map((one) => [one.id, one.name])]],
    ["interest", t("interest"), [["", t("every_interest")], ...INTERESTS.map((one) => [one, element.word("interest", one)])]],
    ["due", t("due"), [["", t("due_any")], ["overdue", t("due_overdue")], ["today", t("due_today")], ["unplanned", t("due_unplanned")]]],
  ];
  const isNarrow = Object.values(filters).some(Boolean);
  return h("div", { class: "filters", role: "group", "aria-label": t("filters") }, [
    fields.map(([name, label, options]) => field(name, label, options, filters, change)),
    isNarrow && h("button", { class: "button quiet", type: "button", onclick: () => change({}) }, t("clear")),
  ]);
}

function field(name, label, options, filters, change) {
  const chosen = filters[name] ?? "";
  const choose = ({ target }) => change({ ...filters, [name]: target.value || undefined });
  const option = ([value, text]) => h("option", { value, selected: value === chosen }, text);
  return h("select", { key: name, class: chosen ? "input set" : "input", name, "aria-label": label, title: label, ".value": chosen, onchange: choose }, options.filter(Boolean).map(option));
}
