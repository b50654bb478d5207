"""Tasks that are changed: what is to be done, by whom and when, and whether it was begun."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

import attrs
from attrs import evolve, field, frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.events import TaskEdited
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead, ensure_unlocked
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.reading import Reading
from orthocrm.core.task import LeadTaskType, Task, TaskPriority, TaskStatus
from orthocrm.core.unset import UNSET, Unset

_Unset = Literal[Unset.UNSET]


@frozen(kw_only=True)
class TaskEdit:
    """What shall be different: raw values, checked by `edited`.

    What is left out stays. `description` and `reminder_at` are cleared by None, the others never.
    A task is `in_progress` once somebody has begun with it.
    """

    title: str | _Unset = field(default=UNSET, repr=mask, metadata=PERSONAL)
    type: LeadTaskType | _Unset = UNSET
    due_at: datetime | _Unset = UNSET
    assigned_to: str | _Unset = UNSET
    description: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    priority: TaskPriority | _Unset = UNSET
    reminder_at: datetime | _Unset | None = UNSET
    in_progress: bool | _Unset = UNSET


_CLEARABLE = ("description", "reminder_at")


def edited(
    task: Task, lead: Lead, edit: TaskEdit, *, now: datetime, by: UserId
) -> tuple[Task, TaskEdited | None]:
    """Change an open task; an edit that says nothing new changes nothing and is told to nobody.

    Raises:
        LeadLocked: the lead was converted.
        InvalidInput: the task is done or cancelled, or names every field that is wrong.
    """
    ensure_unlocked(lead)
    if not task.is_open:
        raise InvalidInput.at("task", "not_open", "the task is done or cancelled already")
    values = _read(edit)
    _check_reminder(task, values)
    changed = {name: value for name, value in values.items() if getattr(task, name) != value}
    if not changed:
        return task, None
    event = TaskEdited(
        clinic_id=task.clinic_id,
        at=now,
        by=by,
        lead_id=task.lead_id,
        task_id=task.id,
        fields=tuple(changed),
        before=task.assigned_to,
        after=changed.get("assigned_to", task.assigned_to),
    )
    return evolve(task, **changed, updated_at=now), event


def _read(edit: TaskEdit) -> dict[str, Any]:
    raw = {a.name: getattr(edit, a.name) for a in attrs.fields(TaskEdit)}
    given = {name: value for name, value in raw.items() if value is not UNSET}
    reading = Reading()
    values = {name: _READERS[name](reading, name, value) for name, value in given.items()}
    for name, value in values.items():
        if name not in _CLEARABLE:
            reading.required(name, value)
    reading.finish()
    begun = values.pop("in_progress", None)
    if begun is not None:
        values["status"] = TaskStatus.IN_PROGRESS if begun else TaskStatus.PENDING
    return values


_READERS: Mapping[str, Callable[[Reading, str, Any], Any]] = {
    "title": Reading.text,
    "type": lambda reading, name, raw: reading.choice(name, raw, LeadTaskType),
    "due_at": Reading.moment,
    "assigned_to": lambda reading, name, raw: reading.text(name, raw, limits.REFERENCE),
    "description": Reading.prose,
    "priority": lambda reading, name, raw: reading.choice(name, raw, TaskPriority),
    "reminder_at": Reading.moment,
    "in_progress": Reading.flag,
}


def _check_reminder(task: Task, values: Mapping[str, Any]) -> None:
    reminder = values.get("reminder_at", task.reminder_at)
    if reminder is not None and reminder > values.get("due_at", task.due_at):
        raise InvalidInput.at("reminder_at", "after_due", "remind before the task is due")
