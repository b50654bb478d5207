"""What metrics answer: numbers with what they were computed from."""

from datetime import timedelta
from math import sqrt
from typing import Generic, TypeVar

from attrs import frozen

from orthocrm.analytics.asking import Label
from orthocrm.core.ids import StageSlug

R = TypeVar("R")

_Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@frozen
class Ratio:
    """A share of something: None where there is nothing to have a share of.

    >>> Ratio(842, 8000).value
    0.10525
    """

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        """The quotient; a rate by period may exceed 1."""
        return self.numerator / self.denominator if self.denominator else None

    def wilson(self) -> tuple[float, float] | None:
        """Give the 95 % interval of a share (Wilson 1927); None where it is no share.

        >>> [round(limit, 6) for limit in Ratio(842, 8000).wilson()]
        [0.098714, 0.112165]
        """
        n = self.denominator
        if not 0 <= self.numerator <= n or n == 0:
            return None
        share, square = self.numerator / n, _Z * _Z
        middle = share + square / (2 * n)
        half = _Z * sqrt(share * (1 - share) / n + square / (4 * n * n))
        scale = 1 + square / n
        return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


@frozen(kw_only=True)
class Spread:
    """How long something took, in a unit of the metric's; None where it never happened.

    `data_errors` ended before they began: they are counted in `n` and in every figure.
    """

    n: int
    mean: float | None
    median: float | None
    p90: float | None
    data_errors: int


@frozen(kw_only=True)
class Days(Spread):
    """How long something took, in days of 24 hours."""


@frozen(kw_only=True)
class Outcomes:
    """What became of the leads of a cohort: won, lost and open add up to all of them."""

    leads: int
    won: int
    lost: int
    open: int
    days: Days

    @property
    def conversion(self) -> Ratio:
        """The leads that became patients, of all."""
        return Ratio(self.won, self.leads)


@frozen(kw_only=True)
class FunnelStep:
    """A stage of the funnel: how many leads got at least so far, and how many were lost there."""

    stage: StageSlug
    name: str
    reached: int
    drop_off: int
    still_open: int
    cumulative: Ratio
    next_step: Ratio | None


@frozen(kw_only=True)
class Funnel:
    """The steps of a cohort, never increasing; drop-offs, open and won add up to its leads.

    For those who see no leads, `hidden` steps are left out as too few stand behind them, and
    outcomes of so few are None.
    """

    steps: tuple[FunnelStep, ...]
    leads: int
    won: int | None
    lost: int | None
    open: int | None
    hidden: int = 0


@frozen
class Figures(Generic[R]):
    """The answer for all leads of a question, and for each of its groups.

    `hidden` counts groups that are left out because they are so small.
    """

    total: R
    groups: tuple[tuple[Label, R], ...] = ()
    hidden: int = 0

    def __getitem__(self, label: Label) -> R:
        """Give the answer of one group; raises `KeyError` when it has no lead."""
        return dict(self.groups)[label]


@frozen(kw_only=True)
class Speed:
    """How soon leads were tried, and reached, in minutes, by the elapsed and the business clock.

    `in_time` are the leads tried within `target` over those that were tried or should have been.
    `overdue` are those nobody tried although their time is over; `waiting` still have time, `live`
    were answered at once and `observed` went under observation before: all three are left out.
    """

    target: timedelta
    in_time: Ratio
    in_business_time: Ratio
    overdue: int
    waiting: int
    live: int
    observed: int
    attempt: Spread
    contact: Spread
    business_attempt: Spread
    business_contact: Spread
