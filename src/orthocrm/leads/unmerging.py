"""Two leads again: what each of them is once their merge is undone.

The loser is as it was. The survivor gets its former value in every field that nobody has changed
since the merge; what was changed later stays.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import attrs
from attrs import evolve

from orthocrm.core.lead import (
    Custom,
    Enquiry,
    Lead,
    LeadStatus,
    Milestones,
    Origin,
    Ownership,
    Position,
    Stamps,
    accepted_after,
    status_of,
)
from orthocrm.core.merging import Merge
from orthocrm.core.people import Contact, Patient
from orthocrm.core.settings import Practice
from orthocrm.core.time import milliseconds
from orthocrm.leads import editing
from orthocrm.leads.dedupe import REFERENCE

_PARTS = (Patient, Contact, Enquiry, Stamps)
"""Parts whose fields change each for itself; others are taken as a whole."""

_ALONE = ("patient", "contact", "origin", "enquiry", "stamps", "objection")


def survivor_of(merge: Merge, present: Lead, lived: Milestones, practice: Practice) -> Lead:
    """Give the survivor without what the merge brought it.

    `lived` are the milestones that it would have reached alone, with what happened since. When its
    next action is due, follows from its tasks and is not decided here.
    """
    before, after = merge.survivor_before, merge.survivor_after
    if before.is_locked:
        return _forgetting(merge, present)
    if evolve(_aside(present), version=after.version) == _aside(after):
        return evolve(before, version=present.version)
    alone = {
        name: _undone(getattr(before, name), getattr(after, name), getattr(present, name))
        for name in _ALONE
    }
    lead = evolve(present, **alone)
    lead = evolve(lead, origin=_origin(merge, lead), former_refs=_former_refs(merge, present))
    lead = evolve(lead, enquiry=evolve(lead.enquiry, notes=_notes(merge, present)))
    lead = evolve(
        lead,
        tags=tuple(t for t in present.tags if t in before.tags or t not in after.tags),
        custom=_custom(before.custom, after.custom, present.custom),
        milestones=_milestones(
            lead.stamps, after.milestones, present.milestones, lived, practice.clinic.timezone
        ),
    )
    return editing.derived(_placed(merge, lead, present, practice), practice)


def loser_of(merge: Merge, tombstone: Lead) -> Lead:
    """Give the loser as it was."""
    return evolve(merge.loser_before, version=tombstone.version)


def is_in_place(merge: Merge, present: Lead) -> bool:
    """Whether the survivor still stands where the merge has put it."""
    return _place(present) == _place(merge.survivor_after)


def _aside(lead: Lead) -> Lead:
    """Leave out when the next action is due: it follows from tasks, and says nothing of changes."""
    return evolve(lead, milestones=evolve(lead.milestones, next_action_at=None))


def _undone(before: Any, after: Any, present: Any) -> Any:  # noqa: ANN401 - any part of a lead
    if before == after:
        return present
    if present == after:
        return before
    if isinstance(present, _PARTS):
        names = [attribute.name for attribute in attrs.fields(type(present))]
        return evolve(
            present,
            **{
                n: _undone(getattr(before, n), getattr(after, n), getattr(present, n))
                for n in names
            },
        )
    return present


def _origin(merge: Merge, lead: Lead) -> Origin:
    """Give the lead its own reference again, also where something else of its origin changed."""
    before, after = merge.survivor_before.origin, merge.survivor_after.origin
    ref = _undone(before.external_ref, after.external_ref, lead.origin.external_ref)
    return evolve(lead.origin, external_ref=ref)


def _former_refs(merge: Merge, present: Lead) -> tuple[str, ...]:
    before, after = merge.survivor_before.former_refs, merge.survivor_after.former_refs
    return tuple(ref for ref in present.former_refs if ref in before or ref not in after)


def _forgetting(merge: Merge, present: Lead) -> Lead:
    """Let a converted survivor be found no more by the references of the loser."""
    refs = _former_refs(merge, present)
    gone = {REFERENCE + ref for ref in present.former_refs if ref not in refs}
    keys = tuple(key for key in present.keys if key not in gone)
    return evolve(present, former_refs=refs, keys=keys)


def _notes(merge: Merge, present: Lead) -> str | None:
    """Take out what the merge wrote into the notes, also where somebody has written on."""
    before, after = merge.survivor_before.enquiry.notes, merge.survivor_after.enquiry.notes
    notes = present.enquiry.notes
    if before == after or notes is None or after is None or after not in notes:
        return notes
    return notes.replace(after, before or "", 1).strip() or None


def _custom(before: Custom, after: Custom, present: Custom) -> Custom:
    return Custom(
        shown=_values(before.shown, after.shown, present.shown),
        personal=_values(before.personal, after.personal, present.personal),
    )


def _values(
    before: Mapping[str, Any], after: Mapping[str, Any], present: Mapping[str, Any]
) -> dict[str, Any]:
    """Leave out the values that came with the merge and were not changed since."""
    return {
        name: value
        for name, value in present.items()
        if name in before or name not in after or after[name] != value
    }


def _milestones(
    stamps: Stamps, after: Milestones, present: Milestones, lived: Milestones, timezone: str
) -> Milestones:
    """Give what was reached alone; business time that nobody has measured yet is left open."""
    at = {
        name: getattr(lived if getattr(present, name) == getattr(after, name) else present, name)
        for name in _INSTANTS
    }
    parted = evolve(
        present,
        **at,
        ms_to_attempt=_span(stamps, at["first_attempt_at"]),
        ms_to_contact=_span(stamps, at["first_contact_at"]),
        unanswered=lived.unanswered,
        **{
            measured: getattr(lived, measured) if getattr(lived, name) == at[name] else None
            for name, measured in _IN_BUSINESS_TIME.items()
        },
    )
    return accepted_after(parted, timezone)


_INSTANTS = (
    "first_attempt_at",
    "first_contact_at",
    "scheduled_at",
    "completed_at",
    "accepted_at",
    "observed_at",
    "recalled_at",
)

_IN_BUSINESS_TIME = {
    "first_attempt_at": "business_ms_to_attempt",
    "first_contact_at": "business_ms_to_contact",
}


def _span(stamps: Stamps, at: Any) -> int | None:  # noqa: ANN401 - an instant or None
    return None if at is None else milliseconds(stamps.created_at, at)


def _placed(merge: Merge, lead: Lead, present: Lead, practice: Practice) -> Lead:
    """Decide stage, loss, recall, coordinator and status, which hang together."""
    before = merge.survivor_before
    stays = not is_in_place(merge, present)
    position = _position(merge, present, stays=stays)
    stage = practice.stage_by_slug.get(position.stage, practice.default_stage)
    status = status_of(
        stage,
        contacted=lead.milestones.first_contact_at is not None,
        archived=present.status is LeadStatus.ARCHIVED,
    )
    return evolve(
        lead,
        position=position,
        loss=present.loss if stays else before.loss,
        recall_due_on=present.recall_due_on if stays else _recall(merge, present),
        ownership=_ownership(merge, present, status),
        status=status,
    )


def _place(lead: Lead) -> tuple[Any, ...]:
    held = lead.position
    return held.stage, held.order, held.entered_at, held.visit_id, lead.loss


def _position(merge: Merge, present: Lead, *, stays: bool) -> Position:
    """Give the former position, or the one that was reached since, with the furthest stage."""
    before, after = merge.survivor_before.position, merge.survivor_after.position
    if not stays:
        return before
    held = present.position
    moved_on = held.furthest_order != after.furthest_order
    far = (held if moved_on else before).furthest, (held if moved_on else before).furthest_order
    if present.status is not LeadStatus.LOST and held.order > far[1]:
        far = held.stage, held.order
    return evolve(held, furthest=far[0], furthest_order=far[1])


def _recall(merge: Merge, present: Lead) -> date | None:
    """Give a lead that is under observation again its former recall, or the one set since."""
    before, after = merge.survivor_before.recall_due_on, merge.survivor_after.recall_due_on
    changed = before is not None and present.recall_due_on != after
    return present.recall_due_on if changed else before


def _ownership(merge: Merge, present: Lead, status: LeadStatus) -> Ownership:
    """Give the lead back to its former coordinator; an active lead keeps one (rule 2)."""
    before, after = merge.survivor_before.ownership, merge.survivor_after.ownership
    held = present.ownership
    first = _undone(before.first_owner, after.first_owner, held.first_owner)
    is_same = (held.owner, held.assigned_at) == (after.owner, after.assigned_at)
    back = is_same and not (before.owner is None and status is LeadStatus.ACTIVE)
    return evolve(before if back else held, first_owner=first)
