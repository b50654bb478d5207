from datetime import timedelta

from orthocrm.core.ids import StageSlug
from orthocrm.pipeline.board import board
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_stage
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()
WEEK_LATER = MONDAY_MORNING + timedelta(days=7, seconds=1)


def test_columns_follow_the_order_of_the_stages_with_their_counts() -> None:
    lead = a_lead_of(PRACTICE, stage="contacted")
    practice = a_practice(stages=tuple(reversed(PRACTICE.stages)))

    columns = board(practice, {StageSlug("contacted"): 7}, [lead], {}, MONDAY_MORNING).columns

    assert [(column.stage.slug, column.count, len(column.cards)) for column in columns] == [
        (stage.slug, 7, 1) if stage.slug == "contacted" else (stage.slug, 0, 0)
        for stage in PRACTICE.stages
    ]


def test_a_card_is_over_age_when_the_stage_limit_has_passed_and_nothing_is_planned() -> None:
    idle, planned, late = (a_lead_of(PRACTICE, stage="pending_decision") for _ in range(3))
    fresh = a_lead_of(PRACTICE, stage="pending_decision", created_at=WEEK_LATER)
    elsewhere = a_lead_of(PRACTICE, stage="contacted")
    due = {
        planned.id: WEEK_LATER + timedelta(days=1),
        late.id: WEEK_LATER - timedelta(days=1),
    }
    leads = [idle, planned, late, fresh, elsewhere]

    columns = board(PRACTICE, {}, leads, due, WEEK_LATER).columns
    cards = {card.lead_id: card for column in columns for card in column.cards}

    assert [cards[lead.id].over_age for lead in leads] == [True, False, True, False, False]
    assert [cards[lead.id].overdue for lead in leads] == [False, False, True, False, False]
    assert cards[planned.id].next_action_at == due[planned.id]
    assert cards[idle.id].age == timedelta(days=7, seconds=1)


def test_a_final_stage_ages_nobody() -> None:
    stages = (a_stage(PRACTICE.clinic, "contacted", 1), *PRACTICE.stages[6:])
    practice = a_practice(stages=stages)
    lead = a_lead_of(PRACTICE, stage="lost", order=8)

    columns = board(practice, {}, [lead], {}, WEEK_LATER).columns

    assert [card.over_age for card in columns[-1].cards] == [False]


def test_cards_hide_names_in_their_repr() -> None:
    columns = board(PRACTICE, {}, [a_lead_of(PRACTICE)], {}, MONDAY_MORNING).columns
    card = columns[0].cards[0]

    assert (card.patient, card.contact, card.owner) == ("Mia Keller", "Anna Keller", "tc-1")
    assert "Keller" not in repr(columns)
