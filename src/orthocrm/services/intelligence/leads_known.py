"""Leads as rows to learn from and to score: a page at a time, timelines without their texts."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from attrs import evolve

from orthocrm.core.audit import DONE
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import OPEN_STATUSES, Lead
from orthocrm.core.limits import PAGE
from orthocrm.core.query import Aggregate, AnyOf, Cond, Measure, Page, Sort, Where, both
from orthocrm.intelligence.lead_features import (
    MEASURES,
    Behaviour,
    Happening,
    Past,
    Standing,
    lead_row,
)
from orthocrm.services.work import LIVING, Work

MOST_LEADS = 10_000
"""The newest leads with an outcome: older ones tell of another practice."""

STANDING = both(LIVING, Cond("merged_into", "absent"))
OPEN = both(STANDING, Cond("status", "in", OPEN_STATUSES))
DECIDED = both(STANDING, AnyOf((Cond("converted_at", "present"), Cond("lost_at", "present"))))

_EDITING = "leads.edit"
_TIMELINE = ("lead_id", "type", "direction", "call_outcome", "occurred_at", "created_at")


def pages(
    work: Work, where: Where, most: int | None = None, order: Sequence[Sort] = ()
) -> Iterator[tuple[Lead, ...]]:
    """Walk leads a page at a time: by id unless told otherwise, which no storage has to sort."""
    page: Page | None = Page(PAGE)
    seen = 0
    while page is not None and (most is None or seen < most):
        found = work.store.leads.find(where, order, page)
        seen += len(found.items)
        yield found.items
        page = None if found.after is None else Page(PAGE, found.after)


def rows_now(work: Work, leads: Sequence[Lead]) -> list[dict[str, object]]:
    """Say what is known of leads at this instant."""
    known = _behaviours(work, leads)
    nothing = Behaviour()
    return [
        lead_row(lead, work.now, work.practice, known.get(lead.id, nothing), _position(lead))
        for lead in leads
    ]


def _position(lead: Lead) -> Standing:
    return Standing(stage=lead.position.stage, entered_at=lead.position.entered_at)


def _behaviours(work: Work, leads: Sequence[Lead]) -> Mapping[LeadId, Behaviour]:
    if not leads:
        return {}
    where = both(_of(leads), Cond("occurred_at", "le", work.now))
    query = Aggregate("activities", MEASURES, ("lead_id",), where)
    return {group.key[0]: Behaviour(**group.values) for group in work.store.aggregate(query)}


def _of(leads: Sequence[Lead]) -> Cond:
    return Cond("lead_id", "in", [lead.id for lead in leads])


def pasts(work: Work) -> list[Past]:
    """Read the newest leads of which the outcome is known, with everything that led to it."""
    found: list[Past] = []
    newest = [Sort("created_at", descending=True)]
    for leads in pages(work, DECIDED, MOST_LEADS, newest):
        if not leads:
            continue
        timelines, stages = _timelines(work, leads), _stages(work, leads)
        found.extend(
            Past(
                lead=lead,
                decided_at=_decided(lead),
                converted=lead.conversion is not None,
                happenings=timelines.get(lead.id, ()),
                stages=stages.get(lead.id, ()),
            )
            for lead in leads
        )
    edits = _edits(work, found)
    return [evolve(past, edited=edits.get(past.lead.id, {})) for past in found]


def _decided(lead: Lead) -> datetime:
    if lead.conversion is not None:
        return lead.conversion.at
    return lead.loss.at if lead.loss is not None else lead.stamps.updated_at


def _timelines(work: Work, leads: Sequence[Lead]) -> Mapping[LeadId, list[Happening]]:
    """Read what happened, and leave out what was written down only after the outcome.

    A lead that was imported brings a past that was all written down later, and keeps it.
    """
    by_id = {lead.id: lead for lead in leads}
    found: dict[LeadId, list[Happening]] = defaultdict(list)
    query = Aggregate("activities", (Measure("times"),), _TIMELINE, _of(leads))
    for group in work.store.aggregate(query):
        lead_id, kind, direction, outcome, occurred_at, created_at = group.key
        lead = by_id[lead_id]
        if created_at > _decided(lead) and lead.origin.import_id is None:
            continue
        happening = Happening(
            type=kind, direction=direction, call_outcome=outcome, occurred_at=occurred_at
        )
        found[lead_id].extend([happening] * group.values["times"])
    return found


def _stages(work: Work, leads: Sequence[Lead]) -> Mapping[LeadId, list[Standing]]:
    found: dict[LeadId, list[Standing]] = defaultdict(list)
    query = Aggregate("visits", (Measure("times"),), ("lead_id", "stage", "entered_at"), _of(leads))
    for group in work.store.aggregate(query):
        lead_id, stage, entered_at = group.key
        found[lead_id].append(Standing(stage=stage, entered_at=entered_at))
    return found


def _edits(work: Work, found: Sequence[Past]) -> Mapping[LeadId, Mapping[str, datetime]]:
    """Tell when staff first edited which field of a lead, from the audit trail."""
    if not found:
        return {}
    since = min(past.lead.stamps.created_at for past in found)
    where = both(
        Cond("operation", "eq", _EDITING), Cond("outcome", "eq", DONE), Cond("at", "ge", since)
    )
    edits: dict[LeadId, dict[str, datetime]] = defaultdict(dict)
    page: Page | None = Page(PAGE)
    while page is not None:
        entries = work.store.audit.find(where, [Sort("at")], page)
        for entry in entries.items:
            for lead_id in entry.objects[:1]:
                for name in entry.fields:
                    edits[LeadId(lead_id)].setdefault(name, entry.at)
        page = None if entries.after is None else Page(PAGE, entries.after)
    return edits
