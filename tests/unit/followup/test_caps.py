"""How often one address may be written to."""

from datetime import timedelta

import pytest

from orthocrm import MessageChannel
from orthocrm.core.messaging import Cap
from orthocrm.core.time import DAY
from orthocrm.followup.caps import free_at
from orthocrm.testing.clock import MONDAY_MORNING as NOW

DEFAULT = Cap(channel=MessageChannel.SMS, a_day=1, a_week=3)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "ago, wait",
    [
        ([], None),
        ([DAY], None),
        ([DAY - HOUR], HOUR),
        ([HOUR], 23 * HOUR),
        ([2 * DAY, 4 * DAY], None),
        ([2 * DAY, 4 * DAY, 6 * DAY], DAY),
        ([6 * DAY, 2 * DAY, 4 * DAY], DAY),
        ([2 * DAY, 4 * DAY, 7 * DAY], None),
        ([HOUR, 2 * DAY, 4 * DAY], 3 * DAY),
        ([HOUR, HOUR, HOUR, HOUR], 7 * DAY - HOUR),
    ],
)
def test_one_a_day_and_three_a_week(ago: list[timedelta], wait: timedelta | None) -> None:
    assert free_at(DEFAULT, [NOW - one for one in ago], NOW) == NOW + (wait or timedelta())


def test_a_cap_of_none_is_never_free() -> None:
    assert free_at(Cap(channel=MessageChannel.SMS, a_day=0, a_week=3), [], NOW) is None
