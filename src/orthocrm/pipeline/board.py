"""The pipeline as a board: columns of cards."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from attrs import field, frozen

from orthocrm.core.ids import LeadId, StageSlug, UserId
from orthocrm.core.lead import Incomplete, Lead
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.settings import Practice
from orthocrm.core.stage import Stage


@frozen(kw_only=True)
class Card:
    """A lead on the board.

    `age` is the time in the stage. A card is `over_age` when that exceeds the stage's `max_days`
    and nothing is planned for the lead; it is `overdue` when its next task's time has passed.
    """

    lead_id: LeadId
    patient: str = field(repr=mask, metadata=PERSONAL)
    contact: str = field(repr=mask, metadata=PERSONAL)
    owner: UserId | None
    entered_at: datetime
    age: timedelta
    over_age: bool
    next_action_at: datetime | None
    overdue: bool
    incomplete: tuple[Incomplete, ...] = ()


@frozen(kw_only=True)
class Column:
    """A stage with the number of its leads and the cards shown, which may be fewer."""

    stage: Stage
    count: int
    cards: tuple[Card, ...]


@frozen(kw_only=True)
class Board:
    """The columns in the order of the stages."""

    columns: tuple[Column, ...]


def board(
    practice: Practice,
    counts: Mapping[StageSlug, int],
    leads: Iterable[Lead],
    tasks_due: Mapping[LeadId, datetime],
    now: datetime,
) -> Board:
    """Lay out the board.

    Args:
        practice: The clinic and its stages.
        counts: Leads by stage slug; a missing stage has none.
        leads: The leads to show as cards, in the order in which each column shows them.
        tasks_due: When each lead's next open task is due.
        now: The instant as of which cards are over age or overdue.
    """
    cards: dict[str, list[Card]] = {}
    for lead in leads:
        stage = practice.stage_by_slug.get(lead.position.stage)
        card = _card(lead, stage, tasks_due.get(lead.id), now)
        cards.setdefault(lead.position.stage, []).append(card)
    stages = sorted(practice.stages, key=lambda stage: stage.order)
    return Board(
        columns=tuple(
            Column(
                stage=stage,
                count=counts.get(stage.slug, 0),
                cards=tuple(cards.get(stage.slug, ())),
            )
            for stage in stages
        )
    )


def _card(lead: Lead, stage: Stage | None, due_at: datetime | None, now: datetime) -> Card:
    age = now - lead.position.entered_at
    overdue = due_at is not None and due_at < now
    planned = due_at is not None and not overdue
    return Card(
        lead_id=lead.id,
        patient=f"{lead.patient.first_name} {lead.patient.last_name}".strip(),
        contact=lead.contact.name,
        owner=lead.ownership.owner,
        entered_at=lead.position.entered_at,
        age=age,
        over_age=not planned and _is_too_old(age, stage),
        next_action_at=due_at,
        overdue=overdue,
        incomplete=lead.enquiry.incomplete,
    )


def _is_too_old(age: timedelta, stage: Stage | None) -> bool:
    if stage is None or stage.is_terminal or stage.max_days is None:
        return False
    return age > timedelta(days=stage.max_days)
