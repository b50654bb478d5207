"""What a metric is declared as: its name, its formula in words, its unit, and how it is read.

Whatever a metric answers is shown as `Figure`s, all of one form, so that reports, dashboards and
plug-ins need to know no metric by name.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from attrs import evolve, field, frozen

from orthocrm.analytics.asking import Ask, Label
from orthocrm.analytics.costing import Earned, Price, Return
from orthocrm.analytics.metrics import Metric
from orthocrm.analytics.results import Figures, Ratio, Speed, Spread
from orthocrm.analytics.velocity import Velocity
from orthocrm.core.time import Period
from orthocrm.core.values import NO_VALUES

Number = int | float | Decimal | None


class Unit(StrEnum):
    """What a value counts: a SHARE is a part of 1, a RATE may exceed 1, MONEY is in major units."""

    COUNT = "count"
    SHARE = "share"
    RATE = "rate"
    DAYS = "days"
    MINUTES = "minutes"
    MONEY = "money"


@frozen(kw_only=True)
class Figure:
    """One number of a metric with what it was computed from.

    `value` is None where there is nothing to compute it from. `n` is how many rows stand behind
    it, for a share those of the denominator. `low` and `high` are the 95 % interval of a share
    (Wilson 1927). `more` are further numbers by name. What `is_hidden` has no numbers, because so
    few stand behind it that they could be recognised.
    """

    value: Number
    n: int
    numerator: Number = None
    denominator: Number = None
    low: float | None = None
    high: float | None = None
    more: Mapping[str, Number] = NO_VALUES
    is_hidden: bool = False


@frozen(kw_only=True)
class Declared:
    """A metric as it is registered; `formula` says in words what is divided by what.

    `figure` turns an answer of `metric` into a `Figure`. With `for_marketing` marketing managers
    get it as well. What `is_of_the_clinic`, as costs are, is nobody's own figure. What `is_of_now`
    is the same whatever the period, and so has no window before to compare it with.
    """

    name: str
    title: str
    unit: Unit
    formula: str
    metric: Metric[Figures[Any]]
    figure: Callable[[Any], Figure]
    for_marketing: bool = False
    is_of_the_clinic: bool = False
    is_of_now: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of its numbers behind which leads can be asked for; as far as they are told."""
        return tuple(getattr(self.metric, "parts", ()))


@frozen(kw_only=True)
class Measured:
    """What a metric says of a period: the total, the groups, and the same of the window before.

    `by` names the cut. The group None is what nobody recorded. `failed` says why a plug-in's
    metric has no answer: then there is no number at all.
    """

    metric: str
    title: str
    unit: Unit
    total: Figure
    period: Period | None = None
    by: str | None = None
    groups: tuple[tuple[Label, Figure], ...] = ()
    before: "Measured | None" = field(default=None)
    failed: str | None = None

    def __getitem__(self, label: Label) -> Figure:
        """Give the figure of one group; raises `KeyError` when nothing is in it."""
        return dict(self.groups)[label]


def measured(declared: Declared, figures: Figures[Any], ask: Ask) -> Measured:
    """Show the answer of a metric as figures."""
    return evolve(
        unanswered(declared, ask),
        total=declared.figure(figures.total),
        groups=tuple((label, declared.figure(answer)) for label, answer in figures.groups),
    )


def unanswered(declared: Declared, ask: Ask, failed: str | None = None) -> Measured:
    """Say that a metric has no answer, and why."""
    return Measured(
        metric=declared.name,
        title=declared.title,
        unit=declared.unit,
        total=Figure(value=None, n=0),
        period=ask.period,
        by=None if ask.by is None else str(ask.by.value),
        failed=failed,
    )


def of_count(count: int) -> Figure:
    """Show a number of rows."""
    return Figure(value=count, n=count, numerator=count)


def of_share(share: Ratio) -> Figure:
    """Show a part of a whole, with its interval."""
    low, high = share.wilson() or (None, None)
    return Figure(
        value=share.value,
        n=share.denominator,
        numerator=share.numerator,
        denominator=share.denominator,
        low=low,
        high=high,
    )


def of_part(share: Ratio) -> Figure:
    """Show a group's part of all: its numerator is what stands behind it."""
    return Figure(
        value=share.value,
        n=share.numerator,
        numerator=share.numerator,
        denominator=share.denominator,
    )


def of_rate(ratio: Ratio) -> Figure:
    """Show a quotient that is no share: it may exceed 1, or be negative."""
    return Figure(
        value=ratio.value,
        n=ratio.denominator,
        numerator=ratio.numerator,
        denominator=ratio.denominator,
    )


def of_spread(spread: Spread) -> Figure:
    """Show durations by their median."""
    return Figure(
        value=spread.median,
        n=spread.n,
        more={"mean": spread.mean, "p90": spread.p90, "data_errors": spread.data_errors},
    )


def of_speed(speed: Speed) -> Figure:
    """Show speed to lead by the share that was tried in time, by the business clock."""
    figure = of_share(speed.in_business_time)
    more: dict[str, Number] = {
        "in_time": speed.in_time.value,
        "overdue": speed.overdue,
        "waiting": speed.waiting,
        "live": speed.live,
        "observed": speed.observed,
    }
    spreads = {
        "attempt": speed.attempt,
        "contact": speed.contact,
        "business_attempt": speed.business_attempt,
        "business_contact": speed.business_contact,
    }
    for name, spread in spreads.items():
        more |= {f"{name}_n": spread.n, f"{name}_median": spread.median, f"{name}_p90": spread.p90}
    return Figure(
        value=figure.value,
        n=figure.n,
        numerator=figure.numerator,
        denominator=figure.denominator,
        low=figure.low,
        high=figure.high,
        more=more,
    )


def of_price(price: Price) -> Figure:
    """Show a cost for each lead; the whole cost stands even where there is no lead."""
    return Figure(
        value=price.each,
        n=price.number,
        numerator=price.cost.money.amount,
        denominator=price.number,
    )


def of_cost(price: Price) -> Figure:
    """Show a cost by itself."""
    amount = price.cost.money.amount
    return Figure(value=amount, n=price.number, numerator=amount)


def of_earned(earned: Earned) -> Figure:
    """Show what was brought in; nobody's guess where it is not known."""
    amount = earned.money.money.amount if earned.is_known else None
    return Figure(value=amount, n=earned.number, numerator=amount)


def of_return(given: Return) -> Figure:
    """Show what was gained over what was spent."""
    cost, brought = given.cost.money.amount, given.revenue.money.amount
    return Figure(
        value=given.value,
        n=given.number,
        numerator=brought - cost if given.is_known else None,
        denominator=cost,
        more={"revenue": brought if given.is_known else None, "cost": cost},
    )


def of_velocity(velocity: Velocity) -> Figure:
    """Show what the pipeline carries a day."""
    per_day, fee = velocity.per_day, velocity.fee
    return Figure(
        value=None if per_day is None else per_day.money.amount,
        n=velocity.open,
        more={
            "open": velocity.open,
            "win_rate": velocity.win_rate.value,
            "fee": None if fee is None else fee.money.amount,
            "days": velocity.days,
        },
    )
