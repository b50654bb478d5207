"""Events: what happened, in the past tense, as codes, ids and instants.

An event is at once an entry of the audit trail, an outbox row and the argument of the notify hook
that carries its name in snake case. It never holds personal data: whoever needs more, reads the
noun through the gate.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar

import attrs
from attrs import frozen

from orthocrm.core.activity import CallOutcome, LeadActivityType
from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.ids import (
    ActivityId,
    AppointmentId,
    ClinicId,
    EmergencyId,
    ImportId,
    InboundId,
    KeyId,
    LeadId,
    MergeId,
    MessageId,
    ModelId,
    SourceId,
    StageSlug,
    TaskId,
    TouchId,
    UserId,
    WaitlistId,
)
from orthocrm.core.keyring import KeyLayer
from orthocrm.core.lead import LostReason
from orthocrm.core.notifying import MessageChannel, Purpose
from orthocrm.core.trained_model import ModelPurpose


@frozen(kw_only=True)
class Event:
    """Something that happened in a clinic at an instant, through somebody."""

    kind: ClassVar[str] = "event"
    clinic_id: ClinicId
    at: datetime
    by: UserId

    def __init_subclass__(cls) -> None:
        cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        KINDS[cls.kind] = cls


KINDS: dict[str, type[Event]] = {}
"""Every event class by the name of its notify hook."""


@frozen(kw_only=True)
class ClinicCreated(Event):
    """A practice was set up."""


@frozen(kw_only=True)
class ClinicConfigured(Event):
    """Settings, hours, stages, sources, coordinators or absences changed; `subject` says which."""

    subject: str
    object_id: str | None = None
    fields: tuple[str, ...] = ()


@frozen(kw_only=True)
class AccessChanged(Event):
    """Who may come in changed: a user, their roles, password or second factor, or an API key.

    `subject` says which: `user`, `roles`, `deactivated`, `reactivated`, `password_reset`,
    `password_changed`, `second_factor_begun`, `second_factor_set`, `second_factor_dropped`,
    `recovery_codes_renewed`, `key_made`, `key_rotated`, `key_revoked`.
    """

    subject: str
    user: UserId
    key_id: KeyId | None = None
    roles_before: tuple[str, ...] = ()
    roles_after: tuple[str, ...] = ()


@frozen(kw_only=True)
class LeadCaptured(Event):
    """An enquiry became a lead."""

    lead_id: LeadId
    channel: str
    source_id: SourceId | None
    duplicates: tuple[LeadId, ...] = ()


@frozen(kw_only=True)
class LeadUpdated(Event):
    """Fields of a lead changed; their names are given, never their values."""

    lead_id: LeadId
    fields: tuple[str, ...]


@frozen(kw_only=True)
class TouchAdded(Event):
    """A family got in touch once more, or it became known that it had; no source: unknown."""

    lead_id: LeadId
    touch_id: TouchId
    source_id: SourceId | None = None


@frozen(kw_only=True)
class DuplicateRejected(Event):
    """Somebody said that two leads do not belong together."""

    lead_id: LeadId
    other_id: LeadId


@frozen(kw_only=True)
class HouseholdLinked(Event):
    """Somebody said that leads are one household."""

    lead_ids: tuple[LeadId, ...]


@frozen(kw_only=True)
class LeadsUnlinked(Event):
    """What was found or decided about two leads was forgotten."""

    lead_id: LeadId
    other_id: LeadId


@frozen(kw_only=True)
class LeadsMerged(Event):
    """Two leads became one: `loser_id` leads to `survivor_id` from now on."""

    merge_id: MergeId
    survivor_id: LeadId
    loser_id: LeadId


@frozen(kw_only=True)
class LeadsUnmerged(Event):
    """A merge was undone: both leads are there again."""

    merge_id: MergeId
    survivor_id: LeadId
    loser_id: LeadId


@frozen(kw_only=True)
class LeadAssigned(Event):
    """A lead got a coordinator, or another one than before.

    With `fallback_away` it went to the fallback person who is away as well.
    """

    lead_id: LeadId
    before: UserId | None
    after: UserId
    rule: str
    needs_assignment: bool = False
    fallback_away: bool = False


@frozen(kw_only=True)
class LeadsAssigned(Event):
    """Many leads got coordinators in one act: `counts` says how many each of the `users` got.

    `needs_assignment` counts those that went to the fallback person, who may be away as well.
    """

    rule: str
    lead_ids: tuple[LeadId, ...]
    users: tuple[UserId, ...]
    counts: tuple[int, ...]
    needs_assignment: int = 0
    fallback_away: bool = False


@frozen(kw_only=True)
class StageChanged(Event):
    """A lead moved to another open stage."""

    lead_id: LeadId
    before: StageSlug
    after: StageSlug


@frozen(kw_only=True)
class LeadLost(Event):
    """A lead did not convert."""

    lead_id: LeadId
    before: StageSlug
    reason: LostReason


@frozen(kw_only=True)
class LeadConverted(Event):
    """Treatment started: the lead is a patient now."""

    lead_id: LeadId
    before: StageSlug
    patient_ref: str
    converted_at: datetime


@frozen(kw_only=True)
class LeadReopened(Event):
    """A lost lead is back in the stage in which it died."""

    lead_id: LeadId
    after: StageSlug


@frozen(kw_only=True)
class LeadObserved(Event):
    """A patient is not ready yet: the lead waits for its recall, or for another date of it."""

    lead_id: LeadId
    recall_due_on: date
    before: date | None = None


@frozen(kw_only=True)
class LeadRecalled(Event):
    """A lead came back from observation, by its date or by hand."""

    lead_id: LeadId
    recall_due_on: date


@frozen(kw_only=True)
class ActivityLogged(Event):
    """Somebody logged an activity."""

    lead_id: LeadId
    activity_id: ActivityId
    type: LeadActivityType
    call_outcome: CallOutcome | None = None


@frozen(kw_only=True)
class TaskCreated(Event):
    """A task waits for somebody."""

    lead_id: LeadId
    task_id: TaskId
    assigned_to: UserId
    due_at: datetime
    rule: str | None = None


@frozen(kw_only=True)
class TaskCompleted(Event):
    """A task is done."""

    lead_id: LeadId
    task_id: TaskId


@frozen(kw_only=True)
class TaskCancelled(Event):
    """A task is not needed any more."""

    lead_id: LeadId
    task_id: TaskId


@frozen(kw_only=True)
class TaskEdited(Event):
    """Fields of an open task changed; `before` and `after` are to whom it is assigned."""

    lead_id: LeadId
    task_id: TaskId
    fields: tuple[str, ...]
    before: UserId
    after: UserId


@frozen(kw_only=True)
class TaskSnoozed(Event):
    """A task was put off."""

    lead_id: LeadId
    task_id: TaskId
    before: datetime
    after: datetime


@frozen(kw_only=True)
class TaskEscalated(Event):
    """A task is overdue for so long that somebody else is told: the fallback person."""

    lead_id: LeadId
    task_id: TaskId
    assigned_to: UserId
    escalated_to: UserId


@frozen(kw_only=True)
class SequenceStarted(Event):
    """A lead began a sequence of touches."""

    lead_id: LeadId
    sequence: str


@frozen(kw_only=True)
class SequenceEnded(Event):
    """A lead's sequence came to its end; `because` is a code, None when all touches were made."""

    lead_id: LeadId
    sequence: str
    because: str | None = None


