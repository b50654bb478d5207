"""One cell of a table into one value: text, number, truth value, date, instant or code."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import NewType, Self, Union, get_args, get_origin

from attrs import frozen

from orthocrm.core.time import zone

Read = Callable[[str], object]
"""Reads a trimmed cell that is not blank; None means that nothing was said after all."""

_TRUE = frozenset({"true", "yes", "y", "1", "t", "x"})
_FALSE = frozenset({"false", "no", "n", "0", "f"})
_LONGEST_DATE = 100
_MOST_DIGITS = 18
_DAY, _TIME, _OFFSET = (
    "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "[0-9]{2}:[0-9]{2}:[0-9]{2}",
    "(?:Z|[+-][0-9]{2}:?[0-5][0-9])",
)
_IN_FULL = {
    "%Y-%m-%d": re.compile(_DAY),
    "%Y-%m-%d %H:%M:%S": re.compile(f"{_DAY} {_TIME}"),
    "%Y-%m-%dT%H:%M:%S": re.compile(f"{_DAY}T{_TIME}"),
    "%Y-%m-%dT%H:%M:%S%z": re.compile(f"{_DAY}T{_TIME}{_OFFSET}"),
}
_SAMPLE = datetime(2001, 12, 23, 16, 54, 32, tzinfo=UTC)


class Refusal(Exception):
    """A cell does not hold what its field needs."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class Moment(str):
    """A date or an instant that a spreadsheet knows as such; its text is that of ISO 8601."""

    __slots__ = ("told",)

    told: datetime

    def __new__(cls, told: date) -> Self:
        """Keep the date beside its text; a time of day at midnight is not written."""
        at = told if isinstance(told, datetime) else datetime(told.year, told.month, told.day)  # noqa: DTZ001 - its zone stands in the mapping
        has_time = at.time() != datetime.min.time()
        moment = super().__new__(cls, at.isoformat(" ") if has_time else at.date().isoformat())
        moment.told = at
        return moment

    def strip(self, chars: str | None = None, /) -> Self:  # noqa: ARG002 - as that of a text
        """Give the cell as it is."""
        return self


class Unreadable(str):
    """A cell that has no value to be read: whoever asks for it gets its refusal."""

    __slots__ = ("refusal",)

    refusal: Refusal

    def __new__(cls, refusal: Refusal) -> Self:
        """Stand for the cell; the text only says that there is something."""
        cell = super().__new__(cls, "?")
        cell.refusal = refusal
        return cell

    def strip(self, chars: str | None = None, /) -> Self:  # noqa: ARG002 - as that of a text
        """Give the cell as it is."""
        return self


@frozen
class Kind:
    """What a field holds: one of the types that a cell can be read as, or several of it."""

    type: type
    many: bool = False

    @property
    def is_timed(self) -> bool:
        """Whether the field holds a date or an instant."""
        return issubclass(self.type, date)

    @property
    def is_instant(self) -> bool:
        """Whether the field holds an instant."""
        return issubclass(self.type, datetime)


@frozen(kw_only=True)
class Options:
    """How the cells of one column are to be read."""

    format: str = ""
    timezone: str | None = None
    values: Mapping[str, object] | None = None
    keep_others: bool = False
    separator: str = ";"
    prefix: str = ""
    part: str | None = None


def kind_of(annotation: object) -> Kind:
    """Tell from the annotation of an attribute what it holds; optional ones as if they were not."""
    if isinstance(annotation, NewType):
        return kind_of(annotation.__supertype__)
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return kind_of(next(part for part in get_args(annotation) if part is not NoneType))
    if origin in (Sequence, tuple):
        return Kind(kind_of(get_args(annotation)[0]).type, many=True)
    if not isinstance(annotation, type):
        raise TypeError("no cell can be read as this type")
    return Kind(annotation)


def reader(kind: Kind, options: Options) -> Read:
    """Build the function that reads the cells of one column."""
    read = _listed(_converter(kind, options), options)
    if kind.many:
        read = _each(read, options.separator)
    if options.part is not None:
        read = _part(read, first=options.part == "first")
    if options.prefix:
        read = _without(read, options.prefix)
    return read


def constant(kind: Kind, given: object) -> object:
    """Take a value that a mapping file states itself, as the field holds it."""
    if kind.many:
        if not isinstance(given, list):
            raise Refusal("wrong_type", "give a list")
        return tuple(constant(Kind(kind.type), item) for item in given)
    if issubclass(kind.type, StrEnum) and isinstance(given, str):
        return _choice(kind.type)(given)
    if type(given) is not kind.type or given == "":
        raise Refusal("wrong_type", f"give {_NOUNS.get(kind.type, 'a text')}")
    return _moment(given) if isinstance(given, datetime) else given


