/** What somebody narrowed a page down to, for when they come back to it without saying so. */

const begun = new WeakMap();

/**
 * Give the filters of a page: those of its address, or else those of last time, which the address
 * then shows. `change(filters)` keeps others.
 */
export function remembered(name, { query, keep }) {
  const place = `orthocrm.filters.${name}`;
  if (!begun.has(query)) {
    const isTold = Object.keys(query).length > 0;
    const filters = isTold ? query : JSON.parse(localStorage.getItem(place) ?? "{}");
    if (!isTold && Object.keys(filters).length > 0) keep(filters);
    begun.set(query, filters);
  }
  const change = (filters) => {
    localStorage.setItem(place, JSON.stringify(filters));
    keep(filters);
  };
  return { filters: begun.get(query), change };
}
