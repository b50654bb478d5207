"""How results are shown: tables in the terminal, JSON, and Markdown in the documentation."""

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import attrs
from attrs import evolve, field, frozen
from rich.table import Table

from benchmarks.results import QUICK_TOLERANCE, Growth, Result, Unit, Verdict, growth

_BEGIN = "<!-- measured -->"
_END = "<!-- end of measured -->"
_BEGIN_REPORTS = "<!-- measured reports -->"
_END_REPORTS = "<!-- end of measured reports -->"
_HEADINGS = ("case", "on", "leads", "target", "floor", "ours", "ratio", "verdict", "remark")
_GROWN = ("case", "on", "from leads", "to leads", "floor", "ours")


@frozen(kw_only=True)
class Machine:
    """Where and when was measured; others use the processors too, so that their load is told."""

    processor: str
    processors: int
    python: str
    sqlite: str
    postgres: str
    load_before: float
    load_after: float = 0.0
    at: datetime = field(factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @classmethod
    def now(cls, postgres: str) -> Self:
        """Look at this machine."""
        return cls(
            processor=_processor(),
            processors=len(os.sched_getaffinity(0)),
            python=platform.python_version(),
            sqlite=f"SQLite {sqlite3.sqlite_version} (WAL, synchronous FULL)",
            postgres=postgres,
            load_before=round(os.getloadavg()[0], 2),
        )

    def ended(self) -> "Machine":
        """Note the load at the end."""
        return evolve(self, load_after=round(os.getloadavg()[0], 2))

    def text(self) -> str:
        """Say it in a line."""
        return (
            f"{self.at:%Y-%m-%d %H:%M} UTC, {self.processors} cores of {self.processor},"
            f" Python {self.python}, {self.sqlite}, {self.postgres}; load average"
            f" {self.load_before} before, {self.load_after} after"
        )


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


@frozen(kw_only=True)
class Report:
    """All results of one run."""

    quick: bool
    machine: Machine
    results: tuple[Result, ...]


def tables(done: Report) -> list[Table]:
    """Give the tables for the terminal."""
    title = f"Ratios only, times {QUICK_TOLERANCE}" if done.quick else None
    main = _table(_HEADINGS, [_cells(result, quick=done.quick) for result in done.results], title)
    grown = growth(done.results)
    if not grown:
        return [main]
    return [main, _table(_GROWN, [_grown(line) for line in grown], "Times as long")]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], title: str | None) -> Table:
    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left")
    for row in rows:
        table.add_row(*row, style="bold red" if Verdict.MISSED in row else None)
    return table


_NUMBERS = frozenset({"leads", "floor", "ours", "ratio", "from leads", "to leads"})


def _cells(result: Result, *, quick: bool) -> tuple[str, ...]:
    return (
        result.case,
        result.on,
        "" if result.leads is None else f"{result.leads:,}",
        result.target.text(result.unit) if result.target else "",
        _figure(result.floor, result.unit),
        _figure(result.ours, result.unit),
        "" if result.ratio is None else f"{result.ratio:.2f} x",
        result.verdict(quick=quick),
        result.remark,
    )


def _figure(value: float | None, unit: Unit) -> str:
    if value is None:
        return ""
    if unit is Unit.MS and value < 100:
        return f"{value:.2f} ms"
    return f"{value:,.0f} {unit}"


def _grown(line: Growth) -> tuple[str, ...]:
    return (
        line.case,
        line.on,
        f"{line.small.leads:,}",
        f"{line.large.leads:,}",
        "" if line.floor is None else f"{line.floor:.1f} x",
        f"{line.ours:.1f} x",
    )


def as_json(done: Report) -> str:
    """Give everything as JSON, with ratio and verdict worked out."""
    lines = [
        {
            **attrs.asdict(result),
            "ratio": result.ratio,
            "verdict": result.verdict(quick=done.quick),
        }
        for result in done.results
    ]
    machine = {**attrs.asdict(done.machine), "at": done.machine.at.isoformat()}
    return json.dumps({"quick": done.quick, "machine": machine, "results": lines}, indent=2) + "\n"


def into_page(page: str, done: Report) -> str:
    """Replace what a page tells between its marks by what was measured now.

    Reports have marks of their own where the page holds them; what was not measured stays.
    """
    if _BEGIN_REPORTS not in page:
        return _between(page, (_BEGIN, _END), done)
    kinds = {True: (_BEGIN_REPORTS, _END_REPORTS), False: (_BEGIN, _END)}
    for of_reports, marks in kinds.items():
        some = tuple(result for result in done.results if _is_report(result) is of_reports)
        if some:
            page = _between(page, marks, evolve(done, results=some))
    return page


def _is_report(result: Result) -> bool:
    return result.case.startswith(("report,", "dashboard"))


def _between(page: str, marks: tuple[str, str], done: Report) -> str:
    before, begin, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not begin or not end:
        raise ValueError(f"page: put {marks[0]} and {marks[1]} where the tables belong")
    parts = [
        done.machine.text() + ".",
        _markdown(_HEADINGS, [_cells(result, quick=done.quick) for result in done.results]),
        "Times as long in the large database as in the small one:",
        _markdown(_GROWN, [_grown(line) for line in growth(done.results)]),
    ]
    return before + begin + "\n" + "\n\n".join(parts) + "\n" + end + after


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rules = ["--:" if heading in _NUMBERS else "---" for heading in headings]
    lines = [headings, rules, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
