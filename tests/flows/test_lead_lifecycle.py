"""From first contact to treatment started or lost: the business rules, on every backend."""

from datetime import timedelta

import pytest

from orthocrm import (
    BackwardMove,
    ClosedStage,
    InvalidInput,
    LeadClosed,
    LeadLocked,
    LeadStatus,
    LostReason,
    LostReasonMissing,
    NotFound,
)
from orthocrm.core.activity import CallOutcome, LeadActivityType
from orthocrm.core.ids import LeadId
from orthocrm.core.task import TaskStatus
from orthocrm.followup.attempts import LogEntry
from orthocrm.leads.editing import LeadEdit
from tests.flows.practice import House, enquiry

SPOKE = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.SPOKE)
NO_ANSWER = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.NO_ANSWER)


def test_a_new_lead_has_a_coordinator_and_a_call_within_five_minutes(house: House) -> None:
    captured = house.front.leads.capture(enquiry())

    assert captured.lead.status is LeadStatus.NEW
    assert captured.lead.position.stage == "new_lead"
    assert captured.lead.ownership.owner == "tc-1"
    assert captured.decision is not None
    assert captured.decision.rule == "round_robin"
    (task,) = captured.tasks
    assert task.due_at == house.clock() + timedelta(minutes=5)
    assert captured.lead.milestones.next_action_at == task.due_at
    assert house.front.leads.get(captured.lead.id) == captured.lead


def test_leads_go_round(house: House) -> None:
    owners = [
        house.lead(phone=f"+1 312 555 01{i:02}", email=None).ownership.owner for i in range(4)
    ]
    assert owners == ["tc-1", "tc-2", "tc-1", "tc-2"]


def test_shared_phone_or_email_warns_and_never_blocks(house: House) -> None:
    first = house.lead()
    twin = house.coordinator.leads.capture(enquiry(email=None))
    sibling = house.coordinator.leads.capture(
        enquiry(patient_first_name="Diego", phone="312-555-0142", email=None)
    )

    assert [d.lead_id for d in twin.duplicates] == [first.id]
    assert {d.lead_id for d in sibling.duplicates} == {first.id, twin.lead.id}
    assert sibling.lead.id not in {first.id, twin.lead.id}


def test_the_whole_way_to_treatment_started(house: House) -> None:
    desk, lead = house.coordinator, house.lead()
    house.clock.advance(timedelta(minutes=3))
    logged = desk.followups.log(lead.id, SPOKE)
    assert logged.lead.milestones.ms_to_contact == 180_000
    for stage in ("contacted", "consultation_scheduled", "consultation_completed"):
        house.clock.advance(timedelta(days=1))
        desk.pipeline.move(lead.id, stage)
    (follow_up,) = [t for t in desk.followups.open_tasks() if t.rule == "consultation_follow_up"]
    assert follow_up.due_at == house.clock() + timedelta(days=3)
    house.clock.advance(timedelta(days=1))
    desk.pipeline.move(lead.id, "treatment_accepted")
    house.clock.advance(timedelta(days=1))
    converted = desk.pipeline.convert(lead.id)

    assert converted.lead.status is LeadStatus.CONVERTED
    assert converted.lead.position.stage == "treatment_started"
    assert converted.lead.conversion is not None
    assert converted.lead.conversion.patient_ref == f"patient-{lead.id}"
    assert converted.lead.milestones.ms_to_convert == int(
        timedelta(days=5, minutes=3).total_seconds() * 1000
    )
    timeline = desk.leads.timeline(lead.id)
    assert timeline.open_tasks == ()
    assert [e.what for e in timeline.entries if e.what == "STAGE_CHANGE"] == ["STAGE_CHANGE"] * 5
    assert desk.leads.get(lead.id) == converted.lead


def test_a_lead_cannot_move_back_nor_stay(house: House) -> None:
    lead = house.lead()
    house.coordinator.pipeline.move(lead.id, "pending_decision")
    for stage in ("contacted", "new_lead", "pending_decision"):
        with pytest.raises(BackwardMove):
            house.coordinator.pipeline.move(lead.id, stage)
    assert house.coordinator.leads.get(lead.id).position.stage == "pending_decision"


def test_won_and_lost_have_their_own_doors(house: House) -> None:
    lead = house.lead()
    for stage in ("treatment_started", "lost"):
        with pytest.raises(ClosedStage):
            house.coordinator.pipeline.move(lead.id, stage)


def test_lost_needs_a_reason_and_other_a_note(house: House) -> None:
    lead = house.lead()
    for reason, notes in ((None, None), ("", None), (LostReason.OTHER, None), ("OTHER", "  ")):
        with pytest.raises(LostReasonMissing):
            house.coordinator.pipeline.lose(lead.id, reason, notes)
    assert house.coordinator.leads.get(lead.id) == lead


