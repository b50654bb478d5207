"""Activities: everything that happened to a lead, append-only."""

from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from orthocrm.core.ids import ActivityId, ClinicId, LeadId, MessageId, StageSlug, UserId
from orthocrm.core.masking import PERSONAL, mask


class LeadActivityType(StrEnum):
    """The eleven kinds of the source document."""

    PHONE_CALL = "PHONE_CALL"
    EMAIL = "EMAIL"
    SMS = "SMS"
    IN_PERSON = "IN_PERSON"
    NOTE = "NOTE"
    STAGE_CHANGE = "STAGE_CHANGE"
    ASSIGNMENT_CHANGE = "ASSIGNMENT_CHANGE"
    TASK_COMPLETED = "TASK_COMPLETED"
    DOCUMENT_SENT = "DOCUMENT_SENT"
    CONSULTATION_SCHEDULED = "CONSULTATION_SCHEDULED"
    CONSULTATION_COMPLETED = "CONSULTATION_COMPLETED"


class ActivityDirection(StrEnum):
    """Who turned to whom, seen from the practice."""

    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"


class CallOutcome(StrEnum):
    """How a phone call ended; required for PHONE_CALL (rule 3)."""

    SPOKE = "SPOKE"
    VOICEMAIL = "VOICEMAIL"
    NO_ANSWER = "NO_ANSWER"
    WRONG_NUMBER = "WRONG_NUMBER"


@frozen(kw_only=True)
class PassedOver:
    """A candidate that the assignment did not take, and why."""

    user: UserId
    reason: str


@frozen(kw_only=True)
class Decision:
    """Why a lead went to whom: the rule that chose, and who was passed over.

    With `fallback_away` the fallback person is away as well, so that others are told besides.
    """

    chosen: UserId
    rule: str
    previous: UserId | None = None
    passed_over: tuple[PassedOver, ...] = ()
    needs_assignment: bool = False
    fallback_away: bool = False


@frozen(kw_only=True)
class Document:
    """A document that lies elsewhere: its name, where it is, and its media type."""

    name: str = field(repr=mask, metadata=PERSONAL)
    reference: str = field(repr=mask, metadata=PERSONAL)
    media_type: str | None = None


@frozen(kw_only=True)
class Activity:
    """One entry of a lead's timeline, never edited: a correction `corrects` an earlier one.

    `virtual` says of a meeting that it was held by video. A message that the library itself sent
    is `message_id`; it counts as no attempt of anybody to reach the family.
    """

    id: ActivityId
    clinic_id: ClinicId
    lead_id: LeadId
    type: LeadActivityType
    occurred_at: datetime
    created_at: datetime
    created_by: UserId
    direction: ActivityDirection | None = None
    call_outcome: CallOutcome | None = None
    outcome: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    duration_minutes: int | None = None
    previous_stage: StageSlug | None = None
    new_stage: StageSlug | None = None
    decision: Decision | None = None
    corrects: ActivityId | None = None
    after_conversion: bool = False
    document: Document | None = field(default=None, repr=mask, metadata=PERSONAL)
    virtual: bool = False
    message_id: MessageId | None = None
    version: int = 1
