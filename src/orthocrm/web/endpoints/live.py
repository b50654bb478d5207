"""`/api/events`: what happens in the clinic, a page at a time or as it happens."""

from orthocrm.desk import Desk
from orthocrm.web.declaring import stream, verb
from orthocrm.web.live.opening import Opening


def follow(desk: Desk, *, after: str | None = None) -> Opening:
    """Follow what happens, as server-sent events.

    The `data` of each message is a Happening as `GET /api/events` gives them, its `id` goes back
    as `Last-Event-ID` when the connection was lost: nothing is missed then, and nothing comes
    twice. `after` says the same for the first time. `event: reset` comes where it is not known
    what happened since: read anew what is shown. `event: end` comes when the session, the key or
    the right has ended, and there is no use in coming back.
    """
    followed = desk.live.follow(after)
    return Opening(desk=desk, mark=followed.mark, is_reset=followed.is_reset)


ENDPOINTS = (
    verb("GET", "/api/events", "live.since"),
    stream("/api/events/stream", "live.follow", follow),
)
"""Whoever works in the practice may follow; what they are told is what they may read."""
