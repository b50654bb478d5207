/** Long lists of which only what is in view is drawn. */

const BEYOND = 4;

/**
 * Tell which rows of a list are in view, and a few beyond: {first, last} of `count` rows that are
 * each `height` pixels high, in a box of `room` pixels that is scrolled by `top`.
 */
export function inView({ top, room, height, count }) {
  const first = Math.max(0, Math.floor(top / height) - BEYOND);
  const last = Math.min(count, Math.ceil((top + room) / height) + BEYOND);
  return { first: Math.min(first, last), last };
}

/** Give the pixels of a length in rem. */
export function rem(length) {
  return length * parseFloat(getComputedStyle(document.documentElement).fontSize);
}
