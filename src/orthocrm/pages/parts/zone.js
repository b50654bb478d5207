/** Times as people write them, in the clinic's zone, and the instants that they mean. */

import { format } from "../base/format.js";

/** Write an instant as a field for date and time takes it: 2026-11-03T15:00. */
export function written(instant) {
  const told = { timeZone: format.zone, dateStyle: "short", timeStyle: "short" };
  return new Intl.DateTimeFormat("sv", told).format(new Date(instant)).replace(" ", "T");
}

/** Read such a text; where a clock is put forward or back, its hour before that is meant. */
export function instant(text) {
  const wall = Date.parse(`${text}Z`);
  const ahead = (moment) => Date.parse(`${written(moment)}Z`) - moment;
  return new Date(wall - ahead(wall - ahead(wall))).toISOString();
}

/** Give the instant of a time of a day that begins so many days after today. */
export function onDay(days, time) {
  const day = new Date(Date.parse(`${format.today()}T00:00Z`) + days * 86_400_000);
  return instant(`${day.toISOString().slice(0, 10)}T${time}`);
}
