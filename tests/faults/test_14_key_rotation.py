"""Keys are replaced under traffic, the rotator is killed: no read fails, no row is lost."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread
from typing import TypeVar

import pytest

from orthocrm import Actor, Clinic, Desk, OrthoCRM, Role
from orthocrm.core.errors import Conflict
from orthocrm.core.ids import LeadId
from orthocrm.core.keyring import KeyLayer
from tests.faults.processes import a_clinic, killed, opened, started, whole_leads
from tests.faults.victim import enquiry

T = TypeVar("T")
LEADS = 40
SHORT, LONG = 1, 12
PAUSE_SECONDS = 0.01
"""How long a thread rests, so that others have their turn on SQLite too."""

ROUNDS = pytest.mark.parametrize(
    "rounds", [SHORT, pytest.param(LONG, marks=[pytest.mark.faults, pytest.mark.slow])]
)
LAYERS = (KeyLayer.CLINIC, KeyLayer.LEADS, KeyLayer.INDEX)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


def desk(crm: OrthoCRM, clinic: Clinic) -> Desk:
    """Give the desk of somebody who may do everything."""
    return crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))


@contextmanager
def busy(*works: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Let threads work; what one of them raises is noted."""
    stopped, failures = Event(), list[BaseException]()

    def run(work: Callable[[], object]) -> None:
        while not stopped.is_set():
            try:
                work()
                stopped.wait(PAUSE_SECONDS)
            except BaseException as error:  # noqa: BLE001 - whatever it is, the test looks at it
                failures.append(error)
                return

    threads = [Thread(target=run, args=[work], daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield failures
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def rotated(crm: OrthoCRM, clinic: Clinic, layer: KeyLayer) -> None:
    """Replace a key to the end, however often others are first."""
    keys = desk(crm, clinic).keys
    _patiently(lambda: keys.rotate(layer))
    while _patiently(lambda: keys.move(most=15)).more:
        pass


def _patiently(act: Callable[[], T]) -> T:
    while True:
        try:
            return act()
        except Conflict:
            time.sleep(0.01)


@ROUNDS
def test_readers_and_writers_go_on_while_keys_are_replaced(url: str, rounds: int) -> None:
    with opened(url) as crm, opened(url) as other:
        clinic = a_clinic(crm)
        mine, theirs = desk(crm, clinic), desk(other, clinic)
        ids = [mine.leads.capture(enquiry(n)).lead.id for n in range(LEADS)]
        names = {lead: f"Lee{n}" for n, lead in enumerate(ids)}
        made: list[LeadId] = []
        chance = random.Random(rounds)

        def read() -> None:
            lead = chance.choice(ids)
            assert theirs.leads.get(lead).contact.last_name == names[lead]
            assert theirs.leads.timeline(lead).entries
            assert len(theirs.leads.find(mine=False).leads) >= LEADS

        def write() -> None:
            made.append(mine.leads.capture(enquiry(1_000 + len(made))).lead.id)

        with busy(read, read, write) as failures:
            for _ in range(rounds):
                for layer in LAYERS:
                    rotated(crm, clinic, layer)
        assert failures == []
        found = {lead.id for lead in whole_leads(other, clinic)}
        assert found == {*ids, *made}
        assert made
        status = mine.keys.status()
        assert status.is_done


@pytest.mark.parametrize(
    "layers, kills",
    [
        ([KeyLayer.LEADS], 1),
        pytest.param(LAYERS * 4, 3, marks=[pytest.mark.faults, pytest.mark.slow]),
    ],
    ids=["short", "long"],
)
def test_a_rotator_that_is_killed_is_no_loss(url: str, layers: list[KeyLayer], kills: int) -> None:
    chance = random.Random(kills)
    with opened(url) as crm:
        clinic = a_clinic(crm)
        here = desk(crm, clinic)
        ids = [here.leads.capture(enquiry(number)).lead.id for number in range(LEADS)]
        for layer in layers:
            _patiently(partial(here.keys.rotate, layer))
            writer = started("capture", url, clinic.id, "0.02")
            for _ in range(kills):
                rotator = started("rotate", url, clinic.id)
                time.sleep(chance.uniform(0.02, 0.2))
                killed(rotator)
                assert [here.leads.get(lead).id for lead in ids] == ids
            acknowledged = {line.strip() for line in killed(writer)}
            while _patiently(lambda: here.keys.move(most=500)).more:
                pass
            assert acknowledged | set(ids) <= {lead.id for lead in whole_leads(crm, clinic)}
            assert here.keys.status().is_done
