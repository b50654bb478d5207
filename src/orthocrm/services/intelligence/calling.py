"""When to call: the clinic's calls by the families' clocks, and the next good times for a lead."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import evolve, frozen

from orthocrm.analytics.small import to_hide
from orthocrm.core.activity import Activity, ActivityDirection, CallOutcome, LeadActivityType
from orthocrm.core.actor import Permission, Scope
from orthocrm.core.errors import Forbidden, InvalidInput
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead, ensure_open
from orthocrm.core.query import Cond, Page, Sort, Where, both
from orthocrm.core.time import DAY
from orthocrm.followup.due import Calendar
from orthocrm.followup.quiet import is_quiet_for, zone_of
from orthocrm.intelligence.contact_time import (
    CallTime,
    ContactTimes,
    Share,
    call_times,
    contact_times,
    tallied,
)
from orthocrm.services.analytics.scope import smallest
from orthocrm.services.work import Work

MOST_CALLS = 5_000
"""The newest calls that are looked at: enough to find a difference of a few per cent."""

LOOK_BACK = timedelta(days=365)
MOST_DAYS = 31

_PAGE = 500
_COUNTED = (CallOutcome.SPOKE, CallOutcome.VOICEMAIL, CallOutcome.NO_ANSWER)


@frozen(kw_only=True)
class CallAdvice:
    """When to call a family: the best times first where they differ, else the next ones.

    `zone` is the family's, as far as its number tells. Without any time `because` says why: the
    family wants no contact, has no number, or no hour of the practice lies outside quiet hours.
    """

    lead_id: LeadId
    zone: str
    verdict: str
    times: tuple[CallTime, ...] = ()
    because: str | None = None


def times(work: Work) -> ContactTimes:
    """Tell when calls are answered: those of the clinic, or of the own leads.

    Whoever sees no leads is not shown what so few calls stand behind as the clinic says.
    """
    reach = work.scopes(Permission.LEAD_ANALYTICS)
    if not reach & {Scope.CLINIC, Scope.AGGREGATES, Scope.OWN_FIGURES}:
        raise Forbidden(work.operation, Permission.LEAD_ANALYTICS)
    owner = None if reach & {Scope.CLINIC, Scope.AGGREGATES} else work.actor.user
    return _shown(_times(work, owner), smallest(work))


def advice(work: Work, lead_id: LeadId, days: int) -> CallAdvice:
    """Tell when to call a family within the coming days; an open lead only."""
    if type(days) is not int or not 1 <= days <= MOST_DAYS:
        raise InvalidInput.at("days", "out_of_range", f"give 1 to {MOST_DAYS}")
    (lead,) = work.leads([lead_id], lock=False)
    ensure_open(lead)
    own = work.practice.clinic.timezone
    number = lead.contact.phone.number if lead.contact.phone else None
    known = CallAdvice(lead_id=lead.id, zone=zone_of(number, own), verdict="")
    if lead.enquiry.no_contact or number is None:
        return evolve(known, because="no_phone" if number is None else "no_contact")
    found = _times(work, None)
    clinic, by_state = work.practice.clinic, work.plugins.quiet_hours
    chosen = call_times(
        found,
        _open_spans(work, days),
        known.zone,
        lambda at: not is_quiet_for(lead.contact, at, clinic, by_state),
    )
    because = None if chosen else "no_common_hour"
    return evolve(known, verdict=found.verdict, times=chosen, because=because)


def _times(work: Work, owner: str | None) -> ContactTimes:
    own = work.practice.clinic.timezone
    calls = list(_calls(work))
    leads = _leads(work, calls)
    return contact_times(
        tallied(
            (call.occurred_at, call.call_outcome is CallOutcome.SPOKE, _home(lead, own))
            for call in calls
            if (lead := leads.get(call.lead_id)) is not None
            and (owner is None or lead.ownership.owner == owner)
        )
    )


def _calls(work: Work) -> Iterator[Activity]:
    """Read the newest outbound calls, page by page."""
    where: Where = both(
        Cond("type", "eq", LeadActivityType.PHONE_CALL),
        Cond("direction", "eq", ActivityDirection.OUTBOUND),
        Cond("call_outcome", "in", _COUNTED),
        Cond("occurred_at", "ge", work.now - LOOK_BACK),
    )
    page: Page | None = Page(_PAGE)
    read = 0
    while page is not None and read < MOST_CALLS:
        found = work.store.activities.find(where, [Sort("occurred_at", descending=True)], page)
        read += len(found.items)
        page = Page(_PAGE, found.after) if found.after is not None else None
        yield from found.items


def _leads(work: Work, calls: Sequence[Activity]) -> Mapping[LeadId, Lead]:
    ids = sorted({call.lead_id for call in calls})
    found: dict[str, Lead] = {}
    for start in range(0, len(ids), _PAGE):
        found.update(work.store.leads.get(ids[start : start + _PAGE]))
    return {lead.id: lead for lead in found.values() if lead.stamps.deleted_at is None}


def _home(lead: Lead, own: str) -> str:
    return zone_of(lead.contact.phone.number if lead.contact.phone else None, own)


def _open_spans(work: Work, days: int) -> Iterator[tuple[datetime, datetime]]:
    """Give when the practice is open from now on; one without hours is always open."""
    until = work.now + days * DAY
    calendar = Calendar.of_clinic(work.practice.clinic)
    if calendar.counts_always:
        yield work.now, until
        return
    day, last = calendar.day_of(work.now), calendar.day_of(until)
    while day <= last:
        for opened, closed in calendar.spans(day):
            start, end = max(opened, work.now), min(closed, until)
            if start < end:
                yield start, end
        day += DAY


def _shown(found: ContactTimes, least: int | None) -> ContactTimes:
    if least is None:
        return found
    slots = _large([*found.slots.values()], least)
    return evolve(
        found,
        hours=_large(found.hours, least),
        weekdays=_large(found.weekdays, least),
        slots={(share.weekday or 0, share.hour or 0): share for share in slots},
        best=tuple(share for share in found.best if share.tried >= least),
    )


def _large(shares: Sequence[Share], least: int) -> tuple[Share, ...]:
    hidden = to_hide([share.tried for share in shares], least)
    return tuple(share for place, share in enumerate(shares) if place not in hidden)
