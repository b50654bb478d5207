"""What the flows of sending share: carriers of the tests, a practice with them, its messages."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import attrs
from attrs import evolve

from orthocrm import (
    Letter,
    MessageChannel,
    Role,
    Sent,
    hook,
)
from orthocrm.core.lead import Lead
from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import Message, MessageState, Notice, Notifier
from orthocrm.privacy.consent import NewConsent
from orthocrm.services.notifications.contacts import ContactDetails
from orthocrm.services.work import everything
from orthocrm.testing.factories import a_message
from tests.flows.practice import House
from tests.hooks.plugins import a_house

EMAIL, SMS, PUSH = MessageChannel.EMAIL, MessageChannel.SMS, MessageChannel.PUSH
WEBHOOK = MessageChannel.WEBHOOK
CARRIERS = ((EMAIL, "pigeon"), (SMS, "raven"))
NUMBER = "+13125550142"
ADDRESS = "maria@example.com"


@attrs.define(slots=False, eq=False)
class Bird:
    """A carrier that remembers its letters, and does with each what it is told."""

    name: str = "pigeon"
    channel: MessageChannel = EMAIL
    seconds: float = 5.0
    answer: Callable[[Letter], Any] = lambda letter: Sent(ref=f"ref-{letter.key}")
    letters: list[Letter] = attrs.field(factory=list)

    @hook
    def register_notifiers(self) -> Mapping[str, Notifier]:
        return {self.name: self}

    def send(self, letter: Letter) -> Sent:
        self.letters.append(letter)
        result: Sent = self.answer(letter)
        return result

    @property
    def keys(self) -> list[str]:
        return [letter.key for letter in self.letters]


def a_raven(**fields: Any) -> Bird:
    return Bird(name="raven", channel=SMS, **fields)


@contextmanager
def a_practice(*plugins: object, url: str = "memory://", **messaging: Any) -> Iterator[House]:
    """Open a house whose clinic names the carriers of the tests, and has no rules of its own."""
    with a_house(*plugins, url=url) as house:
        messaging = {"carriers": CARRIERS, **messaging}
        configure(house, messaging=Messaging(**messaging), rules=())
        house.crm.work()
        yield house


def configure(house: House, **choices: Any) -> None:
    present = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(present, **choices))


def put(house: House, lead: Lead | None = None, **fields: Any) -> Message:
    """Store a message that is due now."""
    usual: dict[str, Any] = {"to": ADDRESS} if lead else {}
    if fields.get("channel") is SMS and lead:
        usual["to"] = NUMBER
    due_at = fields.pop("due_at", house.clock())
    message = a_message(house.clinic, lead, due_at, **{**usual, **fields})
    with house.crm._backend.begin(house.clinic.id) as store:
        store.messages.add([message])
    return message


def agree(house: House, lead: Lead, at: datetime | None = None) -> None:
    """Let a family agree to texts."""
    given = NewConsent(channel=SMS, granted=True, evidence="signed on paper", at=at)
    house.front.notifications.record_consent(lead.id, given)


def held(house: House, *messages: Message) -> list[Message]:
    """Read messages as they stand now; all of the clinic's, oldest first, unless some are named."""
    with house.crm._backend.begin(house.clinic.id) as store:
        if not messages:
            return sorted(everything(store.messages), key=lambda message: message.id)
        found = store.messages.get([message.id for message in messages])
    return [found[message.id] for message in messages]


def states(house: House, *messages: Message) -> list[tuple[MessageState, str | None]]:
    return [(message.state, message.because) for message in held(house, *messages)]


def of_user(house: House, user: str) -> tuple[Notice, ...]:
    role = Role.CLINIC_ADMIN if user == "manager" else Role.TREATMENT_COORDINATOR
    return house.desk(role, user).notifications.notices().notices


def reach(house: House, user: str, **details: Any) -> None:
    """Let somebody of the practice choose e-mail."""
    usual: dict[str, Any] = {"email": f"{user}@practice.example", "channels": (EMAIL,)}
    desk = house.desk(Role.TREATMENT_COORDINATOR, user)
    desk.notifications.set_contact(ContactDetails(**{**usual, **details}))
