"""Codecs of single values."""

import base64
import binascii
import math
import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from attrs import frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.money import Money
from orthocrm.core.reading import Reading
from orthocrm.core.time import Period
from orthocrm.web.wire.codec import Book, Json, Way, Writer

LONGEST: Final = 10_000
"""The longest text that any field takes; most take less, which the rules check."""

STORABLE: Final = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
"""Texts without control characters, for the document."""

_WHOLE: Final = 2**63
_EXACT: Final = 2.0**53
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_INSTANT_LENGTH: Final = 40
_LONGEST_LENGTH: Final = 10 * 366 * 86_400
_YEAR, _MONTH, _MONTHDAY = "[12][0-9]{3}", "(0[1-9]|1[0-2])", "(0[1-9]|[12][0-9]|3[01])"
_DATES = f"{_YEAR}-{_MONTH}-{_MONTHDAY}"
_HOURS = "([01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = re.compile(f"{_HOURS}(:[0-5][0-9])?", re.ASCII)
_WALL = re.compile(f"{_DATES}T{_HOURS}:[0-5][0-9]", re.ASCII)
_SPAN = re.compile(f"{_YEAR}(-{_MONTH})?|{_DATES}/{_DATES}", re.ASCII)
_ALLOWED_CONTROLS: Final = "\n\r\t"
_AMOUNT: Final = r"-?[0-9]{1,15}(\.[0-9]{1,3})?"


def is_text(value: Json, path: str, reading: Reading, most: int) -> bool:
    """Tell whether a value is a text that can be stored and shown, and note it if it is none."""
    if not isinstance(value, str):
        reading.refuse(path, "wrong_type", "give a text")
    elif len(value) > most:
        reading.refuse(path, "too_long", f"give at most {most} characters")
    elif not value.isprintable() and any(
        unicodedata.category(sign) in ("Cc", "Cs") and sign not in _ALLOWED_CONTROLS
        for sign in value
    ):
        reading.refuse(path, "bad_character", "remove the control characters")
    else:
        return True
    return False


def _whole(value: Json) -> Json:
    """Give a whole number that came with a decimal point without it."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    return value


@frozen
class Text:
    """A text."""

    most: int = LONGEST

    def read(self, value: Json, path: str, reading: Reading) -> str | None:
        """Take a text as it is."""
        return value if is_text(value, path, reading, self.most) else None

    def write(self, value: str) -> Json:
        """Give the text."""
        return str(value)

    def writer(self) -> Writer:
        """Give what writes it."""
        return str

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it; answers may hold longer texts than requests."""
        if way is Way.OUT:
            return {"type": "string"}
        return {"type": "string", "maxLength": self.most, "pattern": STORABLE}


@frozen
class Whole:
    """A whole number of 64 bits; no truth value is one, and 2.0 is the same as 2 (RFC 8259)."""

    def read(self, value: Json, path: str, reading: Reading) -> int | None:
        """Take a whole number."""
        value = _whole(value)
        if type(value) is not int:
            reading.refuse(path, "wrong_type", "give a whole number")
            return None
        if not -_WHOLE <= value < _WHOLE:
            reading.refuse(path, "out_of_range", "give a smaller number")
            return None
        return value

    def write(self, value: int) -> Json:
        """Give the number."""
        return int(value)

    def writer(self) -> Writer:
        """Give what writes it."""
        return int

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it."""
        return {"type": "integer", "minimum": -_WHOLE, "maximum": _WHOLE - 1}


@frozen
class Number:
    """A finite number."""

    def read(self, value: Json, path: str, reading: Reading) -> float | None:
        """Take a number; neither NaN nor an infinity is one."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            reading.refuse(path, "wrong_type", "give a number")
            return None
        if abs(value) >= _WHOLE or not math.isfinite(value):
            reading.refuse(path, "out_of_range", "give a smaller number")
            return None
        return value

    def write(self, value: float | Fraction) -> Json:
        """Give the number, or null for what is none; fractions become decimals."""
        number = float(value) if isinstance(value, Fraction) else value
        return number if math.isfinite(number) else None

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it."""
        if way is Way.OUT:
            return {"type": ["number", "null"]}
        return {"type": "number", "exclusiveMinimum": -_WHOLE, "exclusiveMaximum": _WHOLE}


@frozen
class Flag:
    """A truth value; neither a text nor a number is one."""

    def read(self, value: Json, path: str, reading: Reading) -> bool | None:
        """Take true or false."""
        if isinstance(value, bool):
            return value
        reading.refuse(path, "wrong_type", "give true or false")
        return None

    def write(self, value: bool) -> Json:  # noqa: FBT001 - the value itself
        """Give it."""
        return bool(value)

    def writer(self) -> Writer:
        """Give what writes it."""
        return bool

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it."""
        return {"type": "boolean"}


