"""VEVENTs as values: when one happens, how it repeats, and whether it takes time."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.ical.parsing import Component, Property
from orthocrm.scheduling.ical.values import (
    UTC_ZONE,
    Length,
    Time,
    Unreadable,
    Zone,
    checked,
    length,
    listed,
    period,
    time,
)
from orthocrm.scheduling.ical.zones import Zones
from orthocrm.scheduling.recurrence import Rule, parsed

_WHOLE_DAY: Final = Length(days=1)
_LONGEST_UID: Final = 255
_UNTIL_DATE = re.compile(r"UNTIL=[0-9]{8}\s*(?:;|$)", re.IGNORECASE)


@frozen
class Clocks:
    """How times of one calendar are read.

    `here` answers for dates and floating times; `kept_in` is X-WR-TIMEZONE, in which times that
    are given in UTC repeat.
    """

    zones: Zones
    here: Zone
    kept_in: Zone | None = None

    def read(self, told: Property, text: str | None = None) -> Time:
        """Read the value of a property, or one of its values."""
        return self.placed(time(told.value if text is None else text, self.zone(told)))

    def zone(self, told: Property) -> Zone | None:
        """Give the zone of a property's TZID; None where it has none."""
        tzid = told.params.get("TZID")
        return self.kept_in if tzid is None else self.zones.get(tzid)

    def placed(self, at: Time) -> Time:
        """Move what is in UTC to where the calendar was kept."""
        if at.zone is UTC_ZONE and self.kept_in is not None:
            return Time(self.kept_in.wall(UTC_ZONE.instant(at.wall)), self.kept_in)
        return at


@frozen(kw_only=True)
class Entry:
    """One VEVENT. `replaces` is its RECURRENCE-ID, `and_later` whether it speaks for later ones."""

    number: int
    uid: str = field(repr=False)
    start: Time
    length: Length
    takes_time: bool
    cancelled: bool
    sequence: int = 0
    rules: tuple[Rule, ...] = ()
    added: tuple[tuple[Time, Length | None], ...] = ()
    excluded: tuple[Time, ...] = ()
    replaces: Time | None = None
    and_later: bool = False


def entry(number: int, component: Component, clocks: Clocks) -> Entry:
    """Read a VEVENT.

    Raises:
        Unreadable: a value of it cannot be read.
    """
    told = component.one("DTSTART")
    if told is None:
        raise Unreadable("no_start")
    start = clocks.read(told)
    replaced = component.one("RECURRENCE-ID")
    return Entry(
        number=number,
        uid=uid_of(number, component),
        start=start,
        length=_length(component, start, clocks),
        takes_time=_takes_time(component),
        cancelled=component.word("STATUS") == "CANCELLED",
        sequence=_sequence(component),
        rules=_rules(component.all("RRULE"), start),
        added=tuple(_added(component, start, clocks)),
        excluded=tuple(_excluded(component, clocks)),
        replaces=None if replaced is None else clocks.read(replaced),
        and_later=replaced is not None and replaced.params.get("RANGE", "") == "THISANDFUTURE",
    )


def uid_of(number: int, component: Component) -> str:
    """Give the UID as one line that can be stored; an entry without one is alone."""
    told = component.one("UID")
    uid = "" if told is None else told.value.strip()[:_LONGEST_UID]
    return "".join(sign if sign.isprintable() else "?" for sign in uid) or f"entry-{number}"


def _takes_time(component: Component) -> bool:
    return (
        component.word("TRANSP") != "TRANSPARENT"
        and component.word("X-MICROSOFT-CDO-BUSYSTATUS") != "FREE"
    )


def _sequence(component: Component) -> int:
    word = component.word("SEQUENCE")
    return int(word[:9]) if word.isascii() and word.isdigit() else 0


def _length(component: Component, start: Time, clocks: Clocks) -> Length:
    ends, lasts = component.one("DTEND"), component.one("DURATION")
    if ends is not None:
        return _between(start, clocks.read(ends), clocks.here)
    if lasts is not None:
        return length(lasts.value)
    return _WHOLE_DAY if start.is_date else Length()


def _between(start: Time, end: Time, here: Zone) -> Length:
    if start.is_date and end.is_date:
        days = (end.wall - start.wall).days
        found = Length(days=days)
    else:
        found = Length(exact=end.instant(here) - start.instant(here))
    checked(found.about)
    return found


def _rules(told: Iterable[Property], start: Time) -> tuple[Rule, ...]:
    try:
        return tuple(_rule(one.value, start) for one in told if one.value.strip())
    except InvalidInput:
        raise Unreadable("bad_rule") from None


def _rule(text: str, start: Time) -> Rule:
    """Read a rule; a date as the UNTIL of what has a time of day means that date's midnight.

    RFC 5545 allows no such UNTIL; other programs read it so.
    """
    rule = parsed(text)
    if rule.until is None or start.is_date or not _UNTIL_DATE.search(text):
        return rule
    midnight = datetime.combine(rule.until.wall.date(), datetime.min.time())
    return evolve(rule, until=evolve(rule.until, wall=midnight))


def _added(
    component: Component, start: Time, clocks: Clocks
) -> Iterable[tuple[Time, Length | None]]:
    for told in component.all("RDATE"):
        for text in listed(told.value):
            if "/" not in text:
                yield _like(clocks.read(told, text), start), None
                continue
            first, end = period(text, clocks.zone(told))
            lasts = _between(first, end, clocks.here) if isinstance(end, Time) else end
            yield _like(clocks.placed(first), start), lasts


def _excluded(component: Component, clocks: Clocks) -> Iterable[Time]:
    for told in component.all("EXDATE"):
        for text in listed(told.value):
            yield clocks.read(told, text)


def _like(at: Time, start: Time) -> Time:
    """Take a floating time, or a date among times, as one of the entry's own zone."""
    if at.zone is None and start.zone is not None:
        return Time(at.wall, start.zone)
    return at
