"""One query language: conditions, sorting, pages and aggregates as values.

The same values serve list filters, saved views, permission scope and reports. Here they are
interpreted in Python; a backend may compile them to its own language, and must then agree:

- a missing value satisfies only `absent` and `ne`;
- text compares by code point, instants by time, missing values sort last in both directions;
- every order is total: the id breaks ties, ascending.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import Any, Generic, TypeVar

import attrs
from attrs import frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ordering import Key, after, first
from orthocrm.core.time import instant
from orthocrm.core.wording import with_article

T = TypeVar("T")

_HALF = re.compile(r"[\ud800-\udfff]")


class Op(StrEnum):
    """How a field is compared; `has` looks into a field that holds several values."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    IN = "in"
    HAS = "has"
    ABSENT = "absent"
    PRESENT = "present"


_OPS = {op.value: op for op in Op}


def _op(raw: object) -> Op:
    if isinstance(raw, str) and raw in _OPS:
        return _OPS[raw]
    raise InvalidInput.at("op", "unknown_op", f"give one of {', '.join(_OPS)}")


@frozen
class Cond:
    """One comparison: `Cond("stage", "eq", "contacted")`.

    Raises:
        InvalidInput: at `op`, there is no such comparison.
    """

    field: str
    op: Op = attrs.field(converter=_op)
    value: Any = None


@frozen
class AllOf:
    """Every part holds; true when there is none."""

    parts: tuple["Where", ...]


@frozen
class AnyOf:
    """At least one part holds; false when there is none."""

    parts: tuple["Where", ...]


Where = Cond | AllOf | AnyOf
EVERYTHING = AllOf(())


def both(*parts: Where | None) -> Where:
    """Join conditions, leaving out those that are None."""
    present = tuple(part for part in parts if part is not None and part != EVERYTHING)
    return present[0] if len(present) == 1 else AllOf(present)


@frozen
class Sort:
    """Order by a field."""

    field: str
    descending: bool = False


@frozen
class Page:
    """At most `size` rows, after the row whose sort values and id are `after`."""

    size: int = 50
    after: tuple[Any, ...] | None = None

    def __attrs_post_init__(self) -> None:
        if isinstance(self.size, bool) or not isinstance(self.size, int):
            raise InvalidInput.at("page.size", "not_a_number", "give a whole number")
        if not 1 <= self.size <= limits.PAGE:
            raise InvalidInput.at("page.size", "out_of_range", f"give 1 to {limits.PAGE}")


@frozen
class Found(Generic[T]):
    """One page of nouns, and where the next one starts (None: there is no more)."""

    items: tuple[T, ...]
    after: tuple[Any, ...] | None = None


class Calculation(StrEnum):
    """What a measure computes over the rows of a group."""

    COUNT = "count"
    DISTINCT = "distinct"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    QUANTILE = "quantile"


@frozen
class Measure:
    """One number per group. Rows outside `where`, and missing values of `field`, are left out.

    A quantile, of numbers or instants, interpolates linearly between the two closest ranks (numpy's
    default). DISTINCT counts how many different values there are.
    """

    name: str
    calculation: Calculation = Calculation.COUNT
    field: str | None = None
    where: Where | None = None
    q: float = 0.5


@frozen
class Bucket:
    """The index i with `edges[i] <= value < edges[i + 1]`; None outside of all of them."""

    field: str
    edges: tuple[Any, ...]


@frozen
class Classes:
    """The name of the class among whose codes the field's code is; None outside of all of them.

    Each class is its name with its codes; of two that hold the same code the first one counts.
    """

    field: str
    classes: tuple[tuple[str, tuple[str, ...]], ...]


Grouping = str | Bucket | Classes


