"""How soon a family was tried and reached, in business time: measured once, when it happened.

What counted at the time stands: when the practice changes its hours later on, nothing that was
measured before is measured again. Rules that set such a milestone leave its business time open, and
it is measured here by the hours that are in force then, also for leads that are imported.
"""

from datetime import datetime

from attrs import evolve

from orthocrm.core.lead import Lead
from orthocrm.core.time import milliseconds
from orthocrm.followup.due import Calendar, business_between


def paced(lead: Lead, calendar: Calendar) -> Lead:
    """Measure in business time what has not been measured yet."""
    known, born = lead.milestones, lead.stamps.created_at
    tried, reached = (
        _measured(calendar, born, at) if took is None else took
        for at, took in (
            (known.first_attempt_at, known.business_ms_to_attempt),
            (known.first_contact_at, known.business_ms_to_contact),
        )
    )
    if (tried, reached) == (known.business_ms_to_attempt, known.business_ms_to_contact):
        return lead
    measured = evolve(known, business_ms_to_attempt=tried, business_ms_to_contact=reached)
    return evolve(lead, milestones=measured)


def _measured(calendar: Calendar, born: datetime, at: datetime | None) -> int | None:
    if at is None:
        return None
    return milliseconds(born, born + business_between(calendar, born, at))
