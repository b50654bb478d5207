"""Only who knows the secret, just now, is believed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.errors import MissingKey
from orthocrm.leads.channels import signatures
from orthocrm.leads.channels.delivery import Delivered
from orthocrm.leads.channels.signatures import TOLERANCE, Unverified, sign, standard
from orthocrm.testing.clock import MONDAY_MORNING
from tests.unit.leads.channels.arranged import OLD_SECRET, SECRET, sample, truth, with_samples

BODY = b'{"name": "Maria"}'
LIVE = (SECRET, OLD_SECRET)


def delivered(
    body: bytes = BODY, secret: bytes = SECRET, at: datetime = MONDAY_MORNING
) -> Delivered:
    return Delivered(body=body, headers=sign(body, identity="msg_1", secret=secret, now=at))


def altered(**headers: str | None) -> Delivered:
    """A good delivery with other headers; None takes one away."""
    good = delivered()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {**good.headers, **named}
    return attrs.evolve(good, headers={n: v for n, v in kept.items() if v is not None})


def verify(delivery: Delivered, now: datetime = MONDAY_MORNING) -> str:
    assert isinstance(delivery.body, bytes)
    return standard(delivery, delivery.body, LIVE, now)


@given(body=st.binary(max_size=200), secret=st.sampled_from(LIVE))
def test_what_is_signed_with_any_live_secret_is_verified(body: bytes, secret: bytes) -> None:
    assert verify(delivered(body, secret)) == "msg_1"


def with_body(change: Callable[[bytes], bytes]) -> Delivered:
    return attrs.evolve(delivered(), body=change(BODY))


SIGNATURE = str(delivered().headers["webhook-signature"])
SECONDS = int(MONDAY_MORNING.timestamp())
TAMPERED = {
    "a byte of the body changed": with_body(lambda body: body.replace(b"M", b"N")),
    "the body cut": with_body(lambda body: body[:-1]),
    "the body longer": with_body(lambda body: body + b" "),
    "the body written anew": with_body(
        lambda body: json.dumps(json.loads(body), indent=1).encode()
    ),
    "the body empty": with_body(lambda _: b""),
    "the id changed": altered(webhook_id="msg_2"),
    "the id missing": altered(webhook_id=None),
    "the id with a point, so that parts shift": altered(webhook_id=f"msg_1.{SECONDS}"),
    "the time changed": altered(webhook_timestamp=str(SECONDS + 1)),
    "the time missing": altered(webhook_timestamp=None),
    "the time in other digits": altered(webhook_timestamp="١٢٣"),
    "the time negative": altered(webhook_timestamp=f"-{SECONDS}"),
    "the time beyond all calendars": altered(webhook_timestamp="9" * 40),
    "unsigned": altered(webhook_signature=None),
    "the signature empty": altered(webhook_signature=""),
    "the signature cut": altered(webhook_signature=SIGNATURE[:-1]),
    "the signature of another version": altered(webhook_signature="v2" + SIGNATURE[2:]),
    "the signature without a version": altered(webhook_signature=SIGNATURE[3:]),
    "the signature in lower case": altered(webhook_signature=SIGNATURE.lower()),
    "the signature in letters beyond ASCII": altered(webhook_signature="v1,ключ"),
    "the signature of a stranger": delivered(secret=b"guessed"),
    "the signature behind sixteen others": altered(webhook_signature="v1,x " * 16 + SIGNATURE),
    "two headers of one name": altered(**{"Webhook-Signature": "v1,x"}),
}


@pytest.mark.parametrize("delivery", TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_delivery_is_refused(delivery: Delivered) -> None:
    with pytest.raises(Unverified):
        verify(delivery)


@pytest.mark.parametrize("sign_of", [1, -1])
def test_a_signature_holds_five_minutes_both_ways(sign_of: int) -> None:
    at = MONDAY_MORNING + sign_of * TOLERANCE
    assert verify(delivered(at=at)) == "msg_1"
    with pytest.raises(Unverified):
        verify(delivered(at=at + sign_of * timedelta(seconds=1)))


def test_one_good_signature_among_several_is_enough() -> None:
    assert verify(altered(webhook_signature=f"v1,AAAA {SIGNATURE}")) == "msg_1"


@pytest.mark.parametrize("headers", [None, [("webhook-id", "msg_1")], {1: 2}, dict.fromkeys("ab")])
def test_headers_of_another_type_are_none(headers: Any) -> None:
    with pytest.raises(Unverified):
        verify(attrs.evolve(delivered(), headers=headers))


def test_headers_are_found_whatever_their_case() -> None:
    good = delivered()
    shouted = {name.upper(): value for name, value in good.headers.items()}
    assert verify(attrs.evolve(good, headers=shouted)) == "msg_1"


@pytest.mark.parametrize("secrets", [(), (b"whsec_not base64",)])
def test_without_a_secret_nothing_is_accepted(secrets: tuple[bytes, ...]) -> None:
    with pytest.raises(MissingKey):
        standard(delivered(), BODY, secrets, MONDAY_MORNING)


def test_the_error_tells_nothing() -> None:
    with pytest.raises(Unverified) as refusal:
        verify(altered(webhook_signature="v1,AAAA"))
    assert str(refusal.value) == "the delivery is not signed as it has to be"


@pytest.mark.parametrize("told", [None, "", 7, "other", "ключ", ["key"]])
def test_another_key_is_refused(told: object) -> None:
    with pytest.raises(Unverified):
        signatures.key(told, (b"key",))


@with_samples
def test_the_vector_of_standard_webhooks_verifies() -> None:
    vector = json.loads(sample("standard_webhooks_vector.json"))
    body = vector["payload"].encode()
    now = datetime.fromtimestamp(int(vector["headers"]["webhook-timestamp"]), UTC)
    delivery = Delivered(body=body, headers=vector["headers"])
    secret = vector["secret"].encode()
    assert standard(delivery, body, (secret,), now) == vector["headers"]["webhook-id"]
    identity = vector["headers"]["webhook-id"]
    assert sign(body, identity=identity, secret=secret, now=now) == vector["headers"]


@with_samples
def test_the_vector_of_meta_verifies_and_no_other() -> None:
    known = truth("meta")
    body, secrets = sample(known["file"]), (b"older", known["app_secret"].encode())
    good = Delivered(body=body, headers={known["header"]: known["value"]})
    signatures.meta(good, body, secrets)
    for value in ("", known["value"][:-1], known["value"].removeprefix("sha256=")):
        with pytest.raises(Unverified):
            signatures.meta(attrs.evolve(good, headers={known["header"]: value}), body, secrets)
    with pytest.raises(Unverified):
        signatures.meta(good, body + b"\n", secrets)
