"""The cohort funnel: how far the leads of a period ever came.

The steps are the open stages in their order, then the won one. A lead stands at the furthest stage
that it ever reached, and has reached every step before it, as stages may be skipped. Lost is no
step: a lost lead drops off where it got to. The furthest stage was decided when the lead moved,
so that a stage that is renamed, or moved by another one that is put in, keeps its leads; where a
stage was removed since, the order that it had then places its leads.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

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
from orthocrm.analytics.grouping import aggregates, chosen, labelled
from orthocrm.analytics.results import Figures, Funnel, FunnelStep, Ratio
from orthocrm.analytics.small import to_hide
from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import (
    EVERYTHING,
    Aggregate,
    AllOf,
    AnyOf,
    Cond,
    Measure,
    Op,
    Where,
    both,
)
from orthocrm.core.settings import Practice
from orthocrm.core.stage import Stage, StageKind

_OUTCOMES: Final[Mapping[str, Where]] = {"open": OPEN, "won": WON, "lost": LOST}
_MEASURES = tuple(Measure(name, where=where) for name, where in _OUTCOMES.items())
_FURTHEST = ("furthest", "furthest_order")


def steps_of(practice: Practice) -> tuple[Stage, ...]:
    """Give the stages of the funnel: the open ones in order, and the won one last."""
    steps = [stage for stage in practice.stages if stage.kind is not StageKind.LOST]
    return tuple(sorted(steps, key=lambda stage: (stage.is_terminal, stage.order)))


_KNOWN_PARTS: Final = (
    "give leads, open, won or lost; or reached:, drop_off: or still_open: and a stage's slug"
)


@frozen
class CohortFunnel:
    """The funnel of the leads that came in during the period.

    Parts: `leads`, `open`, `won`, `lost`, and with a stage's slug behind the colon `reached:`,
    `drop_off:` and `still_open:`.
    """

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count the leads by furthest stage and outcome."""
        return aggregates(ask, Basis.CREATED, _MEASURES, _FURTHEST)

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Funnel]:
        """Give the funnels."""
        steps = steps_of(ask.practice)
        groups = labelled(ask, answers)
        return Figures(
            _funnel(steps, answers[0]),
            tuple((label, _funnel(steps, rows)) for label, rows in groups),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where:
        """Give the leads of a step or of an outcome."""
        return both(chosen(ask, Basis.CREATED, choice), _part(steps_of(ask.practice), part))


COHORT_FUNNEL: Final = CohortFunnel()


def _place(steps: Sequence[Stage], furthest: str | None, order: int | None) -> int:
    """Find the open step at which a lead stands that was not won."""
    opens = steps[:-1]
    for index, stage in enumerate(opens):
        if stage.slug == furthest:
            return index
    return sum(stage.order <= (order or 0) for stage in opens[1:])


def _funnel(steps: Sequence[Stage], rows: Rows) -> Funnel:
    counts = {name: [0] * len(steps) for name in _OUTCOMES}
    for group in rows if steps else ():
        place = _place(steps, *group.key)
        counts["won"][-1] += group.values["won"]
        for name in ("open", "lost"):
            counts[name][place] += group.values[name]
    here = [sum(at) for at in zip(*counts.values(), strict=True)]
    reached = [sum(here[index:]) for index in range(len(steps))]
    return Funnel(
        steps=tuple(_steps(steps, reached, counts)),
        leads=sum(_of_all(rows, name) for name in _OUTCOMES),
        won=_of_all(rows, "won"),
        lost=_of_all(rows, "lost"),
        open=_of_all(rows, "open"),
    )


def without_few(funnel: Funnel, smallest: int | None) -> Funnel:
    """Leave out the steps at which so few stand, or were lost, that they could be recognised.

    What follows from a step that is left out is left out of the others as well.
    """
    if smallest is None:
        return funnel
    hidden = to_hide([_fewest(step) for step in funnel.steps], smallest)
    outcomes = [funnel.won or 0, funnel.lost or 0, funnel.open or 0]
    few = to_hide(outcomes, smallest)
    won, lost, still = (None if place in few else n for place, n in enumerate(outcomes))
    return Funnel(
        steps=tuple(
            evolve(step, next_step=None) if place + 1 in hidden else step
            for place, step in enumerate(funnel.steps)
            if place not in hidden
        ),
        leads=funnel.leads,
        won=won,
        lost=lost,
        open=still,
        hidden=len(hidden),
    )


def _fewest(step: FunnelStep) -> int:
    counts = (step.reached, step.drop_off, step.still_open)
    return min((n for n in counts if n > 0), default=0)


def _of_all(rows: Rows, outcome: str) -> int:
    return sum(group.values[outcome] for group in rows)


def _steps(
    steps: Sequence[Stage], reached: Sequence[int], counts: Mapping[str, Sequence[int]]
) -> Iterable[FunnelStep]:
    for index, stage in enumerate(steps):
        last = index == len(steps) - 1
        yield FunnelStep(
            stage=stage.slug,
            name=stage.name,
            reached=reached[index],
            drop_off=counts["lost"][index],
            still_open=counts["open"][index],
            cumulative=Ratio(reached[index], reached[0]),
            next_step=None if last else Ratio(reached[index + 1], reached[index]),
        )


def _part(steps: Sequence[Stage], part: str) -> Where:
    if part == "leads":
        return EVERYTHING
    if part in _OUTCOMES:
        return _OUTCOMES[part]
    kind, _, slug = part.partition(":")
    index = next((i for i, stage in enumerate(steps) if stage.slug == slug), None)
    if index is not None and kind == "reached":
        return _reached(steps, index)
    if index is not None and kind in ("drop_off", "still_open"):
        return both(LOST if kind == "drop_off" else OPEN, _stands_at(steps, index))
    raise InvalidInput.at("part", "unknown_part", _KNOWN_PARTS)


def _reached(steps: Sequence[Stage], index: int) -> Where:
    return AnyOf((WON, *(_stands_at(steps, i) for i in range(index, len(steps) - 1))))


def _stands_at(steps: Sequence[Stage], index: int) -> Where:
    """Give the condition of the leads, not won, whose furthest step is this one."""
    opens = steps[:-1]
    if index == len(opens):
        return AnyOf(())
    gone = [Cond("furthest", Op.NE, stage.slug) for stage in opens]
    by_order = [Cond("furthest_order", Op.GE, opens[index].order)] if index else []
    if index + 1 < len(opens):
        by_order.append(Cond("furthest_order", Op.LT, opens[index + 1].order))
    return AnyOf((Cond("furthest", Op.EQ, opens[index].slug), AllOf((*gone, *by_order))))
