"""Which instant a visit belongs at when its zone goes by other rules."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from orthocrm import InvalidInput
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.facts import APPOINTMENTS
from orthocrm.core.ids import AppointmentId, ClinicId, UserId
from orthocrm.core.query import predicate
from orthocrm.scheduling.wall_times import Drift, Kept, digest_of, drifted, kept
from tests.support.zone_data import ALWAYS_SUMMER, ALWAYS_WINTER, CHICAGO, zone_data

ZONE = "America/Chicago"
NOW = datetime(2026, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOON = datetime(2026, 12, 1, 18, tzinfo=UTC)
TWICE = datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
"""Half past one in Chicago, for the second time in that night."""


def visit(starts_at: datetime = NOON, timezone: str = ZONE) -> Appointment:
    return Appointment(
        id=AppointmentId("a"),
        clinic_id=ClinicId("c"),
        provider=UserId("dr-lee"),
        type="consultation",
        starts_at=starts_at,
        length=HOUR,
        timezone=timezone,
        status=AppointmentStatus.BOOKED,
        created_at=NOW,
        updated_at=NOW,
        patient_ref="p-1",
    )


@pytest.fixture(autouse=True)
def _rules(tmp_path: Path) -> Iterator[None]:
    """Let Chicago go by the rules of today, whatever this system knows."""
    with zone_data(tmp_path, CHICAGO):
        yield


def test_a_visit_needs_a_zone_that_there_is() -> None:
    with pytest.raises(InvalidInput) as refusal:
        visit(timezone="Mars/Base")
    assert [(one.path, one.code) for one in refusal.value.problems] == [
        ("timezone", "unknown_zone")
    ]


@pytest.mark.parametrize(
    "rules, starts_at, drift",
    [
        (ALWAYS_SUMMER, NOON, Drift.EARLIER),
        (ALWAYS_WINTER, NOON, None),
        (ALWAYS_WINTER, datetime(2026, 10, 2, 17, tzinfo=UTC), Drift.LATER),
        (ALWAYS_WINTER, TWICE, None),
        (ALWAYS_SUMMER, TWICE, Drift.EARLIER),
        (ALWAYS_WINTER, TWICE - HOUR, Drift.LATER),
        (ALWAYS_SUMMER, NOW, None),
        (ALWAYS_SUMMER, datetime(2025, 12, 1, 18, tzinfo=UTC), None),
    ],
)
def test_a_query_finds_what_has_to_move_and_the_rule_says_where(
    tmp_path: Path, rules: str, starts_at: datetime, drift: Drift | None
) -> None:
    """What is over is asked for by no query."""
    told = visit(starts_at)
    with zone_data(tmp_path, rules):
        found = [one for one in Drift if _is_found(told, one)]
        assert found == ([] if drift is None else [drift])
        if drift is not None:
            step = HOUR if drift is Drift.LATER else -HOUR
            after = kept(told, NOW)
            assert after is not None
            assert (after.visit.starts_at, after.is_told_time) == (starts_at + step, True)
            assert (after.visit.wall_time, after.visit.sequence) == (told.wall_time, 1)
            assert kept(after.visit, NOW) is None
            assert not any(_is_found(after.visit, one) for one in Drift)


def _is_found(one: Appointment, drift: Drift) -> bool:
    return predicate(drifted([ZONE], NOW, drift), APPOINTMENTS)(one)


def test_without_other_rules_every_visit_stands() -> None:
    for hours in range(0, 366 * 24, 7):
        one = visit(NOW + hours * HOUR)
        assert kept(one, NOW) is None
        assert not any(_is_found(one, drift) for drift in Drift)


def test_a_time_that_comes_twice_by_the_new_rules_is_its_first_occurrence(tmp_path: Path) -> None:
    with zone_data(tmp_path, ALWAYS_WINTER):
        told = visit(TWICE)
    after = kept(evolve(told, utc_offset=-7 * HOUR, starts_at=TWICE + HOUR), NOW)
    assert after == Kept(
        visit=evolve(told, starts_at=TWICE - HOUR, utc_offset=-5 * HOUR, sequence=1),
        is_told_time=True,
    )


def test_a_time_that_clocks_never_show_moves_on_with_them(tmp_path: Path) -> None:
    with zone_data(tmp_path, ALWAYS_WINTER):
        told = visit(datetime(2027, 3, 14, 8, 30, tzinfo=UTC))
    after = kept(told, NOW)
    assert after is not None
    assert not after.is_told_time
    assert after.visit.starts_at == told.starts_at
    assert after.visit.wall_time == told.wall_time + HOUR


def test_rules_are_told_apart_by_their_digest(tmp_path: Path) -> None:
    known = {digest_of(ZONE)}
    for rules in (ALWAYS_SUMMER, ALWAYS_WINTER):
        with zone_data(tmp_path, rules):
            known.add(digest_of(ZONE))
    assert len(known) == 3
    assert digest_of(ZONE) in known
