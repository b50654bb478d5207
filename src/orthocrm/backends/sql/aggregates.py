"""Computes aggregates that group in several ways: at once where an engine can.

What follows from other groups is added up rather than asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve

from orthocrm.backends.sql.grouping import at_once, keys_of
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.session import Session
from orthocrm.core.query import (
    Aggregate,
    Bucket,
    Calculation,
    Classes,
    Group,
    Measure,
    class_names,
)
from orthocrm.core.query import Grouping as Key

_ADDED: Mapping[Calculation, Callable[[Any], Any]] = {
    Calculation.COUNT: sum,
    Calculation.SUM: sum,
    Calculation.MIN: min,
    Calculation.MAX: max,
}
"""What is known of all rows once it is known of each of their groups."""

_MOST_KEYS = 3
"""By how many keys rows are grouped at once: there are as many groups as their values multiply."""


def groups(query: Aggregate, shape: Shape[Any], session: Session) -> list[Group]:
    """Compute an aggregate, in no order."""
    if not query.also:
        return at_once(query, shape, session)
    if _adds_up(query, shape) and any(_is_coarser(way, query.by) for way in query.also):
        return _added_up(query, shape, session)
    if _fits_one_pass(query, shape, session):
        return at_once(query, shape, session)
    if _adds_up(query, shape) and len(keys_of(query)) <= _MOST_KEYS:
        return _from_finest(query, shape, session)
    return _one_after_another(query, shape, session)


def _adds_up(query: Aggregate, shape: Shape[Any]) -> bool:
    """Whether what is asked of several groups together follows from each of them."""
    is_plain = bool(query.by) and not query.each and not _multiplies(evolve(query, also=()), shape)
    return is_plain and all(m.field is None or m.calculation in _ADDED for m in query.measures)


def _from_finest(query: Aggregate, shape: Shape[Any], session: Session) -> list[Group]:
    """Group by all keys of all ways in one statement, and add its groups up to those of each."""
    keys = keys_of(query)
    parts = at_once(evolve(query, by=keys, also=()), shape, session)
    return [
        group
        for cut, way in enumerate(query.ways)
        for group in _summed_up(query, parts, cut, [keys.index(key) for key in way])
    ]


def _summed_up(
    query: Aggregate, parts: Sequence[Group], cut: int, places: Sequence[int]
) -> Iterator[Group]:
    """Add groups up to those by some of their keys."""
    found: dict[tuple[Any, ...], list[Group]] = {} if places else {(): []}
    for group in parts:
        found.setdefault(tuple(group.key[place] for place in places), []).append(group)
    for key, some in found.items():
        yield Group(key, {m.name: _added(m, some) for m in query.measures}, cut)


def _is_coarser(way: Sequence[Key], by: Sequence[Key]) -> bool:
    """Whether each group of one way is made of whole groups of another one."""
    return all(isinstance(key, Classes) and key.field in by for key in way)


def _added_up(query: Aggregate, shape: Shape[Any], session: Session) -> list[Group]:
    """Group in the ways that need it, and add the coarser ones up."""
    asked = [0, *(c for c, way in enumerate(query.ways) if c and not _is_coarser(way, query.by))]
    found = groups(evolve(query, also=tuple(query.ways[c] for c in asked[1:])), shape, session)
    parts = [group for group in found if group.cut == 0]
    made = [evolve(group, cut=asked[group.cut]) for group in found]
    for cut, way in enumerate(query.ways):
        if cut not in asked:
            made += _coarser(query, parts, way, cut)
    return made


def _coarser(
    query: Aggregate, parts: Sequence[Group], way: Sequence[Key], cut: int
) -> Iterator[Group]:
    """Add the groups of `by` up to those of a coarser way."""
    names = [
        (query.by.index(key.field), class_names(key)) for key in way if isinstance(key, Classes)
    ]
    found: dict[tuple[Any, ...], list[Group]] = {} if way else {(): []}
    for group in parts:
        key = tuple(known.get(group.key[place]) for place, known in names)
        found.setdefault(key, []).append(group)
    for key, some in found.items():
        yield Group(key, {m.name: _added(m, some) for m in query.measures}, cut)


def _fits_one_pass(query: Aggregate, shape: Shape[Any], session: Session) -> bool:
    """Whether the engine can group in all ways at once, and tell their groups apart."""
    different = {frozenset(way) for way in query.ways}
    is_plain = not query.each and not _multiplies(query, shape)
    is_plain = is_plain and not any(map(_is_nothing, keys_of(query)))
    return session.language.has_arrays and is_plain and len(different) == len(query.ways)


def _is_nothing(key: Key) -> bool:
    """Whether a key is missing of every row."""
    if isinstance(key, Bucket):
        return len(key.edges) <= 1
    return isinstance(key, Classes) and not key.classes


def _multiplies(query: Aggregate, shape: Shape[Any]) -> bool:
    """Whether a key counts a row several times, in its own groups only."""
    return any(isinstance(key, str) and shape.schema[key].many for way in query.ways for key in way)


def _one_after_another(query: Aggregate, shape: Shape[Any], session: Session) -> list[Group]:
    """Group in each way by itself; all rows together are added up where they can be."""
    found = at_once(evolve(query, also=()), shape, session)
    may_add = query.by and not query.each and not _multiplies(evolve(query, also=()), shape)
    made = list(found)
    for cut, way in enumerate(query.also, start=1):
        if way or not may_add:
            more = at_once(evolve(query, by=way, also=()), shape, session)
            made += [evolve(group, cut=cut) for group in more]
        else:
            made.append(_together(query, found, cut, shape, session))
    return made


def _together(
    query: Aggregate, parts: Sequence[Group], cut: int, shape: Shape[Any], session: Session
) -> Group:
    """Make one group of all: asked for is only what its parts do not tell."""
    apart = tuple(m for m in query.measures if m.field and m.calculation not in _ADDED)
    values: dict[str, Any] = {}
    if apart:
        (group,) = at_once(evolve(query, by=(), also=(), measures=apart), shape, session)
        values |= group.values
    values |= {m.name: _added(m, parts) for m in query.measures if m not in apart}
    return Group((), {m.name: values[m.name] for m in query.measures}, cut)


def _added(measure: Measure, parts: Sequence[Group]) -> Any:  # noqa: ANN401 - of the field's kind
    there = [v for group in parts if (v := group.values[measure.name]) is not None]
    counts = measure.field is None or measure.calculation is Calculation.COUNT
    if not there:
        return 0 if counts else None
    return sum(there) if counts else _ADDED[measure.calculation](there)
