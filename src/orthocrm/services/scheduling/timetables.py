"""Schedules of people, chairs and shared templates: read strictly by the engine that uses them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from attrs import evolve

from orthocrm.core import limits
from orthocrm.core.actor import Scope
from orthocrm.core.errors import Forbidden, InvalidInput, NotFound, Problem
from orthocrm.core.reading import Reading
from orthocrm.core.schedule import DateHours, RepeatedBlock, Schedule, WeeklyWindow
from orthocrm.core.time import zone
from orthocrm.followup import holidays
from orthocrm.scheduling import converting
from orthocrm.services.scheduling import diaries
from orthocrm.services.settings import configuring
from orthocrm.services.work import Work

T = TypeVar("T")

_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_MOST = 500
"""The most windows, dates or blocks of one schedule."""


def every(work: Work) -> tuple[Schedule, ...]:
    """List the schedules within reach by id; feeds' secrets stay where they are."""
    found = diaries.schedules(work)
    mine = [
        one
        for name, one in sorted(found.items())
        if Scope.CLINIC in work.scopes(work.permission) or name == work.actor.user
    ]
    work.touch(one.id for one in mine)
    return tuple(evolve(one, feed=None) for one in mine)


def save(work: Work, schedule: Schedule) -> Schedule:
    """Add a schedule, or replace the hours of the one with its id; its feed stays.

    Raises:
        InvalidInput: names everything that cannot be: `windows.0.weekday`.
        StaleVersion: it changed since it was read.
    """
    if not isinstance(schedule, Schedule):
        raise InvalidInput.at("schedule", "wrong_type", "give a Schedule")
    _only_own(work, schedule.id, "id")
    known = diaries.schedules(work)
    checked = _checked(evolve(schedule, clinic_id=work.clinic_id), known)
    present = known.get(checked.id)
    if present is None:
        return _kept(work, evolve(checked, feed=None, version=1), is_new=True)
    return _kept(work, evolve(checked, feed=present.feed), is_new=False)


def set_week(work: Work, owner: str, windows: Sequence[WeeklyWindow]) -> Schedule:
    """Replace somebody's weekly hours; everything else of the schedule stays."""
    return _changed(work, owner, windows=tuple(_list("windows", windows)))


def set_date(work: Work, owner: str, hours: DateHours) -> Schedule:
    """Give a date hours of its own, in place of those that it has so far."""
    if not isinstance(hours, DateHours):
        raise InvalidInput.at("hours", "wrong_type", "give DateHours")
    present = _present(work, owner)
    others = tuple(one for one in present.dates if one.on != hours.on)
    return _changed(work, owner, dates=(*others, hours))


def close(work: Work, owner: str, days: Iterable[date]) -> Schedule:
    """Close dates for somebody, beside those that are closed already."""
    present = _present(work, owner)
    found = {*present.closed, *_dates(days)}
    return _changed(work, owner, closed=tuple(sorted(found)))


def close_holidays(work: Work, owner: str, year: int, place: str | None) -> Schedule:
    """Close the public holidays of a year at a place, the clinic's unless told otherwise."""
    reading = Reading()
    known = reading.whole("year", year, _FIRST_YEAR, _LAST_YEAR)
    reading.required("year", known)
    where = reading.text("place", place) or work.practice.clinic.settings.holidays
    reading.required("place", where, "name a place here or in the settings")
    reading.finish()
    try:
        days = holidays.public_holidays(where or "", known or 0)
    except InvalidInput:
        raise InvalidInput.at("place", "unknown_place", "no holidays are known for it") from None
    return close(work, owner, days)


def reopen(work: Work, owner: str, days: Iterable[date]) -> Schedule:
    """Open dates again that were closed, or had hours of their own."""
    present, gone = _present(work, owner), set(_dates(days))
    return _changed(
        work,
        owner,
        closed=tuple(day for day in present.closed if day not in gone),
        dates=tuple(one for one in present.dates if one.on not in gone),
    )


def set_blocks(work: Work, owner: str, blocks: Sequence[RepeatedBlock]) -> Schedule:
    """Replace the blocks that take time away again and again."""
    return _changed(work, owner, blocks=tuple(_list("blocks", blocks)))


def remove(work: Work, owner: str) -> None:
    """Forget a schedule: nobody can be booked by it any more; appointments stay.

    Raises:
        InvalidInput: other schedules share it.
    """
    _only_own(work, owner)
    known = diaries.schedules(work)
    if owner not in known:
        raise NotFound("schedule")
    if any(one.template == owner for one in known.values()):
        raise InvalidInput.at("owner", "in_use", "other schedules share this template")
    work.store.schedules.remove([owner])
    configuring.changed(work, "schedule", owner)


