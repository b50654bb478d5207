"""Appointments that repeat: one rule, one result for each of them, one series to cancel."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from attrs import evolve, frozen

from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import SeriesId
from orthocrm.core.time import zone
from orthocrm.scheduling.booking import NewAppointment, Wanted
from orthocrm.scheduling.recurrence import Rule, never_happens, parsed
from orthocrm.services.batch import Refused
from orthocrm.services.scheduling.booking import Booked, Booking, wanted
from orthocrm.services.work import Work

MOST: Final = 60
"""The most appointments of one series."""

_YEARS: Final = timedelta(days=2 * 366)


@frozen(kw_only=True)
class Series:
    """What came of each appointment of a series, in order; a refusal stops none of the others."""

    id: SeriesId
    results: tuple[Booked | Refused, ...]


def book(work: Work, new: NewAppointment, rrule: str) -> Series:
    """Make an appointment for every occurrence of a rule, the first at `new.starts_at`.

    The wall time stays when clocks change. Raises `InvalidInput` for a rule that cannot be, that
    never happens, or that asks for more than 60 appointments in two years.
    """
    if new.key is not None:
        raise InvalidInput.at("key", "not_for_this", "a series takes no key")
    first = wanted(work, new)
    rule = _rule(rrule)
    wishes = [evolve(first, starts_at=at) for at in _starts(work, first, rule)]
    series = SeriesId(work.ids())
    results = Booking(work, AppointmentStatus.BOOKED, series).make(wishes)
    return Series(id=series, results=tuple(results))


def _rule(text: object) -> Rule:
    if not isinstance(text, str):
        raise InvalidInput.at("rrule", "wrong_type", "give a recurrence rule")
    rule = parsed(text)
    if not rule.by_date:
        message = "give DAILY, WEEKLY, MONTHLY or YEARLY, without times of day"
        raise InvalidInput.at("rrule", "unsupported", message)
    return rule


def _starts(work: Work, first: Wanted, rule: Rule) -> list[datetime]:
    """Resolve each occurrence by itself (R1), so that ten o'clock stays ten o'clock."""
    local = zone(work.practice.clinic.timezone)
    wall = first.starts_at.astimezone(local).replace(tzinfo=None)
    if never_happens(rule, wall):
        raise InvalidInput.at("rrule", "never_happens", "give a rule that happens")
    found = rule.occurrences(
        wall,
        before=wall + _YEARS,
        since=wall,
        instant=lambda one: one.replace(tzinfo=local).astimezone(UTC),
    )
    several = list(islice(found, MOST + 1))
    if len(several) > MOST:
        raise InvalidInput.at("rrule", "too_many", f"give a rule of at most {MOST} appointments")
    if not several or several[0] != wall:
        message = "let the first appointment be an occurrence of the rule"
        raise InvalidInput.at("rrule", "not_the_first", message)
    return [one.replace(tzinfo=local).astimezone(UTC) for one in several]
