"""Kinds of metrics over any facts: a number of rows, a share, a growth, a spread of numbers.

A metric is a value of one of these kinds, or of a kind of its own with the same three methods;
those of plug-ins are made alike.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final

from attrs import evolve, frozen

from orthocrm.analytics.asking import LEADS, Ask, Choice, Label, Rows, Whole
from orthocrm.analytics.grouping import (
    COHORT,
    Behind,
    Condition,
    Facts,
    aggregates,
    chosen,
    labelled,
    said,
)
from orthocrm.analytics.results import Figures, Ratio, Spread
from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import EVERYTHING, Aggregate, Calculation, Cond, Measure, Op, both
from orthocrm.core.query import Where as Query
from orthocrm.core.time import DAY, Period, zone

NUMERATOR: Final = "numerator"
DENOMINATOR: Final = "denominator"
_P90: Final = 0.9


def unknown_part(known: Sequence[str]) -> InvalidInput:
    """Say that a metric has no such part, and which it has."""
    return InvalidInput.at("part", "unknown_part", f"give one of {', '.join(known)}")


def behind(facts: Facts, where: Query) -> Query | Behind:
    """Name the rows behind a number: leads by their condition, others by their table as well."""
    return where if facts.of == LEADS else Behind(facts.of, where)


def one(rows: Rows, name: str) -> int:
    """Read a count of the only row; a group without rows counts nothing."""
    return int(rows[0].values[name]) if rows else 0


@frozen(kw_only=True)
class Tally:
    """How many rows there are, or how many different values of the field `distinct` they have.

    `where` narrows the facts. Parts: `numerator`.
    """

    parts: ClassVar = (NUMERATOR,)

    facts: Facts = COHORT
    where: Condition = EVERYTHING
    distinct: str | None = None

    def measure(self, ask: Ask, name: str = NUMERATOR) -> Measure:
        """Give what is measured."""
        calculation = Calculation.COUNT if self.distinct is None else Calculation.DISTINCT
        return Measure(name, calculation, self.distinct, said(self.where, ask))

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count the rows."""
        return aggregates(ask, self.facts, (self.measure(ask),))

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[int]:
        """Give the counts."""
        groups = labelled(ask, answers)
        return Figures(
            one(answers[0], NUMERATOR),
            tuple((label, one(rows, NUMERATOR)) for label, rows in groups),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Query | Behind:
        """Give the rows that are counted."""
        if part != NUMERATOR:
            raise unknown_part(self.parts)
        return behind(self.facts, both(chosen(ask, self.facts, choice), said(self.where, ask)))


@frozen(kw_only=True)
class Quotient:
    """One tally over another; a share where one is part of the other, else it may exceed 1.

    Parts: `numerator`, `denominator`.
    """

    parts: ClassVar = (NUMERATOR, DENOMINATOR)

    top: Tally
    bottom: Tally

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count above and below, in one query where both are about the same rows."""
        if self._together:
            measures = self.top.measure(ask), self.bottom.measure(ask, DENOMINATOR)
            return aggregates(ask, self.top.facts, measures)
        return self.top.queries(ask) + self.bottom.queries(ask)

    @property
    def _together(self) -> bool:
        return self.top.facts is self.bottom.facts

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Ratio]:
        """Give the quotients; a group may stand on one side only."""
        if self._together:
            return Figures(
                _ratio(answers[0]),
                tuple((label, _ratio(rows)) for label, rows in labelled(ask, answers)),
            )
        half = len(answers) // 2
        return over(self.top.read(ask, answers[:half]), self.bottom.read(ask, answers[half:]))

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Query | Behind:
        """Give the rows above or below."""
        side = {NUMERATOR: self.top, DENOMINATOR: self.bottom}.get(part)
        if side is None:
            raise unknown_part(self.parts)
        return side.drill(ask, NUMERATOR, choice)


def _ratio(rows: Rows) -> Ratio:
    return Ratio(one(rows, NUMERATOR), one(rows, DENOMINATOR))


def over(top: Figures[int], bottom: Figures[int]) -> Figures[Ratio]:
    """Put counts over counts, group by group."""
    above, below = dict(top.groups), dict(bottom.groups)
    labels: Mapping[Label, None] = dict.fromkeys((*below, *above))
    return Figures(
        Ratio(top.total, bottom.total),
        tuple((label, Ratio(above.get(label, 0), below.get(label, 0))) for label in labels),
    )


@frozen(kw_only=True)
class Portion:
    """Each group's part of all rows of a tally; the parts add up to 1.

    Parts: `numerator`, the rows of the group, and `denominator`, those of all groups.
    """

    parts: ClassVar = (NUMERATOR, DENOMINATOR)

    of: Tally

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count the rows."""
        return self.of.queries(ask)

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Ratio]:
        """Give the parts."""
        counts = self.of.read(ask, answers)
        parts = tuple((label, Ratio(count, counts.total)) for label, count in counts.groups)
        return Figures(Ratio(counts.total, counts.total), parts)

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Query | Behind:
        """Give the rows of the group, or all rows."""
        if part not in self.parts:
            raise unknown_part(self.parts)
        group = self.of.drill(ask, NUMERATOR, choice)
        return group if part == NUMERATOR else self.of.drill(ask, NUMERATOR, Whole.TOTAL)


