"""The dates of a recurrence rule, period by period, and never further than asked.

dateutil would look for the next occurrence of an impossible rule until the year 9999.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta

from attrs import evolve, frozen

from orthocrm.scheduling.zones import date_of, day_number

_WEEK = 7
_MONTHS = 12
_MID_WEEK = 3
_ONE = timedelta(days=1)

Nth = tuple[int | None, int]
"""A weekday, 0 for Monday, with its number from the start or the end of a month or year."""


@frozen(kw_only=True)
class DateParts:
    """The parts of a rule that choose dates; empty ones choose nothing away."""

    bymonth: tuple[int, ...] = ()
    bymonthday: tuple[int, ...] = ()
    byyearday: tuple[int, ...] = ()
    byweekno: tuple[int, ...] = ()
    byday: tuple[Nth, ...] = ()
    bysetpos: tuple[int, ...] = ()
    wkst: int = 0


def expanded(
    frequency: str,
    interval: int,
    parts: DateParts,
    first: date,
    last: date,
    since: date | None = None,
) -> Iterator[date]:
    """Give the dates of a rule from the first to the last, ascending.

    Those before `since` may be left out.
    """
    periods, completed = _KINDS[frequency]
    whole = completed(parts, first)
    begin = (
        first if since is None or since <= first else _skipped(frequency, interval, first, since)
    )
    for days in periods(begin, last, interval, whole):
        found = [day for day in days if _chosen(day, frequency, whole)]
        for day in _positioned(found, whole.bysetpos):
            if first <= day <= last:
                yield day


def _skipped(frequency: str, interval: int, first: date, since: date) -> date:
    """Give a date of the last period that begins before `since`, whole intervals skipped."""
    if frequency == "YEARLY":
        years = (since.year - first.year) // interval * interval
        return date(first.year + years, 1, 1)
    if frequency == "MONTHLY":
        months = _month(first) + (_month(since) - _month(first)) // interval * interval
        return date(months // _MONTHS, months % _MONTHS + 1, 1)
    every = interval * (_WEEK if frequency == "WEEKLY" else 1)
    return first + max(0, (since - first).days // every - 1) * every * _ONE


def _positioned(found: Sequence[date], positions: Iterable[int]) -> Sequence[date]:
    if not positions:
        return found
    places = {place - 1 if place > 0 else len(found) + place for place in positions}
    return [day for place, day in enumerate(found) if place in places]


def _chosen(day: date, frequency: str, parts: DateParts) -> bool:
    if parts.bymonth and day.month not in parts.bymonth:
        return False
    if parts.bymonthday and not _numbered(day.day, _month_length(day), parts.bymonthday):
        return False
    if parts.byyearday and not _numbered(_year_day(day), _year_length(day), parts.byyearday):
        return False
    if parts.byweekno and not _numbered(*_week(day, parts.wkst), parts.byweekno):
        return False
    return not parts.byday or any(_is_nth(day, nth, frequency, parts) for nth in parts.byday)


def _numbered(number: int, length: int, wanted: Sequence[int]) -> bool:
    """Whether a number is asked for, from the start or from the end."""
    return number in wanted or number - length - 1 in wanted


def _is_nth(day: date, nth: Nth, frequency: str, parts: DateParts) -> bool:
    place, weekday = nth
    if day.weekday() != weekday:
        return False
    if place is None:
        return True
    by_year = frequency == "YEARLY" and not parts.bymonth
    number, length = (
        (_year_day(day), _year_length(day)) if by_year else (day.day, _month_length(day))
    )
    return place in ((number - 1) // _WEEK + 1, -((length - number) // _WEEK + 1))


def _month_length(day: date) -> int:
    return ((day.replace(day=28) + 4 * _ONE).replace(day=1) - day.replace(day=1)).days


def _year_day(day: date) -> int:
    return (day - day.replace(month=1, day=1)).days + 1


def _year_length(day: date) -> int:
    return _year_day(day.replace(month=12, day=31))


def _week(day: date, wkst: int) -> tuple[int, int]:
    """Number a week, and count those of its year: a week belongs to where most of it lies."""
    start = day - _ONE * ((day.weekday() - wkst) % _WEEK)
    year = (start + _MID_WEEK * _ONE).year
    begin = _first_week(year, wkst)
    return (start - begin).days // _WEEK + 1, (_first_week(year + 1, wkst) - begin).days // _WEEK


def _first_week(year: int, wkst: int) -> date:
    fourth = date(year, 1, 4)
    return fourth - _ONE * ((fourth.weekday() - wkst) % _WEEK)


Periods = Iterator[Iterable[date]]


def _days(first: date, last: date, interval: int, _: DateParts) -> Periods:
    for number in range(day_number(first), day_number(last) + 1, interval):
        yield (date_of(number),)


def _weeks(first: date, last: date, interval: int, parts: DateParts) -> Periods:
    start = day_number(first) - (first.weekday() - parts.wkst) % _WEEK
    for number in range(start, day_number(last) + 1, interval * _WEEK):
        yield map(date_of, range(number, number + _WEEK))


def _months(first: date, last: date, interval: int, _: DateParts) -> Periods:
    for month in range(_month(first), _month(last) + 1, interval):
        start, end = (date(at // _MONTHS, at % _MONTHS + 1, 1) for at in (month, month + 1))
        yield map(date_of, range(day_number(start), day_number(end)))


def _month(day: date) -> int:
    return day.year * _MONTHS + day.month - 1


def _years(first: date, last: date, interval: int, _: DateParts) -> Periods:
    for year in range(first.year, last.year + 1, interval):
        yield map(date_of, range(day_number(date(year, 1, 1)), day_number(date(year + 1, 1, 1))))


def _as_given(parts: DateParts, _: date) -> DateParts:
    return parts


def _weekly(parts: DateParts, first: date) -> DateParts:
    return parts if parts.byday else evolve(parts, byday=((None, first.weekday()),))


def _monthly(parts: DateParts, first: date) -> DateParts:
    if parts.byday or parts.bymonthday:
        return parts
    return evolve(parts, bymonthday=(first.day,))


def _yearly(parts: DateParts, first: date) -> DateParts:
    """Take from the start what the rule leaves open (RFC 5545 3.3.10)."""
    if parts.byweekno and not parts.byday:
        return _weekly(parts, first)
    if parts.byday or parts.bymonthday or parts.byyearday or parts.byweekno:
        return parts
    return evolve(parts, bymonthday=(first.day,), bymonth=parts.bymonth or (first.month,))


_KINDS: dict[
    str,
    tuple[
        Callable[[date, date, int, DateParts], Periods],
        Callable[[DateParts, date], DateParts],
    ],
] = {
    "DAILY": (_days, _as_given),
    "WEEKLY": (_weeks, _weekly),
    "MONTHLY": (_months, _monthly),
    "YEARLY": (_years, _yearly),
}
