"""The command line: which cases are measured, on what, and what is done with the results."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks import report
from benchmarks.cases import (
    assignment,
    booking,
    capture,
    contention,
    duplicates,
    funnel,
    imports,
    move,
    page,
    process,
    reports,
    scores,
    sealing,
    slots,
)
from benchmarks.engines import Engine, Postgres, Sqlite, serving
from benchmarks.measuring import Pace
from benchmarks.practice import LARGE, MILLION, House, house
from benchmarks.report import Report
from benchmarks.results import Result, Verdict

Case = Callable[[House, Pace], list[Result]]

READING: Mapping[str, Case] = {
    "page": page.measure,
    "duplicates": duplicates.measure,
    "funnel": funnel.measure,
    "scores": scores.measure,
}
"""Cases that leave the database as large as it was, and come first therefore."""

WRITING: Mapping[str, Case] = {"capture": capture.measure, "move": move.measure}

APART: Mapping[str, Case] = {
    "assignment": assignment.measure,
    "booking": booking.measure,
    "sealing": sealing.measure,
}
"""Cases that have a practice of their own."""

PROCESS = ("memory", "start", "slots")
QUICK = (*WRITING, "import", *APART, *READING, *PROCESS, "contention")
"""What has targets that a quick run judges: those of reports are for large databases."""
NAMES = (*QUICK, "reports")

_OF_LEADS = {*READING, *WRITING, "import", "contention"}
"""The cases that a practice is filled for."""

REPETITIONS = {
    "capture": 400,
    "move": 400,
    "page": 150,
    "duplicates": 300,
    "funnel": 20,
    "scores": 3,
    "slots": 15,
    "diary": 30,
    "booking": 200,
}


def main(given: Sequence[str] | None = None) -> int:
    """Measure, show the table, and tell by the exit code whether every target was met."""
    asked = _asked(given)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    pace = Pace(
        quick=asked.quick,
        profile=asked.profile,
        million=asked.million,
        repetitions=REPETITIONS,
    )
    names = tuple(asked.only or (QUICK if asked.quick else NAMES))
    with _engines() as (directory, engines):
        begun = report.Machine.now(next(e for e in engines if isinstance(e, Postgres)).settings())
        results = _measured(engines, names, pace, directory)
    done = Report(quick=asked.quick, machine=begun.ended(), results=tuple(results))
    _hand_out(done, asked)
    return int(any(r.verdict(quick=asked.quick) is Verdict.MISSED for r in results))


def _asked(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less than a minute, ratios only")
    parser.add_argument(
        "--million",
        action="store_true",
        help="duplicates and reports among a million leads too; more than an hour",
    )
    parser.add_argument("--only", action="append", choices=NAMES, help="one case; repeatable")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--page", type=Path, metavar="FILE", help="put the tables into this page")
    parser.add_argument("--profile", type=Path, metavar="DIR", help="profile our side into files")
    return parser.parse_args(given)


@contextmanager
def _engines() -> Iterator[tuple[Path, tuple[Engine, ...]]]:
    with tempfile.TemporaryDirectory(prefix="orthocrm-bench-") as name:
        directory = Path(name)
        with serving(directory) as server:
            yield directory, (server, Sqlite(directory=directory))


def _measured(
    engines: Sequence[Engine], names: Sequence[str], pace: Pace, directory: Path
) -> list[Result]:
    results: list[Result] = []
    if "start" in names:
        results += process.start(pace)
    if "memory" in names:
        results += process.memory(pace, directory)
    if "slots" in names:
        results += surely(lambda: slots.measure(pace), pace)
    for engine in engines:
        if set(names) - {*PROCESS, "reports"}:
            results += _on(engine, names, pace)
        if "reports" in names:
            results += _reports(engine, pace)
    return results


def _reports(engine: Engine, pace: Pace) -> list[Result]:
    """Measure the reports of practices that have a past, each in a database of its own."""
    results: list[Result] = []
    sizes = (1_000,) if pace.quick else (LARGE, MILLION) if pace.million else (LARGE,)
    for leads in sizes:
        _tell(f"{engine.name}: reports of {leads:,} leads with a past")
        results += reports.measure(engine, leads, pace)
    return results


def _on(engine: Engine, names: Sequence[str], pace: Pace) -> list[Result]:
    """Measure all cases in a small database, and again when it has become a large one."""
    practice = house(engine)
    results = imports.into_empty(practice, pace) if "import" in names else []
    chosen = [case for name, case in {**READING, **WRITING}.items() if name in names]
    sizes = (1_000, 5_000) if pace.quick else (10_000, LARGE)
    for leads in sizes if set(names) & _OF_LEADS else ():
        _tell(f"{engine.name}: {leads:,} leads")
        practice.fill(leads)
        for case in chosen:
            results += surely(partial(case, practice, pace), pace)
    if "import" in names:
        results += imports.into_filled(practice, pace)
    for name, case in APART.items():
        if name in names:
            results += surely(partial(_apart, engine, case, pace), pace)
    if "contention" in names:
        results += contention.measure(practice, pace)
    if pace.million and isinstance(engine, Postgres):
        _tell(f"{engine.name}: a million leads")
        results += duplicates.among_a_million(practice, pace)
    practice.close()
    return results


def _apart(engine: Engine, case: Case, pace: Pace) -> list[Result]:
    """Measure a case in a practice of its own."""
    practice = house(engine)
    results = case(practice, pace)
    practice.close()
    return results


def surely(measure: Callable[[], list[Result]], pace: Pace) -> list[Result]:
    """Measure; what a quick run misses is measured once more, and then counts.

    Its rounds are few: another program that comes by for a second slows all of them down.
    """
    results = measure()
    missed = [r for r in results if r.verdict(quick=pace.quick) is Verdict.MISSED]
    if not pace.quick or not missed:
        return results
    _tell(f"{missed[0].case} on {missed[0].on}: missed, and measured once more")
    return measure()


def _tell(step: str) -> None:
    print(step, file=sys.stderr, flush=True)


def _hand_out(done: Report, asked: argparse.Namespace) -> None:
    console = Console(width=None if sys.stdout.isatty() else 150)
    for table in report.tables(done):
        console.print(table)
    console.print(done.machine.text(), highlight=False)
    if asked.json:
        asked.json.write_text(report.as_json(done))
    if asked.page:
        asked.page.write_text(report.into_page(asked.page.read_text(), done))
