"""Where starts lie: four ways to lay a grid over the times at which a start is possible."""

from collections.abc import Iterable, Sequence

from orthocrm.scheduling.intervals import Interval
from orthocrm.scheduling.zones import DAY, Offsets

_HOUR = 60
_ROUND = (60, 30, 20, 15, 10, 5)


def on_windows(
    raw: Sequence[Interval], possible: Sequence[Interval], offset: int, step: int
) -> list[int]:
    """Give the starts `window_start + offset + k * step` of every raw window (R7)."""
    found: list[int] = []
    at, many, reached, overlap = 0, len(possible), None, False
    for opens, closes in raw:
        overlap = overlap or (reached is not None and opens < reached)
        reached = closes if reached is None else max(closes, reached)
        first = opens + offset
        while at < many and possible[at][1] <= opens:
            at += 1
        for index in range(at, many):
            low, high = possible[index]
            if low >= closes:
                break
            start = first if low <= first else low + (first - low) % step
            found += range(start, min(high, closes), step)
    return sorted(set(found)) if overlap else found


def on_midnight(possible: Iterable[Interval], offset: int, step: int, table: Offsets) -> list[int]:
    """Give the starts whose local minute of the day is congruent to the offset (R8)."""
    found: list[int] = []
    for start, end in possible:
        for low, high, shift in table.pieces(start, end):
            first, last = low + shift, high + shift
            for day in range(first // DAY, (last - 1) // DAY + 1):
                midnight = day * DAY
                begin = midnight + offset % step
                wall = begin if first <= begin else first + (begin - first) % step
                found += range(wall - shift, min(last, midnight + DAY) - shift, step)
    return found


def on_runs(runs: Iterable[Interval], duration: int, step: int) -> Iterable[range]:
    """Give the starts of every free run from its first minute (R9)."""
    return (range(start, end - duration + 1, step) for start, end in runs)


def on_clock(runs: Iterable[Interval], duration: int, step: int, table: Offsets) -> Iterable[range]:
    """Give the starts of every free run from its first round minute (R10)."""
    grain = next((minutes for minutes in _ROUND if step % minutes == 0), 1)
    earliest: int | None = None
    for start, end in runs:
        low = start if earliest is None else max(start, earliest)
        first = _round_minute(low, end, grain, table)
        if first is None or first + duration > end:
            continue
        starts = range(first, end - duration + 1, step)
        yield starts
        earliest = starts[-1] + step


def _round_minute(low: int, high: int, grain: int, table: Offsets) -> int | None:
    for begin, end, offset in table.pieces(low, high):
        first = begin + -(begin + offset) % grain
        if first < end:
            return first
    return None


def among(starts: Iterable[range], possible: Sequence[Interval]) -> list[int]:
    """Keep of ascending grids, none of them empty, what lies where a start is possible."""
    found: list[int] = []
    at, many = 0, len(possible)
    for grid in starts:
        first, last, step = grid[0], grid[-1], grid.step
        while at < many and possible[at][1] <= first:
            at += 1
        for index in range(at, many):
            low, high = possible[index]
            if low > last:
                break
            begin = first if low <= first else low + (first - low) % step
            found += range(begin, min(high, last + 1), step)
    return found
