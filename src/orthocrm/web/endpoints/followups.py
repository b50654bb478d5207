"""Follow-up: tasks of the day, sequences, messages, consent and notices."""

from orthocrm.web.declaring import verb

ENDPOINTS = (
    verb("GET", "/api/tasks", "followups.open_tasks"),
    verb("GET", "/api/leads/{lead_id}/sequences", "followups.sequences"),
    verb("POST", "/api/leads/{lead_id}/sequences", "followups.start_sequence", 201),
    verb("POST", "/api/leads/{lead_id}/sequences/stop", "followups.stop_sequence"),
    verb("GET", "/api/leads/{lead_id}/messages", "notifications.messages"),
    verb("POST", "/api/messages/{message_id}/cancel", "notifications.cancel"),
    verb("POST", "/api/messages/{message_id}/retry", "notifications.retry"),
    verb("GET", "/api/messages/parked", "notifications.parked"),
    verb("GET", "/api/leads/{lead_id}/consent", "notifications.consent"),
    verb("POST", "/api/leads/{lead_id}/consent", "notifications.record_consent", 201),
    verb("GET", "/api/notifications", "notifications.notices"),
    verb("GET", "/api/notifications/unread", "notifications.unread"),
    verb("POST", "/api/notifications/read", "notifications.mark_read"),
    verb("GET", "/api/notifications/contact", "notifications.contact"),
    verb("PUT", "/api/notifications/contact", "notifications.set_contact"),
)
"""What is sent passes consent, quiet hours and caps, whoever asks for it."""