def _only_own(work: Work, owner: str, path: str = "owner") -> None:
    if not isinstance(owner, str):
        raise InvalidInput.at(path, "wrong_type", "give the id of a user, resource or template")
    if owner != work.actor.user and Scope.CLINIC not in work.scopes(work.permission):
        raise Forbidden(work.operation, work.permission)


def _present(work: Work, owner: str) -> Schedule:
    _only_own(work, owner)
    found = work.store.schedules.get([owner]).get(owner)
    return found or Schedule(id=owner, clinic_id=work.clinic_id)


def _changed(work: Work, owner: str, **parts: Any) -> Schedule:  # noqa: ANN401 - fields of Schedule
    _only_own(work, owner)
    known = diaries.schedules(work)
    present = known.get(owner)
    draft = evolve(present or Schedule(id=owner, clinic_id=work.clinic_id), **parts)
    return _kept(work, _checked(draft, known), is_new=present is None)


def _kept(work: Work, schedule: Schedule, *, is_new: bool) -> Schedule:
    if is_new:
        work.store.schedules.add([schedule])
        saved = schedule
    else:
        (saved,) = work.store.schedules.save([schedule])
    configuring.changed(work, "schedule", saved.id)
    return evolve(saved, feed=None)


def _checked(schedule: Schedule, known: Mapping[str, Schedule]) -> Schedule:
    reading = Reading()
    reading.required("id", reading.text("id", schedule.id, limits.REFERENCE))
    if schedule.timezone is not None:
        _adopt(reading, "", lambda: zone(_text(schedule.timezone)))
    _each(reading, "windows", schedule.windows, WeeklyWindow, converting.weekly)
    _each(reading, "dates", schedule.dates, DateHours, converting.override)
    _each(reading, "blocks", schedule.blocks, RepeatedBlock, converting.block)
    _check_dates(reading, schedule)
    _check_template(reading, schedule, known)
    reading.finish()
    return schedule


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput.at("timezone", "wrong_type", "give an IANA time zone")
    return value


def _each(
    reading: Reading, path: str, values: object, kind: type[T], read: Callable[[T], object]
) -> None:
    """Let the engine read every part, and say which of them it refuses."""
    if not isinstance(values, tuple) or len(values) > _MOST:
        reading.refuse(path, "wrong_type", f"give a tuple of at most {_MOST}")
        return
    for at, value in enumerate(values):
        if not isinstance(value, kind):
            reading.refuse(f"{path}.{at}", "wrong_type", f"give {kind.__name__}")
        else:
            _adopt(reading, f"{path}.{at}.", lambda value=value: read(value))  # type: ignore[misc] # binds the value of this round


def _adopt(reading: Reading, prefix: str, read: Callable[[], object]) -> None:
    try:
        read()
    except InvalidInput as error:
        for problem in error.problems:
            reading.problems.append(
                Problem(f"{prefix}{problem.path}", problem.code, problem.message)
            )


def _check_dates(reading: Reading, schedule: Schedule) -> None:
    if not isinstance(schedule.closed, tuple) or len(schedule.closed) > _MOST:
        reading.refuse("closed", "wrong_type", f"give a tuple of at most {_MOST} dates")
        return
    for at, day in enumerate(schedule.closed):
        reading.required(f"closed.{at}", reading.day(f"closed.{at}", day))


def _check_template(reading: Reading, schedule: Schedule, known: Mapping[str, Schedule]) -> None:
    """Let a schedule share one template, which shares none itself."""
    if schedule.template is None:
        return
    shared = known.get(schedule.template)
    if shared is None or not shared.is_template or schedule.is_template:
        reading.refuse("template", "unknown_value", "give a schedule that is a template")


def _list(path: str, values: object) -> Sequence[Any]:
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise InvalidInput.at(path, "wrong_type", "give a list")
    return values


def _dates(days: object) -> list[date]:
    reading = Reading()
    given = list(days) if isinstance(days, Iterable) and not isinstance(days, str) else [days]
    found = [reading.day(f"days.{at}", day) for at, day in enumerate(given)]
    for at, day in enumerate(found):
        reading.required(f"days.{at}", day)
    reading.finish()
    return [day for day in found if day is not None]
