"""Compiles aggregates: one statement for counts and sums, one more for each quantile."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from attrs import evolve, frozen

from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.query import Parameters, comparable, condition, form_of
from orthocrm.backends.sql.rows.codec import Row
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.session import Session
from orthocrm.core.query import (
    EVERYTHING,
    Aggregate,
    Bucket,
    Calculation,
    Group,
    Kind,
    Measure,
    interpolate,
    ranks,
)

_FORMS = 500
_COUNTS = (Calculation.COUNT, Calculation.DISTINCT)
_RANK, _COUNT, _VALUE = "rank_", "count_", "value_"


def groups(query: Aggregate, shape: Shape[Any], session: Session) -> list[Group]:
    """Compute an aggregate, in no order."""
    parameters = Parameters(session.language)
    form = _form_of_aggregate(query, shape, parameters)
    quantiles = {
        measure.name: _quantiles_by_key(form, measure, shape, session, parameters.values)
        for measure in form.measures
        if _is_quantile(measure)
    }
    totals = session.rows(_totals_text(form, shape, session.language), parameters.values)
    read = _Reader(form, shape, session.language)
    return [read.group(row, quantiles) for row in totals]


def _quantiles_by_key(
    form: Aggregate,
    measure: Measure,
    shape: Shape[Any],
    session: Session,
    values: Mapping[str, Any],
) -> dict[tuple[Any, ...], float]:
    text = _quantile_text(form, measure, shape, session.language)
    return _quantiles(session.rows(text, {**values, "q": measure.q}), measure.q)


def _form_of_aggregate(query: Aggregate, shape: Shape[Any], parameters: Parameters) -> Aggregate:
    """Check an aggregate and take its values out; places stand for them."""
    return Aggregate(
        of=query.of,
        where=form_of(query.where, shape, parameters),
        measures=tuple(_form_of_measure(one, shape, parameters) for one in query.measures),
        by=tuple(_form_of_key(key, shape, parameters) for key in query.by),
    )


def _form_of_measure(measure: Measure, shape: Shape[Any], parameters: Parameters) -> Measure:
    if measure.field is not None:
        shape.schema[measure.field]
    return evolve(measure, where=form_of(measure.where or EVERYTHING, shape, parameters))


def _form_of_key(key: str | Bucket, shape: Shape[Any], parameters: Parameters) -> str | Bucket:
    if isinstance(key, str):
        return shape.schema[key].name
    known = shape.schema[key.field]
    places = (parameters.place(parameters.encoded(known, edge)) for edge in key.edges)
    return evolve(key, edges=tuple(places))


def _is_quantile(measure: Measure) -> bool:
    """Whether a measure needs a statement of its own."""
    return measure.field is not None and measure.calculation is Calculation.QUANTILE


@frozen
class _Source:
    """The rows that an aggregate is about, and the columns of its key."""

    rows: sa.FromClause
    keys: tuple[sa.ColumnElement[Any], ...]
    where: tuple[sa.ColumnElement[bool], ...]


def _source(form: Aggregate, shape: Shape[Any], language: Language) -> _Source:
    rows: sa.FromClause = shape.rows
    keys: list[sa.ColumnElement[Any]] = []
    for number, key in enumerate(form.by):
        if isinstance(key, Bucket):
            column = _bucketed(key, shape)
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
    return _Source(rows, tuple(keys), where)


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
    """Compile the keys of all groups and every measure that is no quantile."""
    source = _source(form, shape, language)
    measures = [
        _total(measure, shape, language) for measure in form.measures if not _is_quantile(measure)
    ]
    columns = [*source.keys, *measures] or [sa.func.count()]
    statement = sa.select(*columns).select_from(source.rows).where(*source.where)
    return language.text(_grouped(statement, source))


def _grouped(statement: sa.Select[Any], source: _Source) -> sa.Select[Any]:
    """Group by the names of the keys: an engine may not see that two parameters are equal."""
    return statement.group_by(*[sa.literal_column(key.name) for key in source.keys])


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
    form: Aggregate, measure: Measure, shape: Shape[Any], language: Language
) -> Text:
    """Compile the values around a quantile's place: key, count, rank and value.

    At most three rows come for each group, so that rounding in the engine cannot matter.
    """
    assert measure.field is not None  # noqa: S101 - for the type checker: quantiles have one
    assert measure.where is not None  # noqa: S101 - as above
    source = _source(form, shape, language)
    value = _value(measure.field, shape)
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
        .where(*source.where, condition(measure.where, shape, language), value.is_not(None))
        .subquery()
    )
    return language.text(_around_the_place(ranked))


def _around_the_place(ranked: sa.Subquery) -> sa.Select[Any]:
    q: sa.BindParameter[float] = sa.bindparam("q", type_=sa.Double())
    distance = ranked.c[_RANK] - 1 - (ranked.c[_COUNT] - 1) * q
    return sa.select(ranked).where(distance.between(-1.0, 1.0))


def _quantiles(rows: Sequence[Sequence[Any]], q: float) -> dict[tuple[Any, ...], float]:
    """Interpolate the quantile of each group."""
    around: dict[tuple[Any, ...], dict[int, int]] = {}
    counts: dict[tuple[Any, ...], int] = {}
    for *key, count, rank, value in rows:
        group = tuple(key)
        counts[group] = count
        around.setdefault(group, {})[rank - 1] = value
    return {group: _interpolated(around[group], counts[group], q) for group in around}


def _interpolated(values: Mapping[int, int], count: int, q: float) -> float:
    low, high, weight = ranks(count, q)
    return interpolate(values[low], values[high], weight)


@frozen
class _Reader:
    """Reads the groups of an aggregate from its rows."""

    form: Aggregate
    shape: Shape[Any]
    language: Language

    def group(self, row: Row, quantiles: Mapping[str, Mapping[tuple[Any, ...], float]]) -> Group:
        """Read a group: its key stands first, then the measures that are no quantile."""
        raw, totals = row[: len(self.form.by)], iter(row[len(self.form.by) :])
        return Group(
            self._key(raw),
            {
                measure.name: quantiles[measure.name].get(raw)
                if _is_quantile(measure)
                else self._total(next(totals), measure)
                for measure in self.form.measures
            },
        )

    def _key(self, raw: Row) -> tuple[Any, ...]:
        return tuple(
            value if isinstance(key, Bucket) else self._value(value, key)
            for key, value in zip(self.form.by, raw, strict=True)
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
