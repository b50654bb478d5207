"""The cohort funnel: how far leads came, where they were lost, and who is still on the way."""

import pytest
from attrs import evolve

from orthocrm.analytics.funnel import COHORT_FUNNEL, steps_of, without_few
from orthocrm.analytics.results import Ratio
from orthocrm.core.errors import InvalidInput
from orthocrm.testing.factories import a_stage
from tests.unit.analytics.practice import (
    CLINIC,
    DAY,
    PRACTICE,
    Engine,
    a_practice,
    an_ask,
    answer,
    enquiry,
    lost,
    won,
)

LEADS = [
    enquiry(furthest="new_lead"),
    lost(enquiry(furthest="new_lead", source="search"), DAY),
    enquiry(furthest="contacted"),
    lost(enquiry(furthest="consultation_completed"), DAY),
    lost(enquiry(furthest="consultation_completed", source="search"), DAY),
    won(enquiry(furthest="contacted"), DAY),
]


def test_lost_leads_count_where_they_got_to() -> None:
    funnel = answer(COHORT_FUNNEL, an_ask(), LEADS).total
    assert [(s.stage, s.reached, s.drop_off, s.still_open) for s in funnel.steps] == [
        ("new_lead", 6, 1, 1),
        ("contacted", 4, 0, 1),
        ("consultation_scheduled", 3, 0, 0),
        ("consultation_completed", 3, 2, 0),
        ("pending_decision", 1, 0, 0),
        ("treatment_accepted", 1, 0, 0),
        ("treatment_started", 1, 0, 0),
    ]
    assert (funnel.leads, funnel.won, funnel.lost, funnel.open) == (6, 1, 3, 2)


def test_rates_are_to_the_next_step_and_of_all() -> None:
    steps = answer(COHORT_FUNNEL, an_ask(), LEADS).total.steps
    assert [step.next_step for step in steps[:2]] == [Ratio(4, 6), Ratio(3, 4)]
    assert [step.cumulative for step in steps[-2:]] == [Ratio(1, 6), Ratio(1, 6)]
    assert steps[-1].next_step is None


def test_an_empty_cohort_has_steps_without_rates() -> None:
    funnel = answer(COHORT_FUNNEL, an_ask(), []).total
    assert [step.reached for step in funnel.steps] == [0] * 7
    assert funnel.steps[0].cumulative.value is None


def test_a_funnel_can_be_cut() -> None:
    figures = answer(COHORT_FUNNEL, an_ask(by="source"), LEADS)
    assert [(label, f.leads, f.lost) for label, f in figures.groups] == [
        ("search", 2, 2),
        ("weber", 4, 1),
    ]


def test_a_stage_put_in_later_takes_no_lead_from_the_others() -> None:
    triage = a_stage(CLINIC, "triage", 2)
    moved = [
        evolve(stage, order=stage.order + 1) if stage.order > 1 else stage
        for stage in PRACTICE.stages
    ]
    before = answer(COHORT_FUNNEL, an_ask(), LEADS).total
    ask = an_ask(practice=a_practice(stages=(*moved, triage)))
    after = answer(COHORT_FUNNEL, ask, LEADS).total
    expected = [(step.stage, step.reached) for step in before.steps]
    expected.insert(1, (triage.slug, 4))
    assert [(step.stage, step.reached) for step in after.steps] == expected


def test_a_removed_stage_leaves_its_leads_where_its_order_was() -> None:
    stages = [stage for stage in PRACTICE.stages if stage.slug != "consultation_completed"]
    ask = an_ask(practice=a_practice(stages=stages))
    steps = answer(COHORT_FUNNEL, ask, LEADS).total.steps
    assert [(s.stage, s.drop_off) for s in steps if s.drop_off] == [
        ("new_lead", 1),
        ("consultation_scheduled", 2),
    ]


def test_the_won_stage_is_the_last_step_wherever_it_stands() -> None:
    late = a_stage(CLINIC, "recall", 20)
    slugs = [stage.slug for stage in steps_of(a_practice(stages=(*PRACTICE.stages, late)))]
    assert slugs[-2:] == ["recall", "treatment_started"]


@pytest.mark.parametrize("part", ["", "reached", "reached:", "reached:lost", "shoes:contacted"])
def test_a_step_that_is_not_there_has_no_leads_behind_it(part: str) -> None:
    with pytest.raises(InvalidInput):
        COHORT_FUNNEL.drill(an_ask(), part)


def test_no_lead_stands_at_the_won_step_without_being_won() -> None:
    where = COHORT_FUNNEL.drill(an_ask(), "still_open:treatment_started")
    assert Engine(LEADS).behind(where) == []


def test_few_of_an_outcome_are_left_out_with_another_one() -> None:
    leads = [*(won(enquiry(), DAY) for _ in range(2)), *(lost(enquiry(), DAY) for _ in range(6))]
    leads += [enquiry() for _ in range(8)]
    whole = answer(COHORT_FUNNEL, an_ask(), leads).total
    shown = without_few(whole, 3)
    assert (shown.leads, shown.won, shown.lost, shown.open) == (16, None, None, 8)
    assert without_few(whole, None) == whole == without_few(whole, 2)
