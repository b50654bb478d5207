"""A lead's timeline: all eleven kinds of activities, each made by a verb."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    CallOutcome,
    Document,
    InvalidInput,
    LeadActivityType,
    LeadTaskType,
    LogEntry,
    NewTask,
    TaskEdit,
    TaskStatus,
)
from orthocrm.core.ids import LeadId
from tests.flows.following import configure
from tests.flows.practice import House
from tests.security.digest import digest

PLAN = Document(
    name="Treatment plan",
    reference="https://files.example/plan.pdf",
    media_type="application/pdf",
)


def log(house: House, lead_id: LeadId, kind: str, **fields: Any) -> None:
    house.coordinator.followups.log(lead_id, LogEntry(type=LeadActivityType(kind), **fields))


def kinds(house: House, lead_id: LeadId) -> list[str]:
    entries = house.coordinator.leads.timeline(lead_id).entries
    return [str(entry.activity.type) for entry in entries if entry.activity]


def test_the_timeline_shows_all_eleven_kinds(house: House) -> None:
    desk, lead = house.coordinator, house.lead(owner="tc-1")
    log(house, lead.id, "PHONE_CALL", call_outcome=CallOutcome.SPOKE)
    for kind in ("EMAIL", "SMS", "IN_PERSON", "NOTE", "CONSULTATION_SCHEDULED"):
        log(house, lead.id, kind)
    log(house, lead.id, "CONSULTATION_COMPLETED")
    desk.pipeline.move(lead.id, "consultation_completed")
    desk.assignment.transfer(lead.id, "tc-2", "on leave")
    due = house.clock() + timedelta(days=1)
    new = NewTask(type=LeadTaskType.CALL, title="Call", due_at=due)
    desk.followups.complete(desk.followups.add_task(lead.id, new).id)
    desk.leads.attach(lead.id, PLAN)
    assert {*kinds(house, lead.id)} == {str(kind) for kind in LeadActivityType}


def test_a_document_is_shown_with_its_reference(house: House) -> None:
    lead = house.lead()
    attached = house.front.leads.attach(lead.id, PLAN)
    shown = house.coordinator.leads.timeline(lead.id).entries[0].activity
    assert shown == attached
    assert shown is not None
    assert (shown.document, shown.created_by) == (PLAN, "front_desk")
    assert "plan" not in repr(shown).lower()


def test_what_happened_at_one_instant_comes_in_the_order_of_its_record(house: House) -> None:
    lead = house.lead(owner="tc-1")
    for kind in ("EMAIL", "SMS", "NOTE"):
        log(house, lead.id, kind)
    entries = house.coordinator.leads.timeline(lead.id).entries
    assert kinds(house, lead.id)[:3] == ["NOTE", "SMS", "EMAIL"]
    assert entries[-1].what == "LEAD_CAPTURED"


def test_a_converted_lead_takes_documents_that_are_marked(house: House) -> None:
    lead = house.lead()
    assert not house.coordinator.leads.attach(lead.id, PLAN).after_conversion
    house.coordinator.pipeline.convert(lead.id)
    assert house.coordinator.leads.attach(lead.id, PLAN).after_conversion


@pytest.mark.parametrize(
    "reference", ["javascript:alert(1)", "http://files.example/plan.pdf", "chart://plan/7", ""]
)
def test_a_reference_that_is_not_safe_leaves_nothing_behind(house: House, reference: str) -> None:
    lead = house.lead()
    before = digest(house.crm)
    with pytest.raises(InvalidInput):
        house.coordinator.leads.attach(lead.id, Document(name="Plan", reference=reference))
    assert digest(house.crm) == before


def test_the_host_application_may_have_a_scheme_of_its_own(house: House) -> None:
    configure(house, document_schemes=("chart",))
    lead = house.lead()
    plan = Document(name="Plan", reference="chart://plan/7")
    assert house.coordinator.leads.attach(lead.id, plan).document == plan
    with pytest.raises(InvalidInput):
        configure(house, document_schemes=("javascript",))


def test_a_task_is_changed_and_its_lead_is_dated_anew(house: House) -> None:
    lead, desk = house.lead(), house.coordinator.followups
    (call,) = desk.open_tasks("tc-1")
    later = house.clock() + timedelta(days=3)
    changed = desk.edit_task(
        call.id,
        TaskEdit(title="Call after school", due_at=later, assigned_to="tc-2", in_progress=True),
    )
    assert (changed.due_at, changed.status) == (later, TaskStatus.IN_PROGRESS)
    (kept,) = house.admin.followups.open_tasks("tc-2")
    assert (kept.id, kept.title) == (call.id, "Call after school")
    assert house.admin.leads.get(lead.id).milestones.next_action_at == later
    edits = [e for e in house.admin.privacy.trail().entries if e.operation == "followups.edit_task"]
    assert [(e.objects, set(e.fields), len(e.digests)) for e in edits] == [
        ((lead.id,), {"title", "due_at", "assigned_to", "status"}, 1)
    ]


def test_a_correction_is_one_of_the_leads_own_activities(house: House) -> None:
    lead, other = house.lead(), house.lead(patient_first_name="Mateo")
    desk = house.coordinator.followups
    call = LeadActivityType.PHONE_CALL
    silent = LogEntry(type=call, call_outcome=CallOutcome.NO_ANSWER)
    wrong, foreign = (desk.log(one.id, silent).activity.id for one in (lead, other))
    nobodys: list[Any] = [foreign, "nothing", 7]
    for id_ in nobodys:
        with pytest.raises(InvalidInput) as refusal:
            desk.log(lead.id, evolve(silent, corrects=id_))
        assert [problem.path for problem in refusal.value.problems] == ["corrects"]
    spoke = LogEntry(type=call, call_outcome=CallOutcome.SPOKE, corrects=wrong)
    assert desk.log(lead.id, spoke).activity.corrects == wrong


def test_activities_and_tasks_are_listed_each_by_themselves(house: House) -> None:
    lead = house.lead().id
    (made,) = house.coordinator.followups.tasks(lead)
    note = house.coordinator.followups.log(lead, LogEntry(type=LeadActivityType.NOTE, notes="hi"))
    house.coordinator.followups.complete(made.id)

    listed = house.coordinator.followups.activities(lead)
    assert note.activity in listed
    assert [one.occurred_at for one in listed] == sorted(
        (one.occurred_at for one in listed), reverse=True
    )
    (done,) = house.coordinator.followups.tasks(lead)
    assert done.status is TaskStatus.COMPLETED
