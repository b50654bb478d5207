"""Every report of a practice with a long past, and a dashboard of ten metrics."""

from collections.abc import Iterator
from decimal import Decimal
from math import isclose
from typing import Any

from attrs import evolve

from benchmarks.archive import Archive, archive
from benchmarks.by_hand import Label, Total
from benchmarks.engines import Engine, Postgres
from benchmarks.measuring import FLOOR, OURS, Pace
from benchmarks.practice import LARGE, MILLION
from benchmarks.reports_by_hand import BY_HAND, ONLY, Tables
from benchmarks.results import Result, Target
from orthocrm.analytics.reports import REPORTS, Report, Table

_TARGET = Target(limit=1.5, of_ratio=True)
_DASHBOARD_TARGET = Target(limit=2_000)
_ROUNDS = 5
_NAMED = 2
"""The columns that name a row; a row without any number is of no interest."""

DASHBOARD = (
    "total_leads",
    "conversion_rate",
    "conversions",
    "period_conversion_rate",
    "losses",
    "consultations_scheduled",
    "show_rate",
    "time_to_convert",
    "open_leads",
    "overdue_tasks",
)
"""What an owner looks at every morning."""


def measure(engine: Engine, leads: int, pace: Pace) -> list[Result]:
    """Fill a practice, make sure that both ways give the same numbers, and compare the times."""
    practice = archive(engine, leads)
    slow = evolve(
        pace, quick=False, warm_up=1, repetitions={"reports": 3 if pace.quick else _ROUNDS}
    )
    results = [_report(practice, name, slow) for name in REPORTS]
    results.append(_dashboard(practice, slow))
    practice.close()
    return results


def _report(practice: Archive, name: str, pace: Pace) -> Result:
    desk, period, by_hand = practice.admin, practice.period(name), BY_HAND[name]
    asked = practice.asked(name)
    problems = [*differences(desk.analytics.report(name, period), by_hand(asked))]
    assert not problems, (name, problems[:5])
    taken = pace.medians(
        "reports",
        f"{name}-{practice.on}-{practice.leads}",
        {
            FLOOR: lambda _: by_hand(asked),
            OURS: lambda _: desk.analytics.report(name, period),
        },
    )
    return Result(
        case=f"report, {name}",
        on=practice.on,
        leads=practice.leads,
        ours=taken[OURS] * 1000,
        floor=taken[FLOOR] * 1000,
        target=_TARGET if practice.leads >= LARGE else None,
    )


def _dashboard(practice: Archive, pace: Pace) -> Result:
    desk, period = practice.admin, practice.period("sources")
    taken = pace.medians(
        "reports",
        f"dashboard-{practice.on}-{practice.leads}",
        {OURS: lambda _: desk.analytics.measure_all(DASHBOARD, period)},
    )
    bound = isinstance(practice.engine, Postgres) and practice.leads >= MILLION
    return Result(
        case="dashboard of ten metrics",
        on=practice.on,
        leads=practice.leads,
        ours=taken[OURS] * 1000,
        target=_DASHBOARD_TARGET if bound else None,
    )


def differences(report: Report, by_hand: Tables) -> Iterator[str]:
    """Name every number of a report that is another one by hand, and every row that is missing."""
    for name, expected in by_hand.items():
        table = next(table for table in report.tables if table.name == name)
        rows = _rows(table, expected)
        for label in rows.keys() - expected.keys() - {Total}:
            if any(rows[label][_NAMED:]):
                yield f"{name}: {label} is not known by hand"
        for label, cells in expected.items():
            for column, value in cells.items():
                found = rows[label][table.place(column)] if label in rows else None
                if not _same(found, value):
                    yield f"{name}, {label}, {column}: {found} is {value} by hand"


def _rows(table: Table, expected: dict[Label, Any]) -> dict[Label, tuple[Any, ...]]:
    if ONLY in expected:
        return {ONLY: table.rows[0]}
    rows: dict[Label, tuple[Any, ...]] = {row[0]: row for row in table.rows}  # type: ignore[misc]  # the first column is a key
    return rows if table.total is None else {**rows, Total: table.total}


def _same(found: object, value: object) -> bool:
    if not isinstance(found, int | float | Decimal) or value is None:
        return found == value or (not found and not value)
    return isclose(float(found), float(value), rel_tol=1e-9, abs_tol=1e-9)  # type: ignore[arg-type]  # a number of the driver's
