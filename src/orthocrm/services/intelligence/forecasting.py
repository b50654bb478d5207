"""The forecast's figures: what came through in each month, and where the open leads stood then."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum

from attrs import evolve, frozen

from orthocrm.analytics.small import to_hide
from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import Aggregate, AnyOf, Bucket, Cond, Group, Measure, Where, both
from orthocrm.core.time import midnight, zone
from orthocrm.intelligence.forecast import Expected, Method, check_request
from orthocrm.intelligence.forecast_pipeline import NEW, Standing
from orthocrm.intelligence.forecast_practice import PracticeForecast, forecast_practice
from orthocrm.services.analytics import scope
from orthocrm.services.work import Work

MOST_MONTHS = 60
"""How far back the months are read: five years."""

PASTS = 12
"""At the beginning of so many months it is asked where the open leads stood."""

_YEAR = 12
_LIVING = (Cond("deleted_at", "absent"), Cond("merged_into", "absent"))
_MILESTONES = ("created_at", "first_contact_at", "scheduled_at", "completed_at", "accepted_at")


class Outcome(StrEnum):
    """What is foretold: treatments started, which is what converts a lead, or contracts signed."""

    CONVERSIONS = "conversions"
    ACCEPTANCES = "acceptances"


_FIELDS = {Outcome.CONVERSIONS: "converted_at", Outcome.ACCEPTANCES: "accepted_at"}


@frozen(kw_only=True)
class Month:
    """A calendar month, by its first day, and what came through in it.

    `count` is None where it is too small to be shown to somebody who sees no leads.
    """

    first: date
    count: int | None


@frozen(kw_only=True)
class MonthAhead:
    """A month that is not over, the running one first, and what it will bring."""

    first: date
    expected: Expected


@frozen(kw_only=True)
class Forecast:
    """What the months ahead will bring, the months that are over, and where it all comes from."""

    of: Outcome
    months: tuple[MonthAhead, ...]
    history: tuple[Month, ...]
    basis: PracticeForecast


def forecast(work: Work, of: Outcome | str, months: int, level: float) -> Forecast:
    """Read the months and the open leads, and foretell; two statements."""
    outcome = _outcome(of)
    check_request(months, level)
    first = work.now.astimezone(zone(work.practice.clinic.timezone)).date().replace(day=1)
    within = scope.asked(work, None, None).within
    begins = [_months_later(first, i - MOST_MONTHS) for i in range(MOST_MONTHS + 1)]
    edges = [midnight(day, work.practice.clinic.timezone) for day in begins]
    counts = _counts(work, outcome, edges, within)
    now, pasts = _standings(work, outcome, edges[-PASTS - 1 :], within)
    basis = forecast_practice(counts, now, pasts, months, level=level)
    history = _since_the_first(begins, counts, scope.smallest(work))
    return Forecast(
        of=outcome,
        months=tuple(
            MonthAhead(first=_months_later(first, i), expected=expected)
            for i, expected in enumerate(basis.months)
        ),
        history=history,
        basis=basis if all(month.count is not None for month in history) else _coarse(basis),
    )


def _coarse(basis: PracticeForecast) -> PracticeForecast:
    """Leave out what repeats the counts of single months."""
    series, open_leads = basis.series, basis.open_leads
    answer = {Method.COMBINED: series.methods[Method.COMBINED]}
    return evolve(
        basis,
        series=evolve(series, methods=answer),
        open_leads=None if open_leads is None else evolve(open_leads, pairs=()),
    )


def _outcome(of: object) -> Outcome:
    try:
        return Outcome(str(of))
    except ValueError:
        known = ", ".join(Outcome)
        raise InvalidInput.at("of", "unknown_outcome", f"give one of {known}") from None


def _months_later(day: date, months: int) -> date:
    index = day.year * _YEAR + day.month - 1 + months
    return date(index // _YEAR, index % _YEAR + 1, 1)


def _since_the_first(
    begins: Sequence[date], counts: Sequence[int], least: int | None
) -> tuple[Month, ...]:
    start = next((place for place, count in enumerate(counts) if count), len(counts))
    known = counts[start:]
    hidden = frozenset[int]() if least is None else to_hide(known, least)
    return tuple(
        Month(first=begins[start + place], count=None if place in hidden else count)
        for place, count in enumerate(known)
    )


def _counts(work: Work, outcome: Outcome, edges: Sequence[datetime], within: Where) -> list[int]:
    name = _FIELDS[outcome]
    during = Cond(name, "ge", edges[0]), Cond(name, "lt", edges[-1])
    groups = work.store.aggregate(
        Aggregate(
            "leads",
            (Measure("n"),),
            by=(Bucket(name, tuple(edges)),),
            where=both(within, *_LIVING, *during),
        )
    )
    found = {group.key[0]: int(group.values["n"]) for group in groups}
    return [found.get(place, 0) for place in range(len(edges) - 1)]


def _standings(
    work: Work, outcome: Outcome, edges: Sequence[datetime], within: Where
) -> tuple[Standing, list[Standing]]:
    """Count the leads that were open at every edge, by place and by when they came through."""
    places = _places(outcome)
    measures = [
        Measure(f"{i}:{place}", where=_stood(outcome, place, at))
        for i, at in enumerate(edges)
        for place in places
    ]
    measures += [
        Measure(f"{i}:{NEW}", where=Cond("created_at", "ge", at)) for i, at in enumerate(edges)
    ]
    alive = both(within, *_LIVING, Cond("created_at", "lt", work.now), *_not_yet(outcome, edges[0]))
    groups = work.store.aggregate(
        Aggregate(
            "leads",
            tuple(measures),
            by=(Bucket(_FIELDS[outcome], tuple(edges)),),
            where=alive,
        )
    )
    found = [_standing(groups, i, places, len(edges) - 1) for i in range(len(edges))]
    return found[-1], found[:-1]


def _standing(groups: Sequence[Group], at: int, places: Sequence[str], over: int) -> Standing:
    by_month: Mapping[int | None, Group] = {group.key[0]: group for group in groups}

    def counts(month: int, names: Sequence[str]) -> Mapping[str, int]:
        group = by_month.get(month)
        return {} if group is None else {n: int(group.values[f"{at}:{n}"] or 0) for n in names}

    return Standing(
        open={p: sum(int(g.values[f"{at}:{p}"] or 0) for g in groups) for p in places},
        came=tuple(counts(month, (*places, NEW)) for month in range(at, over)),
    )


def _places(outcome: Outcome) -> tuple[str, ...]:
    """Give the milestones at which an open lead may stand: those before the outcome."""
    last = _MILESTONES.index("accepted_at")
    return _MILESTONES[: last if outcome is Outcome.ACCEPTANCES else last + 1]


def _stood(outcome: Outcome, place: str, at: datetime) -> Where:
    """Say which leads were open at an instant, with this milestone as their last one."""
    places = _places(outcome)
    later = [_absent_at(name, at) for name in places[places.index(place) + 1 :]]
    came_in = Cond("created_at", "lt", at)
    return both(came_in, Cond(place, "lt", at), *later, *_not_yet(outcome, at))


def _not_yet(outcome: Outcome, at: datetime) -> tuple[Where, ...]:
    """Say that a lead had neither come through nor been lost at an instant."""
    ends = dict.fromkeys((_FIELDS[outcome], "converted_at", "lost_at", "archived_at"))
    return tuple(_absent_at(name, at) for name in ends)


def _absent_at(name: str, at: datetime) -> Where:
    return AnyOf((Cond(name, "absent"), Cond(name, "ge", at)))
