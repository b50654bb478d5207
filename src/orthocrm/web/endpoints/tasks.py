"""`/api/leads/{leadId}/tasks`: what is to be done, by whom and when."""

from collections.abc import Sequence

from orthocrm.core.ids import LeadId
from orthocrm.core.task import Task
from orthocrm.crm import Desk
from orthocrm.web.declaring import function, verb


def tasks(desk: Desk, lead_id: LeadId) -> Sequence[Task]:
    """List what is still to be done for a lead, the next first."""
    return desk.leads.timeline(lead_id).open_tasks


ENDPOINTS = (
    function("GET", "/api/leads/{lead_id}/tasks", "leads.timeline", tasks),
    verb("POST", "/api/leads/{lead_id}/tasks", "followups.add_task", 201),
    verb("PUT", "/api/leads/tasks/{task_id}", "followups.edit_task"),
    verb("POST", "/api/leads/tasks/{task_id}/complete", "followups.complete"),
    verb("POST", "/api/leads/tasks/{task_id}/cancel", "followups.cancel"),
    verb("POST", "/api/leads/tasks/{task_id}/snooze", "followups.snooze"),
)
"""Tasks are found through their lead."""
