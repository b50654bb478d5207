from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.activity import ActivityDirection, CallOutcome, LeadActivityType
from orthocrm.core.errors import InvalidInput
from orthocrm.core.events import ActivityLogged
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Conversion, Lead, LeadStatus, Milestones
from orthocrm.core.notifying import MessageChannel
from orthocrm.core.people import Phone
from orthocrm.followup.attempts import (
    LogEntry,
    Logged,
    logged,
    of_message,
    other_number,
    replayed,
)
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import COORDINATOR, a_message
from tests.support.practices import a_lead_of, a_practice, new_ids

PRACTICE = a_practice()
CALL, EMAIL, SMS, MEETING, NOTE = (
    LeadActivityType.PHONE_CALL,
    LeadActivityType.EMAIL,
    LeadActivityType.SMS,
    LeadActivityType.IN_PERSON,
    LeadActivityType.NOTE,
)
IN = ActivityDirection.INBOUND
WORKER = UserId("system:worker")
NOW = MONDAY_MORNING + timedelta(minutes=4)
MS = 4 * 60 * 1000


def log(lead: Lead, now: datetime = NOW, **fields: Any) -> Logged:
    return logged(lead, LogEntry(**fields), now=now, by=COORDINATOR, ids=new_ids())


def a_new_lead(**fields: Any) -> Lead:
    return a_lead_of(PRACTICE, **fields)


def problems_of(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        log(a_new_lead(), **fields)
    return [(problem.path, problem.code) for problem in caught.value.problems]


def test_rule_3_a_call_is_logged_with_its_outcome() -> None:
    lead = a_new_lead()

    done = log(lead, type=CALL, call_outcome="VOICEMAIL", notes="left a message")

    assert (done.activity.type, done.activity.call_outcome, done.activity.direction) == (
        CALL,
        CallOutcome.VOICEMAIL,
        ActivityDirection.OUTBOUND,
    )
    assert (done.activity.occurred_at, done.activity.notes) == (NOW, "left a message")
    assert done.event == ActivityLogged(
        clinic_id=lead.clinic_id,
        at=NOW,
        by=COORDINATOR,
        lead_id=lead.id,
        activity_id=done.activity.id,
        type=CALL,
        call_outcome=CallOutcome.VOICEMAIL,
    )


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"type": CALL}, ("call_outcome", "required")),
        ({"type": CALL, "call_outcome": "BUSY"}, ("call_outcome", "unknown_value")),
        ({"type": EMAIL, "call_outcome": "SPOKE"}, ("call_outcome", "not_for_this_type")),
        ({"type": "STAGE_CHANGE"}, ("type", "not_by_hand")),
        ({"type": "ASSIGNMENT_CHANGE"}, ("type", "not_by_hand")),
        ({"type": "TASK_COMPLETED"}, ("type", "not_by_hand")),
        ({"type": "FAX"}, ("type", "unknown_value")),
        ({"type": None}, ("type", "required")),
        ({"type": NOTE, "notes": "x" * 10_000_000}, ("notes", "too_long")),
        ({"type": NOTE, "notes": "x" * 10_001}, ("notes", "too_long")),
        ({"type": NOTE, "notes": 7}, ("notes", "wrong_type")),
        ({"type": NOTE, "outcome": "x" * 256}, ("outcome", "too_long")),
        ({"type": EMAIL, "direction": "UP"}, ("direction", "unknown_value")),
        ({"type": MEETING, "virtual": "true"}, ("virtual", "wrong_type")),
        (
            {"type": CALL, "call_outcome": "SPOKE", "virtual": True},
            ("virtual", "not_for_this_type"),
        ),
        ({"type": NOTE, "duration_minutes": -1}, ("duration_minutes", "out_of_range")),
        ({"type": NOTE, "duration_minutes": "5"}, ("duration_minutes", "wrong_type")),
        (
            {"type": NOTE, "occurred_at": datetime(2026, 11, 2, 9, 0)},  # noqa: DTZ001 - the point
            ("occurred_at", "naive_datetime"),
        ),
        (
            {"type": NOTE, "occurred_at": NOW + timedelta(hours=1)},
            ("occurred_at", "in_the_future"),
        ),
    ],
)
def test_what_cannot_be_logged_is_refused(fields: dict[str, Any], problem: tuple[str, str]) -> None:
    assert problems_of(**fields) == [problem]


