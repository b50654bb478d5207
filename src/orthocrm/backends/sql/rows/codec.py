"""How single values become column values and back; everything else in `rows` is per noun."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from types import NoneType
from typing import Any, TypeVar

from attrs import frozen

from orthocrm.backends.sql.types import instant_text

E = TypeVar("E", bound=StrEnum)
Row = tuple[Any, ...]
Personal = dict[str, Any]


@frozen
class Put:
    """Writes numbers and flags as an engine's driver takes them fastest."""

    number: Callable[[int], Any]
    flag: Callable[[bool], Any]


@frozen
class Take:
    """Reads instants and dates from what an engine's driver gives."""

    at: Callable[[Any], datetime]
    day: Callable[[Any], date]


NEUTRAL_PUT = Put(int, int)
"""Writes a row of JSON values, whatever the engine (SQLite's own form)."""

NEUTRAL_TAKE = Take(datetime.fromisoformat, date.fromisoformat)
"""Reads what `NEUTRAL_PUT` wrote."""


def native_instant(at: datetime) -> datetime:
    """Take an instant of a driver that knows instants, in whatever zone its session speaks."""
    return at if at.tzinfo is UTC else at.astimezone(UTC)


NATIVE_PUT = Put(str, bool)
"""Writes numbers as untyped text, so that a statement has one prepared form for all rows."""

NATIVE_TAKE = Take(native_instant, lambda day: day)
"""Reads what a driver has already turned into instants and dates."""

put_at = instant_text


def put_day(day: date) -> str:
    """Write a date."""
    return day.isoformat()


put_json: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":"), default=dict).encode
"""Write JSON in ASCII; mappings of every kind become objects."""


def take_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Read JSON, which some drivers have parsed already."""
    return json.loads(value) if isinstance(value, str) else value


def put_objects(values: Sequence[Any]) -> str:
    """Write a sequence as JSON; most are empty."""
    return put_json(values) if values else "[]"


def put_codes(codes: Sequence[str]) -> str:
    """Write several codes as `|A|B|`, so that every engine can look into them."""
    return f"|{'|'.join(codes)}|" if codes else ""


def put_array(values: Iterable[Any]) -> str:
    """Write an array as text: as with single values, the statement tells of what type it is.

    Most columns of many rows are plain texts, or nothing at all: these are joined as they are.
    """
    column = list(values)
    kinds = set(map(type, column))
    if kinds == {str}:
        joined = '","'.join(column)
        if "\\" not in joined and joined.count('"') == 2 * (len(column) - 1):
            return f'{{"{joined}"}}'
    elif kinds == {NoneType}:
        return f"{{{','.join(['NULL'] * len(column))}}}"
    return f"{{{','.join([_element(value) for value in column])}}}"


def _element(value: Any) -> str:  # noqa: ANN401 - what a driver takes
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    return str(value)


def taking_codes(members: type[E]) -> Callable[[str], tuple[E, ...]]:
    """Make the reader of several codes; the same text gives the same tuple."""

    @lru_cache(maxsize=256)
    def take(text: str) -> tuple[E, ...]:
        return tuple(members(code) for code in text.split("|")[1:-1])

    return take


def by_value(members: type[E]) -> Mapping[str, E]:
    """List an enum's members by value: a look-up is many times faster than a call."""
    return {member.value: member for member in members}
