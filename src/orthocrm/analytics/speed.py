"""Speed to lead: how soon families are tried, and reached.

The clock runs from the enquiry to the first outbound attempt of a person. Who was answered live, on
the phone or at the desk, needed none and is counted apart; so is who went under observation before
anybody had to try. A lead without an attempt is a failure once its time is over, by the business
clock, and is left out before.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, Final

from attrs import frozen

from orthocrm.analytics.asking import Ask, Choice, Rows, Whole
from orthocrm.analytics.grouping import COHORT, aggregates, chosen, labelled
from orthocrm.analytics.measures import (
    Quotient,
    Tally,
    spread,
    spread_measures,
    unknown_part,
)
from orthocrm.analytics.results import Figures, Ratio, Speed
from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import (
    Aggregate,
    AllOf,
    AnyOf,
    Cond,
    Measure,
    Op,
    Where,
    both,
)

TARGET: Final = timedelta(minutes=5)
"""Within which business time a new lead should be tried (business rule 1 of the source)."""

LONGEST: Final = timedelta(days=30)

MINUTE: Final = timedelta(minutes=1)
_MS = timedelta(milliseconds=1)

_TRIED, _REACHED = "ms_to_attempt", "ms_to_contact"
_LIVE = Cond(_REACHED, Op.EQ, 0)
_NOT_LIVE = Cond(_REACHED, Op.NE, 0)
_ATTEMPTED = Cond("first_attempt_at", Op.PRESENT)
_NEVER = Cond("first_attempt_at", Op.ABSENT)
_OBSERVED = AllOf((_NOT_LIVE, _NEVER, Cond("observed_at", Op.PRESENT)))
_ON_THE_CLOCK = AllOf((_NOT_LIVE, AnyOf((_ATTEMPTED, Cond("observed_at", Op.ABSENT)))))

_SPREADS: Final[Mapping[str, tuple[str, Where]]] = {
    "attempt": (_TRIED, _ON_THE_CLOCK),
    "contact": (_REACHED, _NOT_LIVE),
    "business_attempt": (f"business_{_TRIED}", _ON_THE_CLOCK),
    "business_contact": (f"business_{_REACHED}", _NOT_LIVE),
}
"""What is measured by the elapsed and by the business clock, and of which leads."""


def checked_target(target: object) -> timedelta:
    """Take how soon leads should be tried."""
    if not isinstance(target, timedelta) or not timedelta() < target <= LONGEST:
        message = f"give more than nothing and at most {LONGEST.days} days"
        raise InvalidInput.at("target", "out_of_range", message)
    return target


def _overdue(ask: Ask, target: timedelta) -> Where:
    due = Cond("created_at", Op.LE, ask.clock.before(ask.now, target))
    return both(_ON_THE_CLOCK, _NEVER, due)


def _counted(ask: Ask, target: timedelta = TARGET) -> Where:
    """Say who was tried, or should have been."""
    return AnyOf((both(_ON_THE_CLOCK, _ATTEMPTED), _overdue(ask, target)))


def _within(took: str, target: timedelta) -> Where:
    return both(_ON_THE_CLOCK, Cond(took, Op.LE, target // _MS))


IN_TIME: Final = Quotient(
    top=Tally(where=_within(f"business_{_TRIED}", TARGET)), bottom=Tally(where=_counted)
)
"""The share that was tried in time, by the business clock."""


@frozen(kw_only=True)
class SpeedToLead:
    """How soon the leads of the period were tried and reached.

    Parts: `numerator` (tried in time by the business clock), `elapsed` (by the elapsed one),
    `denominator` (tried, or overdue), `tried`, `reached`, `overdue`, `waiting`, `live`, `observed`.
    """

    parts: ClassVar = (
        "numerator",
        "elapsed",
        "denominator",
        "tried",
        "reached",
        "overdue",
        "waiting",
        "live",
        "observed",
    )

    target: timedelta = TARGET

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count, and measure by both clocks."""
        counts = (Measure(name, where=where) for name, where in self._parts(ask).items())
        spreads = (
            measure
            for name, (took, where) in _SPREADS.items()
            for measure in spread_measures(took, where, f"{name}_")
        )
        return aggregates(ask, COHORT, (*counts, *spreads))

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Speed]:
        """Give the speeds."""
        groups = labelled(ask, answers)
        return Figures(
            self._speed(ask, answers[0]),
            tuple((label, self._speed(ask, rows)) for label, rows in groups),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where:
        """Give the leads of a part."""
        parts = self._parts(ask)
        if part not in parts:
            raise unknown_part(self.parts)
        return both(chosen(ask, COHORT, choice), parts[part])

    def _parts(self, ask: Ask) -> dict[str, Where]:
        later = Cond("created_at", Op.GT, ask.clock.before(ask.now, self.target))
        return {
            "numerator": _within(f"business_{_TRIED}", self.target),
            "elapsed": _within(_TRIED, self.target),
            "denominator": _counted(ask, self.target),
            "tried": both(_ON_THE_CLOCK, _ATTEMPTED),
            "reached": both(_NOT_LIVE, Cond("first_contact_at", Op.PRESENT)),
            "overdue": _overdue(ask, self.target),
            "waiting": both(_ON_THE_CLOCK, _NEVER, later),
            "live": _LIVE,
            "observed": _OBSERVED,
        }

    def _speed(self, ask: Ask, rows: Rows) -> Speed:
        counted = rows[0].values if rows else dict.fromkeys(self._parts(ask), 0)
        return Speed(
            target=self.target,
            in_time=Ratio(counted["elapsed"], counted["denominator"]),
            in_business_time=Ratio(counted["numerator"], counted["denominator"]),
            overdue=counted["overdue"],
            waiting=counted["waiting"],
            live=counted["live"],
            observed=counted["observed"],
            attempt=spread(rows, MINUTE, "attempt_"),
            contact=spread(rows, MINUTE, "contact_"),
            business_attempt=spread(rows, MINUTE, "business_attempt_"),
            business_contact=spread(rows, MINUTE, "business_contact_"),
        )
