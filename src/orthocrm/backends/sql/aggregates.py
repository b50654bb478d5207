"""Compiles aggregates: one statement, and where an engine has no arrays more for the quantiles."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from attrs import evolve, frozen
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.elements import Grouping

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
    Where,
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
    apart = not session.language.has_arrays
    quantiles = _quantiles_apart(form, shape, session, parameters.values) if apart else {}
    totals = session.rows(_totals_text(form, shape, session.language), parameters.values)
    read = _Reader(form, shape, session.language)
    return [read.group(row, quantiles) for row in totals]


def _quantiles_apart(
    form: Aggregate, shape: Shape[Any], session: Session, values: Mapping[str, Any]
) -> Mapping[str, Mapping[tuple[Any, ...], float]]:
    """Compute the quantiles by name and key; those of the same values by one statement."""
    alike: dict[Measure, list[Measure]] = {}
    for measure in form.measures:
        if _is_quantile(measure):
            alike.setdefault(evolve(measure, name="", q=0.5), []).append(measure)
    found: dict[str, Mapping[tuple[Any, ...], float]] = {}
    for values_of, measures in alike.items():
        text = _quantile_text(form, values_of, len(measures), shape, session.language)
        places = {f"q{number}": measure.q for number, measure in enumerate(measures)}
        ordered = _ordered(session.rows(text, {**values, **places}))
        for measure in measures:
            found[measure.name] = {
                group: _interpolated(around, count, measure.q)
                for group, (count, around) in ordered.items()
            }
    return found


def _form_of_aggregate(query: Aggregate, shape: Shape[Any], parameters: Parameters) -> Aggregate:
    """Check an aggregate and take its values out; places stand for them."""
    return Aggregate(
        of=query.of,
        where=form_of(query.where, shape, parameters),
        measures=_forms_of_measures(query.measures, shape, parameters),
        by=tuple(_form_of_key(key, shape, parameters) for key in query.by),
    )


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
    """Compile the keys of all groups and the measures, quantiles as the engine can."""
    source = _source(form, shape, language)
    measures = [
        column for measure in form.measures for column in _columns_of(measure, shape, language)
    ]
    columns = [*source.keys, *measures] or [sa.func.count()]
    statement = sa.select(*columns).select_from(source.rows).where(*source.where)
    return language.text(_grouped(statement, source))


def _grouped(statement: sa.Select[Any], source: _Source) -> sa.Select[Any]:
    """Group by the names of the keys: an engine may not see that two parameters are equal."""
    return statement.group_by(*[sa.literal_column(key.name) for key in source.keys])


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
) -> Mapping[tuple[Any, ...], tuple[int, Mapping[int, int]]]:
    """Give the count of each group, and its values by rank."""
    found: dict[tuple[Any, ...], tuple[int, dict[int, int]]] = {}
    for *key, count, rank, value in rows:
        found.setdefault(tuple(key), (count, {}))[1][rank - 1] = value
    return found


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
                measure.name: self._quantile(totals, raw, measure, quantiles)
                if _is_quantile(measure)
                else self._total(next(totals), measure)
                for measure in self.form.measures
            },
        )

    def _quantile(
        self,
        totals: Iterator[Any],
        raw: Row,
        measure: Measure,
        quantiles: Mapping[str, Mapping[tuple[Any, ...], float]],
    ) -> float | None:
        if not self.language.has_arrays:
            return quantiles[measure.name].get(raw)
        count, first, values = next(totals), next(totals), next(totals)
        if not count:
            return None
        return _interpolated(dict(enumerate(values, start=first - 1)), count, measure.q)

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
