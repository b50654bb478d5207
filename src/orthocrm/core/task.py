"""Follow-up tasks."""

from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from orthocrm.core.ids import ClinicId, LeadId, TaskId, UserId
from orthocrm.core.masking import PERSONAL, mask


class LeadTaskType(StrEnum):
    """What is to be done."""

    CALL = "CALL"
    EMAIL = "EMAIL"
    SMS = "SMS"
    FOLLOW_UP = "FOLLOW_UP"
    CONSULTATION_CONFIRM = "CONSULTATION_CONFIRM"
    PAPERWORK_REMINDER = "PAPERWORK_REMINDER"
    CUSTOM = "CUSTOM"


class TaskPriority(StrEnum):
    """How urgent a task is."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"
    URGENT = "URGENT"


class TaskStatus(StrEnum):
    """Where a task stands. OVERDUE is computed from `due_at` and never stored."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    OVERDUE = "OVERDUE"


OPEN_TASKS = (TaskStatus.PENDING, TaskStatus.IN_PROGRESS)


@frozen(kw_only=True)
class Task:
    """Something that somebody has to do for a lead by `due_at`.

    `rule` names the follow-up rule that made the task, None when a person did. `escalated_at` is
    when somebody else was told that it is overdue.
    """

    id: TaskId
    clinic_id: ClinicId
    lead_id: LeadId
    type: LeadTaskType
    title: str = field(repr=mask, metadata=PERSONAL)
    assigned_to: UserId
    due_at: datetime
    created_at: datetime
    created_by: UserId
    description: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    priority: TaskPriority = TaskPriority.NORMAL
    reminder_at: datetime | None = None
    status: TaskStatus = TaskStatus.PENDING
    completed_at: datetime | None = None
    completed_by: UserId | None = None
    updated_at: datetime
    rule: str | None = None
    escalated_at: datetime | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether the task still has to be done."""
        return self.status in OPEN_TASKS

    def is_overdue(self, now: datetime) -> bool:
        """Whether the task is open and its time has passed."""
        return self.is_open and self.due_at < now

    def status_at(self, now: datetime) -> TaskStatus:
        """Give the status to show: OVERDUE for an open task whose time has passed."""
        return TaskStatus.OVERDUE if self.is_overdue(now) else self.status
