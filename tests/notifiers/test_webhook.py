"""Outgoing webhooks, signed as Standard Webhooks has it, to public addresses only."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orthocrm import Delivered, MessageChannel, Unverified
from orthocrm.leads.channels.signatures import sign, standard
from orthocrm.notifiers.reach import Reach
from orthocrm.notifiers.webhook import Webhook
from orthocrm.notifiers.wire import Wire
from orthocrm.testing.clock import MONDAY_MORNING, FrozenClock
from orthocrm.testing.plugin_suite import HttpCarrier, Received, Reply
from tests.notifiers.arranged import (
    HERE,
    SAMPLES,
    a_callback,
    a_letter,
    certificate,
    names,
    refusal,
    secrets,
    with_samples,
)
from tests.notifiers.tampering import (
    Tampering,
    later,
    with_body,
    with_header,
    without_header,
)

NEW, OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_b2xkIHNlY3JldA=="
BODY = '{"type": "lead_captured", "data": {"lead_id": "1"}}'


def carrier(**fields: Any) -> Webhook:
    usual: dict[str, Any] = {
        "secrets": secrets(webhook__erp=[NEW, OLD]),
        "wire": HERE,
        "seconds": 5,
        "clock": FrozenClock(),
    }
    return Webhook(**{**usual, **fields})


def event(url: str, **fields: Any) -> Any:
    usual = {"to": url, "channel": MessageChannel.WEBHOOK, "body": BODY, "target": "erp"}
    return a_letter(**{**usual, **fields})


def verified(received: Received, *known: str) -> str:
    delivered = Delivered(body=received.body, headers=received.headers)
    return standard(delivered, received.body, [one.encode() for one in known], MONDAY_MORNING)


def test_every_live_secret_signs_the_same_bytes() -> None:
    with HttpCarrier() as server:
        letter = event(server.url + "/hook?x=1")
        sent = carrier().send(letter)
        (received,) = server.received
    assert (received.path, received.body) == ("/hook?x=1", BODY.encode())
    assert received.headers["content-type"] == "application/json"
    assert verified(received, NEW) == verified(received, OLD) == sent.ref
    assert len(received.headers["webhook-signature"].split(" ")) == 2
    with pytest.raises(Unverified):
        verified(received, "another secret")


def test_attempts_share_the_id_and_not_the_instant() -> None:
    clock = FrozenClock()
    with HttpCarrier() as server:
        hook = carrier(clock=clock)
        hook.send(event(server.url))
        clock.advance(timedelta(hours=1))
        hook.send(event(server.url))
        first, second = server.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


@pytest.mark.parametrize(
    "status, permanent",
    [
        (301, True),
        (302, True),
        (308, True),
        (400, False),
        (401, False),
        (404, False),
        (410, True),
        (422, False),
        (429, False),
        (500, False),
        (504, False),
    ],
)
def test_receivers_are_mended_unless_they_are_gone(status: int, *, permanent: bool) -> None:
    reply = Reply(status=status, headers={"Location": "http://169.254.169.254/"})
    with HttpCarrier(accepted=reply) as server:
        error = refusal(carrier(), event(server.url))
        assert len(server.received) == 1
    assert (error.reason, error.permanent) == (f"http_{status}", permanent)


def test_an_endless_answer_is_not_read() -> None:
    with HttpCarrier(accepted=Reply(body=b"x" * 5_000_000)) as server:
        assert carrier().send(event(server.url)).ref is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:7f00:1]", "0x7f000001"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_practices_own_network_is_out_of_reach(scheme: str, host: str) -> None:
    with HttpCarrier() as server:
        error = refusal(carrier(wire=Wire()), event(f"{scheme}://{host}:{server.port}/"))
        assert (error.reason, error.permanent) == ("address_not_allowed", True)
        assert server.received == []


def test_a_name_is_judged_once_and_the_request_goes_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own, trusting = certificate(tmp_path, "erp.example")
    wire = Wire(reach=Reach(networks=["127.0.0.1/32"]), tls=trusting)
    known = {"erp.example": ["127.0.0.1", "169.254.169.254", "127.0.0.1 10.0.0.1"]}
    with HttpCarrier(tls=own) as server, names(monkeypatch, known) as asked:
        url = f"https://erp.example:{server.port}/"
        carrier(wire=wire).send(event(url))
        assert asked == ["erp.example"]
        reasons = [refusal(carrier(wire=wire), event(url)).reason for _ in range(2)]
        assert len(server.received) == 1
    assert reasons == ["address_not_allowed"] * 2


def test_without_a_secret_nothing_is_sent() -> None:
    with HttpCarrier() as server:
        told = [
            (error.reason, error.permanent)
            for kept in (secrets(webhook__other=NEW), secrets(webhook__erp="whsec_*"))
            for error in [refusal(carrier(secrets=kept), event(server.url))]
        ]
        assert server.received == []
    assert told == [("no_secret", False), ("bad_secret", False)]


def test_a_text_that_cannot_be_written_is_refused_for_good() -> None:
    error = refusal(carrier(), event("https://erp.example/", body="\ud800"))
    assert (error.reason, error.permanent) == ("unwritable", True)


def vector() -> Any:
    told = json.loads((SAMPLES / "standard_webhooks_vector.json").read_text())
    at = datetime.fromtimestamp(int(told["headers"]["webhook-timestamp"]), UTC)
    return a_callback(told["payload"].encode(), told["headers"], received_at=at), told["secret"]


def verify(call: Any, secret: str) -> str:
    delivered = Delivered(body=call.body, headers=call.headers)
    return standard(delivered, call.body, [secret.encode()], call.received_at)


@with_samples
def test_the_published_vector_verifies_and_is_what_we_write() -> None:
    call, secret = vector()
    assert verify(call, secret) == call.headers["webhook-id"]
    made = sign(
        call.body,
        identity=call.headers["webhook-id"],
        secret=secret.encode(),
        now=call.received_at,
    )
    assert made == call.headers


ID, TIME, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TAMPERED: dict[str, Tampering] = {
    "a byte of the body": with_body(lambda body: body.replace(b"2", b"3", 1)),
    "the body longer": with_body(lambda body: body + b" "),
    "the body empty": with_body(lambda _: b""),
    "another id": with_header(ID, lambda text: text + "x"),
    "no id": without_header(ID),
    "another instant": with_header(TIME, lambda text: str(int(text) + 1)),
    "an instant that is none": with_header(TIME, lambda text: text + ".0"),
    "no instant": without_header(TIME),
    "another signature": with_header(SIGNATURE, lambda text: text.replace("g0", "g1")),
    "another version": with_header(SIGNATURE, lambda text: "v2" + text[2:]),
    "no signature": without_header(SIGNATURE),
    "six minutes late": later(timedelta(minutes=6)),
    "six minutes early": later(timedelta(minutes=-6)),
}


@with_samples
@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_vector_does_not_verify(change: Tampering) -> None:
    call, secret = vector()
    with pytest.raises(Unverified):
        verify(change(call), secret)
