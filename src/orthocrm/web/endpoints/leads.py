"""`/api/leads`: enquiries, and what becomes of them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from orthocrm.core.ids import LeadId, ViewId
from orthocrm.core.lead import Channel, LeadStatus, TreatmentInterest
from orthocrm.core.query import Cond, Sort, Where, both
from orthocrm.desk import Desk
from orthocrm.services.results import Assigned, LeadPage, Moved
from orthocrm.web.declaring import function, verb


class LeadOrder(StrEnum):
    """The orders of a list of leads; `-` stands for the latest first."""

    CREATED = "createdAt"
    CREATED_DOWN = "-createdAt"
    UPDATED = "updatedAt"
    UPDATED_DOWN = "-updatedAt"
    NEXT_ACTION = "nextActionAt"
    NEXT_ACTION_DOWN = "-nextActionAt"
    STAGE = "stageOrder"
    STAGE_DOWN = "-stageOrder"


_FIELDS = {
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "nextActionAt": "next_action_at",
    "stageOrder": "stage_order",
}


def find_leads(  # noqa: PLR0913 - each is a filter of its own
    desk: Desk,
    *,
    status: Sequence[LeadStatus] = (),
    pipeline_stage: Sequence[str] = (),
    assigned_to_id: str | None = None,
    source_id: Sequence[str] = (),
    channel: Sequence[Channel] = (),
    treatment_interest: TreatmentInterest | None = None,
    tag: str | None = None,
    created_from: datetime | None = None,
    created_before: datetime | None = None,
    where: Where | None = None,
    view: ViewId | None = None,
    sort: LeadOrder | None = None,
    mine: bool | None = None,
    size: int = 50,
    cursor: str | None = None,
) -> LeadPage:
    """List leads, a page at a time.

    Filters that are given together all hold; of a filter that is repeated, one value is enough.
    `where` is a condition of the query language for whatever has no filter of its own.
    """
    asked = both(
        where,
        _one_of("status", status),
        _one_of("stage", pipeline_stage),
        _one_of("source", source_id),
        _one_of("channel", channel),
        _is("owner", assigned_to_id),
        _has("interest", treatment_interest),
        _has("tag", tag),
        Cond("created_at", "ge", created_from) if created_from else None,
        Cond("created_at", "lt", created_before) if created_before else None,
    )
    return desk.leads.find(asked, view=view, sort=_order(sort), size=size, cursor=cursor, mine=mine)


def assign(
    desk: Desk, lead_id: LeadId, *, assigned_to_id: str | None = None, reason: str | None = None
) -> Assigned:
    """Assign a lead to a coordinator, or by the clinic's rules where nobody is named."""
    if assigned_to_id is None:
        return desk.assignment.assign(lead_id)
    if reason is None:
        return desk.assignment.assign_to(lead_id, assigned_to_id)
    return desk.assignment.transfer(lead_id, assigned_to_id, reason)


def lose(desk: Desk, lead_id: LeadId, *, lost_reason: str, lost_notes: str | None = None) -> Moved:
    """Mark a lead as lost, with the reason."""
    return desk.pipeline.lose(lead_id, lost_reason, lost_notes)


def _one_of(name: str, values: Sequence[str]) -> Where | None:
    return Cond(name, "in", tuple(values)) if values else None


def _is(name: str, value: str | None) -> Where | None:
    return None if value is None else Cond(name, "eq", value)


def _has(name: str, value: str | None) -> Where | None:
    return None if value is None else Cond(name, "has", value)


def _order(sort: LeadOrder | None) -> tuple[Sort, ...] | None:
    if sort is None:
        return None
    return (Sort(_FIELDS[sort.removeprefix("-")], descending=sort.startswith("-")),)


ENDPOINTS = (
    function("GET", "/api/leads", "leads.find", find_leads),
    verb("POST", "/api/leads", "leads.capture", 201),
    verb("POST", "/api/leads/bulk", "leads.capture_many"),
    verb("POST", "/api/leads/search", "leads.search"),
    verb("POST", "/api/leads/duplicates", "leads.duplicates"),
    verb("GET", "/api/leads/{lead_id}", "leads.get"),
    verb("PUT", "/api/leads/{lead_id}", "leads.edit"),
    verb("GET", "/api/leads/{lead_id}/timeline", "leads.timeline"),
    verb("POST", "/api/leads/{lead_id}/stage", "pipeline.move"),
    function("POST", "/api/leads/{lead_id}/assign", "assignment.assign", assign),
    verb("POST", "/api/leads/{lead_id}/convert", "pipeline.convert"),
    function("POST", "/api/leads/{lead_id}/lost", "pipeline.lose", lose),
    verb("POST", "/api/leads/{lead_id}/reopen", "pipeline.reopen"),
)
"""The endpoints of the source document first, then those that only the library has."""
