"""When coordinators work: by their own weekly hours, else by the clinic's business hours."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from orthocrm.core.appointment import Availability
from orthocrm.core.ids import UserId
from orthocrm.core.settings import BusinessHours, Practice
from orthocrm.core.time import DAY, zone

AHEAD = 14
"""How many days are searched for the next shift."""

Shift = tuple[datetime, datetime]
"""Instants `[from, until)` of work, in UTC."""


def at_work_from(
    practice: Practice, availability: Sequence[Availability], *, now: datetime
) -> Mapping[UserId, datetime]:
    """Tell from when on each coordinator works: `now` for who does already.

    Who has no shift within two weeks is left out. On a date on which the clinic is closed nobody
    begins a shift.
    """
    hours = _active_rows(availability)
    nexts = {
        one.id: _next(_shifts(hours.get(one.id, ()), practice, now), now)
        for one in practice.coordinators
    }
    return {user: at for user, at in nexts.items() if at is not None}


def _active_rows(availability: Sequence[Availability]) -> Mapping[UserId, list[Availability]]:
    found: dict[UserId, list[Availability]] = {}
    for row in availability:
        if row.is_active:
            found.setdefault(row.provider, []).append(row)
    return found


def _next(shifts: Iterator[Shift], now: datetime) -> datetime | None:
    return min((max(now, start) for start, end in shifts if end > now), default=None)


def _shifts(own: Sequence[Availability], practice: Practice, now: datetime) -> Iterator[Shift]:
    """Walk the shifts that begin between yesterday and two weeks ahead."""
    clinic = practice.clinic
    today = now.astimezone(zone(clinic.timezone)).date()
    for day in (today + DAY * offset for offset in range(-1, AHEAD + 1)):
        if day not in clinic.settings.hours.closed:
            yield from (
                _own(own, day) if own else _usual(clinic.settings.hours, day, clinic.timezone)
            )


def _own(rows: Sequence[Availability], day: date) -> Iterator[Shift]:
    for row in rows:
        begun = row.valid_from is None or row.valid_from <= day
        ended = row.valid_until is not None and row.valid_until < day
        if row.weekday == day.isoweekday() % 7 and begun and not ended:
            yield _resolved(day, row.start, row.end, row.timezone)


def _usual(hours: BusinessHours, day: date, zone_name: str) -> Iterator[Shift]:
    week = [window for window in hours.week if window.weekday == day.isoweekday() % 7]
    for window in hours.special.get(day, week):
        yield _resolved(day, window.start, window.end, zone_name)


def _resolved(day: date, start: time, end: time, zone_name: str) -> Shift:
    """Turn wall times into instants; `end <= start` ends on the next date (scheduling rule R2)."""
    ends_on = day + timedelta(days=1) if end <= start else day
    return _instant(day, start, zone_name), _instant(ends_on, end, zone_name)


def _instant(day: date, wall: time, zone_name: str) -> datetime:
    return datetime.combine(day, wall.replace(tzinfo=None, fold=0), zone(zone_name)).astimezone(UTC)
