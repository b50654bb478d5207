"""What reminders cost beside the appointments that they are of."""

import pytest
from attrs import evolve

from orthocrm import Messaging, Role
from orthocrm.testing.clock import FrozenClock
from tests.flows.carrying import CARRIERS, configure, held
from tests.flows.counting import cost, watched
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, open_the_diary, wish
from tests.flows.test_reminders import DAY, THURSDAY

USUAL = Messaging(phone="(312) 555-0100")


def _series(house: House, lead: object, count: int, week: int) -> int:
    """Count the statements of a series for a lead, so many weeks ahead."""
    new, desk = wish(lead, starts_at=THURSDAY + week * 7 * DAY), house.front.scheduling
    return cost(lambda: desk.book_series(new, f"FREQ=WEEKLY;COUNT={count}"))


@pytest.mark.parametrize("count", [1, 3])
def test_reminders_cost_two_statements_however_many_appointments_are_made(
    migrated_sqlite_url: str, clock: FrozenClock, count: int
) -> None:
    """One that reads whom to write to, one that writes."""
    with watched(migrated_sqlite_url, clock) as house:
        house.admin.settings.add_coordinator("tc-1", "Ana")
        open_the_diary(house)
        configure(house, messaging=USUAL, rules=())
        lead = house.lead()
        _series(house, lead, count, 0)
        without = _series(house, lead, count, 3)
        configure(house, messaging=evolve(USUAL, carriers=CARRIERS))
        _series(house, lead, count, 6)
        before = len(held(house))
        assert _series(house, lead, count, 9) - without == 2
        assert len(held(house)) - before == 4 * count


@pytest.mark.parametrize("count", [1, 3])
def test_looking_at_reminders_costs_the_same_however_many_there_are(
    migrated_sqlite_url: str, clock: FrozenClock, count: int
) -> None:
    with watched(migrated_sqlite_url, clock) as house:
        house.admin.settings.add_coordinator("tc-1", "Ana")
        open_the_diary(house)
        configure(house, messaging=evolve(USUAL, carriers=CARRIERS), rules=())
        visit = house.front.scheduling.book(wish(house.lead(), starts_at=THURSDAY)).appointment
        for _ in range(count):
            visit = house.front.scheduling.reschedule(visit.id, visit.starts_at + HOUR).appointment
        desk = house.desk(Role.FRONT_DESK).scheduling
        desk.reminders(visit.id)
        assert cost(lambda: desk.reminders(visit.id)) == 6
        assert len(desk.reminders(visit.id).reminders) == 4 * (count + 1)
