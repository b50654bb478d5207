"""What is offered does not depend on the range that is asked for, whatever the grid (R7 to R10)."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from attrs import evolve

import orthocrm
from orthocrm.core.ids import UserId
from orthocrm.core.schedule import WeeklyWindow
from orthocrm.core.visit_type import StartGrid, VisitType
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.flows.scheduling import LEE, TUESDAY, WEEK, search, wish

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
ROUND_THE_CLOCK = tuple(WeeklyWindow(weekday=day, start=time(0), end=time(0)) for day in range(7))


@pytest.fixture
def house() -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", keys=KEYS, clock=clock, discover_plugins=False) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        yield House(crm, clinic, clock)


def prepare(house: House, week: tuple[WeeklyWindow, ...], align: StartGrid, days: int) -> None:
    """Take odd minutes of the past and of the days to come."""
    kind = VisitType(
        slug="consultation",
        name="Consultation",
        duration=timedelta(minutes=35),
        step=timedelta(minutes=25),
        buffer_after=timedelta(minutes=4),
        notice=timedelta(minutes=47),
        align=align,
    )
    settings = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(settings, visit_types=(kind,)))
    house.admin.scheduling.set_week(LEE, week)
    dice = random.Random(days)
    for number, day in enumerate((-days, -1, 0, 1, 1, 3, 4)):
        starts_at = TUESDAY + day * DAY + number * 97 * MINUTE + dice.randrange(29) * MINUTE
        house.front.scheduling.book(
            wish(patient_ref=f"p-{number}", starts_at=starts_at, is_manual=True)
        )


@pytest.mark.parametrize("align", StartGrid)
@pytest.mark.parametrize("week", [WEEK, ROUND_THE_CLOCK], ids=["weekdays", "round_the_clock"])
@pytest.mark.parametrize("days", [2, 61, 80])
def test_a_part_of_the_range_offers_a_part_of_the_times(
    house: House, week: tuple[WeeklyWindow, ...], align: StartGrid, days: int
) -> None:
    prepare(house, week, align, days)

    def offered(from_: datetime, to: datetime) -> list[datetime]:
        found = house.front.scheduling.slots(search(from_=from_, to=to, providers=(LEE,)))
        return [slot.start.astimezone(UTC) for slot in found]

    now = house.clock()
    whole = offered(now, now + 8 * DAY)
    dice = random.Random(7)
    assert len(whole) > 40
    for _ in range(25):
        from_ = now + dice.randrange(8 * 1440) * MINUTE
        to = from_ + dice.choice((1, 30, 700, 3000)) * MINUTE
        to = min(to, now + 8 * DAY)
        assert offered(from_, to) == [start for start in whole if from_ <= start < to]


@pytest.mark.parametrize("align", StartGrid)
def test_what_is_offered_far_ahead_is_booked(house: House, align: StartGrid) -> None:
    """The decision reads a few days only, and means the same."""
    prepare(house, ROUND_THE_CLOCK, align, 80)
    now = house.clock()
    asked = search(from_=now + 5 * DAY, to=now + 8 * DAY, providers=(LEE,))
    for number in range(4):
        slot = house.front.scheduling.slots(asked)[number * 7]
        who = UserId(f"n-{number}")
        house.front.scheduling.book(wish(patient_ref=who, starts_at=slot.start))
