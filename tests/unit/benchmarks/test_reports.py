"""What is compared with a report has to give the same numbers; a difference has to be told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.archive import Archive, archive
from benchmarks.by_hand import Total
from benchmarks.cases.reports import DASHBOARD, differences
from benchmarks.engines import Sqlite
from benchmarks.reports_by_hand import BY_HAND, ONLY
from orthocrm.analytics.reports import REPORTS

NOW = datetime(2026, 11, 18, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    directory: Path = tmp_path_factory.mktemp("archive")
    made = archive(Sqlite(directory=directory), 400, NOW)
    yield made
    made.close()


def test_every_report_of_the_catalogue_is_written_by_hand() -> None:
    assert list(BY_HAND) == list(REPORTS)


@pytest.mark.parametrize("name", REPORTS)
def test_both_ways_give_the_same_numbers(practice: Archive, name: str) -> None:
    report = practice.admin.analytics.report(name, practice.period(name))
    by_hand = BY_HAND[name](practice.asked(name))

    assert any(
        value for table in by_hand.values() for row in table.values() for value in row.values()
    )
    assert list(differences(report, by_hand)) == []


def test_a_number_that_differs_is_named(practice: Archive) -> None:
    report = practice.admin.analytics.report("funnel", practice.period("funnel"))
    by_hand = BY_HAND["funnel"](practice.asked("funnel"))
    leads = by_hand["standing"][ONLY]["leads"]

    by_hand["standing"][ONLY]["leads"] = leads + 1

    assert list(differences(report, by_hand)) == [
        f"standing, , leads: {leads} is {leads + 1} by hand"
    ]


def test_a_row_that_one_side_lacks_is_named(practice: Archive) -> None:
    report = practice.admin.analytics.report("sources", practice.period("sources"))
    by_hand = BY_HAND["sources"](practice.asked("sources"))
    source = next(label for label in by_hand["sources"] if label not in (None, Total))

    by_hand["sources"]["another"] = {"leads": 3}
    del by_hand["sources"][source]

    assert list(differences(report, by_hand)) == [
        f"sources: {source} is not known by hand",
        "sources, another, leads: None is 3 by hand",
    ]


def test_the_dashboard_shows_ten_metrics(practice: Archive) -> None:
    shown = practice.admin.analytics.measure_all(DASHBOARD, practice.period("sources"))

    assert [one.metric for one in shown] == list(DASHBOARD)
    assert len(DASHBOARD) == 10
