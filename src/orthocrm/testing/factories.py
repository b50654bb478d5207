"""Nouns for tests: every field has a sensible value, and a test names only those it is about.

Ids count up over the life of the process, so that a noun made later sorts later. Keywords beyond
those that are named are fields of the noun itself.

>>> clinic = a_clinic()
>>> a_lead(clinic, stage="contacted", owner="tc-1").ownership.owner
'tc-1'
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from orthocrm.core.activity import Activity, LeadActivityType
from orthocrm.core.appointment import (
    Appointment,
    AppointmentStatus,
    AppointmentType,
    TimeOff,
)
from orthocrm.core.audit import (
    AuditEntry,
    Delivery,
    Import,
    ImportChange,
    OutboxItem,
    PersonalChange,
)
from orthocrm.core.cadence import Enrollment
from orthocrm.core.claims import Claim
from orthocrm.core.coordinator import Coordinator, Rotation
from orthocrm.core.ids import ClinicId, LeadId, SourceId, StageSlug, UserId, VisitId
from orthocrm.core.lead import (
    Channel,
    Enquiry,
    Lead,
    LeadStatus,
    Origin,
    Ownership,
    Position,
    StageVisit,
    Stamps,
)
from orthocrm.core.lead_link import LeadLink, Relation, Verdict
from orthocrm.core.marketing import (
    Campaign,
    ReferrerKind,
    ReferrerRecord,
    Spend,
    SpendKind,
    Touch,
)
from orthocrm.core.merging import Merge
from orthocrm.core.money import Money
from orthocrm.core.notifying import (
    ConsentEntry,
    Message,
    MessageChannel,
    Notice,
    Purpose,
    StaffContact,
)
from orthocrm.core.people import Contact, Email, Patient, PatientRelationship, Phone
from orthocrm.core.saved_view import SavedView
from orthocrm.core.schedule import Schedule, WeeklyWindow
from orthocrm.core.settings import MONDAY_TO_FRIDAY, Clinic
from orthocrm.core.source import DEFAULT_SOURCES, LeadSourceCategory, Source
from orthocrm.core.stage import DEFAULT_STAGES, Stage, Step
from orthocrm.core.task import LeadTaskType, Task
from orthocrm.core.waitlist import WaitlistEntry
from orthocrm.testing.clock import MONDAY_MORNING, CountingIds

N = TypeVar("N")

COORDINATOR = UserId("tc-1")
"""Who does things unless a test says otherwise."""

_new_id = CountingIds()
_ORDERS: Mapping[str, int] = {
    template.slug: order for order, template in enumerate(DEFAULT_STAGES, start=1)
}


def _made(kind: type[N], usual: Mapping[str, Any], given: Mapping[str, Any]) -> N:
    return kind(**{**usual, **given})


def a_clinic(**fields: Any) -> Clinic:  # noqa: ANN401 - any field of the noun, here and below
    """Make a practice in Chicago."""
    usual = {
        "id": _new_id(),
        "name": "Bright Smiles",
        "timezone": "America/Chicago",
        "created_at": MONDAY_MORNING,
    }
    return _made(Clinic, usual, fields)


def a_stage(clinic: Clinic, slug: str = "recall", order: int = 9, **fields: Any) -> Stage:  # noqa: ANN401
    """Make an open stage behind the default ones."""
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "slug": slug,
        "name": slug.replace("_", " ").title(),
        "order": order,
        "created_at": MONDAY_MORNING,
        "updated_at": MONDAY_MORNING,
    }
    return _made(Stage, usual, fields)


def the_default_stages(clinic: Clinic) -> tuple[Stage, ...]:
    """Make the eight stages of the source document, orders 1 to 8; the first is the default."""
    return tuple(
        a_stage(
            clinic,
            template.slug.value,
            order,
            name=template.name,
            kind=template.kind,
            description=template.description,
            color=template.color,
            max_days=template.max_days,
            is_default=order == 1,
        )
        for order, template in enumerate(DEFAULT_STAGES, start=1)
    )


def a_source(clinic: Clinic, name: str = "Dr. Weber", **fields: Any) -> Source:  # noqa: ANN401
    """Make an active source, by default a referring dentist."""
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "name": name,
        "category": LeadSourceCategory.DOCTOR_REFERRAL,
        "created_at": MONDAY_MORNING,
        "updated_at": MONDAY_MORNING,
    }
    return _made(Source, usual, fields)


def the_default_sources(clinic: Clinic) -> tuple[Source, ...]:
    """Make the ten sources of the source document; the last is the default."""
    last = DEFAULT_SOURCES[-1][0]
    return tuple(
        a_source(clinic, name, category=category, is_default=name == last)
        for name, category in DEFAULT_SOURCES
    )


def a_coordinator(clinic: Clinic, user: str = COORDINATOR, **fields: Any) -> Coordinator:  # noqa: ANN401
    """Make an active coordinator of weight 1."""
    usual = {"id": user, "clinic_id": clinic.id, "name": user.upper()}
    return _made(Coordinator, usual, fields)


def a_rotation(clinic: Clinic, pool: str = "everybody", **fields: Any) -> Rotation:  # noqa: ANN401
    """Make a rotation in which nobody has had a turn."""
    return _made(Rotation, {"id": pool, "clinic_id": clinic.id}, fields)


def a_lead(  # noqa: PLR0913 - one keyword for each thing that tests are about
    clinic: Clinic,
    *,
    patient: str = "Mia Keller",
    contact: str = "Anna Keller",
    phone: str | None = "+13125550100",
    email: str | None = "anna@example.com",
    stage: str = Step.NEW_LEAD.value,
    order: int | None = None,
    owner: str | None = None,
    source_id: str | None = None,
    created_at: datetime = MONDAY_MORNING,
    **fields: Any,  # noqa: ANN401
) -> Lead:
    """Make a lead: a child's enquiry, its match keys those of the given phone and e-mail.

    `order` is the default pipeline's unless given; `fields` replace whole parts of the lead.
    """
    at = _ORDERS.get(stage, 1) if order is None else order
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "patient": _patient(patient),
        "contact": _contact(contact, phone, email),
        "origin": Origin(channel=Channel.MANUAL, source_id=_source_id(source_id)),
        "enquiry": Enquiry(),
        "status": LeadStatus.NEW if stage == Step.NEW_LEAD else LeadStatus.ACTIVE,
        "position": a_position(stage, at, created_at),
        "stamps": stamped(created_at),
        "ownership": _owned(owner, created_at),
        "keys": match_keys(phone, email),
    }
    return _made(Lead, usual, fields)


def _patient(name: str) -> Patient:
    first, _, last = name.partition(" ")
    return Patient(first_name=first, last_name=last, relationship=PatientRelationship.CHILD)


def _contact(name: str, phone: str | None, email: str | None) -> Contact:
    first, _, last = name.partition(" ")
    return Contact(
        first_name=first,
        last_name=last,
        phone=Phone(phone) if phone else None,
        email=Email(email.casefold(), email) if email else None,
    )


def _source_id(given: str | None) -> SourceId | None:
    return SourceId(given) if given else None


def _owned(owner: str | None, at: datetime) -> Ownership:
    if owner is None:
        return Ownership()
    return Ownership(owner=UserId(owner), assigned_at=at, first_owner=UserId(owner))


def match_keys(phone: str | None, email: str | None) -> tuple[str, ...]:
    """Give keys by which backends can be asked; the real ones come from `orthocrm.leads`."""
    phones = (f"phone:{phone}",) if phone else ()
    return (*phones, f"email:{email.casefold()}") if email else phones


def a_position(stage: str, order: int, at: datetime) -> Position:
    """Make the position of a lead that entered a stage and got no further yet."""
    return Position(
        stage=StageSlug(stage),
        order=order,
        entered_at=at,
        visit_id=VisitId(_new_id()),
        furthest=StageSlug(stage),
        furthest_order=order,
    )


def stamped(at: datetime, by: str = COORDINATOR) -> Stamps:
    """Make the stamps of a noun that was just created."""
    return Stamps(created_at=at, created_by=UserId(by), updated_at=at, updated_by=UserId(by))


def a_visit(lead: Lead, **fields: Any) -> StageVisit:  # noqa: ANN401
    """Make the visit to the stage that a lead holds."""
    usual = {
        "id": lead.position.visit_id,
        "clinic_id": lead.clinic_id,
        "lead_id": lead.id,
        "stage": lead.position.stage,
        "order": lead.position.order,
        "entered_at": lead.position.entered_at,
        "owner": lead.ownership.owner,
    }
    return _made(StageVisit, usual, fields)


def an_activity(lead: Lead, at: datetime = MONDAY_MORNING, **fields: Any) -> Activity:  # noqa: ANN401
    """Make a note in a lead's timeline."""
    usual = {
        "id": _new_id(),
        "clinic_id": lead.clinic_id,
        "lead_id": lead.id,
        "type": LeadActivityType.NOTE,
        "occurred_at": at,
        "created_at": at,
        "created_by": COORDINATOR,
        "notes": "prefers mornings",
    }
    return _made(Activity, usual, fields)


