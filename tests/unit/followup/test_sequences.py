"""Sequences: where a lead stands, what comes next, and what ends it."""

from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.cadence import SIX_TOUCH, Enrollment, EnrollmentState, Sequence, Step
from orthocrm.core.errors import AlreadyExists, InvalidInput, LeadClosed, LeadLocked
from orthocrm.core.events import SequenceEnded, SequenceStarted
from orthocrm.core.ids import EnrollmentId, UserId
from orthocrm.core.lead import Conversion, Lead, LeadStatus
from orthocrm.core.notifying import MessageChannel
from orthocrm.core.settings import Settings
from orthocrm.core.task import LeadTaskType
from orthocrm.core.templates import MessageTemplate
from orthocrm.followup import sequences
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import COORDINATOR
from tests.support.practices import a_lead_of, a_practice, new_ids

NOW = MONDAY_MORNING
DAY = timedelta(days=1)
CALLS = Sequence(
    name="calls",
    steps=(
        Step(after=timedelta(), task=LeadTaskType.CALL, title="Call"),
        Step(after=timedelta(hours=8), business=True, message="six_touch_nudge"),
    ),
)
OFF = evolve(CALLS, name="off", is_active=False)
PRACTICE = a_practice(settings=Settings(sequences=(CALLS, OFF, SIX_TOUCH)))
RUNNING, FINISHED, STOPPED = EnrollmentState


def start(lead: Lead | None = None, *present: Enrollment, sequence: Sequence = CALLS) -> Enrollment:
    return sequences.started(
        lead or a_lead_of(PRACTICE),
        sequence,
        present,
        PRACTICE,
        now=NOW,
        by=COORDINATOR,
        ids=new_ids(),
    )


def enrolled(**fields: Any) -> Enrollment:
    return evolve(start(), **fields)


