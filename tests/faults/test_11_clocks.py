"""Fault 11. Clocks that jump, summer time both ways, zone data that change after a booking.

Visits and series keep the local time that families were told, and each reminder goes once.
"""

import random
import zoneinfo
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import pytest

import orthocrm
from orthocrm import Appointment, ReminderRule
from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import MessageChannel
from orthocrm.testing.clock import FrozenClock
from tests.faults.post import Post
from tests.faults.processes import ended, started
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.flows.scheduling import LEE, open_the_diary, wish
from tests.support.zone_data import ALWAYS_WINTER, zone_data

CHICAGO = ZoneInfo("America/Chicago")
NINE = time(9)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EMAIL = MessageChannel.EMAIL
SPRING = datetime(2027, 3, 1, 9, tzinfo=CHICAGO)
AUTUMN = datetime(2027, 10, 25, 9, tzinfo=CHICAGO)
RULES = (
    ReminderRule(name="day", channel=EMAIL, before=DAY),
    ReminderRule(name="hours", channel=EMAIL, before=3 * HOUR),
)


@pytest.fixture
def post() -> Post:
    return Post()


ENGINES = [
    "memory",
    *(
        pytest.param(engine, marks=[pytest.mark.faults, pytest.mark.slow])
        for engine in ("sqlite", "postgres")
    ),
]


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://"
    return str(request.getfixturevalue(f"migrated_{request.param}_url"))


@pytest.fixture
def house(url: str, post: Post) -> Iterator[House]:
    clock = FrozenClock(SPRING.astimezone(UTC) - 3 * DAY)
    with orthocrm.connect(
        url, keys=KEYS, clock=clock, discover_plugins=False, plugins=[post]
    ) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        house = House(crm, clinic, clock)
        house.admin.settings.add_coordinator("tc-1", "Ana")
        open_the_diary(house)
        settings = house.admin.settings.practice().clinic.settings
        messaging = Messaging(carriers=((EMAIL, "post"),), phone="(312) 555-0100")
        chosen = attrs.evolve(settings, messaging=messaging, reminders=RULES, rules=())
        house.admin.settings.change(chosen)
        yield house


def _booked(house: House, first: datetime) -> list[Appointment]:
    """Book for three weeks, of which one changes the clocks."""
    desk, lead = house.front.scheduling, house.lead()
    new = wish(lead, starts_at=first.astimezone(UTC))
    series = desk.book_series(new, "FREQ=WEEKLY;COUNT=3")
    return [one.appointment for one in series.results]  # type: ignore[union-attr]  # none is refused


def _reminders(post: Post) -> "Counter[str]":
    return Counter(key for key in post.keys if key.startswith("reminder"))


@pytest.mark.parametrize("first", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_local_times_stay_when_clocks_change_and_each_reminder_goes_once(
    house: House, post: Post, first: datetime
) -> None:
    house.clock.set(first.astimezone(UTC) - 3 * DAY)
    visits = _booked(house, first)
    offsets = {one.starts_at.astimezone(CHICAGO).utcoffset() for one in visits}
    assert len(offsets) == 2
    assert [one.starts_at.astimezone(CHICAGO).time() for one in visits] == [NINE] * 3
    sheet = house.front.scheduling.day(visits[1].starts_at.astimezone(CHICAGO).date(), LEE)
    assert str(visits[1].id) in repr(sheet)
    for visit in visits:
        for before in (25, 23, 4, 2, -1):
            house.clock.set(visit.starts_at - before * HOUR)
            house.crm.work()
    told = _reminders(post)
    assert (len(told), set(told.values())) == (3 * len(RULES), {1})


@pytest.mark.parametrize("seed", range(3))
def test_a_clock_that_jumps_sends_each_reminder_once(house: House, post: Post, seed: int) -> None:
    """NTP puts it right, a machine wakes up, somebody sets it by hand: forwards and back again."""
    chance, visits = random.Random(seed), _booked(house, SPRING)
    jumps = [-2 * DAY, -HOUR, timedelta(seconds=-1), timedelta(0), HOUR]
    for visit in visits:
        for before in (24, 23, 3, 2, -1):
            house.clock.set(visit.starts_at - before * HOUR)
            house.crm.work()
            house.clock.advance(chance.choice(jumps))
            house.crm.work()
    told = _reminders(post)
    assert set(told.values()) == {1}
    assert len(told) >= len(visits)
    assert house.crm.work().errors == ()


def test_new_zone_data_keep_local_times_and_each_reminder_goes_once(
    house: House, post: Post, tmp_path: Path
) -> None:
    """Chicago abolishes summer time while a visit of the summer has been reminded of once."""
    visits = _booked(house, SPRING)
    house.clock.set(visits[2].starts_at - 23 * HOUR)
    house.crm.work()
    before = _reminders(post)
    with zone_data(tmp_path, ALWAYS_WINTER):
        assert house.crm.work().shifted == 1
        found = [house.front.scheduling.appointment(one.id) for one in visits]
        assert [one.wall_time.time() for one in found] == [NINE] * 3
        moved = [a.starts_at - b.starts_at for a, b in zip(found, visits, strict=True)]
        assert moved == [timedelta(0), timedelta(0), HOUR]
        for hours in (22, 3, 2, 1):
            house.clock.set(found[2].starts_at - hours * HOUR)
            assert (house.crm.work().shifted, house.crm.work().errors) == (0, ())
    told = _reminders(post)
    assert set(told.values()) == {1}
    (hours_before,) = told - before
    assert hours_before.endswith("/hours")
    assert len([key for key in told if str(visits[2].id) in key]) == len(RULES)


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)
def test_processes_with_old_and_new_zone_data_keep_local_times_and_reminders_once(
    house: House, post: Post, url: str, tmp_path: Path
) -> None:
    """Chicago abolishes summer time after the booking; only some processes know it."""
    visits = _booked(house, SPRING)
    later = int((visits[1].starts_at - 4 * HOUR - datetime.now(UTC)).total_seconds())
    with zone_data(tmp_path, ALWAYS_WINTER):
        changed = zoneinfo.TZPATH[0]
    told = [
        [line.split() for line in ended(started("elsewhen", url, str(later), *zones))]
        for zones in ((), (changed,), ())
    ]
    seen = [[line[1:] for line in lines if line[0] == "visit"] for lines in told]
    instants = [one.starts_at for one in visits]
    went = [*instants[:2], instants[2] + HOUR]
    assert [[instant for instant, _ in lines] for lines in seen] == [
        [one.isoformat() for one in several] for several in (instants, went, went)
    ]
    assert {wall.partition("T")[2] for lines in seen for _, wall in lines} == {"09:00:00"}
    letters = Counter(line[1] for lines in told for line in lines if line[0] == "letter")
    assert set(letters.values()) == {1}
    assert len(letters) >= len(RULES)
    assert post.keys == []
