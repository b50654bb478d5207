"""Somebody's diary as a FHIR bundle: read within reach, and written by the rules."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from orthocrm.core.appointment import Appointment, TimeOff
from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import Cond, both
from orthocrm.core.schedule import Schedule
from orthocrm.core.time import instant
from orthocrm.scheduling import fhir
from orthocrm.services.scheduling import diaries, reaching, searching
from orthocrm.services.work import Work, everything

_LONGEST: Final = timedelta(days=400)


def exported(
    work: Work, schedule: Schedule, from_: datetime, to: datetime, visit_type: str | None
) -> fhir.Resource:
    """Give the bundle of what starts in `[from_, to)`.

    Raises:
        InvalidInput: the range cannot be, or there is no such type.
    """
    start, end = _range(from_, to)
    names = _names(work)
    appointments = _appointments(work, schedule.id, start, end)
    work.touch([schedule.id, *(one.id for one in appointments)])
    return fhir.bundle(
        [
            fhir.schedule(schedule, names, start, end),
            *_free(work, schedule.id, visit_type, start, end, names),
            *fhir.busy_slots(appointments, _absences(work, schedule.id, start, end)),
            *(fhir.appointment(one, names) for one in appointments),
        ]
    )


def _range(from_: object, to: object) -> tuple[datetime, datetime]:
    start, end = instant(from_, "from_"), instant(to, "to")
    if end < start:
        raise InvalidInput.at("to", "end_before_start", "to must not come before from_")
    if end - start > _LONGEST:
        raise InvalidInput.at("to", "out_of_range", f"give at most {_LONGEST.days} days")
    return start, end


def _names(work: Work) -> fhir.Names:
    website = work.practice.clinic.settings.messaging.website
    types = {slug: kind.name for slug, kind in diaries.types(work).items()}
    return fhir.Names(system=website or f"urn:orthocrm:{work.clinic_id}", types=types)


def _appointments(
    work: Work, owner: str, start: datetime, end: datetime
) -> tuple[Appointment, ...]:
    return everything(
        work.store.appointments,
        both(
            reaching.reach(work),
            Cond("provider", "eq", owner),
            Cond("starts_at", "ge", start),
            Cond("starts_at", "lt", end),
        ),
    )


def _absences(work: Work, owner: str, start: datetime, end: datetime) -> tuple[TimeOff, ...]:
    return everything(
        work.store.time_off,
        both(Cond("user", "eq", owner), Cond("ends_at", "gt", start), Cond("starts_at", "lt", end)),
    )


def _free(
    work: Work,
    owner: str,
    visit_type: str | None,
    start: datetime,
    end: datetime,
    names: fhir.Names,
) -> Iterator[fhir.Resource]:
    if visit_type is None:
        return
    search = searching.Search(type=visit_type, from_=start, to=end, providers=(owner,))
    for slot in searching.find(work, search):
        yield fhir.free_slot(owner, visit_type, slot.start, slot.end, names)
