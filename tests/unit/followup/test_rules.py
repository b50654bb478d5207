from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.cadence import SIX_TOUCH
from orthocrm.core.errors import InvalidInput
from orthocrm.core.events import TaskCreated
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import StageSlug, TaskId, UserId
from orthocrm.core.lead import Channel, Lead, LeadStatus, Milestones, Ownership
from orthocrm.core.query import Cond, predicate
from orthocrm.core.rules import DEFAULT_RULES, FollowUpRule, Recipient, Trigger
from orthocrm.core.settings import Settings
from orthocrm.core.task import LeadTaskType, Task, TaskPriority
from orthocrm.followup.rules import (
    created,
    due_conditions,
    is_settled,
    is_timed,
    may_speak,
    raised,
    since,
    superfluous,
    tasks_for,
    woken,
)
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import COORDINATOR, a_task
from tests.support.practices import a_lead_of, a_practice, new_ids

NOW = MONDAY_MORNING
BOSS = UserId("boss")
PRACTICE = a_practice(settings=Settings(fallback=BOSS))
RULES = {rule.name: rule for rule in DEFAULT_RULES}
CONTACTED = Milestones(first_contact_at=NOW)


def wake(trigger: Trigger, lead: Lead | None = None, **facts: Any) -> tuple[Task, ...]:
    practice = facts.pop("practice", PRACTICE)
    lead = lead or a_lead_of(practice)
    return tasks_for(trigger, lead, practice, now=NOW, by=COORDINATOR, ids=new_ids(), **facts)


def names(tasks: tuple[Task, ...]) -> list[str | None]:
    return [task.rule for task in tasks]


def test_rule_1_a_new_lead_is_to_be_called_within_five_minutes() -> None:
    (task,) = wake(Trigger.LEAD_CAPTURED)

    assert (task.rule, task.type, task.priority, task.assigned_to, task.due_at) == (
        "speed_to_lead",
        LeadTaskType.CALL,
        TaskPriority.URGENT,
        "tc-1",
        NOW + timedelta(minutes=5),
    )


def test_rule_1_a_lead_of_the_evening_is_to_be_called_when_the_practice_opens() -> None:
    evening = NOW + timedelta(hours=12)
    (task,) = tasks_for(
        Trigger.LEAD_CAPTURED,
        a_lead_of(PRACTICE),
        PRACTICE,
        now=evening,
        by=COORDINATOR,
        ids=new_ids(),
    )

    assert task.due_at == NOW + timedelta(days=1, minutes=5)


def test_a_lead_answered_live_needs_no_first_call() -> None:
    lead = evolve(a_lead_of(PRACTICE), milestones=CONTACTED)
    letter = evolve(RULES["speed_to_lead"], name="letter", task=LeadTaskType.EMAIL)
    practice = a_practice(settings=Settings(rules=(*DEFAULT_RULES, letter)))

    assert names(wake(Trigger.LEAD_CAPTURED, lead, practice=practice)) == ["letter"]


def test_a_stage_wakes_its_own_rules() -> None:
    (confirm,) = wake(Trigger.STAGE_ENTERED, stage="consultation_scheduled")
    (follow,) = wake(Trigger.STAGE_ENTERED, stage="consultation_completed")

    assert (confirm.rule, confirm.due_at) == ("confirm_consultation", NOW)
    assert (follow.rule, follow.due_at) == ("consultation_follow_up", NOW + timedelta(days=3))
    assert wake(Trigger.STAGE_ENTERED, stage="contacted") == ()


def test_rule_8_three_attempts_without_an_answer_end_in_a_break_up_once() -> None:
    assert [names(wake(Trigger.UNANSWERED, attempts=count)) for count in (2, 3, 4)] == [
        [],
        ["break_up"],
        [],
    ]


def test_an_inactive_rule_is_silent() -> None:
    rules = tuple(evolve(rule, is_active=False) for rule in DEFAULT_RULES)

    assert wake(Trigger.LEAD_CAPTURED, practice=a_practice(settings=Settings(rules=rules))) == ()
    assert not any(is_timed(rule, PRACTICE) for rule in rules)


def the_task(recipient: Recipient, owner: str | None, fallback: UserId | None) -> Task:
    rule = evolve(RULES["speed_to_lead"], recipient=recipient)
    practice = a_practice(settings=Settings(fallback=fallback))
    lead = a_lead_of(practice, owner=owner)
    return raised(rule, lead, practice, now=NOW, by=UserId("worker"), ids=new_ids())


@pytest.mark.parametrize(
    "recipient, owner, fallback, to",
    [
        (Recipient.OWNER, "tc-1", BOSS, "tc-1"),
        (Recipient.OWNER, None, BOSS, "boss"),
        (Recipient.MANAGER, "tc-1", BOSS, "boss"),
        (Recipient.MANAGER, "tc-1", None, "tc-1"),
        (Recipient.OWNER, None, None, "worker"),
    ],
)
def test_a_task_always_finds_somebody(
    recipient: Recipient, owner: str | None, fallback: UserId | None, to: str
) -> None:
    assert the_task(recipient, owner, fallback).assigned_to == to