@frozen
class Instant:
    """An instant, as RFC 3339 writes it: with its offset from UTC."""

    def read(self, value: Json, path: str, reading: Reading) -> datetime | None:
        """Take an instant as UTC; a date, a number, or a time without an offset is none."""
        if not is_text(value, path, reading, _INSTANT_LENGTH):
            return None
        if _INSTANT.fullmatch(value) is None:
            reading.refuse(path, "not_an_instant", "give an instant as 2026-11-02T14:00:00Z")
            return None
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            reading.refuse(path, "not_an_instant", "give an instant that exists")
            return None

    def write(self, value: datetime) -> Json:
        """Give it in UTC."""
        there = value if value.tzinfo is UTC else value.astimezone(UTC)
        return there.isoformat()[: -len("+00:00")] + "Z"

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it."""
        return {"type": "string", "format": "date-time"}


@frozen
class WallTime:
    """A date and a time on the clocks of a place that something else says."""

    def read(self, value: Json, path: str, reading: Reading) -> datetime | None:
        """Take a date and a time without an offset."""
        if isinstance(value, str) and _WALL.fullmatch(value[: len("2026-11-02T14:00:00x")]):
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                pass
        reading.refuse(path, "not_a_wall_time", "give a date and a time as 2026-11-02T14:00:00")
        return None

    def write(self, value: datetime) -> Json:
        """Give it without an offset."""
        return value.isoformat()

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it."""
        return {"type": "string", "pattern": f"^{_WALL.pattern}$"}


@frozen
class Day:
    """A date without a time."""

    def read(self, value: Json, path: str, reading: Reading) -> date | None:
        """Take a date of ISO 8601; an instant is none."""
        if isinstance(value, str) and _DATE.fullmatch(value[: len("2026-11-02x")]):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        reading.refuse(path, "not_a_date", "give a date as 2026-11-02")
        return None

    def write(self, value: date) -> Json:
        """Give it."""
        return value.isoformat()

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it."""
        return {"type": "string", "format": "date"}


@frozen
class Clock:
    """A time of the day, in a zone that something else says."""

    def read(self, value: Json, path: str, reading: Reading) -> time | None:
        """Take hours and minutes, and seconds where there are any."""
        if isinstance(value, str) and _TIME.fullmatch(value[: len("00:00:00x")]):
            try:
                return time.fromisoformat(value)
            except ValueError:
                pass
        reading.refuse(path, "not_a_time", "give a time as 14:30")
        return None

    def write(self, value: time) -> Json:
        """Give hours and minutes, and seconds where there are any."""
        return value.isoformat("seconds" if value.second else "minutes")

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it."""
        return {"type": "string", "pattern": f"^{_TIME.pattern}$"}


