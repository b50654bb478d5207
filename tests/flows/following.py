"""What the flows of following up share: a clinic with carriers, and the messages that it queued."""

from typing import Any

from attrs import evolve

from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import Message, MessageChannel, MessageState
from orthocrm.services.work import everything
from tests.flows.practice import House

CARRIERS = ((MessageChannel.EMAIL, "smtp"), (MessageChannel.SMS, "twilio"))


def configure(house: House, **choices: Any) -> None:
    """Change settings; a clinic with carriers unless told otherwise."""
    present = house.admin.settings.practice().clinic.settings
    messaging = Messaging(carriers=CARRIERS, phone="(312) 555-0100")
    house.admin.settings.change(evolve(present, **{"messaging": messaging, **choices}))


def queued(house: House) -> list[Message]:
    """Read all messages of the clinic, oldest first."""
    with house.crm._backend.begin(house.clinic.id) as store:
        return sorted(everything(store.messages), key=lambda message: message.id)


def told(house: House) -> list[tuple[str | None, MessageChannel, MessageState]]:
    return [(message.about, message.channel, message.state) for message in queued(house)]