@frozen(kw_only=True)
class LostSuggested(Event):
    """So many attempts stayed without an answer that the lead may be given up (rule 8)."""

    lead_id: LeadId
    attempts: int


@frozen(kw_only=True)
class UpsetNoticed(Event):
    """What a family wrote, or a note about it, is clearly negative; what it is about is not told.

    Whoever may read the lead finds that by `desk.intelligence.tones`.
    """

    lead_id: LeadId
    activity_id: ActivityId


@frozen(kw_only=True)
class ConsentRecorded(Event):
    """A family said that it may be written to, or may not; `purpose` None is every purpose."""

    lead_id: LeadId | None
    channel: MessageChannel
    granted: bool
    purpose: Purpose | None = None


@frozen(kw_only=True)
class EmergencyBegun(Event):
    """Somebody broke the glass: they may read one lead without the right to, until `ends_at`."""

    lead_id: LeadId
    emergency_id: EmergencyId
    ends_at: datetime


@frozen(kw_only=True)
class EmergencyEnded(Event):
    """A record that was opened in an emergency was closed before its time."""

    lead_id: LeadId
    emergency_id: EmergencyId


@frozen(kw_only=True)
class MessageParked(Event):
    """A message failed too often and waits for a person; `because` is the last reason."""

    message_id: MessageId
    lead_id: LeadId | None
    channel: MessageChannel
    because: str | None


@frozen(kw_only=True)
class DeliveryParked(Event):
    """What a channel or carrier (`name`) delivered came to nothing, and waits for a person.

    `because` is the code of what stands in its way.
    """

    inbound_id: InboundId
    name: str
    because: str


@frozen(kw_only=True)
class AppointmentBooked(Event):
    """An appointment is fixed: `starts_at` is when it starts."""

    appointment_id: AppointmentId
    type: str
    provider: UserId
    starts_at: datetime
    lead_id: LeadId | None = None


@frozen(kw_only=True)
class AppointmentRequested(Event):
    """Somebody asks for an appointment that the practice has to accept."""

    appointment_id: AppointmentId
    type: str
    provider: UserId
    starts_at: datetime
    lead_id: LeadId | None = None


@frozen(kw_only=True)
class AppointmentConfirmed(Event):
    """The patient, or the practice for them, said that they will come."""

    appointment_id: AppointmentId
    lead_id: LeadId | None = None


