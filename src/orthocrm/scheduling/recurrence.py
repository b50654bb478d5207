"""Recurrence rules of RFC 5545 over wall times.

BYMONTHDAY by year without BYMONTH happens in every month, as in dateutil; libical keeps the month
of the start.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any, Final, Literal

from attrs import frozen
from dateutil import rrule

from orthocrm.core.errors import InvalidInput
from orthocrm.core.time import DAY
from orthocrm.scheduling.expansion import DateParts, Nth, expanded

_PATH: Final = "rrule"
_MOST: Final = 500
_WEEKS: Final = 53
_WEEKS_OF_MONTH: Final = 5
_SEARCHED = timedelta(days=366 * 30)
_FREQUENCIES: Final[Mapping[str, Literal[0, 1, 2, 3, 4, 5, 6]]] = {
    "YEARLY": rrule.YEARLY,
    "MONTHLY": rrule.MONTHLY,
    "WEEKLY": rrule.WEEKLY,
    "DAILY": rrule.DAILY,
    "HOURLY": rrule.HOURLY,
    "MINUTELY": rrule.MINUTELY,
    "SECONDLY": rrule.SECONDLY,
}
BY_DATE: Final = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY"})
"""Frequencies that repeat a wall time on dates."""
_BY_TIME: Final = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,4}")
_UNTIL = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")
_NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "BYMONTH": (1, 12),
    "BYMONTHDAY": (-31, 31),
    "BYYEARDAY": (-366, 366),
    "BYWEEKNO": (-_WEEKS, _WEEKS),
    "BYSETPOS": (-366, 366),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 59),
}
_LIMITS: Final[Mapping[str, frozenset[str]]] = {
    "BYWEEKNO": frozenset({"YEARLY"}),
    "BYMONTHDAY": frozenset(_FREQUENCIES) - {"WEEKLY"},
    "BYYEARDAY": frozenset(_FREQUENCIES) - {"DAILY", "WEEKLY", "MONTHLY"},
}
"""Which frequencies a part may stand with, as RFC 5545 3.3.10 says; others take any."""


def _refused(code: str, message: str) -> InvalidInput:
    return InvalidInput.at(_PATH, code, message)


@frozen
class Until:
    """The last instant or wall time of a rule, inclusive; a date alone is that whole date."""

    wall: datetime
    in_utc: bool

    def allows(self, occurrence: datetime, instant: Callable[[datetime], datetime]) -> bool:
        """Whether an occurrence is not after it."""
        if self.in_utc:
            return instant(occurrence) <= self.wall.replace(tzinfo=UTC)
        return occurrence <= self.wall


@frozen
class Rule:
    """A rule that was read: its frequency, its end, and its parts."""

    frequency: str
    interval: int
    count: int | None
    until: Until | None
    dates: DateParts
    times: Mapping[str, Sequence[int]]

    @property
    def by_date(self) -> bool:
        """Whether it repeats one wall time on dates."""
        return self.frequency in BY_DATE and not self.times

    def occurrences(
        self,
        first: datetime,
        before: datetime,
        since: datetime | None = None,
        instant: Callable[[datetime], datetime] = lambda wall: wall.replace(tzinfo=UTC),
    ) -> Iterator[datetime]:
        """Give the wall times at which it happens, ascending.

        Args:
            first: DTSTART as a naive wall time.
            before: The wall time at which to stop, inclusive.
            since: Occurrences before this wall time may be left out.
            instant: How a wall time becomes an instant, for an UNTIL in UTC.
        """
        until = self.until
        last = before if until is None else min(before, until.wall + DAY)
        if self.by_date:
            found = self._on_dates(first, last, None if self.count else since)
        else:
            found = self._by_time(first, last)
        if until is None:
            return islice(found, self.count)
        return takewhile(lambda occurrence: until.allows(occurrence, instant), found)

    def _on_dates(
        self, first: datetime, last: datetime, since: datetime | None
    ) -> Iterator[datetime]:
        clock = first.time()
        dates = expanded(
            self.frequency,
            self.interval,
            self.dates,
            first.date(),
            last.date(),
            None if since is None else since.date(),
        )
        walls = (datetime.combine(day, clock) for day in dates)
        return takewhile(lambda wall: wall <= last, walls)

    def _by_time(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """Expand rules by the time of day, which dateutil does well where they happen."""
        parts = self.dates
        return iter(
            rrule.rrule(
                _FREQUENCIES[self.frequency],
                dtstart=first,
                interval=self.interval,
                until=last,
                wkst=parts.wkst,
                bymonth=parts.bymonth or None,
                bymonthday=parts.bymonthday or None,
                byyearday=parts.byyearday or None,
                byweekno=parts.byweekno or None,
                byweekday=[_rrule_weekday(nth) for nth in parts.byday] or None,
                bysetpos=parts.bysetpos or None,
                byhour=self.times.get("byhour"),
                byminute=self.times.get("byminute"),
                bysecond=self.times.get("bysecond"),
            )
        )


def _rrule_weekday(nth: Nth) -> rrule.weekday:
    place, weekday = nth
    return rrule.weekday(weekday, place)


def parsed(text: object) -> Rule:
    """Read an RRULE; refuse what RFC 5545 does not allow."""
    parts = _split(text)
    frequency = parts.pop("FREQ", "")
    if frequency not in _FREQUENCIES:
        raise _refused("unknown_frequency", "give FREQ with a frequency of RFC 5545")
    if "COUNT" in parts and "UNTIL" in parts:
        raise _refused("count_and_until", "give either COUNT or UNTIL")
    count = _positive(parts.pop("COUNT")) if "COUNT" in parts else None
    until = _until(parts.pop("UNTIL")) if "UNTIL" in parts else None
    interval = _positive(parts.pop("INTERVAL", "1"))
    if "BYSETPOS" in parts and not any(p.startswith("BY") for p in parts if p != "BYSETPOS"):
        raise _refused("bad_part", "BYSETPOS needs another part that begins with BY")
    chosen = {name: _part(name, value, frequency, parts) for name, value in parts.items()}
    times = {name.lower(): chosen.pop(name) for name in _BY_TIME if name in chosen}
    dates = DateParts(**{name.lower(): value for name, value in chosen.items()})
    return Rule(frequency, interval, count, until, dates, times)


def _split(text: object) -> dict[str, str]:
    if not isinstance(text, str):
        raise _refused("wrong_type", "give a text")
    if len(text) > _MOST:
        raise _refused("too_long", f"give at most {_MOST} characters")
    found: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in found:
            raise _refused("bad_part", "give parts such as FREQ=WEEKLY, each once")
        found[name] = value
    return found


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) < 10**6:
        raise _refused("bad_number", "give COUNT and INTERVAL as numbers above 0")
    return int(text)


def _until(text: str) -> Until:
    found = _UNTIL.fullmatch(text)
    if found is None:
        raise _refused("bad_until", "give UNTIL as a date or a date and time")
    day, clock, in_utc = found.groups()
    try:
        wall = datetime.strptime(day + (clock or "235959"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - a wall time
    except ValueError:
        raise _refused("bad_until", "give a date that exists in UNTIL") from None
    return Until(wall, bool(in_utc))


def _part(name: str, text: str, frequency: str, parts: Mapping[str, str]) -> Any:  # noqa: ANN401 - each part has its form
    if frequency not in _LIMITS.get(name, _FREQUENCIES):
        raise _refused("bad_part", f"{name} does not go with this frequency")
    if name == "WKST":
        if text not in _WEEKDAYS:
            raise _refused("bad_part", "give WKST as a weekday such as MO")
        return _WEEKDAYS.index(text)
    if name == "BYDAY":
        return tuple(_weekday(one, _most_weekdays(frequency, parts)) for one in text.split(","))
    if name not in _NUMBERS:
        raise _refused("bad_part", "leave out the parts that RFC 5545 does not know")
    return tuple(_number(name, one) for one in text.split(","))


def _most_weekdays(frequency: str, parts: Mapping[str, str]) -> int:
    """Give how many of one weekday there can be to be numbered."""
    if frequency == "MONTHLY" or (frequency == "YEARLY" and "BYMONTH" in parts):
        return _WEEKS_OF_MONTH
    return _WEEKS if frequency == "YEARLY" and "BYWEEKNO" not in parts else 0


def _weekday(text: str, most: int) -> Nth:
    found = _WEEKDAY.fullmatch(text)
    if found is None:
        raise _refused("bad_part", "give BYDAY as weekdays such as MO or 1FR")
    number, name = found.groups()
    if number is not None and not 1 <= abs(int(number)) <= most:
        message = "number weekdays by month up to 5, by year up to 53, and not otherwise"
        raise _refused("bad_part", message)
    return None if number is None else int(number), _WEEKDAYS.index(name)


def _number(name: str, text: str) -> int:
    least, most = _NUMBERS[name]
    number = int(text) if _NUMBER.fullmatch(text) else most + 1
    if not least <= number <= most or (number == 0 and name not in _BY_TIME):
        raise _refused("bad_part", f"give {name} as numbers that it can have")
    return number


def never_happens(rule: Rule, first: datetime) -> bool:
    """Whether a rule by date has no occurrence within thirty years of its start: 30 February."""
    return next(rule.occurrences(first, first + _SEARCHED), None) is None
