"""Plain rows as columns of values: what is missing, what is a number, what is a code.

A row is a mapping from column to value. Numbers, texts, truth values and dates are taken; a text
that stands for "not answered" is missing, and so is NaN. What is not finite is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from math import isfinite, isnan
from numbers import Real

from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.limits import LABEL

Row = Mapping[str, object]
Cell = str | float | None
"""A value as learning sees it: a code in small letters, a number, or None where it is missing."""

NOT_ANSWERED = frozenset({"", "-", "?", "n/a", "na", "nan", "none", "null", "select", "unknown"})
"""Texts that mean that nobody answered, in small letters."""

MOST_COLUMNS = 500
_MOST_PROBLEMS = 20
_DAY_SECONDS = 86_400
_EXACT = 2**53


def cells(rows: Sequence[Row], columns: Iterable[str]) -> dict[str, list[Cell]]:
    """Read columns of rows; a column that a row lacks is missing there.

    Raises:
        InvalidInput: a value is infinite, too long, or of a kind that is not taken. The row and
            the column are named, the value never.
    """
    problems: list[Problem] = []
    read = {name: _column(rows, name, problems) for name in columns}
    if problems:
        raise InvalidInput(problems[:_MOST_PROBLEMS])
    return read


def _column(rows: Sequence[Row], name: str, problems: list[Problem]) -> list[Cell]:
    known: dict[str, Cell] = {}
    column: list[Cell] = []
    for index, row in enumerate(rows):
        raw = row.get(name)
        if raw.__class__ is str:
            if raw not in known:  # few texts stand in many rows
                known[raw] = _cell(raw, index, name, problems)
            column.append(known[raw])
        elif raw.__class__ is int and -_EXACT < raw < _EXACT:
            column.append(float(raw))
        else:
            column.append(_cell(raw, index, name, problems))
        if len(problems) >= _MOST_PROBLEMS:
            break
    return column


def checked_rows(rows: object, path: str = "rows") -> Sequence[Row]:
    """Take a list of mappings, and nothing else."""
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Sequence):
        raise InvalidInput.at(path, "not_a_list", "give a list of mappings")
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InvalidInput.at(f"{path}[{index}]", "wrong_type", "give a mapping")
    return rows


def names_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """Name the columns that any row has, in the order in which they first appear."""
    names = dict.fromkeys(name for row in rows for name in row)
    for name in names:
        if not isinstance(name, str) or len(name) > LABEL:
            raise InvalidInput.at("rows", "bad_column", f"name columns by up to {LABEL} characters")
    if len(names) > MOST_COLUMNS:
        raise InvalidInput.at("rows", "too_many", f"give at most {MOST_COLUMNS} columns")
    return tuple(names)


def _cell(raw: object, index: int, name: str, problems: list[Problem]) -> Cell:
    if raw is None:
        return None
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, str):
        return _text(raw, index, name, problems)
    if isinstance(raw, Real):
        return _number(raw, index, name, problems)
    if isinstance(raw, date):
        return _day(raw)
    problems.append(_problem(index, name, "wrong_type", "give a number, text, truth value or date"))
    return None


def _text(raw: str, index: int, name: str, problems: list[Problem]) -> str | None:
    if len(raw) > LABEL:
        problems.append(_problem(index, name, "too_long", f"give at most {LABEL} characters"))
        return None
    text = raw.strip().casefold()
    return None if text in NOT_ANSWERED else text


def _number(raw: Real, index: int, name: str, problems: list[Problem]) -> float | None:
    try:
        number = float(raw)
    except OverflowError:
        number = float("inf")
    if isfinite(number):
        return number
    if not isnan(number):
        problems.append(_problem(index, name, "not_finite", "give a finite number, or none"))
    return None


def _problem(index: int, name: str, code: str, message: str) -> Problem:
    return Problem(f"rows[{index}].{name}", code, message)


def _day(raw: date) -> float:
    """Give the days since the first one of the calendar, with their fraction for an instant."""
    if not isinstance(raw, datetime):
        return float(raw.toordinal())
    seconds = raw.hour * 3600 + raw.minute * 60 + raw.second
    return raw.toordinal() + seconds / _DAY_SECONDS


def as_number(value: Cell) -> float | None:
    """Read a value of a column of numbers; a text that is none is missing."""
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return None
    return number if isfinite(number) and "_" not in value else None


def as_code(value: Cell) -> str | None:
    """Read a value of a column of codes."""
    return f"{value:.12g}" if isinstance(value, float) else value
