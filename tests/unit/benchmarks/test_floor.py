"""The floor has to do its job: a comparison with something that does less would be idle."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import people
from benchmarks.engines import Sqlite
from benchmarks.floor import Floor

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    engine = Sqlite(directory=tmp_path)
    made = engine.floor(engine.pair())
    yield made
    made.close()


def counted(floor: Floor, table: str) -> object:
    return floor.reading.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]  # noqa: S608 - our own names


def test_capture_leaves_a_row_in_every_table(floor: Floor) -> None:
    floor.capture(people.enquiry(1), NOW)

    tables = ("leads", "stage_history", "activities", "tasks", "touches")
    assert [counted(floor, table) for table in tables] == [1, 1, 1, 1, 1]


def test_captures_rotate_over_the_coordinators(floor: Floor) -> None:
    for number in range(5):
        floor.capture(people.enquiry(number), NOW)

    owners = floor.reading.execute("SELECT owner FROM leads ORDER BY id").fetchall()
    assert [row[0] for row in owners] == ["tc-2", "tc-3", "tc-4", "tc-1", "tc-2"]


def test_duplicates_share_phone_or_email(floor: Floor) -> None:
    floor.load(people.leads_file([18, 19, 20]), NOW)

    found = floor.duplicates(people.enquiry(19))
    assert [row[0] for row in found] == [1, 2]


def test_load_keeps_each_reference_once(floor: Floor) -> None:
    floor.load(people.leads_file([1, 2, 2]), NOW)
    floor.load(people.leads_file([2, 3]), NOW)

    tables = ("leads", "stage_history", "touches")
    assert [counted(floor, table) for table in tables] == [3, 3, 3]


def test_moved_lead_has_two_stages_and_left_the_first(floor: Floor) -> None:
    lead = floor.capture(people.enquiry(1), NOW)

    floor.move(lead, "contacted", NOW)

    visits = floor.reading.execute("SELECT stage, left_at FROM stage_history ORDER BY id")
    assert [tuple(row) for row in visits.fetchall()] == [
        ("new_lead", NOW.isoformat()),
        ("contacted", None),
    ]


def test_funnel_counts_a_lost_lead_at_its_furthest_stage(floor: Floor) -> None:
    lost = next(n for n in range(100) if people.family(n).outcome == "LOST")
    floor.load(people.leads_file([lost]), NOW)

    floor.spread([people.family(lost)])

    assert [tuple(row) for row in floor.funnel()] == [(2, "LOST", 1)]
