"""Why a start is not offered: the same decision as the search, then the rule that refuses."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from attrs import frozen

from orthocrm.core.time import instant
from orthocrm.scheduling.frame import Frame
from orthocrm.scheduling.intervals import Interval
from orthocrm.scheduling.limits import dates, limits
from orthocrm.scheduling.load import full_days
from orthocrm.scheduling.pools import FreeMembers, allowed, pooled
from orthocrm.scheduling.request import Align, BufferScope, Provider, ProviderMode, SlotRequest
from orthocrm.scheduling.slots import slots_within
from orthocrm.scheduling.team import Picture, pictured, starts, windows_for
from orthocrm.scheduling.zones import ceil_minute, date_of, day_number, floor_minute

_YEAR: Final = 366 * 1440


class Why(StrEnum):
    """What is wrong with a start, in the order in which it is looked for."""

    IN_PAST = "in_past"
    TOO_SOON = "too_soon"
    OUT_OF_RANGE = "out_of_range"
    NOBODY = "nobody"
    PAST_HORIZON = "past_horizon"
    OUTSIDE_DATES = "outside_dates"
    NO_HOURS = "no_hours"
    CLOSED_DATE = "closed_date"
    OUTSIDE_OVERRIDE = "outside_override"
    OUTSIDE_HOURS = "outside_hours"
    TIME_OFF = "time_off"
    RECURRING_BLOCK = "recurring_block"
    BUFFER_OUTSIDE_HOURS = "buffer_outside_hours"
    DAY_FULL = "day_full"
    BUSY = "busy"
    BUFFER = "buffer"
    FULL = "full"
    PATIENT_BUSY = "patient_busy"
    NO_RESOURCE = "no_resource"
    OFF_GRID = "off_grid"


RULES: Final[Mapping[Why, str]] = MappingProxyType(
    {
        Why.IN_PAST: "R14",
        Why.TOO_SOON: "R14",
        Why.OUT_OF_RANGE: "R17",
        Why.NOBODY: "R20",
        Why.PAST_HORIZON: "R15",
        Why.OUTSIDE_DATES: "R15",
        Why.NO_HOURS: "R6",
        Why.CLOSED_DATE: "R5",
        Why.OUTSIDE_OVERRIDE: "R5",
        Why.OUTSIDE_HOURS: "R2",
        Why.TIME_OFF: "R6",
        Why.RECURRING_BLOCK: "R6",
        Why.BUFFER_OUTSIDE_HOURS: "R11",
        Why.DAY_FULL: "R16",
        Why.BUSY: "R11",
        Why.BUFFER: "R11",
        Why.FULL: "R13",
        Why.PATIENT_BUSY: "R19",
        Why.NO_RESOURCE: "R18",
    }
)
"""The rule behind each refusal; `off_grid` is R7, R8, R9 or R10, as the request is aligned."""

_GRIDS: Final[Mapping[Align, str]] = MappingProxyType(
    {Align.WINDOW: "R7", Align.MIDNIGHT: "R8", Align.FREE: "R9", Align.CLOCK: "R10"}
)
_ORDER: Final = tuple(Why)


@frozen(kw_only=True)
class Refusal:
    """Why a start is not offered.

    Args:
        code: What is wrong.
        rule: The rule that refuses, `R2` to `R20`.
        provider: Whose time refuses it; None where it does not depend on a person. Of several who
            could take it, the one who came closest.
        resource: The id of the pool of which no member is free.
    """

    code: Why
    rule: str
    provider: str | None = None
    resource: str | None = None


def explain(request: SlotRequest, start: datetime) -> Refusal | None:
    """Tell why a start is not offered; None says that it is, and that it may be booked.

    The search itself decides, over the one minute; the rules are asked one by one only when it
    refuses. A booking asks here within its transaction.

    Raises:
        InvalidInput: `start` is no aware instant, or nothing ends the range of the request.
    """
    at = instant(start, "start")
    minute = floor_minute(at)
    low, high = limits(request, max(_YEAR, minute + 1 - floor_minute(request.now)))
    inside = max(minute, low), min(minute + 1, high)
    whole = minute == ceil_minute(at)
    if whole and inside[0] < inside[1] and slots_within(request, inside):
        return None
    code = _of_range(request, at)
    if code is not None:
        return Refusal(code=code, rule=RULES[code])
    frame = Frame.of(request, (minute, minute + 1))
    found = _of_teams(frame) if whole else None
    return found or Refusal(code=Why.OFF_GRID, rule=_GRIDS[request.align])


def _of_range(request: SlotRequest, at: datetime) -> Why | None:
    if at < request.now:
        return Why.IN_PAST
    if at < request.now + request.notice:
        return Why.TOO_SOON
    if request.from_ is not None and at < request.from_:
        return Why.OUT_OF_RANGE
    if request.to is not None and at >= request.to:
        return Why.OUT_OF_RANGE
    return None if request.providers else Why.NOBODY


def _of_teams(frame: Frame) -> Refusal | None:
    """Find what refuses: the first rule for people who have to agree, else who came closest."""
    request = frame.request
    if request.mode is ProviderMode.ALL:
        alone = (_of_provider(frame, one) for one in request.providers)
        return next((one for one in alone if one), None) or _of_others(frame)
    groups: Iterable[Iterable[str]] = [[one.id for one in request.providers]]
    if request.mode is ProviderMode.GROUPS:
        groups = request.groups
    for group in groups:
        refusals = [_alone(frame, one) for one in request.providers if one.id in set(group)]
        if all(refusals):
            return max(filter(None, refusals), key=lambda one: _ORDER.index(one.code))
    return _of_others(frame)


def _alone(frame: Frame, provider: Provider) -> Refusal | None:
    """Tell why somebody cannot take it alone; None when they can."""
    room = allowed(frame, pooled(frame))
    if room and starts(frame, (provider,), windows_for(frame), room):
        return None
    return (
        _of_provider(frame, provider)
        or _of_others(frame)
        or _refusal(frame, Why.OFF_GRID, provider)
    )


def _refusal(frame: Frame, code: Why, provider: Provider | None = None) -> Refusal:
    return Refusal(
        code=code,
        rule=RULES.get(code, _GRIDS[frame.request.align]),
        provider=None if provider is None else provider.id,
    )


def _of_others(frame: Frame) -> Refusal | None:
    """Ask the patient and the pools (R18, R19)."""
    if not frame.past_the_patient():
        return _refusal(frame, Why.PATIENT_BUSY)
    pools = pooled(frame)
    code = Why.NO_RESOURCE
    for pool, found in pools.items():
        if not any(free for _, free in found):
            return Refusal(code=code, rule=RULES[code], resource=pool)
    return None if FreeMembers(pools).suffice(frame.inside[0]) else _refusal(frame, code)


def _of_provider(frame: Frame, provider: Provider) -> Refusal | None:
    code = next(_refusing(frame, provider), None)
    return None if code is None else _refusal(frame, code, provider)


def _refusing(frame: Frame, provider: Provider) -> Iterator[Why]:
    """Ask everything that depends on one person, in order."""
    picture = pictured(frame, (provider,), windows_for(frame))
    yield from _of_dates(frame, picture)
    yield from _of_hours(frame, provider, picture)
    yield from _of_load(frame, picture)


def _of_dates(frame: Frame, picture: Picture) -> Iterator[Why]:
    request, zone = frame.request, picture.zone
    day = picture.table.day(frame.inside[0])
    bounds = dates(request, zone)
    if bounds.first <= day <= bounds.last:
        return
    first, last = request.date_range or (None, None)
    dated = (first is not None and day < day_number(first)) or (
        last is not None and day > day_number(last)
    )
    yield Why.OUTSIDE_DATES if dated else Why.PAST_HORIZON


def _of_hours(frame: Frame, provider: Provider, picture: Picture) -> Iterator[Why]:
    start = frame.inside[0]
    event = start, start + frame.duration
    if not _lies_in(event, picture.availability.hours):
        yield _of_closure(provider, date_of(picture.table.day(start)))
    if not _lies_in(event, picture.availability.open):
        away = any(
            floor_minute(one.start) < event[1] and event[0] < ceil_minute(one.end)
            for one in provider.time_off
        )
        yield Why.TIME_OFF if away else Why.RECURRING_BLOCK
    footprint = event[0] - frame.before, event[1] + frame.after
    if frame.request.buffer_scope is BufferScope.HOURS and not _lies_in(
        footprint, picture.availability.open
    ):
        yield Why.BUFFER_OUTSIDE_HOURS


def _of_closure(provider: Provider, day: object) -> Why:
    if not provider.hours and not provider.overrides:
        return Why.NO_HOURS
    if day in provider.closed_dates:
        return Why.CLOSED_DATE
    if any(override.date == day for override in provider.overrides):
        return Why.OUTSIDE_OVERRIDE
    return Why.OUTSIDE_HOURS


def _lies_in(event: Interval, intervals: Iterable[Interval]) -> bool:
    return any(low <= event[0] and event[1] <= high for low, high in intervals)


def _of_load(frame: Frame, picture: Picture) -> Iterator[Why]:
    most = frame.request.max_per_day
    start = frame.inside[0]
    if most is not None:
        full = full_days(picture.taken[0], most, picture.table)
        if not most or picture.table.day(start) in full:
            yield Why.DAY_FULL
    if any(low <= start and start + frame.duration <= high for low, high in picture.runs):
        return
    meets = any(
        begin < start + frame.duration and start < end for begin, end, *_ in picture.taken[0]
    )
    if frame.request.capacity > 1:
        yield Why.FULL
    yield Why.BUSY if meets else Why.BUFFER
