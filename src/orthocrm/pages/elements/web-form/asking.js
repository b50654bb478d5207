/** What a public form asks: by which kind of field, and what is wrong with an answer. */

const WAYS = ["phone", "email", "phone_alt"];
const NAMES = ["full_name", "first_name", "last_name"];
const MOST_PICKS = 4;
const [LONGEST_NAME, LONGEST, LONGEST_TEXT] = [100, 255, 10_000];

const KINDS = { email: "email", phone: "tel", phone_alt: "tel", patient_born_on: "date", notes: "area" };

// What somebody chooses from where the practice has said nothing else: [subject of words, values]
const USUAL = {
  interests: ["interest", "BRACES_METAL BRACES_CLEAR INVISALIGN RETAINER SECOND_OPINION GENERAL_INQUIRY"],
  relationship: ["relationship", "SELF CHILD SPOUSE OTHER"],
  preferred_contact: ["preferred", "PHONE TEXT EMAIL ANY"],
};

// WCAG 1.3.5: what is about whoever fills the form in says so; the patient may be somebody else.
const PURPOSES = {
  full_name: "name", first_name: "given-name", last_name: "family-name", email: "email", phone: "tel",
  address_line1: "address-line1", address_line2: "address-line2", city: "address-level2",
  state: "address-level1", postal_code: "postal-code",
};

export const purposeOf = ({ fills }) => PURPOSES[fills] ?? "off";

/** The answers on offer, as [value, text]; `say(subject, value)` gives the usual words. */
export function optionsOf({ fills, choices }, say) {
  const [subject, usual] = USUAL[fills] ?? [];
  const offered = choices.length || !usual ? choices : usual.split(" ").map((value) => ({ value, label: null }));
  return offered.map(({ value, label }) => [value, label ?? (subject ? say(subject, value) : value)]);
}

/** The kind of field: that of an input, or area, select, picks, checks, or agree for a single box. */
export function kindOf({ fills, choices, required }) {
  if (choices.length === 1) return "agree";
  if (fills === "interests") return "checks";
  const count = choices.length || (USUAL[fills]?.[1].split(" ").length ?? 0);
  if (count) return required && count <= MOST_PICKS ? "picks" : "select";
  return KINDS[fills] ?? "text";
}

/** Give what is wrong, as codes by the names of the fields. */
export function wrongs({ fields, region }, values) {
  const found = fields.map((field) => [field.name, wrongOf(field, told(values[field.name]), region)]);
  const wrong = new Map(found.filter(([, code]) => code));
  for (const [targets, code] of [[NAMES, "required"], [WAYS, "unreachable"]]) {
    const asked = fields.filter(({ fills }) => targets.includes(fills));
    const isAnswered = asked.some(({ name }) => told(values[name]).length || wrong.has(name));
    if (asked.length && !isAnswered) wrong.set(asked[0].name, code);
  }
  return wrong;
}

/** What was said, as texts; blank ones are nothing. */
export const told = (value) => [value ?? []].flat().map((one) => one.trim()).filter(Boolean);

function wrongOf(field, [text, ...more], region) {
  const { fills, required, choices } = field;
  if (text === undefined) return required ? "required" : null;
  if (more.length || choices.length) return null; // it was chosen
  if (text.length > longest(fills)) return "too_long";
  if (fills === "email") return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? null : "not_an_email";
  if (KINDS[fills] === "tel") return isPhone(text, region) ? null : "not_a_phone";
  if (fills === "patient_age") return /^\d{1,3}$/.test(text) ? null : "not_a_number";
  if (fills !== "patient_born_on") return null;
  return text <= new Date().toISOString().slice(0, 10) ? null : "in_the_future";
}

function longest(fills) {
  if (fills === null || fills === "notes") return LONGEST_TEXT;
  return fills.endsWith("_name") ? LONGEST_NAME : LONGEST;
}

/** Numbers of North America have an area code; others are as long as a number can be. */
function isPhone(text, region) {
  const digits = text.replace(/\D/g, "");
  if (!/^[\d\s()+./x-]{7,40}$/i.test(text)) return false;
  return ["US", "CA"].includes(region) && !text.startsWith("+") ? digits.length >= 10 : digits.length >= 7;
}
