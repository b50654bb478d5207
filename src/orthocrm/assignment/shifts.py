"""When coordinators work: by their own schedule, else by the clinic's business hours."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from orthocrm.core.ids import UserId
from orthocrm.core.schedule import DateWindow, Schedule, WeeklyWindow
from orthocrm.core.settings import BusinessHours, Opening, Practice
from orthocrm.core.time import DAY, zone

AHEAD = 14
"""How many days are searched for the next shift."""

Shift = tuple[datetime, datetime]
"""Instants `[from, until)` of work, in UTC."""


def at_work_from(
    practice: Practice, schedules: Sequence[Schedule], *, now: datetime
) -> Mapping[UserId, datetime]:
    """Tell from when on each coordinator works: `now` for who does already.

    Who has no shift within two weeks is left out. On a date on which the clinic is closed nobody
    begins a shift. Blocks of a schedule, such as a lunch, are part of a shift: leads may wait for
    so long.
    """
    own = _own(schedules)
    nexts = {
        one.id: _next(_shifts(own.get(one.id, ()), practice, now), now)
        for one in practice.coordinators
    }
    return {user: at for user, at in nexts.items() if at is not None}


def _own(schedules: Sequence[Schedule]) -> Mapping[str, tuple[Schedule, ...]]:
    """Find whose schedule says anything: it and its template, as far as they hold."""
    active = {one.id: one for one in schedules if one.is_active}
    found = {
        one.id: (one, *(active[name] for name in [one.template] if name in active))
        for one in active.values()
        if not one.is_template
    }
    return {
        user: parts for user, parts in found.items() if any(p.windows or p.dates for p in parts)
    }


def _next(shifts: Iterator[Shift], now: datetime) -> datetime | None:
    return min((max(now, start) for start, end in shifts if end > now), default=None)


def _shifts(own: Sequence[Schedule], practice: Practice, now: datetime) -> Iterator[Shift]:
    """Walk the shifts that begin between yesterday and two weeks ahead."""
    clinic = practice.clinic
    zone_name = next((one.timezone for one in own if one.timezone), clinic.timezone)
    today = now.astimezone(zone(clinic.timezone)).date()
    for day in (today + DAY * offset for offset in range(-1, AHEAD + 1)):
        if day not in clinic.settings.hours.closed:
            windows = _windows(own, day) if own else _usual(clinic.settings.hours, day)
            for window in windows:
                yield _resolved(day, window.start, window.end, zone_name)


def _windows(own: Sequence[Schedule], day: date) -> Sequence[WeeklyWindow | DateWindow]:
    """Give the windows of a date: none when it is closed, its own ones, else the week's."""
    if any(day in one.closed for one in own):
        return ()
    dates = [hours for one in own for hours in one.dates if hours.on == day]
    if dates:
        return [window for hours in dates for window in hours.windows]
    return [window for one in own for window in one.windows if _holds(window, day)]


def _holds(window: WeeklyWindow, day: date) -> bool:
    """Whether a weekly window begins on a date (scheduling rule R4)."""
    begun = window.valid_from is None or window.valid_from <= day
    ended = window.valid_until is not None and window.valid_until < day
    if window.weekday != _weekday(day) or ended or not begun:
        return False
    return window.anchor is None or (_week(day) - _week(window.anchor)) % window.every_weeks == 0


def _weekday(day: date) -> int:
    return day.isoweekday() % 7


def _week(day: date) -> int:
    """Number the weeks, which begin on Monday."""
    return (day.toordinal() - 1) // 7


def _usual(hours: BusinessHours, day: date) -> Sequence[Opening]:
    week = [window for window in hours.week if window.weekday == _weekday(day)]
    return hours.special.get(day, week)


def _resolved(day: date, start: time, end: time, zone_name: str) -> Shift:
    """Turn wall times into instants; `end <= start` ends on the next date (scheduling rule R2)."""
    ends_on = day + timedelta(days=1) if end <= start else day
    return _instant(day, start, zone_name), _instant(ends_on, end, zone_name)


def _instant(day: date, wall: time, zone_name: str) -> datetime:
    return datetime.combine(day, wall.replace(tzinfo=None, fold=0), zone(zone_name)).astimezone(UTC)
