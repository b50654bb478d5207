"""When somebody works: weekly hours, what replaces them on a date, and what is taken away."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, cast

from attrs import field, frozen
from attrs.validators import optional

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.reading import (
    DAY_MINUTES,
    Field,
    aware,
    dated,
    each,
    not_before,
    several,
    utc,
    wall,
    wall_until,
    within,
)

_SATURDAY = 6
_ROTATION = 53
"""The longest rotation of weeks: no practice plans in more than a year of them."""


@frozen(kw_only=True, cache_hash=True)
class WeeklyHours:
    """One window of the week, in wall time of the schedule's zone (R2, R4).

    Args:
        weekday: 0 is Sunday, 6 is Saturday.
        start: A naive `time` or a text such as `"09:00"`; kept as minutes since midnight.
        end: The same, and `"24:00"`. `end <= start` ends on the next local date; equal ends, such
            as 00:00 to 00:00, make a full day.
        valid_from: The first local date on which the window may start.
        valid_until: The last one, inclusive.
        every_weeks: 2 for every other week; weeks begin on Monday.
        anchor: Any date of a week in which the hours hold; needed when `every_weeks` is above 1.

    Raises:
        InvalidInput: The field that cannot be.
    """

    weekday: int = field(validator=within(0, _SATURDAY))
    start: int = field(converter=wall, validator=wall_until(DAY_MINUTES - 1))
    end: int = field(converter=wall, validator=wall_until(DAY_MINUTES))
    valid_from: date | None = field(default=None, validator=optional(dated))
    valid_until: date | None = field(default=None, validator=optional(dated))
    every_weeks: int = field(default=1, validator=within(1, _ROTATION))
    anchor: date | None = field(default=None, validator=optional(dated))

    def __attrs_post_init__(self) -> None:
        not_before(self, "valid_from", "valid_until")
        if self.every_weeks > 1 and self.anchor is None:
            message = "give a date of a week in which the hours hold"
            raise InvalidInput.at("anchor", "required", message)


@frozen(kw_only=True)
class DayWindow:
    """One window of a single date, in wall time; `start` and `end` as of `WeeklyHours`."""

    start: int = field(converter=wall, validator=wall_until(DAY_MINUTES - 1))
    end: int = field(converter=wall, validator=wall_until(DAY_MINUTES))


WindowPair = tuple[time | str, time | str]


def _windows(raw: "Iterable[DayWindow | WindowPair]") -> tuple[DayWindow, ...]:
    found = several(raw)
    if not isinstance(found, tuple):
        return found
    return tuple(_window(one) for one in found)


def _window(raw: DayWindow | WindowPair) -> DayWindow:
    if isinstance(raw, Sequence) and len(raw) == len(("start", "end")):
        return DayWindow(start=raw[0], end=raw[1])
    return cast("DayWindow", raw)


@frozen(kw_only=True)
class Override:
    """The hours of one local date, in place of all weekly windows; none means closed (R5).

    Args:
        date: The local date. Several overrides of one date add up.
        windows: `DayWindow` values or pairs such as `("09:00", "12:00")`.
    """

    date: date = field(validator=dated)
    windows: tuple[DayWindow, ...] = field(
        default=(), converter=_windows, validator=each(DayWindow)
    )


@frozen(kw_only=True)
class Away:
    """Time off as instants `[start, end)`; it removes availability (R6)."""

    start: datetime = field(converter=utc, validator=aware)
    end: datetime = field(converter=utc, validator=aware)

    def __attrs_post_init__(self) -> None:
        not_before(self, "start", "end")


def away(raw: "Iterable[Away | tuple[datetime, datetime]]") -> tuple[Away, ...]:
    """Read time off: `Away` values or pairs of instants."""
    found = several(raw)
    if not isinstance(found, tuple):
        return found
    return tuple(
        Away(start=one[0], end=one[1])
        if isinstance(one, Sequence) and len(one) == len(("start", "end"))
        else cast("Away", one)
        for one in found
    )


def dates(raw: Iterable[date]) -> frozenset[date]:
    """Read a set of local dates."""
    found = several(raw)
    return frozenset(found) if isinstance(found, tuple) else cast("frozenset[date]", found)


def all_dates(_: object, attribute: "Field[Any]", value: object) -> None:
    """Refuse what is no set of local dates."""
    name = attribute.name
    if not isinstance(value, frozenset):
        raise InvalidInput.at(name, "wrong_type", "give a set of dates")
    if any(isinstance(day, datetime) or not isinstance(day, date) for day in value):
        raise InvalidInput.at(name, "not_a_date", "give dates")
