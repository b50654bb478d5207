"""Activities and tasks as the source document writes them."""

from contextvars import ContextVar
from datetime import datetime

from attrs import frozen

from orthocrm.core.activity import Activity, ActivityDirection, CallOutcome, Decision, Document
from orthocrm.core.activity import LeadActivityType as ActivityType
from orthocrm.core.task import LeadTaskType, Task, TaskPriority, TaskStatus

AS_OF: ContextVar[datetime] = ContextVar("AS_OF")
"""The instant of the request, by which a task is overdue or not."""


@frozen(kw_only=True)
class LeadActivity:
    """One entry of a lead's timeline."""

    id: str
    lead_id: str
    type: ActivityType
    direction: ActivityDirection | None
    call_outcome: CallOutcome | None
    outcome: str | None
    notes: str | None
    duration_minutes: int | None
    previous_stage: str | None
    new_stage: str | None
    decision: Decision | None
    document: Document | None
    corrects_id: str | None
    message_id: str | None
    virtual: bool
    after_conversion: bool
    occurred_at: datetime
    created_at: datetime
    created_by: str


def activity_shown(activity: Activity) -> LeadActivity:
    """Give an activity in its shape."""
    return LeadActivity(
        id=activity.id,
        lead_id=activity.lead_id,
        type=activity.type,
        direction=activity.direction,
        call_outcome=activity.call_outcome,
        outcome=activity.outcome,
        notes=activity.notes,
        duration_minutes=activity.duration_minutes,
        previous_stage=activity.previous_stage,
        new_stage=activity.new_stage,
        decision=activity.decision,
        document=activity.document,
        corrects_id=activity.corrects,
        message_id=activity.message_id,
        virtual=activity.virtual,
        after_conversion=activity.after_conversion,
        occurred_at=activity.occurred_at,
        created_at=activity.created_at,
        created_by=activity.created_by,
    )


@frozen(kw_only=True)
class LeadTask:
    """Something that somebody has to do for a lead; OVERDUE is told by the time of the request."""

    id: str
    lead_id: str
    title: str
    description: str | None
    type: LeadTaskType
    priority: TaskPriority
    assigned_to_id: str
    due_at: datetime
    reminder_at: datetime | None
    status: TaskStatus
    completed_at: datetime | None
    completed_by: str | None
    rule: str | None
    created_at: datetime
    created_by: str
    updated_at: datetime
    version: int


def task_shown(task: Task) -> LeadTask:
    """Give a task in its shape."""
    now = AS_OF.get(None)
    return LeadTask(
        id=task.id,
        lead_id=task.lead_id,
        title=task.title,
        description=task.description,
        type=task.type,
        priority=task.priority,
        assigned_to_id=task.assigned_to,
        due_at=task.due_at,
        reminder_at=task.reminder_at,
        status=task.status if now is None else task.status_at(now),
        completed_at=task.completed_at,
        completed_by=task.completed_by,
        rule=task.rule,
        created_at=task.created_at,
        created_by=task.created_by,
        updated_at=task.updated_at,
        version=task.version,
    )
