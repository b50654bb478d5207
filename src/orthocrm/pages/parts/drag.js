/**
 * Dragging by mouse, pen and finger: what is taken, where it is held, and where it is let go.
 *
 * A mouse drags after a few pixels, a finger after a while, so that it can still scroll.
 */

const MOUSE_PX = 5;
const FINGER_MS = 300;
const FINGER_PX = 10;
const EDGE_PX = 48;
const STEP_PX = 12;

/**
 * Let things of an element be dragged.
 *
 * `take(event)` gives what is taken, or null; `begin(what, at)`, `move(what, at)`, `drop(what, at)`
 * and `end(what)` follow, `at` being {x, y} in the window. `scrolls` gives what scrolls at its edges.
 */
export function draggable(element, { take, begin, move, drop, end, scrolls }, signal) {
  let held = null;

  element.addEventListener("pointerdown", pressed, { signal });
  element.addEventListener("touchmove", (event) => held?.isDragged && event.preventDefault(), {
    signal,
    passive: false,
  });
  element.addEventListener("contextmenu", (event) => held?.isDragged && event.preventDefault(), { signal });
  element.addEventListener("dragstart", (event) => event.preventDefault(), { signal });

  function pressed(event) {
    if (event.button !== 0 || held) return;
    const what = take(event);
    if (!what) return;
    const over = new AbortController();
    held = { what, from: at(event), at: at(event), id: event.pointerId, isDragged: false, over };
    const heard = { signal: AbortSignal.any([signal, over.signal]) };
    if (event.pointerType === "touch") held.timer = setTimeout(lift, FINGER_MS);
    held.isTouch = event.pointerType === "touch";
    window.addEventListener("pointermove", moved, heard);
    window.addEventListener("pointerup", released, heard);
    window.addEventListener("pointercancel", cancelled, heard);
    window.addEventListener("keydown", (key) => key.key === "Escape" && cancelled(key), heard);
    signal.addEventListener("abort", () => held && cancelled({ pointerId: held.id }), heard);
  }

  function lift() {
    held.isDragged = true;
    begin(held.what, held.at);
    held.edge = setInterval(scroll, 16);
    window.addEventListener("click", swallow, { capture: true, signal: held.over.signal });
  }

  function moved(event) {
    if (event.pointerId !== held.id) return;
    held.at = at(event);
    const far = Math.hypot(held.at.x - held.from.x, held.at.y - held.from.y);
    if (!held.isDragged && held.isTouch && far > FINGER_PX) release();
    else if (!held.isDragged && !held.isTouch && far > MOUSE_PX) lift();
    if (held?.isDragged) move(held.what, held.at);
  }

  function released(event) {
    if (event.pointerId !== held.id) return;
    const { what, isDragged } = held;
    const where = at(event);
    release();
    if (isDragged) {
      end(what);
      drop(what, where);
    }
  }

  function cancelled(event) {
    if (event.pointerId !== undefined && event.pointerId !== held.id) return;
    const { what, isDragged } = held;
    release();
    if (isDragged) end(what);
  }

  function release() {
    clearTimeout(held.timer);
    clearInterval(held.edge);
    const { over } = held;
    held = null;
    setTimeout(() => over.abort()); // the click that follows is still swallowed
  }

  function scroll() {
    for (const one of scrolls?.(held.at) ?? []) {
      const box = one.getBoundingClientRect();
      one.scrollLeft += STEP_PX * edge(held.at.x, box.left, box.right);
      one.scrollTop += STEP_PX * edge(held.at.y, box.top, box.bottom);
    }
  }
}

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

function edge(value, low, high) {
  if (value < low || value > high) return 0;
  return value - low < EDGE_PX ? -1 : high - value < EDGE_PX ? 1 : 0;
}

function at({ clientX, clientY }) {
  return { x: clientX, y: clientY };
}
