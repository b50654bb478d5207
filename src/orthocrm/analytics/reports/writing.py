"""Reports as JSON and CSV."""

import csv
import io
import json
from collections.abc import Sequence

from orthocrm.analytics.reports.values import Cell, Report, Table
from orthocrm.core.spreadsheet import safe


def as_json(report: Report) -> str:
    """Write a report as JSON: numbers in full precision, rates as quotients, unknown as null."""
    period = report.period
    dates = period and {"first": period.first.isoformat(), "until": period.until.isoformat()}
    content = {
        "report": report.name,
        "title": report.title,
        "period": dates,
        "timezone": report.timezone,
        "tables": {table.name: _table_object(table) for table in report.tables},
        "notes": list(report.notes),
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=str) + "\n"


def _table_object(table: Table) -> dict[str, object]:
    total = {} if table.total is None else {"total": _object(table, table.total)}
    return {"rows": [_object(table, row) for row in table.rows], **total}


def _object(table: Table, row: Sequence[Cell]) -> dict[str, Cell]:
    return {column.name: cell for column, cell in zip(table.columns, row, strict=True)}


def as_csv(report: Report) -> str:
    """Write a report as CSV (RFC 4180); tables of one report follow each other after a blank line.

    A text that a spreadsheet would take for a formula gets a quote in front.
    """
    several = len(report.tables) > 1
    return "\r\n".join(_table_csv(table, titled=several) for table in report.tables)


def _table_csv(table: Table, *, titled: bool) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    if titled:
        writer.writerow([_safe(table.title)])
    writer.writerow([_safe(column.name) for column in table.columns])
    totals = () if table.total is None else (table.total,)
    writer.writerows([_safe(cell) for cell in row] for row in (*table.rows, *totals))
    return out.getvalue()


def _safe(cell: Cell) -> Cell:
    return safe(cell) if isinstance(cell, str) else cell
