"""From hours to instants: raw windows, and the availability that is left of them (R1 to R6)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from attrs import field, frozen

from orthocrm.scheduling.hours import DayWindow, Override, WeeklyHours
from orthocrm.scheduling.intervals import Interval, common, merged, without
from orthocrm.scheduling.request import Scheduled
from orthocrm.scheduling.zones import (
    DAY,
    Offsets,
    ceil_minute,
    day_number,
    floor_minute,
    offsets,
    week,
    weekday,
)

_WEEK = 7
_SETTLED = 2
"""Days after the first one built from which on no earlier window can be missing."""


@frozen
class Availability:
    """What some people offer between two instants, in whole UTC minutes.

    `raw` are the windows before time off is cut, in order of their starts; `hours` the same,
    merged; `open` what is left. Before `whole_from` a window may be missing.
    """

    raw: list[Interval]
    hours: list[Interval]
    open: list[Interval]
    whole_from: int


@frozen
class _Weekday:
    """The windows of one weekday: those that always hold, and those that come and go (R4)."""

    always: list[Interval] = field(factory=list)
    sometimes: list[WeeklyHours] = field(factory=list)

    def on(self, day: int) -> list[Interval]:
        """Give the wall minutes of the windows that start on a date."""
        if not self.sometimes:
            return self.always
        return self.always + [_span(one) for one in self.sometimes if _holds(one, day)]


def _holds(hours: WeeklyHours, day: int) -> bool:
    if hours.valid_from is not None and day < day_number(hours.valid_from):
        return False
    if hours.valid_until is not None and day > day_number(hours.valid_until):
        return False
    if hours.anchor is None:
        return True
    return (week(day) - week(day_number(hours.anchor))) % hours.every_weeks == 0


Key = tuple[str, tuple[WeeklyHours, ...], tuple[Override, ...], frozenset[date]]


class Windows:
    """Windows between two instants, built once for equal hours, overrides, closures and zones."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self._known: dict[Key, tuple[list[Interval], list[Interval]]] = {}

    def of(self, scheduled: Scheduled, zone: str) -> Availability:
        """Give what one person or thing offers."""
        key = (zone, scheduled.hours, scheduled.overrides, scheduled.closed_dates)
        table = offsets(zone, self.start - (_SETTLED + 1) * DAY, self.end + 2 * DAY)
        first, last = table.day(self.start) - _SETTLED - 1, table.day(self.end) + 1
        known = self._known.get(key)
        if known is None:
            built = _built(scheduled, table, range(first, last + 1))
            known = self._known[key] = built, merged(built)
        raw, hours = known
        low, high = table.instant(first * DAY), table.instant((last + 2) * DAY)
        return Availability(
            raw=raw,
            hours=hours,
            open=without(hours, taken_away(scheduled, table, low, high)),
            whole_from=table.instant((first + _SETTLED) * DAY),
        )


def _built(scheduled: Scheduled, table: Offsets, days: range) -> list[Interval]:
    plan, special = _week(scheduled.hours), _special(scheduled)
    if not special and not scheduled.hours:
        return []
    found: list[Interval] = []
    offset, steady = table.steady(days.start)
    for day in days:
        own = special.get(day) if special else None
        if own is None:
            own = plan[weekday(day)].on(day)
        if not own:
            continue
        if day >= steady:
            offset, steady = table.steady(day)
        if day < steady:
            midnight = day * DAY - offset
            resolved = [(midnight + start, midnight + end) for start, end in own]
        else:
            resolved = _resolved(own, day, table)
        clip = _clip(day, special, table) if special else None
        found += resolved if clip is None else _clipped(resolved, clip)
    found.sort()
    return found


def _resolved(own: Iterable[Interval], day: int, table: Offsets) -> list[Interval]:
    """Turn the wall times of a date near a change into instants (R1); no date, no windows (R3)."""
    if not table.exists(day):
        return []
    midnight = day * DAY
    found = [(table.instant(midnight + start), table.instant(midnight + end)) for start, end in own]
    return [(opens, closes) for opens, closes in found if opens < closes]


def _clipped(windows: Iterable[Interval], clip: int) -> list[Interval]:
    return [(opens, min(closes, clip)) for opens, closes in windows if opens < clip]


def _clip(day: int, special: Mapping[int, Sequence[Interval]], table: Offsets) -> int | None:
    """Give the midnight at which windows of a date end, if the next date has its own rule (R5)."""
    following = day + 1
    if following not in special and not table.exists(following):
        following += 1
    return table.instant(following * DAY) if following in special else None


def _week(hours: Iterable[WeeklyHours]) -> list[_Weekday]:
    plan = [_Weekday() for _ in range(_WEEK)]
    for one in hours:
        if one.valid_from is None and one.valid_until is None and one.every_weeks == 1:
            plan[one.weekday].always.append(_span(one))
        else:
            plan[one.weekday].sometimes.append(one)
    return plan


def _span(window: WeeklyHours | DayWindow) -> Interval:
    """Give a window's wall minutes, the end beyond midnight where it is not after the start (R2).

    This is decided on the wall, never on instants.
    """
    beyond = DAY if window.end <= window.start else 0
    return window.start, window.end + beyond


def _special(scheduled: Scheduled) -> Mapping[int, Sequence[Interval]]:
    """Give the dates that follow no week, with their windows; a closed date wins (R5)."""
    found: dict[int, list[Interval]] = {}
    for override in scheduled.overrides:
        windows = [_span(one) for one in override.windows]
        found.setdefault(day_number(override.date), []).extend(windows)
    return {**found, **{day_number(day): [] for day in scheduled.closed_dates}}


def taken_away(scheduled: Scheduled, table: Offsets, low: int, high: int) -> list[Interval]:
    """Give time off and recurring blocks between two instants, merged (R6)."""
    found = [(floor_minute(one.start), ceil_minute(one.end)) for one in scheduled.time_off]
    for block in scheduled.blocks:
        found += block.intervals(table, low, high)
    return merged(found)


def together(many: Sequence[Availability]) -> Availability:
    """Intersect what several offer: raw windows pairwise, where grids then start (R20)."""
    whole = many[0]
    for other in many[1:]:
        whole = Availability(
            raw=_pairwise(whole.raw, other.raw),
            hours=common(whole.hours, other.hours),
            open=merged(common(whole.open, other.open)),
            whole_from=max(whole.whole_from, other.whole_from),
        )
    return whole


def _pairwise(first: Sequence[Interval], second: Sequence[Interval]) -> list[Interval]:
    found: set[Interval] = set()
    longest = max((end - start for start, end in second), default=0)
    at = 0
    for start, end in first:
        while at < len(second) and second[at][0] + longest <= start:
            at += 1
        for index in range(at, len(second)):
            low, high = second[index]
            if low >= end:
                break
            if high > start:
                found.add((max(low, start), min(high, end)))
    return sorted(found)
