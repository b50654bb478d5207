"""Workers are killed at any moment: what is due has one effect each, whoever did what by then.

The short form of this is the one of reminders, which are messages as well.
"""

import random
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from attrs import evolve

from orthocrm import Clinic, OrthoCRM, Role
from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import MessageChannel, MessageState
from orthocrm.core.query import Aggregate, Cond, Measure
from orthocrm.services.notifications.gating import BATCH, LEASE
from orthocrm.testing.factories import a_message
from orthocrm.testing.plugin_suite import HttpCarrier
from tests.faults.processes import a_clinic, killed, opened, started
from tests.faults.victim import enquiry
from tests.flows.practice import House

ITEMS = 10_000
MOST_KILLS = 100
FOR_THE_FIRST_SECONDS, FOR_ANOTHER_SECONDS = 20.0, 3.0
AT_ONCE = 2


def _due(crm: OrthoCRM, items: int) -> Clinic:
    """Make a clinic with so many messages that are due now."""
    clinic = a_clinic(crm)
    house = House(crm, clinic, None)  # type: ignore[arg-type]  # nobody asks for the time
    settings = house.admin.settings.practice().clinic.settings
    messaging = Messaging(carriers=((MessageChannel.EMAIL, "post"),))
    house.admin.settings.change(evolve(settings, messaging=messaging, rules=()))
    lead = house.desk(Role.OPERATOR).leads.capture(enquiry(0)).lead
    assert lead.contact.email is not None
    now, to = datetime.now(UTC), lead.contact.email.address
    with crm._backend.begin(clinic.id) as store:
        store.messages.add([a_message(clinic, lead, now, to=to) for _ in range(items)])
    return clinic


def _pending(crm: OrthoCRM, clinic: Clinic) -> int:
    with crm._backend.begin(clinic.id) as store:
        return store.messages.count(Cond("state", "eq", MessageState.PENDING))


def _await_letters(server: HttpCarrier, many: int) -> None:
    """Wait until so many letters came, or none any more: one that failed waits for its time."""
    seen, ends = len(server.received), time.monotonic() + FOR_THE_FIRST_SECONDS
    while (came := len(server.received)) < many and time.monotonic() < ends:
        if came > seen:
            seen, ends = came, time.monotonic() + FOR_ANOTHER_SECONDS
        time.sleep(0.002)


@pytest.mark.faults
@pytest.mark.slow
def test_workers_killed_again_and_again_have_one_effect_for_each_item(
    url: str, server: HttpCarrier
) -> None:
    """The carrier sees a letter twice only by its own key, and only what was in hand at a kill."""
    chance, rounds = random.Random(ITEMS), 15
    with opened(url) as crm:
        clinic = _due(crm, ITEMS)
        kills = 0
        while left := _pending(crm, clinic):
            assert kills < MOST_KILLS
            later = str(kills * (LEASE.seconds + 1))
            pair = [started("work", url, server.url, later) for _ in range(AT_ONCE)]
            for worker in pair:
                assert worker.stdin is not None
                worker.stdin.write("go\n")
                worker.stdin.flush()
            some = chance.randint(ITEMS // (2 * rounds), ITEMS // rounds)
            _await_letters(server, len(server.received) + min(some, left))
            for worker in pair:
                killed(worker)
            kills += 1
        with crm._backend.begin(clinic.id) as store:
            groups = store.aggregate(Aggregate("messages", (Measure("n"),), by=("state",)))
    assert [(g.key, g.values["n"]) for g in groups] == [((MessageState.SENT,), ITEMS)]
    came = Counter(letter.headers["idempotency-key"] for letter in server.received)
    assert kills > 1
    assert len(came) == ITEMS
    assert came.total() - ITEMS <= kills * AT_ONCE * BATCH
    print(f"{ITEMS} items, {kills} kills, {came.total() - ITEMS} repeats under the same key")  # noqa: T201 - a figure for the log
