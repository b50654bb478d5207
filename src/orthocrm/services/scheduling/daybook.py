"""Looking at appointments: a day, a week, somebody's history, and how full the days are."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from attrs import frozen

from orthocrm.core import limits
from orthocrm.core.appointment import Appointment
from orthocrm.core.errors import Forbidden, InvalidInput
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.query import Cond, Sort, Where, both
from orthocrm.core.reading import Reading
from orthocrm.core.time import DAY, Period, midnight, zone
from orthocrm.scheduling import booking, usage
from orthocrm.scheduling.asking import Diary
from orthocrm.scheduling.usage import Usage
from orthocrm.services.scheduling import diaries, reaching
from orthocrm.services.scheduling.booking import shown
from orthocrm.services.work import Work, everything

_WEEK: Final = 7
_LONGEST: Final = 366


@frozen(kw_only=True)
class DaySheet:
    """The appointments of a local date of the clinic, the earliest first; cancelled ones too."""

    day: date
    appointments: tuple[Appointment, ...] = ()


def day(work: Work, on: date | None, provider: str | None) -> DaySheet:
    """Give the appointments that start on a local date, of one person or of everybody."""
    first = _date(work, on)
    return _sheets(work, first, 1, provider)[0]


def week(work: Work, on: date | None, provider: str | None) -> tuple[DaySheet, ...]:
    """Give the seven days, Monday first, of the week of a local date."""
    any_day = _date(work, on)
    return _sheets(work, any_day - timedelta(days=any_day.weekday()), _WEEK, provider)


def _date(work: Work, on: object) -> date:
    reading = Reading()
    found = reading.day("on", on)
    reading.finish()
    return found or work.now.astimezone(zone(work.practice.clinic.timezone)).date()


def _person(raw: object) -> str | None:
    reading = Reading()
    found = reading.text("provider", raw, limits.REFERENCE)
    if raw is not None:
        reading.required("provider", found)
    reading.finish()
    return found


def _sheets(work: Work, first: date, days: int, provider: str | None) -> tuple[DaySheet, ...]:
    local = work.practice.clinic.timezone
    person = _person(provider)
    where = both(
        Cond("starts_at", "ge", midnight(first, local)),
        Cond("starts_at", "lt", midnight(first + days * DAY, local)),
        reaching.taking_part(person) if person is not None else None,
    )
    by_day: defaultdict[date, list[Appointment]] = defaultdict(list)
    for one in _found(work, where, Sort("starts_at")):
        by_day[one.starts_at.astimezone(zone(local)).date()].append(one)
    dates = [first + number * DAY for number in range(days)]
    return tuple(DaySheet(day=on, appointments=tuple(by_day[on])) for on in dates)


def history(work: Work, lead_id: LeadId | None, patient_ref: str | None) -> tuple[Appointment, ...]:
    """Give the appointments of a lead or patient, the latest first.

    A patient who names nobody gets their own.
    """
    if reaching.is_patient(work) and lead_id is None and patient_ref is None:
        return _found(work, reaching.reach(work), Sort("starts_at", descending=True))
    reading = Reading()
    lead, patient = booking.subject(reading, lead_id, patient_ref)
    reading.finish()
    about = Cond("lead_id", "eq", lead) if lead else Cond("patient_ref", "eq", patient)
    return _found(work, about, Sort("starts_at", descending=True))


def _found(work: Work, where: Where, sort: Sort) -> tuple[Appointment, ...]:
    found = everything(work.store.appointments, both(where, reaching.reach(work)), [sort])
    work.touch(one.id for one in found)
    return tuple(shown(work, one) for one in found)


def utilisation(work: Work, period: Period, providers: Sequence[str]) -> tuple[Usage, ...]:
    """Measure how much of people's open time is booked in a period.

    Raises:
        InvalidInput: the period is longer than a year.
        Forbidden: somebody who reaches only the own diary asks for others.
    """
    if not isinstance(period, Period):
        raise InvalidInput.at("period", "wrong_type", "give a Period")
    if (period.until - period.first).days > _LONGEST:
        raise InvalidInput.at("period", "out_of_range", "give at most a year")
    low, high = period.instants(work.practice.clinic.timezone)
    diary = diaries.between(work, low, high)
    names = _people(work, providers, diary)
    return tuple(
        usage.measured(UserId(name), diary, work.practice.clinic.timezone, low, high, work.now)
        for name in names
    )


def _people(work: Work, asked: Sequence[str], diary: Diary) -> list[str]:
    if not reaching.reaches_all(work):
        if reaching.is_patient(work) or any(one != work.actor.user for one in asked):
            raise Forbidden(work.operation, work.permission)
        return [work.actor.user]
    things = {one.id for one in diary.resources}
    everybody = {name for name, one in diary.schedules.items() if not one.is_template}
    return list(asked) or sorted(everybody - things)
