/** Follow what happens in a practice, in a page of the same origin whose user is logged in. */

/** Calls `heard` for each happening, `lost` when what is shown has to be read anew; gives what ends it. */
export function follow({ heard, lost, ended }, address = "/api/events/stream") {
  const stream = new EventSource(address); // comes back by itself, with the id of what it heard last
  stream.onmessage = ({ data }) => heard(JSON.parse(data));
  stream.addEventListener("reset", lost);
  stream.addEventListener("end", () => (stream.close(), ended()));
  stream.onerror = () => stream.readyState === EventSource.CLOSED && ended(); // refused: log in again
  return () => stream.close();
}

/** Shows changes of leads that a page holds: asks for those only whose version it does not have. */
export function refreshing(versions, read) {
  return ({ leadIds, versions: newer }) =>
    leadIds.filter((id) => !(versions.get(id) >= newer[id])).forEach((id) => read(`/api/leads/${id}`));
}