def a_task(lead: Lead, at: datetime = MONDAY_MORNING, **fields: Any) -> Task:  # noqa: ANN401
    """Make a call that is due five minutes after `at`."""
    usual = {
        "id": _new_id(),
        "clinic_id": lead.clinic_id,
        "lead_id": lead.id,
        "type": LeadTaskType.CALL,
        "title": "Call the new lead",
        "assigned_to": lead.ownership.owner or COORDINATOR,
        "due_at": at + timedelta(minutes=5),
        "created_at": at,
        "created_by": COORDINATOR,
        "updated_at": at,
    }
    return _made(Task, usual, fields)


def an_appointment(lead: Lead, at: datetime = MONDAY_MORNING, **fields: Any) -> Appointment:  # noqa: ANN401
    """Book a lead's consultation, an hour long, for the day after `at`."""
    usual = {
        "id": _new_id(),
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
    return _made(Appointment, usual, fields)


def a_claim(
    resource: str = "user/dr-1",
    at: datetime = MONDAY_MORNING,
    minutes: int = 60,
    **fields: Any,  # noqa: ANN401
) -> Claim:
    """Make a claim on an hour of a provider, which nobody may share."""
    usual = {"resource": resource, "starts_at": at, "ends_at": at + timedelta(minutes=minutes)}
    return _made(Claim, usual, fields)


def a_waitlist_entry(clinic: Clinic, lead: Lead | None = None, **fields: Any) -> WaitlistEntry:  # noqa: ANN401
    """Make the wish of a lead, or else of a patient, for any time of a consultation."""
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "visit_type": "consultation",
        "created_at": MONDAY_MORNING,
        "created_by": COORDINATOR,
        "lead_id": lead.id if lead else None,
        "patient_ref": None if lead else "patient-7",
    }
    return _made(WaitlistEntry, usual, fields)


