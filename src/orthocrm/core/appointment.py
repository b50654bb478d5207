"""Appointments, the time that they claim, and time off."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import Factory, field, frozen

from orthocrm.core.ids import AppointmentId, ClinicId, LeadId, SeriesId, TimeOffId, UserId
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.money import Money
from orthocrm.core.time import zone
from orthocrm.core.values import NO_VALUES, kept

_NOTHING = timedelta()
_SECOND = timedelta(seconds=1)


class AppointmentType(StrEnum):
    """The types of the source document; a clinic's own types come beside them."""

    CONSULTATION = "consultation"
    ENROLLMENT = "enrollment"
    PRIMARY_CARE = "primary_care"
    FOLLOW_UP = "follow_up"


CONSULTATIONS = (AppointmentType.CONSULTATION, AppointmentType.ENROLLMENT)
"""The types that move a lead through the pipeline, and that show rates are about."""


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


def _only_the_first(appointment: "Appointment") -> tuple[UserId, ...]:
    return (appointment.provider,)


def _as_told(appointment: "Appointment") -> timedelta:
    return offset_at(appointment.starts_at, appointment.timezone)


def offset_at(instant: datetime, timezone: str) -> timedelta:
    """Tell by how much the clocks of a zone are ahead of UTC at an instant, as its rules are now.

    Raises:
        InvalidInput: there is no such zone.
    """
    return instant.astimezone(zone(timezone)).utcoffset() or _NOTHING


def _kept(answers: Mapping[str, str]) -> Mapping[str, str]:
    return kept(answers)


@frozen(kw_only=True)
class Appointment:
    """A time `[starts_at, starts_at + length)` of a provider for exactly one lead or patient.

    `providers` are all who take part, `provider` first; `resources` the chairs and rooms that it
    takes. It keeps its buffers free besides, and shares its time with up to `capacity` - 1 others.
    `utc_offset` is by how much clocks in `timezone` were to be ahead of UTC then, as the rules were
    when the time was told: with it `wall_time` stays what it was, whatever becomes of the rules.
    A move keeps `id` and `uid` (iCalendar's) and lets `sequence` grow; `moved` counts those of the
    patient. `held_by` is the digest of the token that holds the time until `expires_at`.
    `cancelled_because` is a code, `booked_by` whoever made the appointment.
    """

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
    answers: Mapping[str, str] = field(
        default=NO_VALUES, converter=_kept, hash=False, repr=mask, metadata=PERSONAL
    )
    expires_at: datetime | None = None
    sequence: int = 0
    providers: tuple[UserId, ...] = Factory(_only_the_first, takes_self=True)
    resources: tuple[str, ...] = ()
    buffer_before: timedelta = _NOTHING
    buffer_after: timedelta = _NOTHING
    capacity: int = 1
    series_id: SeriesId | None = None
    price: Money | None = None
    booked_by: UserId | None = None
    held_by: str | None = None
    uid: str | None = None
    moved: int = 0
    confirmed_at: datetime | None = None
    arrived_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_because: str | None = None
    utc_offset: timedelta = Factory(_as_told, takes_self=True)
    version: int = 1

    @property
    def wall_time(self) -> datetime:
        """The date and time that the family was told, by the clock on the wall in `timezone`."""
        return self.starts_at.replace(tzinfo=None) + self.utc_offset

    @property
    def offset_seconds(self) -> int:
        """`utc_offset` as a number, for queries."""
        return self.utc_offset // _SECOND

    @property
    def ends_at(self) -> datetime:
        """The first instant after the appointment."""
        return self.starts_at + self.length

    @property
    def team(self) -> tuple[str, ...]:
        """The codes of those who take part beside the one in charge (`team_code`)."""
        return tuple(team_code(one) for one in self.providers if one != self.provider)


def team_code(user: str) -> str:
    """Give the code by which `Appointment.team` names a user: what parts codes is written out."""
    return user.replace("%", "%25").replace("|", "%7C")


@frozen(kw_only=True)
class TimeOff:
    """An absence `[starts_at, ends_at)` of a coordinator or provider, with an optional cover.

    What an imported calendar says of somebody is time off as well: `origin` names the feed, which
    is replaced as a whole, and `external_uid` the entry there.
    """

    id: TimeOffId
    clinic_id: ClinicId
    user: UserId
    starts_at: datetime
    ends_at: datetime
    cover: UserId | None = None
    reason: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    origin: str | None = None
    external_uid: str | None = None
    version: int = 1

    def covers(self, at: datetime) -> bool:
        """Whether the person is away at an instant."""
        return self.starts_at <= at < self.ends_at
