"""Visits keep the time that families were told when governments change the clocks.

A visit stands at an instant, and remembers by how much clocks were to be ahead of UTC then. Once
the zone data say something else, its clock on the wall would show another time at that instant: it
belongs at the instant at which the clock shows the old one.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from attrs import evolve, frozen

from orthocrm.core.appointment import Appointment, AppointmentStatus, offset_at
from orthocrm.core.query import AnyOf, Cond, Sort, Where, both
from orthocrm.core.time import zone
from orthocrm.scheduling.zones import EPOCH, floor_minute, offsets

_S: Final = AppointmentStatus
COMING: Final = (_S.HELD, _S.REQUESTED, _S.BOOKED, _S.CONFIRMED)
"""States of visits whose time somebody was told, and has before them."""

AHEAD: Final = timedelta(days=5 * 366)
"""How far ahead visits are looked at; those beyond it come nearer."""

_YEARS: Final = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC))
"""Of which years a digest tells the rules: always of these, so that only new rules change it."""

_MINUTE = 60


class Drift(StrEnum):
    """Where visits have to go."""

    LATER = "later"
    EARLIER = "earlier"

    @property
    def order(self) -> Sort:
        """In this order each visit finds its place left by the one before it."""
        return Sort("starts_at", descending=self is Drift.LATER)


@frozen(kw_only=True)
class Kept:
    """A visit at the instant of its wall time.

    `is_told_time` is False where clocks will never show that time: they are put forward over it,
    and the visit goes along (R1).
    """

    visit: Appointment
    is_told_time: bool


def coming(now: datetime) -> Where:
    """Give the condition of visits that are to come."""
    return both(Cond("status", "in", COMING), Cond("starts_at", "gt", now))


def drifted(zones: Iterable[str], now: datetime, drift: Drift) -> Where:
    """Give the condition of visits to come that do not stand at their wall time any more."""
    wrong = "gt" if drift is Drift.LATER else "lt"
    low, high = floor_minute(now), floor_minute(now + AHEAD)
    periods = [
        both(
            Cond("timezone", "eq", name),
            Cond("starts_at", "ge", EPOCH + timedelta(minutes=start)),
            Cond("starts_at", "lt", EPOCH + timedelta(minutes=end)),
            Cond("utc_offset", wrong, offset * _MINUTE),
        )
        for name in sorted(zones)
        for start, end, offset in offsets(name, low, high).pieces(low, high)
    ]
    return both(coming(now), AnyOf(tuple(periods)))


def kept(visit: Appointment, now: datetime) -> Kept | None:
    """Give a visit at the instant at which clocks show its wall time; None: it stands there.

    A wall time that comes twice is its first occurrence (R1). The identity stays, and `sequence`
    grows, so that calendars take the new instant for the newer one.
    """
    if offset_at(visit.starts_at, visit.timezone) == visit.utc_offset:
        return None
    starts_at = visit.wall_time.replace(tzinfo=zone(visit.timezone)).astimezone(UTC)
    moved = evolve(
        visit,
        starts_at=starts_at,
        utc_offset=offset_at(starts_at, visit.timezone),
        sequence=visit.sequence + 1,
        updated_at=now,
    )
    return Kept(visit=moved, is_told_time=moved.wall_time == visit.wall_time)


def digest_of(zone_name: str) -> str:
    """Give a digest of a zone's rules: with new rules it is another one."""
    low, high = map(floor_minute, _YEARS)
    pieces = offsets(zone_name, low, high).pieces(low, high)
    return hashlib.sha256(json.dumps(pieces).encode()).hexdigest()
