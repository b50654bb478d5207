"""Visits of the past, as another system or a paper diary knew them."""

from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from orthocrm.core import limits
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.ids import AppointmentId, ClinicId, LeadId, UserId
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Clinic
from orthocrm.core.visit_type import VisitType
from orthocrm.scheduling import booking

_S = AppointmentStatus

ENDS: Final = frozenset({_S.COMPLETED, _S.NO_SHOW, _S.CANCELLED})
"""How a visit of the past may have ended."""

_MOST_MOVES = 100


@frozen(kw_only=True)
class PastVisit:
    """A visit that is over: raw values, checked when it is recorded.

    Exactly one of `lead_id` and `patient_ref` says whose it was. `status` is COMPLETED, NO_SHOW or
    CANCELLED. `booked_at` is when it was made, by default its start; `moves` how often it was
    moved. `resources` are the ids of chairs and rooms.
    """

    type: str
    starts_at: datetime
    provider: str
    status: AppointmentStatus | str = AppointmentStatus.COMPLETED
    lead_id: LeadId | None = None
    patient_ref: str | None = None
    length: timedelta | None = None
    booked_at: datetime | None = None
    moves: int = 0
    resources: tuple[str, ...] = ()


def read(visit: PastVisit, clinic: Clinic, new: AppointmentId, now: datetime) -> Appointment:
    """Check a visit, and make the appointment that it was; names every field that is wrong.

    Raises:
        InvalidInput: the type, chair or state is unknown, it is not over yet, or it was made after
            its start.
    """
    reading = Reading()
    kind = _kind(reading, clinic, visit.type)
    starts_at = booking.minute(reading, "starts_at", visit.starts_at)
    reading.required("starts_at", starts_at)
    provider = reading.text("provider", visit.provider, limits.REFERENCE)
    reading.required("provider", provider)
    lead_id, patient_ref = booking.subject(reading, visit.lead_id, visit.patient_ref)
    status = reading.choice("status", visit.status, AppointmentStatus)
    length = booking.length_of(reading, visit.length) or (kind.duration if kind else timedelta())
    booked_at = reading.past("booked_at", visit.booked_at, now) or starts_at
    moves = reading.whole("moves", visit.moves, 0, _MOST_MOVES) or 0
    resources = _resources(reading, clinic, visit.resources)
    if status not in ENDS and not reading.refused("status"):
        reading.refuse("status", "unknown_value", "give COMPLETED, NO_SHOW or CANCELLED")
    if starts_at is not None and starts_at + length > now:
        reading.refuse("starts_at", "not_over", "book what is not over yet")
    if starts_at is not None and booked_at is not None and booked_at > starts_at:
        reading.refuse("booked_at", "after_start", "give an instant up to the start")
    reading.finish()
    if kind is None or starts_at is None or booked_at is None or status is None:
        raise AssertionError  # pragma: no cover - `finish` has refused these
    ended_at = starts_at + length if status is _S.COMPLETED else starts_at
    return Appointment(
        id=new,
        clinic_id=ClinicId(clinic.id),
        provider=UserId(provider or ""),
        type=kind.slug,
        starts_at=starts_at,
        length=length,
        timezone=clinic.timezone,
        status=status,
        created_at=booked_at,
        updated_at=ended_at,
        lead_id=lead_id,
        patient_ref=patient_ref,
        resources=resources,
        sequence=moves,
        uid=f"{new}@{clinic.id}",
        completed_at=ended_at if status is _S.COMPLETED else None,
        cancelled_at=ended_at if status is _S.CANCELLED else None,
    )


def _kind(reading: Reading, clinic: Clinic, slug: object) -> VisitType | None:
    """Find a type by its slug; one that is out of use was in use then."""
    found = next((one for one in clinic.settings.visit_types if one.slug == slug), None)
    if found is None:
        reading.refuse("type", "unknown_value", "give one of the clinic's appointment types")
    return found


def _resources(reading: Reading, clinic: Clinic, raw: object) -> tuple[str, ...]:
    known = {one.id for one in clinic.settings.resources}
    if not isinstance(raw, tuple | list) or not known.issuperset(raw):
        reading.refuse("resources", "unknown_value", "give ids of the clinic's chairs and rooms")
        return ()
    return tuple(raw)
