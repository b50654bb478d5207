"""Fault 8. One poisoned message or event among a thousand: parked, the others on time."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import attrs
import pytest

import orthocrm
from orthocrm import CarrierError, Letter, Sent, hook
from orthocrm.core.audit import OutboxState
from orthocrm.core.events import LeadCaptured
from orthocrm.core.notifying import MessageState
from orthocrm.followup.sending import MOST_ATTEMPTS
from orthocrm.services.notifications import delivery
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.factories import a_message
from tests.flows.carrying import Bird, a_practice, held
from tests.flows.conftest import KEYS
from tests.flows.practice import House, enquiry

SHORT, LONG = 30, 1_000
AMOUNTS = pytest.mark.parametrize(
    "amount", [SHORT, pytest.param(LONG, marks=[pytest.mark.faults, pytest.mark.slow])]
)
LONGER_THAN_ANY_PAUSE = timedelta(hours=6)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"migrated_{request.param}_url"))


@AMOUNTS
def test_a_poisoned_message_is_parked_and_the_others_go_at_once(url: str, amount: int) -> None:
    def poison(letter: Letter) -> Sent:
        if letter.body == "poison":
            raise CarrierError("busy")
        return Sent(ref=letter.key)

    with a_practice(Bird(answer=poison), url=url) as house:
        lead = house.lead()
        bodies = ["poison" if n == amount // 2 else "hello" for n in range(amount)]
        to = "maria@example.com"
        messages = [
            a_message(house.clinic, lead, house.clock(), to=to, body=body) for body in bodies
        ]
        with house.crm._backend.begin(house.clinic.id) as store:
            store.messages.add(messages)
        bad = messages[amount // 2]
        assert house.crm.work().sent == amount - 1
        parked = 0
        for _ in range(MOST_ATTEMPTS):
            house.clock.advance(LONGER_THAN_ANY_PAUSE)
            parked += house.crm.work().parked
        assert parked == 1
        states = Counter(message.state for message in held(house, *messages))
        assert states == {MessageState.SENT: amount - 1, MessageState.PARKED: 1}
        assert [message.state for message in held(house, bad)] == [MessageState.PARKED]


@attrs.define
class Listener:
    """Hears of every lead once, and chokes on one of them."""

    poison: str | None = None
    heard: list[str] = attrs.field(factory=list)

    @hook
    def lead_captured(self, event: LeadCaptured) -> None:
        if event.lead_id == self.poison:
            raise ValueError("indigestible")
        self.heard.append(event.lead_id)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def listening(url: str, listener: Listener) -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect(
        url, keys=KEYS, clock=clock, discover_plugins=False, plugins=[listener]
    ) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC")
        yield House(crm, clinic, clock)


@AMOUNTS
def test_a_poisoned_event_is_parked_and_the_others_are_told_at_once(
    listening: House, listener: Listener, amount: int
) -> None:
    house = listening
    enquiries = [
        enquiry(phone=f"+1 312 555 {n:04}", email=f"ann{n}@example.com") for n in range(amount)
    ]
    listener.poison = ""
    real = house.crm._after_commit
    house.crm._after_commit = lambda *_: None  # type: ignore[method-assign]  # the worker tells
    leads = [one.lead.id for one in house.front.leads.capture_many(enquiries)]  # type: ignore[union-attr]  # none is refused
    house.crm._after_commit = real  # type: ignore[method-assign]
    listener.poison = leads[amount // 2]
    house.crm.work()
    others = [lead for lead in leads if lead != listener.poison]
    assert Counter(listener.heard) == Counter(others)
    for _ in range(delivery.MOST_ATTEMPTS):
        house.clock.advance(LONGER_THAN_ANY_PAUSE)
        house.crm.work()
    assert Counter(listener.heard) == Counter(others)
    with house.crm._backend.begin(house.clinic.id) as store:
        assert (store.outbox.waiting(), store.outbox.waiting(OutboxState.PARKED)) == (0, 1)
