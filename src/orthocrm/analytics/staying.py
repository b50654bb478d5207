"""How long leads stay in the stages, who stays too long, and where the pipeline is held up.

Time in a stage is the sum of a lead's visits to it that were over in the period, so that whoever
comes back adds up; a visit that is still going on is no time yet but an age. Final stages ask for
no time, and time under observation is none in the stage. How long a visit took, also by the
practice's hours, was decided when it ended: later changes of hours rewrite nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from orthocrm.analytics.asking import Ask, Choice, Rows, Whole
from orthocrm.analytics.funnel import steps_of
from orthocrm.analytics.results import Days, Funnel
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
    quantile,
)
from orthocrm.core.stage import Stage
from orthocrm.core.task import OPEN_TASKS
from orthocrm.core.time import DAY, zone

LEAST: Final = 20
"""From how many leads on a next-step rate tells something."""

_MS_PER_DAY: Final = 86_400_000
_P90: Final = 0.9


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
    """The open stages in their order; `observed` counts who waits for a recall, in none of them."""

    stages: tuple[Stay, ...]
    observed: int


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
        """Ask for the visits that are over, deleted leads, open leads, plans and recalls."""
        of_lead = (
            Measure("ms", Calculation.SUM, "ms"),
            Measure("business", Calculation.SUM, "business_ms"),
        )
        since = (Measure("since", Calculation.MIN, "entered_at"),)
        plans = both(Cond("status", Op.IN, OPEN_TASKS), Cond("due_at", Op.GT, ask.now))
        counted = (Measure("n"),)
        return (
            Aggregate("visits", of_lead, ("stage", "lead_id"), _over(ask)),
            Aggregate("leads", counted, ("id",), Cond("deleted_at", Op.PRESENT)),
            Aggregate("leads", since, ("stage", "id"), both(_open(ask), _active(ask))),
            Aggregate("tasks", counted, ("lead_id",), plans),
            Aggregate("leads", counted, (), both(_open(ask), _observed(ask))),
        )

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Stays:
        """Give the stays."""
        visits, deleted, standing, plans, observed = answers
        gone = {group.key[0] for group in deleted}
        planned = {group.key[0] for group in plans}
        spent = _spent(visits, gone)
        since: dict[str, dict[str, datetime]] = defaultdict(dict)
        for group in standing:
            stage, lead_id = group.key
            since[stage][lead_id] = group.values["since"]
        return Stays(
            stages=tuple(
                _stay(stage, spent.get(stage.slug, _NOTHING), since[stage.slug], planned, ask.now)
                for stage in _open_stages(ask)
            ),
            observed=sum(group.values["n"] for group in observed),
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
        raise InvalidInput.at("part", "unknown_part", "there is no such stage")


STAGE_STAYS: Final = StageStays()


def bottlenecks(stays: Stays, funnel: Funnel, least: int = LEAST) -> Bottlenecks:
    """Tell where leads are held up, of the stays and the funnel of a period."""
    late = [stay for stay in stays.stages if stay.held_up is not None and stay.held_up > 1]
    slowest = max(late, key=lambda stay: stay.held_up or 0, default=None)
    rates = [
        (step.next_step.value, step.stage)
        for step in funnel.steps
        if step.next_step is not None and step.next_step.value is not None and step.reached >= least
    ]
    rate, narrowest = min(rates, key=lambda pair: pair[0], default=(None, None))
    return Bottlenecks(
        slowest=None if slowest is None else slowest.stage,
        held_up=None if slowest is None else slowest.held_up,
        narrowest=narrowest,
        rate=rate,
        least=least,
    )


@frozen
class _Spent:
    """Milliseconds that each lead spent in a stage, by both clocks."""

    calendar: list[int] = field(factory=list)
    business: list[int] = field(factory=list)


_NOTHING = _Spent()


def _spent(visits: Rows, gone: Iterable[str]) -> Mapping[str, _Spent]:
    left_out = frozenset(gone)
    spent: dict[str, _Spent] = defaultdict(_Spent)
    for group in visits:
        stage, lead_id = group.key
        if lead_id not in left_out and group.values["ms"] is not None:
            spent[stage].calendar.append(group.values["ms"])
            spent[stage].business.append(group.values["business"] or 0)
    return spent


def _stay(
    stage: Stage,
    spent: _Spent,
    since: Mapping[str, datetime],
    planned: Iterable[str],
    now: datetime,
) -> Stay:
    ages = sorted((now - at) / DAY for at in since.values())
    limit = None if stage.max_days is None else timedelta(days=stage.max_days)
    late = {i for i, at in since.items() if limit is not None and now - at > limit}
    return Stay(
        stage=stage.slug,
        name=stage.name,
        max_days=stage.max_days,
        calendar=_days(spent.calendar),
        business=_days(spent.business),
        ages=Ages(
            n=len(ages),
            median=_quantile(ages, 0.5),
            p90=_quantile(ages, _P90),
            longest=ages[-1] if ages else None,
        ),
        over_age=len(late.difference(planned)),
    )


def _days(milliseconds: Sequence[int]) -> Days:
    took = sorted(milliseconds)
    n = len(took)
    return Days(
        n=n,
        mean=sum(took) / n / _MS_PER_DAY if n else None,
        median=_in_days(quantile(took, 0.5)),
        p90=_in_days(quantile(took, _P90)),
        data_errors=sum(ms < 0 for ms in took),
    )


def _in_days(ms: float | None) -> float | None:
    return None if ms is None else ms / _MS_PER_DAY


def _quantile(ordered: Sequence[float], q: float) -> float | None:
    """Interpolate as the query language does."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * q
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _open_stages(ask: Ask) -> tuple[Stage, ...]:
    return steps_of(ask.practice)[:-1]


def _over(ask: Ask) -> Where:
    """Say which visits were over in the period."""
    stages = Cond("stage", Op.IN, tuple(stage.slug for stage in _open_stages(ask)))
    taken = both(stages, Cond("observed", Op.EQ, False), ask.within)  # noqa: FBT003 - the value compared
    if ask.period is None:
        return both(taken, Cond("left_at", Op.PRESENT))
    start, end = ask.period.instants(ask.timezone)
    return both(taken, Cond("left_at", Op.GE, start), Cond("left_at", Op.LT, end))


def _open(ask: Ask) -> Where:
    return both(Cond("deleted_at", Op.ABSENT), Cond("status", Op.IN, OPEN_STATUSES), ask.within)


def _active(ask: Ask) -> Where:
    return AnyOf((Cond("recall_due_on", Op.ABSENT), Cond("recall_due_on", Op.LE, _today(ask))))


def _observed(ask: Ask) -> Where:
    return Cond("recall_due_on", Op.GT, _today(ask))


def _today(ask: Ask) -> object:
    return ask.now.astimezone(zone(ask.timezone)).date()
