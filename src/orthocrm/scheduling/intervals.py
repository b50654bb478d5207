"""Arithmetic on half-open intervals of whole minutes; every list is ascending and disjoint."""

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]
"""Minutes `[start, end)`."""

_NEVER = (10**12, 10**12)


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
    cuts = iter(taken)
    opens, closes = next(cuts, _NEVER)
    for start, end in intervals:
        low = start
        while closes <= low:
            opens, closes = next(cuts, _NEVER)
        while opens < end:
            if opens > low:
                found.append((low, opens))
            low = closes
            if closes > end:
                break
            opens, closes = next(cuts, _NEVER)
        if low < end:
            found.append((low, end))
    return found


def common(first: Sequence[Interval], second: Sequence[Interval]) -> list[Interval]:
    """Keep what lies in both lists; pieces that touch stay apart."""
    found: list[Interval] = []
    others = iter(second)
    opens, closes = next(others, _NEVER)
    for start, end in first:
        while closes <= start:
            opens, closes = next(others, _NEVER)
        while opens < end:
            low = max(opens, start)
            if closes >= end:
                found.append((low, end))
                break
            found.append((low, closes))
            opens, closes = next(others, _NEVER)
    return found
