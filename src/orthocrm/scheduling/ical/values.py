"""The values of iCalendar that tell times: dates, wall times, lengths, offsets and periods."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

from attrs import field, frozen

from orthocrm.core.errors import OrthoCRMError

_DATE = re.compile(r"[0-9]{8}")
_DATE_TIME = re.compile(r"([0-9]{8})T([0-9]{4})([0-9]{2})(Z?)", re.IGNORECASE)
_LENGTH = re.compile(
    r"([+-]?)P(?:([0-9]{1,7})W)?(?:([0-9]{1,7})D)?"
    r"(?:T(?:([0-9]{1,7})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,9})S)?)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-])([0-9]{2})([0-9]{2})([0-9]{2})?")
_FIRST_YEAR, _LAST_YEAR = 1601, 2500
_LEAP_SECOND: Final = "60"
_LONGEST: Final = timedelta(days=3660)
_FURTHEST: Final = timedelta(hours=24)


class Unreadable(OrthoCRMError):
    """A value of an entry cannot be read; only that entry is left out, `reason` says why."""

    code = "unreadable"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Zone(Protocol):
    """The clocks of a place."""

    def instant(self, wall: datetime) -> datetime:
        """Give the instant in UTC of a wall time (R1)."""
        ...

    def wall(self, at: datetime) -> datetime:
        """Give the wall time of an instant."""
        ...


class Utc:
    """UTC as a `Zone`."""

    def instant(self, wall: datetime) -> datetime:
        """Take the wall time as UTC."""
        return wall.replace(tzinfo=UTC)

    def wall(self, at: datetime) -> datetime:
        """Give the instant without its zone."""
        return at.astimezone(UTC).replace(tzinfo=None)


UTC_ZONE: Final = Utc()


@frozen
class Time:
    """A DATE or DATE-TIME: `wall` is midnight for a date; without a zone it is floating."""

    wall: datetime
    zone: Zone | None = None
    is_date: bool = False

    def instant(self, fallback: Zone) -> datetime:
        """Give the instant; floating times and dates are in the fallback's zone."""
        return (self.zone or fallback).instant(self.wall)


@frozen
class Length:
    """A length of `days`, which are nominal (a day of 25 hours is one), and of `exact` time."""

    days: int = 0
    exact: timedelta = field(default=timedelta())

    def after(self, start: datetime, zone: Zone) -> datetime:
        """Give the end, as an instant, of what begins at a wall time of a zone."""
        return zone.instant(start + timedelta(days=self.days)) + self.exact

    @property
    def about(self) -> timedelta:
        """The length, were all days of 24 hours."""
        return timedelta(days=self.days) + self.exact


def time(text: str, zone: Zone | None) -> Time:
    """Read a DATE or DATE-TIME; a zone is given by TZID, and `Z` wins over it."""
    plain = text.strip()
    if _DATE.fullmatch(plain):
        return Time(datetime.combine(_day(plain), datetime.min.time()), None, is_date=True)
    found = _DATE_TIME.fullmatch(plain)
    if found is None:
        raise Unreadable("bad_time")
    day, clock, second, in_utc = found.groups()
    second = "59" if second == _LEAP_SECOND else second
    wall = datetime.combine(_day(day), datetime.min.time())
    hours, minutes, seconds = int(clock[:2]), int(clock[2:]), int(second)
    try:
        wall = wall.replace(hour=hours, minute=minutes, second=seconds)
    except ValueError:
        raise Unreadable("bad_time") from None
    return Time(wall, UTC_ZONE if in_utc else zone)


def _day(text: str) -> date:
    if not _FIRST_YEAR <= int(text[:4]) <= _LAST_YEAR:
        raise Unreadable("out_of_range")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise Unreadable("bad_time") from None


def length(text: str) -> Length:
    """Read a DURATION; one that is negative or longer than ten years is nobody's appointment."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None or not any(found.groups()[1:]):
        raise Unreadable("bad_length")
    sign, weeks, days, hours, minutes, seconds = found.groups()
    exact = timedelta(hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0))
    whole = Length(7 * int(weeks or 0) + int(days or 0), exact)
    checked(whole.about)
    if sign == "-" and whole.about:
        raise Unreadable("end_before_start")
    return whole


def checked(about: timedelta) -> None:
    """Refuse a length that is negative or longer than ten years."""
    if about < timedelta():
        raise Unreadable("end_before_start")
    if about > _LONGEST:
        raise Unreadable("too_long")


def offset(text: str) -> timedelta:
    """Read a UTC-OFFSET."""
    found = _OFFSET.fullmatch(text.strip())
    if found is None:
        raise Unreadable("bad_offset")
    sign, hours, minutes, seconds = found.groups()
    size = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
    if size >= _FURTHEST:
        raise Unreadable("bad_offset")
    return -size if sign == "-" else size


def listed(text: str) -> Iterator[str]:
    """Give the values of a list; empty ones are left out."""
    return (one.strip() for one in text.split(",") if one.strip())


def period(text: str, zone: Zone | None) -> tuple[Time, Time | Length]:
    """Read a PERIOD: its start, and its end or its length."""
    start, _, rest = text.partition("/")
    if not rest:
        raise Unreadable("bad_period")
    if rest.strip().lstrip("+-").upper().startswith("P"):
        return time(start, zone), length(rest)
    return time(start, zone), time(rest, zone)
