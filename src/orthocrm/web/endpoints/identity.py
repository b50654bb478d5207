"""Who is the same person or family: duplicates, households, merges."""

from orthocrm.web.declaring import verb

ENDPOINTS = (
    verb("GET", "/api/leads/{lead_id}/duplicates", "leads.duplicates_of"),
    verb("POST", "/api/leads/{lead_id}/not-duplicate", "leads.not_duplicate"),
    verb("GET", "/api/leads/{lead_id}/links", "leads.links"),
    verb("GET", "/api/leads/{lead_id}/household", "leads.household_of"),
    verb("POST", "/api/households", "leads.link_household"),
    verb("DELETE", "/api/leads/{lead_id}/links/{other_id}", "leads.unlink"),
    verb("GET", "/api/callers/{number}", "leads.household"),
    verb("POST", "/api/leads/{survivor_id}/merge-preview", "leads.preview_merge"),
    verb("POST", "/api/leads/{survivor_id}/merge", "leads.merge"),
    verb("GET", "/api/leads/{lead_id}/merges", "leads.merges"),
    verb("POST", "/api/merges/{merge_id}/undo", "leads.unmerge"),
)
"""Nothing merges by itself: the library warns, and people decide."""
