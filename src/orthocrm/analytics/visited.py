"""Funnels that go by the stages that leads were really in, the pipeline as it stood, and its flow.

The cohort funnel lets later stages imply earlier ones. Two variants do not: `visited` counts the
leads that were ever in a stage, `strict` those that were in it and, before, in every one before it
in their order.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from orthocrm.analytics.asking import Ask, By, Choice, Rows, Whole
from orthocrm.analytics.funnel import steps_of
from orthocrm.analytics.grouping import Behind, Facts, chosen, population
from orthocrm.analytics.measures import Tally, unknown_part
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import StageSlug
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
from orthocrm.core.time import instant


class Variant(StrEnum):
    """How a funnel tells that a lead reached a stage."""

    FURTHEST = "furthest"
    VISITED = "visited"
    STRICT = "strict"


def variant_of(value: str) -> Variant:
    """Take a variant of the funnel."""
    try:
        return Variant(value)
    except ValueError:
        known = ", ".join(Variant)
        raise InvalidInput.at("variant", "unknown_variant", f"give one of {known}") from None


@frozen(kw_only=True)
class StageCount:
    """A stage, and how many leads."""

    stage: StageSlug
    name: str
    leads: int


_UNOBSERVED = Cond("observed", Op.EQ, False)  # noqa: FBT003 - the value compared
_OF_COHORT: Final = Facts(of="lead_visits", at="lead.created_at")
_FIRST = Measure("first", Calculation.MIN, "entered_at")


@frozen(kw_only=True)
class VisitedFunnel:
    """The leads of the period that were in each stage; it may widen unless it is `strict`.

    The won stage counts the conversions. The question is not cut.
    """

    strict: bool = False

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Ask for the first visit of each lead to each stage, or for their number."""
        where = population(ask, _OF_COHORT)
        if self.strict:
            return (Aggregate(_OF_COHORT.of, (_FIRST,), ("lead_id", "stage"), where),)
        number = Measure("n", Calculation.DISTINCT, "lead_id")
        return (Aggregate(_OF_COHORT.of, (number,), ("stage",), where),)

    def read(self, ask: Ask, answers: Sequence[Rows]) -> tuple[StageCount, ...]:
        """Give the numbers in the order of the stages."""
        steps = steps_of(ask.practice)
        counts = _strictly(answers[0], [s.slug for s in steps]) if self.strict else _any(answers[0])
        return tuple(
            StageCount(stage=step.slug, name=step.name, leads=counts.get(step.slug, 0))
            for step in steps
        )


def _any(rows: Rows) -> Mapping[str, int]:
    return {group.key[0]: group.values["n"] for group in rows}


def _strictly(rows: Rows, slugs: Sequence[str]) -> Mapping[str, int]:
    entered: dict[str, dict[str, datetime]] = {}
    for group in rows:
        lead_id, stage = group.key
        entered.setdefault(lead_id, {})[stage] = group.values["first"]
    counts = dict.fromkeys(slugs, 0)
    for of_lead in entered.values():
        last: datetime | None = None
        for slug in slugs:
            at = of_lead.get(slug)
            if at is None or (last is not None and at < last):
                break
            counts[slug] += 1
            last = at
    return counts


def _moment(value: datetime) -> datetime:
    return instant(value, "at")


@frozen(kw_only=True)
class Snapshot:
    """The stage of every lead as of an instant, of those that had come in. Parts: slugs."""

    at: datetime = field(converter=_moment)

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count the leads by the stage in which they stood."""
        number = Measure("n", Calculation.DISTINCT, "lead_id")
        return (Aggregate("lead_visits", (number,), ("stage",), population(ask, self._facts)),)

    def read(self, ask: Ask, answers: Sequence[Rows]) -> tuple[StageCount, ...]:
        """Give the numbers in the order of the stages, the lost one last; gone stages follow."""
        counts = dict(_any(answers[0]))
        known = [(stage.slug, stage.name) for stage in ask.practice.stages]
        gone = [(StageSlug(slug), slug) for slug in sorted(counts.keys() - {s for s, _ in known})]
        return tuple(
            StageCount(stage=slug, name=name, leads=counts.get(slug, 0))
            for slug, name in [*known, *gone]
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where | Behind:
        """Give the visits of the leads that stood in a stage."""
        if not isinstance(part, str):
            raise unknown_part(["the slug of a stage"])
        where = both(chosen(ask, self._facts, choice), Cond("stage", Op.EQ, part))
        return Behind("lead_visits", where)

    @property
    def _facts(self) -> Facts:
        here = both(
            Cond("entered_at", Op.LE, self.at),
            AnyOf((Cond("left_at", Op.ABSENT), Cond("left_at", Op.GT, self.at))),
        )
        return Facts(of="lead_visits", at=None, where=here)


FLOW: Final = Tally(
    facts=Facts(of="lead_visits", at="entered_at", where=_UNOBSERVED, fields={By.STAGE: "stage"}),
    distinct="lead_id",
)
"""The leads that entered a stage in the period, each once for a stage."""
