"""Chairs, rooms and devices: which of them are free for a footprint (R18)."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import evolve

from orthocrm.scheduling.busy import taken
from orthocrm.scheduling.frame import Frame
from orthocrm.scheduling.hours import WeeklyHours
from orthocrm.scheduling.intervals import Interval, common, merged
from orthocrm.scheduling.load import blocked, free_starts, widened
from orthocrm.scheduling.request import Resource
from orthocrm.scheduling.team import windows_for
from orthocrm.scheduling.windows import Windows

Members = tuple[tuple[str, list[Interval]], ...]
"""The members of a pool, each with the starts at which it is free for the whole footprint."""

Free = tuple[tuple[str, tuple[str, ...]], ...]
"""The id of each pool with the ids of its members that are free at a start."""


_ALWAYS = tuple(WeeklyHours(weekday=day, start="00:00", end="24:00") for day in range(7))


def pooled(frame: Frame) -> dict[str, Members]:
    """Find when the members of every pool are free."""
    windows = windows_for(frame)
    return {
        pool.id: tuple((one.id, _free(frame, one, windows)) for one in pool.members)
        for pool in frame.request.pools
    }


def _free(frame: Frame, member: Resource, windows: Windows) -> list[Interval]:
    busy = blocked(taken(member.busy, frame.blocking), frame.request.capacity)
    footprints = widened(busy, frame.before, frame.after)
    free = free_starts(footprints, frame.duration, frame.whole)
    if member.is_always_there:
        return free
    whole = member if member.hours else evolve(member, hours=_ALWAYS)
    there = windows.of(whole, member.zone or frame.request.zone).open
    fits = [(start, end - frame.duration + 1) for start, end in there]
    return common([one for one in fits if one[0] < one[1]], free)


def allowed(frame: Frame, pools: Mapping[str, Members]) -> list[Interval]:
    """Give the starts at which the patient is free, and at least one member of every pool."""
    found = frame.past_the_patient()
    for one in pools.values():
        found = common(found, merged([piece for _, free in one for piece in free]))
    return found


class FreeMembers:
    """Which members of the pools are free at a start; the same between two edges."""

    def __init__(self, pools: Mapping[str, Members]) -> None:
        self._pools = pools
        edges = (piece for one in pools.values() for _, free in one for piece in free)
        self._edges = sorted({edge for piece in edges for edge in piece})
        self._known: dict[int, Free] = {}
        uses = Counter(name for one in pools.values() for name, _ in one)
        self.shares = any(many > 1 for many in uses.values())

    def at(self, start: int) -> Free:
        """Give the free members of every pool."""
        place = bisect_right(self._edges, start)
        if place not in self._known:
            self._known[place] = tuple(
                (pool, tuple(one for one, free in found if _holds(free, start)))
                for pool, found in self._pools.items()
            )
        return self._known[place]

    def suffice(self, start: int) -> bool:
        """Whether every pool can have a member of its own, where pools share members."""
        if not self.shares:
            return True
        free = dict(self.at(start))
        given: dict[str, str] = {}
        return all(_give(pool, free, given, set()) for pool in free)


def _give(
    pool: str, free: Mapping[str, Sequence[str]], given: dict[str, str], seen: set[str]
) -> bool:
    """Give a pool one of its members; whoever has it takes another, if there is one."""
    for one in free[pool]:
        if one in seen:
            continue
        seen.add(one)
        if one not in given or _give(given[one], free, given, seen):
            given[one] = pool
            return True
    return False


def members_for(free: Free) -> tuple[str, ...]:
    """Choose a member of its own for every pool, in the order of the pools."""
    given: dict[str, str] = {}
    of_pool = dict(free)
    for pool in of_pool:
        _give(pool, of_pool, given, set())
    taker = {pool: member for member, pool in given.items()}
    return tuple(taker[pool] for pool in of_pool)


def _holds(free: Sequence[Interval], start: int) -> bool:
    at = bisect_right(free, start, key=lambda piece: piece[0]) - 1
    return at >= 0 and start < free[at][1]
