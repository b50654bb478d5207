"""Business time for many pairs of instants: whole days are added up once."""

from datetime import date, datetime, timedelta
from functools import cached_property

from attrs import define, field

from orthocrm.core.settings import Clinic
from orthocrm.core.time import DAY
from orthocrm.followup.due import Calendar, subtract_business

_NOTHING = timedelta()


@define(slots=False)
class PracticeClock:
    """Business time by the clinic's hours, exactly as its follow-up counts it.

    `_before` holds, for each day from `_first` on, the business time of all days before it.
    """

    clinic: Clinic
    _first: date | None = None
    _before: list[timedelta] = field(factory=lambda: [_NOTHING])

    @cached_property
    def _calendar(self) -> Calendar:
        return Calendar.of_clinic(self.clinic)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Measure business time from one instant to another, negative when `end` comes first."""
        if self._calendar.counts_always:
            return end - start
        return self._until(end) - self._until(start)

    def before(self, end: datetime, amount: timedelta) -> datetime:
        """Give the latest instant that lies `amount` of business time before `end`."""
        return subtract_business(self._calendar, end, amount)

    def _until(self, at: datetime) -> timedelta:
        """Measure business time from the first known day to an instant."""
        day = self._calendar.day_of(at)
        whole = self._of_days_before(day)
        return whole + sum(
            (
                max(min(closed, at) - opened, _NOTHING)
                for opened, closed in self._calendar.spans(day)
            ),
            _NOTHING,
        )

    def _of_days_before(self, day: date) -> timedelta:
        if self._first is None:
            self._first = day
        if day < self._first:
            return -sum(
                (self._of(day + n * DAY) for n in range((self._first - day).days)), _NOTHING
            )
        number = (day - self._first).days
        while len(self._before) <= number:
            last = self._first + (len(self._before) - 1) * DAY
            self._before.append(self._before[-1] + self._of(last))
        return self._before[number]

    def _of(self, day: date) -> timedelta:
        spans = self._calendar.spans(day)
        return sum((closed - opened for opened, closed in spans), _NOTHING)
