"""Charts and pages: all numbers in words, every text escaped, nothing from outside."""

import re
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve

from orthocrm.analytics import charts
from orthocrm.analytics.charts import Drawing, Series
from orthocrm.analytics.reports import (
    REPORTS,
    Cell,
    Chart,
    ChartKind,
    Column,
    Kind,
    Report,
    Table,
    as_csv,
    as_html,
    as_json,
    as_text,
)
from orthocrm.analytics.reports.hiding import hidden
from orthocrm.core.lead import Lead
from tests.unit.analytics.practice import DAY, MARCH, Engine, an_ask, enquiry, lost, won

EVIL = "<script>alert('x')</script>&\""
SVG = "{http://www.w3.org/2000/svg}"
KINDS = {
    "bars": charts.bars,
    "funnel": charts.funnel,
    "lines": charts.lines,
    "stacked": charts.stacked,
}


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - the text is our own


def a_drawing(*values: float | None, name: str = "Leads") -> Drawing:
    texts = tuple("-" if value is None else f"{value:g}" for value in values)
    labels = tuple(f"{EVIL}{i}" for i in range(len(values)))
    first = Series(name=name, values=values, texts=texts)
    second = Series(name="Lost", values=tuple(1.0 for _ in values), texts=("1",) * len(values))
    return Drawing(title=EVIL, labels=labels, series=(first, second))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("values", [(), (0,), (3, 5, 2), (None, 4), (-1, 2), (None,)])
def test_a_chart_is_an_image_with_title_and_all_numbers_in_words(
    kind: str, values: tuple[float | None, ...]
) -> None:
    drawing = a_drawing(*values)
    root = parsed(KINDS[kind](drawing))
    assert (root.tag, root.get("role")) == (f"{SVG}svg", "img")
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert title.text == EVIL
    for label, text in zip(drawing.labels, drawing.series[0].texts, strict=True):
        assert f"{label}: Leads {text}" in (desc.text or "")
    assert not values or desc.text != "nothing to draw"
    assert {element.tag for element in root.iter()}.isdisjoint({f"{SVG}script", f"{SVG}image"})


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_chart_lies_outside_of_it(kind: str) -> None:
    root = parsed(KINDS[kind](a_drawing(-3, 5, 0.5, 12)))
    _, _, width, height = (float(side) for side in str(root.get("viewBox")).split())
    for box in root.iter(f"{SVG}rect"):
        left, top = float(str(box.get("x"))), float(str(box.get("y")))
        right, bottom = left + float(str(box.get("width"))), top + float(str(box.get("height")))
        assert 0 <= left <= right <= width
        assert 0 <= top <= bottom <= height


def test_bars_are_as_long_as_their_numbers() -> None:
    root = parsed(charts.bars(a_drawing(2, 4, 0)))
    widths = [float(str(box.get("width"))) for box in root.iter(f"{SVG}rect")]
    assert widths == [180, 360]


def test_a_long_label_is_shortened_in_the_drawing_and_whole_in_words() -> None:
    long = "A very long name of a source that nobody can draw"
    drawing = evolve(a_drawing(1), labels=(long,))
    root = parsed(charts.bars(drawing))
    shown = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert long not in shown
    assert shown[0].endswith("…")


LEADS = [won(enquiry(), DAY), enquiry(source=None), lost(enquiry(source="search"), DAY)]


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("leads", [[], LEADS], ids=["no leads", "leads"])
def test_every_report_is_a_page_of_its_own(name: str, leads: list[Lead]) -> None:
    report = REPORTS[name](an_ask(MARCH), Engine(leads))
    page = as_html(report)
    assert page.startswith("<!doctype html>")
    assert page.count("<table>") == len(report.tables)
    assert page.count('role="img"') == len(report.charts)
    assert not re.search(r"<script|https?://(?!www\.w3\.org/2000/svg)|src=|<link", page)
    assert '<th scope="col"' in page
    assert as_text(report).startswith(report.title)
    parsed(
        page.removeprefix("<!doctype html>\n")
        .replace('<meta charset="utf-8">', "")
        .replace('<meta name="viewport" content="width=device-width">', "")
    )


def a_report(*rows: tuple[Cell, ...]) -> Report:
    columns = (
        Column("key", "Key", Kind.ID),
        Column("name", EVIL, Kind.TEXT),
        Column("leads", "Leads", Kind.COUNT),
        Column("cost", "Cost", Kind.MONEY),
    )
    table = Table(
        name="t",
        title=EVIL,
        columns=columns,
        rows=rows,
        total=(None, "Total", 9, None),
        people="leads",
    )
    chart = Chart(kind=ChartKind.BARS, title=EVIL, table="t", labels="name", values=("leads",))
    return Report(
        name="r",
        title=EVIL,
        period=None,
        timezone="UTC",
        tables=(table,),
        notes=(EVIL,),
        charts=(chart,),
    )


def test_every_text_of_a_page_is_escaped() -> None:
    page = as_html(a_report(("k", EVIL, 3, Decimal("12.50"))))
    assert "<script" not in page
    assert "12.50" in page


def test_money_stays_exact_in_files() -> None:
    report = a_report(("k", "=1+1", 3, Decimal("12.50")))
    assert '"cost": "12.50"' in as_json(report)
    assert "k,'=1+1,3,12.50" in as_csv(report)


def test_small_rows_lose_their_numbers_and_the_next_one_with_them() -> None:
    report = a_report(("a", "A", 1, Decimal(5)), ("b", "B", 3, Decimal(5)), ("c", "C", 5, None))
    shown = hidden(report, 2).tables[0]
    assert [row[2:] for row in shown.rows] == [(None, None), (None, None), (5, None)]
    assert hidden(report, None) is report
    few = hidden(report, 10).tables[0]
    assert few.total is not None
    assert [row[2] for row in (*few.rows, few.total)] == [None] * 4
