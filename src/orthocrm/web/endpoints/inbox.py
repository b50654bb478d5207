"""`/api/inbox`: what others delivered and came to nothing."""

from orthocrm.web.declaring import verb

ENDPOINTS = (
    verb("GET", "/api/inbox", "inbox.deliveries"),
    verb("POST", "/api/inbox/retry", "inbox.retry"),
    verb("POST", "/api/inbox/drop", "inbox.drop"),
    verb("GET", "/api/inbox/{inbound_id}", "inbox.open"),
)
"""Deliveries come by `/api/forms` and `/api/hooks`, and are worked off by the server itself."""
