"""Slots: the starts that are offered, with who and what can take each (R1 to R21)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import repeat
from typing import NamedTuple

from orthocrm.core.time import zone as zone_named
from orthocrm.scheduling.frame import Frame
from orthocrm.scheduling.intervals import Interval
from orthocrm.scheduling.limits import limits
from orthocrm.scheduling.pools import Free, FreeMembers, allowed, pooled
from orthocrm.scheduling.request import ProviderMode, SlotRequest
from orthocrm.scheduling.team import starts, windows_for
from orthocrm.scheduling.zones import DAY, moments

_FIRST_SEARCH = 14 * DAY
_SEARCHED = 366 * DAY

Takers = tuple[list[int], Iterable[tuple[str, ...]]]
"""Ascending starts in minutes, and who can take each of them, in the same order."""


class Slot(NamedTuple):
    """One start that is offered. A tuple, because an answer may hold thousands.

    `start` and `end` are aware instants with the offset of the asked zone. `providers` are the ids
    of those able to take it, in the order of the request; with `all`, everybody. `resources` pairs
    the id of every pool with the ids of its members that are free for the whole footprint.
    """

    start: datetime
    end: datetime
    providers: tuple[str, ...]
    resources: Free = ()


def find_slots(request: SlotRequest) -> tuple[Slot, ...]:
    """Give every start that the request allows, ascending and without duplicates.

    A start is offered if and only if the whole `[start, start + duration)` lies in availability,
    its footprint is free, it lies on the grid and every filter passes. `explain` decides by this
    same function.

    Raises:
        InvalidInput: Nothing ends the range, or it is longer than ten years.

    >>> from datetime import UTC, datetime
    >>> from orthocrm.scheduling import Provider, SlotRequest, WeeklyHours
    >>> monday = datetime(2026, 11, 23, tzinfo=UTC)
    >>> hours = WeeklyHours(weekday=1, start="09:00", end="10:30")
    >>> request = SlotRequest(
    ...     now=monday, duration=30, providers=[Provider(id="dr-lee", hours=[hours])], horizon=1
    ... )
    >>> [slot.start.strftime("%H:%M") for slot in find_slots(request)]
    ['09:00', '09:30', '10:00']
    """
    return slots_within(request, limits(request))


def slots_within(request: SlotRequest, inside: Interval) -> tuple[Slot, ...]:
    """Give the slots that start in a range of minutes."""
    frame = Frame.of(request, inside)
    pools = pooled(frame)
    room = allowed(frame, pools)
    if not room or not request.providers:
        return ()
    free = FreeMembers(pools)
    takers = _takers(frame, room)
    return _slots(frame, _with_members(takers, free) if free.shares else takers, free)


def _takers(frame: Frame, room: list[Interval]) -> Takers:
    """Find the possible starts, and who can take each (R20)."""
    request, windows = frame.request, windows_for(frame)
    everybody = tuple(one.id for one in request.providers)
    if request.mode is ProviderMode.ALL or len(everybody) == 1:
        return starts(frame, request.providers, windows, room), repeat(everybody)
    able: defaultdict[int, list[str]] = defaultdict(list)
    for one in request.providers:
        name = one.id
        for start in starts(frame, (one,), windows, room):
            able[start].append(name)
    grouped = request.mode is ProviderMode.GROUPS
    found = _of_every_group(able, request.groups) if grouped else able
    minutes = sorted(found)
    return minutes, map(tuple, map(found.__getitem__, minutes))


def _of_every_group(
    able: Mapping[int, list[str]], groups: Iterable[Iterable[str]]
) -> dict[int, list[str]]:
    sets = [frozenset(group) for group in groups]
    anybody = frozenset[str]().union(*sets)
    return {
        start: [one for one in people if one in anybody]
        for start, people in able.items()
        if not any(group.isdisjoint(people) for group in sets)
    }


def _with_members(takers: Takers, free: FreeMembers) -> Takers:
    """Keep the starts at which every pool has a member of its own."""
    both = [(start, one) for start, one in zip(*takers, strict=False) if free.suffice(start)]
    return [start for start, _ in both], (one for _, one in both)


def _slots(frame: Frame, takers: Takers, free: FreeMembers) -> tuple[Slot, ...]:
    request = frame.request
    minutes, people = takers[0][: request.limit], takers[1]
    zone = request.viewer_zone or frame.zone(request.providers)
    begin = moments(zone, minutes)
    end = moments(zone, [minute + frame.duration for minute in minutes])
    if not request.pools:
        return tuple(map(Slot, begin, end, people))
    return tuple(map(Slot, begin, end, people, map(free.at, minutes)))


def next_available(request: SlotRequest) -> Slot | None:
    """Give the first slot, or None; without an end of the range a year is searched."""
    low, high = limits(request, _SEARCHED)
    length = _FIRST_SEARCH
    while low < high:
        found = slots_within(request, (low, min(low + length, high)))
        if found:
            return found[0]
        low, length = low + length, 2 * length
    return None


def by_local_date(slots: Iterable[Slot], zone: str) -> dict[date, tuple[Slot, ...]]:
    """Group slots by the local date of a viewer's zone; the instants stay what they are (R21)."""
    local = zone_named(zone, "zone")
    found: dict[date, list[Slot]] = {}
    for slot in slots:
        found.setdefault(slot.start.astimezone(local).date(), []).append(slot)
    return {day: tuple(those) for day, those in found.items()}
