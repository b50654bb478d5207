"""Tasks that are changed: what may be, what is told of it, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput, LeadLocked
from orthocrm.core.events import TaskEdited
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Conversion, Lead
from orthocrm.core.task import LeadTaskType, Task, TaskPriority, TaskStatus
from orthocrm.followup.task_edits import TaskEdit, edited
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import COORDINATOR, a_task
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()
NOW = MONDAY_MORNING + timedelta(minutes=4)
LATER = NOW + timedelta(days=2)


def change(
    task: Task | None = None, lead: Lead | None = None, **fields: Any
) -> tuple[Task, TaskEdited | None]:
    of = lead or a_lead_of(PRACTICE)
    return edited(task or a_task(of), of, TaskEdit(**fields), now=NOW, by=COORDINATOR)


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"title": ""}, ("title", "required")),
        ({"title": None}, ("title", "required")),
        ({"title": "x" * 256}, ("title", "too_long")),
        ({"type": "FAX"}, ("type", "unknown_value")),
        ({"priority": None}, ("priority", "required")),
        ({"due_at": NOW.replace(tzinfo=None)}, ("due_at", "naive_datetime")),
        ({"due_at": None}, ("due_at", "required")),
        ({"assigned_to": 7}, ("assigned_to", "wrong_type")),
        ({"in_progress": "false"}, ("in_progress", "wrong_type")),
        ({"description": "x" * 10_001}, ("description", "too_long")),
        ({"due_at": LATER, "reminder_at": LATER + timedelta(1)}, ("reminder_at", "after_due")),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    fields: dict[str, Any], problem: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        change(**fields)
    assert (caught.value.problems[0].path, caught.value.problems[0].code) == problem


def test_a_task_that_would_be_due_before_its_reminder_is_refused() -> None:
    task = evolve(a_task(a_lead_of(PRACTICE)), due_at=LATER, reminder_at=LATER)
    with pytest.raises(InvalidInput):
        change(task, due_at=NOW)
    assert change(task, due_at=NOW, reminder_at=None)[0].reminder_at is None


def test_what_is_said_is_changed_and_told_and_the_rest_stays() -> None:
    task = a_task(a_lead_of(PRACTICE))
    after, event = change(
        task,
        title="Call the grandmother",
        type="FOLLOW_UP",
        priority="HIGH",
        due_at=LATER,
        assigned_to="tc-2",
        in_progress=True,
    )
    assert after == evolve(
        task,
        title="Call the grandmother",
        type=LeadTaskType.FOLLOW_UP,
        priority=TaskPriority.HIGH,
        due_at=LATER,
        assigned_to=UserId("tc-2"),
        status=TaskStatus.IN_PROGRESS,
        updated_at=NOW,
    )
    assert event is not None
    assert (event.before, event.after) == (task.assigned_to, "tc-2")
    assert set(event.fields) == {"title", "type", "priority", "due_at", "assigned_to", "status"}


def test_an_edit_that_says_nothing_new_is_none() -> None:
    task = a_task(a_lead_of(PRACTICE))
    assert change(task) == (task, None)
    assert change(task, title=task.title, in_progress=False) == (task, None)


def test_tasks_that_are_done_and_leads_that_were_converted_stay_as_they_are() -> None:
    lead = a_lead_of(PRACTICE)
    with pytest.raises(InvalidInput):
        change(a_task(lead, status=TaskStatus.COMPLETED), title="Call again")
    patient = evolve(lead, conversion=Conversion(at=NOW, patient_ref="p-1"))
    with pytest.raises(LeadLocked):
        change(a_task(patient), patient, title="Call again")
