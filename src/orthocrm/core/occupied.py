"""What of an appointment decides about free times: no word of what it is about."""

from datetime import datetime, timedelta
from typing import NamedTuple

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.ids import AppointmentId, LeadId, UserId


class Occupied(NamedTuple):
    """Time that an appointment takes or took. A tuple, because an answer may read thousands.

    Everything is as in `Appointment`; nothing in it is personal.
    """

    id: AppointmentId
    type: str
    status: AppointmentStatus
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime | None
    providers: tuple[UserId, ...]
    resources: tuple[str, ...]
    buffer_before: timedelta
    buffer_after: timedelta
    capacity: int
    lead_id: LeadId | None
    patient_ref: str | None

    @classmethod
    def of(cls, appointment: Appointment) -> "Occupied":
        """Take it from an appointment."""
        return cls(
            id=appointment.id,
            type=appointment.type,
            status=appointment.status,
            starts_at=appointment.starts_at,
            ends_at=appointment.ends_at,
            expires_at=appointment.expires_at,
            providers=appointment.providers,
            resources=appointment.resources,
            buffer_before=appointment.buffer_before,
            buffer_after=appointment.buffer_after,
            capacity=appointment.capacity,
            lead_id=appointment.lead_id,
            patient_ref=appointment.patient_ref,
        )
