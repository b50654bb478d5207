"""Time that is taken away again and again: a lunch, a staff meeting, a closed first Friday (R6)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, cast

from attrs import field, frozen
from attrs.validators import optional

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.intervals import Interval
from orthocrm.scheduling.reading import (
    EARLIEST,
    LATEST,
    YEAR,
    Field,
    between,
    optional_length,
    several,
)
from orthocrm.scheduling.recurrence import Rule, never_happens, parsed
from orthocrm.scheduling.zones import EPOCH, Offsets

_MINUTE = timedelta(minutes=1)
_WALL_EPOCH = EPOCH.replace(tzinfo=None)
_ALL_DAY = timedelta(days=1)

Excluded = date | datetime


def _walled(_: object, attribute: "Field[Any]", value: object) -> None:
    path = attribute.name
    if not isinstance(value, datetime) or value.tzinfo is not None:
        message = "give a naive datetime, which is a wall time of the schedule's zone"
        raise InvalidInput.at(path, "not_a_wall_time", message)
    if value.second or value.microsecond:
        raise InvalidInput.at(path, "not_whole_minutes", "give whole minutes")
    if not EARLIEST.replace(tzinfo=None) <= value <= LATEST.replace(tzinfo=None):
        raise InvalidInput.at(path, "out_of_range", "give a wall time between 1900 and 2200")


def _exceptions(raw: Iterable[Excluded]) -> frozenset[Excluded]:
    found = several(raw)
    if not isinstance(found, tuple):
        return cast("frozenset[Excluded]", found)
    return frozenset(found)


def _dates(_: object, attribute: "Field[Any]", value: object) -> None:
    if not isinstance(value, frozenset) or not all(isinstance(one, date) for one in value):
        message = "give dates, wall times or instants"
        raise InvalidInput.at(attribute.name, "wrong_type", message)


@frozen(kw_only=True)
class RecurringBlock:
    """A block of wall time in the schedule's zone that repeats and removes availability (R6).

    Args:
        start: DTSTART, a naive wall time. It happens there only if the rule says so.
        end: The wall time at which that first block ends; every occurrence ends at the same wall
            time, so many dates later.
        duration: In place of `end`: a `timedelta` or whole minutes that elapse.
        rrule: FREQ of DAILY, WEEKLY, MONTHLY or YEARLY with INTERVAL, COUNT (which counts excluded
            occurrences too), UNTIL (inclusive; a date alone is that whole date; with Z an instant),
            BYDAY with numbers, BYMONTHDAY, BYMONTH, BYYEARDAY, BYWEEKNO, BYSETPOS and WKST.
            None means once.
        exdate: Occurrences that do not happen: wall times, instants, or dates as a whole.

    Raises:
        InvalidInput: The field that cannot be; also a rule that never happens.
    """

    start: datetime = field(validator=_walled)
    end: datetime | None = field(default=None, validator=optional(_walled))
    duration: timedelta | None = field(
        default=None, converter=optional_length, validator=optional(between(1, YEAR))
    )
    rrule: str | None = None
    exdate: frozenset[Excluded] = field(
        default=frozenset(), converter=_exceptions, validator=_dates
    )
    _rule: Rule = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if (self.end is None) == (self.duration is None):
            raise InvalidInput.at("end", "end_or_duration", "give either end or duration")
        if self.end is not None and self.end <= self.start:
            raise InvalidInput.at("end", "end_before_start", "end must come after start")
        rule = parsed("FREQ=DAILY;COUNT=1" if self.rrule is None else self.rrule)
        if not rule.by_date:
            message = "give DAILY, WEEKLY, MONTHLY or YEARLY, without times of day"
            raise InvalidInput.at("rrule", "unsupported", message)
        if never_happens(rule, self.start):
            raise InvalidInput.at("rrule", "never_happens", "give a rule that happens")
        object.__setattr__(self, "_rule", rule)

    def intervals(self, offsets: Offsets, low: int, high: int) -> list[Interval]:
        """Give what it takes of the instants `[low, high)`, in whole minutes."""
        length = self.duration or cast("datetime", self.end) - self.start

        def instant(wall: datetime) -> int:
            return offsets.instant((wall - _WALL_EPOCH) // _MINUTE)

        found = []
        for wall in self._rule.occurrences(
            self.start,
            before=_wall_of(high) + _ALL_DAY,
            since=_wall_of(low) - length - 2 * _ALL_DAY,
            instant=lambda wall: EPOCH + instant(wall) * _MINUTE,
        ):
            start = instant(wall)
            if self._is_excluded(wall, start) or not _is_there(wall, offsets):
                continue
            end = start + length // _MINUTE if self.duration else instant(wall + length)
            if start < end and low < end and start < high:
                found.append((start, end))
        return found

    def _is_excluded(self, wall: datetime, start: int) -> bool:
        out = self.exdate
        if not out:
            return False
        return wall in out or wall.date() in out or EPOCH + start * _MINUTE in out


def _wall_of(minute: int) -> datetime:
    return _WALL_EPOCH + minute * _MINUTE


def _is_there(wall: datetime, offsets: Offsets) -> bool:
    return offsets.exists((wall - _WALL_EPOCH).days)
