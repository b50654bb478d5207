"""Quiet hours in every zone of a recipient, through clock changes and around midnight."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.messaging import QuietHours
from orthocrm.core.quiet import is_quiet, last_allowed, next_allowed
from orthocrm.core.states import CODES
from orthocrm.followup.quiet import zone_of, zones_of
from orthocrm.followup.states import zones_of_state

CHICAGO, NEW_YORK, HONOLULU = "America/Chicago", "America/New_York", "Pacific/Honolulu"
NIGHT = QuietHours()
TICK = timedelta(microseconds=1)


def at(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc,arg-type]  # year to second


@pytest.mark.parametrize(
    "wall, quiet",
    [((7, 59, 59), True), ((8, 0, 0), False), ((20, 59, 59), False), ((21, 0, 0), True)],
)
def test_the_default_leaves_eight_to_nine(wall: tuple[int, int, int], *, quiet: bool) -> None:
    assert is_quiet(at(CHICAGO, 2026, 11, 4, *wall), NIGHT, [CHICAGO]) is quiet


def test_the_evening_waits_for_the_next_morning_and_the_small_hours_for_the_same() -> None:
    morning = at(CHICAGO, 2026, 11, 5, 8)
    for moment in (at(CHICAGO, 2026, 11, 4, 22), at(CHICAGO, 2026, 11, 5, 3)):
        assert next_allowed(moment, NIGHT, [CHICAGO]) == morning


def test_every_zone_has_to_be_awake() -> None:
    zones = [CHICAGO, NEW_YORK, HONOLULU]
    assert next_allowed(at(NEW_YORK, 2026, 11, 4, 8), NIGHT, zones) == at(HONOLULU, 2026, 11, 4, 8)
    assert next_allowed(at(NEW_YORK, 2026, 11, 4, 21), NIGHT, zones) == at(HONOLULU, 2026, 11, 5, 8)


def test_zones_without_a_common_hour_leave_none() -> None:
    quiet = QuietHours(start=time(10), end=time(9))
    assert next_allowed(at(CHICAGO, 2026, 11, 4, 8), quiet, [CHICAGO, "Asia/Tokyo"]) is None
    assert last_allowed(at(CHICAGO, 2026, 11, 4, 8), quiet, [CHICAGO, "Asia/Tokyo"]) is None


def test_quiet_hours_within_a_day_do_not_wrap() -> None:
    siesta = QuietHours(start=time(13), end=time(15))
    noon = at(CHICAGO, 2026, 11, 4, 12)
    assert next_allowed(noon, siesta, [CHICAGO]) == noon
    assert next_allowed(at(CHICAGO, 2026, 11, 4, 13), siesta, [CHICAGO]) == at(
        CHICAGO, 2026, 11, 4, 15
    )


def test_the_same_start_and_end_are_no_quiet_hours() -> None:
    none = QuietHours(start=time(9), end=time(9))
    assert not any(is_quiet(at(CHICAGO, 2026, 11, 4, hour), none, [CHICAGO]) for hour in range(24))


def test_clocks_go_back_and_forward_within_the_night() -> None:
    for night, morning in (((2026, 10, 31), (2026, 11, 1)), ((2026, 3, 7), (2026, 3, 8))):
        evening = at(CHICAGO, *night, 22)
        assert next_allowed(evening, NIGHT, [CHICAGO]) == at(CHICAGO, *morning, 8)


def test_an_end_that_does_not_exist_or_comes_twice_is_passed_once() -> None:
    quiet = QuietHours(start=time(22), end=time(2, 30))
    spring = next_allowed(at(CHICAGO, 2026, 3, 8, 1), quiet, [CHICAGO])
    assert spring == at(CHICAGO, 2026, 3, 8, 3)  # 02:30 does not exist that night

    quiet = QuietHours(start=time(22), end=time(1, 30))
    first = at(CHICAGO, 2026, 11, 1, 1, 30)
    second = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo(CHICAGO), fold=1).astimezone(UTC)
    assert next_allowed(at(CHICAGO, 2026, 11, 1, 0), quiet, [CHICAGO]) == first
    assert next_allowed(second - timedelta(minutes=20), quiet, [CHICAGO]) == second


def test_a_reminder_of_an_early_visit_goes_the_evening_before() -> None:
    due = at(CHICAGO, 2026, 11, 5, 6)
    assert last_allowed(due, NIGHT, [CHICAGO]) == at(CHICAGO, 2026, 11, 4, 20, 59)
    assert last_allowed(due, NIGHT, [CHICAGO, NEW_YORK]) == at(NEW_YORK, 2026, 11, 4, 20, 59)
    noon = at(CHICAGO, 2026, 11, 5, 12)
    assert last_allowed(noon, NIGHT, [CHICAGO]) == noon


INSTANTS = st.datetimes(
    min_value=datetime(2025, 1, 1),  # noqa: DTZ001 - the zone stands beside it
    max_value=datetime(2028, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
WALLS = st.times(timezones=st.none()).map(lambda wall: wall.replace(second=0, microsecond=0))
ZONES = st.lists(
    st.sampled_from([CHICAGO, NEW_YORK, HONOLULU, "Europe/Berlin", "Australia/Lord_Howe"]),
    min_size=1,
    max_size=3,
    unique=True,
)


@given(INSTANTS, WALLS, WALLS, ZONES)
def test_what_is_allowed_is_never_quiet_and_comes_as_soon_as_it_can(
    moment: datetime, start: time, end: time, zones: list[str]
) -> None:
    quiet = QuietHours(start=start, end=end)
    later, earlier = next_allowed(moment, quiet, zones), last_allowed(moment, quiet, zones)
    if later is not None:
        assert later >= moment
        assert not is_quiet(later, quiet, zones)
        assert later == moment or is_quiet(later - TICK, quiet, zones)
    if earlier is not None:
        assert earlier <= moment
        assert not is_quiet(earlier, quiet, zones)
    if not is_quiet(moment, quiet, zones):
        assert later == earlier == moment


def test_a_number_may_be_of_several_zones_and_the_practice_counts() -> None:
    assert zones_of("+12085550142", CHICAGO) == (
        "America/Boise",
        CHICAGO,
        "America/Los_Angeles",
    )
    assert zones_of("+13125550142", CHICAGO) == (CHICAGO,)
    assert HONOLULU in zones_of("+18005550142", CHICAGO)
    assert "America/Cancun" in zones_of("+5215512345678", CHICAGO)


@pytest.mark.parametrize(
    "said, more",
    [
        ("California", ["America/Los_Angeles"]),
        ("tn", [NEW_YORK]),
        ("AZ", ["America/Denver", "America/Phoenix"]),
        ("AK", ["America/Adak", "America/Anchorage"]),
        ("HI", [HONOLULU]),
        ("IL", []),
        ("Ontario", []),
        (None, []),
    ],
)
def test_whoever_lives_elsewhere_is_not_woken_there(said: str | None, more: list[str]) -> None:
    assert zones_of("+13125550142", CHICAGO, said) == tuple(sorted([CHICAGO, *more]))


def test_every_state_lies_in_some_zone() -> None:
    assert [name for name in CODES if not zones_of_state(name)] == []


@pytest.mark.parametrize("number", [None, "+88213000000", "nonsense", ""])
def test_of_an_unknown_number_the_practice_is_what_one_knows(number: str | None) -> None:
    assert zones_of(number, CHICAGO) == (CHICAGO,)


@pytest.mark.parametrize(
    "number, expected",
    [
        ("+13125550142", CHICAGO),
        ("+12125550142", NEW_YORK),
        ("+12085550142", CHICAGO),  # Idaho has two
        ("nonsense", CHICAGO),
        (None, CHICAGO),
    ],
)
def test_one_lives_by_the_only_zone_of_a_number_else_by_that_of_the_practice(
    number: str | None, expected: str
) -> None:
    assert zone_of(number, CHICAGO) == expected
