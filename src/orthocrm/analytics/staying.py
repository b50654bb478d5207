"""How long leads stay in the stages, who stays too long, and where the pipeline is held up.

Time in a stage is the sum of a lead's visits to it that were over in the period, so that whoever
comes back adds up; a visit that is still going on is no time yet but an age. Final stages ask for
no time, and time under observation is none in the stage. How long a visit took, also by the
practice's hours, was decided when it ended: later changes of hours rewrite nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import frozen

from orthocrm.analytics.asking import Ask, By, Choice, Rows, Whole
from orthocrm.analytics.funnel import steps_of
from orthocrm.analytics.grouping import Facts, population
from orthocrm.analytics.results import Days, Funnel, Ratio
from orthocrm.analytics.small import to_hide
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import StageSlug
from orthocrm.core.lead import OPEN_STATUSES
from orthocrm.core.query import (
    Aggregate,
    AnyOf,
    Calculation,
    Cond,
    Measure,
    Op,
    Where,
    both,
)
from orthocrm.core.stage import Stage
from orthocrm.core.task import OPEN_TASKS
from orthocrm.core.time import DAY, zone

LEAST: Final = 20
"""From how many leads on a next-step rate tells something."""

_MS_PER_DAY: Final = 86_400_000
_MEDIAN, _P90 = 0.5, 0.9
_QUANTILES: Final = (_MEDIAN, _P90)


def _timed(ask: Ask) -> Where:
    """Say which visits are over; time under observation is none in the stage."""
    stages = Cond("stage", Op.IN, tuple(stage.slug for stage in _open_stages(ask)))
    return both(stages, Cond("left_at", Op.PRESENT), Cond("observed", Op.EQ, False))  # noqa: FBT003 - the value compared


TIMED: Final = Facts(
    of="lead_visits",
    at="left_at",
    where=_timed,
    fields={By.OWNER: "owner", By.STAGE: "stage"},
)
"""Visits to open stages that were over in the period, by whoever had the lead then."""

_TASKS: Final = Facts(of="lead_tasks", at=None)


@frozen(kw_only=True)
class Ages:
    """How long the open leads of a stage have been in it by now, in days of 24 hours."""

    n: int
    median: float | None
    p90: float | None
    longest: float | None


@frozen(kw_only=True)
class Stay:
    """The time that leads spend in one stage.

    `calendar` and `business` are of leads that left it in the period; a day of `business` is 24
    hours during which the practice was open. `ages` are of those that stand in it now, `over_age`
    counts those beyond `max_days` of whom no open task is still to come.
    """

    stage: StageSlug
    name: str
    max_days: int | None
    calendar: Days
    business: Days
    ages: Ages
    over_age: int

    @property
    def held_up(self) -> float | None:
        """The median age over `max_days`: more than 1 is too long; None where there is neither."""
        if self.max_days is None or self.ages.median is None:
            return None
        return self.ages.median / self.max_days


@frozen(kw_only=True)
class Stays:
    """The open stages in their order; `observed` counts who waits for a recall, in none of them.

    For those who see no leads, `hidden` stages are left out as too few stand behind them, and
    `observed` is None where so few wait.
    """

    stages: tuple[Stay, ...]
    observed: int | None
    hidden: int = 0


@frozen(kw_only=True)
class Bottlenecks:
    """Where leads are held up.

    `slowest` is the stage whose open leads have the largest median age over its `max_days`, if
    that is beyond 1. `narrowest` is the step from which the smallest share of the period's leads
    went on, among those that at least `least` leads reached; `rate` is that share.
    """

    slowest: StageSlug | None
    held_up: float | None
    narrowest: StageSlug | None
    rate: float | None
    least: int


@frozen
class StageStays:
    """Time in stage, by leads that left stages in the period, and the ages of those in them now.

    Parts: `observed`, and with a stage's slug behind the colon `open:`.
    """

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Ask for the visits that are over, leads that stand there, plans and recalls."""
        stayed = (
            Measure("n", Calculation.COUNT, "ms"),
            Measure("ms", Calculation.SUM, "ms"),
            *(Measure(f"ms_{q}", Calculation.QUANTILE, "ms", q=q) for q in _QUANTILES),
            Measure("errors", where=Cond("ms", Op.LT, 0)),
            Measure("business", Calculation.SUM, "business_ms"),
            Measure("business_n", Calculation.COUNT, "business_ms"),
            *(
                Measure(f"business_{q}", Calculation.QUANTILE, "business_ms", q=q)
                for q in _QUANTILES
            ),
            Measure("business_errors", where=Cond("business_ms", Op.LT, 0)),
        )
        standing = (
            Measure("n"),
            Measure("since", Calculation.MIN, "entered_at"),
            *(
                Measure(f"since_{q}", Calculation.QUANTILE, "entered_at", q=1 - q)
                for q in _QUANTILES
            ),
            Measure("late", where=_late(ask)),
        )
        planned = Measure("n", Calculation.DISTINCT, "lead_id")
        return (
            Aggregate(TIMED.of, stayed, ("stage",), population(ask, TIMED), each=("lead_id",)),
            Aggregate("leads", standing, ("stage",), both(_open(ask), _active(ask))),
            Aggregate("lead_tasks", (planned,), ("lead.stage",), _planned(ask)),
            Aggregate("leads", (Measure("n"),), (), both(_open(ask), _observed(ask))),
        )

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Stays:
        """Give the stays."""
        stayed, standing, planned = ({g.key[0]: g.values for g in rows} for rows in answers[:3])
        return Stays(
            stages=tuple(
                Stay(
                    stage=stage.slug,
                    name=stage.name,
                    max_days=stage.max_days,
                    calendar=_days(stayed.get(stage.slug), "ms", "n", "errors"),
                    business=_days(
                        stayed.get(stage.slug), "business", "business_n", "business_errors"
                    ),
                    ages=_ages(standing.get(stage.slug), ask.now),
                    over_age=_late_ones(standing.get(stage.slug), planned.get(stage.slug)),
                )
                for stage in _open_stages(ask)
            ),
            observed=sum(group.values["n"] for group in answers[3]),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where:
        """Give the leads that stand in a stage now, or wait for a recall."""
        if choice is not Whole.TOTAL:
            raise InvalidInput.at("group", "not_cut", "the question is not cut into groups")
        if part == "observed":
            return both(_open(ask), _observed(ask))
        kind, _, slug = part.partition(":")
        if kind == "open" and any(stage.slug == slug for stage in _open_stages(ask)):
            return both(_open(ask), _active(ask), Cond("stage", Op.EQ, slug))
        raise InvalidInput.at("part", "unknown_part", "give observed, or open: and a stage's slug")


STAGE_STAYS: Final = StageStays()


def without_few(stays: Stays, smallest: int | None) -> Stays:
    """Leave out the stages behind whose numbers stand so few that they could be recognised."""
    if smallest is None:
        return stays
    sizes = [
        min((n for n in (stay.calendar.n, stay.ages.n, stay.over_age) if n > 0), default=0)
        for stay in stays.stages
    ]
    hidden = to_hide(sizes, smallest)
    few = stays.observed is not None and 0 < stays.observed < smallest
    return Stays(
        stages=tuple(stay for place, stay in enumerate(stays.stages) if place not in hidden),
        observed=None if few else stays.observed,
        hidden=len(hidden),
    )


def _is_told(ratio: Ratio | None, smallest: int) -> bool:
    """Whether there is a share, and neither of its sides is that of a few."""
    if ratio is None or ratio.value is None:
        return False
    rest = ratio.denominator - ratio.numerator
    return all(n == 0 or n >= smallest for n in (ratio.numerator, rest))


def bottlenecks(
    stays: Stays, funnel: Funnel, least: int = LEAST, smallest: int | None = None
) -> Bottlenecks:
    """Tell where leads are held up, of the stays and the funnel of a period.

    Where fewer than `smallest` leads went on, or stayed behind, nothing is said of the step.
    """
    late = [stay for stay in stays.stages if stay.held_up is not None and stay.held_up > 1]
    slowest = max(late, key=lambda stay: stay.held_up or 0, default=None)
    rates = [
        (step.next_step.value or 0.0, step.stage)
        for step in funnel.steps
        if step.next_step is not None
        and _is_told(step.next_step, smallest or 0)
        and step.reached >= least
    ]
    rate, narrowest = min(rates, key=lambda pair: pair[0], default=(None, None))
    return Bottlenecks(
        slowest=None if slowest is None else slowest.stage,
        held_up=None if slowest is None else slowest.held_up,
        narrowest=narrowest,
        rate=rate,
        least=least,
    )


Values = Mapping[str, Any]


def _days(values: Values | None, name: str, counted: str, errors: str) -> Days:
    """Read how long leads had stayed, in days."""
    if values is None or not values[counted]:
        return Days(n=0, mean=None, median=None, p90=None, data_errors=0)
    n = values[counted]
    return Days(
        n=n,
        mean=values[name] / n / _MS_PER_DAY,
        median=values[f"{name}_{_MEDIAN}"] / _MS_PER_DAY,
        p90=values[f"{name}_{_P90}"] / _MS_PER_DAY,
        data_errors=values[errors],
    )


def _ages(values: Values | None, now: datetime) -> Ages:
    """Read how old those are who stand in a stage: the oldest came first."""
    if values is None or not values["n"]:
        return Ages(n=0, median=None, p90=None, longest=None)
    return Ages(
        n=values["n"],
        median=(now - values[f"since_{_MEDIAN}"]) / DAY,
        p90=(now - values[f"since_{_P90}"]) / DAY,
        longest=(now - values["since"]) / DAY,
    )


def _late_ones(standing: Values | None, planned: Values | None) -> int:
    """Count who stays too long, without those for whom something is still to come."""
    late = 0 if standing is None else standing["late"]
    return int(late) - (0 if planned is None else int(planned["n"]))


def _late(ask: Ask) -> Where:
    """Say who is in a stage for longer than it allows."""
    return AnyOf(
        tuple(
            both(
                Cond("stage", Op.EQ, stage.slug),
                Cond("entered_at", Op.LT, ask.now - timedelta(days=stage.max_days)),
            )
            for stage in _open_stages(ask)
            if stage.max_days is not None
        )
    )


def _planned(ask: Ask) -> Where:
    """Say which tasks of late leads are still to come."""
    alive = both(Cond("deleted_at", Op.ABSENT), ask.within)
    return both(planned(ask), _TASKS.of_lead(alive))


def late(ask: Ask) -> Where:
    """Say which leads stand in a stage for longer than it allows."""
    return both(Cond("status", Op.IN, OPEN_STATUSES), _active(ask), _late(ask))


def planned(ask: Ask) -> Where:
    """Say which tasks of such leads are open, and still to come."""
    return both(
        Cond("status", Op.IN, OPEN_TASKS),
        Cond("due_at", Op.GT, ask.now),
        _TASKS.of_lead(late(ask)),
    )


def _open_stages(ask: Ask) -> tuple[Stage, ...]:
    return steps_of(ask.practice)[:-1]


def _open(ask: Ask) -> Where:
    return both(Cond("deleted_at", Op.ABSENT), Cond("status", Op.IN, OPEN_STATUSES), ask.within)


def _active(ask: Ask) -> Where:
    return AnyOf((Cond("recall_due_on", Op.ABSENT), Cond("recall_due_on", Op.LE, _today(ask))))


def _observed(ask: Ask) -> Where:
    return Cond("recall_due_on", Op.GT, _today(ask))


def _today(ask: Ask) -> object:
    return ask.now.astimezone(zone(ask.timezone)).date()
