"""Appointment types of a clinic, and the chairs and rooms that they need."""

from datetime import timedelta
from enum import StrEnum

from attrs import frozen

from orthocrm.core.ids import UserId
from orthocrm.core.money import Money
from orthocrm.core.notifying import MessageChannel


class StartGrid(StrEnum):
    """Where starts may lie (scheduling rules R7 to R10)."""

    WINDOW = "window"
    MIDNIGHT = "midnight"
    FREE = "free"
    CLOCK = "clock"


class ResourceKind(StrEnum):
    """What can be booked beside people."""

    CHAIR = "chair"
    ROOM = "room"
    DEVICE = "device"


@frozen(kw_only=True)
class BookableResource:
    """A chair, a room or a device; `id` is its lasting name, `pool` what types ask for.

    `places` is how many appointments it takes at once.
    """

    id: str
    label: str
    kind: ResourceKind = ResourceKind.CHAIR
    pool: str = "chairs"
    places: int = 1
    is_active: bool = True


@frozen(kw_only=True)
class Question:
    """What is asked when somebody books: the answer is kept with the appointment, encrypted."""

    name: str
    label: str
    is_required: bool = False


@frozen(kw_only=True)
class ReminderRule:
    """A reminder `before` the start, or at `wall_time` so many days before it.

    `wall_time` is in the recipient's zone, minutes since midnight.
    """

    name: str
    channel: MessageChannel
    before: timedelta | None = None
    days_before: int | None = None
    wall_time: int | None = None
    template: str | None = None


DEFAULT_REMINDERS = (
    ReminderRule(name="email_24h", channel=MessageChannel.EMAIL, before=timedelta(hours=24)),
    ReminderRule(name="email_2h", channel=MessageChannel.EMAIL, before=timedelta(hours=2)),
    ReminderRule(name="sms_24h", channel=MessageChannel.SMS, before=timedelta(hours=24)),
    ReminderRule(name="sms_2h", channel=MessageChannel.SMS, before=timedelta(hours=2)),
)
"""24 hours and 2 hours before, by e-mail and, with opt-in, by SMS (the source document)."""


@frozen(kw_only=True)
class VisitType:
    """One kind of appointment, by its lasting `slug`.

    `providers` empty: everybody with a schedule. `pools`: one free member of each is taken.
    `requests_block`: whether a request that nobody has accepted yet keeps its time.
    `needs_approval`: patients request instead of booking. `is_public`: patients may book it.
    `moves`: how often a patient may move it (None: as often as they like). `reminders` None: the
    clinic's rules.
    """

    slug: str
    name: str
    duration: timedelta = timedelta(minutes=30)
    step: timedelta | None = None
    align: StartGrid = StartGrid.WINDOW
    offset: timedelta = timedelta()
    buffer_before: timedelta = timedelta()
    buffer_after: timedelta = timedelta()
    buffers_in_hours: bool = False
    notice: timedelta = timedelta()
    horizon: int = 90
    horizon_in_business_days: bool = False
    max_per_day: int | None = None
    capacity: int = 1
    providers: tuple[UserId, ...] = ()
    all_providers: bool = False
    groups: tuple[tuple[UserId, ...], ...] = ()
    pools: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    price: Money | None = None
    requests_block: bool = True
    needs_approval: bool = False
    is_public: bool = False
    is_virtual: bool = False
    cancel_notice: timedelta = timedelta(hours=24)
    moves: int | None = 3
    hold: timedelta = timedelta(minutes=10)
    reminders: tuple[ReminderRule, ...] | None = None
    is_active: bool = True


DEFAULT_VISIT_TYPES = (
    VisitType(slug="consultation", name="Consultation", duration=timedelta(minutes=60)),
    VisitType(slug="enrollment", name="Enrollment consultation", is_virtual=True),
    VisitType(slug="primary_care", name="Primary care"),
    VisitType(slug="follow_up", name="Follow-up", duration=timedelta(minutes=20)),
)
"""The types of the source document."""
