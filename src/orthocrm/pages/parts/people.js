/** How leads and people are spoken of, and links to them. */

import { client } from "../base/client.js";
import { h } from "../base/tree.js";
import { say, word } from "../texts/say.js";
import { href } from "./router.js";

export const patientOf = (lead) => `${lead.patientFirstName} ${lead.patientLastName}`.trim() || contactOf(lead);
export const contactOf = (lead) => `${lead.firstName} ${lead.lastName}`.trim();

/** Name whoever did something: a person, or a part of the system. */
export function nameOf(house, user) {
  if (!user) return say("leads.nobody");
  if (user === house.me.user) return say("leads.you");
  if (user.startsWith("system:")) return word("system", user.slice(7));
  const name = house.name(user);
  return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name) ? say("leads.colleague") : name; // no name is known here
}

/** A link to a lead; the event `ortho-lead-open` may be prevented to show it elsewhere. */
export function leadLink(element, leadId, ...shown) {
  const open = (event) => element.tell("ortho-lead-open", { leadId }) || event.preventDefault();
  return h("a", { href: href(`/leads/${leadId}`), onclick: open, class: "lead" }, h("bdi", {}, shown));
}

/** Read leads by their ids, as a Map. */
export async function leadsById(ids) {
  const wanted = [...new Set(ids)];
  const pages = [];
  for (let from = 0; from < wanted.length; from += 100) {
    const where = { field: "id", op: "in", value: wanted.slice(from, from + 100) };
    pages.push(client.get("/leads", { query: { where, mine: false, size: 100 } }));
  }
  const found = (await Promise.all(pages)).flatMap((page) => page.leads);
  return new Map(found.map((lead) => [lead.id, lead]));
}

/** A link that calls a number; numbers of North America are written as they are there. */
export function callLink(number, attributes) {
  const shown = number.replace(/^\+1(\d{3})(\d{3})(\d{4})/, "($1) $2-$3");
  return h("a", { key: number, class: "number", href: `tel:${number.replace(/ ext\. /, ";ext=")}`, ...attributes }, shown);
}

/** A key by which a repeated request is known. */
export const freshKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
