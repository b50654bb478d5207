"""Many aggregates in few statements: those about the same rows are asked together.

Aggregates over one table that are grouped alike become one, each with the rows that it is about;
one about all rows joins what is grouped, since its numbers are those of the groups together; and
those that are about the same rows, but grouped otherwise, become one that groups in several ways.
Every one of them is answered as if it had been asked alone.
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

_WHOLE: Final = ((),)
"""The way to group of a question about all rows together."""

_COMPARED: Final = frozenset({Op.EQ, Op.LT, Op.LE, Op.GT, Op.GE, Op.IN, Op.HAS})
"""What is never true of a missing value."""

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

    def takes(self, query: Aggregate, *, joins_whole: bool) -> bool:
        """Whether a question is about the same table and cut alike, and there is room for it."""
        if self.first.each or query.each:
            return False
        wide = sum(len(known.measures) + 1 for known in self.queries)
        has_room = wide + len(query.measures) < _WIDEST
        is_alike = self.first.ways == query.ways or (joins_whole and self._counts_all_of(query))
        return has_room and is_alike and _span(self.first) == _span(query)

    def _counts_all_of(self, query: Aggregate) -> bool:
        """Whether a question about all rows is answered beside the groups, for next to nothing."""
        return query.ways == _WHOLE and () in self.first.ways and not _heavy(query)

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
        different = _widest(rests)
        where = common if EVERYTHING in different else both(common, _any(different))
        if self.first.ways == _WHOLE:
            where = both(where, _apart([m.where or EVERYTHING for m in self.measures])[0])
        return evolve(self.first, where=where, measures=tuple(self.measures)), names

    def _asked(self, query: Aggregate, rest: Where) -> Iterable[Measure]:
        cut = query.by and rest != EVERYTHING
        return (*query.measures, Measure(_THERE)) if cut else query.measures


def _span(query: Aggregate) -> tuple[str, bool]:
    """Tell the table of a question, and whether it is about few days, which an index finds."""
    return query.of, _is_short(query)


def _is_short(query: Aggregate) -> bool:
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


def _lean(where: Where) -> Where:
    """Leave out what follows from the rest: that a field is there which is compared as well."""
    parts = _parts(where)
    compared = {p.field for p in parts if isinstance(p, Cond) and p.op in _COMPARED}
    implied = [Cond(name, Op.PRESENT) for name in compared]
    return both(*(part for part in parts if part not in implied))


def _parts(where: Where) -> tuple[Where, ...]:
    if not isinstance(where, AllOf):
        return (where,)
    return tuple(part for each in where.parts for part in _parts(each))


def _widest(wheres: Sequence[Where]) -> list[Where]:
    """Give each condition once, without those that only narrow another one."""
    different: list[Where] = []
    for where in wheres:
        if where not in different:
            different.append(where)
    parts = {place: _parts(where) for place, where in enumerate(different)}
    return [
        where
        for place, where in enumerate(different)
        if not any(_narrows(parts[place], other) for at, other in parts.items() if at != place)
    ]


def _narrows(parts: Sequence[Where], other: Sequence[Where]) -> bool:
    """Whether a condition says all that another one says, and more."""
    return len(parts) > len(other) and all(part in parts for part in other)


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
    lean = [_leanly(query) for query in queries]
    plans = [_Plan.of(lean, joins_whole=joins) for joins in (False, True)]
    return min(plans, key=lambda plan: len(plan.statements)).answered(aggregate)


@define
class _Plan:
    """Which questions become which pass, and which passes are asked for in one statement."""

    queries: Sequence[Aggregate]
    passes: list[_Pass] = field(factory=list)
    places: dict[int, tuple[int, int]] = field(factory=dict)
    names: list[list[Mapping[str, str]]] = field(factory=list)
    statements: list[_Ways] = field(factory=list)
    parts: list[tuple[int, int]] = field(factory=list)

    @classmethod
    def of(cls, queries: Sequence[Aggregate], *, joins_whole: bool) -> "_Plan":
        """Plan, with questions about all rows beside those that are cut, or by themselves."""
        plan = cls(queries)
        for of in sorted(range(len(queries)), key=lambda of: queries[of].ways == _WHOLE):
            plan._place(of, joins_whole=joins_whole)
        for one in plan.passes:
            query, names = one.query()
            plan.names.append(names)
            plan._state(query)
        return plan

    def _place(self, of: int, *, joins_whole: bool) -> None:
        query = self.queries[of]
        fitting = (i for i, p in enumerate(self.passes) if p.takes(query, joins_whole=joins_whole))
        number = next(fitting, len(self.passes))
        if number == len(self.passes):
            self.passes.append(_Pass(query))
        self.places[of] = number, len(self.passes[number].queries)
        self.passes[number].queries.append(query)

    def _state(self, query: Aggregate) -> None:
        fitting = (i for i, one in enumerate(self.statements) if one.takes(query))
        number = next(fitting, len(self.statements))
        if number == len(self.statements):
            self.statements.append(_Ways([]))
        self.parts.append((number, len(self.statements[number].queries)))
        self.statements[number].queries.append(query)

    def answered(self, aggregate: Aggregator) -> list[Sequence[Group]]:
        """Ask, and give the groups of each question in their order."""
        found = [statement.ask(aggregate) for statement in self.statements]
        given: list[Sequence[Group]] = []
        for of, query in enumerate(self.queries):
            number, place = self.places[of]
            statement, part = self.parts[number]
            groups = _of_pass(query, found[statement][part], self.passes[number].first.ways)
            given.append(_renamed(groups, self.names[number][place]))
        return given


def _leanly(query: Aggregate) -> Aggregate:
    measures = (
        one if one.where is None else evolve(one, where=_lean(one.where)) for one in query.measures
    )
    return evolve(query, where=_lean(query.where), measures=tuple(measures))


def _of_pass(
    query: Aggregate, groups: Sequence[Group], ways: Sequence[tuple[Grouping, ...]]
) -> Sequence[Group]:
    """Give the groups of a question in a pass; of one about all rows, those of all together."""
    if query.ways == tuple(ways):
        return groups
    whole = tuple(ways).index(())
    return [evolve(group, cut=0) for group in groups if group.cut == whole]


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
