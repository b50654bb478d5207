"""Conditions and pages, interpreted in Python."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ordering import Key, after, first
from orthocrm.core.query.asked import AllOf, Cond, Found, Op, Page, Sort, Where
from orthocrm.core.query.schema import Schema

T = TypeVar("T")
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
