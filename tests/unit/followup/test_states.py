"""States of addresses and numbers, and the quiet hours that hold there."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from orthocrm.core.messaging import QuietHours
from orthocrm.core.quiet import is_quiet, last_allowed, next_allowed
from orthocrm.followup.quiet import hours_of
from orthocrm.followup.states import states_of

NIGHT = QuietHours()
EARLIER = QuietHours(start=time(20), end=time(8))
NOT_ON_TIME = QuietHours(start=time(21), end=time(9))
TABLE = {"FL": EARLIER, "CT": NOT_ON_TIME}
NEW_YORK = ["America/New_York"]


def at(hour: int, minute: int = 0, day: int = 4) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(NEW_YORK[0])).astimezone(UTC)


@pytest.mark.parametrize(
    "number, said, states",
    [
        ("+13055550142", None, {"FL"}),
        ("+13125550142", "fl", {"FL", "IL"}),
        ("+12025550132", " District  of Columbia ", {"DC"}),
        ("+18005550142", "Florida", {"FL"}),
        ("+14165551234", None, set()),
        ("+4930123456", "Berlin", set()),
        ("no number", "", set()),
        (None, None, set()),
    ],
)
def test_a_number_and_an_address_name_their_states(
    number: str | None, said: str | None, states: set[str]
) -> None:
    assert states_of(number, said) == states


def test_the_hours_of_every_state_hold_beside_the_clinics_own() -> None:
    assert hours_of(NIGHT, TABLE, "+13055550142", "CT") == (NIGHT, NOT_ON_TIME, EARLIER)
    assert hours_of(NIGHT, TABLE, "+13125550142", None) == (NIGHT,)
    assert hours_of(NIGHT, {}, "+13055550142", "CT") == (NIGHT,)


def test_of_several_quiet_hours_all_are_kept() -> None:
    hours = (NIGHT, EARLIER, NOT_ON_TIME)
    assert [is_quiet(at(hour), hours, NEW_YORK) for hour in (8, 9, 19, 20)] == [
        True,
        False,
        False,
        True,
    ]
    assert next_allowed(at(20, 30), hours, NEW_YORK) == at(9, day=5)
    assert last_allowed(at(8, 30, day=5), hours, NEW_YORK) == at(19, 59)
    siesta = QuietHours(start=time(9), end=time(20))
    assert next_allowed(at(8), (siesta, EARLIER), NEW_YORK) == at(8)
    assert next_allowed(at(9), (siesta, EARLIER), NEW_YORK) == at(8, day=5)
