"""Instants, zones and periods: an instant is aware UTC, local time appears only beside a zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from attrs import field, frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput

DAY = timedelta(days=1)
_MONTHS = 12
_WEEK = timedelta(days=7)


def instant(value: object, path: str) -> datetime:
    """Take an aware datetime as UTC; refuse naive ones and everything else by name of the field."""
    if not isinstance(value, datetime):
        raise InvalidInput.at(path, "not_an_instant", "give a datetime")
    if value.year not in limits.YEARS:
        raise InvalidInput.at(path, "out_of_range", "give an instant that people live to see")
    if value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        raise InvalidInput.at(path, "naive_datetime", "give a datetime with a time zone")
    return value.astimezone(UTC)


@lru_cache(maxsize=512)
def zone(name: str, path: str = "timezone") -> ZoneInfo:
    """Look up an IANA zone; refuse what the zone database does not hold."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):
        raise InvalidInput.at(path, "unknown_zone", "give an IANA time zone") from None


def midnight(day: date, zone_name: str) -> datetime:
    """Give the instant at which a local date begins (first occurrence, as rule R1 says)."""
    return datetime(day.year, day.month, day.day, tzinfo=zone(zone_name)).astimezone(UTC)


def milliseconds(start: datetime, end: datetime) -> int:
    """Measure the elapsed whole milliseconds, negative when `end` comes first."""
    return (end - start) // timedelta(milliseconds=1)


@frozen
class Period:
    """Local dates `[first, until)` of a clinic, half-open, turned into instants by its zone.

    Its `unit` is `month` or `year` where it is a calendar one, however it was named, else `days`.

    >>> Period.month(2026, 11).previous()
    Period(first=datetime.date(2026, 10, 1), until=datetime.date(2026, 11, 1), unit='month')
    """

    first: date
    until: date
    unit: str = field(init=False)

    @unit.default
    def _unit(self) -> str:
        first, until = self.first, self.until
        if first.day != 1 or until.day != 1:
            return "days"
        months = (until.year - first.year) * _MONTHS + until.month - first.month
        if months == _MONTHS and first.month == 1:
            return "year"
        return "month" if months == 1 else "days"

    def __attrs_post_init__(self) -> None:
        if self.until <= self.first:
            raise InvalidInput.at("period", "empty_period", "the period must end after it begins")
        if self.first.year not in limits.YEARS or self.until.year not in limits.YEARS:
            raise _beyond_the_calendar()

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        """Cover one calendar month."""
        try:
            first = date(year, month, 1)
        except (ValueError, TypeError):
            raise InvalidInput.at("period", "bad_month", "give a year and a month") from None
        if year not in limits.YEARS:
            raise _beyond_the_calendar()
        return cls(first, _months_later(first, 1))

    @classmethod
    def year(cls, year: int) -> Self:
        """Cover one calendar year."""
        if type(year) is not int or year not in limits.YEARS:
            raise _beyond_the_calendar()
        return cls(date(year, 1, 1), date(year + 1, 1, 1))

    @classmethod
    def days(cls, first: date, last: date) -> Self:
        """Cover local dates, both inclusive."""
        if last.year not in limits.YEARS:
            raise _beyond_the_calendar()
        return cls(first, last + DAY)

    def previous(self) -> "Period":
        """Give the comparison window: the month or year before, else as many days before."""
        if self.unit == "month":
            return Period(_months_later(self.first, -1), self.first)
        if self.unit == "year":
            return Period(_months_later(self.first, -_MONTHS), self.first)
        length = self.until - self.first
        if length > self.first - date.min:
            raise _beyond_the_calendar()
        return Period(self.first - length, self.first)

    def instants(self, zone_name: str) -> tuple[datetime, datetime]:
        """Give the period's half-open instants in a zone."""
        return midnight(self.first, zone_name), midnight(self.until, zone_name)

    def months(self) -> Iterator["Period"]:
        """Cut the period at month borders; a part of a month keeps its own edges."""
        start = self.first
        while start < self.until:
            end = min(_months_later(start.replace(day=1), 1), self.until)
            yield Period(start, end)
            start = end

    def weeks(self) -> Iterator["Period"]:
        """Cut the period where weeks begin, on Mondays; parts of a week keep their own edges."""
        start = self.first
        while start < self.until:
            end = min(start + (_WEEK - start.weekday() * DAY), self.until)
            yield Period(start, end)
            start = end

    def each_day(self) -> Iterator["Period"]:
        """Cut the period into its days."""
        for number in range((self.until - self.first).days):
            yield Period(self.first + number * DAY, self.first + (number + 1) * DAY)


def _beyond_the_calendar() -> InvalidInput:
    years = f"{limits.YEARS[0]} to {limits.YEARS[-1]}"
    return InvalidInput.at("period", "out_of_range", f"give dates of the years {years}")


def _months_later(day: date, months: int) -> date:
    index = day.year * _MONTHS + day.month - 1 + months
    return date(index // _MONTHS, index % _MONTHS + 1, 1)
