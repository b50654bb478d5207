"""What the clinic's own past says: scores, forecasts, tones, when to call."""

from collections.abc import Sequence

from orthocrm.core.ids import AppointmentId
from orthocrm.desk import Desk
from orthocrm.services.intelligence.risks import NoShowRisks
from orthocrm.web.declaring import function, verb


def risks(desk: Desk, *, appointment_id: Sequence[AppointmentId]) -> NoShowRisks:
    """Tell how likely patients are to miss their appointments."""
    return desk.intelligence.no_show_risk(appointment_id)


ENDPOINTS = (
    verb("POST", "/api/intelligence/scores", "intelligence.score"),
    verb("GET", "/api/intelligence/forecast", "intelligence.forecast"),
    verb("GET", "/api/intelligence/contact-times", "intelligence.contact_times"),
    verb("POST", "/api/intelligence/tone", "intelligence.tone"),
    verb("GET", "/api/intelligence/models", "intelligence.models"),
    verb("GET", "/api/intelligence/reliability", "intelligence.reliability"),
    function("GET", "/api/intelligence/no-show-risks", "intelligence.no_show_risk", risks),
    verb("GET", "/api/leads/{lead_id}/call-times", "intelligence.call_times"),
    verb("GET", "/api/leads/{lead_id}/tones", "intelligence.tones"),
    verb("GET", "/api/leads/{lead_id}/duplicate-scores", "intelligence.duplicates"),
)
"""Every score comes with its reasons; with too little history it is refused."""
