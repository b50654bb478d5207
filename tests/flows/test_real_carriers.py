"""Messages by our own carriers, to a real mail server and real HTTP servers of the tests."""

import json
from email import message_from_bytes, policy
from typing import Any

from attrs import evolve

from orthocrm import hook
from orthocrm.core.messaging import WebhookTarget
from orthocrm.core.notifying import MessageState
from orthocrm.followup.sending import FIRST_PAUSE
from orthocrm.leads.channels.signatures import sign
from orthocrm.notifiers.email import Security, Smtp
from orthocrm.notifiers.twilio import Twilio
from orthocrm.notifiers.webhook import Webhook
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.plugin_suite import HttpCarrier, Mood, Reply
from tests.flows.carrying import EMAIL, SMS, WEBHOOK, a_practice, agree, configure, held, put
from tests.notifiers.arranged import HERE, Mailbox, secrets

ACCOUNT = "AC00000000000000000000000000000001"
SID = "SM" + "a" * 32
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CARRIERS = ((EMAIL, "smtp"), (SMS, "twilio"), (WEBHOOK, "webhook"))


def smtp(box: Mailbox) -> Smtp:
    return Smtp(
        host="127.0.0.1",
        port=box.port,
        security=Security.NONE,
        sender="hello@practice.example",
        clock=FrozenClock(),
    )


def test_an_e_mail_is_repeated_under_one_message_id_until_the_server_takes_it(url: str) -> None:
    with Mailbox() as box, a_practice(smtp(box), url=url, carriers=CARRIERS) as house:
        message = put(house, house.lead(), subject="Your visit")
        box.mood = Mood.FAIL
        assert house.crm.work().retried == 1
        house.clock.advance(FIRST_PAUSE)
        box.mood = Mood.ACCEPT
        assert house.crm.work().sent == 1
        read: list[Any] = [message_from_bytes(m.body, policy=policy.default) for m in box.received]
        (after,) = held(house, message)

    assert [str(mail["To"]) for mail in read] == ["maria@example.com"] * 2
    assert {str(mail["Message-ID"]) for mail in read} == {after.carrier_ref}
    assert read[-1].get_content().strip() == message.body
    assert (after.state, after.attempts) == (MessageState.SENT, 2)


def test_a_mailbox_that_is_not_there_bounces_at_once(url: str) -> None:
    with Mailbox() as box, a_practice(smtp(box), url=url, carriers=CARRIERS) as house:
        message = put(house, house.lead())
        box.mood = Mood.REFUSE
        house.crm.work()
        (after,) = held(house, message)
    assert (after.state, after.because) == (MessageState.BOUNCED, "smtp_550_5.1.1")


def test_a_text_goes_by_twilio_and_names_its_message(url: str) -> None:
    taken = Reply(status=201, body=json.dumps({"sid": SID}).encode())
    with HttpCarrier(accepted=taken) as server:
        twilio = Twilio(
            account=ACCOUNT,
            sender="+13125550100",
            secrets=secrets(twilio="12345"),
            base_url=server.url,
            status_url="https://practice.example/hooks/{clinic}",
            wire=HERE,
            seconds=5,
        )
        with a_practice(twilio, url=url, carriers=CARRIERS) as house:
            lead = house.lead()
            agree(house, lead)
            message = put(house, lead, channel=SMS)
            house.crm.work()
            (after,) = held(house, message)
    (request,) = server.received
    assert (after.state, after.carrier_ref) == (MessageState.SENT, SID)
    assert f"message%3D{message.id}".encode() in request.body


def test_events_go_to_a_webhook_signed_once_and_again_under_one_id(url: str) -> None:
    with HttpCarrier() as server:
        clock = FrozenClock()
        carrier = Webhook(secrets=secrets(webhook__host=SECRET), wire=HERE, clock=clock, seconds=5)

        class Redirected:
            """Brings letters to the server of the test."""

            channel, seconds = carrier.channel, carrier.seconds

            @hook
            def register_notifiers(self) -> dict[str, Any]:
                return {"webhook": self}

            def send(self, letter: Any) -> Any:
                return carrier.send(evolve(letter, to=server.url))

        with a_practice(Redirected(), url=url, carriers=CARRIERS) as house:
            present = house.admin.settings.practice().clinic.settings.messaging
            target = WebhookTarget(
                name="host", url="https://host.example/in", kinds=("lead_captured",)
            )
            configure(house, messaging=evolve(present, webhooks=(target,)))
            house.crm.work()
            server.mood = Mood.FAIL
            lead = house.lead()
            house.crm.work()
            server.mood = Mood.ACCEPT
            house.clock.advance(FIRST_PAUSE)
            house.crm.work()
            house.crm.work()

    first, second = server.received
    identity = second.headers["webhook-id"]
    expected = sign(second.body, identity=identity, secret=SECRET.encode(), now=clock())
    assert first.headers["webhook-id"] == identity
    assert second.headers["webhook-signature"] == expected["webhook-signature"]
    assert json.loads(second.body)["data"]["lead_id"] == lead.id