def a_schedule(clinic: Clinic, user: str = "dr-1", **fields: Any) -> Schedule:  # noqa: ANN401
    """Make the hours of a provider: nine to five on weekdays."""
    week = tuple(
        WeeklyWindow(weekday=day.weekday, start=day.start, end=day.end) for day in MONDAY_TO_FRIDAY
    )
    return _made(Schedule, {"id": user, "clinic_id": clinic.id, "windows": week}, fields)


def a_time_off(clinic: Clinic, user: str = COORDINATOR, **fields: Any) -> TimeOff:  # noqa: ANN401
    """Make a week's absence from Monday morning on."""
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "user": user,
        "starts_at": MONDAY_MORNING,
        "ends_at": MONDAY_MORNING + timedelta(days=7),
    }
    return _made(TimeOff, usual, fields)


def an_import(clinic: Clinic, **fields: Any) -> Import:  # noqa: ANN401
    """Make a run of a lead import that has just begun."""
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "kind": "leads",
        "digest": "0" * 64,
        "started_at": MONDAY_MORNING,
        "started_by": COORDINATOR,
    }
    return _made(Import, usual, fields)


def an_import_change(run: Import, before: Lead, **fields: Any) -> ImportChange:  # noqa: ANN401
    """Make the trace of an import that changed a lead once."""
    usual = {
        "id": _new_id(),
        "clinic_id": run.clinic_id,
        "import_id": run.id,
        "lead_id": before.id,
        "version_after": before.version + 1,
        "before": before,
    }
    return _made(ImportChange, usual, fields)


