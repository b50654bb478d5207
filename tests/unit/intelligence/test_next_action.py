from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import AppointmentId
from orthocrm.core.lead import Conversion, LeadStatus, Loss, LostReason, Milestones
from orthocrm.core.people import PreferredContact
from orthocrm.core.stage import Step
from orthocrm.core.task import LeadTaskType, TaskPriority
from orthocrm.intelligence.next_action import (
    SCORE_RANGE,
    URGENCY,
    Because,
    Circumstances,
    Means,
    NextAction,
    attempts_of,
    next_actions,
)
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_task
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()
NOW = MONDAY_MORNING + timedelta(days=30)
REACHED = Milestones(first_attempt_at=MONDAY_MORNING, first_contact_at=MONDAY_MORNING)
EVERY = frozenset({Means.CALL, Means.SMS, Means.EMAIL})
DAY = timedelta(days=1)


def about(**known: Any) -> Circumstances:
    """Know of a lead that was reached and has nothing due, unless told otherwise."""
    usual = {"stage": Step.CONTACTED, "milestones": REACHED}
    lead = known.pop("lead", None) or a_lead_of(PRACTICE, **{**usual, **known.pop("fields", {})})
    return Circumstances(lead=lead, **{"means": EVERY, **known})


def the_action(of: Circumstances) -> NextAction:
    (action,) = next_actions([of], PRACTICE, NOW)
    return action


def a_due_task(of: Circumstances, **fields: Any) -> Circumstances:
    task = a_task(of.lead, **{"due_at": NOW - DAY, **fields})
    return evolve(of, overdue=(*of.overdue, task))


def over_age() -> Circumstances:
    return about(lead=a_lead_of(PRACTICE, stage=Step.PENDING_DECISION, milestones=REACHED))


def test_a_lead_with_nothing_due_is_left_alone() -> None:
    assert next_actions([about()], PRACTICE, NOW) == ()


def test_nobody_has_anything_to_do_in_an_empty_clinic() -> None:
    assert next_actions([], PRACTICE, NOW) == ()


REASONS = [
    (about(answered_at=NOW - DAY), Because.ANSWER_WAITING),
    (about(lead=a_lead_of(PRACTICE)), Because.FIRST_CONTACT_DUE),
    (
        about(visit=(AppointmentId("visit"), NOW + timedelta(hours=20))),
        Because.CONSULTATION_UNCONFIRMED,
    ),
    (a_due_task(about()), Because.TASK_OVERDUE),
    (about(fields={"recall_due_on": date(2026, 1, 1)}), Because.RECALL_DUE),
    (over_age(), Because.OVER_AGE),
    (about(score=0.8, touched_at=NOW - 6 * DAY), Because.PROMISING_AND_COLD),
    (
        about(
            lead=a_lead_of(PRACTICE, stage=Step.CONTACTED, milestones=evolve(REACHED, unanswered=3))
        ),
        Because.BREAK_UP_DUE,
    ),
]


@pytest.mark.parametrize("of, because", REASONS, ids=[because for _, because in REASONS])
def test_every_reason_is_seen_and_said(of: Circumstances, because: Because) -> None:
    action = the_action(of)
    assert action.because is because
    assert action.words
    assert action.since <= NOW


@pytest.mark.parametrize("of, because", REASONS, ids=[because for _, because in REASONS])
def test_nothing_reaches_a_family_that_may_not_be_reached(
    of: Circumstances, because: Because
) -> None:
    quiet = next_actions([evolve(of, means=frozenset())], PRACTICE, NOW)
    assert [action.means for action in quiet] == (
        [Means.DESK] if because is Because.BREAK_UP_DUE else []
    )
    silent = evolve(of.lead, enquiry=evolve(of.lead.enquiry, no_contact=True))
    for action in next_actions([evolve(of, lead=silent)], PRACTICE, NOW):
        assert action.means is Means.DESK


@pytest.mark.parametrize("of, because", REASONS, ids=[because for _, because in REASONS])
def test_a_closed_lead_needs_nothing(of: Circumstances, because: Because) -> None:
    lead = of.lead
    closed = [
        evolve(
            lead,
            status=LeadStatus.CONVERTED,
            conversion=Conversion(at=NOW, patient_ref="p-1"),
        ),
        evolve(
            lead,
            status=LeadStatus.LOST,
            loss=Loss(at=NOW, reason=LostReason.RELOCATED, stage=lead.position.stage, order=1),
        ),
        evolve(lead, status=LeadStatus.ARCHIVED),
    ]
    assert next_actions([evolve(of, lead=each) for each in closed], PRACTICE, NOW) == (), because


def test_who_wrote_comes_before_who_is_new_and_before_what_is_late() -> None:
    found = next_actions([of for of, _ in reversed(REASONS)], PRACTICE, NOW)
    assert [action.because for action in found][:3] == [
        Because.ANSWER_WAITING,
        Because.FIRST_CONTACT_DUE,
        Because.CONSULTATION_UNCONFIRMED,
    ]
    assert found[-1].because is Because.BREAK_UP_DUE


def test_one_lead_gets_one_action_with_its_further_reasons() -> None:
    of = a_due_task(a_due_task(about(answered_at=NOW - DAY)))
    action = the_action(of)
    assert (action.because, action.also) == (Because.ANSWER_WAITING, (Because.TASK_OVERDUE,))