def test_the_event_names_the_rule() -> None:
    (task,) = wake(Trigger.LEAD_CAPTURED)

    assert created(task) == TaskCreated(
        clinic_id=task.clinic_id,
        at=NOW,
        by=COORDINATOR,
        lead_id=task.lead_id,
        task_id=TaskId(task.id),
        assigned_to=task.assigned_to,
        due_at=task.due_at,
        rule="speed_to_lead",
    )


def test_timed_rules_are_those_that_somebody_has_to_look_for() -> None:
    assert [rule.name for rule in DEFAULT_RULES if is_timed(rule, PRACTICE)] == [
        "escalate_no_contact",
        "pending_check_in",
    ]


def test_a_timed_rule_makes_a_task_that_is_due_at_once() -> None:
    rule, lead = RULES["escalate_no_contact"], a_lead_of(PRACTICE)

    task = raised(rule, lead, PRACTICE, now=NOW, by=COORDINATOR, ids=new_ids())

    assert (task.due_at, task.assigned_to, task.rule) == (NOW, BOSS, "escalate_no_contact")


def due_for(rule: FollowUpRule, leads: list[Lead], after: timedelta) -> list[bool]:
    holds = predicate(due_conditions(rule, PRACTICE, NOW + after), LEADS)
    return [holds(lead) for lead in leads]


def test_silence_for_a_day_is_escalated() -> None:
    rule = RULES["escalate_no_contact"]
    fresh = a_lead_of(PRACTICE, created_at=NOW + timedelta(seconds=1))
    silent = a_lead_of(PRACTICE)
    leads = [
        silent,
        fresh,
        evolve(silent, milestones=CONTACTED),
        evolve(silent, status=LeadStatus.LOST),
        evolve(silent, stamps=evolve(silent.stamps, deleted_at=NOW)),
        evolve(silent, recall_due_on=date(2027, 5, 1)),
        evolve(silent, recall_due_on=date(2026, 11, 3)),
    ]

    assert due_for(rule, leads, timedelta(hours=24)) == [
        True,
        False,
        False,
        False,
        False,
        False,
        True,
    ]


def test_seven_days_pending_call_for_a_check_in() -> None:
    rule = RULES["pending_check_in"]
    leads = [
        a_lead_of(PRACTICE, stage="pending_decision"),
        a_lead_of(PRACTICE, stage="pending_decision", created_at=NOW + timedelta(seconds=1)),
        a_lead_of(PRACTICE, stage="contacted"),
    ]

    assert due_for(rule, leads, timedelta(days=7)) == [True, False, False]


def test_a_rule_about_silence_may_be_for_one_stage() -> None:
    rule = evolve(RULES["escalate_no_contact"], stage=StageSlug("contacted"))
    leads = [a_lead_of(PRACTICE), a_lead_of(PRACTICE, stage="contacted")]

    assert due_for(rule, leads, timedelta(days=2)) == [False, True]


def test_a_timed_rule_may_count_business_time() -> None:
    rule = evolve(RULES["escalate_no_contact"], after=timedelta(hours=8), business=True)
    leads = [a_lead_of(PRACTICE), a_lead_of(PRACTICE, created_at=NOW + timedelta(minutes=1))]

    assert due_for(rule, leads, timedelta(hours=7, minutes=59)) == [False, False]
    assert due_for(rule, leads, timedelta(hours=8)) == [True, False]


def test_a_rule_speaks_once_for_a_lead_and_once_for_a_visit() -> None:
    week = NOW + timedelta(days=7)
    lead = a_lead_of(PRACTICE, stage="pending_decision")
    silence, pending = RULES["escalate_no_contact"], RULES["pending_check_in"]
    before = NOW - timedelta(days=1)

    assert may_speak(silence, since(silence, lead), None, week)
    assert not may_speak(silence, since(silence, lead), before, week)
    assert may_speak(pending, since(pending, lead), None, week)
    assert may_speak(pending, since(pending, lead), before, week)
    assert not may_speak(pending, since(pending, lead), NOW, week)
    assert not may_speak(pending, since(pending, lead), None, week - timedelta(seconds=1))


def needless(rule: str | None, **changes: Any) -> bool:
    lead = evolve(a_lead_of(PRACTICE, stage="pending_decision"), **changes)
    return superfluous(a_task(lead, rule=rule), lead, PRACTICE)


@pytest.mark.parametrize("status", [LeadStatus.CONVERTED, LeadStatus.ARCHIVED])
def test_a_lead_that_is_done_needs_no_task(status: LeadStatus) -> None:
    assert needless(None, status=status)
    assert needless("consultation_follow_up", status=status)


