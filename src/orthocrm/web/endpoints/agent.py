"""`/api/agent`: the own work of whoever asks, as the second source document lists it."""

from collections.abc import Sequence
from datetime import date

from orthocrm.analytics.declaring import Measured
from orthocrm.core.lead import LeadStatus
from orthocrm.core.time import Period
from orthocrm.desk import Desk
from orthocrm.services.results import LeadPage
from orthocrm.services.scheduling.daybook import DaySheet
from orthocrm.web.declaring import function, verb
from orthocrm.web.endpoints.leads import LeadOrder, find_leads

_STATS = (
    "total_leads",
    "conversions",
    "conversion_rate",
    "time_to_convert",
    "speed_to_lead",
    "time_to_contact",
    "open_leads",
    "overdue_tasks",
    "show_rate",
)


def own_leads(
    desk: Desk,
    *,
    status: Sequence[LeadStatus] = (),
    pipeline_stage: Sequence[str] = (),
    sort: LeadOrder | None = None,
    size: int = 50,
    cursor: str | None = None,
) -> LeadPage:
    """List the caller's own leads."""
    return find_leads(
        desk,
        status=status,
        pipeline_stage=pipeline_stage,
        sort=sort,
        size=size,
        cursor=cursor,
        mine=True,
    )


def lead_stats(desk: Desk, *, period: Period | None = None) -> Sequence[Measured]:
    """Measure the caller's own leads: how many, converted, how soon, and what is still open."""
    return desk.analytics.measure_all(_STATS, period)


def own_appointments(desk: Desk, *, on: date | None = None) -> Sequence[DaySheet]:
    """Show the caller's own week of appointments."""
    return desk.scheduling.week(on, provider=desk.office.actor.user)


ENDPOINTS = (
    function("GET", "/api/agent/leads", "leads.find", own_leads),
    function("GET", "/api/agent/lead-stats", "analytics.measure_all", lead_stats),
    function("GET", "/api/agent/appointments", "scheduling.week", own_appointments),
    verb("GET", "/api/agent/agenda", "followups.agenda"),
    verb("GET", "/api/agent/next-actions", "intelligence.next_actions"),
)
"""The second source document's agents are coordinators, or the role `agent`."""
