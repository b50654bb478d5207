"""`/api/audit` and what concerns the privacy of families."""

from orthocrm.web.declaring import verb

ENDPOINTS = (verb("GET", "/api/audit", "privacy.trail"),)
"""Reading the trail is on the trail."""
