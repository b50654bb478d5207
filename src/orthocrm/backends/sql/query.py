"""Compiles conditions, sorting and pages to SQL that agrees with `core.query` in every case.

Values are taken out of a query first: what remains is its form, and each form is compiled once.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from attrs import define, evolve, field, frozen

from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.rows.codec import put_at, put_day
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import AllOf, Cond, Kind, Op, Page, Queryable, Sort, Where

_FORMS = 1_000
"""How many forms stay compiled."""

_LEAST = "\x01"
"""Stands between codes that are compared: less than any character of them, as tuples compare."""


@define
class Parameters:
    """Collects the values of a query, as the driver takes them, under the names of their places."""

    language: Language
    values: dict[str, Any] = field(factory=dict)

    def place(self, value: Any) -> str:  # noqa: ANN401 - what the driver takes
        """Keep a value and name its place."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return name

    def encoded(self, known: Queryable, value: Any) -> Any:  # noqa: ANN401 - of the field's kind
        """Write a value of a field."""
        if known.many:
            return _LEAST.join(["", *value, ""]) if value else ""
        if known.kind is Kind.NUMBER:
            return self.language.put.number(value)
        if known.kind is Kind.FLAG:
            return self.language.put.flag(value)
        return _ENCODE[known.kind](value)


_ENCODE: Mapping[Kind, Callable[[Any], str]] = {
    Kind.CODE: str,
    Kind.INSTANT: put_at,
    Kind.DATE: put_day,
}


def form_of(where: Where, shape: Shape[Any], parameters: Parameters) -> Where:
    """Check a condition and take its values out; places stand for them."""
    return _form(shape.schema.checked(where), shape, parameters)


def _form(where: Where, shape: Shape[Any], parameters: Parameters) -> Where:
    if isinstance(where, Cond):
        return _form_of_cond(where, shape.schema[where.field], parameters)
    return evolve(where, parts=tuple(_form(part, shape, parameters) for part in where.parts))


def _form_of_cond(cond: Cond, known: Queryable, parameters: Parameters) -> Cond:
    if cond.op in (Op.ABSENT, Op.PRESENT):
        return cond
    if cond.op is Op.HAS:
        return evolve(cond, value=parameters.place(_searched(cond.value)))
    if cond.op is Op.IN:
        several = parameters.language.several
        written = several(parameters.encoded(known, value) for value in cond.value)
        return evolve(cond, value=parameters.place(written))
    return evolve(cond, value=parameters.place(parameters.encoded(known, cond.value)))


def _searched(code: str) -> str:
    return "||" if "|" in code or not code else f"|{code}|"


def condition(form: Where, shape: Shape[Any], language: Language) -> sa.ColumnElement[bool]:
    """Compile a form. There is no negation, so that SQL's unknown is as good as false."""
    if isinstance(form, Cond):
        return _comparison(form, shape, language)
    parts = [condition(part, shape, language) for part in form.parts]
    if isinstance(form, AllOf):
        return sa.and_(sa.true(), *parts)
    return sa.or_(sa.false(), *parts)


def _comparison(cond: Cond, shape: Shape[Any], language: Language) -> sa.ColumnElement[bool]:
    column = shape.column(cond.field)
    if cond.op is Op.IN:
        return language.among(column, cond.value)
    if cond.op is Op.HAS:
        return language.contains(column, sa.bindparam(cond.value, type_=sa.Text()))
    if cond.op in (Op.ABSENT, Op.PRESENT):
        missing = column == "" if shape.schema[cond.field].many else column.is_(None)
        return missing if cond.op is Op.ABSENT else sa.not_(missing)
    return _COMPARE[cond.op](column, sa.bindparam(cond.value, type_=column.type))


_COMPARE: Mapping[Op, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    Op.EQ: lambda have, want: have == want,
    Op.NE: lambda have, want: have.is_distinct_from(want),
    Op.LT: lambda have, want: have < want,
    Op.LE: lambda have, want: have <= want,
    Op.GT: lambda have, want: have > want,
    Op.GE: lambda have, want: have >= want,
}