@pytest.mark.parametrize(
    "fields",
    [
        {"type": CALL, "call_outcome": "NO_ANSWER"},
        {"type": CALL, "call_outcome": "VOICEMAIL"},
        {"type": CALL, "call_outcome": "WRONG_NUMBER"},
        {"type": EMAIL},
        {"type": SMS},
    ],
)
def test_an_outbound_try_without_an_answer_is_an_attempt(fields: dict[str, Any]) -> None:
    done = log(a_new_lead(), **fields)

    assert (done.answered, done.attempted, done.attempts) == (False, True, 1)
    assert done.lead.milestones == Milestones(first_attempt_at=NOW, ms_to_attempt=MS, unanswered=1)
    assert done.lead.status is LeadStatus.NEW


@pytest.mark.parametrize(
    "fields",
    [
        {"type": CALL, "call_outcome": "SPOKE"},
        {"type": CALL, "call_outcome": "VOICEMAIL", "direction": IN},
        {"type": EMAIL, "direction": "INBOUND"},
        {"type": SMS, "direction": IN},
        {"type": MEETING},
    ],
)
def test_reaching_the_family_is_a_contact_and_makes_the_lead_active(
    fields: dict[str, Any],
) -> None:
    done = log(a_new_lead(), **fields)

    assert (done.answered, done.attempts) == (True, 0)
    assert done.lead.milestones.first_contact_at == NOW
    assert done.lead.milestones.ms_to_contact == MS
    assert done.lead.status is LeadStatus.ACTIVE


@pytest.mark.parametrize(
    "fields", [{"type": NOTE}, {"type": NOTE, "direction": IN}, {"type": "DOCUMENT_SENT"}]
)
def test_a_note_or_document_reaches_nobody_and_leaves_the_lead_as_it_is(
    fields: dict[str, Any],
) -> None:
    lead = a_new_lead()
    done = log(lead, **fields)

    assert (done.lead, done.answered, done.attempted) == (lead, False, False)


def test_rule_8_attempts_add_up_until_somebody_answers() -> None:
    lead = a_new_lead()
    counts = []
    for outcome in ("NO_ANSWER", "VOICEMAIL", "NO_ANSWER", "SPOKE", "NO_ANSWER"):
        done = log(lead, type=CALL, call_outcome=outcome)
        lead = done.lead
        counts.append(done.attempts)

    assert counts == [1, 2, 3, 0, 1]


def test_an_inbound_answer_resets_the_count() -> None:
    lead = log(a_new_lead(), type=CALL, call_outcome="NO_ANSWER").lead

    assert log(lead, type=SMS, direction=IN).attempts == 0


def test_the_earliest_attempt_and_contact_count_also_when_logged_late() -> None:
    lead = log(a_new_lead(), type=CALL, call_outcome="SPOKE").lead
    earlier = MONDAY_MORNING + timedelta(minutes=1)

    late = log(lead, type=CALL, call_outcome="SPOKE", occurred_at=earlier).lead
    again = log(late, type=CALL, call_outcome="SPOKE").lead

    assert again.milestones == Milestones(
        first_attempt_at=earlier,
        first_contact_at=earlier,
        ms_to_attempt=60_000,
        ms_to_contact=60_000,
    )


def test_an_attempt_before_the_capture_is_kept_as_the_data_error_that_it_is() -> None:
    before = MONDAY_MORNING - timedelta(seconds=1)

    done = log(a_new_lead(), type=CALL, call_outcome="NO_ANSWER", occurred_at=before)

    assert done.lead.milestones.ms_to_attempt == -1000


