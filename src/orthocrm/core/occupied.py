"""What of an appointment decides about free times: no word of what it is about."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from attrs import frozen

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.ids import AppointmentId, LeadId, UserId

GAVE_BACK: Final = frozenset(
    {
        AppointmentStatus.CANCELLED,
        AppointmentStatus.NO_SHOW,
        AppointmentStatus.DECLINED,
        AppointmentStatus.EXPIRED,
    }
)
"""States that take no time any more."""


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


@frozen(kw_only=True)
class Whose:
    """Whose time is asked for; what gave its time back is nobody's.

    That is `people` (None: everybody), with `things` whatever takes a chair, a room or a device,
    and the time of one lead or patient.
    """

    people: frozenset[str] | None = None
    things: bool = False
    lead_id: str | None = None
    patient_ref: str | None = None

    def has(self, one: Occupied) -> bool:
        """Whether an appointment takes time of theirs."""
        if one.status in GAVE_BACK:
            return False
        return (
            self.people is None
            or not self.people.isdisjoint(one.providers)
            or (self.things and bool(one.resources))
            or (self.lead_id is not None and one.lead_id == self.lead_id)
            or (self.patient_ref is not None and one.patient_ref == self.patient_ref)
        )
