"""Many questions in one pass: what is asked about the same table is asked in one statement."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import define, evolve, field

from orthocrm.analytics.asking import Ask, Rows
from orthocrm.analytics.metrics import Metric
from orthocrm.analytics.results import R
from orthocrm.core.query import (
    EVERYTHING,
    Aggregate,
    AllOf,
    AnyOf,
    Group,
    Measure,
    Where,
    both,
)

_WIDEST: Final = 200
"""How many numbers one statement computes: engines limit its columns."""

_THERE: Final = "(there)"
"""Counts the rows of a question, under a name that no measure has: a group without any is none."""


@define
class _Pass:
    """All questions about a table that are cut alike, each with the rows that it is about.

    What all of them have in common is asked of the rows, the rest of each of its measures.
    """

    first: Aggregate
    queries: list[Aggregate] = field(factory=list)
    measures: list[Measure] = field(factory=list)

    def takes(self, query: Aggregate) -> bool:
        """Whether a question is about the same table and cut alike, and there is room for it."""
        wide = sum(len(known.measures) + 1 for known in self.queries)
        has_room = wide + len(query.measures) < _WIDEST
        return has_room and (self.first.of, self.first.by) == (query.of, query.by)

    def query(self) -> tuple[Aggregate, list[Mapping[str, str]]]:
        """Give the aggregate that answers all of them, and the names that each has in it."""
        common, rests = _apart([query.where for query in self.queries])
        names: list[Mapping[str, str]] = [
            {
                measure.name: self._name(evolve(measure, where=_joined(rest, measure.where)))
                for measure in self._asked(query, rest)
            }
            for query, rest in zip(self.queries, rests, strict=True)
        ]
        different = _different_ones(rests)
        where = common if EVERYTHING in different else both(common, _any(different))
        return evolve(self.first, where=where, measures=tuple(self.measures)), names

    def _asked(self, query: Aggregate, rest: Where) -> Iterable[Measure]:
        cut = query.by and rest != EVERYTHING
        return (*query.measures, Measure(_THERE)) if cut else query.measures

    def _name(self, measure: Measure) -> str:
        for known in self.measures:
            if _what(known) == _what(measure):
                return known.name
        self.measures.append(evolve(measure, name=f"m{len(self.measures)}"))
        return self.measures[-1].name


def _what(measure: Measure) -> tuple[object, ...]:
    return measure.calculation, measure.field, measure.q, measure.where


def _joined(rest: Where, where: Where | None) -> Where | None:
    return where if rest == EVERYTHING else both(rest, where)


def _any(wheres: Sequence[Where]) -> Where:
    return wheres[0] if len(wheres) == 1 else AnyOf(tuple(wheres))


def _apart(wheres: Sequence[Where]) -> tuple[Where, list[Where]]:
    """Split conditions into what all of them have in common, and the rest of each."""
    parts = [_parts(where) for where in wheres]
    common = [part for part in parts[0] if all(part in others for others in parts)]
    rests = [both(*(part for part in some if part not in common)) for some in parts]
    return both(*common), rests


def _parts(where: Where) -> tuple[Where, ...]:
    if not isinstance(where, AllOf):
        return (where,)
    return tuple(part for each in where.parts for part in _parts(each))


def _different_ones(wheres: Sequence[Where]) -> list[Where]:
    found: list[Where] = []
    for where in wheres:
        if where not in found:
            found.append(where)
    return found


def together(
    asked: Sequence[tuple[Metric[R], Ask]], aggregate: Callable[[Aggregate], Sequence[Group]]
) -> tuple[R, ...]:
    """Answer several questions with as few aggregates as they need, in their order.

    A question that is asked again is answered once.
    """
    places, different = _different(asked)
    queries = [metric.queries(ask) for metric, ask in different]
    answers = iter(_answers([query for some in queries for query in some], aggregate))
    found = [
        metric.read(ask, [next(answers) for _ in some])
        for (metric, ask), some in zip(different, queries, strict=True)
    ]
    return tuple(found[place] for place in places)


def _different(
    asked: Sequence[tuple[Metric[R], Ask]],
) -> tuple[list[int], list[tuple[Metric[R], Ask]]]:
    """Give the questions without repetitions, and where each of those asked is among them."""
    different: list[tuple[Metric[R], Ask]] = []
    places: list[int] = []
    for metric, ask in asked:
        same = (i for i, (one, of) in enumerate(different) if one is metric and of == ask)
        place = next(same, len(different))
        if place == len(different):
            different.append((metric, ask))
        places.append(place)
    return places, different


def _answers(
    queries: Sequence[Aggregate], aggregate: Callable[[Aggregate], Sequence[Group]]
) -> Iterable[Rows]:
    passes: list[_Pass] = []
    places: list[tuple[_Pass, int]] = []
    for query in queries:
        found = next((one for one in passes if one.takes(query)), None)
        if found is None:
            found = _Pass(query)
            passes.append(found)
        places.append((found, len(found.queries)))
        found.queries.append(query)
    results = {}
    for one in passes:
        query, names = one.query()
        results[id(one)] = aggregate(query), names
    return [_renamed(results[id(one)][0], results[id(one)][1][place]) for one, place in places]


def _renamed(groups: Sequence[Group], names: Mapping[str, str]) -> Rows:
    """Give the groups that a question has, under the names that it used."""
    there = names.get(_THERE)
    mine = {name: own for name, own in names.items() if name != _THERE}
    return [
        Group(group.key, _values(group.values, mine))
        for group in groups
        if there is None or group.values[there]
    ]


def _values(values: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    return {name: values[own] for name, own in names.items()}
