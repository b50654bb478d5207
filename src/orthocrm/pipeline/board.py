"""The pipeline as a board: columns of cards, and beside them who is under observation."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from attrs import field, frozen

from orthocrm.core.ids import LeadId, SourceId, StageSlug, UserId
from orthocrm.core.lead import Incomplete, Lead, Objection, TreatmentInterest
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.settings import Practice
from orthocrm.core.stage import Stage
from orthocrm.core.task import LeadTaskType, Task


@frozen(kw_only=True)
class Card:
    """A lead on the board.

    `age` is the time in the stage, or under observation. A card is `over_age` when that exceeds
    the stage's `max_days` and no open task is still to come; it is `overdue` when its next task's
    time has passed. `next_action` is what that task is, `next_action_at` when it is due. `version`
    is the lead's: who moves the card says which one they saw.
    """

    lead_id: LeadId
    patient: str = field(repr=mask, metadata=PERSONAL)
    contact: str = field(repr=mask, metadata=PERSONAL)
    owner: UserId | None
    stage: StageSlug
    entered_at: datetime
    age: timedelta
    over_age: bool
    next_action: LeadTaskType | None = None
    next_action_at: datetime | None = None
    overdue: bool = False
    objection: Objection | None = None
    tags: tuple[str, ...] = ()
    recall_due_on: date | None = None
    incomplete: tuple[Incomplete, ...] = ()
    interests: tuple[TreatmentInterest, ...] = ()
    source: SourceId | None = None
    version: int = 1


@frozen(kw_only=True)
class Column:
    """A stage, with its name and colour, and the leads in it that are worked on.

    `count` is how many there are, `cards` those shown; `cursor` opens the next ones, None: there
    are no more.
    """

    stage: Stage
    count: int
    cards: tuple[Card, ...]
    cursor: str | None = None


@frozen(kw_only=True)
class Waiting:
    """The leads under observation, the next recall first; they stand in no column."""

    count: int
    cards: tuple[Card, ...]
    cursor: str | None = None


@frozen(kw_only=True)
class Board:
    """The columns in the order of the stages, and who waits for a recall."""

    columns: tuple[Column, ...]
    observed: Waiting


@frozen(kw_only=True)
class Shown:
    """What a column shows: how many leads it has, the first of them, and where the next start."""

    count: int = 0
    leads: tuple[Lead, ...] = ()
    cursor: str | None = None


NOTHING = Shown()
Tasks = Mapping[LeadId, Sequence[Task]]
"""The open tasks of leads."""


def board(
    practice: Practice,
    columns: Mapping[StageSlug, Shown],
    observed: Shown,
    tasks: Tasks,
    now: datetime,
) -> Board:
    """Lay out the board.

    Args:
        practice: The clinic and its stages.
        columns: What each column shows, by slug; a missing stage has no leads.
        observed: What is shown of the leads under observation.
        tasks: The open tasks of the leads shown.
        now: The instant as of which cards are over age or overdue.
    """
    stages = sorted(practice.stages, key=lambda stage: stage.order)
    return Board(
        columns=tuple(
            column(stage, columns.get(stage.slug, NOTHING), tasks, now) for stage in stages
        ),
        observed=waiting(observed, tasks, now),
    )


def column(stage: Stage, shown: Shown, tasks: Tasks, now: datetime) -> Column:
    """Lay out one column."""
    cards = tuple(_card(lead, stage, tasks.get(lead.id, ()), now) for lead in shown.leads)
    return Column(stage=stage, count=shown.count, cards=cards, cursor=shown.cursor)


def waiting(shown: Shown, tasks: Tasks, now: datetime) -> Waiting:
    """Lay out the leads under observation."""
    cards = tuple(_card(lead, None, tasks.get(lead.id, ()), now) for lead in shown.leads)
    return Waiting(count=shown.count, cards=cards, cursor=shown.cursor)


def _card(lead: Lead, stage: Stage | None, tasks: Sequence[Task], now: datetime) -> Card:
    age = now - lead.position.entered_at
    following = min(tasks, key=lambda task: (task.due_at, task.id), default=None)
    planned = any(task.due_at > now for task in tasks)
    return Card(
        lead_id=lead.id,
        patient=f"{lead.patient.first_name} {lead.patient.last_name}".strip(),
        contact=lead.contact.name,
        owner=lead.ownership.owner,
        stage=lead.position.stage,
        entered_at=lead.position.entered_at,
        age=age,
        over_age=not planned and _is_too_old(age, stage),
        next_action=None if following is None else following.type,
        next_action_at=None if following is None else following.due_at,
        overdue=following is not None and following.is_overdue(now),
        objection=lead.objection,
        tags=lead.tags,
        recall_due_on=lead.recall_due_on,
        incomplete=lead.enquiry.incomplete,
        interests=lead.enquiry.interests,
        source=lead.origin.source_id,
        version=lead.version,
    )


def _is_too_old(age: timedelta, stage: Stage | None) -> bool:
    if stage is None or stage.is_terminal or stage.max_days is None:
        return False
    return age > timedelta(days=stage.max_days)
