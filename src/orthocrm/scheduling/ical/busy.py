"""When somebody's other calendar says that they are busy.

Whatever such a calendar holds, reading it ends soon: everything has a limit. Of an entry only its
times and its UID are taken, never what it is about.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeVar

from attrs import field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.time import instant
from orthocrm.scheduling.ical.entries import Clocks, Entry, entry, uid_of
from orthocrm.scheduling.ical.expanding import Steps
from orthocrm.scheduling.ical.parsing import (
    LIMITS,
    Component,
    Limits,
    Property,
    calendars,
    refused,
)
from orthocrm.scheduling.ical.series import Occurrence, Window, occurrences
from orthocrm.scheduling.ical.values import Time, Unreadable, listed, period
from orthocrm.scheduling.ical.zones import Zones, named, wall_zone
from orthocrm.scheduling.reading import EARLIEST, LATEST

T = TypeVar("T")

_FREE: Final = "FREE"
OURS: Final = "@orthocrm"
"""How the UIDs end that we give to appointments without one."""


def _unchanging(raw: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType(dict(raw))


@frozen
class BusyTime:
    """A time `[starts_at, ends_at)`, as instants in UTC, of the entry with this UID."""

    starts_at: datetime
    ends_at: datetime
    uid: str = field(repr=False)


@frozen
class BusyTimes:
    """What was read: the times in order, and how many entries were left out, by reason.

    Reasons: `no_start`, `bad_time`, `bad_length`, `bad_period`, `bad_rule`, `unknown_zone`,
    `end_before_start`, `too_long`, `out_of_range`.
    """

    times: tuple[BusyTime, ...]
    left_out: Mapping[str, int] = field(converter=_unchanging)


@frozen
class Happening:
    """What all entries of a calendar make of a window, whether they take time or not."""

    occurrences: tuple[Occurrence, ...]
    left_out: Mapping[str, int] = field(converter=_unchanging)


def busy_times(
    content: str | bytes,
    zone: str,
    window: tuple[datetime, datetime],
    *,
    own: tuple[str, ...] = (OURS,),
    limits: Limits = LIMITS,
) -> BusyTimes:
    """Read when a calendar is busy within a window of instants.

    Left out are entries that are transparent, cancelled or without any length, and our own
    appointments, whose UIDs end like that. Whole days and times without a
    zone are read in `zone`, that of the schedule.

    Args:
        content: The text of one or more VCALENDARs.
        zone: An IANA zone.
        window: The instants `[start, end)`; a time that overlaps them is given whole.
        own: How UIDs of our own appointments end.
        limits: How much is read at most.

    Raises:
        InvalidInput: the whole calendar is refused. Codes at `calendar`: `wrong_type`, `too_long`,
            `too_many`, `too_deep`, `truncated`, `not_a_calendar`, `unknown_scale`; at `window`:
            `end_before_start`, `out_of_range`; at `timezone`: `unknown_zone`.
    """
    reading = _Reading(zone, window, limits)
    found: dict[tuple[datetime, datetime, str], BusyTime] = {}
    for calendar in calendars(content, limits):
        for starts_at, ends_at, uid in reading.busy(calendar):
            if starts_at < ends_at and not uid.endswith(own):
                found[starts_at, ends_at, uid] = BusyTime(starts_at, ends_at, uid)
    return BusyTimes(tuple(found[key] for key in sorted(found)), reading.left_out)


def happening(
    content: str | bytes,
    zone: str,
    window: tuple[datetime, datetime],
    limits: Limits = LIMITS,
) -> Happening:
    """Give every occurrence of every entry, cancelled and transparent ones included."""
    reading = _Reading(zone, window, limits)
    found = [one for each in calendars(content, limits) for one in reading.events(each)]
    found.sort(key=lambda one: (one.starts_at, one.ends_at, one.entry.uid))
    return Happening(tuple(found), reading.left_out)


class _Reading:
    """One reading of a text: its window, its zone, and what is left of its budget."""

    def __init__(self, zone: str, window: tuple[datetime, datetime], limits: Limits) -> None:
        self._here = named(zone)
        self._window = _window(window, limits)
        self._limits = limits
        self._steps = Steps(limits.steps)
        self._left = limits.occurrences
        self.left_out: Counter[str] = Counter()

    def busy(self, calendar: Component) -> Iterator[tuple[datetime, datetime, str]]:
        for one in self.events(calendar):
            if one.entry.takes_time and not one.entry.cancelled:
                yield one.starts_at, one.ends_at, one.entry.uid
        clocks = self._clocks(calendar)
        for number, part in enumerate(calendar.parts, 1):
            if part.name == "VFREEBUSY":
                yield from self._free_busy(number, part, clocks)

    def events(self, calendar: Component) -> Iterator[Occurrence]:
        if calendar.word("CALSCALE") not in {"", "GREGORIAN"}:
            raise refused("unknown_scale", "give a calendar of the Gregorian scale")
        for entries in self._by_uid(calendar).values():
            yield from self._expanded(entries)

    def _by_uid(self, calendar: Component) -> dict[str, list[Entry]]:
        clocks = self._clocks(calendar)
        found: dict[str, list[Entry]] = {}
        for number, part in enumerate(calendar.parts, 1):
            one = self._entry(number, part, clocks) if part.name == "VEVENT" else None
            if one is not None:
                found.setdefault(one.uid, []).append(one)
        return found

    def _entry(self, number: int, part: Component, clocks: Clocks) -> Entry | None:
        try:
            return entry(number, part, clocks)
        except Unreadable as error:
            self.left_out[error.reason] += 1
            return None

    def _expanded(self, entries: Sequence[Entry]) -> Sequence[Occurrence]:
        try:
            return [
                self._counted(one)
                for one in occurrences(entries, self._window, self._here, self._steps)
            ]
        except Unreadable as error:
            self.left_out[error.reason] += len(entries)
            return ()

    def _counted(self, one: T) -> T:
        self._left -= 1
        if self._left < 0:
            raise refused("too_many", f"give at most {self._limits.occurrences} times")
        return one

    def _free_busy(
        self, number: int, part: Component, clocks: Clocks
    ) -> Iterator[tuple[datetime, datetime, str]]:
        uid = uid_of(number, part)
        for told in part.all("FREEBUSY"):
            if told.params.get("FBTYPE", "").upper() == _FREE:
                continue
            for text in listed(told.value):
                self._steps.take()
                found = self._period(text, told, clocks)
                if found is not None and self._window.holds(*found):
                    yield self._counted((*found, uid))

    def _period(
        self, text: str, told: Property, clocks: Clocks
    ) -> tuple[datetime, datetime] | None:
        try:
            start, end = period(text, clocks.zone(told))
        except Unreadable as error:
            self.left_out[error.reason] += 1
            return None
        clock = start.zone or self._here
        if isinstance(end, Time):
            return clock.instant(start.wall), end.instant(self._here)
        return clock.instant(start.wall), end.after(start.wall, clock)

    def _clocks(self, calendar: Component) -> Clocks:
        zones = Zones(calendar, self._window.end, self._steps)
        return Clocks(zones, self._here, wall_zone(zones, calendar))


def _window(window: tuple[datetime, datetime], limits: Limits) -> Window:
    start, end = (instant(edge, "window") for edge in window)
    if end < start:
        raise InvalidInput.at("window", "end_before_start", "the end must not come first")
    if end - start > limits.window or not EARLIEST <= start <= end <= LATEST:
        message = f"give at most {limits.window.days} days between 1900 and 2200"
        raise InvalidInput.at("window", "out_of_range", message)
    return Window(start, end)