@frozen
class Aggregate:
    """Measures over the rows of one kind that satisfy `where`, by fields, buckets and classes.

    A field that holds several values counts a row once for each of them. Over `lead_visits`,
    `lead_tasks`, `lead_activities`, `lead_appointments` and `lead_touches` the fields of the lead
    stand beside those of the row, as `lead.source`; rows without a lead are left out.

    `also` groups the same rows in further ways, in one pass: `Group.cut` tells of which way a
    group is, 0 of `by`. An empty way is all rows as one group.

    With `each`, the rows that are alike in those fields are first made one row of every group,
    whose numbers are their sums; measures and their conditions then name numbers only.
    """

    of: str
    measures: tuple[Measure, ...]
    by: tuple[Grouping, ...] = ()
    where: Where = EVERYTHING
    also: tuple[tuple[Grouping, ...], ...] = ()
    each: tuple[str, ...] = ()

    @property
    def ways(self) -> tuple[tuple[Grouping, ...], ...]:
        """Every way in which the rows are grouped."""
        return self.by, *self.also


@frozen
class Group:
    """One row of an aggregate: the key in the order of its way, the values by measure."""

    key: tuple[Any, ...]
    values: Mapping[str, Any]
    cut: int = 0


class Kind(StrEnum):
    """What a queryable field holds."""

    CODE = "code"
    INSTANT = "instant"
    DATE = "date"
    NUMBER = "number"
    FLAG = "flag"


_PYTHON: Mapping[Kind, type] = {
    Kind.CODE: str,
    Kind.INSTANT: datetime,
    Kind.DATE: date,
    Kind.NUMBER: int,
    Kind.FLAG: bool,
}


@frozen
class Queryable:
    """A field that conditions may name: how to read it from the noun, and what it holds."""

    name: str
    kind: Kind
    read: Callable[[Any], Any] = attrs.field(eq=False)
    many: bool = False


class Schema:
    """The queryable fields of one kind of noun. Personal fields are never among them.

    `own` gives the fields that are not known beforehand, by name: those of a clinic.
    """

    def __init__(
        self,
        of: str,
        own: Callable[[str], Queryable | None] | None = None,
        /,
        **fields: tuple[Kind, str] | tuple[Kind, str, bool],
    ) -> None:
        self.of = of
        self._own = own
        self.fields = {
            name: Queryable(name, kind, _reader(path), *many)
            for name, (kind, path, *many) in {"id": (Kind.CODE, "id"), **fields}.items()
        }

    def __getitem__(self, name: str) -> Queryable:
        known = self._known(name) if isinstance(name, str) else None
        if known is None:
            raise InvalidInput.at("field", "unknown_field", f"{self.of} have no such field")
        return known

    def _known(self, name: str) -> Queryable | None:
        known = self.fields.get(name)
        return self._own(name) if known is None and self._own is not None else known

    def checked(self, where: Where) -> Where:
        """Check every comparison against its field, and normalise the values."""
        if isinstance(where, Cond):
            return self._checked(where)
        return type(where)(tuple(self.checked(part) for part in where.parts))

    def _checked(self, cond: Cond) -> Cond:
        known = self[cond.field]
        if cond.op in (Op.ABSENT, Op.PRESENT):
            return Cond(cond.field, cond.op)
        if known.many is not (cond.op is Op.HAS):
            raise InvalidInput.at(cond.field, "bad_operator", f"{cond.op} does not fit this field")
        if cond.op is Op.IN:
            return Cond(cond.field, cond.op, tuple(_value(known, v) for v in _several(cond)))
        return Cond(cond.field, cond.op, _value(known, cond.value))


def _several(cond: Cond) -> Iterable[Any]:
    if isinstance(cond.value, str) or not isinstance(cond.value, Iterable):
        raise InvalidInput.at(cond.field, "not_a_list", "give several values")
    return cond.value


def _value(known: Queryable, value: Any) -> Any:  # noqa: ANN401 - a value of the field's kind
    wanted = _PYTHON[known.kind]
    if wanted is datetime:
        return instant(value, known.name)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise InvalidInput.at(known.name, "wrong_type", f"give {with_article(known.kind)}")
    if wanted is str:
        return _storable(known, str(value))
    if wanted is date and isinstance(value, datetime):
        raise InvalidInput.at(known.name, "wrong_type", "give a date without a time")
    return value


