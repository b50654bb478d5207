"""Speed to lead: how soon families are tried, and reached.

The clock runs from the enquiry to the first outbound attempt of a person. Who was answered live, on
the phone or at the desk, needed none and is counted apart; so is who went under observation before
anybody had to try. A lead without an attempt is a failure once its time is over, by the business
clock, and is left out before.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from orthocrm.analytics.asking import Ask, Choice, Rows, Whole
from orthocrm.analytics.grouping import COHORT, aggregates, chosen, labelled
from orthocrm.analytics.measures import spread, spread_measures, unknown_part
from orthocrm.analytics.results import Figures, Ratio, Speed, Spread
from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import (
    Aggregate,
    AllOf,
    AnyOf,
    Cond,
    Group,
    Measure,
    Op,
    Where,
    both,
    quantile,
)
from orthocrm.core.time import milliseconds

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

_PAIR = ("created_at", "first_attempt_at")
_PAIR_OF_CONTACT = ("created_at", "first_contact_at")


def checked_target(target: object) -> timedelta:
    """Take how soon leads should be tried."""
    if not isinstance(target, timedelta) or not timedelta() < target <= LONGEST:
        message = f"give more than nothing and at most {LONGEST.days} days"
        raise InvalidInput.at("target", "out_of_range", message)
    return target


@frozen(kw_only=True)
class SpeedToLead:
    """How soon the leads of the period were tried and reached.

    Parts: `numerator` (tried in time by the elapsed clock), `denominator` (tried, or overdue),
    `tried`, `reached`, `overdue`, `waiting`, `live`, `observed`.
    """

    target: timedelta = TARGET

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Count and measure by the elapsed clock, and fetch the instants for the business clock."""
        counts = tuple(Measure(name, where=where) for name, where in self._parts(ask).items())
        clock = evolve(COHORT, where=_ON_THE_CLOCK)
        of_attempt = evolve(COHORT, where=both(_ON_THE_CLOCK, _ATTEMPTED))
        of_contact = evolve(COHORT, where=both(_NOT_LIVE, Cond("first_contact_at", Op.PRESENT)))
        number = (Measure("n"),)
        return (
            *aggregates(ask, COHORT, counts),
            *aggregates(ask, clock, spread_measures(_TRIED)),
            *aggregates(ask, evolve(COHORT, where=_NOT_LIVE), spread_measures(_REACHED)),
            *_finest(aggregates(ask, of_attempt, number, _PAIR)),
            *_finest(aggregates(ask, of_contact, number, _PAIR_OF_CONTACT)),
        )

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Speed]:
        """Give the speeds."""
        size = (len(answers) + (2 if ask.by else 0)) // 5
        kinds = [answers[i * size : (i + 1) * size] for i in range(3)]
        pairs = answers[3 * size :]
        half = len(pairs) // 2
        kinds += [_with_total(ask, some) for some in (pairs[:half], pairs[half:])]
        by_label = [dict(labelled(ask, kind)) for kind in kinds]
        return Figures(
            self._speed(ask, *(kind[0] for kind in kinds)),
            tuple(
                (label, self._speed(ask, rows, *(known.get(label, ()) for known in by_label[1:])))
                for label, rows in by_label[0].items()
            ),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where:
        """Give the leads of a part."""
        parts = self._parts(ask)
        if part not in parts:
            raise unknown_part()
        return both(chosen(ask, COHORT, choice), parts[part])

    def _parts(self, ask: Ask) -> dict[str, Where]:
        in_time = Cond(_TRIED, Op.LE, self.target // _MS)
        due = Cond("created_at", Op.LE, ask.clock.before(ask.now, self.target))
        later = Cond("created_at", Op.GT, ask.clock.before(ask.now, self.target))
        overdue = both(_ON_THE_CLOCK, _NEVER, due)
        return {
            "numerator": both(_ON_THE_CLOCK, in_time),
            "denominator": AnyOf((both(_ON_THE_CLOCK, _ATTEMPTED), overdue)),
            "tried": both(_ON_THE_CLOCK, _ATTEMPTED),
            "reached": both(_NOT_LIVE, Cond("first_contact_at", Op.PRESENT)),
            "overdue": overdue,
            "waiting": both(_ON_THE_CLOCK, _NEVER, later),
            "live": _LIVE,
            "observed": _OBSERVED,
        }

    def _speed(
        self, ask: Ask, counts: Rows, tried: Rows, reached: Rows, attempts: Rows, contacts: Rows
    ) -> Speed:
        counted = counts[0].values if counts else dict.fromkeys(self._parts(ask), 0)
        business = sorted(_business(ask, attempts))
        in_time = sum(ms <= self.target // _MS for ms in business)
        return Speed(
            target=self.target,
            in_time=Ratio(counted["numerator"], counted["denominator"]),
            in_business_time=Ratio(in_time, counted["denominator"]),
            overdue=counted["overdue"],
            waiting=counted["waiting"],
            live=counted["live"],
            observed=counted["observed"],
            attempt=spread(tried, MINUTE),
            contact=spread(reached, MINUTE),
            business_attempt=_spread(business),
            business_contact=_spread(sorted(_business(ask, contacts))),
        )


def _finest(queries: Sequence[Aggregate]) -> Sequence[Aggregate]:
    """Leave out the total where there are groups: each lead falls into exactly one of them."""
    return queries[1:] or queries


def _with_total(ask: Ask, answers: Sequence[Rows]) -> Sequence[Rows]:
    """Put the instants of all groups before those of each."""
    if ask.by is None:
        return answers
    size = len(_PAIR)
    everything = [Group(group.key[-size:], group.values) for rows in answers for group in rows]
    return everything, *answers


def _business(ask: Ask, rows: Rows) -> Iterator[int]:
    """Measure business time, once for all leads of the same two instants."""
    for group in rows:
        start, end = group.key
        took = milliseconds(start, _later(ask, start, end))
        yield from (took for _ in range(group.values["n"]))


def _later(ask: Ask, start: datetime, end: datetime) -> datetime:
    return start + ask.clock.between(start, end)


def _spread(ordered: Sequence[int]) -> Spread:
    n = len(ordered)
    per = MINUTE // _MS
    return Spread(
        n=n,
        mean=sum(ordered) / n / per if n else None,
        median=_quantile(ordered, 0.5, per),
        p90=_quantile(ordered, 0.9, per),
        data_errors=sum(ms < 0 for ms in ordered),
    )


def _quantile(ordered: Sequence[int], q: float, per: int) -> float | None:
    found = quantile(ordered, q)
    return None if found is None else found / per