def test_a_lost_lead_is_closed_until_it_is_reopened(house: House) -> None:
    desk, lead = house.coordinator, house.lead()
    desk.pipeline.move(lead.id, "consultation_completed")
    lost = desk.pipeline.lose(lead.id, LostReason.COST_FINANCIAL).lead
    assert (lost.status, lost.position.furthest) == (LeadStatus.LOST, "consultation_completed")
    with pytest.raises(LeadClosed):
        desk.pipeline.move(lead.id, "pending_decision")

    reopened = desk.pipeline.reopen(lead.id, "they called again").lead

    assert reopened.position.stage == "consultation_completed"
    assert reopened.status is LeadStatus.ACTIVE
    assert reopened.loss is None
    assert desk.pipeline.move(lead.id, "pending_decision").lead.position.stage == "pending_decision"


def test_a_converted_lead_is_locked_but_takes_activities(house: House) -> None:
    desk, lead = house.coordinator, house.lead()
    converted = desk.pipeline.convert(lead.id).lead
    refusals = (
        lambda: desk.pipeline.move(lead.id, "pending_decision"),
        lambda: desk.pipeline.lose(lead.id, LostReason.RELOCATED),
        lambda: desk.pipeline.convert(lead.id),
        lambda: desk.pipeline.reopen(lead.id, "why not"),
        lambda: desk.assignment.assign(lead.id),
        lambda: desk.assignment.assign_to(lead.id, "tc-2"),
        lambda: desk.leads.edit(lead.id, LeadEdit(notes="changed")),
    )
    for refused in refusals:
        with pytest.raises((LeadLocked, LeadClosed)):
            refused()
    logged = desk.followups.log(lead.id, SPOKE)

    assert logged.activity.after_conversion
    assert desk.leads.get(lead.id) == converted


def test_three_attempts_without_an_answer_suggest_giving_up(house: House) -> None:
    desk, lead = house.coordinator, house.lead()
    suggestions = [desk.followups.log(lead.id, NO_ANSWER).suggest_lost for _ in range(4)]

    assert suggestions == [False, False, True, False]
    assert desk.leads.get(lead.id).is_open
    assert "break_up" in {task.rule for task in desk.followups.open_tasks()}


def test_a_call_without_an_outcome_is_refused(house: House) -> None:
    lead = house.lead()
    with pytest.raises(InvalidInput) as refusal:
        house.coordinator.followups.log(lead.id, LogEntry(type=LeadActivityType.PHONE_CALL))
    assert [problem.path for problem in refusal.value.problems] == ["call_outcome"]


def test_time_makes_the_tasks_of_rules_once(house: House) -> None:
    lead = house.lead()
    assert house.crm.work().tasks == ()
    house.clock.advance(timedelta(hours=25))
    (escalation,) = house.crm.work().tasks
    assert (escalation.rule, escalation.assigned_to) == ("escalate_no_contact", "manager")
    assert house.crm.work().tasks == ()

    house.coordinator.pipeline.move(lead.id, "pending_decision")
    house.clock.advance(timedelta(days=7, minutes=1))
    assert [task.rule for task in house.crm.work().tasks] == ["pending_check_in"]
    assert house.crm.work().tasks == ()


def test_a_task_is_completed_and_the_next_action_follows(house: House) -> None:
    captured = house.coordinator.leads.capture(enquiry())
    done = house.coordinator.followups.complete(captured.tasks[0].id)

    assert done.status is TaskStatus.COMPLETED
    lead = house.coordinator.leads.get(captured.lead.id)
    assert lead.milestones.next_action_at is None
    with pytest.raises(InvalidInput):
        house.coordinator.followups.complete(done.id)


def test_an_unknown_lead_is_not_found_by_any_verb(house: House) -> None:
    nobody = LeadId("0190c0de-0000-7000-8000-000000000000")
    for verb in (
        house.coordinator.leads.get,
        house.coordinator.leads.timeline,
        house.coordinator.assignment.assign,
        house.coordinator.pipeline.convert,
    ):
        with pytest.raises(NotFound):
            verb(nobody)


def test_a_coordinator_takes_up_what_nobody_else_can(house: House) -> None:
    alone = House(house.crm, house.crm.create_clinic(name="Alone", timezone="UTC"), house.clock)
    mine = alone.coordinator.leads.capture(enquiry())
    waiting = alone.front.leads.capture(enquiry()).lead

    assert (mine.lead.ownership.owner, mine.decision and mine.decision.rule) == ("tc-1", "taken_up")
    assert waiting.ownership.owner is None
    moved = alone.coordinator.pipeline.move(waiting.id, "contacted").lead
    assert (moved.ownership.owner, moved.status) == ("tc-1", LeadStatus.ACTIVE)
