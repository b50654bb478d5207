from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.activity import LeadActivityType
from orthocrm.core.errors import InvalidInput, LeadLocked
from orthocrm.core.events import TaskCancelled, TaskCompleted, TaskCreated, TaskSnoozed
from orthocrm.core.facts import TASKS
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Conversion, LeadStatus
from orthocrm.core.query import predicate
from orthocrm.core.settings import Settings
from orthocrm.core.task import LeadTaskType, Task, TaskPriority, TaskStatus
from orthocrm.followup.tasks import (
    NewTask,
    by_urgency,
    cancelled,
    completed,
    created,
    long_overdue,
    next_action,
    snoozed,
)
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import COORDINATOR, a_task
from tests.support.practices import a_lead_of, a_practice, new_ids

PRACTICE = a_practice()
NOW = MONDAY_MORNING
DUE = NOW + timedelta(days=1)
LEAD = a_lead_of(PRACTICE)


def make(**fields: Any) -> tuple[Task, TaskCreated]:
    lead = fields.pop("lead", LEAD)
    new = NewTask(**{"type": "CALL", "title": "Call Anna", "due_at": DUE, **fields})
    return created(lead, new, now=NOW, by=COORDINATOR, ids=new_ids())


def test_a_task_goes_to_the_coordinator_of_the_lead() -> None:
    task, event = make(priority="HIGH", reminder_at=DUE - timedelta(hours=1), description="a\nb")

    assert (task.type, task.title, task.assigned_to, task.due_at) == (
        LeadTaskType.CALL,
        "Call Anna",
        "tc-1",
        DUE,
    )
    assert (task.priority, task.status, task.description) == (
        TaskPriority.HIGH,
        TaskStatus.PENDING,
        "a\nb",
    )
    assert event == TaskCreated(
        clinic_id=LEAD.clinic_id,
        at=NOW,
        by=COORDINATOR,
        lead_id=LEAD.id,
        task_id=task.id,
        assigned_to=task.assigned_to,
        due_at=DUE,
    )


