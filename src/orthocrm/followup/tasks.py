"""Tasks: made, done, cancelled; overdue is computed and never stored."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from attrs import evolve, field, frozen

from orthocrm.core import limits
from orthocrm.core.activity import Activity, LeadActivityType
from orthocrm.core.errors import InvalidInput
from orthocrm.core.events import (
    TaskCancelled,
    TaskCompleted,
    TaskCreated,
    TaskEscalated,
    TaskSnoozed,
)
from orthocrm.core.ids import ActivityId, TaskId, UserId
from orthocrm.core.lead import Lead, ensure_unlocked
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.ports import IdSource
from orthocrm.core.query import Cond, Op, Where, both
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.core.task import OPEN_TASKS, LeadTaskType, Task, TaskPriority, TaskStatus
from orthocrm.core.time import instant


@frozen(kw_only=True)
class NewTask:
    """What somebody wants to have done: raw values, checked by `created`.

    Without `assigned_to` the task goes to the lead's coordinator.
    """

    type: LeadTaskType
    title: str = field(repr=mask, metadata=PERSONAL)
    due_at: datetime
    assigned_to: UserId | None = None
    description: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    priority: TaskPriority = TaskPriority.NORMAL
    reminder_at: datetime | None = None


def created(
    lead: Lead, new: NewTask, *, now: datetime, by: UserId, ids: IdSource
) -> tuple[Task, TaskCreated]:
    """Make a task for a lead, lost ones included: a recall is planned when a lead is given up.

    Raises:
        LeadLocked: the lead was converted.
        InvalidInput: names every field that is wrong.
    """
    ensure_unlocked(lead)
    reading = Reading()
    type_ = reading.choice("type", new.type, LeadTaskType)
    title = reading.text("title", new.title)
    due_at = reading.moment("due_at", new.due_at)
    user = new.assigned_to or lead.ownership.owner
    assigned_to = reading.text("assigned_to", user, limits.REFERENCE)
    description = reading.prose("description", new.description)
    priority = reading.choice("priority", new.priority, TaskPriority)
    reminder_at = reading.moment("reminder_at", new.reminder_at)
    for path, value in (("type", type_), ("title", title), ("due_at", due_at)):
        reading.required(path, value)
    reading.required("assigned_to", assigned_to, "the lead has no coordinator: name a person")
    if reminder_at is not None and due_at is not None and reminder_at > due_at:
        reading.refuse("reminder_at", "after_due", "remind before the task is due")
    reading.finish()
    task = Task(
        id=TaskId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        type=type_ or LeadTaskType.CUSTOM,
        title=title or "",
        assigned_to=UserId(assigned_to or ""),
        due_at=due_at or now,
        created_at=now,
        created_by=by,
        description=description,
        priority=priority or TaskPriority.NORMAL,
        reminder_at=reminder_at,
        updated_at=now,
    )
    return task, task_created(task)


def task_created(task: Task) -> TaskCreated:
    """Tell that a task waits for somebody."""
    return TaskCreated(
        clinic_id=task.clinic_id,
        at=task.created_at,
        by=task.created_by,
        lead_id=task.lead_id,
        task_id=task.id,
        assigned_to=task.assigned_to,
        due_at=task.due_at,
        rule=task.rule,
    )


def completed(
    task: Task, lead: Lead, *, now: datetime, by: UserId, ids: IdSource
) -> tuple[Task, TaskCompleted, Activity]:
    """Tick a task off, and say so in the lead's timeline.

    Raises:
        InvalidInput: the task is done or cancelled already.
    """
    _ensure_open(task)
    done = evolve(
        task, status=TaskStatus.COMPLETED, completed_at=now, completed_by=by, updated_at=now
    )
    event = TaskCompleted(
        clinic_id=task.clinic_id, at=now, by=by, lead_id=task.lead_id, task_id=task.id
    )
    activity = Activity(
        id=ActivityId(ids()),
        clinic_id=task.clinic_id,
        lead_id=task.lead_id,
        type=LeadActivityType.TASK_COMPLETED,
        occurred_at=now,
        created_at=now,
        created_by=by,
        notes=task.title,
        after_conversion=lead.is_locked,
    )
    return done, event, activity


def cancelled(task: Task, *, now: datetime, by: UserId) -> tuple[Task, TaskCancelled]:
    """Cancel a task.

    Raises:
        InvalidInput: the task is done or cancelled already.
    """
    _ensure_open(task)
    event = TaskCancelled(
        clinic_id=task.clinic_id, at=now, by=by, lead_id=task.lead_id, task_id=task.id
    )
    return evolve(task, status=TaskStatus.CANCELLED, updated_at=now), event


MOST_SNOOZED = timedelta(days=366)


def snoozed(task: Task, until: datetime, *, now: datetime, by: UserId) -> tuple[Task, TaskSnoozed]:
    """Put a task off until later than now; its reminder moves along.

    Raises:
        InvalidInput: the task is done or cancelled, or `until` is no instant of the coming year.
    """
    _ensure_open(task)
    later = instant(until, "until")
    if later <= now:
        raise InvalidInput.at("until", "in_the_past", "give an instant that is still to come")
    if later - now > MOST_SNOOZED:
        raise InvalidInput.at("until", "too_far", "give an instant within a year")
    event = TaskSnoozed(
        clinic_id=task.clinic_id,
        at=now,
        by=by,
        lead_id=task.lead_id,
        task_id=task.id,
        before=task.due_at,
        after=later,
    )
    reminder = task.reminder_at and task.reminder_at + (later - task.due_at)
    return evolve(task, due_at=later, reminder_at=reminder, updated_at=now), event


def escalated(task: Task, to: UserId, *, now: datetime, by: UserId) -> tuple[Task, TaskEscalated]:
    """Note that somebody else is told of an overdue task: that happens once."""
    event = TaskEscalated(
        clinic_id=task.clinic_id,
        at=now,
        by=by,
        lead_id=task.lead_id,
        task_id=task.id,
        assigned_to=task.assigned_to,
        escalated_to=to,
    )
    return evolve(task, escalated_at=now, updated_at=now), event


def long_overdue(practice: Practice, now: datetime) -> Where | None:
    """Say which tasks are to be escalated; None when nobody is to be told.

    The time is counted by the wall clock (C-23). The fallback person's own tasks have nobody to go
    to.
    """
    settings = practice.clinic.settings
    if settings.fallback is None or settings.escalate_after is None:
        return None
    return both(
        Cond("status", Op.IN, OPEN_TASKS),
        Cond("escalated_at", Op.ABSENT),
        Cond("due_at", Op.LE, now - settings.escalate_after),
        Cond("assigned_to", Op.NE, settings.fallback),
    )


_RANK = {priority: rank for rank, priority in enumerate(reversed(TaskPriority))}


def by_urgency(task: Task) -> tuple[int, datetime, str]:
    """Order tasks: the most urgent first, then the one that is due first."""
    return _RANK[task.priority], task.due_at, task.id


def next_action(tasks: Iterable[Task]) -> datetime | None:
    """Tell when the next open task is due."""
    return min((task.due_at for task in tasks if task.is_open), default=None)


def _ensure_open(task: Task) -> None:
    if not task.is_open:
        raise InvalidInput.at("task", "not_open", "the task is done or cancelled already")