def test_a_lost_lead_keeps_only_what_a_person_planned() -> None:
    assert needless("consultation_follow_up", status=LeadStatus.LOST)
    assert not needless(None, status=LeadStatus.LOST)


@pytest.mark.parametrize("rule", ["speed_to_lead", "escalate_no_contact"])
def test_contact_ends_what_waits_for_it(rule: str) -> None:
    assert not needless(rule)
    assert needless(rule, milestones=CONTACTED)


def test_an_answer_ends_the_break_up() -> None:
    assert not needless("break_up", milestones=Milestones(unanswered=3))
    assert needless("break_up", milestones=Milestones(unanswered=0))


def test_what_belongs_to_a_stage_ends_with_it() -> None:
    position = a_lead_of(PRACTICE, stage="treatment_accepted").position

    assert needless("confirm_consultation")
    assert not needless("pending_check_in")
    assert needless("pending_check_in", position=position)
    assert not needless("consultation_follow_up", position=position)


def test_tasks_of_people_and_of_forgotten_rules_stay() -> None:
    assert not needless(None)
    assert not needless("a rule of last year")


def test_an_unowned_lead_keeps_its_tasks_with_the_fallback_person() -> None:
    lead = evolve(a_lead_of(PRACTICE), ownership=Ownership())

    assert [task.assigned_to for task in wake(Trigger.LEAD_CAPTURED, lead)] == [BOSS]


def test_a_rule_of_an_endless_time_is_refused_rather_than_never_due() -> None:
    rule = evolve(RULES["speed_to_lead"], after=timedelta(days=100_000))
    practice = a_practice(settings=Settings(rules=(rule,)))

    with pytest.raises(InvalidInput):
        wake(Trigger.LEAD_CAPTURED, practice=practice)


def test_a_rule_speaks_only_where_its_condition_holds() -> None:
    of_sofia = evolve(RULES["speed_to_lead"], name="web", where=Cond("channel", "eq", "WEB_FORM"))
    practice = a_practice(settings=Settings(rules=(of_sofia,)))
    lead = a_lead_of(practice)
    online = evolve(lead, origin=evolve(lead.origin, channel=Channel.WEB_FORM))

    assert names(wake(Trigger.LEAD_CAPTURED, lead, practice=practice)) == []
    assert names(wake(Trigger.LEAD_CAPTURED, online, practice=practice)) == ["web"]


def test_a_timed_rule_is_due_only_where_its_condition_holds() -> None:
    rule = evolve(RULES["escalate_no_contact"], where=Cond("unanswered", "ge", 1))
    practice = a_practice(settings=Settings(rules=(rule,)))
    lead = a_lead_of(practice, created_at=NOW - timedelta(days=2))
    tried = evolve(lead, milestones=Milestones(unanswered=1))

    due = predicate(due_conditions(rule, practice, NOW), LEADS)

    assert [due(lead), due(tried)] == [False, True]


def test_a_rule_without_a_task_is_woken_and_makes_none() -> None:
    quiet = FollowUpRule(name="note", trigger=Trigger.LEAD_CAPTURED, message="break_up")
    practice = a_practice(settings=Settings(rules=(quiet,)))

    assert woken(Trigger.LEAD_CAPTURED, a_lead_of(practice), practice) == (quiet,)
    assert wake(Trigger.LEAD_CAPTURED, practice=practice) == ()


def test_rules_of_plug_ins_speak_beside_the_clinic_s_own_of_other_names() -> None:
    note = evolve(RULES["speed_to_lead"], name="note")
    other = evolve(RULES["speed_to_lead"], title="Run")
    practice = a_practice(brought=(note, other))

    assert names(wake(Trigger.LEAD_CAPTURED, practice=practice)) == ["speed_to_lead", "note"]
    assert practice.rule_by_name["speed_to_lead"].title == "Call the new lead"


def test_what_a_forgotten_rule_asked_for_stands() -> None:
    assert not is_settled("gone", a_lead_of(PRACTICE), PRACTICE)


def test_a_rule_that_begins_a_sequence_is_silent_while_that_is_switched_off() -> None:
    rule = FollowUpRule(name="six", trigger=Trigger.NO_CONTACT, sequence="six_touch")
    on, off = (
        a_practice(settings=Settings(sequences=(evolve(SIX_TOUCH, is_active=active),)))
        for active in (True, False)
    )

    assert [is_timed(rule, practice) for practice in (on, off, PRACTICE)] == [True, False, False]


def test_the_title_of_a_rule_may_carry_names() -> None:
    rule = evolve(RULES["speed_to_lead"], title="Call {contact_name} on {appointment_date}")
    practice = a_practice(settings=Settings(rules=(rule,)))

    (task,) = wake(Trigger.LEAD_CAPTURED, practice=practice)

    assert task.title == "Call Anna Keller on ?"
