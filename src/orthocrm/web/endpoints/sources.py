"""`/api/lead-sources`: where leads come from."""

from orthocrm.web.declaring import verb

ENDPOINTS = (
    verb("GET", "/api/lead-sources", "sources.all"),
    verb("POST", "/api/lead-sources", "sources.add", 201),
)
"""Sources are never removed: they become inactive, and history keeps them."""