def an_audit_entry(clinic: Clinic, at: datetime = MONDAY_MORNING, **fields: Any) -> AuditEntry:  # noqa: ANN401
    """Make the entry of an operation that was carried out."""
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "at": at,
        "user": COORDINATOR,
        "roles": ("treatment_coordinator",),
        "operation": "leads.capture",
    }
    return _made(AuditEntry, usual, fields)


def a_personal_change(entry: AuditEntry, lead: Lead, **fields: Any) -> PersonalChange:  # noqa: ANN401
    """Make the personal half of an audit entry: a corrected first name."""
    usual = {
        "id": _new_id(),
        "clinic_id": entry.clinic_id,
        "audit_id": entry.id,
        "lead_id": lead.id,
        "salt": "pepper",
        "before": {"patient.first_name": "Mia"},
        "after": {"patient.first_name": "Mila"},
    }
    return _made(PersonalChange, usual, fields)


def an_outbox_item(clinic: Clinic, due_at: datetime = MONDAY_MORNING, **fields: Any) -> OutboxItem:  # noqa: ANN401
    """Make an event that waits for its hooks."""
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "kind": "lead_captured",
        "payload": {"lead_id": "lead-1", "duplicates": []},
        "created_at": due_at,
        "due_at": due_at,
    }
    return _made(OutboxItem, usual, fields)


def a_delivery(clinic: Clinic, key: str = "key:evt-1", **fields: Any) -> Delivery:  # noqa: ANN401
    """Make a request that may have one effect only."""
    usual = {
        "clinic_id": clinic.id,
        "operation": "leads.capture",
        "user": COORDINATOR,
        "key": key,
        "fingerprint": "f" * 64,
        "created_at": MONDAY_MORNING,
    }
    return _made(Delivery, usual, fields)


def a_message(
    clinic: Clinic,
    lead: Lead | None = None,
    due_at: datetime = MONDAY_MORNING,
    **fields: Any,  # noqa: ANN401
) -> Message:
    """Make an e-mail that waits to be sent: to a lead's family, else to somebody of the staff."""
    made = _new_id()
    usual = {
        "id": made,
        "clinic_id": clinic.id,
        "key": f"message:{made}",
        "channel": MessageChannel.EMAIL,
        "purpose": Purpose.CARE if lead else Purpose.STAFF,
        "due_at": due_at,
        "created_at": due_at,
        "created_by": COORDINATOR,
        "to": "anna@example.com",
        "body": "See you on Monday",
        "lead_id": lead.id if lead else None,
        "user": None if lead else COORDINATOR,
    }
    return _made(Message, usual, fields)


def a_notice(clinic: Clinic, user: str = COORDINATOR, **fields: Any) -> Notice:  # noqa: ANN401
    """Make an unread line of somebody's notification centre."""
    made = _new_id()
    usual = {
        "id": made,
        "clinic_id": clinic.id,
        "user": user,
        "kind": "task_overdue",
        "key": f"notice:{made}",
        "created_at": MONDAY_MORNING,
    }
    return _made(Notice, usual, fields)


def a_consent(
    clinic: Clinic,
    address: str = "phone:+13125550100",
    at: datetime = MONDAY_MORNING,
    **fields: Any,  # noqa: ANN401
) -> ConsentEntry:
    """Make a STOP to text messages of every purpose."""
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "channel": MessageChannel.SMS,
        "address": address,
        "granted": False,
        "at": at,
        "created_at": at,
        "created_by": COORDINATOR,
    }
    return _made(ConsentEntry, usual, fields)


def a_staff_contact(clinic: Clinic, user: str = COORDINATOR, **fields: Any) -> StaffContact:  # noqa: ANN401
    """Make the contact of somebody whom only the in-app centre reaches."""
    return _made(StaffContact, {"id": user, "clinic_id": clinic.id}, fields)


