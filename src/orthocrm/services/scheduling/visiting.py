"""Visits that are over: how long they took is decided then, by the hours that are in force."""

from collections.abc import Iterable

from attrs import evolve

from orthocrm.core.lead import StageVisit
from orthocrm.core.time import milliseconds
from orthocrm.followup.due import Calendar, business_between
from orthocrm.services.work import Work


def close(work: Work, visits: Iterable[StageVisit]) -> None:
    """Store the end of visits."""
    calendar = Calendar.of_clinic(work.practice.clinic)
    work.store.visits.save([timed(visit, calendar) for visit in visits])


def reopened(visit: StageVisit) -> StageVisit:
    """Give a visit as it was before it ended, to be stored anew."""
    return evolve(visit, left_at=None, ms=None, business_ms=None, version=1)


def timed(visit: StageVisit, calendar: Calendar) -> StageVisit:
    """Measure a visit that is over, by the wall clock and in business time."""
    if visit.left_at is None:
        return visit
    start, end = visit.entered_at, visit.left_at
    business = business_between(calendar, start, end)
    return evolve(
        visit, ms=milliseconds(start, end), business_ms=milliseconds(start, start + business)
    )
