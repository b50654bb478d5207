"""Quiet hours: when nobody is disturbed, in every zone in which a recipient may be.

Wall times follow each zone through its clock changes.
"""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta

from orthocrm.core.messaging import QuietHours
from orthocrm.core.time import DAY, zone

_SEARCH = timedelta(days=3)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


Quiet = QuietHours | tuple[QuietHours, ...]
"""Quiet hours, or several that all have to be kept: the clinic's, and those of states."""


def is_quiet(at: datetime, quiet: Quiet, zones: Collection[str]) -> bool:
    """Whether an instant lies in the quiet hours of any of the zones."""
    return any(_holds(at.astimezone(zone(name)).time(), q) for q in _all(quiet) for name in zones)


def next_allowed(at: datetime, quiet: Quiet, zones: Collection[str]) -> datetime | None:
    """Give the first instant from `at` on that is quiet in none of the zones.

    None when they leave no common time.
    """
    until = at + _SEARCH
    while at < until:
        ends = [e for q in _all(quiet) for name in zones if (e := _end(at, q, name)) is not None]
        if not ends:
            return at
        at = max(ends)
    return None


def last_allowed(at: datetime, quiet: Quiet, zones: Collection[str]) -> datetime | None:
    """Give the last instant up to `at` that is quiet in none of the zones, a minute before them.

    For what would be of no use afterwards: a reminder of a visit early in the morning. None when
    the zones leave no common time.
    """
    until = at - _SEARCH
    while at > until:
        starts = [
            s for q in _all(quiet) for name in zones if (s := _start(at, q, name)) is not None
        ]
        if not starts:
            return at
        at = min(starts) - _MINUTE
    return None


def _all(quiet: Quiet) -> tuple[QuietHours, ...]:
    return (quiet,) if isinstance(quiet, QuietHours) else quiet


def _holds(wall: time, quiet: QuietHours) -> bool:
    if quiet.start <= quiet.end:
        return quiet.start <= wall < quiet.end
    return wall >= quiet.start or wall < quiet.end


def _end(at: datetime, quiet: QuietHours, name: str) -> datetime | None:
    """Give the end of the quiet hours of a zone in which an instant lies."""
    local = at.astimezone(zone(name))
    if not _holds(local.time(), quiet):
        return None
    day = local.date() + (DAY if local.time() >= quiet.end else timedelta())
    wall = datetime.combine(day, quiet.end, zone(name))
    return next(end for fold in (0, 1) if (end := _instant(wall, fold)) > at)


def _start(at: datetime, quiet: QuietHours, name: str) -> datetime | None:
    """Give the start of the quiet hours of a zone in which an instant lies."""
    local = at.astimezone(zone(name))
    if not _holds(local.time(), quiet):
        return None
    day = local.date() - (DAY if local.time() < quiet.start else timedelta())
    wall = datetime.combine(day, quiet.start, zone(name))
    return next(start for fold in (1, 0) if (start := _instant(wall, fold)) <= at)


def _instant(wall: datetime, fold: int) -> datetime:
    """Give the instant of a wall time; one that a clock leaps over is the instant of the leap."""
    instant = wall.replace(fold=fold).astimezone(UTC)
    if instant.astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    before = wall.replace(fold=1).astimezone(UTC)
    after = wall.replace(fold=0).astimezone(UTC)
    offset = before.astimezone(wall.tzinfo).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        unchanged = middle.astimezone(wall.tzinfo).utcoffset() == offset
        before, after = (middle, after) if unchanged else (before, middle)
    return after