def an_enrollment(lead: Lead, sequence: str = "new_leads", **fields: Any) -> Enrollment:  # noqa: ANN401
    """Make a lead's walk through a sequence that has just begun."""
    usual = {
        "id": _new_id(),
        "clinic_id": lead.clinic_id,
        "lead_id": lead.id,
        "sequence": sequence,
        "started_at": MONDAY_MORNING,
        "started_by": COORDINATOR,
        "next_at": MONDAY_MORNING,
    }
    return _made(Enrollment, usual, fields)


def a_saved_view(clinic: Clinic, name: str = "My new leads", **fields: Any) -> SavedView:  # noqa: ANN401
    """Make a coordinator's own list of all leads."""
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "name": name,
        "subject": "leads",
        "owner": COORDINATOR,
        "created_at": MONDAY_MORNING,
        "updated_at": MONDAY_MORNING,
    }
    return _made(SavedView, usual, fields)


def a_link(one: Lead, other: Lead, **fields: Any) -> LeadLink:  # noqa: ANN401
    """Suggest that two leads, in whatever order, are of one household."""
    first, second = sorted((one.id, other.id))
    usual = {
        "id": _new_id(),
        "clinic_id": one.clinic_id,
        "lead_id": first,
        "other_id": second,
        "relation": Relation.SAME_HOUSEHOLD,
        "verdict": Verdict.SUGGESTED,
        "found_at": MONDAY_MORNING,
    }
    return _made(LeadLink, usual, fields)


def a_merge(survivor: Lead, loser: Lead, at: datetime = MONDAY_MORNING, **fields: Any) -> Merge:  # noqa: ANN401
    """Make the record of a merge to which nothing but the leads belonged."""
    usual = {
        "id": _new_id(),
        "clinic_id": survivor.clinic_id,
        "survivor_id": survivor.id,
        "loser_id": loser.id,
        "at": at,
        "by": COORDINATOR,
        "survivor_version": survivor.version + 1,
        "survivor_before": survivor,
        "survivor_after": survivor,
        "loser_before": loser,
    }
    return _made(Merge, usual, fields)


def a_touch(lead: Lead, at: datetime = MONDAY_MORNING, **fields: Any) -> Touch:  # noqa: ANN401
    """Make the touch that an enquiry itself is."""
    usual = {
        "id": _new_id(),
        "clinic_id": lead.clinic_id,
        "lead_id": lead.id,
        "at": at,
        "channel": lead.origin.channel,
        "created_at": at,
        "source_id": lead.origin.source_id,
    }
    return _made(Touch, usual, fields)


def a_spend(source: Source, **fields: Any) -> Spend:  # noqa: ANN401
    """Make a one-off cost of 500 dollars on the first of November."""
    usual = {
        "id": _new_id(),
        "clinic_id": source.clinic_id,
        "source_id": source.id,
        "kind": SpendKind.ONE_OFF,
        "amount": Money(500_00, "USD"),
        "starts_on": date(2026, 11, 1),
        "created_at": MONDAY_MORNING,
    }
    return _made(Spend, usual, fields)


def a_campaign(clinic: Clinic, name: str = "Back to school", **fields: Any) -> Campaign:  # noqa: ANN401
    """Make an active campaign without an end."""
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "name": name,
        "created_at": MONDAY_MORNING,
    }
    return _made(Campaign, usual, fields)


def a_referrer(clinic: Clinic, ref: str = "dr-weber", **fields: Any) -> ReferrerRecord:  # noqa: ANN401
    """Make a dentist who refers families."""
    usual = {
        "id": _new_id(),
        "clinic_id": clinic.id,
        "kind": ReferrerKind.PROVIDER,
        "ref": ref,
        "created_at": MONDAY_MORNING,
        "updated_at": MONDAY_MORNING,
        "name": "Dr. Weber",
    }
    return _made(ReferrerRecord, usual, fields)


def ids_of(nouns: Iterable[Lead]) -> tuple[LeadId, ...]:
    """Give the ids of leads, in their order."""
    return tuple(lead.id for lead in nouns)


def another_clinic_id() -> ClinicId:
    """Draw the id of a clinic that does not exist."""
    return ClinicId(_new_id())
