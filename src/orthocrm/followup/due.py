"""Business time: elapsed time that counts only while the practice is open.

A day of the calendar runs from local midnight to local midnight. Its openings are those of the
weekday, or of a special date, and what the night before reaches into it; a closed or special date
cuts that off. So days never overlap, and nothing counts twice (scheduling rules R1 to R3, R5).
A public holiday is a closed date, unless the practice gave it special openings.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from orthocrm.core.errors import InvalidInput
from orthocrm.core.settings import BusinessHours, Clinic, Opening
from orthocrm.core.time import DAY, instant, midnight, zone
from orthocrm.followup.holidays import public_holidays

Span = tuple[datetime, datetime]
"""Open instants `[from, until)`, in UTC."""

HORIZON = timedelta(days=7305)
"""How far a due time is searched: twenty years."""

_NOTHING = timedelta()
_REMEMBERED_DAYS = 4096


class Calendar:
    """A practice's business hours in its zone.

    A practice whose week has no opening at all would never become due: there every hour counts.
    """

    def __init__(self, hours: BusinessHours, zone_name: str, holidays: str | None = None) -> None:
        self.counts_always = not hours.week
        self._hours = hours
        self._holidays = holidays
        self._zone_name = zone_name
        self._zone = zone(zone_name)
        self._spans: dict[date, tuple[Span, ...]] = {}

    @staticmethod
    def of(hours: BusinessHours, zone_name: str, holidays: str | None = None) -> "Calendar":
        """Give the calendar, the same one for the same hours, zone and place of holidays."""
        special = tuple(sorted((day, tuple(windows)) for day, windows in hours.special.items()))
        return _calendar(hours.week, hours.closed, special, zone_name, holidays)

    @staticmethod
    def of_clinic(clinic: Clinic) -> "Calendar":
        """Give the calendar of a clinic.

        Raises:
            MissingExtra: the clinic keeps public holidays, and the extra `calendar` is missing.
        """
        return Calendar.of(clinic.settings.hours, clinic.timezone, clinic.settings.holidays)

    def day_of(self, at: datetime) -> date:
        """Give the local date of an instant."""
        return at.astimezone(self._zone).date()

    def spans(self, day: date) -> tuple[Span, ...]:
        """Give the open spans of a local date, in order, not touching each other."""
        found = self._spans.get(day)
        if found is None:
            if len(self._spans) >= _REMEMBERED_DAYS:
                self._spans.clear()
            found = self._spans[day] = _merged(self._clipped(day))
        return found

    def _clipped(self, day: date) -> Iterator[Span]:
        first, last = midnight(day, self._zone_name), midnight(day + DAY, self._zone_name)
        spans = list(self._resolved(day))
        if not self._is_exception(day):
            spans += self._resolved(day - DAY)
        for opened, closed in spans:
            start, end = max(opened, first), min(closed, last)
            if start < end:
                yield start, end

    def _is_exception(self, day: date) -> bool:
        return day in self._hours.special or self._is_closed(day)

    def _is_closed(self, day: date) -> bool:
        """Whether nobody works on a date: special openings make up for a holiday."""
        if day in self._hours.closed:
            return True
        is_usual = self._holidays is not None and day not in self._hours.special
        return is_usual and day in public_holidays(self._holidays or "", day.year)

    def _resolved(self, day: date) -> Iterator[Span]:
        """Resolve the windows that start on a date; overnight ones end on the next date (R2)."""
        for window in self._windows(day):
            ends_on = day + DAY if window.end <= window.start else day
            yield self._instant(day, window.start), self._instant(ends_on, window.end)

    def _windows(self, day: date) -> tuple[Opening, ...]:
        if self._is_closed(day):
            return ()
        if day in self._hours.special:
            return self._hours.special[day]
        weekday = day.isoweekday() % 7
        return tuple(window for window in self._hours.week if window.weekday == weekday)

    def _instant(self, day: date, wall: time) -> datetime:
        """Resolve a wall time: the first of two, and past a gap by the gap (R1)."""
        return datetime.combine(day, wall.replace(tzinfo=None, fold=0), self._zone).astimezone(UTC)


@lru_cache(maxsize=128)
def _calendar(
    week: tuple[Opening, ...],
    closed: frozenset[date],
    special: tuple[tuple[date, tuple[Opening, ...]], ...],
    zone_name: str,
    holidays: str | None,
) -> Calendar:
    hours = BusinessHours(week=week, closed=closed, special=dict(special))
    return Calendar(hours, zone_name, holidays)


def _merged(spans: Iterator[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def add_business(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    """Give the earliest instant that lies `amount` of business time after `start`.

    Raises:
        InvalidInput: `start` is naive, `amount` negative, or the practice is hardly ever open.
    """
    start = instant(start, "start")
    remaining = _not_negative(amount)
    if calendar.counts_always or not remaining:
        return start + amount
    day, last = calendar.day_of(start), calendar.day_of(start + HORIZON)
    while day <= last:
        for opened, closed in calendar.spans(day):
            begins = max(opened, start)
            if begins < closed:
                if remaining <= closed - begins:
                    return begins + remaining
                remaining -= closed - begins
        day += DAY
    raise _hardly_open()


def subtract_business(calendar: Calendar, end: datetime, amount: timedelta) -> datetime:
    """Give the latest instant that lies `amount` of business time before `end`.

    Raises:
        InvalidInput: `end` is naive, `amount` negative, or the practice is hardly ever open.
    """
    end = instant(end, "end")
    remaining = _not_negative(amount)
    if calendar.counts_always or not remaining:
        return end - amount
    day, first = calendar.day_of(end), calendar.day_of(end - HORIZON)
    while day >= first:
        for opened, closed in reversed(calendar.spans(day)):
            ends = min(closed, end)
            if opened < ends:
                if remaining <= ends - opened:
                    return ends - remaining
                remaining -= ends - opened
        day -= DAY
    raise _hardly_open()


def business_between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Measure the business time from one instant to another, negative when `end` comes first."""
    start, end = instant(start, "start"), instant(end, "end")
    if end < start:
        return -business_between(calendar, end, start)
    if calendar.counts_always:
        return end - start
    total = _NOTHING
    day, last = calendar.day_of(start), calendar.day_of(end)
    while day <= last:
        for opened, closed in calendar.spans(day):
            total += max(min(closed, end) - max(opened, start), _NOTHING)
        day += DAY
    return total


def _not_negative(amount: timedelta) -> timedelta:
    if amount < _NOTHING:
        raise InvalidInput.at("amount", "out_of_range", "give a time that is not negative")
    return amount


def _hardly_open() -> InvalidInput:
    return InvalidInput.at("hours", "hardly_open", "so much business time takes over 20 years")
