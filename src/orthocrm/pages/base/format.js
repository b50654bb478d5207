/** Dates in the clinic's zone, money, lengths of time and numbers, in the reader's locale. */

import { locale } from "../texts/say.js";

const made = new Map();
const UNITS = Object.entries({ day: 86_400, hour: 3_600, minute: 60 });

export const format = {
  zone: undefined, // of the clinic; `practice()` sets it
  date: (instant) => dated(instant, { dateStyle: "medium" }),
  time: (instant) => dated(instant, { timeStyle: "short" }),
  moment: (instant) => dated(instant, { dateStyle: "medium", timeStyle: "short" }),
  weekday: (instant) => dated(instant, { weekday: "short", day: "numeric", month: "short" }),
  /** A day without a time, such as 2026-11-03, is the same day in every zone. */
  day: (day) => dated(day && `${day}T00:00Z`, { dateStyle: "medium", timeZone: "UTC" }),
  /** Today in the clinic's zone, as 2026-11-03. */
  today: () => localDay(Date.now()),
  number: (value, options = {}) => intl("NumberFormat", options).format(value),
  percent: (share) => format.number(share, { style: "percent", maximumFractionDigits: 1 }),
  /** Money as the API gives it: {amount: "5400.00", currency: "USD"}; `sum` leaves cents out. */
  money: ({ amount, currency }, options) =>
    format.number(amount, { style: "currency", currency, ...options }),
  sum: (money) => format.money(money, { maximumFractionDigits: 0 }),
  /** A length of time by its largest unit: "3 days", or "3d" where it is narrow. */
  length(seconds, unitDisplay = "long") {
    const [unit, size] = largest(seconds);
    return format.number(Math.floor(seconds / size), { style: "unit", unit, unitDisplay });
  },
  /** How long ago or ahead an instant is: "in 2 hours". */
  ago(instant, now = Date.now()) {
    const seconds = (Date.parse(instant) - now) / 1000;
    const [unit, size] = largest(seconds);
    const days = (Date.parse(localDay(instant)) - Date.parse(localDay(now))) / 86_400_000;
    const count = unit === "day" ? days : Math.trunc(seconds / size);
    return intl("RelativeTimeFormat", { numeric: "auto" }).format(count, unit);
  },
};

const localDay = (instant) =>
  new Intl.DateTimeFormat("sv", { timeZone: format.zone }).format(new Date(instant));
const largest = (seconds) => UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);

function dated(instant, options) {
  const told = { timeZone: format.zone, ...options };
  return instant ? intl("DateTimeFormat", told).format(new Date(instant)) : "";
}

function intl(kind, options) {
  const key = kind + JSON.stringify(options);
  if (!made.has(key)) made.set(key, new Intl[kind](locale, options));
  return made.get(key);
}
