"""Between which instants and local dates a start may lie, before anybody's time is looked at."""

from datetime import date, datetime

from attrs import frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.time import zone as zone_named
from orthocrm.scheduling.intervals import Interval
from orthocrm.scheduling.request import HorizonDays, SlotRequest
from orthocrm.scheduling.zones import DAY, Offsets, ceil_minute, day_number, weekday

_SUNDAY, _SATURDAY = 0, 6
_WEEKDAYS = 5
_WEEK = 7
_NO_DATE = 10**7
_SLACK = 5 * DAY
"""How far the last date may lie behind its number in UTC, in whichever zone it is counted."""
_LONGEST = 3700 * DAY


@frozen
class Dates:
    """The local dates of a start, inclusive, as day numbers."""

    first: int
    last: int


def earliest(request: SlotRequest) -> int:
    """Give the first minute that is `notice` after now (R14)."""
    return ceil_minute(request.now + request.notice)


def dates(request: SlotRequest, zone: str) -> Dates:
    """Give the local dates that horizon and date range leave, in a zone (R15)."""
    first, last = -_NO_DATE, _NO_DATE
    if request.horizon is not None:
        last = _horizon(request, _today(request.now, zone))
    if request.date_range is not None:
        begin, end = request.date_range
        first = first if begin is None else day_number(begin)
        last = last if end is None else min(last, day_number(end))
    return Dates(first, last)


def _today(now: datetime, zone: str) -> date:
    return now.astimezone(zone_named(zone)).date()


def _horizon(request: SlotRequest, today: date) -> int:
    """Give the last date of the horizon: calendar days on, or the N-th weekday after today."""
    day, left = day_number(today), request.horizon or 0
    if request.horizon_days is HorizonDays.CALENDAR:
        return day + left
    weeks, left = divmod(left, _WEEKDAYS)
    if weeks and not left:
        weeks, left = weeks - 1, _WEEKDAYS
    day += weeks * _WEEK
    while left:
        day += 1
        left -= weekday(day) not in (_SUNDAY, _SATURDAY)
    return day


def limits(request: SlotRequest, otherwise: int | None = None) -> Interval:
    """Give the minutes `[low, high)` in which a start may lie; empty when low is not below high.

    `otherwise` is the length of a range that nothing ends.

    Raises:
        InvalidInput: Nothing ends the range.
    """
    low = earliest(request)
    if request.from_ is not None:
        low = max(low, ceil_minute(request.from_))
    allowed = dates(request, request.zone)
    ends = [] if request.to is None else [ceil_minute(request.to)]
    if allowed.last < _NO_DATE:
        ends.append(allowed.last * DAY + _SLACK)
    if not ends and otherwise is not None:
        ends.append(low + otherwise)
    if not ends:
        message = "give to, horizon or the last date of date_range"
        raise InvalidInput.at("to", "required", message)
    low, high = max(low, (allowed.first - 1) * DAY), min(ends)
    if high - low > _LONGEST:
        message = "give a range of at most ten years"
        path = "date_range" if request.date_range is not None and request.to is None else "to"
        raise InvalidInput.at(path, "out_of_range", message)
    return low, high


def on_dates(request: SlotRequest, zone: str, table: Offsets, inside: Interval) -> list[Interval]:
    """Give the minutes of a range whose local dates are allowed."""
    allowed = dates(request, zone)
    return table.on_dates(allowed.first, allowed.last, *inside)
