"""Compiles aggregates: one statement, and where an engine has no arrays more for the quantiles."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from attrs import evolve, field, frozen
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.elements import Grouping

from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.query import Parameters, comparable, condition, form_of
from orthocrm.backends.sql.rows.codec import Row
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.rows.summed import Summed
from orthocrm.backends.sql.session import Session
from orthocrm.core.query import (
    EVERYTHING,
    Aggregate,
    Bucket,
    Calculation,
    Classes,
    Group,
    Kind,
    Measure,
    Where,
    fields_measured,
    interpolate,
    ranks,
)
from orthocrm.core.query import Grouping as Key
from orthocrm.core.query import summed as summed_fields

_FORMS = 500
_COUNTS = (Calculation.COUNT, Calculation.DISTINCT)
_RANK, _COUNT, _VALUE = "rank_", "count_", "value_"


def at_once(query: Aggregate, shape: Shape[Any], session: Session) -> list[Group]:
    """Compute an aggregate by one statement, in no order."""
    summed_fields(query, shape.schema)
    parameters = Parameters(session.language)
    form = _form_of_aggregate(query, shape, parameters)
    apart = not session.language.has_arrays
    quantiles = _quantiles_apart(form, shape, session, parameters.values) if apart else {}
    totals = session.rows(_totals_text(form, shape, session.language), parameters.values)
    read = _Reader(form, shape, session.language)
    return [read.group(row, quantiles) for row in totals]


def _quantiles_apart(
    form: Aggregate, shape: Shape[Any], session: Session, values: Mapping[str, Any]
) -> Mapping[str, Mapping[tuple[Any, ...], Any]]:
    """Compute the quantiles by name and key; those of the same values by one statement."""
    alike: dict[Measure, list[Measure]] = {}
    for measure in form.measures:
        if _is_quantile(measure):
            alike.setdefault(evolve(measure, name="", q=0.5), []).append(measure)
    found: dict[str, Mapping[tuple[Any, ...], Any]] = {}
    for values_of, measures in alike.items():
        text = _quantile_text(form, values_of, len(measures), shape, session.language)
        places = {f"q{number}": measure.q for number, measure in enumerate(measures)}
        ordered = _ordered(session.rows(text, {**values, **places}))
        for measure in measures:
            found[measure.name] = {
                group: _interpolated(
                    around, count, measure.q, _taken(measure, shape, session.language)
                )
                for group, (count, around) in ordered.items()
            }
    return found


def _form_of_aggregate(query: Aggregate, shape: Shape[Any], parameters: Parameters) -> Aggregate:
    """Check an aggregate and take its values out; places stand for them."""
    return Aggregate(
        of=query.of,
        where=form_of(query.where, shape, parameters),
        measures=_forms_of_measures(query.measures, shape, parameters),
        by=_form_of_way(query.by, shape, parameters),
        also=tuple(_form_of_way(way, shape, parameters) for way in query.also),
        each=tuple(shape.schema[name].name for name in query.each),
    )


def _form_of_way(way: Sequence[Key], shape: Shape[Any], parameters: Parameters) -> tuple[Key, ...]:
    return tuple(_form_of_key(key, shape, parameters) for key in way)


def _forms_of_measures(
    measures: Sequence[Measure], shape: Shape[Any], parameters: Parameters
) -> tuple[Measure, ...]:
    """Give conditions that are equal the same places, so that the engine sees it as well."""
    known: list[tuple[Where, Where]] = []
    forms: list[Measure] = []
    for measure in measures:
        if measure.field is not None:
            shape.schema[measure.field]
        where = measure.where or EVERYTHING
        form = next((form for same, form in known if same == where), None)
        if form is None:
            form = form_of(where, shape, parameters)
            known.append((where, form))
        forms.append(evolve(measure, where=form))
    return tuple(forms)


def _form_of_key(key: Key, shape: Shape[Any], parameters: Parameters) -> Key:
    if isinstance(key, str):
        return shape.schema[key].name
    known = shape.schema[key.field]
    if isinstance(key, Classes):
        return evolve(key, classes=tuple(_form_of_class(one, parameters) for one in key.classes))
    places = (parameters.place(parameters.encoded(known, edge)) for edge in key.edges)
    return evolve(key, edges=tuple(places))


def _form_of_class(
    given: tuple[str, tuple[str, ...]], parameters: Parameters
) -> tuple[str, tuple[str, ...]]:
    name, codes = given
    place = parameters.place(parameters.language.several(list(codes)))
    return parameters.place(name), (place,)


def _is_quantile(measure: Measure) -> bool:
    """Whether a measure needs a statement of its own."""
    return measure.field is not None and measure.calculation is Calculation.QUANTILE


@frozen
class _Source:
    """The rows that an aggregate is about, the columns of their keys, and what else they have."""

    rows: sa.FromClause
    keys: tuple[sa.ColumnElement[Any], ...]
    where: tuple[sa.ColumnElement[bool], ...]
    shape: Shape[Any]


def keys_of(form: Aggregate) -> tuple[Key, ...]:
    """Give the keys of all ways, each once."""
    return tuple(dict.fromkeys(key for way in form.ways for key in way))


def _source(form: Aggregate, shape: Shape[Any], language: Language) -> _Source:
    source = _plain_source((*keys_of(form), *form.each), form, shape, language)
    return _summed_source(form, source) if form.each else source


def _plain_source(
    named: Sequence[Key], form: Aggregate, shape: Shape[Any], language: Language
) -> _Source:
    rows: sa.FromClause = shape.rows
    keys: list[sa.ColumnElement[Any]] = []
    for number, key in enumerate(named):
        if isinstance(key, Bucket):
            column = _bucketed(key, shape)
        elif isinstance(key, Classes):
            column = _classed(key, shape, language)
        elif shape.schema[key].many:
            codes = language.each(shape.column(key))
            rows, column = rows.outerjoin(codes, sa.true()), codes.c.value
        else:
            column = shape.column(key)
        keys.append(column.label(f"key_{number}"))
    where = (
        shape.table.c.clinic_id == sa.bindparam("clinic"),
        condition(form.where, shape, language),
    )
    return _Source(rows, tuple(keys), where, shape)


def _summed_source(form: Aggregate, source: _Source) -> _Source:
    """Make one row of those that are alike in `each`: its keys, and the sums of its numbers."""
    shape, names = source.shape, fields_measured(form)
    sums = [
        sa.cast(sa.func.sum(shape.column(name)), sa.BigInteger()).label(f"sum_{number}")
        for number, name in enumerate(names)
    ]
    made = (
        sa.select(*source.keys, *sums)
        .select_from(source.rows)
        .where(*source.where)
        .group_by(*[sa.literal_column(key.name) for key in source.keys])
        .subquery()
    )
    keys = tuple(made.c[key.name].label(key.name) for key in source.keys[: -len(form.each)])
    schema = summed_fields(form, shape.schema)
    assert schema is not None  # noqa: S101 - for the type checker: there is an `each`
    columns = {name: made.c[f"sum_{number}"] for number, name in enumerate(names)}
    return _Source(made, keys, (), Summed.of(shape, schema, columns))


def _classed(key: Classes, shape: Shape[Any], language: Language) -> sa.ColumnElement[Any]:
    column = shape.column(key.field)
    cases: list[Any] = [
        (language.among(column, codes), sa.bindparam(name, type_=sa.Text()))
        for name, (codes,) in key.classes
    ]
    return sa.case(*cases) if cases else sa.null()


def _bucketed(bucket: Bucket, shape: Shape[Any]) -> sa.ColumnElement[Any]:
    value, column = comparable(bucket.field, shape), shape.column(bucket.field)
    edges = [sa.bindparam(place, type_=column.type) for place in bucket.edges]
    inside: list[Any] = [
        (sa.and_(value >= low, value < high), sa.literal_column(str(index)))
        for index, (low, high) in enumerate(pairwise(edges))
    ]
    return sa.case(*inside) if inside else sa.null()


@lru_cache(maxsize=_FORMS)
def _totals_text(form: Aggregate, shape: Shape[Any], language: Language) -> Text:
    """Compile the keys of all groups and the measures, quantiles as the engine can."""
    source = _source(form, shape, language)
    measures = [
        column
        for measure in form.measures
        for column in _columns_of(measure, source.shape, language)
    ]
    mark = [_mark(source)] if form.also else []
    columns = [*source.keys, *mark, *measures] or [sa.func.count()]
    statement = sa.select(*columns).select_from(source.rows).where(*source.where)
    return language.text(_grouped(statement, source, form))


def _mark(source: _Source) -> sa.ColumnElement[int]:
    """Tell by a bit for each key whether a row is not grouped by it, the last one first."""
    if not source.keys:
        return sa.literal_column("0", sa.Integer())
    return sa.func.grouping(*[key.element for key in source.keys])


def _grouped(statement: sa.Select[Any], source: _Source, form: Aggregate) -> sa.Select[Any]:
    """Group by the names of the keys: an engine may not see that two parameters are equal."""
    names: list[sa.ColumnElement[Any]] = [sa.literal_column(key.name) for key in source.keys]
    if not form.also:
        return statement.group_by(*names)
    keys = keys_of(form)
    ways = [sa.tuple_(*[names[keys.index(key)] for key in way]) for way in form.ways]
    return statement.group_by(sa.func.grouping_sets(*ways))


def _columns_of(
    measure: Measure, shape: Shape[Any], language: Language
) -> tuple[sa.ColumnElement[Any], ...]:
    if not _is_quantile(measure):
        return (_total(measure, shape, language),)
    return _middle(measure, shape, language) if language.has_arrays else ()


def _middle(
    measure: Measure, shape: Shape[Any], language: Language
) -> tuple[sa.ColumnElement[Any], ...]:
    """Compile a quantile's count, the place (from 1) of the first value, and values from there.

    There are at most three of them, so that rounding in the engine cannot matter.
    """
    assert measure.field is not None  # noqa: S101 - for the type checker: quantiles have one
    assert measure.where is not None  # noqa: S101 - as above: forms have one
    value = _value(measure.field, shape)
    there = sa.and_(value.is_not(None), condition(measure.where, shape, language))
    count = sa.func.count().filter(there)
    place = sa.cast(sa.func.floor((count - 1) * sa.literal(measure.q, sa.Double())), sa.Integer())
    ordered: Any = sa.func.array_agg(aggregate_order_by(value, value.asc())).filter(there)
    first = sa.func.greatest(place, 1)
    return count, first, Grouping(ordered)[first : place + 2]


def _total(measure: Measure, shape: Shape[Any], language: Language) -> sa.ColumnElement[Any]:
    computed = _computed(measure, shape)
    assert measure.where is not None  # noqa: S101 - for the type checker: forms have one
    total: sa.ColumnElement[Any] = (
        computed
        if measure.where == EVERYTHING
        else computed.filter(condition(measure.where, shape, language))
    )
    return total


def _computed(measure: Measure, shape: Shape[Any]) -> Any:  # noqa: ANN401 - a function of SQL
    if measure.field is None:
        return sa.func.count()
    value = _value(measure.field, shape)
    if measure.calculation is Calculation.DISTINCT:
        return sa.func.count(sa.distinct(value))
    compute: Any = getattr(sa.func, measure.calculation)
    return compute(value)


def _value(name: str, shape: Shape[Any]) -> sa.ColumnElement[Any]:
    value = comparable(name, shape)
    return sa.cast(value, sa.Integer) if shape.schema[name].kind is Kind.FLAG else value


@lru_cache(maxsize=_FORMS)
def _quantile_text(
    form: Aggregate, measure: Measure, many: int, shape: Shape[Any], language: Language
) -> Text:
    """Compile the values around the places of `many` quantiles: key, count, rank and value.

    At most three rows come for each group and quantile, so that rounding cannot matter.
    """
    assert measure.field is not None  # noqa: S101 - for the type checker: quantiles have one
    assert measure.where is not None  # noqa: S101 - as above
    source = _source(form, shape, language)
    value = _value(measure.field, source.shape)
    ranked = (
        sa.select(
            *source.keys,
            sa.func.count().over(partition_by=source.keys or None).label(_COUNT),
            sa.func.row_number()
            .over(partition_by=source.keys or None, order_by=value)
            .label(_RANK),
            value.label(_VALUE),
        )
        .select_from(source.rows)
        .where(*source.where, condition(measure.where, source.shape, language), value.is_not(None))
        .subquery()
    )
    return language.text(_around_the_places(ranked, many))


def _around_the_places(ranked: sa.Subquery, many: int) -> sa.Select[Any]:
    places: list[sa.BindParameter[float]] = [
        sa.bindparam(f"q{number}", type_=sa.Double()) for number in range(many)
    ]
    rank, last = ranked.c[_RANK] - 1, ranked.c[_COUNT] - 1
    return sa.select(ranked).where(
        sa.or_(*[(rank - last * place).between(-1.0, 1.0) for place in places])
    )


def _ordered(
    rows: Sequence[Sequence[Any]],
) -> Mapping[tuple[Any, ...], tuple[int, Mapping[int, Any]]]:
    """Give the count of each group, and its values by rank."""
    found: dict[tuple[Any, ...], tuple[int, dict[int, Any]]] = {}
    for *key, count, rank, value in rows:
        found.setdefault(tuple(key), (count, {}))[1][rank - 1] = value
    return found


def _interpolated(
    values: Mapping[int, Any], count: int, q: float, take: Callable[[Any], Any]
) -> Any:  # noqa: ANN401 - a float, or an instant
    low, high, weight = ranks(count, q)
    return interpolate(take(values[low]), take(values[high]), weight)


def _taken(measure: Measure, shape: Shape[Any], language: Language) -> Callable[[Any], Any]:
    """Give how a value around a quantile is read."""
    assert measure.field is not None  # noqa: S101 - for the type checker: quantiles have one
    if shape.schema[measure.field].kind is Kind.INSTANT:
        return language.take.at
    return lambda value: value


@frozen
class _Reader:
    """Reads the groups of an aggregate from its rows."""

    form: Aggregate
    shape: Shape[Any]
    language: Language
    keys: tuple[Key, ...] = field(init=False)
    cuts: Mapping[int, int] = field(init=False)
    """The ways by the marks of their rows."""

    @keys.default
    def _all_of_them(self) -> tuple[Key, ...]:
        return keys_of(self.form)

    @cuts.default
    def _by_mark(self) -> Mapping[int, int]:
        last = len(self.keys) - 1
        return {
            sum(1 << (last - i) for i, key in enumerate(self.keys) if key not in way): cut
            for cut, way in enumerate(self.form.ways)
        }

    def group(self, row: Row, quantiles: Mapping[str, Mapping[tuple[Any, ...], Any]]) -> Group:
        """Read a group: its key stands first, then the measures that are no quantile."""
        raw, totals = row[: len(self.keys)], iter(row[len(self.keys) :])
        cut = self.cuts[next(totals)] if self.form.also else 0
        return Group(
            self._key(raw, self.form.ways[cut]),
            {
                measure.name: self._quantile(totals, raw, measure, quantiles)
                if _is_quantile(measure)
                else self._total(next(totals), measure)
                for measure in self.form.measures
            },
            cut,
        )

    def _quantile(
        self,
        totals: Iterator[Any],
        raw: Row,
        measure: Measure,
        quantiles: Mapping[str, Mapping[tuple[Any, ...], Any]],
    ) -> Any:  # noqa: ANN401 - a float, or an instant
        if not self.language.has_arrays:
            return quantiles[measure.name].get(raw)
        count, first, values = next(totals), next(totals), next(totals)
        if not count:
            return None
        found = dict(enumerate(values, start=first - 1))
        return _interpolated(found, count, measure.q, _taken(measure, self.shape, self.language))

    def _key(self, raw: Row, way: Sequence[Key]) -> tuple[Any, ...]:
        values = dict(zip(self.keys, raw, strict=True))
        return tuple(
            self._value(values[key], key) if isinstance(key, str) else values[key] for key in way
        )

    def _total(self, value: Any, measure: Measure) -> Any:  # noqa: ANN401 - of the field's kind
        if value is None or measure.field is None or measure.calculation in _COUNTS:
            return value
        if measure.calculation is Calculation.SUM:
            return int(value)
        return self._value(value, measure.field)

    def _value(self, value: Any, name: str) -> Any:  # noqa: ANN401 - of the field's kind
        kind = self.shape.schema[name].kind
        if value is None or kind in (Kind.CODE, Kind.NUMBER):
            return value
        if kind is Kind.FLAG:
            return bool(value)
        take = self.language.take
        return take.at(value) if kind is Kind.INSTANT else take.day(value)
