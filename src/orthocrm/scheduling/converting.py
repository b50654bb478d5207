"""Schedules as the practice keeps them, read as the engine wants them."""

from datetime import date, time
from functools import lru_cache
from typing import cast

from attrs import frozen

from orthocrm.core.schedule import DateHours, RepeatedBlock, Schedule, WeeklyWindow
from orthocrm.scheduling.blocks import RecurringBlock
from orthocrm.scheduling.hours import DayWindow, Override, WeeklyHours


@frozen
class Hours:
    """The hours of a schedule and its template, as the engine wants them."""

    week: tuple[WeeklyHours, ...]
    overrides: tuple[Override, ...]
    closed: frozenset[date]
    blocks: tuple[RecurringBlock, ...]


@lru_cache(maxsize=4096)
def hours(schedule: Schedule, template: Schedule | None) -> Hours:
    """Join a schedule with the template that it shares."""
    both = [schedule] if template is None else [schedule, template]
    return Hours(
        week=tuple(weekly(one) for each in both for one in each.windows),
        overrides=tuple(override(one) for each in both for one in each.dates),
        closed=frozenset(day for each in both for day in each.closed),
        blocks=tuple(block(one) for each in both for one in each.blocks),
    )


def weekly(window: WeeklyWindow) -> WeeklyHours:
    """Read a window of the week."""
    return WeeklyHours(
        weekday=window.weekday,
        start=_wall(window.start),
        end=_wall(window.end),
        valid_from=window.valid_from,
        valid_until=window.valid_until,
        every_weeks=window.every_weeks,
        anchor=window.anchor,
    )


def override(hours: DateHours) -> Override:
    """Read the hours of one date."""
    windows = [DayWindow(start=_wall(one.start), end=_wall(one.end)) for one in hours.windows]
    return Override(date=hours.on, windows=windows)


def _wall(value: time) -> time:
    """Let through what can be stored; the engine refuses the rest by the name of the field."""
    return value if isinstance(value, time) else cast("time", None)


def block(repeated: RepeatedBlock) -> RecurringBlock:
    """Read a block that repeats."""
    return RecurringBlock(
        start=repeated.starts_at,
        duration=repeated.length,
        rrule=repeated.rrule,
        exdate=repeated.excluded,
    )
