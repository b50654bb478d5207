"""Reports as one HTML page: tables and charts, no script, nothing from elsewhere, made to print."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Final

from orthocrm.analytics import charts
from orthocrm.analytics.charts import Drawing, Series
from orthocrm.analytics.reports import showing
from orthocrm.analytics.reports.values import (
    NUMBERS,
    Cell,
    Chart,
    ChartKind,
    Kind,
    Report,
    Table,
)

_STYLE: Final = (
    ":root{color-scheme:light}"
    "body{font-family:sans-serif;margin:2em;color:#111;background:#fff}"
    "table{border-collapse:collapse;margin:0 0 1.5em}"
    "caption{text-align:left;font-weight:bold;padding:.3em 0}"
    "th,td{border-bottom:1px solid #999;padding:.25em .6em;text-align:left;vertical-align:top}"
    "th[scope=row]{white-space:nowrap}.wide{overflow-x:auto}.many{font-size:.85em}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}"
    "tfoot td,tfoot th{font-weight:bold}"
    "figure{margin:0 0 1.5em;break-inside:avoid}figcaption{font-weight:bold;padding:.3em 0}"
    "svg{max-width:100%;height:auto}tr{break-inside:avoid}"
    "@page{size:landscape;margin:12mm}"
    "@media print{body{margin:0;font-size:10pt}thead{display:table-header-group}"
    ".wide{overflow:visible}.many{font-size:8pt}.many th,.many td{padding:.2em .35em}}"
)

_MANY: Final = 10
"""From more columns on a table is printed smaller, so that it fits on the sheet."""

_DRAW: Final[Mapping[ChartKind, Callable[[Drawing], str]]] = {
    ChartKind.FUNNEL: charts.funnel,
    ChartKind.BARS: charts.bars,
    ChartKind.LINES: charts.lines,
    ChartKind.STACKED: charts.stacked,
}


def as_html(report: Report) -> str:
    """Write a report as a page of its own; every text in it is escaped."""
    drawn: dict[str, list[Chart]] = {}
    for chart in report.charts:
        drawn.setdefault(chart.table, []).append(chart)
    parts = [
        part
        for table in report.tables
        for part in (*(_figure(chart, table) for chart in drawn.get(table.name, ())), _table(table))
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head>\n<body><main>"
        f"<h1>{escape(report.title)}</h1><p>{escape(showing.dates(report))}{_currency(report)}</p>\n"
        f"{''.join(parts)}{_notes(report.notes)}</main></body></html>\n"
    )


def _currency(report: Report) -> str:
    kinds = {column.kind for table in report.tables for column in table.columns}
    return f", amounts in {escape(report.currency)}" if Kind.MONEY in kinds else ""


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    return f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>"


def _figure(chart: Chart, table: Table) -> str:
    svg = _DRAW[chart.kind](drawing(chart, table))
    return f"<figure><figcaption>{escape(chart.title)}</figcaption>{svg}</figure>\n"


def drawing(chart: Chart, table: Table) -> Drawing:
    """Take what a chart draws from its table."""
    labels = table.place(chart.labels)
    return Drawing(
        title=chart.title,
        labels=tuple(str(row[labels]) for row in table.rows),
        series=tuple(_series(table, name) for name in chart.values),
    )


def _series(table: Table, name: str) -> Series:
    place = table.place(name)
    return Series(
        name=table.columns[place].title,
        values=tuple(_number(row[place]) for row in table.rows),
        texts=tuple(showing.text(table, row, place) for row in table.rows),
    )


def _number(cell: Cell) -> float | None:
    return None if cell is None or isinstance(cell, str) else float(cell)


def _table(table: Table) -> str:
    places = [i for i, column in enumerate(table.columns) if column.kind is not Kind.ID]
    head = "".join(
        f'<th scope="col"{_class(table.columns[place].kind)}>'
        f"{escape(table.columns[place].title)}</th>"
        for place in places
    )
    body = "".join(_row(table, row, places) for row in table.rows)
    many = " many" if len(places) > _MANY else ""
    foot = "" if table.total is None else f"<tfoot>{_row(table, table.total, places)}</tfoot>"
    return (
        f'<div class="wide{many}"><table><caption>{escape(table.title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>\n"
    )


def _row(table: Table, row: Sequence[Cell], places: Iterable[int]) -> str:
    cells = []
    for number, place in enumerate(places):
        text = escape(showing.text(table, row, place))
        kind = table.columns[place].kind
        if number == 0 and kind is Kind.TEXT:
            cells.append(f'<th scope="row">{text}</th>')
        else:
            cells.append(f"<td{_class(kind)}>{text}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _class(kind: Kind) -> str:
    return ' class="n"' if kind in NUMBERS else ""