@frozen(kw_only=True)
class Growth:
    """How much a tally of the period grew over the period before: `(q - before) / before`.

    While the period runs, only its days that are over count, and equally many of the one before.
    Its numerator is a difference, and no row. Parts: `now`, the rows of the period, and `before`,
    the denominator.
    """

    parts: ClassVar = ("now", "before")

    of: Tally

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count both periods."""
        now, before = self._windows(ask)
        return self.of.queries(now) + self.of.queries(before)

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Ratio]:
        """Give the growth."""
        half = len(answers) // 2
        now, before = self._windows(ask)
        latter = self.of.read(now, answers[:half])
        former = self.of.read(before, answers[half:])
        of_now, of_before = dict(latter.groups), dict(former.groups)
        labels: Mapping[Label, None] = dict.fromkeys((*of_before, *of_now))
        return Figures(
            _grown(latter.total, former.total),
            tuple(
                (label, _grown(of_now.get(label, 0), of_before.get(label, 0))) for label in labels
            ),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Query | Behind:
        """Give the rows of one of the periods."""
        windows = dict(zip(self.parts, self._windows(ask), strict=True))
        if part not in windows:
            raise unknown_part(self.parts)
        return self.of.drill(windows[part], NUMERATOR, choice)

    @staticmethod
    def _windows(ask: Ask) -> tuple[Ask, Ask]:
        if ask.period is None:
            raise InvalidInput.at("period", "needs_period", "growth is that of a period")
        if ask.pieces:
            raise InvalidInput.at("by", "not_over_time", "growth compares two periods already")
        return tuple(ask.during(period) for period in compared(ask, ask.period))  # type: ignore[return-value]  # two of them


def compared(ask: Ask, period: Period) -> tuple[Period, Period]:
    """Give a period and the one before it; of a period that runs, the days that are over.

    On its first day nothing is over yet: then the whole periods are compared.
    """
    before = period.previous()
    today = ask.now.astimezone(zone(ask.timezone)).date()
    if not period.first < today < period.until:
        return period, before
    over_days = (today - period.first).days
    until = min(before.first + over_days * DAY, before.until)
    return Period(period.first, today), Period(before.first, until)


def _grown(now: int, before: int) -> Ratio:
    return Ratio(now - before, before)


@frozen(kw_only=True)
class Durations:
    """How long something took, in `unit`: number, mean, median, 90th percentile.

    `took` is a field of whole milliseconds. What ended before it began is a data error that is
    counted in every figure. Parts: `numerator` (what was timed) and `data_errors`.
    """

    parts: ClassVar = (NUMERATOR, "data_errors")

    took: str
    unit: timedelta
    facts: Facts = COHORT
    where: Condition = EVERYTHING

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Measure the durations."""
        narrowed = evolve(self.facts, where=self._narrowed)
        return aggregates(ask, narrowed, spread_measures(self.took))

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Spread]:
        """Give the spreads."""
        return Figures(
            spread(answers[0], self.unit),
            tuple((label, spread(rows, self.unit)) for label, rows in labelled(ask, answers)),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Query | Behind:
        """Give what was timed."""
        parts = {
            NUMERATOR: Cond(self.took, Op.PRESENT),
            "data_errors": Cond(self.took, Op.LT, 0),
        }
        if part not in parts:
            raise unknown_part(self.parts)
        found = both(chosen(ask, self.facts, choice), said(self.where, ask), parts[part])
        return behind(self.facts, found)

    def _narrowed(self, ask: Ask) -> Query:
        return both(said(self.facts.where, ask), said(self.where, ask))


def spread_measures(took: str, where: Query | None = None, name: str = "") -> tuple[Measure, ...]:
    """Measure a field of milliseconds, of the rows that satisfy `where`; `name` tells it apart."""
    return (
        Measure(f"{name}timed", Calculation.COUNT, took, where),
        Measure(f"{name}took", Calculation.SUM, took, where),
        Measure(f"{name}median", Calculation.QUANTILE, took, where),
        Measure(f"{name}p90", Calculation.QUANTILE, took, where, _P90),
        Measure(f"{name}data_errors", where=both(where, Cond(took, Op.LT, 0))),
    )


def spread(rows: Rows, unit: timedelta, name: str = "") -> Spread:
    """Read what `spread_measures` measured."""
    if not rows or not rows[0].values[f"{name}timed"]:
        return Spread(n=0, mean=None, median=None, p90=None, data_errors=0)
    values: Mapping[str, Any] = rows[0].values
    n, per = values[f"{name}timed"], unit // timedelta(milliseconds=1)
    return Spread(
        n=n,
        mean=values[f"{name}took"] / n / per,
        median=values[f"{name}median"] / per,
        p90=values[f"{name}p90"] / per,
        data_errors=values[f"{name}data_errors"],
    )
