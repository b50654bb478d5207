"""Time: appointments, claims on it, hours, absences and wishes."""

from datetime import datetime, timedelta
from typing import Any

from orthocrm.core.appointment import Appointment, AppointmentStatus, AppointmentType, TimeOff
from orthocrm.core.claims import Claim
from orthocrm.core.lead import Lead
from orthocrm.core.schedule import Schedule, WeeklyWindow
from orthocrm.core.settings import MONDAY_TO_FRIDAY, Clinic
from orthocrm.core.waitlist import WaitlistEntry
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories.making import COORDINATOR, made, new_id


def an_appointment(lead: Lead, at: datetime = MONDAY_MORNING, **fields: Any) -> Appointment:  # noqa: ANN401
    """Book a lead's consultation, an hour long, for the day after `at`."""
    usual = {
        "id": new_id(),
        "clinic_id": lead.clinic_id,
        "lead_id": lead.id,
        "provider": "dr-1",
        "type": AppointmentType.CONSULTATION.value,
        "starts_at": at + timedelta(days=1),
        "length": timedelta(hours=1),
        "timezone": "America/Chicago",
        "status": AppointmentStatus.BOOKED,
        "created_at": at,
        "updated_at": at,
    }
    return made(Appointment, usual, fields)


def a_claim(
    resource: str = "user/dr-1",
    at: datetime = MONDAY_MORNING,
    minutes: int = 60,
    **fields: Any,  # noqa: ANN401
) -> Claim:
    """Make a claim on an hour of a provider, which nobody may share."""
    usual = {"resource": resource, "starts_at": at, "ends_at": at + timedelta(minutes=minutes)}
    return made(Claim, usual, fields)


def a_waitlist_entry(clinic: Clinic, lead: Lead | None = None, **fields: Any) -> WaitlistEntry:  # noqa: ANN401
    """Make the wish of a lead, or else of a patient, for any time of a consultation."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "visit_type": "consultation",
        "created_at": MONDAY_MORNING,
        "created_by": COORDINATOR,
        "lead_id": lead.id if lead else None,
        "patient_ref": None if lead else "patient-7",
    }
    return made(WaitlistEntry, usual, fields)


def a_schedule(clinic: Clinic, user: str = "dr-1", **fields: Any) -> Schedule:  # noqa: ANN401
    """Make the hours of a provider: nine to five on weekdays."""
    week = tuple(
        WeeklyWindow(weekday=day.weekday, start=day.start, end=day.end) for day in MONDAY_TO_FRIDAY
    )
    return made(Schedule, {"id": user, "clinic_id": clinic.id, "windows": week}, fields)


def a_time_off(clinic: Clinic, user: str = COORDINATOR, **fields: Any) -> TimeOff:  # noqa: ANN401
    """Make a week's absence from Monday morning on."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "user": user,
        "starts_at": MONDAY_MORNING,
        "ends_at": MONDAY_MORNING + timedelta(days=7),
    }
    return made(TimeOff, usual, fields)
