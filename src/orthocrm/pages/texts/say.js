/** The texts of the language that the reader prefers, from the catalogue of that language. */

const LANGUAGES = ["en", "es"];
const CHOSEN = "orthocrm.language";

/** The languages that there are, the usual one first. */
export const languages = LANGUAGES;

/** The language of all texts; the page says it too. */
export const language = chosen();

/** The locale of dates and numbers: the reader's own form of the language, where they have one. */
export const locale = navigator.languages.find((one) => one.startsWith(language)) ?? language;

const plural = new Intl.PluralRules(locale);
const numeral = new Intl.NumberFormat(locale);
const texts = await catalogue();

/** Say a text: `{name}` stands for a value; with a count, `key_one` and `key_other` are two. */
export function say(key, values = {}) {
  const counted = "count" in values ? texts[`${key}_${plural.select(values.count)}`] : undefined;
  const text = counted ?? texts[`${key}_other`] ?? texts[key] ?? key;
  const told = "count" in values ? { ...values, count: numeral.format(values.count) } : values;
  return text.replace(/{(\w+)}/g, (whole, name) => told[name] ?? whole);
}

/** Whether a text is there. */
export const isSaid = (key) => key in texts || `${key}_other` in texts;

/** Say the word for a value of the API: word("interest", "BRACES_METAL"). */
export function word(kind, value) {
  const key = `words.${kind}.${value}`;
  return isSaid(key) ? say(key) : (value ?? "");
}

/** Say what a problem of the API is: by its code, in the words of a subject or of all. */
export function explained({ code, about, message }, subject) {
  const key = [`${subject}.problem.${code}`, `problems.${code}`].find(isSaid);
  return key ? say(key, about) : message || say("problems.failed");
}

/** Choose a language; the page is loaded anew. */
export function choose(name) {
  localStorage.setItem(CHOSEN, name);
  location.reload();
}

function chosen() {
  const wished = [remembered(), document.documentElement.dataset.language, ...navigator.languages];
  const found = wished.map((one) => one?.slice(0, 2)).find((one) => LANGUAGES.includes(one));
  return found ?? LANGUAGES[0];
}

function remembered() {
  try {
    return localStorage.getItem(CHOSEN);
  } catch {
    return null; // a page may be kept from storing anything
  }
}

async function catalogue() {
  try {
    const answer = await fetch(new URL(`./${language}.json`, import.meta.url));
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}
