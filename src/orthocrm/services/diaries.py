"""What the practice's diary holds: read once, however many days, people and appointments."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import evolve

from orthocrm.core.appointment import Appointment
from orthocrm.core.occupied import Occupied
from orthocrm.core.schedule import Schedule
from orthocrm.core.visit_type import VisitType
from orthocrm.scheduling.asking import Diary, Question, range_of
from orthocrm.services.work import Work, everything


def read(work: Work, question: Question, until: datetime) -> Diary:
    """Read everything that decides about starts before an instant, in two statements."""
    low, high = range_of(question, until)
    return between(work, low, high)


def between(work: Work, low: datetime, high: datetime) -> Diary:
    """Read the schedules, and the appointments that have some time between two instants."""
    settings = work.practice.clinic.settings
    return Diary(
        schedules=schedules(work),
        occupied=work.store.appointments.occupying(low, high),
        absences=work.practice.absences,
        resources=settings.resources,
        types=types(work),
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
