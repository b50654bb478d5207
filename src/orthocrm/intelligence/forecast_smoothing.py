"""Exponential smoothing with a damped trend, its weights found by a search of our own.

Sources: Brown (1959) for the level, Holt (1957) for the trend, Gardner and McKenzie (1985) for
its damping; the variances are those of Hyndman, Koehler, Ord and Snyder (2008, class 1 models).
"""

from collections.abc import Callable, Sequence
from math import sqrt

from attrs import frozen

_ROUNDS = 60
"""The search halves its steps and ends long before; this only bounds it."""

_FINEST = 0.004
_SLOWEST_DAMPING, _FASTEST_DAMPING = 0.98, 0.8


@frozen(kw_only=True)
class Smoothed:
    """A series that was smoothed: its last level and trend, and the weights that led there.

    `sigma` is the standard deviation of the errors one month ahead.
    """

    level: float
    trend: float
    alpha: float
    beta: float
    damping: float
    sigma: float

    def ahead(self, months: int) -> list[float]:
        """Continue the series for so many months."""
        expected, step, grown = [], self.trend, self.level
        for _ in range(months):
            step *= self.damping
            grown += step
            expected.append(grown)
        return expected

    def deviations(self, months: int) -> list[float]:
        """Give the standard deviation of each month's error: it grows with the distance."""
        found, variance, reach, carried = [], 1.0, 0.0, 1.0
        for _ in range(months):
            found.append(self.sigma * sqrt(variance))
            carried *= self.damping
            reach += carried
            variance += (self.alpha + self.beta * self.alpha * reach) ** 2
        return found


def level_only(values: Sequence[float]) -> Smoothed:
    """Smooth a series that has no trend."""
    start = _mean(values[:6])

    def loss(weights: Sequence[float]) -> float:
        return _run(values, start, 0.0, weights[0], 0.0, 0.0)[2]

    (alpha,) = least(loss, [0.3], [(0.01, 0.99)])
    return _smoothed(values, start, 0.0, alpha, 0.0, 0.0)


def damped_trend(values: Sequence[float]) -> Smoothed:
    """Smooth a series whose trend dies away."""
    intercept, slope = line(values[:12])

    def loss(weights: Sequence[float]) -> float:
        alpha, beta, damping, drift = weights
        return _run(values, intercept, drift * slope, alpha, beta, damping)[2]

    bounds = [(0.01, 0.99), (0.0, 0.99), (_FASTEST_DAMPING, _SLOWEST_DAMPING), (0.0, 1.5)]
    alpha, beta, damping, drift = least(loss, [0.3, 0.1, 0.9, 0.8], bounds)
    return _smoothed(values, intercept, drift * slope, alpha, beta, damping)


def line(values: Sequence[float]) -> tuple[float, float]:
    """Lay a straight line through a series: its height just before the first value, its slope."""
    n = len(values)
    middle = (n + 1) / 2
    spread = sum((i - middle) ** 2 for i in range(1, n + 1))
    mean = _mean(values)
    lean = sum((i - middle) * (value - mean) for i, value in enumerate(values, 1))
    slope = lean / spread if spread else 0.0
    return mean - slope * middle, slope


def least(
    loss: Callable[[Sequence[float]], float],
    start: Sequence[float],
    bounds: Sequence[tuple[float, float]],
) -> list[float]:
    """Search for the weights of the least loss, one after the other, in ever smaller steps."""
    best, found = list(start), loss(start)
    step = 0.25
    for _ in range(_ROUNDS):
        improved = False
        for place, (low, high) in enumerate(bounds):
            for way in (1, -1):
                moved = min(high, max(low, best[place] + way * step * (high - low)))
                if moved == best[place]:
                    continue
                trial = [*best[:place], moved, *best[place + 1 :]]
                if (lost := loss(trial)) < found:
                    best, found, improved = trial, lost, True
                    break
        if not improved:
            step /= 2
            if step < _FINEST:
                break
    return best


def _run(
    values: Sequence[float], level: float, trend: float, alpha: float, beta: float, damping: float
) -> tuple[float, float, float]:
    """Go through a series: the last level and trend, and the sum of the squared errors."""
    squares, pull = 0.0, alpha * beta
    for value in values:
        trend *= damping
        error = value - level - trend
        level += trend + alpha * error
        trend += pull * error
        squares += error * error
    return level, trend, squares


def _smoothed(
    values: Sequence[float], level: float, trend: float, alpha: float, beta: float, damping: float
) -> Smoothed:
    level, trend, squares = _run(values, level, trend, alpha, beta, damping)
    return Smoothed(
        level=level,
        trend=trend,
        alpha=alpha,
        beta=beta,
        damping=damping,
        sigma=sqrt(squares / max(1, len(values) - 3)),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
