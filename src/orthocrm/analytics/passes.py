"""Many aggregates in few statements: those about the same rows are asked together.

Aggregates over one table that are grouped alike become one, each with the rows that it is about;
and those that are about the same rows, but grouped otherwise, become one that groups in several
ways. Every one of them is answered as if it had been asked alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from attrs import define, evolve, field

from orthocrm.analytics.asking import LEADS
from orthocrm.core.query import (
    EVERYTHING,
    Aggregate,
    AllOf,
    AnyOf,
    Calculation,
    Cond,
    Group,
    Grouping,
    Measure,
    Op,
    Where,
    both,
)

Aggregator = Callable[[Aggregate], Sequence[Group]]

_WIDEST: Final = 200
"""How many numbers one statement computes: engines limit its columns."""

_THERE: Final = "(there)"
"""Counts the rows of a question, under a name that no measure has: a group without any is none."""

_SHORT: Final = timedelta(days=10)
"""Leads of so few days are asked for by themselves, rather than found among all."""

_HEAVY: Final = (Calculation.QUANTILE, Calculation.DISTINCT)
"""What takes so long that no group is asked for it in vain."""


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
        if self.first.each or query.each:
            return False
        wide = sum(len(known.measures) + 1 for known in self.queries)
        has_room = wide + len(query.measures) < _WIDEST
        alike = (self.first.of, self.first.ways) == (query.of, query.ways)
        return has_room and alike and _is_short(self.first) == _is_short(query)

    def query(self) -> tuple[Aggregate, list[Mapping[str, str]]]:
        """Give the aggregate that answers all of them, and the names that each has in it."""
        common, rests = _apart([query.where for query in self.queries])
        names: list[Mapping[str, str]] = [
            {
                measure.name: _name(
                    self.measures, evolve(measure, where=_joined(rest, measure.where))
                )
                for measure in self._asked(query, rest)
            }
            for query, rest in zip(self.queries, rests, strict=True)
        ]
        different = _different_ones(rests)
        where = common if EVERYTHING in different else both(common, _any(different))
        if self.first.ways == ((),):
            where = both(where, _apart([m.where or EVERYTHING for m in self.measures])[0])
        return evolve(self.first, where=where, measures=tuple(self.measures)), names

    def _asked(self, query: Aggregate, rest: Where) -> Iterable[Measure]:
        cut = query.by and rest != EVERYTHING
        return (*query.measures, Measure(_THERE)) if cut else query.measures


def _is_short(query: Aggregate) -> bool:
    """Whether a question is about the leads of a few days, which an index finds."""
    edges = [
        part.value
        for part in _parts(query.where)
        if isinstance(part, Cond) and part.field == "created_at" and part.op in (Op.GE, Op.LT)
    ]
    return query.of == LEADS and len(edges) > 1 and max(edges) - min(edges) <= _SHORT


@define
class _Ways:
    """All questions about the same rows, each grouped in other ways."""

    queries: list[Aggregate]

    def takes(self, query: Aggregate) -> bool:
        """Whether a question is about the same rows, and asks for the same that takes long."""
        first = self.queries[0]
        alike = (first.of, first.where, _heavy(first)) == (query.of, query.where, _heavy(query))
        return alike and not first.each and not query.each

    def ask(self, aggregate: Aggregator) -> list[Sequence[Group]]:
        """Ask for all of them at once, and give the groups of each."""
        if len(self.queries) == 1:
            return [aggregate(self.queries[0])]
        measures: list[Measure] = []
        names = [
            {measure.name: _name(measures, measure) for measure in query.measures}
            for query in self.queries
        ]
        ways = tuple(dict.fromkeys(way for query in self.queries for way in query.ways))
        first, *others = sorted(ways, key=lambda way: not way)
        made = evolve(self.queries[0], measures=tuple(measures), by=first, also=tuple(others))
        groups = aggregate(made)
        return [
            _of_ways(query, own, groups, made.ways)
            for query, own in zip(self.queries, names, strict=True)
        ]


def _of_ways(
    query: Aggregate,
    names: Mapping[str, str],
    groups: Sequence[Group],
    ways: Sequence[tuple[Grouping, ...]],
) -> Sequence[Group]:
    """Give the groups of a question's ways, numbered as it numbers them."""
    cuts = {ways.index(way): cut for cut, way in enumerate(query.ways)}
    return [
        Group(group.key, _values(group.values, names), cuts[group.cut])
        for group in groups
        if group.cut in cuts
    ]


