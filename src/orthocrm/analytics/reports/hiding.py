"""Reports for those who see no leads: rows about very few of them lose their numbers.

If exactly one row is hidden, the smallest of the others is as well, as the total would give the
first away.
"""

from typing import Final

from attrs import evolve

from orthocrm.analytics.reports.values import NUMBERS, Cell, Kind, Report, Table
from orthocrm.analytics.small import to_hide

NOTE: Final = "groups of fewer than {} are not shown"


def hidden(report: Report, least: int | None) -> Report:
    """Give the report without the numbers of small groups."""
    if least is None:
        return report
    tables = tuple(_hidden(table, least) for table in report.tables)
    kept = tuple(note for note in report.notes if not 0 < report.few.get(note, 0) < least)
    same = tables == report.tables and kept == report.notes
    notes = kept if same else (*kept, NOTE.format(least))
    return evolve(report, tables=tables, notes=notes)


def _hidden(table: Table, least: int) -> Table:
    sizes = [_size(table, row) for row in table.rows]
    small = to_hide(sizes, least)
    rows = tuple(
        _blank(table, row) if place in small else _told(table, row, onward=place + 1 not in small)
        for place, row in enumerate(table.rows)
    )
    total = table.total
    if total is not None and 0 < _size(table, total) < least:
        total = _blank(table, total)
    return evolve(table, rows=rows, total=total)


def _size(table: Table, row: tuple[Cell, ...]) -> int:
    """Tell how many a row is about: by its people, or by the smallest of its counts."""
    if table.people is not None:
        cell = row[table.place(table.people)]
        return int(cell) if isinstance(cell, int) else 0
    counts = [
        cell
        for column, cell in zip(table.columns, row, strict=True)
        if column.kind is Kind.COUNT and isinstance(cell, int) and cell > 0
    ]
    return min(counts, default=0)


def _told(table: Table, row: tuple[Cell, ...], *, onward: bool) -> tuple[Cell, ...]:
    """Give a row that is shown, without what would tell of a hidden one behind it."""
    if onward or table.onward is None:
        return row
    place = table.place(table.onward)
    return *row[:place], None, *row[place + 1 :]


def _blank(table: Table, row: tuple[Cell, ...]) -> tuple[Cell, ...]:
    return tuple(
        None if column.kind in NUMBERS else cell
        for column, cell in zip(table.columns, row, strict=True)
    )