def folded(text: str) -> str:
    """Give the form in which words are compared: trimmed, whatever the case."""
    return text.strip().casefold()


def is_format(text: str) -> bool:
    """Whether a date format tells one day, and the hour of the day if it speaks of hours."""
    try:
        told = datetime.strptime(_SAMPLE.strftime(text), text)  # noqa: DTZ007 - only its date counts
    except ValueError:
        return False
    return told.date() == _SAMPLE.date() and ("%I" not in text or "%p" in text)


def tells_zone(text: str) -> bool:
    """Whether the cells of a date format tell their own offset."""
    return "%z" in text


def _converter(kind: Kind, options: Options) -> Read:
    if issubclass(kind.type, StrEnum):
        return _choice(kind.type)
    if kind.type is datetime:
        return _instant(options.format, options.timezone)
    if kind.type is date:
        return _day(options.format)
    return _PLAIN[kind.type]


def _text(cell: str) -> str:
    return cell


def _flag(cell: str) -> bool:
    word = cell.casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Refusal("not_a_truth_value", "the cell must say yes or no")


def _whole(cell: str) -> int:
    digits = cell.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise Refusal("not_a_number", "the cell must hold a whole number")
    return int(cell)


_PLAIN: Mapping[type, Read] = {str: _text, bool: _flag, int: _whole}
_NOUNS: Mapping[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    date: "a date",
    datetime: "an instant with its offset",
}


def _choice(choices: type[StrEnum]) -> Callable[[str], object]:
    known = {_code(choice.name): choice for choice in choices}
    advice = f"this must be one of {', '.join(choices.__members__)}"

    def read(cell: str) -> object:
        found = known.get(cell) or known.get(_code(cell))
        if found is None:
            raise Refusal("unknown_value", advice)
        return found

    return read


def _code(word: str) -> str:
    return folded(word).replace(" ", "_").replace("-", "_")


def _day(form: str) -> Callable[[str], date]:
    tell = _teller(form)
    return lambda cell: tell(cell).date()


def _instant(form: str, timezone: str | None) -> Callable[[str], datetime]:
    local = UTC if timezone in (None, "UTC") else zone(str(timezone))
    tell = _teller(form)

    def read(cell: str) -> datetime:
        told = tell(cell)
        if timezone is None and isinstance(cell, Moment):
            raise Refusal("not_a_date", "the cell holds a date without an offset; give its zone")
        if told.tzinfo is None:
            told = told.replace(tzinfo=local)
        try:
            return told if told.tzinfo is UTC else told.astimezone(UTC)
        except OverflowError:
            raise _no_date(form) from None

    return read


def _teller(form: str) -> Callable[[str], datetime]:
    """Read dates by their format; the usual ones written in full need no `strptime`."""
    in_full = _IN_FULL.get(form)

    def tell(cell: str) -> datetime:
        if isinstance(cell, Moment):
            return cell.told
        try:
            if in_full is not None and in_full.fullmatch(cell):
                return datetime.fromisoformat(cell)
            if len(cell) <= _LONGEST_DATE:
                return datetime.strptime(cell, form)  # noqa: DTZ007 - its zone stands beside it
        except ValueError:
            raise _no_date(form) from None
        raise _no_date(form)

    return tell


def _no_date(form: str) -> Refusal:
    return Refusal("not_a_date", f"the cell must hold a date written as {form}")


def _moment(given: datetime) -> datetime:
    if given.tzinfo is None:
        raise Refusal("naive_datetime", f"give {_NOUNS[datetime]}")
    return given.astimezone(UTC)


def _listed(read: Read, options: Options) -> Read:
    """Look the cell up among the values of the mapping first."""
    listed = options.values
    if listed is None:
        return read

    def look_up(cell: str) -> object:
        word = folded(cell)
        if word in listed:
            return listed[word]
        if options.keep_others:
            return read(cell)
        raise Refusal("unlisted_value", "the cell holds none of the values of the mapping")

    return look_up


def _each(read: Read, separator: str) -> Read:
    def read_each(cell: str) -> object:
        items = (read(item.strip()) for item in cell.split(separator) if item.strip())
        return tuple(item for item in items if item is not None) or None

    return read_each


def _part(read: Read, *, first: bool) -> Read:
    """Read the last word of a name, or what stands before it; one word is a first name."""

    def read_part(cell: str) -> object:
        before, _, last = cell.rpartition(" ")
        wanted = (before or last) if first else (before and last)
        return read(wanted.strip()) if wanted else None

    return read_part


def _without(read: Read, prefix: str) -> Read:
    def read_rest(cell: str) -> object:
        rest = cell.removeprefix(prefix).strip()
        return read(rest) if rest else None

    return read_rest
