"""Which clocks a TZID means: an IANA zone, a Windows name, or what the calendar itself defines."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.time import zone as iana_zone
from orthocrm.scheduling.ical import windows
from orthocrm.scheduling.ical.expanding import Steps, walls
from orthocrm.scheduling.ical.parsing import Component
from orthocrm.scheduling.ical.values import UTC_ZONE, Unreadable, Zone, listed, offset, time
from orthocrm.scheduling.recurrence import parsed

_LONGEST_NAME: Final = 255
_PARTS: Final = (3, 2, 1)
_MARGIN: Final = timedelta(days=366)


@frozen
class Named:
    """A zone of the zone database."""

    info: ZoneInfo

    def instant(self, wall: datetime) -> datetime:
        """Resolve a wall time: the first of two, and a skipped one with the offset before (R1)."""
        return wall.replace(tzinfo=self.info, fold=0).astimezone(UTC)

    def wall(self, at: datetime) -> datetime:
        """Give the wall time of an instant."""
        return at.astimezone(self.info).replace(tzinfo=None, fold=0)


@frozen
class Defined:
    """A zone that a VTIMEZONE defines: from `instants[i]` on, `offsets[i + 1]` holds."""

    instants: tuple[datetime, ...]
    turns: tuple[datetime, ...]
    offsets: tuple[timedelta, ...]

    def instant(self, wall: datetime) -> datetime:
        """Resolve a wall time as `Named` does."""
        return (wall - self.offsets[bisect_right(self.turns, wall)]).replace(tzinfo=UTC)

    def wall(self, at: datetime) -> datetime:
        """Give the wall time of an instant."""
        return at.replace(tzinfo=None) + self.offsets[bisect_right(self.instants, at)]


def named(name: str) -> Zone:
    """Give an IANA zone by its name.

    Raises:
        InvalidInput: there is no such zone.
    """
    return Named(iana_zone(name))


class Zones:
    """The zones of one calendar, each looked up once."""

    def __init__(self, calendar: Component, until: datetime, steps: Steps) -> None:
        self._until = until.replace(tzinfo=None) + _MARGIN
        self._steps = steps
        self._known: dict[str, Zone | None] = {}
        self._definitions: dict[str, Component] = {}
        for part in calendar.parts:
            told = part.one("TZID")
            if part.name == "VTIMEZONE" and told is not None:
                self._definitions.setdefault(told.value.strip(), part)

    def get(self, tzid: str) -> Zone:
        """Find the clocks that a TZID means.

        Raises:
            Unreadable: nobody knows this zone, or its definition cannot be read.
        """
        name = tzid.strip().strip('"')
        if name not in self._known:
            self._known[name] = self._found(name)
        found = self._known[name]
        if found is None:
            raise Unreadable("unknown_zone")
        return found

    def _found(self, name: str) -> Zone | None:
        if not name or len(name) > _LONGEST_NAME:
            return None
        iana = _iana(name)
        if iana is not None:
            return iana
        definition = self._definitions.get(name)
        return None if definition is None else self._defined(definition)

    def _defined(self, definition: Component) -> Zone | None:
        try:
            return _zone(_changes(definition, self._until, self._steps))
        except (Unreadable, InvalidInput):
            return None


def _iana(name: str) -> Zone | None:
    """Look up a name: as it is, of Windows, or at the end of a vendor's path."""
    if name.upper() in {"UTC", "Z"}:
        return UTC_ZONE
    for candidate in _candidates(name):
        try:
            return Named(iana_zone(candidate))
        except InvalidInput:
            continue
    return None


def _candidates(name: str) -> Iterator[str]:
    plain = name.strip("/")
    yield plain
    if plain in windows.IANA:
        yield windows.IANA[plain]
    if name.startswith("/"):
        parts = plain.split("/")
        yield from ("/".join(parts[-count:]) for count in _PARTS if count < len(parts))


_Change = tuple[datetime, timedelta, timedelta]


def _changes(definition: Component, until: datetime, steps: Steps) -> Iterator[_Change]:
    """Give every change as instant, offset before and offset after."""
    for part in definition.parts:
        if part.name not in {"STANDARD", "DAYLIGHT"}:
            continue
        told = {name: part.one(name) for name in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO")}
        start, before, after = (told[name] for name in told)
        if start is None or before is None or after is None:
            raise Unreadable("bad_zone")
        change = offset(before.value), offset(after.value)
        for wall in _onsets(part, time(start.value, None).wall, change[0], until, steps):
            yield (wall - change[0]).replace(tzinfo=UTC), *change


def _onsets(
    part: Component, first: datetime, before: timedelta, until: datetime, steps: Steps
) -> Iterator[datetime]:
    yield first
    for repeated in part.all("RDATE"):
        for one in listed(repeated.value):
            steps.take()
            yield time(one.partition("/")[0], None).wall
    for rule in part.all("RRULE"):
        yield from walls(
            parsed(rule.value),
            first,
            until,
            steps,
            instant=lambda wall: (wall - before).replace(tzinfo=UTC),
        )


def _zone(changes: Iterable[_Change]) -> Zone:
    found = sorted(set(changes))
    if not found:
        raise Unreadable("bad_zone")
    offsets = [found[0][1], *(after for _, _, after in found)]
    turns = [
        (at + max(before, after)).replace(tzinfo=None)
        for (at, _, after), before in zip(found, offsets, strict=False)
    ]
    return Defined(tuple(at for at, _, _ in found), tuple(turns), tuple(offsets))


def wall_zone(zones: Zones, calendar: Component) -> Zone | None:
    """Give the zone of X-WR-TIMEZONE, in which the calendar was kept, where it says so."""
    told = calendar.one("X-WR-TIMEZONE")
    if told is None:
        return None
    try:
        return zones.get(told.value)
    except Unreadable:
        return None
