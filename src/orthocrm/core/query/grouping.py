"""Aggregates, interpreted in Python."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any

from orthocrm.core.errors import InvalidInput
from orthocrm.core.query.asked import (
    EVERYTHING,
    Aggregate,
    Bucket,
    Calculation,
    Classes,
    Cond,
    Group,
    Grouping,
    Measure,
    Where,
)
from orthocrm.core.query.finding import predicate
from orthocrm.core.query.quantiles import quantile
from orthocrm.core.query.schema import Kind, Queryable, Schema


def aggregate(query: Aggregate, nouns: Iterable[Any], schema: Schema) -> list[Group]:
    """Interpret an aggregate in Python."""
    keep = predicate(query.where, schema)
    kept = [noun for noun in nouns if keep(noun)]
    sums = summed(query, schema)
    measured = schema if sums is None else sums
    measures = [(measure.name, _measurer(measure, measured)) for measure in query.measures]
    return in_order(
        Group(key, {name: measure(rows) for name, measure in measures}, cut)
        for cut, way in enumerate(query.ways)
        for key, rows in _grouped(kept, way, query, schema).items()
    )


def _grouped(
    nouns: Sequence[Any], way: Sequence[Grouping], query: Aggregate, schema: Schema
) -> Mapping[tuple[Any, ...], list[Any]]:
    keys = [_key_reader(key, schema) for key in (*way, *query.each)]
    groups: dict[tuple[Any, ...], list[Any]] = {} if way or query.each else {(): []}
    for noun in nouns:
        for key in _products([read(noun) for read in keys]):
            groups.setdefault(key, []).append(noun)
    if not query.each:
        return groups
    names = fields_measured(query)
    sums: dict[tuple[Any, ...], list[Any]] = {} if way else {(): []}
    for key, rows in groups.items():
        row = {name: _sum(schema[name].read, rows) for name in names}
        sums.setdefault(key[: len(way)], []).append(row)
    return sums


def _sum(read: Callable[[Any], Any], rows: Sequence[Any]) -> int | None:
    values = [value for row in rows if (value := read(row)) is not None]
    return sum(values) if values else None


def summed(query: Aggregate, schema: Schema) -> Schema | None:
    """Give the fields of the rows that `each` makes; None where it makes none.

    Raises:
        InvalidInput: a measure names a field that holds no number.
    """
    if not query.each:
        return None
    names = fields_measured(query)
    for name in names:
        if schema[name].kind is not Kind.NUMBER:
            raise InvalidInput.at("field", "not_a_number", "only numbers are summed")
    known = Schema(schema.of)
    known.fields = {name: Queryable(name, Kind.NUMBER, itemgetter(name)) for name in names}
    return known


def fields_measured(query: Aggregate) -> tuple[str, ...]:
    """Name the fields that measures and their conditions read, each once."""
    named = [
        name
        for measure in query.measures
        for name in (measure.field, *_named(measure.where or EVERYTHING))
        if name is not None
    ]
    return tuple(dict.fromkeys(named))


def _named(where: Where) -> Iterator[str]:
    if isinstance(where, Cond):
        yield where.field
        return
    for part in where.parts:
        yield from _named(part)


def in_order(groups: Iterable[Group]) -> list[Group]:
    """Sort groups by way and key, missing values last."""
    found = list(groups)
    if not any(None in group.key for group in found):
        return sorted(found, key=lambda group: (group.cut, group.key))
    return sorted(found, key=lambda group: (group.cut, [_place(part) for part in group.key]))


def _place(part: Any) -> tuple[bool, Any]:  # noqa: ANN401 - a key of any kind
    return part is None, 0 if part is None else part


def _products(parts: list[list[Any]]) -> list[tuple[Any, ...]]:
    keys: list[tuple[Any, ...]] = [()]
    for values in parts:
        keys = [(*key, value) for key in keys for value in values]
    return keys


def _key_reader(key: Grouping, schema: Schema) -> Callable[[Any], list[Any]]:
    if isinstance(key, Classes):
        one, names = schema[key.field].read, class_names(key)
        return lambda noun: [names.get(one(noun))]
    if isinstance(key, Bucket):
        read, edges = schema[key.field].read, key.edges
        return lambda noun: [bucket_index(read(noun), edges)]
    known = schema[key]
    if known.many:
        return lambda noun: list(known.read(noun)) or [None]
    return lambda noun: [known.read(noun)]


def class_names(key: Classes) -> Mapping[str, str]:
    """Give the name of the class by code."""
    names: dict[str, str] = {}
    for name, codes in key.classes:
        for code in codes:
            names.setdefault(code, name)
    return names


def bucket_index(value: Any, edges: Sequence[Any]) -> int | None:  # noqa: ANN401 - any kind
    """Find the half-open bucket of a value."""
    if value is None:
        return None
    pairs = pairwise(edges)
    return next((i for i, (low, high) in enumerate(pairs) if low <= value < high), None)


def _measurer(measure: Measure, schema: Schema) -> Callable[[list[Any]], Any]:
    keep = predicate(measure.where or EVERYTHING, schema)
    if measure.field is None:
        return lambda rows: sum(1 for row in rows if keep(row))
    read = schema[measure.field].read
    compute = _COMPUTE[measure.calculation]

    def measured(rows: list[Any]) -> Any:  # noqa: ANN401 - a number or an instant
        values = [read(row) for row in rows if keep(row)]
        return compute([value for value in values if value is not None], measure.q)

    return measured


_COMPUTE: Mapping[Calculation, Callable[[list[Any], float], Any]] = {
    Calculation.COUNT: lambda values, _: len(values),
    Calculation.DISTINCT: lambda values, _: len(set(values)),
    Calculation.SUM: lambda values, _: sum(values) if values else None,
    Calculation.MIN: lambda values, _: min(values, default=None),
    Calculation.MAX: lambda values, _: max(values, default=None),
    Calculation.QUANTILE: lambda values, q: quantile(sorted(values), q),
}
