"""Who waits for a time that is taken, and what was offered to them."""

from datetime import date, datetime, time
from enum import StrEnum

from attrs import frozen

from orthocrm.core.ids import AppointmentId, ClinicId, LeadId, UserId, WaitlistId


class WaitlistState(StrEnum):
    """Where an entry stands: an offer that is not taken in time puts it back to WAITING."""

    WAITING = "WAITING"
    OFFERED = "OFFERED"
    TAKEN = "TAKEN"
    LEFT = "LEFT"
    EXPIRED = "EXPIRED"


@frozen(kw_only=True)
class WaitlistEntry:
    """The wish of a lead or a patient for an earlier or another time.

    `providers` empty: anybody. `earliest` and `latest` are inclusive local dates of the clinic,
    `weekdays` 0 is Sunday (empty: any), and the visit has to start at a wall time `[start, end)`.
    `appointment_id` is what is held for them until `expires_at`, and in the end what they took.
    """

    id: WaitlistId
    clinic_id: ClinicId
    visit_type: str
    created_at: datetime
    created_by: UserId
    lead_id: LeadId | None = None
    patient_ref: str | None = None
    providers: tuple[UserId, ...] = ()
    earliest: date | None = None
    latest: date | None = None
    weekdays: tuple[int, ...] = ()
    start: time | None = None
    end: time | None = None
    state: WaitlistState = WaitlistState.WAITING
    appointment_id: AppointmentId | None = None
    expires_at: datetime | None = None
    version: int = 1
