"""What chance alone makes of success rates: tests without tables, and pooling by the data's own.

Sources: Fisher's exact test (hypergeometric), Pearson's chi-squared with the upper incomplete
gamma function by series and continued fraction (Lentz), and the beta-binomial of empirical Bayes
with its strength found by maximum likelihood.
"""

from collections.abc import Sequence
from math import exp, lgamma, log, sqrt

from attrs import frozen

_TINY = 1e-300
_ENOUGH = 1e-12
_TERMS = 1000
_LEAST_EXPECTED = 5.0
_LOWEST, _HIGHEST, _STEPS = 0.0, 10.0, 30


@frozen
class Tally:
    """So many tries and, of these, successes."""

    tried: int
    reached: int

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.tried + other.tried, self.reached + other.reached)


@frozen(kw_only=True)
class Pooled:
    """A rate drawn to a mean as far as few tries prove little, with its 95 % interval."""

    rate: float
    low: float
    high: float


def pooled(tally: Tally, mean: float, strength: float) -> Pooled:
    """Draw a rate to a mean that counts as much as `strength` tries."""
    total = tally.tried + strength
    rate = (tally.reached + mean * strength) / total
    half = 1.96 * sqrt(rate * (1 - rate) / (total + 1))
    return Pooled(rate=rate, low=max(0.0, rate - half), high=min(1.0, rate + half))


def strength_of(tallies: Sequence[Tally], means: Sequence[float]) -> float:
    """Find how many tries a mean is worth: many where groups differ by no more than chance."""
    known = [(t, mean) for t, mean in zip(tallies, means, strict=True) if t.tried]
    steps = [_LOWEST + (_HIGHEST - _LOWEST) * i / _STEPS for i in range(_STEPS + 1)]
    return exp(max(steps, key=lambda step: _likelihood(known, exp(step))))


def _likelihood(known: Sequence[tuple[Tally, float]], strength: float) -> float:
    total = 0.0
    for tally, mean in known:
        a, b = max(mean, _ENOUGH) * strength, max(1 - mean, _ENOUGH) * strength
        total += lgamma(a + tally.reached) - lgamma(a)
        total += lgamma(b + tally.tried - tally.reached) - lgamma(b)
        total += lgamma(strength) - lgamma(strength + tally.tried)
    return total


def differ(tallies: Sequence[Tally]) -> float:
    """Give the chance that groups of one rate differ at least as much (Pearson's chi-squared).

    Groups of which fewer than five successes or failures are expected are taken together.
    """
    whole = sum(tallies, Tally(0, 0))
    fewest = min(whole.reached, whole.tried - whole.reached)
    if not fewest:
        return 1.0
    least = _LEAST_EXPECTED * whole.tried / fewest
    groups = [tally for tally in tallies if tally.tried >= least]
    rest = sum((tally for tally in tallies if tally.tried < least), Tally(0, 0))
    groups += [rest] if rest.tried >= least else []
    if len(groups) < 2:  # noqa: PLR2004 - one group differs from nothing
        return 1.0
    together = sum(groups, Tally(0, 0))
    rate = together.reached / together.tried
    if not 0 < rate < 1:
        return 1.0
    squares = sum((g.reached - g.tried * rate) ** 2 / (g.tried * rate * (1 - rate)) for g in groups)
    return upper_gamma((len(groups) - 1) / 2, squares / 2)


def stands_out(tally: Tally, whole: Tally) -> float:
    """Give the chance that so many successes of the whole fall into a group (Fisher, one-sided)."""
    most = min(tally.tried, whole.reached)
    ways = _ways(whole.tried, tally.tried)
    terms = (
        _ways(whole.reached, k) + _ways(whole.tried - whole.reached, tally.tried - k) - ways
        for k in range(tally.reached, most + 1)
        if tally.tried - k <= whole.tried - whole.reached
    )
    return min(1.0, sum(exp(term) for term in terms))


def _ways(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def upper_gamma(a: float, x: float) -> float:
    """Give the regularised upper incomplete gamma function Q(a, x)."""
    if x <= 0:
        return 1.0
    scale = exp(a * log(x) - x - lgamma(a))
    return 1 - scale * _series(a, x) if x < a + 1 else scale * _fraction(a, x)


def _series(a: float, x: float) -> float:
    term = total = 1 / a
    for i in range(1, _TERMS):
        term *= x / (a + i)
        total += term
        if term < total * _ENOUGH:
            break
    return total


def _fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    total = d
    for i in range(1, _TERMS):
        part = -i * (i - a)
        b += 2
        d = 1 / (_away(part * d + b))
        c = _away(b + part / c)
        total *= c * d
        if abs(c * d - 1) < _ENOUGH:
            break
    return total


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