@frozen
class Seconds:
    """A length of time in seconds; the name of the field says so."""

    def read(self, value: Json, path: str, reading: Reading) -> timedelta | None:
        """Take whole seconds, up to ten years."""
        value = _whole(value)
        if type(value) is not int:
            reading.refuse(path, "wrong_type", "give whole seconds")
            return None
        if abs(value) > _LONGEST_LENGTH:
            reading.refuse(path, "out_of_range", "give at most ten years")
            return None
        return timedelta(seconds=value)

    def write(self, value: timedelta) -> Json:
        """Give the seconds, with a fraction where there is one."""
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it."""
        if way is Way.OUT:
            return {"type": "number"}
        return {"type": "integer", "minimum": -_LONGEST_LENGTH, "maximum": _LONGEST_LENGTH}


@frozen
class Span:
    """A period of local dates: a year, a month, or its first and last date as ISO 8601 joins them.

    `2026`, `2026-11`, `2026-11-02/2026-11-15`.
    """

    def read(self, value: Json, path: str, reading: Reading) -> Period | None:
        """Take a period."""
        if isinstance(value, str) and _SPAN.fullmatch(value[: len("2026-11-02/2026-11-15x")]):
            try:
                return _period(value)
            except (ValueError, OverflowError):  # no such date, or one that ends before it begins
                pass
        reading.refuse(path, "not_a_period", "give 2026, 2026-11 or 2026-11-02/2026-11-15")
        return None

    def write(self, value: Period) -> Json:
        """Give it as short as it can be said."""
        if value.unit == "year":
            return f"{value.first:%Y}"
        if value.unit == "month":
            return f"{value.first:%Y-%m}"
        return f"{value.first.isoformat()}/{(value.until - timedelta(days=1)).isoformat()}"

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it."""
        return {"type": "string", "pattern": f"^({_SPAN.pattern})$", "examples": ["2026-11"]}


def _period(text: str) -> Period:
    first, slash, last = text.partition("/")
    if slash:
        return Period.days(date.fromisoformat(first), date.fromisoformat(last))
    year, dash, month = text.partition("-")
    return Period.month(int(year), int(month)) if dash else Period.year(int(year))


@frozen
class Choice:
    """One of the values of an enumeration."""

    kind: type[StrEnum]
    name: str

    def read(self, value: Json, path: str, reading: Reading) -> StrEnum | None:
        """Take a value of the enumeration."""
        if not isinstance(value, str):
            reading.refuse(path, "wrong_type", "give one of the known values")
            return None
        return reading.choice(path, value, self.kind)

    def write(self, value: str) -> Json:
        """Give the value."""
        return str(value)

    def writer(self) -> Writer:
        """Give what writes it."""
        return str

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it as a component of its own."""
        values = [member.value for member in self.kind]
        return book.refer(self.name, Way.OUT, lambda: {"type": "string", "enum": values}, self.kind)


@frozen
class Base64:
    """Bytes, as RFC 4648 writes them."""

    most: int = 20 * 1024 * 1024

    def read(self, value: Json, path: str, reading: Reading) -> bytes | None:
        """Take bytes in base64."""
        if not isinstance(value, str) or len(value) > self.most * 4 // 3 + 4:
            reading.refuse(path, "wrong_type", "give bytes in base64")
            return None
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            reading.refuse(path, "not_base64", "give bytes in base64")
            return None

    def write(self, value: bytes) -> Json:
        """Give them in base64."""
        return base64.b64encode(value).decode("ascii")

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it."""
        return {"type": "string", "contentEncoding": "base64"}


@frozen
class Amount:
    """Money: the amount as a decimal text, so that no digit is lost, and its currency."""

    def read(self, value: Json, path: str, reading: Reading) -> Money | None:
        """Take an amount and its currency."""
        if not isinstance(value, dict) or value.keys() != {"amount", "currency"}:
            reading.refuse(path, "wrong_type", "give an amount and a currency")
            return None
        amount, currency = value["amount"], value["currency"]
        if not isinstance(amount, str) or not isinstance(currency, str):
            reading.refuse(path, "wrong_type", "give an amount and a currency as texts")
            return None
        if len(amount) > _INSTANT_LENGTH or re.fullmatch(_AMOUNT, amount, re.ASCII) is None:
            reading.refuse(f"{path}.amount", "not_money", "give an amount such as 3100.50")
            return None
        try:
            return Money.of(amount, currency, f"{path}.amount")
        except InvalidInput as refused:
            reading.adopt(refused)
            return None

    def write(self, value: Money) -> Json:
        """Give both."""
        return {"amount": str(value.amount), "currency": value.currency}

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it as a component of its own."""
        return book.refer("Money", Way.OUT, _money)


def _money() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["amount", "currency"],
        "additionalProperties": False,
        "properties": {
            "amount": {"type": "string", "pattern": f"^{_AMOUNT}$", "examples": ["3100.50"]},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["USD"]},
        },
    }
