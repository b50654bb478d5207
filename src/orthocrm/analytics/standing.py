"""Time in stage and leads over age as metrics: cut, compared and drilled into like every other.

The time of a lead in a stage is the sum of its visits to it that were over in the period, so that
whoever comes back adds up. Over age is who stands in a stage for longer than it allows, without an
open task that is still to come.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

from attrs import evolve, frozen

from orthocrm.analytics.asking import Ask, Choice, Rows, Whole
from orthocrm.analytics.grouping import Behind, Facts, Without, chosen, labelled
from orthocrm.analytics.measures import NUMERATOR, Durations, Tally, spread, unknown_part
from orthocrm.analytics.results import Figures, Spread
from orthocrm.analytics.staying import TIMED, late, planned
from orthocrm.core.query import Aggregate
from orthocrm.core.time import DAY

_EACH: Final = ("lead_id", "stage")


@frozen(kw_only=True)
class StageTime:
    """How long leads stayed in a stage, in days: `took` is a field of milliseconds of visits.

    Parts: `numerator` (what was timed) and `data_errors`.
    """

    took: str

    parts: ClassVar = (NUMERATOR, "data_errors")

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Add up the visits of each lead to each stage, and measure the sums."""
        return tuple(evolve(query, each=_EACH) for query in self._of_visits.queries(ask))

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Spread]:
        """Give the spreads."""
        return Figures(
            spread(answers[0], DAY),
            tuple((label, spread(rows, DAY)) for label, rows in labelled(ask, answers)),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Behind:
        """Give the visits that were timed."""
        found = self._of_visits.drill(ask, part, choice)
        assert isinstance(found, Behind)  # noqa: S101 - for the type checker: visits are no leads
        return found

    @property
    def _of_visits(self) -> Durations:
        return Durations(took=self.took, unit=DAY, facts=TIMED)


_STANDING: Final = Tally(facts=Facts(at=None, where=late))
_EXPECTED: Final = Tally(facts=Facts(of="lead_tasks", at=None, where=planned), distinct="lead_id")


@frozen
class OverAge:
    """The leads that are over age now, whatever the period. Parts: `numerator`."""

    parts: ClassVar = (NUMERATOR,)

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count who stands too long, and those of them for whom something is still to come."""
        return _STANDING.queries(ask) + _EXPECTED.queries(ask)

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[int]:
        """Give the first without the second."""
        half = len(answers) // 2
        standing = _STANDING.read(ask, answers[:half])
        expected = _EXPECTED.read(ask, answers[half:])
        of_them = dict(expected.groups)
        return Figures(
            standing.total - expected.total,
            tuple((label, n - of_them.get(label, 0)) for label, n in standing.groups),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Without:
        """Give the leads that are over age."""
        if part != NUMERATOR:
            raise unknown_part(self.parts)
        where = chosen(ask, _STANDING.facts, choice)
        expected = chosen(ask, _EXPECTED.facts, choice)
        return Without(where, Behind(_EXPECTED.facts.of, expected))
