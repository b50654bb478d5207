"""Cells as people read them; files hold them in full."""

from collections.abc import Mapping, Sequence
from typing import Final

from orthocrm.analytics.reports.values import Cell, Kind, Report, Table

EMPTY: Final = "-"

_FORMS: Final[Mapping[Kind, str]] = {
    Kind.RATE: "{:.1%}",
    Kind.DAYS: "{:.1f}",
    Kind.MINUTES: "{:.1f}",
    Kind.MONEY: "{:,.2f}",
}


def text(table: Table, row: Sequence[Cell], place: int) -> str:
    """Write one cell of a row."""
    return written(kind_of(table, row, place), row[place])


def kind_of(table: Table, row: Sequence[Cell], place: int) -> Kind:
    """Tell what a cell holds."""
    kind = table.columns[place].kind
    return Kind(str(row[table.place("unit")])) if kind is Kind.VALUE else kind


def written(kind: Kind, cell: Cell) -> str:
    """Write a value of a kind."""
    if cell is None:
        return EMPTY
    if kind not in _FORMS or isinstance(cell, str):
        return str(cell)
    return _FORMS[kind].format(cell if kind is Kind.MONEY else float(cell))


def dates(made: Report) -> str:
    """Say which dates a report is about."""
    if made.period is None:
        return "all time"
    return f"{made.period.first} until before {made.period.until}, {made.timezone}"