def _heavy(query: Aggregate) -> frozenset[tuple[object, ...]]:
    return frozenset(_what(m) for m in query.measures if m.field and m.calculation in _HEAVY)


def _name(measures: list[Measure], measure: Measure) -> str:
    """Find a measure among those that are asked for already, or add it; give its name there."""
    for known in measures:
        if _what(known) == _what(measure):
            return known.name
    measures.append(evolve(measure, name=f"m{len(measures)}"))
    return measures[-1].name


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


def answers(queries: Sequence[Aggregate], aggregate: Aggregator) -> list[Sequence[Group]]:
    """Answer aggregates with as few statements as they need, in their order."""
    wanted = _with_totals(queries)
    given = iter(_answered([query for query, _ in wanted], aggregate))
    found: list[Sequence[Group]] = []
    for groups, (_, has_total) in zip(given, wanted, strict=True):
        parts = [[group for group in groups if group.cut == cut] for cut in (1, 0)]
        found += [[evolve(one, cut=0) for one in parts[0]], parts[1]] if has_total else [groups]
    return found


def _with_totals(queries: Sequence[Aggregate]) -> list[tuple[Aggregate, bool]]:
    """Make one question of a total and the groups that follow it; tell where that was done."""
    found: list[tuple[Aggregate, bool]] = []
    rest = list(queries)
    while rest:
        query = rest.pop(0)
        is_total = bool(rest) and _is_total(query, rest[0])
        found.append((evolve(rest.pop(0), also=(query.by,)), True) if is_total else (query, False))
    return found


def _is_total(query: Aggregate, groups: Aggregate) -> bool:
    cut = len(groups.by) > len(query.by) and groups.by[1:] == query.by
    is_plain = not (query.also or groups.also or query.each)
    return cut and is_plain and evolve(groups, by=query.by) == query


def _answered(queries: Sequence[Aggregate], aggregate: Aggregator) -> list[Sequence[Group]]:
    passes: list[_Pass] = []
    places: list[tuple[int, int]] = []
    for query in queries:
        number = next((i for i, one in enumerate(passes) if one.takes(query)), len(passes))
        if number == len(passes):
            passes.append(_Pass(query))
        places.append((number, len(passes[number].queries)))
        passes[number].queries.append(query)
    made = [one.query() for one in passes]
    found = _in_ways([query for query, _ in made], aggregate)
    return [_renamed(found[number], made[number][1][place]) for number, place in places]


def _in_ways(queries: Sequence[Aggregate], aggregate: Aggregator) -> list[Sequence[Group]]:
    together: list[_Ways] = []
    places: list[tuple[int, int]] = []
    for query in queries:
        number = next((i for i, one in enumerate(together) if one.takes(query)), len(together))
        if number == len(together):
            together.append(_Ways([]))
        places.append((number, len(together[number].queries)))
        together[number].queries.append(query)
    found = [ways.ask(aggregate) for ways in together]
    return [found[number][place] for number, place in places]


def _renamed(groups: Sequence[Group], names: Mapping[str, str]) -> Sequence[Group]:
    """Give the groups that a question has, under the names that it used."""
    there = names.get(_THERE)
    mine = {name: own for name, own in names.items() if name != _THERE}
    return [
        Group(group.key, _values(group.values, mine), group.cut)
        for group in groups
        if there is None or not group.key or group.values[there]
    ]


def _values(values: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    return {name: values[own] for name, own in names.items()}
