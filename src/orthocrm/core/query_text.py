"""Conditions and orders as JSON values, for what is kept (saved views) or comes from outside.

A comparison is `{"field": "stage", "op": "eq", "value": "contacted"}`, a join of several
`{"all": […]}` or `{"any": […]}`, an order `[{"field": "created_at", "descending": true}]`.
`in` takes a list; `absent` and `present` take no value. Dates and instants say what they are:
`{"date": "2026-11-02"}`, `{"instant": "2026-11-02T14:00:00+00:00"}`.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import AllOf, AnyOf, Cond, Op, Schema, Sort, Where
from orthocrm.core.time import instant

DEPTH = 16
"""How deep joins may stand within joins."""

MOST = limits.PAGE
"""The most parts of a join, values of a comparison and fields of an order."""

_WITHOUT_VALUE = (Op.ABSENT, Op.PRESENT)
_64_BITS = range(-(2**63), 2**63)


def dumped(where: Where) -> dict[str, Any]:
    """Write a condition as a JSON value, of which `loaded` makes the same condition.

    Raises `InvalidInput` for what `loaded` would refuse.
    """
    written = _dumped(where, "where")
    loaded(written)
    return written


def loaded(value: object, schema: Schema | None = None) -> Where:
    """Read a condition from a JSON value; with a schema, check its fields and values too.

    Raises `InvalidInput` that names the place (`where.all[1].op`) and shows nothing of the value.
    """
    where = _loaded(value, "where", DEPTH)
    return where if schema is None else schema.checked(where)


def dumped_sort(sort: Sequence[Sort]) -> list[dict[str, Any]]:
    """Write an order as a JSON value, of which `loaded_sort` makes the same order."""
    written = [{"field": key.field, "descending": key.descending} for key in sort]
    loaded_sort(written)
    return written


def loaded_sort(value: object, schema: Schema | None = None) -> tuple[Sort, ...]:
    """Read an order from a JSON value; with a schema, check its fields too."""
    keys = _list(value, "sort")
    sort = tuple(_sort(key, f"sort[{place}]") for place, key in enumerate(keys))
    if schema is not None:
        for key in sort:
            schema[key.field]
    return sort


def _dumped(where: Where, path: str) -> dict[str, Any]:
    if isinstance(where, Cond):
        return _dumped_cond(where, path)
    name = "all" if isinstance(where, AllOf) else "any"
    return {name: [_dumped(part, path) for part in where.parts]}


def _dumped_cond(cond: Cond, path: str) -> dict[str, Any]:
    written: dict[str, Any] = {"field": cond.field, "op": cond.op.value}
    if cond.op in _WITHOUT_VALUE:
        return written
    if cond.op is Op.IN and isinstance(cond.value, Iterable):
        return {**written, "value": [_dumped_value(value, path) for value in cond.value]}
    return {**written, "value": _dumped_value(cond.value, path)}


def _dumped_value(value: object, path: str) -> object:
    if isinstance(value, datetime):
        return {"instant": instant(value, f"{path}.value").isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, str):
        return str(value)
    return value


def _loaded(value: object, path: str, depth: int) -> Where:
    given = _object(value, path)
    if depth == 0:
        raise InvalidInput.at(path, "too_deep", f"give at most {DEPTH} levels of conditions")
    for name, join in (("all", AllOf), ("any", AnyOf)):
        if name in given:
            _only(given, (name,), path)
            parts = _list(given[name], f"{path}.{name}")
            places = [f"{path}.{name}[{place}]" for place in range(len(parts))]
            return join(
                tuple(_loaded(part, at, depth - 1) for part, at in zip(parts, places, strict=True))
            )
    return _cond(given, path)


def _cond(given: Mapping[str, object], path: str) -> Cond:
    op = _op(given.get("op"), f"{path}.op")
    name = _text(given.get("field"), f"{path}.field")
    if op in _WITHOUT_VALUE:
        _only(given, ("field", "op"), path)
        return Cond(name, op)
    _only(given, ("field", "op", "value"), path)
    at = f"{path}.value"
    if "value" not in given:
        raise InvalidInput.at(at, "required", "this is needed")
    value = given["value"]
    if op is Op.IN:
        return Cond(name, op, tuple(_value(one, at) for one in _list(value, at)))
    return Cond(name, op, _value(value, at))


def _op(value: object, path: str) -> Op:
    try:
        return Op(value)  # type: ignore[arg-type]  # what is no operator is refused below
    except ValueError:
        raise InvalidInput.at(path, "unknown_operator", "give one of the known ones") from None


def _value(value: object, path: str) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _whole(value, path)
    if isinstance(value, float) and value.is_integer():  # to JSON, 3.0 and 3 are one number
        return _whole(int(value), path)
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, Mapping) and len(value) == 1:
        [(name, text)] = value.items()
        if name in _MOMENTS:
            return _moment(text, name, path)
    raise InvalidInput.at(path, "wrong_type", "give a text, a number, a flag, a date or an instant")


def _whole(value: int, path: str) -> int:
    if value not in _64_BITS:
        raise InvalidInput.at(path, "out_of_range", "give a number of at most 64 bits")
    return value


def _day(text: str, path: str) -> date:
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise InvalidInput.at(path, "not_a_date", "give a date such as 2026-11-02")
    return day


def _instant(text: str, path: str) -> datetime:
    moment = datetime.fromisoformat(text)
    try:
        return instant(moment, path)
    except InvalidInput as refused:
        if moment.tzinfo is None:
            raise
        raise InvalidInput.at(path, "bad_instant", refused.problems[0].message) from None


_MOMENTS: Mapping[str, Callable[[str, str], date]] = {"date": _day, "instant": _instant}


def _moment(text: object, name: str, path: str) -> date:
    try:
        return _MOMENTS[name](_text(text, path), path)
    except InvalidInput:
        raise
    except (ValueError, OverflowError):
        raise InvalidInput.at(path, f"bad_{name}", f"give an ISO 8601 {name}") from None


def _sort(value: object, path: str) -> Sort:
    given = _object(value, path)
    _only(given, ("field", "descending"), path)
    descending = given.get("descending", False)
    if not isinstance(descending, bool):
        raise InvalidInput.at(f"{path}.descending", "wrong_type", "give true or false")
    return Sort(_text(given.get("field"), f"{path}.field"), descending)


def _object(value: object, path: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidInput.at(path, "wrong_type", "give an object")
    return value


def _only(given: Mapping[str, object], known: Sequence[str], path: str) -> None:
    if not given.keys() <= set(known):
        raise InvalidInput.at(path, "unknown_field", f"give only {', '.join(known)}")


def _list(value: object, path: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise InvalidInput.at(path, "not_a_list", "give a list")
    if len(value) > MOST:
        raise InvalidInput.at(path, "too_long", f"give at most {MOST} parts")
    return value


def _text(value: object, path: str) -> str:
    """Take a text that every database can hold."""
    if not isinstance(value, str):
        raise InvalidInput.at(path, "wrong_type", "give a text")
    if len(value) > limits.REFERENCE:
        raise InvalidInput.at(path, "too_long", f"give at most {limits.REFERENCE} characters")
    if not value.isprintable() and {"Cc", "Cs"} & set(map(unicodedata.category, value)):
        raise InvalidInput.at(path, "bad_character", "remove the control characters")
    return value
