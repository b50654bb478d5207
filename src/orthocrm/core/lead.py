"""The lead: one patient's enquiry, from first contact to treatment started or lost."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from attrs import evolve, field, frozen

from orthocrm.core.errors import LeadClosed, LeadLocked
from orthocrm.core.ids import ClinicId, ImportId, LeadId, SourceId, StageSlug, UserId, VisitId
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.people import Contact, Patient
from orthocrm.core.stage import Stage, StageKind
from orthocrm.core.time import zone
from orthocrm.core.values import NO_VALUES, kept


class LeadStatus(StrEnum):
    """Where a lead stands; always derived from its stage and contacts, never set beside them."""

    NEW = "NEW"
    ACTIVE = "ACTIVE"
    CONVERTED = "CONVERTED"
    LOST = "LOST"
    ARCHIVED = "ARCHIVED"


class TreatmentInterest(StrEnum):
    """What the family asks about."""

    BRACES_METAL = "BRACES_METAL"
    BRACES_CLEAR = "BRACES_CLEAR"
    INVISALIGN = "INVISALIGN"
    RETAINER = "RETAINER"
    SECOND_OPINION = "SECOND_OPINION"
    GENERAL_INQUIRY = "GENERAL_INQUIRY"


class LostReason(StrEnum):
    """Why a lead did not convert; OTHER needs a note."""

    CHOSE_COMPETITOR = "CHOSE_COMPETITOR"
    COST_FINANCIAL = "COST_FINANCIAL"
    TIMING_NOT_RIGHT = "TIMING_NOT_RIGHT"
    NOT_A_CANDIDATE = "NOT_A_CANDIDATE"
    NO_RESPONSE = "NO_RESPONSE"
    INSURANCE_ISSUES = "INSURANCE_ISSUES"
    RELOCATED = "RELOCATED"
    OTHER = "OTHER"


class Channel(StrEnum):
    """The way by which an enquiry arrived."""

    WEB_FORM = "WEB_FORM"
    PHONE = "PHONE"
    WALK_IN = "WALK_IN"
    DOCTOR_REFERRAL = "DOCTOR_REFERRAL"
    PATIENT_REFERRAL = "PATIENT_REFERRAL"
    SOCIAL = "SOCIAL"
    IMPORT = "IMPORT"
    MANUAL = "MANUAL"


class Objection(StrEnum):
    """What keeps a family from deciding, while the decision is pending."""

    COST = "COST"
    TIMING = "TIMING"
    INSURANCE = "INSURANCE"
    CONFIDENCE = "CONFIDENCE"
    OTHER = "OTHER"


class Incomplete(StrEnum):
    """What a lead still lacks and staff should ask for."""

    PATIENT_NAME = "PATIENT_NAME"
    CONTACT_NAME = "CONTACT_NAME"
    SOURCE_DETAIL = "SOURCE_DETAIL"
    REFERRER = "REFERRER"
    CUSTOM_FIELD = "CUSTOM_FIELD"


@frozen(kw_only=True)
class Origin:
    """Where the enquiry came from; `source_id` is the first touch, None when nobody recorded it."""

    channel: Channel
    source_id: SourceId | None = None
    campaign: str | None = None
    detail: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    referring_provider_ref: str | None = None
    referring_patient_ref: str | None = None
    external_ref: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    import_id: ImportId | None = None


@frozen(kw_only=True)
class Insurance:
    """What is known of the patient's insurance."""

    carrier: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    member_id: str | None = field(default=None, repr=mask, metadata=PERSONAL)


@frozen(kw_only=True)
class Enquiry:
    """What is asked for, and what was noted when it came in."""

    interests: tuple[TreatmentInterest, ...] = (TreatmentInterest.GENERAL_INQUIRY,)
    insurance: Insurance = field(factory=Insurance, repr=mask, metadata=PERSONAL)
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    no_contact: bool = False
    incomplete: tuple[Incomplete, ...] = ()


@frozen(kw_only=True)
class Position:
    """The stage that a lead holds, since when, and the furthest that it ever reached.

    Orders are those in force when the lead entered: later edits of the stages change no history.
    `visit_id` names the open `StageVisit`.
    """

    stage: StageSlug
    order: int
    entered_at: datetime
    visit_id: VisitId
    furthest: StageSlug
    furthest_order: int


@frozen(kw_only=True)
class Ownership:
    """The coordinator in charge, and the first one who ever was."""

    owner: UserId | None = None
    assigned_at: datetime | None = None
    first_owner: UserId | None = None


@frozen(kw_only=True)
class Milestones:
    """The instants that reports compare, decided by rules when the lead changes.

    Intervals are whole milliseconds from `created_at`; a negative one is kept as the data error
    that it is. Those in business time go by the hours that the practice had when the milestone was
    set: later changes of hours rewrite none. `days_to_accept` counts midnights in the clinic's
    zone from the completed consultation to the acceptance: 0 is the same day. `unanswered` counts
    outbound attempts without an answer since the last answer. `observed_at` is when the patient
    first went under observation, `recalled_at` when the last recall brought the lead back.
    """

    first_attempt_at: datetime | None = None
    first_contact_at: datetime | None = None
    scheduled_at: datetime | None = None
    completed_at: datetime | None = None
    accepted_at: datetime | None = None
    ms_to_attempt: int | None = None
    ms_to_contact: int | None = None
    ms_to_convert: int | None = None
    unanswered: int = 0
    next_action_at: datetime | None = None
    observed_at: datetime | None = None
    recalled_at: datetime | None = None
    business_ms_to_attempt: int | None = None
    business_ms_to_contact: int | None = None
    days_to_accept: int | None = None


