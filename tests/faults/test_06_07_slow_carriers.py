"""Faults 6 and 7. Carriers that are slow, fail half of the time, or answer after their time.

Whatever they do, a message goes under one key, its pauses grow, and what comes too late is refused.
"""

import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import pairwise

import attrs
import pytest

from orthocrm import CarrierError, Letter, Message, Role, Sent
from orthocrm.core.notifying import MessageState
from orthocrm.followup.sending import MOST_ATTEMPTS
from orthocrm.rounds import carrying
from orthocrm.services.notifications.gating import LEASE
from orthocrm.services.notifications.settling import Outcome, Settled
from orthocrm.testing.factories import a_message
from tests.flows.carrying import Bird, a_practice, held
from tests.flows.practice import House

Opened = Callable[..., House]
SHORT, LONG = 30, 1_000
AMOUNTS = pytest.mark.parametrize(
    "amount", [SHORT, pytest.param(LONG, marks=[pytest.mark.faults, pytest.mark.slow])]
)
HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://"
    return str(request.getfixturevalue(f"migrated_{request.param}_url"))


@pytest.fixture
def opened(url: str) -> Iterator[Opened]:
    with ExitStack() as stack:

        def open_(*plugins: object) -> House:
            return stack.enter_context(a_practice(*plugins, url=url))

        yield open_


def _queued(house: House, amount: int) -> list[Message]:
    lead = house.lead()
    messages = [
        a_message(house.clinic, lead, house.clock(), to="maria@example.com") for _ in range(amount)
    ]
    with house.crm._backend.begin(house.clinic.id) as store:
        store.messages.add(messages)
    return messages


@attrs.define
class Moody:
    """Takes half of the letters, and of half of the others does not say whether it did."""

    clock: Callable[[], datetime]
    chance: random.Random
    taken: Counter[str] = attrs.field(factory=Counter)
    asked: defaultdict[str, list[datetime]] = attrs.field(factory=lambda: defaultdict(list))

    def __call__(self, letter: Letter) -> Sent:
        self.asked[letter.identity].append(self.clock())
        mood = self.chance.random()
        if len(self.asked[letter.identity]) == MOST_ATTEMPTS - 1:
            mood = 1.0  # else one of a thousand would be parked by chance
        if mood < 0.25:
            raise CarrierError("busy")
        self.taken[letter.identity] += 1
        if mood < 0.5:
            raise CarrierError("time_out", uncertain=True)
        return Sent(ref=letter.key)


@AMOUNTS
def test_a_carrier_that_fails_half_of_the_time_gets_each_letter_under_one_key(
    opened: Opened, amount: int
) -> None:
    bird = Bird()
    house = opened(bird)
    moody = Moody(house.clock, random.Random(amount))
    bird.answer = moody
    messages = _queued(house, amount)
    for _ in range(3 * MOST_ATTEMPTS):
        house.crm.work()
        house.clock.advance(2 * HOUR)
    assert {m.state for m in held(house, *messages)} == {MessageState.SENT}
    assert len(moody.taken) == len(moody.asked) == amount
    pauses = [
        [later - earlier for earlier, later in pairwise(times)] for times in moody.asked.values()
    ]
    assert all(each == sorted(each) for each in pauses)
    assert any(len(each) > 1 for each in pauses)


def test_an_answer_after_its_time_changes_nothing_any_more(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call hangs until the end; the second one, under the same key, counts."""
    monkeypatch.setattr(carrying, "GRACE", 0.01)
    gate, calls = threading.Event(), threading.Semaphore(1)

    def hang_first(_: Letter) -> Sent:
        if calls.acquire(blocking=False):
            gate.wait()
            return Sent(ref="too late")
        return Sent(ref="in time")

    bird = Bird(answer=hang_first, seconds=0.05)
    house = opened(bird)
    [message] = _queued(house, 1)
    house.crm.work()
    assert [m.state for m in held(house, message)] == [MessageState.PENDING]
    bird.seconds = 60.0
    house.clock.advance(6 * HOUR)
    house.crm.work()
    gate.set()
    house.clock.advance(6 * HOUR)
    house.crm.work()
    assert [(m.state, m.carrier_ref) for m in held(house, message)] == [
        (MessageState.SENT, "in time")
    ]
    assert len(bird.keys) == 2
    assert len(set(bird.keys)) == 1


def test_the_late_result_of_a_slow_worker_is_refused(opened: Opened) -> None:
    """One worker sleeps through its lease, another one takes the message, then both report."""
    house = opened(Bird())
    [message] = _queued(house, 1)
    slow, fast = (house.desk(Role.WORKER).notifications for _ in range(2))
    (mine,) = slow.take().outgoing
    assert fast.take().outgoing == ()
    house.clock.advance(LEASE + timedelta(seconds=1))
    (again,) = fast.take().outgoing
    assert again.letter.identity == mine.letter.identity
    assert slow.settle([Outcome(outgoing=mine, result=CarrierError("busy"))]) == Settled(late=1)
    assert fast.settle([Outcome(outgoing=again, result=Sent(ref="fast"))]) == Settled(sent=1)
    assert slow.settle([Outcome(outgoing=mine, result=Sent(ref="slow"))]) == Settled(late=1)
    assert [(m.state, m.carrier_ref) for m in held(house, message)] == [(MessageState.SENT, "fast")]
