"""What the practice's diary holds: read once, however many days, people and appointments."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import evolve

from orthocrm.core.appointment import Appointment, TimeOff
from orthocrm.core.occupied import Occupied
from orthocrm.core.query import Cond, both
from orthocrm.core.schedule import Schedule
from orthocrm.core.visit_type import VisitType
from orthocrm.scheduling.asking import Diary, Question, range_of
from orthocrm.services.work import Work, everything


def read(work: Work, question: Question, until: datetime) -> Diary:
    """Read everything that decides about starts before an instant, in three statements."""
    low, high = range_of(question, until)
    return between(work, low, high)


def between(work: Work, low: datetime, high: datetime) -> Diary:
    """Read the schedules, and the appointments and absences that have some time in between."""
    settings = work.practice.clinic.settings
    return Diary(
        schedules=schedules(work),
        occupied=work.store.appointments.occupying(low, high),
        absences=(*work.practice.absences, *_imported(work, low, high)),
        resources=settings.resources,
        types=types(work),
    )


def _imported(work: Work, low: datetime, high: datetime) -> tuple[TimeOff, ...]:
    """Read what other calendars say between two instants."""
    return everything(
        work.store.time_off,
        both(Cond("origin", "present"), Cond("ends_at", "gt", low), Cond("starts_at", "lt", high)),
    )


def schedules(work: Work) -> Mapping[str, Schedule]:
    """Read every schedule of the clinic, by id."""
    return {one.id: one for one in everything(work.store.schedules)}


def types(work: Work) -> Mapping[str, VisitType]:
    """Give the clinic's types by slug, those that are no longer active too."""
    return {one.slug: one for one in work.practice.clinic.settings.visit_types}


def with_also(diary: Diary, made: Sequence[Appointment]) -> Diary:
    """Add appointments that were made since the diary was read."""
    return evolve(diary, occupied=(*diary.occupied, *map(Occupied.of, made)))
