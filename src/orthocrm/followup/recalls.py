"""The task of whoever is to call a family whose observation is over."""

from datetime import datetime, timedelta

from orthocrm.core.ids import TaskId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.ports import IdSource
from orthocrm.core.settings import Practice
from orthocrm.core.task import LeadTaskType, Task
from orthocrm.followup.due import Calendar, add_business

ORIGIN = "recall:due"
"""What the task names in the place of a follow-up rule; no rule can be called so."""

WITHIN = timedelta(hours=1)
"""Business time until the task is due: a recall that comes up at night is not late at once."""


def recall_task(
    lead: Lead, practice: Practice, *, now: datetime, by: UserId, ids: IdSource
) -> Task:
    """Make the task of a recall for the lead's coordinator, else for the fallback person."""
    person = lead.ownership.owner or practice.clinic.settings.fallback or by
    return Task(
        id=TaskId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        type=LeadTaskType.CALL,
        title="Recall: ask whether the family is ready now",
        assigned_to=person,
        due_at=add_business(Calendar.of_clinic(practice.clinic), now, WITHIN),
        created_at=now,
        created_by=by,
        updated_at=now,
        rule=ORIGIN,
    )