def test_a_further_reason_makes_a_lead_more_urgent() -> None:
    one, two = about(answered_at=NOW - DAY), a_due_task(about(answered_at=NOW - DAY))
    found = next_actions([one, two], PRACTICE, NOW)
    assert [action.lead_id for action in found] == [two.lead.id, one.lead.id]


def test_a_better_score_goes_first_among_equals() -> None:
    cold, warm = (a_due_task(about(score=score)) for score in (0.1, 0.9))
    found = next_actions([cold, warm], PRACTICE, NOW)
    assert [action.score for action in found] == [0.9, 0.1]
    assert found[0].urgency - found[1].urgency == pytest.approx(0.8 * SCORE_RANGE)


def test_a_score_does_not_pass_what_is_far_more_urgent() -> None:
    promising = about(score=1.0, touched_at=NOW - 30 * DAY)
    asked = about(answered_at=NOW - timedelta(minutes=1), score=0.0)
    assert the_action(asked).urgency > the_action(promising).urgency


def test_without_scores_the_rules_rank_alone() -> None:
    assert the_action(a_due_task(about())).score is None


def test_what_waits_longer_is_more_urgent() -> None:
    late, later = (about(answered_at=NOW - days * DAY) for days in (1, 2))
    assert the_action(later).urgency > the_action(late).urgency
    assert the_action(later).urgency < URGENCY[Because.ANSWER_WAITING] + 10


def test_an_urgent_task_is_more_urgent() -> None:
    usual = a_due_task(about())
    urgent = a_due_task(about(), priority=TaskPriority.URGENT)
    assert the_action(urgent).urgency > the_action(usual).urgency


@pytest.mark.parametrize(
    "preferred, means",
    [
        (PreferredContact.PHONE, Means.CALL),
        (PreferredContact.TEXT, Means.SMS),
        (PreferredContact.EMAIL, Means.EMAIL),
        (PreferredContact.ANY, Means.CALL),
    ],
)
def test_the_family_is_reached_as_it_prefers(preferred: PreferredContact, means: Means) -> None:
    of = about(answered_at=NOW - DAY)
    lead = evolve(of.lead, contact=evolve(of.lead.contact, preferred=preferred))
    assert the_action(evolve(of, lead=lead)).means is means


def test_another_means_stands_in_for_one_that_is_not_permitted() -> None:
    of = about(answered_at=NOW - DAY, means=frozenset({Means.EMAIL}))
    assert the_action(of).means is Means.EMAIL


@pytest.mark.parametrize(
    "type_, means",
    [
        (LeadTaskType.CALL, Means.CALL),
        (LeadTaskType.SMS, Means.SMS),
        (LeadTaskType.EMAIL, Means.EMAIL),
        (LeadTaskType.CUSTOM, Means.DESK),
        (LeadTaskType.FOLLOW_UP, Means.CALL),
    ],
)
def test_a_task_is_done_by_its_own_means(type_: LeadTaskType, means: Means) -> None:
    assert the_action(a_due_task(about(), type=type_)).means is means


def test_a_call_is_not_put_forward_by_other_means() -> None:
    of = about(means=frozenset({Means.EMAIL}))
    assert next_actions([a_due_task(of, type=LeadTaskType.CALL)], PRACTICE, NOW) == ()


def test_who_is_under_observation_is_left_alone_until_the_recall() -> None:
    later = {"recall_due_on": NOW.date() + 2 * DAY}
    cold = about(fields=later, score=0.9, touched_at=NOW - 60 * DAY)
    assert next_actions([cold], PRACTICE, NOW) == ()
    assert the_action(evolve(cold, answered_at=NOW)).because is Because.ANSWER_WAITING


def test_a_lead_over_age_with_a_plan_is_left_alone() -> None:
    of = over_age()
    planned = evolve(of.lead, milestones=evolve(REACHED, next_action_at=NOW + DAY))
    assert next_actions([evolve(of, lead=planned)], PRACTICE, NOW) == ()


def test_a_visit_that_is_far_or_past_needs_no_confirmation() -> None:
    far = about(visit=(AppointmentId("far"), NOW + 3 * DAY))
    past = about(visit=(AppointmentId("past"), NOW - DAY))
    assert next_actions([far, past], PRACTICE, NOW) == ()


def test_goodbye_is_said_after_as_many_attempts_as_the_clinic_says() -> None:
    assert attempts_of(PRACTICE) == 3
    rules = tuple(
        evolve(rule, attempts=5) if rule.suggest_lost else rule for rule in PRACTICE.rules
    )
    settings = evolve(PRACTICE.clinic.settings, rules=rules)
    patient = a_practice(clinic=evolve(PRACTICE.clinic, settings=settings))
    assert attempts_of(patient) == 5


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_score_is_a_chance(score: float) -> None:
    with pytest.raises(InvalidInput, match="score"):
        about(score=score)


@given(st.lists(st.sampled_from([of for of, _ in REASONS]), max_size=8), st.randoms())
def test_the_order_does_not_depend_on_how_leads_were_found(
    found: list[Circumstances], random: Any
) -> None:
    shuffled = [*found]
    random.shuffle(shuffled)
    assert next_actions(found, PRACTICE, NOW) == next_actions(shuffled, PRACTICE, NOW)
