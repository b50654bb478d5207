"""Visits as rows: their booking, what their patients did before, and who was reminded."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from orthocrm.core.appointment import Appointment
from orthocrm.core.ids import AppointmentId
from orthocrm.core.limits import PAGE
from orthocrm.core.notifying import MessageState
from orthocrm.core.query import Aggregate, AnyOf, Cond, Measure, Page, Sort, both
from orthocrm.intelligence.no_show import CAME, MISSED, Visited, looked_at, visit_row
from orthocrm.services.work import Work

MOST_VISITS = 10_000
"""The newest visits with an outcome."""

_OVER = Cond("status", "in", (*CAME, *MISSED))
_TAKEN = Cond("state", "in", (MessageState.SENT, MessageState.DELIVERED))

Person = tuple[str | None, str | None]
Reminders = Mapping[AppointmentId, Sequence[tuple[datetime, str]]]


def person(visit: Appointment) -> Person:
    """Name whom a visit is about."""
    return visit.lead_id, visit.patient_ref


def past_rows(work: Work) -> list[dict[str, object]]:
    """Read the newest visits that took place or were missed, each as it stood a day before."""
    found: list[Appointment] = []
    page: Page | None = Page(PAGE)
    where = both(_OVER, Cond("starts_at", "le", work.now))
    while page is not None and len(found) < MOST_VISITS:
        some = work.store.appointments.find(where, [Sort("starts_at", descending=True)], page)
        found.extend(some.items)
        page = None if some.after is None else Page(PAGE, some.after)
    earlier = _by_person(found)
    reminded: dict[AppointmentId, Sequence[tuple[datetime, str]]] = {}
    for start in range(0, len(found), PAGE):
        reminded.update(_reminders(work, found[start : start + PAGE]))
    return [
        {
            **_row(visit, looked_at(visit), earlier, reminded),
            "@visit": visit.id,
            "@person": str(person(visit)),
            "@at": visit.starts_at,
            "@missed": visit.status in MISSED,
        }
        for visit in found
    ]


def rows_now(work: Work, visits: Sequence[Appointment]) -> list[dict[str, object]]:
    """Say what is known of visits at this instant."""
    earlier, reminded = _histories(work, visits), _reminders(work, visits)
    return [_row(visit, work.now, earlier, reminded) for visit in visits]


def _row(
    visit: Appointment,
    at: datetime,
    earlier: Mapping[Person, Sequence[Visited]],
    reminded: Reminders,
) -> dict[str, object]:
    channels = [channel for when, channel in reminded.get(visit.id, ()) if when <= at]
    return visit_row(visit, at, earlier.get(person(visit), ()), channels)


def _by_person(visits: Sequence[Appointment]) -> dict[Person, list[Visited]]:
    found: dict[Person, list[Visited]] = defaultdict(list)
    for visit in visits:
        past = Visited(starts_at=visit.starts_at, missed=visit.status in MISSED)
        found[person(visit)].append(past)
    return found


def _histories(work: Work, visits: Sequence[Appointment]) -> dict[Person, list[Visited]]:
    """Count what the patients of visits did before, without reading anything personal."""
    leads = sorted({visit.lead_id for visit in visits if visit.lead_id is not None})
    refs = sorted({visit.patient_ref for visit in visits if visit.patient_ref is not None})
    if not leads and not refs:
        return {}
    whose = AnyOf((Cond("lead_id", "in", leads), Cond("patient_ref", "in", refs)))
    by = ("lead_id", "patient_ref", "status", "starts_at")
    query = Aggregate("appointments", (Measure("times"),), by, both(_OVER, whose))
    found: dict[Person, list[Visited]] = defaultdict(list)
    for group in work.store.aggregate(query):
        lead_id, patient_ref, status, starts_at = group.key
        past = Visited(starts_at=starts_at, missed=status in MISSED)
        found[lead_id, patient_ref].extend([past] * group.values["times"])
    return found


def _reminders(work: Work, visits: Sequence[Appointment]) -> Reminders:
    if not visits:
        return {}
    about = Cond("appointment_id", "in", [visit.id for visit in visits])
    by = ("appointment_id", "channel", "sent_at")
    query = Aggregate("messages", (Measure("times"),), by, both(about, _TAKEN))
    found: dict[AppointmentId, list[tuple[datetime, str]]] = defaultdict(list)
    for group in work.store.aggregate(query):
        visit_id, channel, sent_at = group.key
        if sent_at is not None:
            found[visit_id].append((sent_at, str(channel).lower()))
    return found
