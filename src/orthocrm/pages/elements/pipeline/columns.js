/** The columns of the board as values: what they are after a look, a move, a page more. */

/** Take a card out of every column in which it stands, and count it there no more. */
export function without(columns, leadId) {
  return columns.map((column) => {
    const cards = column.cards.filter((card) => card.leadId !== leadId);
    return cards.length === column.cards.length ? column : { ...column, cards, count: column.count - 1 };
  });
}

/** Put a card on top of a column, wherever it stood before. */
export function moved(columns, card, slug) {
  return without(columns, card.leadId).map((column) =>
    column.stage.slug === slug
      ? { ...column, cards: [{ ...card, stage: slug }, ...column.cards], count: column.count + 1 }
      : column,
  );
}

/** Join what a look at the first cards has found with what was known of the cards behind them. */
export function merged(before, found) {
  const known = new Map((before ?? []).map((column) => [column.stage.slug, column]));
  return found.map((column) => {
    const old = known.get(column.stage.slug);
    if (!old || old.cards.length <= column.cards.length || !column.cursor) return column;
    const fresh = new Set(found.flatMap(({ cards }) => cards.map((card) => card.leadId)));
    const behind = old.cards.slice(column.cards.length).filter((card) => !fresh.has(card.leadId));
    return { ...column, cards: [...column.cards, ...behind], cursor: old.cursor };
  });
}

/** Add the next page of a column. */
export function goneOver(columns, next) {
  return columns.map((column) => {
    if (column.stage.slug !== next.stage.slug) return column;
    const known = new Set(column.cards.map((card) => card.leadId));
    const further = next.cards.filter((card) => !known.has(card.leadId));
    return { ...column, cards: [...column.cards, ...further], cursor: next.cursor, count: next.count };
  });
}
