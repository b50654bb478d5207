"""Leads with what happened to them: visits, activities, tasks, sequences, links and merges."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from orthocrm.core.activity import Activity, LeadActivityType
from orthocrm.core.cadence import Enrollment
from orthocrm.core.ids import LeadId, SourceId, StageSlug, UserId, VisitId
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
from orthocrm.core.merging import Merge
from orthocrm.core.people import Contact, Email, Patient, PatientRelationship, Phone
from orthocrm.core.settings import Clinic
from orthocrm.core.stage import DEFAULT_STAGES, Step
from orthocrm.core.task import LeadTaskType, Task
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories.making import COORDINATOR, made, new_id

_ORDERS: Mapping[str, int] = {
    template.slug: order for order, template in enumerate(DEFAULT_STAGES, start=1)
}


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
        "id": new_id(),
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
    return made(Lead, usual, fields)


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
        visit_id=VisitId(new_id()),
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
    return made(StageVisit, usual, fields)


def an_activity(lead: Lead, at: datetime = MONDAY_MORNING, **fields: Any) -> Activity:  # noqa: ANN401
    """Make a note in a lead's timeline."""
    usual = {
        "id": new_id(),
        "clinic_id": lead.clinic_id,
        "lead_id": lead.id,
        "type": LeadActivityType.NOTE,
        "occurred_at": at,
        "created_at": at,
        "created_by": COORDINATOR,
        "notes": "prefers mornings",
    }
    return made(Activity, usual, fields)


def a_task(lead: Lead, at: datetime = MONDAY_MORNING, **fields: Any) -> Task:  # noqa: ANN401
    """Make a call that is due five minutes after `at`."""
    usual = {
        "id": new_id(),
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
    return made(Task, usual, fields)


def an_enrollment(lead: Lead, sequence: str = "new_leads", **fields: Any) -> Enrollment:  # noqa: ANN401
    """Make a lead's walk through a sequence that has just begun."""
    usual = {
        "id": new_id(),
        "clinic_id": lead.clinic_id,
        "lead_id": lead.id,
        "sequence": sequence,
        "started_at": MONDAY_MORNING,
        "started_by": COORDINATOR,
        "next_at": MONDAY_MORNING,
    }
    return made(Enrollment, usual, fields)


def a_link(one: Lead, other: Lead, **fields: Any) -> LeadLink:  # noqa: ANN401
    """Suggest that two leads, in whatever order, are of one household."""
    first, second = sorted((one.id, other.id))
    usual = {
        "id": new_id(),
        "clinic_id": one.clinic_id,
        "lead_id": first,
        "other_id": second,
        "relation": Relation.SAME_HOUSEHOLD,
        "verdict": Verdict.SUGGESTED,
        "found_at": MONDAY_MORNING,
    }
    return made(LeadLink, usual, fields)


def a_merge(survivor: Lead, loser: Lead, at: datetime = MONDAY_MORNING, **fields: Any) -> Merge:  # noqa: ANN401
    """Make the record of a merge to which nothing but the leads belonged."""
    usual = {
        "id": new_id(),
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
    return made(Merge, usual, fields)


def ids_of(nouns: Iterable[Lead]) -> tuple[LeadId, ...]:
    """Give the ids of leads, in their order."""
    return tuple(lead.id for lead in nouns)
