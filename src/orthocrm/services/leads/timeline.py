"""A lead's timeline: activities and tasks in one order."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orthocrm.core.activity import Activity
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import Message
from orthocrm.core.query import Cond
from orthocrm.core.task import Task
from orthocrm.services.work import Work, everything


@frozen(kw_only=True)
class Entry:
    """One thing that happened: an activity, a task that was made, or the capture itself.

    An e-mail or a text that the library sent comes with its `message`, and what became of it.
    """

    at: datetime
    by: str
    what: str
    activity: Activity | None = None
    task: Task | None = None
    message: Message | None = None


@frozen(kw_only=True)
class Timeline:
    """A lead, its entries (newest first), and its open tasks (next due first)."""

    lead: Lead
    entries: tuple[Entry, ...]
    open_tasks: tuple[Task, ...]


def of(work: Work, lead: Lead) -> Timeline:
    """Collect the timeline of a lead."""
    about = Cond("lead_id", "eq", lead.id)
    activities = everything(work.store.activities, about)
    tasks = everything(work.store.tasks, about)
    captured = Entry(at=lead.stamps.created_at, by=lead.stamps.created_by, what="LEAD_CAPTURED")
    sent = _messages(work, activities)
    logged = [_logged(one, sent.get(one.message_id or "")) for one in activities]
    entries = [captured, *logged, *map(_made, tasks)]
    return Timeline(
        lead=lead,
        entries=tuple(sorted(entries, key=_place, reverse=True)),
        open_tasks=tuple(sorted((t for t in tasks if t.is_open), key=lambda task: task.due_at)),
    )


def _place(entry: Entry) -> tuple[datetime, str]:
    """Order entries by time; what was recorded later comes later, and the capture is the first."""
    noun = entry.activity or entry.task
    return entry.at, "" if noun is None else noun.id


def _messages(work: Work, activities: Sequence[Activity]) -> Mapping[str, Message]:
    ids = [one.message_id for one in activities if one.message_id is not None]
    return work.store.messages.get(ids) if ids else {}


def _logged(activity: Activity, message: Message | None) -> Entry:
    return Entry(
        at=activity.occurred_at,
        by=activity.created_by,
        what=activity.type,
        activity=activity,
        message=message,
    )


def _made(task: Task) -> Entry:
    return Entry(at=task.created_at, by=task.created_by, what="TASK_CREATED", task=task)
