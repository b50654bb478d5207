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
)
from orthocrm.analytics.grouping import Behind, Without, aggregates, chosen, facts_of, labelled
from orthocrm.analytics.measures import Durations, Portion, Quotient, Tally, unknown_part
from orthocrm.analytics.passes import answers
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
from orthocrm.core.time import DAY

R_co = TypeVar("R_co", covariant=True)

MS_PER_DAY: Final = 86_400_000
_LONGEST_WINDOW: Final = 3650


class Metric(Protocol[R_co]):
    """A number that can be asked for."""

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Give the aggregates that the answer needs."""
        ...

    def read(self, ask: Ask, answers: Sequence[Rows]) -> R_co:
        """Read the answer from the groups of those aggregates, in their order."""
        ...

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where | Behind | Without:
        """Give the condition of the leads behind one part of the answer."""
        ...


def answered(
    metric: Metric[R_co], ask: Ask, aggregate: Callable[[Aggregate], Sequence[Group]]
) -> R_co:
    """Answer a question with whatever computes aggregates."""
    return metric.read(ask, answers(metric.queries(ask), aggregate))


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
    raise unknown_part([m.name for m in measures if m.calculation is Calculation.COUNT])


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
class CohortOutcomes:
    """What became of the leads that came in during the period, and how long it took to win them.

    Parts: `leads`, `won`, `lost`, `open`, `timed`, `data_errors`.
    """

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


TOTAL_LEADS: Final = Tally()
CONVERSIONS: Final = Tally(facts=facts_of(Basis.CONVERTED))
LOSSES: Final = Tally(facts=facts_of(Basis.LOST))
LEAD_MIX: Final = Portion(of=TOTAL_LEADS)
LOSS_MIX: Final = Portion(of=LOSSES)
OUTCOMES: Final = CohortOutcomes()
COHORT_CONVERSION: Final = CohortConversion()
PERIOD_CONVERSION: Final = Quotient(top=CONVERSIONS, bottom=TOTAL_LEADS)
TIME_TO_CONVERT: Final = Durations(took=_TOOK, unit=DAY, facts=facts_of(Basis.CONVERTED))
COHORT_TIME_TO_CONVERT: Final = Durations(took=_TOOK, unit=DAY, where=WON)
