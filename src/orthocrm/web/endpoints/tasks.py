"""`/api/leads/{leadId}/tasks`: what is to be done, by whom and when."""

from orthocrm.web.declaring import verb

ENDPOINTS = (
    verb("GET", "/api/leads/{lead_id}/tasks", "followups.tasks"),
    verb("POST", "/api/leads/{lead_id}/tasks", "followups.add_task", 201),
    verb("PUT", "/api/leads/tasks/{task_id}", "followups.edit_task"),
    verb("POST", "/api/leads/tasks/{task_id}/complete", "followups.complete"),
    verb("POST", "/api/leads/tasks/{task_id}/cancel", "followups.cancel"),
    verb("POST", "/api/leads/tasks/{task_id}/snooze", "followups.snooze"),
)
"""Tasks are found through their lead."""
