import json
from datetime import UTC, datetime

import pytest
from attrs import evolve

from benchmarks import report
from benchmarks.report import Machine, Report
from benchmarks.results import Result, Target

MACHINE = Machine(
    processor="Z80",
    processors=2,
    python="3.11",
    sqlite="SQLite 3",
    postgres="PostgreSQL 18",
    load_before=0.5,
    load_after=1.5,
    at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
)
MEASURED = Report(
    quick=False,
    machine=MACHINE,
    results=(
        Result(case="page", on="SQLite", leads=10, ours=1.5, floor=0.5, target=Target(limit=4)),
        Result(case="page", on="SQLite", leads=100, ours=4.5, floor=0.5, target=Target(limit=4)),
    ),
)
PAGE = "Before.\n\n<!-- measured -->\nold\n<!-- end of measured -->\n\nAfter.\n"


def test_page_gets_the_tables_between_its_marks() -> None:
    assert report.into_page(PAGE, MEASURED).splitlines() == [
        "Before.",
        "",
        "<!-- measured -->",
        f"{MACHINE.text()}.",
        "",
        "| case | on | leads | target | floor | ours | ratio | verdict | remark |",
        "| --- | --- | --: | --- | --: | --: | --: | --- | --- |",
        "| page | SQLite | 10 | <= 4 ms | 0.50 ms | 1.50 ms | 3.00 x | met |  |",
        "| page | SQLite | 100 | <= 4 ms | 0.50 ms | 4.50 ms | 9.00 x | MISSED |  |",
        "",
        "Times as long in the large database as in the small one:",
        "",
        "| case | on | from leads | to leads | floor | ours |",
        "| --- | --- | --: | --: | --: | --: |",
        "| page | SQLite | 10 | 100 | 1.0 x | 3.0 x |",
        "<!-- end of measured -->",
        "",
        "After.",
    ]


def test_reports_have_marks_of_their_own_and_what_was_not_measured_stays() -> None:
    page = f"{PAGE}<!-- measured reports -->\nold\n<!-- end of measured reports -->\n"
    assert report.into_page(page, MEASURED).endswith("\nold\n<!-- end of measured reports -->\n")
    of_reports = evolve(
        MEASURED,
        results=tuple(evolve(one, case="report, roi") for one in MEASURED.results),
    )
    begin, _, rest = report.into_page(page, of_reports).partition("<!-- measured reports -->")
    assert begin == PAGE
    assert "| report, roi | SQLite | 10 | 100 | 1.0 x | 3.0 x |" in rest
    assert "old" not in rest


def test_machine_tells_the_load_before_and_after() -> None:
    assert MACHINE.text() == (
        "2026-01-02 03:04 UTC, 2 cores of Z80, Python 3.11, SQLite 3, PostgreSQL 18;"
        " load average 0.5 before, 1.5 after"
    )


def test_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="page: put"):
        report.into_page("no marks", MEASURED)


def test_json_holds_figures_ratio_and_verdict() -> None:
    told = json.loads(report.as_json(MEASURED))

    assert [(r["ours"], r["ratio"], r["verdict"]) for r in told["results"]] == [
        (1.5, 3.0, "met"),
        (4.5, 9.0, "MISSED"),
    ]
    assert told["machine"]["load_after"] == 1.5


def test_terminal_shows_results_and_growth() -> None:
    results, grown = report.tables(MEASURED)

    assert (results.row_count, grown.row_count) == (2, 1)
