"""`/api/audit`, `/api/privacy`: who did what, and what concerns the privacy of families."""

from orthocrm.web.declaring import verb

ENDPOINTS = (
    verb("GET", "/api/audit", "privacy.trail"),
    verb("GET", "/api/audit/disclosures", "privacy.disclosure_page"),
    verb("GET", "/api/audit/emergencies", "privacy.glass_page"),
    verb("GET", "/api/audit/checkpoints", "privacy.checkpoints"),
    verb("GET", "/api/audit/public-key", "privacy.public_key"),
    verb("GET", "/api/leads/{lead_id}/access", "privacy.access_page"),
    verb("POST", "/api/privacy/disclosures", "privacy.disclose"),
    verb("GET", "/api/emergencies", "privacy.emergencies"),
    verb("POST", "/api/leads/{lead_id}/break-glass", "privacy.break_glass", 201),
    verb("POST", "/api/leads/{lead_id}/end-emergency", "privacy.end_emergency"),
    verb("POST", "/api/leads/{lead_id}/hold", "privacy.hold"),
    verb("POST", "/api/leads/{lead_id}/lift-hold", "privacy.lift_hold"),
    verb("POST", "/api/leads/{lead_id}/export", "privacy.export"),
    verb("POST", "/api/leads/{lead_id}/erase", "privacy.erase"),
    verb("POST", "/api/privacy/retention", "privacy.retain"),
    verb("POST", "/api/privacy/deidentified", "privacy.deidentified_page"),
)
"""Reading the trail is on the trail; taking data away is a disclosure."""