@frozen(kw_only=True)
class AppointmentMoved(Event):
    """An appointment has another time or another provider; `sequence` counts its moves."""

    appointment_id: AppointmentId
    before: datetime
    after: datetime
    sequence: int
    lead_id: LeadId | None = None


@frozen(kw_only=True)
class AppointmentShifted(Event):
    """The rules of clocks changed: an appointment keeps its local time, at another instant."""

    appointment_id: AppointmentId
    before: datetime
    after: datetime
    sequence: int
    lead_id: LeadId | None = None


@frozen(kw_only=True)
class AppointmentStranded(Event):
    """The rules of clocks changed, and at its local time somebody else has the place.

    The appointment stays at `starts_at` until somebody finds another time; it belongs at `wanted`.
    """

    appointment_id: AppointmentId
    starts_at: datetime
    wanted: datetime
    lead_id: LeadId | None = None


@frozen(kw_only=True)
class AppointmentCancelled(Event):
    """An appointment does not take place; `because` is a code, `before` where it stood."""

    appointment_id: AppointmentId
    because: str | None = None
    lead_id: LeadId | None = None
    before: AppointmentStatus | None = None


@frozen(kw_only=True)
class AppointmentDeclined(Event):
    """The practice did not accept a request."""

    appointment_id: AppointmentId
    lead_id: LeadId | None = None


@frozen(kw_only=True)
class AppointmentCompleted(Event):
    """An appointment took place."""

    appointment_id: AppointmentId
    lead_id: LeadId | None = None


@frozen(kw_only=True)
class AppointmentNoShow(Event):
    """Nobody came to an appointment."""

    appointment_id: AppointmentId
    lead_id: LeadId | None = None


@frozen(kw_only=True)
class ReminderSent(Event):
    """A carrier took a reminder of an appointment; `rule` names the rule that asked for it."""

    appointment_id: AppointmentId
    message_id: MessageId
    channel: MessageChannel
    rule: str
    lead_id: LeadId | None = None


@frozen(kw_only=True)
class SlotOffered(Event):
    """A freed time is held for somebody on the waitlist until `expires_at`."""

    entry_id: WaitlistId
    appointment_id: AppointmentId
    expires_at: datetime
    lead_id: LeadId | None = None


@frozen(kw_only=True)
class ImportProgressed(Event):
    """A batch of an import's rows was written."""

    import_id: ImportId
    created: int
    updated: int


@frozen(kw_only=True)
class ImportFinished(Event):
    """All rows of an import were written."""

    import_id: ImportId
    created: int
    updated: int


@frozen(kw_only=True)
class ModelTrained(Event):
    """A model was trained on the clinic's own past, and is in use from now on."""

    model_id: ModelId
    purpose: ModelPurpose
    number: int


@frozen(kw_only=True)
class ImportReverted(Event):
    """An import was taken back."""

    import_id: ImportId
    removed: int
    restored: int
    kept: int


@frozen(kw_only=True)
class KeyRotationBegun(Event):
    """A new key writes from now on, or the outermost one was replaced; `number` is its own."""

    layer: KeyLayer
    number: int | None = None


@frozen(kw_only=True)
class KeysDestroyed(Event):
    """Keys of the clinic that nothing needed any more are gone."""

    numbers: tuple[int, ...]


@frozen(kw_only=True)
class LeadArchived(Event):
    """A lost lead was archived, since the practice keeps such leads apart after a while."""

    lead_id: LeadId


@frozen(kw_only=True)
class LeadErased(Event):
    """Everything that was known of a person is gone.

    `patient_ref` is the patient of the host application, when the lead had been converted: what
    is kept there is the host's to erase or to keep.
    """

    lead_id: LeadId
    patient_ref: str | None = None


def payload(event: Event) -> Mapping[str, Any]:
    """Give the event's own fields as JSON values, instants in ISO format."""
    return {name: _plain(getattr(event, name)) for name in _names(event.kind)}


@cache
def _names(kind: str) -> tuple[str, ...]:
    return tuple(attribute.name for attribute in attrs.fields(KINDS[kind]))


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field of an event
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def restored(kind: str, values: Mapping[str, Any]) -> Event:
    """Build the event again from its kind and payload."""
    cls = KINDS[kind]
    types = {attribute.name: attribute.type for attribute in attrs.fields(cls)}
    return cls(**{name: _typed(types[name], value) for name, value in values.items()})


def _typed(annotation: Any, value: Any) -> Any:  # noqa: ANN401 - any field of an event
    if annotation is datetime:
        return datetime.fromisoformat(value)
    if isinstance(value, list):
        return tuple(value)
    wanted = [t for t in getattr(annotation, "__args__", (annotation,)) if isinstance(t, type)]
    enum = next((t for t in wanted if hasattr(t, "__members__")), None)
    return enum(value) if enum is not None and value is not None else value