def test_a_task_may_go_to_somebody_else() -> None:
    assert make(assigned_to="tc-2")[0].assigned_to == "tc-2"


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"lead": a_lead_of(PRACTICE, owner=None)}, ("assigned_to", "required")),
        ({"title": "  "}, ("title", "required")),
        ({"title": "x" * 256}, ("title", "too_long")),
        ({"type": "DANCE"}, ("type", "unknown_value")),
        ({"due_at": None}, ("due_at", "required")),
        ({"due_at": datetime(2026, 11, 3, 9, 0)}, ("due_at", "naive_datetime")),  # noqa: DTZ001 - the point
        ({"due_at": "tomorrow"}, ("due_at", "not_an_instant")),
        ({"priority": "HOT"}, ("priority", "unknown_value")),
        ({"reminder_at": DUE + timedelta(hours=1)}, ("reminder_at", "after_due")),
        ({"description": "x" * 10_000_000}, ("description", "too_long")),
    ],
)
def test_a_bad_task_is_refused(fields: dict[str, Any], problem: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        make(**fields)

    assert [(p.path, p.code) for p in caught.value.problems] == [problem]


def test_rule_7_a_converted_lead_gets_no_task_and_a_lost_one_may() -> None:
    won = evolve(LEAD, conversion=Conversion(at=NOW, patient_ref="p-1"))

    with pytest.raises(LeadLocked):
        make(lead=won)
    assert make(lead=evolve(LEAD, status=LeadStatus.LOST))[0].is_open


def test_a_completed_task_stands_in_the_timeline() -> None:
    task = a_task(LEAD)

    done, event, activity = completed(task, LEAD, now=DUE, by=COORDINATOR, ids=new_ids())

    assert (done.status, done.completed_at, done.completed_by, done.updated_at) == (
        TaskStatus.COMPLETED,
        DUE,
        COORDINATOR,
        DUE,
    )
    assert event == TaskCompleted(
        clinic_id=LEAD.clinic_id, at=DUE, by=COORDINATOR, lead_id=LEAD.id, task_id=task.id
    )
    assert (activity.type, activity.notes, activity.after_conversion) == (
        LeadActivityType.TASK_COMPLETED,
        task.title,
        False,
    )


def test_a_cancelled_task_is_not_completed() -> None:
    task = a_task(LEAD)

    gone, event = cancelled(task, now=DUE, by=COORDINATOR)

    assert (gone.status, gone.completed_at) == (TaskStatus.CANCELLED, None)
    assert event == TaskCancelled(
        clinic_id=LEAD.clinic_id, at=DUE, by=COORDINATOR, lead_id=LEAD.id, task_id=task.id
    )


@pytest.mark.parametrize("status", [TaskStatus.COMPLETED, TaskStatus.CANCELLED])
def test_a_settled_task_stays_settled(status: TaskStatus) -> None:
    task = a_task(LEAD, status=status)

    for change in (
        lambda: completed(task, LEAD, now=NOW, by=COORDINATOR, ids=new_ids()),
        lambda: cancelled(task, now=NOW, by=COORDINATOR),
    ):
        with pytest.raises(InvalidInput):
            change()


def test_the_next_action_is_the_open_task_that_is_due_first() -> None:
    tasks = [
        a_task(LEAD, due_at=DUE, status=TaskStatus.IN_PROGRESS),
        a_task(LEAD, due_at=DUE + timedelta(days=1)),
        a_task(LEAD, due_at=NOW, status=TaskStatus.COMPLETED),
    ]

    assert next_action(tasks) == DUE
    assert next_action([]) is None


@pytest.mark.parametrize(
    "until, code",
    [
        (NOW, "in_the_past"),
        (NOW - timedelta(days=1), "in_the_past"),
        (NOW + timedelta(days=367), "too_far"),
        (NOW.replace(tzinfo=None), "naive_datetime"),
        ("tomorrow", "not_an_instant"),
        (None, "not_an_instant"),
    ],
)
def test_a_task_is_put_off_into_the_coming_year_only(until: Any, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        snoozed(a_task(a_lead_of(PRACTICE)), until, now=NOW, by=COORDINATOR)
    assert [(p.path, p.code) for p in caught.value.problems] == [("until", code)]


def test_a_snoozed_task_is_due_later_and_so_is_its_reminder() -> None:
    task = a_task(a_lead_of(PRACTICE), reminder_at=NOW)
    later = NOW + timedelta(days=2)

    put_off, event = snoozed(task, later, now=NOW, by=COORDINATOR)

    assert put_off == evolve(
        task, due_at=later, reminder_at=NOW + (later - task.due_at), updated_at=NOW
    )
    assert event == TaskSnoozed(
        clinic_id=task.clinic_id,
        at=NOW,
        by=COORDINATOR,
        lead_id=task.lead_id,
        task_id=task.id,
        before=task.due_at,
        after=later,
    )


def test_a_task_that_is_done_cannot_be_put_off() -> None:
    done = a_task(a_lead_of(PRACTICE), status=TaskStatus.COMPLETED)

    with pytest.raises(InvalidInput):
        snoozed(done, NOW + timedelta(days=1), now=NOW, by=COORDINATOR)


@pytest.mark.parametrize(
    "fields, found",
    [
        ({}, True),
        ({"due_at": NOW - timedelta(hours=23)}, False),
        ({"escalated_at": NOW}, False),
        ({"status": TaskStatus.COMPLETED}, False),
        ({"status": TaskStatus.IN_PROGRESS}, True),
        ({"assigned_to": "boss"}, False),
    ],
)
def test_open_tasks_that_are_overdue_for_a_day_are_escalated_once(
    fields: dict[str, Any], *, found: bool
) -> None:
    practice = a_practice(settings=Settings(fallback=UserId("boss")))
    task = a_task(a_lead_of(practice), **{"due_at": NOW - timedelta(hours=24), **fields})
    where = long_overdue(practice, NOW)

    assert where is not None
    assert predicate(where, TASKS)(task) is found


def test_nobody_is_told_without_a_fallback_person_or_when_switched_off() -> None:
    off = Settings(fallback=UserId("boss"), escalate_after=None)

    assert long_overdue(a_practice(), NOW) is None
    assert long_overdue(a_practice(settings=off), NOW) is None


def test_urgent_tasks_come_first_and_among_equals_the_one_that_is_due() -> None:
    lead = a_lead_of(PRACTICE)
    kinds = [(TaskPriority.LOW, 1), (TaskPriority.NORMAL, 2), (TaskPriority.URGENT, 3)]
    tasks = [
        a_task(lead, priority=priority, due_at=NOW + timedelta(days=day))
        for priority, day in (*kinds, (TaskPriority.NORMAL, 1), (TaskPriority.HIGH, 9))
    ]

    ordered = sorted(tasks, key=by_urgency)

    assert [task.priority for task in ordered] == ["URGENT", "HIGH", "NORMAL", "NORMAL", "LOW"]
    assert ordered[2].due_at < ordered[3].due_at
