"""The chance that a visit is missed, from what is known a day before it.

How long ago it was booked, what its patient did before, when it is, and who was reminded (Dantas
and others, "No-shows in appointment scheduling: a systematic literature review", 2018).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import frozen

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.time import zone

KNOWN_BEFORE = timedelta(days=1)
"""Visits of the past are looked at as they stood a day before, or when they were booked."""

CAME = (
    AppointmentStatus.ARRIVED,
    AppointmentStatus.IN_PROGRESS,
    AppointmentStatus.COMPLETED,
)
MISSED = (AppointmentStatus.NO_SHOW,)
AHEAD = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_LEAST_RISK = 0.2
_TIMES_USUAL = 2.0
_TOLERANCE = 0.1


@frozen(kw_only=True)
class Visited:
    """A visit of the past: when it was, and whether it was missed."""

    starts_at: datetime
    missed: bool


def looked_at(visit: Appointment) -> datetime:
    """Tell as of when a visit of the past is looked at."""
    return max(visit.created_at, visit.starts_at - KNOWN_BEFORE)


def visit_row(
    visit: Appointment, at: datetime, earlier: Sequence[Visited], reminded: Sequence[str] = ()
) -> dict[str, object]:
    """Say what is known of a visit at an instant; nothing of it is personal.

    Args:
        visit: its booking; nothing that happened later than `at` is read from it.
        at: the instant.
        earlier: the visits of the same patient; later ones than `at` are left out.
        reminded: the channels by which the patient had been reminded by then.
    """
    there = zone(visit.timezone)
    local, booked = visit.starts_at.astimezone(there), visit.created_at.astimezone(there)
    lead_days = max((local.date() - booked.date()).days, 0)
    return {
        "lead_days": lead_days,
        "same_day": lead_days == 0,
        "visit_hour": local.hour,
        "visit_weekday": WEEKDAYS[local.weekday()],
        "visit_type": visit.type,
        "minutes": int(visit.length / timedelta(minutes=1)),
        "booked_by": _booked_by(visit),
        "moved": visit.moved,
        "confirmed": visit.confirmed_at is not None and visit.confirmed_at <= at,
        "reminded_by": " and ".join(sorted(set(reminded))) or "nobody",
        **history(earlier, at),
    }


def history(earlier: Sequence[Visited], at: datetime) -> dict[str, object]:
    """Say what a patient did before an instant."""
    known = sorted((v for v in earlier if v.starts_at < at), key=lambda v: v.starts_at)
    missed = sum(visit.missed for visit in known)
    last = None if not known else ("missed" if known[-1].missed else "attended")
    return {
        "earlier_visits": len(known),
        "earlier_missed": missed,
        "missed_share": missed / len(known) if known else None,
        "last_visit": last or "none yet",
    }


def _booked_by(visit: Appointment) -> str | None:
    if visit.booked_by is None:
        return None
    return "patient" if visit.booked_by in (visit.lead_id, visit.patient_ref) else "practice"


def is_risky(chance: float, usual: float) -> bool:
    """Whether a visit deserves a call: twice the usual risk, and at least one in five."""
    return chance >= max(_LEAST_RISK, _TIMES_USUAL * usual)


def overbooking(chances: Sequence[float], tolerance: float = _TOLERANCE) -> int:
    """Tell how many visits more could be booked beside those with these chances to be missed.

    At most so many that with a chance of `1 - tolerance` as many stay away; visits are taken to be
    independent (Poisson's binomial distribution, computed exactly).

    >>> overbooking([0.5] * 10), overbooking([0.02] * 10)
    (3, 0)
    """
    exactly = [1.0]
    for chance in chances:
        stays = [share * (1 - chance) for share in exactly] + [0.0]
        goes = [0.0] + [share * chance for share in exactly]
        exactly = [a + b for a, b in zip(stays, goes, strict=True)]
    at_least, room = 1.0, 0
    for missed, share in enumerate(exactly[:-1], 1):
        at_least -= share
        if at_least < 1 - tolerance:
            break
        room = missed
    return room