def accepted_after(known: Milestones, timezone: str) -> Milestones:
    """Give milestones with the days from the completed consultation to the acceptance."""
    if known.completed_at is None or known.accepted_at is None:
        return evolve(known, days_to_accept=None)
    completed, accepted = (
        at.astimezone(zone(timezone)).date() for at in (known.completed_at, known.accepted_at)
    )
    return evolve(known, days_to_accept=(accepted - completed).days)


@frozen(kw_only=True)
class Loss:
    """How a lead died, and in which stage; `reopen` clears it, history keeps it."""

    at: datetime
    reason: LostReason
    stage: StageSlug
    order: int
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)


@frozen(kw_only=True)
class Conversion:
    """Treatment started: the patient record of the host application, and who held the lead."""

    at: datetime
    patient_ref: str
    owner: UserId | None = None
    consultation_id: str | None = None


@frozen(kw_only=True)
class Stamps:
    """Who created and last changed a noun, and when."""

    created_at: datetime
    created_by: UserId
    updated_at: datetime
    updated_by: UserId
    archived_at: datetime | None = None
    deleted_at: datetime | None = None


CustomValue = str | int | bool | date
"""The value of a custom field: a code, a text, a whole number, a truth value or a date."""


def _kept(values: Mapping[str, CustomValue]) -> Mapping[str, CustomValue]:
    return kept(values)


@frozen(kw_only=True)
class Custom:
    """The values of the clinic's own fields, by name; absent ones are left out.

    `shown` can be filtered by and stands in clear: codes, numbers, flags and dates. `personal` is
    encrypted: texts, and whatever the clinic declares personal. Both are copied, and never change.
    """

    shown: Mapping[str, CustomValue] = field(default=NO_VALUES, converter=_kept)
    personal: Mapping[str, CustomValue] = field(
        default=NO_VALUES, converter=_kept, repr=mask, metadata=PERSONAL
    )


@frozen(kw_only=True)
class Lead:
    """One patient's enquiry.

    `version` is the version that was read; saving a lead that changed meanwhile is refused.
    `tags` are codes in lower case. A lead with `merged_into` is a tombstone that leads to another.
    `former_refs` are the external references of leads that became a part of it: whatever looks for
    them finds this lead. `keys` are the match keys by which duplicates are found (computed by
    `orthocrm.leads.dedupe`).
    """

    id: LeadId
    clinic_id: ClinicId
    patient: Patient
    contact: Contact
    origin: Origin
    enquiry: Enquiry
    status: LeadStatus
    position: Position
    stamps: Stamps
    ownership: Ownership = field(factory=Ownership)
    milestones: Milestones = field(factory=Milestones)
    loss: Loss | None = None
    conversion: Conversion | None = None
    recall_due_on: date | None = None
    objection: Objection | None = None
    tags: tuple[str, ...] = ()
    custom: Custom = field(factory=Custom)
    merged_into: LeadId | None = None
    former_refs: tuple[str, ...] = field(default=(), repr=mask, metadata=PERSONAL)
    keys: tuple[str, ...] = field(default=(), repr=mask, metadata=PERSONAL)
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether the lead can still be worked on."""
        return self.status in OPEN_STATUSES

    @property
    def is_locked(self) -> bool:
        """Whether the conversion lock holds (rule 7)."""
        return self.conversion is not None


OPEN_STATUSES = (LeadStatus.NEW, LeadStatus.ACTIVE)


def status_of(stage: Stage, *, contacted: bool, archived: bool = False) -> LeadStatus:
    """Derive the status: NEW in the default stage until the first contact, then ACTIVE."""
    if archived:
        return LeadStatus.ARCHIVED
    if stage.kind is not StageKind.OPEN:
        return LeadStatus.CONVERTED if stage.kind is StageKind.WON else LeadStatus.LOST
    return LeadStatus.NEW if stage.is_default and not contacted else LeadStatus.ACTIVE


def ensure_unlocked(lead: Lead) -> None:
    """Raise `LeadLocked` when the lead was converted (rule 7)."""
    if lead.is_locked:
        raise LeadLocked


def ensure_open(lead: Lead) -> None:
    """Raise `LeadLocked` or `LeadClosed` unless the lead can still be worked on."""
    ensure_unlocked(lead)
    if not lead.is_open:
        raise LeadClosed(lead.status)


@frozen(kw_only=True)
class StageVisit:
    """One interval `[entered_at, left_at)` of a lead in a stage, with the order then in force.

    An interval `observed` is one under observation, which counts as no time in the stage. Once it
    is over, `ms` is how long it took in whole milliseconds, and `business_ms` how much of that by
    the hours that the practice then had.
    """

    id: VisitId
    clinic_id: ClinicId
    lead_id: LeadId
    stage: StageSlug
    order: int
    entered_at: datetime
    left_at: datetime | None = None
    owner: UserId | None = None
    observed: bool = False
    ms: int | None = None
    business_ms: int | None = None
    version: int = 1