def test_a_correction_is_a_new_activity_and_no_further_attempt() -> None:
    first = log(a_new_lead(), type=CALL, call_outcome="NO_ANSWER")

    done = log(first.lead, type=CALL, call_outcome="VOICEMAIL", corrects=first.activity.id)

    assert (done.activity.corrects, done.attempts) == (first.activity.id, 1)


def test_rule_7_a_converted_lead_takes_activities_and_stays_as_it_is() -> None:
    lead = evolve(
        a_new_lead(),
        status=LeadStatus.CONVERTED,
        conversion=Conversion(at=MONDAY_MORNING, patient_ref="p-1"),
    )

    done = log(lead, type=CALL, call_outcome="SPOKE")

    assert done.activity.after_conversion
    assert done.lead == lead


def test_a_lost_lead_that_calls_back_stays_lost_until_it_is_reopened() -> None:
    lead = evolve(a_new_lead(), status=LeadStatus.LOST)

    assert log(lead, type=CALL, call_outcome="SPOKE", direction=IN).lead.status is LeadStatus.LOST


@pytest.mark.parametrize(
    "outcome, other, suggested",
    [
        ("WRONG_NUMBER", "+13125550199", "+13125550199"),
        ("WRONG_NUMBER", None, None),
        ("WRONG_NUMBER", "+13125550100", None),
        ("NO_ANSWER", "+13125550199", None),
    ],
)
def test_after_a_wrong_number_the_other_one_is_suggested(
    outcome: str, other: str | None, suggested: str | None
) -> None:
    lead = a_new_lead()
    known = evolve(lead.contact, phone_alt=Phone(other) if other else None)

    done = log(evolve(lead, contact=known), type=CALL, call_outcome=outcome)

    assert other_number(done) == (Phone(suggested) if suggested else None)


def test_a_meeting_by_video_is_a_meeting() -> None:
    done = log(a_new_lead(), type=MEETING, virtual=True)
    assert (done.activity.type, done.activity.virtual, done.answered) == (MEETING, True, True)
    assert log(a_new_lead(), type=MEETING).activity.virtual is False


@pytest.mark.parametrize("channel, type_", [("EMAIL", EMAIL), ("SMS", SMS), ("PUSH", None)])
def test_what_a_machine_wrote_is_on_the_timeline_and_no_attempt(
    channel: str, type_: LeadActivityType | None
) -> None:
    lead = a_new_lead()
    message = a_message(PRACTICE.clinic, lead, NOW, channel=MessageChannel(channel))
    sent = evolve(message, sent_at=NOW)
    written = of_message(lead, sent, now=NOW + timedelta(minutes=1), by=WORKER, ids=new_ids())
    if written is None:
        assert type_ is None
        return
    assert (written.type, written.direction) == (type_, ActivityDirection.OUTBOUND)
    assert (written.occurred_at, written.created_at) == (NOW, NOW + timedelta(minutes=1))
    assert (written.created_by, written.message_id) == (WORKER, message.id)
    assert replayed(lead, [written]) == lead.milestones


def test_activities_of_two_leads_count_in_the_order_in_which_they_were_logged() -> None:
    lead, hour = a_new_lead(), timedelta(hours=1)
    spoke = log(lead, NOW + hour, type=CALL, call_outcome="SPOKE").activity
    first = log(lead, NOW, type=CALL, call_outcome="NO_ANSWER").activity
    last = log(lead, NOW + 2 * hour, type=EMAIL).activity
    note = log(lead, NOW + 3 * hour, type=NOTE, notes="x").activity
    later = evolve(first, after_conversion=True, created_at=NOW + 4 * hour)

    milestones = replayed(lead, [later, note, last, spoke, first])

    assert milestones == Milestones(
        first_attempt_at=NOW,
        ms_to_attempt=MS,
        first_contact_at=NOW + hour,
        ms_to_contact=MS + 3_600_000,
        unanswered=1,
    )
    assert replayed(lead, []) == lead.milestones
