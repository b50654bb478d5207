"""Our own carriers pass the suite that authors of plug-ins run."""

import base64
import json
from collections.abc import Iterator
from typing import ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from orthocrm.core.notifying import Notifier
from orthocrm.notifiers.caldav import Calendars
from orthocrm.notifiers.email import Security, Smtp
from orthocrm.notifiers.encryption import padless, point_of
from orthocrm.notifiers.push import WebPush
from orthocrm.notifiers.sendgrid import SendGrid
from orthocrm.notifiers.twilio import Twilio
from orthocrm.notifiers.webhook import Webhook
from orthocrm.testing.plugin_suite import (
    Ability,
    CalendarSuite,
    HttpCarrier,
    NotifierSuite,
    PluginSuite,
    Received,
    Reply,
)
from orthocrm.testing.plugin_suite.notifiers import CANARY
from tests.notifiers.arranged import HERE, Mailbox, secrets

VAPID = padless((7).to_bytes(32))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class TestSmtp(NotifierSuite):
    to = "maria.lopez@example.com"
    loggers_of_the_carrier = ("mail.log",)

    @pytest.fixture
    def carrier(self) -> Iterator[Mailbox]:
        with Mailbox() as carrier:
            yield carrier

    @pytest.fixture
    def notifier(self, carrier: Mailbox, seconds: float) -> Notifier:
        return Smtp(
            host="127.0.0.1",
            port=carrier.port,
            security=Security.NONE,
            sender="hello@practice.example",
            seconds=seconds,
        )

    def key_of(self, received: Received) -> str | None:
        return received.headers.get("message-id")


class TestSendGrid(NotifierSuite):
    to = "maria.lopez@example.com"
    accepted = Reply(status=202, headers={"X-Message-Id": "abc"})

    @pytest.fixture
    def notifier(self, carrier: HttpCarrier, seconds: float) -> Notifier:
        return SendGrid(
            sender="hello@practice.example",
            secrets=secrets(sendgrid="SG.key"),
            base_url=carrier.url,
            wire=HERE,
            seconds=seconds,
        )

    def key_of(self, received: Received) -> str | None:
        told = json.loads(received.body)
        return str(told["custom_args"]["message_id"])


class TestTwilio(NotifierSuite):
    lacking: ClassVar = {Ability.KEYS: "Twilio knows no idempotency keys for messages"}
    accepted = Reply(status=201, body=json.dumps({"sid": "SM" + "0" * 32}).encode())

    @pytest.fixture
    def notifier(self, carrier: HttpCarrier, seconds: float) -> Notifier:
        return Twilio(
            account="AC" + "0" * 32,
            sender="+13125550100",
            secrets=secrets(twilio="12345"),
            base_url=carrier.url,
            wire=HERE,
            seconds=seconds,
        )


class TestWebPush(NotifierSuite):
    refused = Reply(status=410)
    accepted = Reply(status=201)

    @pytest.fixture
    def notifier(self, carrier: HttpCarrier, seconds: float) -> Notifier:
        keys = {
            "p256dh": padless(point_of(generate_private_key(SECP256R1()).public_key())),
            "auth": base64.urlsafe_b64encode(b"a secret of 16 b").decode(),
        }
        told = {"endpoint": f"{carrier.url}/push/{CANARY}", "keys": keys}
        type(self).to = json.dumps(told)
        return WebPush(
            contact="mailto:office@practice.example",
            secrets=secrets(vapid=VAPID),
            wire=HERE,
            seconds=seconds,
        )

    def key_of(self, received: Received) -> str | None:
        return received.headers.get("topic")


class TestWebhook(NotifierSuite):
    body = json.dumps({"type": "lead_captured", "data": {"note": CANARY}})
    refused = Reply(status=410)

    @pytest.fixture
    def notifier(self, carrier: HttpCarrier, seconds: float) -> Notifier:
        type(self).to = f"{carrier.url}/hook?token={CANARY}"
        return Webhook(secrets=secrets(webhook__suite=SECRET), wire=HERE, seconds=seconds)

    def key_of(self, received: Received) -> str | None:
        return received.headers.get("webhook-id")


class TestCalendars(CalendarSuite):
    @pytest.fixture
    def notifier(self, seconds: float) -> Notifier:
        known = secrets(caldav__suite="lee:pass:word")
        return Calendars(secrets=known, wire=HERE, seconds=seconds)


class TestPlugin(PluginSuite):
    @pytest.fixture(params=["smtp", "sendgrid", "twilio", "push", "webhook", "caldav"])
    def plugin(self, request: pytest.FixtureRequest) -> object:
        carriers = {
            "smtp": Smtp(host="mail.practice.example", sender="hello@practice.example"),
            "sendgrid": SendGrid(sender="hello@practice.example"),
            "twilio": Twilio(account="AC" + "0" * 32, sender="+13125550100"),
            "push": WebPush(contact="mailto:office@practice.example"),
            "webhook": Webhook(),
            "caldav": Calendars(),
        }
        return carriers[request.param]
