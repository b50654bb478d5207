"""Many want the same time at once: one has it, nobody waits for ever, and nothing is left half."""

import multiprocessing
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

import orthocrm
from orthocrm import Actor, hook
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import SlotTaken
from orthocrm.services.scheduling.waiting import NewWaitlistEntry
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.suite.arranged import together
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.flows.racing import (
    at_once,
    elsewhere,
    half_claims,
    left,
    naively,
    opened,
    overlaps,
)
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, open_the_diary, wish

RIVALS = 8
PATIENCE_SECONDS = 120


@pytest.fixture(autouse=True)
def _open(request: pytest.FixtureRequest) -> None:
    if "house" in request.fixturenames:
        open_the_diary(request.getfixturevalue("house"))


def test_one_of_many_gets_a_contested_time(house: House) -> None:
    def want(number: int) -> str:
        try:
            house.front.scheduling.book(wish(patient_ref=f"p-{number}"))
        except SlotTaken:
            return "taken"
        return "won"

    told = Counter(together(*[lambda n=n: want(n) for n in range(RIVALS)]))
    assert told == {"won": 1, "taken": RIVALS - 1}
    found = left(house)
    assert (len(found.standing), overlaps(found.standing), half_claims(found)) == (1, 0, [])


def test_the_naive_way_overlaps(house: House) -> None:
    """Without claims the same race is lost: so the tests beside this one can fail."""
    barrier = threading.Barrier(RIVALS)
    together(*[lambda n=n: naively(house, n, barrier.wait) for n in range(RIVALS)])
    assert overlaps(left(house).standing) == RIVALS * (RIVALS - 1) // 2


def test_threads_that_book_and_cancel_leave_no_overlap(house: House) -> None:
    told = at_once(house, threads=6, number=6)
    found = left(house)
    assert (overlaps(found.standing), half_claims(found)) == (0, [])
    assert len(found.standing) == told["won"] - told["cancelled"]
    assert told["won"] + told["taken"] == 36


def test_one_key_from_many_threads_makes_one_appointment(house: House) -> None:
    new = wish(key="k-1")
    booked = together(*[lambda: house.front.scheduling.book(new)] * RIVALS)
    assert {one.appointment.id for one in booked} == {left(house).standing[0].id}
    assert Counter(one.replayed for one in booked) == {False: 1, True: RIVALS - 1}


def test_many_confirm_a_hold_and_it_is_booked_once(house: House) -> None:
    held = house.front.scheduling.hold(wish()).appointment
    told = together(*[lambda: house.front.scheduling.confirm(held.id).appointment.status] * 2)
    assert sorted(told) == [AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED]


def test_many_take_over_a_hold_that_ran_out(house: House) -> None:
    house.front.scheduling.hold(wish(patient_ref="p-0"))
    house.clock.advance(HOUR)

    def want(number: int) -> bool:
        try:
            house.front.scheduling.book(wish(patient_ref=f"p-{number}"))
        except SlotTaken:
            return False
        return True

    told = together(*[lambda n=n: want(n) for n in range(1, 5)], house.crm.work)
    assert told[:4].count(True) == 1
    found = left(house)
    assert (len(found.standing), half_claims(found)) == (1, [])


def test_a_freed_time_is_offered_once_however_many_cancel(house: House) -> None:
    times = [TUESDAY + n * HOUR for n in range(4)]
    booked = [
        house.front.scheduling.book(wish(patient_ref=f"p-{at:%H}", starts_at=at)).appointment.id
        for at in times
    ]
    waits = NewWaitlistEntry(type="consultation", patient_ref="p-waits", providers=(LEE,))
    house.front.scheduling.join_waitlist(waits)
    together(*[lambda one=one: house.front.scheduling.cancel(one) for one in booked])
    held = [one for one in left(house).standing if one.status is AppointmentStatus.HELD]
    assert len(held) == 1


class Meeting:
    """Lets units of work that are about to take a time wait for each other."""

    barrier: threading.Barrier | None = None

    @hook
    def before_booking(self, appointment: Appointment, actor: Actor) -> None:  # noqa: ARG002 - the hook's own
        if self.barrier is not None:
            with suppress(threading.BrokenBarrierError):
                self.barrier.wait(5)


def test_two_who_cancel_and_wait_for_the_time_of_the_other_get_it(
    migrated_postgres_url: str, clock: FrozenClock
) -> None:
    """Each offer names a family whose lead the other cancellation has locked."""
    meeting = Meeting()
    with a_practice_of_two(migrated_postgres_url, clock, meeting) as house:
        desk, leads = house.front.scheduling, [house.lead(), house.lead(email="b@example.org")]
        mine = [
            desk.book(wish(lead, provider=who, starts_at=at)).appointment
            for lead, who, at in zip(leads, (LEE, KIM), (TUESDAY, TUESDAY + 3 * HOUR), strict=True)
        ]
        for lead, who in zip(leads, (KIM, LEE), strict=True):
            desk.join_waitlist(
                NewWaitlistEntry(type="consultation", lead_id=lead.id, providers=(who,))
            )
        meeting.barrier = threading.Barrier(2)
        together(*[lambda one=one: desk.cancel(one.id) for one in mine])
        held = [one for one in left(house).standing if one.status is AppointmentStatus.HELD]
        offered = sorted((one.lead_id, one.provider) for one in held)
        assert offered == sorted([(leads[0].id, KIM), (leads[1].id, LEE)])


@contextmanager
def a_practice_of_two(url: str, clock: FrozenClock, plugin: object) -> Iterator[House]:
    with orthocrm.connect(
        url, keys=KEYS, clock=clock, discover_plugins=False, plugins=[plugin]
    ) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        house = House(crm, clinic, clock)
        open_the_diary(house)
        yield house


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_processes_leave_no_overlap(
    engine: str, request: pytest.FixtureRequest, clock: FrozenClock
) -> None:
    _race(str(request.getfixturevalue(f"{engine}_url")), clock, processes=2, number=4)


@pytest.mark.faults
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_hundred_thousand_attempts_leave_no_overlap(
    engine: str, request: pytest.FixtureRequest, clock: FrozenClock
) -> None:
    """50,000 for each engine, by 4 threads of 4 processes each."""
    url = str(request.getfixturevalue(f"{engine}_url"))
    _race(url, clock, processes=4, number=3125, patience=4 * 3600)


def _race(
    url: str, clock: FrozenClock, processes: int, number: int, patience: float = PATIENCE_SECONDS
) -> None:
    with opened(url, clock) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        house = House(crm, clinic, clock)
        open_the_diary(house)
        given = [(url, clinic.id, process, number, patience) for process in range(processes)]
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            parts = pool.starmap_async(elsewhere, given).get(patience)
        told = sum(parts, Counter[str]())
        found = left(house)
    assert told["won"] + told["taken"] == processes * 4 * number
    assert (overlaps(found.standing), half_claims(found)) == (0, [])
    assert len(found.standing) == told["won"] - told["cancelled"]
