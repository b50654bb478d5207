"""The metrics: each number is defined here once, for every backend and every report.

A metric says which aggregates it needs and reads its answer from their groups, without touching
any storage. `drill` gives the condition of the leads behind one of its numbers, so that a chart
and its drill-down always agree.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol, TypeVar

from attrs import field, frozen

from orthocrm.analytics.asking import (
    LOST,
    OPEN,
    WON,
    Ask,
    Basis,
    Choice,
    Rows,
    Whole,
    aggregates,
    chosen,
    labelled,
)
from orthocrm.analytics.results import Days, Figures, Outcomes, R, Ratio
from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import (
    Aggregate,
    AllOf,
    Calculation,
    Cond,
    Group,
    Measure,
    Op,
    Where,
    both,
)

R_co = TypeVar("R_co", covariant=True)

MS_PER_DAY: Final = 86_400_000
_LONGEST_WINDOW: Final = 3650


class Metric(Protocol[R_co]):
    """A number that can be asked for."""

    @property
    def name(self) -> str:
        """What it is called in reports."""
        ...

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Give the aggregates that the answer needs."""
        ...

    def read(self, ask: Ask, answers: Sequence[Rows]) -> R_co:
        """Read the answer from the groups of those aggregates, in their order."""
        ...

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where:
        """Give the condition of the leads behind one part of the answer."""
        ...


def answered(
    metric: Metric[R_co], ask: Ask, aggregate: Callable[[Aggregate], Sequence[Group]]
) -> R_co:
    """Answer a question with whatever computes aggregates."""
    return metric.read(ask, [aggregate(query) for query in metric.queries(ask)])


Values = Mapping[str, Any]

_COUNT = Measure("leads")
_WON = Measure("won", where=WON)
_LOST = Measure("lost", where=LOST)
_OPEN = Measure("open", where=OPEN)
_TOOK = "ms_to_convert"
_DAYS = (
    Measure("timed", Calculation.COUNT, _TOOK, WON),
    Measure("took", Calculation.SUM, _TOOK, WON),
    Measure("median", Calculation.QUANTILE, _TOOK, WON),
    Measure("p90", Calculation.QUANTILE, _TOOK, WON, 0.9),
    Measure("data_errors", where=AllOf((WON, Cond(_TOOK, Op.LT, 0)))),
)


def _read(
    ask: Ask, answers: Sequence[Rows], of: Callable[[Values], R], nothing: Values
) -> Figures[R]:
    """Read one row for the total and one for each group; a month without leads is `nothing`."""
    groups = labelled(ask, answers)
    return Figures(
        of(_one(answers[0], nothing)),
        tuple((label, of(_one(rows, nothing))) for label, rows in groups),
    )


def _one(rows: Rows, nothing: Values) -> Values:
    return rows[0].values if rows else nothing


def _nothing(measures: tuple[Measure, ...]) -> Values:
    counted = (Calculation.COUNT,)
    return {m.name: 0 if m.calculation in counted else None for m in measures}


def _behind(measures: tuple[Measure, ...], part: str) -> Where:
    """Give the condition of the leads that a counting measure counts."""
    for measure in measures:
        if measure.name == part and measure.calculation is Calculation.COUNT:
            present = None if measure.field is None else Cond(measure.field, Op.PRESENT)
            return both(measure.where, present)
    raise InvalidInput.at("part", "unknown_part", "the metric has no such count")


def _days(values: Values) -> Days:
    n = values["timed"]
    return Days(
        n=n,
        mean=values["took"] / n / MS_PER_DAY if n else None,
        median=_in_days(values["median"]),
        p90=_in_days(values["p90"]),
        data_errors=values["data_errors"],
    )


def _in_days(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / MS_PER_DAY


@frozen
class Counted:
    """How many leads came in, or were lost, in the period; parts: `leads`."""

    name: str
    basis: Basis

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count the leads."""
        return aggregates(ask, self.basis, (_COUNT,))

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[int]:
        """Give the counts."""
        return _read(ask, answers, lambda values: int(values["leads"]), _nothing((_COUNT,)))

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where:
        """Give the leads that are counted."""
        return both(chosen(ask, self.basis, choice), _behind((_COUNT,), part))


@frozen
class Mix:
    """Each group's share of the leads, or losses, in the period; parts: `leads`."""

    name: str
    counted: Counted

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count the leads."""
        return self.counted.queries(ask)

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Ratio]:
        """Give the shares, which add up to 1."""
        counts = self.counted.read(ask, answers)
        shares = tuple((label, Ratio(count, counts.total)) for label, count in counts.groups)
        return Figures(Ratio(counts.total, counts.total), shares)

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where:
        """Give the leads of a share."""
        return self.counted.drill(ask, part, choice)


@frozen
class CohortOutcomes:
    """What became of the leads that came in during the period, and how long it took to win them.

    Parts: `leads`, `won`, `lost`, `open`, `timed`, `data_errors`.
    """

    name: str
    _measures = (_COUNT, _WON, _LOST, _OPEN, *_DAYS)

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count the leads by outcome, and measure the days to win them."""
        return aggregates(ask, Basis.CREATED, self._measures)

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Outcomes]:
        """Give the outcomes."""
        return _read(ask, answers, self._outcomes, _nothing(self._measures))

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where:
        """Give the leads of an outcome."""
        return both(chosen(ask, Basis.CREATED, choice), _behind(self._measures, part))

    @staticmethod
    def _outcomes(values: Values) -> Outcomes:
        return Outcomes(
            leads=values["leads"],
            won=values["won"],
            lost=values["lost"],
            open=values["open"],
            days=_days(values),
        )


