"""The seasons of a monthly series: whether it has any, their indices, and the series without.

Classical decomposition by a centred moving average of a year. Whether the months differ at all is
asked as the M3 competition did: the autocorrelation at a year's distance, at the 90 % level.
"""

from collections.abc import Sequence
from math import sqrt

from attrs import frozen

YEAR = 12
LEAST_FOR_SEASONS = 3 * YEAR
"""Below three years a season cannot be told from chance."""

_LEVEL = 1.645


@frozen
class Seasons:
    """What each month of the year adds to the level, or by what it multiplies it.

    `indices` begin with the month of the first value of the series.
    """

    indices: tuple[float, ...]
    multiply: bool

    def without(self, values: Sequence[float]) -> list[float]:
        """Take the seasons out of a series."""
        if self.multiply:
            return [value / self.indices[i % YEAR] for i, value in enumerate(values)]
        return [value - self.indices[i % YEAR] for i, value in enumerate(values)]

    def put_back(self, values: Sequence[float], first: int) -> list[float]:
        """Put the seasons back into values that begin at place `first` of the series."""
        if self.multiply:
            return [value * self.indices[(first + i) % YEAR] for i, value in enumerate(values)]
        return [value + self.indices[(first + i) % YEAR] for i, value in enumerate(values)]


NO_SEASONS = Seasons((0.0,) * YEAR, multiply=False)


def seasons_of(values: Sequence[float]) -> Seasons:
    """Find the seasons of a series; `NO_SEASONS` where the months do not differ."""
    if len(values) < LEAST_FOR_SEASONS or not has_seasons(values):
        return NO_SEASONS
    multiply = min(values) > 0
    trend = _centred(values)
    apart: list[list[float]] = [[] for _ in range(YEAR)]
    for i, middle in enumerate(trend, YEAR // 2):
        apart[i % YEAR].append(values[i] / middle if multiply else values[i] - middle)
    raw = [sum(month) / len(month) for month in apart]
    mean = sum(raw) / YEAR
    return Seasons(tuple(i / mean if multiply else i - mean for i in raw), multiply)


def has_seasons(values: Sequence[float]) -> bool:
    """Tell whether values a year apart go together by more than chance."""
    correlations = _autocorrelations(values, YEAR)
    if correlations is None:
        return False
    noise = sqrt((1 + 2 * sum(r * r for r in correlations[:-1])) / len(values))
    return correlations[-1] > _LEVEL * noise


def _autocorrelations(values: Sequence[float], most: int) -> list[float] | None:
    mean = sum(values) / len(values)
    off = [value - mean for value in values]
    power = sum(value * value for value in off)
    if power <= 0:
        return None
    return [
        sum(a * b for a, b in zip(off[lag:], off, strict=False)) / power
        for lag in range(1, most + 1)
    ]


def _centred(values: Sequence[float]) -> list[float]:
    """Average over a year around each value but the first and last six."""
    half = YEAR // 2
    running = sum(values[:YEAR])
    means = []
    for i in range(half, len(values) - half):
        following = running - values[i - half] + values[i + half]
        means.append((running + following) / (2 * YEAR))
        running = following
    return means
