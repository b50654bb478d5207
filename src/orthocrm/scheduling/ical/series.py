"""The occurrences of one UID: what repeats, what was moved, and what was taken out."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Final

from attrs import evolve, field, frozen

from orthocrm.scheduling.ical.entries import Entry
from orthocrm.scheduling.ical.expanding import Steps, walls
from orthocrm.scheduling.ical.values import Length, Time, Zone

_MARGIN: Final = timedelta(days=2)


@frozen
class Window:
    """The instants `[start, end)` that are asked for."""

    start: datetime
    end: datetime

    def holds(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether something overlaps it; what has no length, whether it begins in it."""
        return starts_at < self.end and (ends_at > self.start or starts_at >= self.start)


@frozen
class Occurrence:
    """One time that an entry happens."""

    entry: Entry = field(repr=False)
    starts_at: datetime
    ends_at: datetime


@frozen
class _Planned:
    """An occurrence as the master entry plans it, before anything replaces it."""

    start: Time
    lasts: Length


def occurrences(
    entries: Sequence[Entry], window: Window, here: Zone, steps: Steps
) -> Iterator[Occurrence]:
    """Give what the entries of one UID make of each other within a window.

    Of several entries that replace nothing, or the same occurrence, the one with the highest
    SEQUENCE counts, and of equal ones the last. One that replaces what its series does not hold
    happens all the same, unless it was excluded.
    """
    masters = [one for one in entries if one.replaces is None]
    replacing = _latest(entries, here)
    master = max(reversed(masters), key=lambda one: one.sequence, default=None)
    series = _Series(master, replacing, here)
    for found in chain(series.regular(window, steps), series.others()):
        steps.take()
        if window.holds(found.starts_at, found.ends_at):
            yield found


def _latest(entries: Sequence[Entry], here: Zone) -> dict[datetime, Entry]:
    found: dict[datetime, Entry] = {}
    for one in entries:
        if one.replaces is not None:
            at = one.replaces.instant(here)
            if at not in found or one.sequence >= found[at].sequence:
                found[at] = one
    return found


class _Series:
    def __init__(self, master: Entry | None, replacing: dict[datetime, Entry], here: Zone) -> None:
        self._master = master
        self._here = here
        self._replacing = replacing
        whole_days = master is not None and master.start.is_date
        self._by_date = {
            one.replaces.wall.date(): at
            for at, one in replacing.items()
            if one.replaces is not None and (whole_days or one.replaces.is_date)
        }
        self._later = sorted(at for at, one in replacing.items() if one.and_later)
        excluded = () if master is None else master.excluded
        self._gone = {one.instant(self._zone) for one in excluded}
        self._gone_on = {one.wall.date() for one in excluded if one.is_date}
        self._used: set[datetime] = set()

    @property
    def _zone(self) -> Zone:
        start = None if self._master is None else self._master.start.zone
        return start or self._here

    def regular(self, window: Window, steps: Steps) -> Iterator[Occurrence]:
        """Give the master's occurrences, replaced where something replaces them."""
        if self._master is None:
            return
        seen: set[datetime] = set()
        for planned in self._planned(self._master, window, steps):
            at = planned.start.instant(self._here)
            if at in seen or self._is_gone(at, planned.start.wall.date()):
                continue
            seen.add(at)
            yield self._replaced(self._master, planned, at)

    def others(self) -> Iterator[Occurrence]:
        """Give what replaces occurrences that were not planned around the window."""
        for at, one in self._replacing.items():
            if at in self._used or self._is_gone(at, self._zone.wall(at).date()):
                continue
            if self._is_outdated(one):
                continue
            yield self._placed(one, _Planned(one.start, one.length))

    def _is_outdated(self, one: Entry) -> bool:
        """Whether it is what a whole series was before the master was written anew."""
        master = self._master
        return master is not None and bool(one.rules) and one.sequence < master.sequence

    def _is_gone(self, at: datetime, day: date) -> bool:
        return at in self._gone or day in self._gone_on

    def _planned(self, master: Entry, window: Window, steps: Steps) -> Iterator[_Planned]:
        if not self._never_began(master):
            yield _Planned(master.start, master.length)
        for start, lasts in master.added:
            yield _Planned(start, lasts or master.length)
        since = self._wall(window.start) - self._reach(master) - _MARGIN
        for rule in master.rules:
            for wall in walls(
                rule,
                master.start.wall,
                self._wall(window.end) + _MARGIN,
                steps,
                since,
                self._zone.instant,
            ):
                yield _Planned(evolve(master.start, wall=wall), master.length)

    def _never_began(self, master: Entry) -> bool:
        """Whether every rule ended before the start."""
        ends = [rule.until for rule in master.rules]
        return bool(ends) and not any(
            end is None or end.allows(master.start.wall, self._zone.instant) for end in ends
        )

    def _wall(self, at: datetime) -> datetime:
        return at.astimezone(UTC).replace(tzinfo=None)

    def _reach(self, master: Entry) -> timedelta:
        """Give how far before the window something may have been planned that lies in it."""
        return max([master.length.about, *(one.length.about for one in self._replacing.values())])

    def _replaced(self, master: Entry, planned: _Planned, at: datetime) -> Occurrence:
        key = at if at in self._replacing else self._by_date.get(planned.start.wall.date())
        if key is not None:
            self._used.add(key)
            one = self._replacing[key]
            return self._placed(one, _Planned(one.start, one.length))
        turns = bisect_left(self._later, at)
        if not turns:
            return self._placed(master, planned)
        return self._placed(*self._moved(self._later[turns - 1], planned))

    def _moved(self, turn: datetime, planned: _Planned) -> tuple[Entry, _Planned]:
        """Move an occurrence as far as the entry that speaks for later ones was moved."""
        later = self._replacing[turn]
        zone = later.start.zone or self._here
        was = zone.wall(turn)
        now = zone.wall(planned.start.instant(self._here))
        start = evolve(later.start, wall=now + (later.start.wall - was))
        return later, _Planned(start, later.length)

    def _placed(self, one: Entry, planned: _Planned) -> Occurrence:
        zone = planned.start.zone or self._here
        starts_at = zone.instant(planned.start.wall)
        return Occurrence(one, starts_at, planned.lasts.after(planned.start.wall, zone))