def comparable(name: str, shape: Shape[Any]) -> sa.ColumnElement[Any]:
    """Give what a field is ordered by."""
    column = shape.column(name)
    return sa.func.replace(column, "|", _LEAST) if shape.schema[name].many else column


@frozen
class PageForm:
    """The form of a page; `after` holds places, None for a missing value."""

    where: Where
    sort: tuple[Sort, ...]
    after: tuple[str | None, ...] | None


def page_query(
    where: Where, sort: Sequence[Sort], page: Page, shape: Shape[Any], language: Language
) -> tuple[Text, Mapping[str, Any]]:
    """Compile a page of one row more than asked, which tells whether another page follows."""
    parameters = Parameters(language)
    keys = (*sort, Sort("id"))
    form = PageForm(form_of(where, shape, parameters), keys, _after(page, keys, shape, parameters))
    return _page_text(form, shape, language), {**parameters.values, "size": page.size + 1}


def _after(
    page: Page, keys: tuple[Sort, ...], shape: Shape[Any], parameters: Parameters
) -> tuple[str | None, ...] | None:
    known = [shape.schema[key.field] for key in keys]
    if page.after is None:
        return None
    if len(page.after) != len(keys):
        raise InvalidInput.at("page.after", "other_order", "it belongs to another order")
    marks = zip(known, page.after, strict=True)
    return tuple(
        None if mark is None else parameters.place(parameters.encoded(one, mark))
        for one, mark in marks
    )


@lru_cache(maxsize=_FORMS)
def _page_text(form: PageForm, shape: Shape[Any], language: Language) -> Text:
    statement = (
        sa.select(shape.table)
        .where(
            shape.table.c.clinic_id == sa.bindparam("clinic"),
            condition(form.where, shape, language),
            *_rows_after(form, shape),
        )
        .order_by(*[_ordered(key, shape) for key in form.sort])
        .limit(sa.bindparam("size", type_=sa.Integer()))
    )
    return language.text(statement)


def _ordered(key: Sort, shape: Shape[Any]) -> sa.ColumnElement[Any]:
    value = comparable(key.field, shape)
    order = value.desc() if key.descending else value.asc()
    return order.nulls_last() if shape.column(key.field).nullable else order


def _rows_after(form: PageForm, shape: Shape[Any]) -> list[sa.ColumnElement[bool]]:
    """Compare with the mark key by key, and once more with the first one, for its index."""
    if form.after is None:
        return []
    marks = [_mark(key, place, shape) for key, place in zip(form.sort, form.after, strict=True)]
    after: sa.ColumnElement[bool] = sa.false()
    for mark in reversed(marks):
        after = sa.or_(mark.beyond, sa.and_(mark.level, after))
    return [marks[0].bound, after]


@frozen
class _Mark:
    """The values of a field that come after the mark, that are level with it, and both."""

    beyond: sa.ColumnElement[bool]
    level: sa.ColumnElement[bool]
    bound: sa.ColumnElement[bool]


def _mark(key: Sort, place: str | None, shape: Shape[Any]) -> _Mark:
    value, column = comparable(key.field, shape), shape.column(key.field)
    if place is None:
        return _Mark(sa.false(), column.is_(None), column.is_(None))
    mark = sa.bindparam(place, type_=column.type)
    beyond = value < mark if key.descending else value > mark
    bound = value <= mark if key.descending else value >= mark
    if not column.nullable:
        return _Mark(beyond, value == mark, bound)
    missing = column.is_(None)
    return _Mark(sa.or_(beyond, missing), value == mark, sa.or_(bound, missing))


def count_query(
    where: Where, shape: Shape[Any], language: Language
) -> tuple[Text, Mapping[str, Any]]:
    """Compile a count."""
    parameters = Parameters(language)
    form = form_of(where, shape, parameters)
    return _count_text(form, shape, language), parameters.values


@lru_cache(maxsize=_FORMS)
def _count_text(form: Where, shape: Shape[Any], language: Language) -> Text:
    return language.text(
        sa.select(sa.func.count())
        .select_from(shape.table)
        .where(shape.table.c.clinic_id == sa.bindparam("clinic"), condition(form, shape, language))
    )
