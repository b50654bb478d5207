"""How often one address may be written to."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from orthocrm.core.messaging import Cap
from orthocrm.core.time import DAY

WEEK = timedelta(days=7)


def free_at(cap: Cap, sent: Sequence[datetime], now: datetime) -> datetime | None:
    """Tell when an address may get the next message: `now`, later, or never (None).

    A day is 24 hours and a week seven days, each back from the instant of sending. `sent` says when
    it got the earlier ones, in any order; what may have arrived counts.
    """
    if cap.a_day < 1 or cap.a_week < 1:
        return None
    newest = sorted(sent, reverse=True)
    free = now
    for most, length in ((cap.a_day, DAY), (cap.a_week, WEEK)):
        if len(newest) >= most:
            free = max(free, newest[most - 1] + length)
    return free
