"""Offsets of a zone as integers, and the two directions between wall and instant (R1, R3).

Instants are whole minutes since 1970-01-01T00:00Z, wall times whole minutes since the same date's
local midnight, dates days since it. Offsets that hold seconds, all before 1972, are taken in whole
minutes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import add, sub
from typing import Final

from attrs import frozen

from orthocrm.core.time import zone
from orthocrm.scheduling.intervals import Interval, merged

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY: Final = 1440
_FIRST_DAY = EPOCH.toordinal()
_MARGIN = 3 * DAY
_FAR = 10**7
_LONG_AGO = -(10**10)
_MINUTE = timedelta(minutes=1)
_NOTHING = timedelta()


def day_number(day: date) -> int:
    """Give the days from 1970-01-01 to a date."""
    return day.toordinal() - _FIRST_DAY


def date_of(number: int) -> date:
    """Give the date of a day number."""
    return date.fromordinal(number + _FIRST_DAY)


def weekday(number: int) -> int:
    """Give the weekday of a day number: 0 is Sunday."""
    return (number + 4) % 7


def week(number: int) -> int:
    """Number the weeks, which begin on Monday."""
    return (number + 3) // 7


def floor_minute(at: datetime) -> int:
    """Give the last whole minute at or before an instant."""
    since = at - EPOCH
    return since.days * DAY + since.seconds // 60


def ceil_minute(at: datetime) -> int:
    """Give the first whole minute at or after an instant."""
    left = EPOCH - at
    return -(left.days * DAY + left.seconds // 60)


@frozen
class Offsets:
    """The offsets of one zone over some years: `offsets[i]` holds from `instants[i]` on.

    `walls[i]` is the wall time from which `offsets[i]` answers for wall times: a repeated wall
    time is its first occurrence, a skipped one takes the offset before the gap.
    """

    instants: tuple[int, ...]
    offsets: tuple[int, ...]
    walls: tuple[int, ...]

    def offset(self, minute: int) -> int:
        """Give the offset at an instant."""
        return self.offsets[bisect_right(self.instants, minute) - 1]

    def instant(self, wall: int) -> int:
        """Resolve a wall time (R1)."""
        return wall - self.offsets[bisect_right(self.walls, wall) - 1]

    def day(self, minute: int) -> int:
        """Give the local date of an instant."""
        return (minute + self.offset(minute)) // DAY

    def exists(self, day: int) -> bool:
        """Whether a local date exists (R3): its midnight does not resolve into another date."""
        return self.day(self.instant(day * DAY)) == day

    def steady(self, day: int) -> tuple[int, int]:
        """Give the offset of a date's wall times, and up to which date it stays without doubt.

        Up to that date, exclusive, all dates exist, and their wall times and those of the date
        after have this offset.
        """
        at = bisect_right(self.walls, day * DAY)
        ends = self.walls[at] // DAY - 1 if at < len(self.walls) else _FAR
        return self.offsets[at - 1], ends

    def pieces(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """Cut `[start, end)` where the offset changes; give start, end and offset of each."""
        if end <= start:
            return []
        first = bisect_right(self.instants, start) - 1
        last = bisect_right(self.instants, end - 1) - 1
        return [
            (
                start if at == first else self.instants[at],
                end if at == last else self.instants[at + 1],
                self.offsets[at],
            )
            for at in range(first, last + 1)
        ]

    def on_dates(self, first: int, last: int, start: int, end: int) -> list[Interval]:
        """Give the instants of `[start, end)` whose local date lies in `[first, last]`."""
        found: list[Interval] = []
        for piece, until, offset in self.pieces(start, end):
            low, high = max(piece, first * DAY - offset), min(until, (last + 1) * DAY - offset)
            if low < high:
                found.append((low, high))
        return merged(found)


def offsets(name: str, start: int, end: int) -> Offsets:
    """Give the offsets of a zone that matter between two instants, and three days around them."""
    years = (EPOCH + (start - _MARGIN) * _MINUTE).year, (EPOCH + (end + _MARGIN) * _MINUTE).year
    return _table(name, *years)


@lru_cache(maxsize=512)
def _table(name: str, first: int, last: int) -> Offsets:
    found: list[Interval] = []
    for year in range(first, last + 1):
        for at, offset in _changes(name, year):
            if not found or found[-1][1] != offset:
                found.append((at, offset))
    walls = [_LONG_AGO]
    for (_, before), (at, after) in pairwise(found):
        walls.append(at + max(before, after))
    instants = [_LONG_AGO, *(at for at, _ in found[1:])]
    return Offsets(tuple(instants), tuple(offset for _, offset in found), tuple(walls))


@lru_cache(maxsize=8192)
def _changes(name: str, year: int) -> tuple[Interval, ...]:
    """Give the offset at the start of a UTC year and every change in it.

    The zone database tells no changes, so each day is asked, and the minute is found by halving.
    """
    start = floor_minute(datetime(year, 1, 1, tzinfo=UTC))
    end = floor_minute(datetime(year + 1, 1, 1, tzinfo=UTC))
    offset = _offset(name, start)
    found = [(start, offset)]
    for low in range(start, end, DAY):
        after = _offset(name, low + DAY)
        if after != offset:
            found.append((_first_with(name, offset, low, low + DAY), after))
            offset = after
    return tuple(found)


def _first_with(name: str, before: int, low: int, high: int) -> int:
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(name, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(name: str, minute: int) -> int:
    return ((EPOCH + minute * _MINUTE).astimezone(zone(name)).utcoffset() or _NOTHING) // _MINUTE


@lru_cache(maxsize=2048)
def fixed(offset: int) -> timezone:
    """Give the fixed zone of an offset in minutes."""
    return timezone(offset * _MINUTE)


_later: Callable[[datetime, timedelta], datetime] = add


@lru_cache(maxsize=4096)
def _length(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def moments(name: str, minutes: list[int]) -> list[datetime]:
    """Turn ascending instants into datetimes, each with the offset of a zone.

    Most instants lie one step after the one before, and adding a known length is ten times faster
    than making a datetime anew.
    """
    if not minutes:
        return []
    found: list[datetime] = []
    at, start, end = 0, minutes[0], minutes[-1] + 1
    for _, until, offset in offsets(name, start, end).pieces(start, end):
        upto = bisect_left(minutes, until, at)
        if at < upto:
            first = (EPOCH + minutes[at] * _MINUTE).astimezone(fixed(offset))
            gaps = map(_length, map(sub, minutes[at + 1 : upto], minutes[at:upto]))
            found += accumulate(gaps, _later, initial=first)
        at = upto
    return found
