"""Appointments and what they need: availability, time off, reminders."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from attrs import field, frozen

from orthocrm.core.ids import (
    AppointmentId,
    AvailabilityId,
    ClinicId,
    LeadId,
    ReminderId,
    TimeOffId,
    UserId,
)
from orthocrm.core.masking import PERSONAL, mask


class AppointmentType(StrEnum):
    """The types of the source document; a clinic's own types come beside them."""

    CONSULTATION = "consultation"
    ENROLLMENT = "enrollment"
    PRIMARY_CARE = "primary_care"
    FOLLOW_UP = "follow_up"


class AppointmentStatus(StrEnum):
    """Where an appointment stands; `scheduled` of the source document is BOOKED here."""

    HELD = "HELD"
    REQUESTED = "REQUESTED"
    BOOKED = "BOOKED"
    CONFIRMED = "CONFIRMED"
    ARRIVED = "ARRIVED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"


class ReminderChannel(StrEnum):
    """How a reminder travels."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"


class ReminderStatus(StrEnum):
    """Where a reminder stands."""

    PENDING = "PENDING"
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


@frozen(kw_only=True)
class Appointment:
    """A time `[starts_at, starts_at + length)` of a provider for exactly one lead or patient."""

    id: AppointmentId
    clinic_id: ClinicId
    provider: UserId
    type: str
    starts_at: datetime
    length: timedelta
    timezone: str
    status: AppointmentStatus
    created_at: datetime
    updated_at: datetime
    lead_id: LeadId | None = None
    patient_ref: str | None = None
    reason: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    meeting_link: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    expires_at: datetime | None = None
    sequence: int = 0
    version: int = 1

    @property
    def ends_at(self) -> datetime:
        """The first instant after the appointment."""
        return self.starts_at + self.length


@frozen(kw_only=True)
class Availability:
    """Weekly hours of a provider in wall time. `weekday` 0 is Sunday, 6 Saturday.

    `end <= start` means that the window ends on the next local date.
    """

    id: AvailabilityId
    clinic_id: ClinicId
    provider: UserId
    weekday: int
    start: time
    end: time
    timezone: str
    is_active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    version: int = 1


@frozen(kw_only=True)
class TimeOff:
    """An absence `[starts_at, ends_at)` of a coordinator or provider, with an optional cover."""

    id: TimeOffId
    clinic_id: ClinicId
    user: UserId
    starts_at: datetime
    ends_at: datetime
    cover: UserId | None = None
    reason: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    version: int = 1

    def covers(self, at: datetime) -> bool:
        """Whether the person is away at an instant."""
        return self.starts_at <= at < self.ends_at


@frozen(kw_only=True)
class Reminder:
    """A message due for an appointment; its key is sent at most once."""

    id: ReminderId
    clinic_id: ClinicId
    appointment_id: AppointmentId
    sequence: int
    channel: ReminderChannel
    rule: str
    due_at: datetime
    status: ReminderStatus = ReminderStatus.PENDING
    sent_at: datetime | None = None
    skipped_because: str | None = None
    attempts: int = 0
    version: int = 1
