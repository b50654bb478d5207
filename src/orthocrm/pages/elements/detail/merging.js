/** Two leads that may be one: side by side, field by field, and what is kept of each. */

import { client } from "../../base/client.js";
import { h } from "../../base/element.js";
import { dialog } from "../../parts/dialog.js";
import { patientOf } from "../../parts/people.js";

const WORDS = { interests: "interest", relationship: "relationship", preferred_contact: "preferred" };
const NAMES = { patient_born_on: "patientDob", relationship: "patientRelationship", interests: "treatmentInterest", source: "sourceId", campaign: "sourceCampaign", referring_provider: "referringProviderId", referring_patient: "referringPatientId" };

/** Find who else may be the same: {leads, hidden}. */
export async function alike(leadId, leadsById) {
  const { found, hidden } = await client.get(`/leads/${leadId}/duplicates`);
  const leads = await leadsById(found.map((one) => one.leadId));
  return { alike: found.map((one) => ({ ...one, lead: leads.get(one.leadId) })).filter((one) => one.lead), hidden };
}

/** Begin a merge: what it would keep. */
export const preview = (lead, other, choices) => client.post(`/leads/${lead.id}/merge-preview`, { loserId: other.id, choices });

/** Merge as it was shown; whoever changed one of them meanwhile keeps it from happening. */
export const merge = ({ lead, other, shown, choices }) => client.post(`/leads/${lead.id}/merge`, { loserId: other.id, choices, versions: shown.versions });

/** Describe the dialog: only fields that differ are there to choose from. */
export function mergeDialog(element, { lead, other, shown, choices }, { choose, close, submit }) {
  const { house } = element.state;
  const told = (name, value) => {
    if (value === null || value === undefined) return element.t("empty");
    if (name === "source") return house.sources.find((one) => one.id === value)?.name ?? value;
    if (typeof value === "object" && !Array.isArray(value)) return value.typed ?? value.number ?? (Object.values(value).filter(Boolean).join(", ") || element.t("empty"));
    return [value].flat().map((one) => (WORDS[name] ? element.word(WORDS[name], one) : String(one))).join(", ") || element.t("empty");
  };
  const label = (name) => element.t(`field.${NAMES[name] ?? name.replace(/_(.)/g, (_, x) => x.toUpperCase())}`);
  const differ = shown.fields.filter((one) => JSON.stringify(one.survivor) !== JSON.stringify(one.loser));
  const isJoined = ({ name, side: kept }) => !kept && !choices[name];
  const side = (field, which) => {
    const text = h("span", { class: "value" }, told(field.name, field[which]));
    const isKept = (choices[field.name] ?? field.side) === which;
    if (!field.mayChoose) return h("td", { class: isKept ? "kept" : null }, text);
    const pick = h("input", { type: "radio", name: field.name, "aria-label": `${label(field.name)}: ${told(field.name, field[which])}`, ".checked": isKept, onchange: () => choose(field.name, which) });
    return h("td", { class: isKept ? "kept" : null }, h("label", {}, pick, text));
  };
  const body = [
    h("p", {}, element.t("merge.hint")),
    differ.length === 0
      ? h("p", { class: "muted" }, element.t("merge.same"))
      : h("div", { class: "table", tabindex: "0", role: "region", "aria-label": element.t("merge.fields") }, h("table", {}, [
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, element.t("merge.field")), h("th", { scope: "col" }, `${element.t("merge.this")}: ${patientOf(lead)}`), h("th", { scope: "col" }, `${element.t("merge.other")}: ${patientOf(other)}`))),
          h("tbody", {}, differ.map((field) => h("tr", { key: field.name }, h("th", { scope: "row" }, label(field.name), isJoined(field) && h("small", {}, element.t("merge.both"))), side(field, "survivor"), side(field, "loser")))),
        ])),
  ];
  return dialog({ key: "merging", title: element.t("merge.title", { name: patientOf(other) }), body, confirm: element.t("merge.confirm"), close, submit });
}
