"""Reports as plain text, for e-mail."""

from collections.abc import Iterator, Sequence

from orthocrm.analytics.reports import showing
from orthocrm.analytics.reports.values import Cell, Kind, Report, Table


def as_text(report: Report) -> str:
    """Write a report as text: each row is a line, each number stands behind its name."""
    parts = [f"{report.title}, {showing.dates(report)}"]
    parts += ["\n".join(_lines(table)) for table in report.tables]
    if report.notes:
        parts.append("\n".join(f"* {note}" for note in report.notes))
    return "\n\n".join(parts)


def _lines(table: Table) -> Iterator[str]:
    yield table.title
    totals = () if table.total is None else (table.total,)
    for row in (*table.rows, *totals):
        yield _line(table, row)


def _line(table: Table, row: Sequence[Cell]) -> str:
    named: list[str] = []
    numbers: list[str] = []
    for place, column in enumerate(table.columns):
        if column.kind is Kind.TEXT:
            named.append(showing.text(table, row, place))
        elif column.kind is not Kind.ID:
            numbers.append(f"{column.title} {showing.text(table, row, place)}")
    said = ", ".join(numbers)
    return f"{' '.join(named)}: {said}" if named else said
