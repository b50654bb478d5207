"""Arithmetic on half-open intervals of whole minutes; every list is ascending and disjoint."""

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]
"""Minutes `[start, end)`."""


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Join what overlaps or touches; what is empty goes."""
    found: list[Interval] = []
    start = end = None
    for low, high in sorted(intervals):
        if high <= low:
            continue
        if end is None or start is None:
            start, end = low, high
        elif low > end:
            found.append((start, end))
            start, end = low, high
        elif high > end:
            end = high
    if start is not None and end is not None:
        found.append((start, end))
    return found


def without(intervals: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """Cut the second list out of the first."""
    found: list[Interval] = []
    at, many = 0, len(taken)
    for start, end in intervals:
        low = start
        while at < many and taken[at][1] <= low:
            at += 1
        cut = at
        while cut < many and taken[cut][0] < end:
            if taken[cut][0] > low:
                found.append((low, taken[cut][0]))
            low = taken[cut][1]
            cut += 1
        at = max(at, cut - 1)
        if low < end:
            found.append((low, end))
    return found


def common(first: Sequence[Interval], second: Sequence[Interval]) -> list[Interval]:
    """Keep what lies in both lists; pieces that touch stay apart."""
    found: list[Interval] = []
    one = other = 0
    while one < len(first) and other < len(second):
        low = max(first[one][0], second[other][0])
        high = min(first[one][1], second[other][1])
        if low < high:
            found.append((low, high))
        if first[one][1] < second[other][1]:
            one += 1
        else:
            other += 1
    return found


def holding(intervals: Sequence[Interval], minute: int) -> Interval | None:
    """Find the interval in which a minute lies."""
    return next(((low, high) for low, high in intervals if low <= minute < high), None)
