"""What the practice's diary holds: read once, however many days, people and appointments."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import evolve

from orthocrm.core.appointment import Appointment, TimeOff
from orthocrm.core.occupied import Occupied
from orthocrm.core.query import Cond, Page, both
from orthocrm.core.schedule import Schedule
from orthocrm.core.visit_type import BookableResource, VisitType
from orthocrm.scheduling.asking import Diary, Question, named, range_of, whose
from orthocrm.services.scheduling.known import Hours
from orthocrm.services.work import Work, everything


def read(work: Work, question: Question, until: datetime) -> Diary:
    """Read what decides about starts before an instant, and nothing else, in two statements."""
    low, high = range_of(question, until)
    resources = work.practice.clinic.settings.resources
    return Diary(
        schedules=hours(work).schedules,
        occupied=work.store.appointments.occupying(low, high, whose(question)),
        absences=(
            *work.practice.absences,
            *_imported(work, low, high, _names(question, resources)),
        ),
        resources=resources,
        types=types(work),
    )


def between(work: Work, low: datetime, high: datetime) -> Diary:
    """Read the appointments, in whatever state, that start in between, and the absences then."""
    return Diary(
        schedules=hours(work).schedules,
        occupied=work.store.appointments.occupying(low, high),
        absences=(*work.practice.absences, *_imported(work, low, high)),
        resources=work.practice.clinic.settings.resources,
        types=types(work),
    )


def _names(question: Question, resources: Sequence[BookableResource]) -> tuple[str, ...] | None:
    """Name the people and things whose absences decide; None: everybody's do."""
    people = named(question)
    if people is None:
        return None
    pools = question.type.pools
    return (*people, *(one.id for one in resources if one.pool in pools))


def _imported(
    work: Work, low: datetime, high: datetime, names: tuple[str, ...] | None = None
) -> tuple[TimeOff, ...]:
    """Read what other calendars say between two instants, if there are any."""
    if not hours(work).has_imported:
        return ()
    where = both(
        Cond("origin", "present"),
        Cond("ends_at", "gt", low),
        Cond("starts_at", "lt", high),
        None if names is None else Cond("user", "in", names),
    )
    return everything(work.store.time_off, where)


def hours(work: Work) -> Hours:
    """Give the clinic's hours as they stand at its revision."""
    return work.hours.of(
        work.practice.clinic,
        lambda: Hours(schedules=schedules(work), has_imported=has_imported(work)),
    )


def has_imported(work: Work) -> bool:
    """Whether there is time off that somebody's calendar from outside brought."""
    return bool(work.store.time_off.find(Cond("origin", "present"), page=Page(1)).items)


def count_days(work: Work, kind: VisitType | None, provider: str | None) -> None:
    """Let nobody else book with these people meanwhile: a day's limit has no claim (R16).

    Leads are locked before, and appointments, the waitlist and claims after it.
    """
    if kind is not None and kind.max_per_day is not None:
        is_team = kind.all_providers or bool(kind.groups)
        names = [provider] if provider and not is_team else sorted(hours(work).schedules)
        work.store.schedules.get(names, lock=True)


def schedules(work: Work) -> Mapping[str, Schedule]:
    """Read every schedule of the clinic, by id."""
    return {one.id: one for one in everything(work.store.schedules)}


def types(work: Work) -> Mapping[str, VisitType]:
    """Give the clinic's types by slug, those that are no longer active too."""
    return {one.slug: one for one in work.practice.clinic.settings.visit_types}


def with_also(diary: Diary, made: Sequence[Appointment]) -> Diary:
    """Add appointments that were made since the diary was read."""
    return evolve(diary, occupied=(*diary.occupied, *map(Occupied.of, made)))
