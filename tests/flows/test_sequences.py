"""Sequences: six touches in business time, until the family answers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    SIX_TOUCH,
    ActivityDirection,
    AlreadyExists,
    CallOutcome,
    Enrollment,
    FollowUpRule,
    InvalidInput,
    LeadActivityType,
    LeadClosed,
    LeadTaskType,
    LogEntry,
    Role,
    Sequence,
    Step,
    Trigger,
)
from orthocrm.core.cadence import EnrollmentState
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import MessageChannel, MessageState
from tests.flows.carrying import agree
from tests.flows.following import configure, queued, told
from tests.flows.practice import House, enquiry

SMS, EMAIL = MessageChannel.SMS, MessageChannel.EMAIL
CALL = LeadActivityType.PHONE_CALL
NO_ANSWER = LogEntry(type=CALL, call_outcome=CallOutcome.NO_ANSWER)
SPOKE = LogEntry(type=CALL, call_outcome=CallOutcome.SPOKE)
TEXT_BACK = LogEntry(type=LeadActivityType.SMS, direction=ActivityDirection.INBOUND)
DAY = timedelta(days=1)
RUNNING, FINISHED, STOPPED = EnrollmentState
TWO_CALLS = Sequence(
    name="two_calls",
    steps=(
        Step(after=timedelta(), task=LeadTaskType.CALL, title="First"),
        Step(after=DAY, task=LeadTaskType.CALL, title="Second"),
    ),
)


@pytest.fixture
def lead(house: House) -> Lead:
    """A lead of a clinic with carriers and sequences, and no rules that would interfere."""
    configure(house, sequences=(SIX_TOUCH, TWO_CALLS), rules=())
    return house.lead()


def start(house: House, lead: Lead, name: str = "six_touch") -> Enrollment:
    return house.coordinator.followups.start_sequence(lead.id, name)


def states(house: House, lead: Lead) -> list[tuple[str, EnrollmentState, str | None]]:
    found = house.coordinator.followups.sequences(lead.id)
    return [(e.sequence, e.state, e.because) for e in found]


def walk_through(house: House, lead: Lead) -> None:
    """Let two workers look at every step, a moment before and when it is due."""
    while (due := house.coordinator.followups.sequences(lead.id)[0].next_at) is not None:
        for moment in (timedelta(seconds=-1), timedelta()):
            house.clock.set(due + moment)
            house.crm.work()
            house.crm.work()


def titles(house: House) -> list[str]:
    return [task.title for task in house.coordinator.followups.open_tasks()]


def test_six_touches_come_one_after_the_other_and_each_once(house: House, lead: Lead) -> None:
    start(house, lead)
    walk_through(house, lead)

    assert [(m.template, m.channel, m.created_at.day) for m in queued(house)] == [
        ("six_touch_hello", SMS, 2),
        ("six_touch_nudge", SMS, 4),
        ("six_touch_last", SMS, 11),
        ("break_up", EMAIL, 16),
    ]
    assert titles(house) == ["Second touch: call", "Fourth touch: call"]
    assert states(house, lead) == [("six_touch", FINISHED, None)]


def test_without_a_carrier_every_touch_is_a_task(house: House, lead: Lead) -> None:
    configure(house, messaging=Messaging())
    start(house, lead)
    walk_through(house, lead)

    tasks = house.coordinator.followups.open_tasks()
    assert [(task.type, task.title) for task in tasks] == [
        (LeadTaskType.SMS, "Text: thank the family and ask when to call"),
        (LeadTaskType.CALL, "Second touch: call"),
        (LeadTaskType.SMS, "Text: offer a time for the visit"),
        (LeadTaskType.CALL, "Fourth touch: call"),
        (LeadTaskType.SMS, "Text: say that this is the last one for now"),
        (LeadTaskType.EMAIL, "Send the break-up e-mail and consider moving the lead to Lost"),
    ]
    assert {task.rule for task in tasks} == {"sequence:six_touch"}
    assert queued(house) == []


@pytest.mark.parametrize("entry", [TEXT_BACK, SPOKE])
def test_an_answer_stops_the_sequence_and_what_waits_of_it(
    house: House, lead: Lead, entry: LogEntry
) -> None:
    agree(house, lead)
    start(house, lead)
    start(house, lead, "two_calls")
    house.crm.work()

    house.coordinator.followups.log(lead.id, entry)
    house.clock.advance(20 * DAY)
    house.crm.work()

    assert states(house, lead) == [
        ("six_touch", STOPPED, "answered"),
        ("two_calls", STOPPED, "answered"),
    ]
    assert told(house) == [("sequence:six_touch", SMS, MessageState.CANCELLED)]
    assert titles(house) == []


def test_an_attempt_without_an_answer_stops_nothing(house: House, lead: Lead) -> None:
    start(house, lead)

    house.coordinator.followups.log(lead.id, NO_ANSWER)

    assert states(house, lead) == [("six_touch", RUNNING, None)]


def test_a_lead_that_is_lost_or_converted_leaves_its_sequences(house: House, lead: Lead) -> None:
    other = house.lead(phone="+1 312 555 0177", email="b@example.com")
    for one in (lead, other):
        agree(house, one)
        start(house, one)
    house.crm.work()

    house.coordinator.pipeline.lose(lead.id, "RELOCATED")
    house.coordinator.pipeline.convert(other.id)

    assert states(house, lead) == [("six_touch", STOPPED, "lost")]
    assert states(house, other) == [("six_touch", STOPPED, "converted")]
    assert {state for _, _, state in told(house)} == {MessageState.CANCELLED}


def test_a_sequence_is_stopped_by_hand(house: House, lead: Lead) -> None:
    start(house, lead)
    start(house, lead, "two_calls")
    house.crm.work()

    (stopped,) = house.coordinator.followups.stop_sequence(lead.id, "two_calls")

    assert (stopped.because, stopped.ended_at) == ("by_hand", house.clock())
    assert (titles(house), states(house, lead)) == (
        [],
        [("six_touch", RUNNING, None), ("two_calls", STOPPED, "by_hand")],
    )
    assert house.coordinator.leads.get(lead.id).milestones.next_action_at is None
    with pytest.raises(InvalidInput, match="not in this sequence"):
        house.coordinator.followups.stop_sequence(lead.id, "two_calls")
    assert len(house.coordinator.followups.stop_sequence(lead.id)) == 1
    assert house.coordinator.followups.stop_sequence(lead.id) == ()


def test_a_lead_can_begin_again_what_has_ended(house: House, lead: Lead) -> None:
    start(house, lead)
    with pytest.raises(AlreadyExists):
        start(house, lead)
    house.coordinator.followups.stop_sequence(lead.id)

    start(house, lead)

    assert [state for _, state, _ in states(house, lead)] == [STOPPED, RUNNING]


@pytest.mark.parametrize("name", ["nothing", "", None, 7])
def test_a_sequence_that_does_not_exist_is_refused(house: House, lead: Lead, name: Any) -> None:
    with pytest.raises(InvalidInput, match="sequence: name one of the sequences"):
        house.coordinator.followups.start_sequence(lead.id, name)


def test_a_closed_lead_begins_nothing(house: House, lead: Lead) -> None:
    house.coordinator.pipeline.lose(lead.id, "RELOCATED")

    with pytest.raises(LeadClosed):
        start(house, lead)


def test_a_lead_of_another_clinic_is_not_there(house: House, lead: Lead) -> None:
    other = house.crm.create_clinic(name="Other", timezone="UTC")
    stranger = house.desk(Role.ADMIN, clinic=other)

    for refused in (
        lambda: stranger.followups.sequences(lead.id),
        lambda: stranger.followups.stop_sequence(lead.id),
    ):
        with pytest.raises(LookupError):
            refused()


def test_a_sequence_that_was_removed_from_the_settings_stops(house: House, lead: Lead) -> None:
    start(house, lead, "two_calls")
    configure(house, sequences=())

    house.crm.work()

    assert states(house, lead) == [("two_calls", STOPPED, "removed")]
    assert titles(house) == []


def test_a_worker_that_was_away_for_long_takes_one_step_at_a_time(house: House, lead: Lead) -> None:
    start(house, lead, "two_calls")
    house.clock.advance(30 * DAY)

    house.crm.work()

    assert titles(house) == ["First"]
    house.clock.advance(DAY)
    house.crm.work()
    assert titles(house) == ["First", "Second"]


def observe(house: House, lead: Lead, until: date) -> None:
    with house.crm._backend.begin(house.clinic.id) as store:
        present = store.leads.get([lead.id], lock=True)[lead.id]
        store.leads.save([evolve(present, recall_due_on=until)])


def test_a_lead_under_observation_is_left_in_peace_until_its_recall(
    house: House, lead: Lead
) -> None:
    start(house, lead, "two_calls")
    observe(house, lead, date(2026, 11, 9))

    house.crm.work()
    assert titles(house) == []

    house.clock.set(house.clock() + 7 * DAY)
    house.crm.work()
    assert titles(house) == ["First", "Recall: ask whether the family is ready now"]


def test_the_end_of_a_sequence_suggests_to_give_the_lead_up(house: House, lead: Lead) -> None:
    short = evolve(SIX_TOUCH, steps=SIX_TOUCH.steps[-1:])
    configure(house, sequences=(short, evolve(TWO_CALLS, steps=TWO_CALLS.steps[:1])))
    start(house, lead)
    start(house, lead, "two_calls")
    house.clock.advance(10 * DAY)

    house.crm.work()

    trail = [change for entry in house.admin.privacy.trail().entries for change in entry.changes]
    suggested = [c for c in trail if c["kind"] == "lost_suggested"]
    ended = {c["sequence"] for c in trail if c["kind"] == "sequence_ended"}
    assert (len(suggested), ended) == (1, {"six_touch", "two_calls"})


def test_a_sequence_says_farewell_by_itself_and_the_rule_keeps_silent(
    house: House, lead: Lead
) -> None:
    start(house, lead)
    breaking_up = FollowUpRule(
        name="break_up",
        trigger=Trigger.UNANSWERED,
        attempts=3,
        task=LeadTaskType.EMAIL,
        title="Break up",
        message="break_up",
        suggest_lost=True,
    )
    configure(house, rules=(breaking_up,))
    desk = house.coordinator.followups

    logged = [desk.log(lead.id, NO_ANSWER) for _ in range(3)]
    assert [(item.tasks, item.suggest_lost) for item in logged] == [((), False)] * 3

    desk.log(lead.id, TEXT_BACK)
    again = [desk.log(lead.id, NO_ANSWER) for _ in range(3)]
    assert [item.suggest_lost for item in again] == [False, False, True]
    assert [m.about for m in queued(house) if m.state is MessageState.PENDING] == ["rule:break_up"]


def test_rules_begin_sequences_once_for_a_lead(house: House, lead: Lead) -> None:
    configure(
        house,
        rules=(
            FollowUpRule(name="new", trigger=Trigger.LEAD_CAPTURED, sequence="two_calls"),
            FollowUpRule(
                name="old", trigger=Trigger.NO_CONTACT, after=2 * DAY, sequence="six_touch"
            ),
        ),
    )
    fresh = house.coordinator.leads.capture(enquiry(phone="+1 312 555 0177", email="b@example.com"))
    assert states(house, fresh.lead) == [("two_calls", RUNNING, None)]

    house.clock.advance(2 * DAY)
    house.crm.work()
    house.coordinator.followups.stop_sequence(lead.id)
    house.crm.work()

    assert states(house, lead) == [("six_touch", STOPPED, "by_hand")]
    assert {name for name, _, _ in states(house, fresh.lead)} == {"two_calls", "six_touch"}


def test_a_rule_leaves_leads_alone_that_are_in_its_sequence_already(
    house: House, lead: Lead
) -> None:
    start(house, lead, "two_calls")
    waiting = FollowUpRule(
        name="waiting", trigger=Trigger.IN_STAGE, after=DAY, sequence="two_calls"
    )
    configure(house, rules=(waiting,))
    house.clock.advance(timedelta(minutes=1))
    moved = house.coordinator.pipeline.move(lead.id, "contacted").lead
    house.clock.advance(DAY)

    house.coordinator.followups.raise_due()

    assert house.coordinator.leads.get(lead.id) == moved
    assert states(house, lead) == [("two_calls", RUNNING, None)]


def test_a_rule_whose_sequence_is_switched_off_begins_nothing(house: House, lead: Lead) -> None:
    rule = FollowUpRule(name="new", trigger=Trigger.LEAD_CAPTURED, sequence="two_calls")
    configure(house, rules=(rule,), sequences=(evolve(TWO_CALLS, is_active=False),))

    captured = house.coordinator.leads.capture(
        enquiry(phone="+1 312 555 0177", email="b@example.com")
    )

    assert states(house, captured.lead) == []
    with pytest.raises(InvalidInput, match="switched off"):
        start(house, lead, "two_calls")


def test_several_workers_take_each_step_once(house: House, lead: Lead) -> None:
    others = house.coordinator.leads.capture_many(
        [enquiry(phone=f"+1 312 555 {n:04}", email=f"p{n}@example.com") for n in range(40)]
    )
    ids = [lead.id, *(item.lead.id for item in others)]  # type: ignore[union-attr] # none is refused
    for lead_id in ids:
        house.coordinator.followups.start_sequence(LeadId(lead_id), "six_touch")

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(house.crm.work) for _ in range(8)]
        for work in done:
            work.result()

    assert sorted(m.lead_id or "" for m in queued(house)) == sorted(ids)
    assert {house.coordinator.followups.sequences(i)[0].step for i in ids} == {1}
