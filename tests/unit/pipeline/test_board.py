from datetime import date, timedelta
from typing import Any

from orthocrm.core.ids import StageSlug
from orthocrm.core.lead import Lead, Objection
from orthocrm.core.task import LeadTaskType, Task
from orthocrm.pipeline.board import NOTHING, Card, Shown, board
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_stage, a_task
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()
WEEK_LATER = MONDAY_MORNING + timedelta(days=7, seconds=1)


def shown(*leads: Lead) -> dict[StageSlug, Shown]:
    slugs = dict.fromkeys(lead.position.stage for lead in leads)
    by_stage = {slug: [lead for lead in leads if lead.position.stage == slug] for slug in slugs}
    return {slug: Shown(count=len(of), leads=tuple(of)) for slug, of in by_stage.items()}


def a_card(lead: Lead, *tasks: Task, now: Any = WEEK_LATER) -> Card:
    laid_out = board(PRACTICE, shown(lead), NOTHING, {lead.id: tasks}, now)
    (card,) = [card for column in laid_out.columns for card in column.cards]
    return card


def due(lead: Lead, days: int) -> Task:
    return a_task(lead, type=LeadTaskType.CALL, due_at=WEEK_LATER + timedelta(days=days))


def test_columns_follow_the_order_of_the_stages_with_their_counts_and_cursors() -> None:
    lead = a_lead_of(PRACTICE, stage="contacted")
    practice = a_practice(stages=tuple(reversed(PRACTICE.stages)))
    contacted = Shown(count=7, leads=(lead,), cursor="next")

    columns = board(
        practice, {StageSlug("contacted"): contacted}, NOTHING, {}, MONDAY_MORNING
    ).columns

    assert [(c.stage.slug, c.count, len(c.cards), c.cursor) for c in columns] == [
        (stage.slug, 7, 1, "next") if stage.slug == "contacted" else (stage.slug, 0, 0, None)
        for stage in PRACTICE.stages
    ]


def test_a_card_is_over_age_when_the_stage_limit_has_passed_and_nothing_is_planned() -> None:
    idle = a_lead_of(PRACTICE, stage="pending_decision")
    fresh = a_lead_of(PRACTICE, stage="pending_decision", created_at=WEEK_LATER)
    elsewhere = a_lead_of(PRACTICE, stage="contacted")

    assert a_card(idle).over_age
    assert not a_card(idle, due(idle, 1)).over_age
    assert a_card(idle, due(idle, -1)).over_age
    assert not a_card(fresh).over_age
    assert not a_card(elsewhere).over_age
    assert a_card(idle).age == timedelta(days=7, seconds=1)


def test_a_later_task_is_a_plan_though_an_earlier_one_is_overdue() -> None:
    lead = a_lead_of(PRACTICE, stage="pending_decision")
    late, coming = due(lead, -2), due(lead, 3)

    card = a_card(lead, coming, late)

    assert (card.over_age, card.overdue) == (False, True)
    assert (card.next_action, card.next_action_at) == (LeadTaskType.CALL, late.due_at)


def test_a_final_stage_ages_nobody() -> None:
    stages = (a_stage(PRACTICE.clinic, "contacted", 1), *PRACTICE.stages[6:])
    practice = a_practice(stages=stages)
    lead = a_lead_of(PRACTICE, stage="lost", order=8)

    columns = board(practice, shown(lead), NOTHING, {}, WEEK_LATER).columns

    assert [card.over_age for card in columns[-1].cards] == [False]


def test_who_is_under_observation_stands_apart_and_is_never_over_age() -> None:
    lead = a_lead_of(PRACTICE, stage="pending_decision", recall_due_on=date(2027, 5, 1))

    laid_out = board(PRACTICE, {}, Shown(count=9, leads=(lead,)), {}, WEEK_LATER)

    (card,) = laid_out.observed.cards
    assert laid_out.observed.count == 9
    assert (card.recall_due_on, card.over_age) == (date(2027, 5, 1), False)


def test_a_card_tells_objection_and_tags() -> None:
    lead = a_lead_of(PRACTICE, objection=Objection.COST, tags=("vip",))
    assert (a_card(lead).objection, a_card(lead).tags) == (Objection.COST, ("vip",))


def test_cards_hide_names_in_their_repr() -> None:
    card = a_card(a_lead_of(PRACTICE))

    assert (card.patient, card.contact, card.owner) == ("Mia Keller", "Anna Keller", "tc-1")
    assert "Keller" not in repr(card)
