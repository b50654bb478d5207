"""Recurrence rules expanded within a budget, whatever they ask for."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from math import prod
from typing import Final

from attrs import astuple, evolve

from orthocrm.scheduling.ical.parsing import refused
from orthocrm.scheduling.ical.values import Unreadable
from orthocrm.scheduling.recurrence import BY_DATE, Rule

_PERIODS: Final = {
    "YEARLY": (timedelta(days=365), 366),
    "MONTHLY": (timedelta(days=28), 31),
    "WEEKLY": (timedelta(days=7), 7),
    "DAILY": (timedelta(days=1), 1),
    "HOURLY": (timedelta(hours=1), 1),
    "MINUTELY": (timedelta(minutes=1), 1),
    "SECONDLY": (timedelta(seconds=1), 1),
}
"""The least length of a period, and how many dates or times are looked at in it."""
_VALUES_A_STEP: Final = 8
_SEARCHED: Final = timedelta(days=366 * 30)


class Steps:
    """The work that is left for a whole calendar."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, steps: int = 1) -> None:
        """Take some of it.

        Raises:
            InvalidInput: the calendar asks for more than there is.
        """
        self._left -= steps
        if self._left < 0:
            raise refused("too_many", "the calendar repeats too often to be expanded")


def _as_utc(wall: datetime) -> datetime:
    return wall.replace(tzinfo=UTC)


def walls(
    rule: Rule,
    first: datetime,
    before: datetime,
    steps: Steps,
    since: datetime | None = None,
    instant: Callable[[datetime], datetime] = _as_utc,
) -> Iterator[datetime]:
    """Give the wall times of a rule up to `before`, those long before `since` perhaps left out.

    Raises:
        InvalidInput: it takes more steps than are left.
        Unreadable: it can never happen, so that nobody could search for it to the end.
    """
    _pay(rule, first, before, since, steps)
    if not rule.by_date:
        _pay_the_search(_dates_of(rule), first, steps)
    try:
        for wall in rule.occurrences(first, before, since, instant):
            steps.take()
            yield wall
    except (ValueError, OverflowError):
        raise Unreadable("bad_rule") from None


def _pay(
    rule: Rule, first: datetime, before: datetime, since: datetime | None, steps: Steps
) -> None:
    last = before if rule.until is None else min(before, rule.until.wall)
    skips = rule.by_date and rule.count is None and since is not None
    start = max(first, since) if skips and since is not None else first
    length, looked_at = _PERIODS[rule.frequency]
    periods = max(timedelta(), last - start) // (length * rule.interval)
    chosen = sum(map(len, astuple(rule.dates, recurse=False)[:-1]))
    steps.take(1 + periods * looked_at * (1 + chosen // _VALUES_A_STEP))
    steps.take(prod(len(values) for values in rule.times.values()))


def _pay_the_search(dates: Rule, first: datetime, steps: Steps) -> None:
    found = next(dates.occurrences(first, first + _SEARCHED), None)
    steps.take(((found or first + _SEARCHED) - first).days)
    if found is None:
        raise Unreadable("bad_rule")


def _dates_of(rule: Rule) -> Rule:
    """Give the rule of the dates on which a rule by the time of day can happen."""
    if rule.frequency in BY_DATE:
        return evolve(rule, times={}, count=None, until=None)
    return evolve(rule, frequency="DAILY", interval=1, times={}, count=None, until=None)
