"""Leads that change hands because somebody is away: to the cover person, and back again."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from orthocrm.assignment.eligibility import is_full
from orthocrm.core.activity import Activity, Decision, LeadActivityType
from orthocrm.core.appointment import TimeOff
from orthocrm.core.errors import InvalidInput, RuleViolated
from orthocrm.core.ids import ActivityId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.ports import IdSource
from orthocrm.core.settings import Practice
from orthocrm.core.task import Task

TRANSFER = "transfer"
REASSIGN_ABSENT = "reassign_absent"
HAND_OVER = "hand_over"
HAND_BACK = "hand_back"
TASK_HANDED_OVER = "task_handed_over"
TASK_HANDED_BACK = "task_handed_back"

ABOUT_TASKS = frozenset({TASK_HANDED_OVER, TASK_HANDED_BACK})
"""Rules of decisions about a single task, which leave the lead with its owner."""


class OwnerPresent(RuleViolated):
    """Only the leads of somebody who is away may be passed on by the front desk."""

    code = "owner_present"

    def __init__(self) -> None:
        super().__init__("the lead's coordinator is not away; ask them or an administrator")


def ensure_owner_away(lead: Lead, practice: Practice, now: datetime) -> None:
    """Raise `OwnerPresent` unless the lead's coordinator has an absence on record now (C-09).

    Who has left the practice for good is away as well.
    """
    owner = lead.ownership.owner
    known = None if owner is None else practice.coordinator_by_id.get(owner)
    has_left = known is not None and not known.is_active
    if owner is None or not (has_left or practice.is_away(owner, now)):
        raise OwnerPresent


def ensure_available(
    user: UserId, practice: Practice, loads: Mapping[UserId, int], *, at: datetime, path: str
) -> None:
    """Refuse somebody who is away at an instant or has as many leads as allowed.

    Raises:
        InvalidInput: at `path`.
    """
    coordinator = practice.coordinator_by_id.get(user)
    full = coordinator is not None and is_full(coordinator, loads)
    if full or practice.is_away(user, at):
        raise InvalidInput.at(path, "unavailable", "give somebody who is there and not full")


def cover_of(absence: TimeOff, practice: Practice, now: datetime) -> UserId:
    """Give the person who covers an absence that is not over.

    Raises:
        InvalidInput: there is none, who covers is away as well, or the absence is over.
    """
    if absence.cover is None:
        raise InvalidInput.at("cover", "required", "the absence names no cover person")
    if absence.ends_at <= now:
        raise InvalidInput.at("absence_id", "over", "the absence is over")
    begins = max(now, absence.starts_at)
    ensure_available(absence.cover, practice, {}, at=begins, path="cover")
    return absence.cover


def stands(history: Sequence[Decision], user: UserId, cover: UserId) -> bool:
    """Whether a lead is with the cover person because the user handed it over last.

    Who was given the lead for any other reason since keeps it.
    """
    handed: list[tuple[UserId | None, UserId]] = []
    for decision in history:
        if decision.rule == HAND_OVER:
            handed.append((decision.previous, decision.chosen))
        elif decision.rule == HAND_BACK:
            del handed[-1:]
        elif decision.rule not in ABOUT_TASKS:
            handed.clear()
    return handed[-1:] == [(user, cover)]


def task_note(
    task: Task, to: UserId, rule: str, *, at: datetime, by: UserId, ids: IdSource
) -> Activity:
    """Remember in the lead's timeline whose task it was, where the lead is somebody else's."""
    return Activity(
        id=ActivityId(ids()),
        clinic_id=task.clinic_id,
        lead_id=task.lead_id,
        type=LeadActivityType.ASSIGNMENT_CHANGE,
        occurred_at=at,
        created_at=at,
        created_by=by,
        outcome=str(task.id),
        decision=Decision(chosen=to, rule=rule, previous=task.assigned_to),
    )


def handed_tasks(notes: Sequence[Activity], user: UserId, cover: UserId) -> frozenset[str]:
    """Tell which tasks the cover person has from the user, by the notes of their leads."""
    last = {note.outcome: note.decision for note in notes if note.outcome and note.decision}
    return frozenset(
        task
        for task, decision in last.items()
        if decision.rule == TASK_HANDED_OVER
        and (decision.previous, decision.chosen) == (user, cover)
    )
