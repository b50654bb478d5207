"""How the values of this package read their fields: one form inside, a named refusal otherwise.

Converters bring a field to its one form and let through what they do not know; validators then
refuse it by the name of the field, and never show the value.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from attrs import Attribute

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.time import instant
from orthocrm.core.time import zone as zone_named

E = TypeVar("E", bound=StrEnum)
V = TypeVar("V")

Field = Attribute  # what a validator is told about the field
Check = Callable[[Any, "Field[Any]", Any], None]

MINUTE = timedelta(minutes=1)
HOUR_MINUTES = 60
DAY_MINUTES = 24 * HOUR_MINUTES
LONGEST = timedelta(days=7)
"""How long an appointment, a step, an offset or a buffer may be."""
YEAR = timedelta(days=366)

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_MANY_MINUTES = 10**7


def length(raw: timedelta | int) -> timedelta:
    """Take a `timedelta` as it is and a whole number as minutes."""
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < _MANY_MINUTES:
        return timedelta(minutes=raw)
    return cast("timedelta", raw)


def optional_length(raw: timedelta | int | None) -> timedelta | None:
    """Let None through."""
    return None if raw is None else length(raw)


def between(least: int, longest: timedelta = LONGEST) -> Check:
    """Refuse a length that is no whole number of minutes, or not within bounds."""

    def check(_: object, field: "Field[Any]", value: object) -> None:
        if not isinstance(value, timedelta):
            message = "give a timedelta or a whole number of minutes"
            raise InvalidInput.at(field.name, "wrong_type", message)
        if not least * MINUTE <= value <= longest:
            message = f"give {least} to {longest // MINUTE} minutes"
            raise InvalidInput.at(field.name, "out_of_range", message)
        if value % MINUTE:
            raise InvalidInput.at(field.name, "not_whole_minutes", "give whole minutes")

    return check


def within(least: int, most: int) -> Check:
    """Refuse what is no whole number within bounds."""

    def check(_: object, field: "Field[Any]", value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidInput.at(field.name, "wrong_type", "give a whole number")
        if not least <= value <= most:
            raise InvalidInput.at(field.name, "out_of_range", f"give {least} to {most}")

    return check


def wall(raw: time | str | int) -> int:
    """Turn a naive `time`, or a text such as `09:30` or `24:00`, into minutes since midnight.

    Seconds may stand in a text as they do in `time.isoformat()`, as long as there are none.
    """
    if isinstance(raw, time):
        whole = raw.tzinfo is None and not raw.second and not raw.microsecond
        return raw.hour * HOUR_MINUTES + raw.minute if whole else cast("int", raw)
    if not isinstance(raw, str):
        return raw
    hours, _, minutes = raw.removesuffix(":00" if raw.count(":") > 1 else "").partition(":")
    digits = hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()
    if not digits or len(hours) > len("24") or len(minutes) != len("00"):
        return cast("int", raw)
    whole = int(minutes) < HOUR_MINUTES
    return int(hours) * HOUR_MINUTES + int(minutes) if whole else cast("int", raw)


def wall_until(latest: int) -> Check:
    """Refuse what is no wall time of whole minutes up to `latest`."""

    def check(_: object, field: "Field[Any]", value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            message = "give a naive time of whole minutes, or a text such as 09:30"
            raise InvalidInput.at(field.name, "not_a_wall_time", message)
        if not 0 <= value <= latest:
            raise InvalidInput.at(field.name, "not_a_wall_time", "give a wall time of the day")

    return check


def dated(_: object, field: "Field[Any]", value: object) -> None:
    """Refuse what is no local date; an instant is none either."""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise InvalidInput.at(field.name, "not_a_date", "give a date")


def utc(raw: datetime) -> datetime:
    """Bring an aware instant to UTC."""
    if not isinstance(raw, datetime) or raw.tzinfo is UTC or raw.utcoffset() is None:
        return raw
    try:
        return raw.astimezone(UTC)
    except OverflowError:
        return raw


def optional_utc(raw: datetime | None) -> datetime | None:
    """Let None through."""
    return None if raw is None else utc(raw)


def aware(_: object, field: "Field[Any]", value: object) -> None:
    """Refuse what is no aware instant between 1900 and 2200."""
    if not isinstance(value, datetime) or value.tzinfo is not UTC:
        try:
            instant(value, field.name)
        except OverflowError:
            value = LATEST + MINUTE
    if not EARLIEST <= cast("datetime", value) <= LATEST:
        message = "give an instant between 1900 and 2200"
        raise InvalidInput.at(field.name, "out_of_range", message)


def not_before(value: Any, start: str, end: str) -> None:  # noqa: ANN401 - any of our values
    """Refuse an end that comes before its start."""
    first, last = getattr(value, start), getattr(value, end)
    if first is not None and last is not None and last < first:
        message = f"{end} must not come before {start}"
        raise InvalidInput.at(end, "end_before_start", message)


def known(kind: type[E]) -> Check:
    """Refuse what is no member of the enumeration."""

    def check(_: object, field: "Field[Any]", value: object) -> None:
        if not isinstance(value, kind):
            raise InvalidInput.at(field.name, "unknown_value", "give one of the known values")

    return check


def member(kind: type[E], raw: E | str) -> E:
    """Find the member of an enumeration by its value, in any case."""
    if not isinstance(raw, str) or isinstance(raw, kind):
        return raw
    found = kind._value2member_map_.get(raw.lower() if len(raw) < limits.LABEL else "", raw)
    return cast("E", found)


def zone_name(raw: ZoneInfo | str) -> str:
    """Take a zone by its name."""
    return raw.key if isinstance(raw, ZoneInfo) else raw


def optional_zone_name(raw: ZoneInfo | str | None) -> str | None:
    """Let None through."""
    return None if raw is None else zone_name(raw)


def zoned(_: object, field: "Field[Any]", value: object) -> None:
    """Refuse what is no name of an IANA zone."""
    if not isinstance(value, str) or len(value) > limits.LABEL:
        raise InvalidInput.at(field.name, "unknown_zone", "give an IANA time zone")
    zone_named(value, field.name)


def named(_: object, field: "Field[Any]", value: object) -> None:
    """Refuse what is no identity."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput.at(field.name, "required", "give a text")
    if len(value) > limits.REFERENCE:
        message = f"give at most {limits.REFERENCE} characters"
        raise InvalidInput.at(field.name, "too_long", message)


def flagged(_: object, field: "Field[Any]", value: object) -> None:
    """Refuse what is no truth value."""
    if not isinstance(value, bool):
        raise InvalidInput.at(field.name, "wrong_type", "give true or false")


def several(raw: Iterable[V]) -> tuple[V, ...]:
    """Keep a sequence as a tuple; a text is none."""
    if isinstance(raw, str) or not isinstance(raw, Iterable):
        return cast("tuple[V, ...]", raw)
    return tuple(raw)


def each(kind: type) -> Check:
    """Refuse what is no sequence of one kind of value."""

    def check(_: object, field: "Field[Any]", value: object) -> None:
        if not isinstance(value, tuple) or not all(isinstance(one, kind) for one in value):
            message = f"give a sequence of {kind.__name__}"
            raise InvalidInput.at(field.name, "wrong_type", message)

    return check


def distinct(path: str, ids: Iterable[str]) -> None:
    """Refuse identities that occur twice."""
    found = list(ids)
    if len(set(found)) != len(found):
        raise InvalidInput.at(path, "duplicate", "give every id once")
