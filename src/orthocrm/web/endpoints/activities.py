"""`/api/leads/{leadId}/activities`: what happened, and what is logged by hand."""

from orthocrm.web.declaring import verb

ENDPOINTS = (
    verb("GET", "/api/leads/{lead_id}/activities", "followups.activities"),
    verb("POST", "/api/leads/{lead_id}/activities", "followups.log", 201),
    verb("POST", "/api/leads/{lead_id}/documents", "leads.attach", 201),
)
"""Activities are never edited: a correction is a new one that names the old one."""