def _storable(known: Queryable, code: str) -> str:
    """Refuse what no text column can hold: NUL, and halves of characters."""
    if "\0" in code or (not code.isascii() and _HALF.search(code)):
        raise InvalidInput.at(known.name, "bad_character", "remove the control characters")
    return code


def _reader(path: str) -> Callable[[Any], Any]:
    """Read a dotted path, giving None as soon as a part of it is missing."""
    whole, steps = attrgetter(path), [attrgetter(step) for step in path.split(".")]
    if len(steps) == 1:
        return whole

    def read(noun: Any) -> Any:  # noqa: ANN401 - any noun, any value
        try:
            return whole(noun)
        except AttributeError:
            return by_step(noun)

    def by_step(noun: Any) -> Any:  # noqa: ANN401 - any noun, any value
        for step in steps:
            if noun is None:
                return None
            noun = step(noun)
        return noun

    return read


_COMPARE: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: lambda have, want: have is not None and bool(have == want),
    Op.NE: lambda have, want: have is None or bool(have != want),
    Op.LT: lambda have, want: have is not None and bool(have < want),
    Op.LE: lambda have, want: have is not None and bool(have <= want),
    Op.GT: lambda have, want: have is not None and bool(have > want),
    Op.GE: lambda have, want: have is not None and bool(have >= want),
    Op.IN: lambda have, want: have is not None and have in want,
    Op.HAS: lambda have, want: have is not None and want in have,
    Op.ABSENT: lambda have, _: have is None or have == (),
    Op.PRESENT: lambda have, _: have is not None and have != (),
}


def predicate(where: Where, schema: Schema) -> Callable[[Any], bool]:
    """Turn a condition into a function of a noun."""
    if isinstance(where, Cond):
        cond = schema.checked(where)
        assert isinstance(cond, Cond)  # noqa: S101 - for the type checker: a Cond stays one
        read, compare, want = schema[cond.field].read, _COMPARE[cond.op], cond.value
        return lambda noun: compare(read(noun), want)
    return _joined([predicate(part, schema) for part in where.parts], isinstance(where, AllOf))


def _joined(parts: Sequence[Callable[[Any], bool]], every: bool) -> Callable[[Any], bool]:  # noqa: FBT001 - tells the two apart
    def joined(noun: Any) -> bool:  # noqa: ANN401 - any noun
        for part in parts:
            if part(noun) is not every:
                return not every
        return every

    return joined


def page_of(nouns: Iterable[T], sort: Sequence[Sort], page: Page, schema: Schema) -> Found[T]:
    """Cut one keyset page out of nouns in total order."""
    keys = [Key(schema[one.field].read, one.descending) for one in (*sort, Sort("id"))]
    rows = list(nouns)
    if page.after is not None:
        if len(page.after) != len(keys):
            raise InvalidInput.at("page.after", "other_order", "it belongs to another order")
        rows = after(rows, page.after, keys)
    rows = first(rows, page.size + 1, keys)
    items = tuple(rows[: page.size])
    if len(rows) <= page.size:
        return Found(items)
    return Found(items, tuple(key.read(items[-1]) for key in keys))


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


def quantile(ordered: Sequence[Any], q: float) -> Any:  # noqa: ANN401 - a float, or an instant
    """Interpolate a quantile of ordered numbers or instants; None of an empty sequence."""
    if not ordered:
        return None
    low, high, weight = ranks(len(ordered), q)
    return interpolate(ordered[low], ordered[high], weight)


def ranks(count: int, q: float) -> tuple[int, int, float]:
    """Give the two closest ranks (from 0) of a quantile, and the weight of the higher one."""
    place = (count - 1) * q
    low = int(place)
    return low, min(low + 1, count - 1), place - low


def interpolate(low: Any, high: Any, weight: float) -> Any:  # noqa: ANN401 - a float, or an instant
    """Join two order statistics; every engine calls this, so that all agree to the last bit."""
    return low + (high - low) * weight
