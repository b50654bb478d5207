/** Going through the board, and moving its cards, by keyboard alone. */

const TO = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const ENDS = { Home: -Infinity, End: Infinity };

/** Do what a key on a card says. */
export function steer(board, event) {
  const at = event.composedPath().find((one) => one.localName === "ortho-lead-card");
  if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
  const card = board.card(at.leadId);
  if (!card) return;
  const isKnown = event.key in TO || event.key in ENDS || event.key.toLowerCase() === "m";
  if (!isKnown) return;
  event.preventDefault();
  if (event.key.toLowerCase() === "m") board.ask(card);
  else if (event.shiftKey && event.key in TO) push(board, card, event.key);
  else walk(board, card, event.key);
}

/** Move a card to the stage beside its own, as the board lies for the reader. */
function push(board, card, key) {
  const [across] = turned(board, TO[key]);
  const { columns } = board.state;
  const place = columns.findIndex(({ stage }) => stage.slug === card.stage);
  const stage = columns[place + across]?.stage;
  if (across === 0 || !stage || !board.mayMove()) return;
  board.moveTo(card, stage.slug);
  if (stage.kind === "OPEN") board.focusOn(card.leadId);
}

function walk(board, card, key) {
  const { columns } = board.state;
  const [across, down] = key in ENDS ? [0, ENDS[key]] : turned(board, TO[key]);
  let place = columns.findIndex(({ stage }) => stage.slug === card.stage);
  const index = columns[place].cards.findIndex((one) => one.leadId === card.leadId);
  if (across !== 0) {
    do place += across;
    while (columns[place] && columns[place].cards.length === 0);
  }
  const cards = columns[place]?.cards;
  if (!cards) return;
  const next = Math.min(Math.max(across === 0 ? index + down : index, 0), cards.length - 1);
  board.focusOn(cards[next].leadId);
}

/** Left and right are the other way round where text runs from right to left. */
function turned(board, [across, down]) {
  return [getComputedStyle(board).direction === "rtl" ? -across : across, down];
}
