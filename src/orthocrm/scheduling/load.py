"""What is taken, as intervals: for one provider, several together, resources and the patient."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from orthocrm.scheduling.busy import Taken
from orthocrm.scheduling.intervals import Interval, merged, without
from orthocrm.scheduling.zones import Offsets


def blocked(taken: Sequence[Taken], capacity: int) -> list[Interval]:
    """Give the minutes at which another booking is not possible (R11, R13).

    A minute is full when it is covered by as many footprints as the candidate's capacity, or as
    the capacity of any of them.
    """
    if capacity == 1:
        return merged([(opens, closes) for _, _, opens, closes, _ in taken])
    edges = [(opens, 1, most) for _, _, opens, _, most in taken]
    edges += [(closes, -1, most) for _, _, _, closes, most in taken]
    edges.sort()
    covering: Counter[int] = Counter()
    found: list[Interval] = []
    since: int | None = None
    for minute, changes in groupby(edges, key=itemgetter(0)):
        for _, change, most in changes:
            covering[most] += change
            if not covering[most]:
                del covering[most]
        is_full = bool(covering) and covering.total() >= min(capacity, *covering)
        if is_full and since is None:
            since = minute
        elif not is_full and since is not None:
            found.append((since, minute))
            since = None
    return found


def widened(intervals: Iterable[Interval], before: int, after: int) -> list[Interval]:
    """Widen what is taken by the candidate's own buffers: no event may touch the result (R11)."""
    if not before and not after:
        return list(intervals)
    return merged([(start - after, end + before) for start, end in intervals])


def no_start(intervals: Iterable[Interval], duration: int) -> list[Interval]:
    """Give the minutes at which an event would run into an interval."""
    return merged([(start - duration + 1, end) for start, end in intervals])


def full_days(taken: Iterable[Taken], most: int, table: Offsets) -> frozenset[int]:
    """Give the local dates that hold as many appointments as a day may (R16)."""
    days = Counter(table.day(start) for start, *_ in taken)
    return frozenset(day for day, many in days.items() if many >= most)


def not_on(days: Iterable[int], starts: Sequence[Interval], table: Offsets) -> list[Interval]:
    """Cut local dates out of the possible starts."""
    if not starts:
        return []
    low, high = starts[0][0], starts[-1][1]
    cut = [piece for day in days for piece in table.on_dates(day, day, low, high)]
    return without(starts, merged(cut))


def free_starts(
    blocking: Sequence[Interval], duration: int, inside: Sequence[Interval]
) -> list[Interval]:
    """Give the starts of a range at which an event meets nothing that blocks."""
    return without(inside, no_start(blocking, duration))