def _window(days: int | None) -> int | None:
    if days is not None and (type(days) is not int or not 1 <= days <= _LONGEST_WINDOW):
        raise InvalidInput.at(
            "within_days", "out_of_range", f"give whole days, 1 to {_LONGEST_WINDOW}"
        )
    return days


@frozen
class CohortConversion:
    """The share of the leads of the period that became patients; parts: `leads`, `won`.

    With `within_days` only wins that took at most so long count, of leads that had so long.
    """

    name: str
    within_days: int | None = field(default=None, converter=_window)

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count the leads and the wins."""
        return aggregates(ask, Basis.CREATED, self._measures(ask))

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Ratio]:
        """Give the rates."""
        return _read(ask, answers, _ratio, _nothing(self._measures(ask)))

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where:
        """Give the leads of numerator or denominator."""
        return both(chosen(ask, Basis.CREATED, choice), _behind(self._measures(ask), part))

    def _measures(self, ask: Ask) -> tuple[Measure, ...]:
        if self.within_days is None:
            return _COUNT, _WON
        window = timedelta(days=self.within_days)
        old_enough = Cond("created_at", Op.LE, ask.now - window)
        in_time = Cond(_TOOK, Op.LE, self.within_days * MS_PER_DAY)
        return (
            Measure("leads", where=old_enough),
            Measure("won", where=AllOf((old_enough, WON, in_time))),
        )


def _ratio(values: Values) -> Ratio:
    return Ratio(values["won"], values["leads"])


@frozen
class PeriodConversion:
    """The wins of the period over the leads of the period; it may exceed 1.

    Parts: `leads`, `won`; cut by month, each is put in the month of its own instant.
    """

    name: str

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count the leads that came in, and the leads that were won."""
        came = aggregates(ask, Basis.CREATED, (_COUNT,))
        return came + aggregates(ask, Basis.CONVERTED, (_WON,))

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Ratio]:
        """Give the rates; a group may have wins and no leads."""
        half = len(answers) // 2
        came = _read(ask, answers[:half], lambda v: int(v["leads"]), {"leads": 0})
        won = _read(ask, answers[half:], lambda v: int(v["won"]), {"won": 0})
        leads, wins = dict(came.groups), dict(won.groups)
        labels = dict.fromkeys((*leads, *wins))
        groups = ((label, Ratio(wins.get(label, 0), leads.get(label, 0))) for label in labels)
        return Figures(Ratio(won.total, came.total), tuple(groups))

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where:
        """Give the leads of numerator or denominator."""
        basis = Basis.CONVERTED if part == "won" else Basis.CREATED
        return both(chosen(ask, basis, choice), _behind((_COUNT, _WON), part))


@frozen
class TimeToConvert:
    """The days from creation to conversion, by conversions in the period or by cohort.

    Parts: `timed`, `data_errors`.
    """

    name: str
    basis: Basis = Basis.CONVERTED

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Measure the days."""
        return aggregates(ask, self.basis, _DAYS)

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Days]:
        """Give number, mean, median and 90th percentile."""
        return _read(ask, answers, _days, _nothing(_DAYS))

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where:
        """Give the leads that were timed, or the data errors among them."""
        return both(chosen(ask, self.basis, choice), _behind(_DAYS, part))


TOTAL_LEADS = Counted("total_leads", Basis.CREATED)
LOSSES = Counted("losses", Basis.LOST)
LEAD_MIX = Mix("lead_mix", TOTAL_LEADS)
LOSS_MIX = Mix("loss_mix", LOSSES)
OUTCOMES = CohortOutcomes("outcomes")
COHORT_CONVERSION = CohortConversion("cohort_conversion")
PERIOD_CONVERSION = PeriodConversion("period_conversion")
TIME_TO_CONVERT = TimeToConvert("time_to_convert")
COHORT_TIME_TO_CONVERT = TimeToConvert("cohort_time_to_convert", Basis.CREATED)