@pytest.mark.parametrize(
    "name, code",
    [
        ("nothing", "unknown_sequence"),
        (None, "unknown_sequence"),
        ([], "unknown_sequence"),
        ("off", "inactive"),
    ],
)
def test_only_an_active_sequence_of_the_clinic_can_be_begun(name: object, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        sequences.sequence_named(name, PRACTICE)
    assert [(p.path, p.code) for p in caught.value.problems] == [("sequence", code)]


def test_a_lead_begins_with_the_first_step() -> None:
    lead = a_lead_of(PRACTICE)
    enrollment = start(lead)

    assert enrollment == Enrollment(
        id=EnrollmentId(enrollment.id),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        sequence="calls",
        started_at=NOW,
        started_by=COORDINATOR,
        next_at=NOW,
    )
    assert sequences.begun(enrollment) == SequenceStarted(
        clinic_id=lead.clinic_id, at=NOW, by=COORDINATOR, lead_id=lead.id, sequence="calls"
    )


def test_a_lead_is_in_a_sequence_once_at_a_time() -> None:
    lead = a_lead_of(PRACTICE)
    running = start(lead)

    with pytest.raises(AlreadyExists):
        start(lead, running)
    assert start(lead, sequences.stopped(running, "by_hand", NOW)).state is RUNNING
    assert start(lead, running, sequence=SIX_TOUCH).state is RUNNING


@pytest.mark.parametrize(
    "fields, error",
    [
        ({"status": LeadStatus.LOST}, LeadClosed),
        ({"status": LeadStatus.ARCHIVED}, LeadClosed),
        ({"conversion": Conversion(at=NOW, patient_ref="p")}, LeadLocked),
    ],
)
def test_a_closed_lead_begins_nothing(fields: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        start(evolve(a_lead_of(PRACTICE), **fields))


def test_a_step_is_due_at_its_time_and_no_earlier() -> None:
    enrollment = enrolled(next_at=NOW)

    assert sequences.is_due(enrollment, NOW)
    assert not sequences.is_due(enrollment, NOW - timedelta(microseconds=1))
    assert not sequences.is_due(evolve(enrollment, state=STOPPED), NOW)
    assert not sequences.is_due(evolve(enrollment, next_at=None), NOW)


def test_the_next_step_is_counted_in_business_time_from_the_one_before() -> None:
    second = sequences.advanced(start(), CALLS, PRACTICE, NOW)

    assert (second.step, second.next_at, second.state) == (1, NOW + timedelta(hours=8), RUNNING)
    afternoon = sequences.advanced(start(), CALLS, PRACTICE, NOW + timedelta(hours=4))
    assert afternoon.next_at == NOW + DAY + timedelta(hours=4)


def test_after_the_last_step_a_sequence_is_finished() -> None:
    last = sequences.advanced(enrolled(step=1), CALLS, PRACTICE, NOW + DAY)

    assert (last.step, last.next_at, last.state, last.ended_at, last.because) == (
        2,
        None,
        FINISHED,
        NOW + DAY,
        None,
    )


def test_a_sequence_that_became_shorter_ends_where_the_lead_stands() -> None:
    shorter = evolve(CALLS, steps=CALLS.steps[:1])

    assert sequences.advanced(enrolled(step=1), shorter, PRACTICE, NOW).state is FINISHED


def test_an_answer_stops_what_runs_and_marks_what_had_finished() -> None:
    finished = enrolled(state=FINISHED, ended_at=NOW, next_at=None)
    stopped = sequences.answered(start(), NOW)

    assert (stopped.state, stopped.because, stopped.next_at) == (STOPPED, "answered", None)
    assert sequences.answered(finished, NOW + DAY) == evolve(finished, because="answered")
    by_hand = sequences.stopped(start(), "by_hand", NOW)
    assert sequences.answered(by_hand, NOW + DAY) == by_hand


@pytest.mark.parametrize(
    "status, reason",
    [
        (LeadStatus.NEW, None),
        (LeadStatus.ACTIVE, None),
        (LeadStatus.LOST, "lost"),
        (LeadStatus.CONVERTED, "converted"),
        (LeadStatus.ARCHIVED, "archived"),
    ],
)
def test_a_closed_lead_leaves_its_sequence(status: LeadStatus, reason: str | None) -> None:
    assert sequences.reason_to_stop(evolve(a_lead_of(PRACTICE), status=status), CALLS) == reason


def test_a_sequence_that_is_gone_and_a_deleted_or_merged_lead_stop() -> None:
    lead = a_lead_of(PRACTICE)
    deleted = evolve(lead, stamps=evolve(lead.stamps, deleted_at=NOW))

    assert sequences.reason_to_stop(lead, None) == "removed"
    assert sequences.reason_to_stop(deleted, CALLS) == "archived"
    assert sequences.reason_to_stop(evolve(lead, merged_into=deleted.id), CALLS) == "archived"


def test_an_observed_lead_waits_for_the_morning_of_its_recall() -> None:
    lead = evolve(a_lead_of(PRACTICE), recall_due_on=date(2026, 12, 1))

    assert sequences.is_observed(lead, PRACTICE, NOW)
    put_off = sequences.put_off(start(), lead, PRACTICE)
    assert put_off.next_at is not None
    assert put_off.next_at.isoformat() == "2026-12-01T06:00:00+00:00"
    assert not sequences.is_observed(lead, PRACTICE, put_off.next_at)


@pytest.mark.parametrize(
    "fields, held",
    [
        ({}, True),
        ({"state": FINISHED}, True),
        ({"state": FINISHED, "because": "answered"}, False),
        ({"state": STOPPED, "because": "by_hand"}, False),
        ({"sequence": "calls"}, False),
        ({"sequence": "gone"}, False),
    ],
)
def test_a_sequence_that_says_farewell_itself_holds_the_rules_back(
    fields: dict[str, Any], *, held: bool
) -> None:
    assert sequences.holds_back(enrolled(**{"sequence": "six_touch", **fields}), PRACTICE) is held


def test_a_message_that_cannot_be_sent_becomes_a_task() -> None:
    text = MessageTemplate(name="x", channel=MessageChannel.SMS, body="Hi")
    kinds = []
    for template in (text, evolve(text, channel=MessageChannel.EMAIL), None):
        task = sequences.step_task(
            start(),
            Step(after=DAY, message="x"),
            a_lead_of(PRACTICE),
            PRACTICE,
            now=NOW,
            by=UserId("worker"),
            ids=new_ids(),
            instead_of=template,
        )
        kinds.append((task.type, task.title, task.rule, task.assigned_to, task.due_at))

    assert kinds == [
        (kind, "Send the message x", "sequence:calls", "tc-1", NOW)
        for kind in (LeadTaskType.SMS, LeadTaskType.EMAIL, LeadTaskType.FOLLOW_UP)
    ]


def test_the_end_is_told_with_its_reason() -> None:
    ended = sequences.stopped(start(), "lost", NOW)

    assert sequences.over(ended, now=NOW, by=COORDINATOR) == SequenceEnded(
        clinic_id=ended.clinic_id,
        at=NOW,
        by=COORDINATOR,
        lead_id=ended.lead_id,
        sequence="calls",
        because="lost",
    )


def test_the_title_of_a_step_may_carry_names() -> None:
    task = sequences.step_task(
        start(),
        Step(after=DAY, task=LeadTaskType.CALL, title="Call about {patient_first_name}"),
        a_lead_of(PRACTICE),
        PRACTICE,
        now=NOW,
        by=COORDINATOR,
        ids=new_ids(),
    )

    assert task.title == "Call about Mia"


def test_a_suspended_sequence_goes_on_where_it_stood() -> None:
    running = start()
    halted = sequences.suspended(running, NOW)

    assert (halted.state, halted.because) == (EnrollmentState.STOPPED, "archived")
    assert not sequences.is_due(halted, NOW + 90 * DAY)
    assert sequences.resumed(halted) == running
