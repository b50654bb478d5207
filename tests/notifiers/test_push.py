"""Web push: encrypted for one browser, as RFC 8291 and RFC 8292 have it."""

import base64
import json
import struct
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    ECDSA,
    SECP256R1,
    SECP384R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from orthocrm import ConfigurationError, MessageChannel, MissingKey
from orthocrm.core.notifying import PushTarget
from orthocrm.notifiers.encryption import (
    MOST_PLAIN_BYTES,
    Subscriber,
    encrypted,
    padless,
    point_of,
    unpadded,
    vapid_header,
    vapid_key,
    vapid_public_key,
)
from orthocrm.notifiers.push import WebPush
from orthocrm.testing.clock import MONDAY_MORNING, FrozenClock
from orthocrm.testing.plugin_suite import HttpCarrier, Received, Reply
from tests.notifiers.arranged import HERE, a_letter, refusal, secrets

# RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
BROWSERS_KEY = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
BROWSERS_POINT = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
SERVERS_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
ENCRYPTED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)

OURS = SERVERS_KEY
CONTACT = "mailto:office@practice.example"


def private(text: str) -> EllipticCurvePrivateKey:
    return derive_private_key(int.from_bytes(unpadded(text)), SECP256R1())


BROWSER = private(BROWSERS_KEY)


def opened(content: bytes, key: EllipticCurvePrivateKey = BROWSER) -> bytes:
    """Decrypt as a browser does, step by step as RFC 8188 and RFC 8291 write it."""
    salt, (size, length) = content[:16], struct.unpack("!IB", content[16:21])
    theirs = content[21 : 21 + length]
    assert (size, length) == (4_096, 65)
    other = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), theirs)

    def derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
        return HKDF(SHA256(), length, salt, info).derive(material)

    info = b"WebPush: info\x00" + point_of(key.public_key()) + theirs
    secret = derived(key.exchange(ECDH(), other), unpadded(AUTH), info, 32)
    cek = derived(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = derived(secret, salt, b"Content-Encoding: nonce\x00", 12)
    padded = AESGCM(cek).decrypt(nonce, content[21 + length :], None)
    plain, _, padding = padded.rpartition(b"\x02")
    assert set(padding) <= {0}
    return plain


SUBSCRIBER = Subscriber.of(BROWSERS_POINT, AUTH)


def test_the_example_of_the_rfc_is_encrypted_as_published() -> None:
    made = encrypted(PLAIN, SUBSCRIBER, ours=private(SERVERS_KEY), salt=unpadded(SALT))
    assert padless(made) == ENCRYPTED


def test_every_payload_has_a_key_and_a_salt_of_its_own() -> None:
    first, second = encrypted(PLAIN, SUBSCRIBER), encrypted(PLAIN, SUBSCRIBER)
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]
    assert opened(first) == opened(second) == PLAIN


def test_nobody_else_opens_it() -> None:
    with pytest.raises(InvalidTag):
        opened(encrypted(PLAIN, SUBSCRIBER), generate_private_key(SECP256R1()))


@pytest.mark.parametrize("length", [0, 1, 100, MOST_PLAIN_BYTES])
def test_it_fits_into_what_services_take(length: int) -> None:
    made = encrypted(b"x" * length, SUBSCRIBER)
    assert opened(made) == b"x" * length
    assert len(made) == 16 + 5 + 65 + length + 1 + 16 <= 4_096


def claims(header: str, public: EllipticCurvePublicKey) -> dict[str, Any]:
    """Verify a VAPID header, and give what it claims."""
    scheme, _, rest = header.partition(" ")
    token, key = (part.partition("=")[2] for part in rest.split(", "))
    assert scheme == "vapid"
    assert unpadded(key) == point_of(public)
    head, body, signature = token.split(".")
    assert json.loads(unpadded(head)) == {"typ": "JWT", "alg": "ES256"}
    raw = unpadded(signature)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    assert len(raw) == 64
    public.verify(encode_dss_signature(r, s), f"{head}.{body}".encode(), ECDSA(SHA256()))
    told: dict[str, Any] = json.loads(unpadded(body))
    return told


def test_a_vapid_header_verifies_with_the_public_key() -> None:
    key = vapid_key(OURS.encode())
    header = vapid_header(
        key, origin="https://push.example.net", contact=CONTACT, now=MONDAY_MORNING
    )
    until = MONDAY_MORNING + timedelta(hours=12)
    assert claims(header, key.public_key()) == {
        "aud": "https://push.example.net",
        "exp": int(until.timestamp()),
        "sub": CONTACT,
    }


def test_keys_are_read_as_tools_write_them() -> None:
    key = private(OURS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = padless(point_of(key.public_key()))
    assert vapid_public_key(OURS.encode()) == vapid_public_key(pem) == public
    assert len(public) == 87


@pytest.mark.parametrize(
    "secret", [b"", b"abc", b"*" * 43, b"\xff", b"-----BEGIN x", padless(bytes(32)).encode()]
)
def test_what_is_no_key_is_told_and_not_shown(secret: bytes) -> None:
    with pytest.raises(MissingKey) as refused:
        vapid_key(secret)
    assert repr(secret) not in str(refused.value)


def test_a_key_on_another_curve_is_told() -> None:
    other = generate_private_key(SECP384R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(MissingKey, match="P-256"):
        vapid_key(pem)


def as_documented(received: Received) -> Reply:
    """Check a request as RFC 8030, 8188 and 8292 describe it."""
    port = received.headers["host"].rpartition(":")[2]
    told = claims(received.headers["authorization"], private(OURS).public_key())
    if told["aud"] != f"http://127.0.0.1:{port}" or told["sub"] != CONTACT:
        return Reply(status=403)
    good = (
        received.headers["content-encoding"] == "aes128gcm"
        and received.headers["ttl"].isdigit()
        and received.headers["urgency"] in {"very-low", "low", "normal", "high"}
        and len(received.headers["topic"]) <= 32
        and len(received.body) <= 4_096
    )
    return Reply(status=201, headers={"Location": "/message/1"}) if good else Reply(status=400)


def address(server: HttpCarrier) -> str:
    target = PushTarget(endpoint=f"{server.url}/send/abc", p256dh=BROWSERS_POINT, auth=AUTH)
    return target.address


def carrier(**fields: Any) -> WebPush:
    usual: dict[str, Any] = {
        "contact": CONTACT,
        "secrets": secrets(vapid=OURS),
        "wire": HERE,
        "seconds": 5,
        "clock": FrozenClock(),
    }
    return WebPush(**{**usual, **fields})


def notice(server: HttpCarrier, **fields: Any) -> Any:
    usual = {"to": address(server), "channel": MessageChannel.PUSH, "subject": "Neu"}
    return a_letter(**{**usual, **fields})


def test_a_letter_arrives_as_the_browser_reads_it() -> None:
    with HttpCarrier(accepted=as_documented) as server:
        letter = notice(server, body="Grüße 🙂")
        assert carrier().send(letter).ref == letter.identity
        (received,) = server.received
    assert received.path == "/send/abc"
    assert received.headers["topic"] == letter.identity
    assert json.loads(opened(received.body)) == {
        "title": "Neu",
        "body": "Grüße 🙂",
        "tag": letter.identity,
    }


@pytest.mark.parametrize(
    "status, reason, permanent",
    [
        (400, "http_400", True),
        (404, "gone", True),
        (410, "gone", True),
        (413, "http_413", True),
        (429, "http_429", False),
        (500, "http_500", False),
    ],
)
def test_refusals_are_told_by_their_status(status: int, reason: str, *, permanent: bool) -> None:
    with HttpCarrier(accepted=Reply(status=status)) as server:
        error = refusal(carrier(), notice(server))
    assert (error.reason, error.permanent) == (reason, permanent)


def test_a_subscription_of_the_older_key_is_served_with_that() -> None:
    newer = padless((9).to_bytes(32))

    def older_only(received: Received) -> Reply:
        known = "k=" + vapid_public_key(OURS.encode())
        return Reply(status=201 if known in received.headers["authorization"] else 403)

    with HttpCarrier(accepted=older_only) as server:
        carrier(secrets=secrets(vapid=[newer, OURS])).send(notice(server))
        assert len(server.received) == 2
        error = refusal(carrier(secrets=secrets(vapid=newer)), notice(server))
    assert (error.reason, error.permanent) == ("http_403", False)


def test_an_endpoint_inside_the_practice_is_not_called() -> None:
    with HttpCarrier() as server:
        outside = WebPush(contact=CONTACT, secrets=secrets(vapid=OURS))
        error = refusal(outside, notice(server))
        assert (error.reason, error.permanent) == ("address_not_allowed", True)
        assert server.received == []


def other_address(**changes: Any) -> str:
    told: dict[str, Any] = {
        "endpoint": "https://push.example.net/1",
        "keys": {"p256dh": BROWSERS_POINT, "auth": AUTH},
    }
    keys = {**told["keys"], **changes.pop("keys", {})}
    return json.dumps({**told, "keys": keys, **changes})


@pytest.mark.parametrize(
    "to",
    [
        "",
        "null",
        "[]",
        "{}",
        "7",
        '{"endpoint": "https://push.example.net/1"}',
        '{"endpoint": "https://push.example.net/1", "keys": []}',
        other_address(keys={"p256dh": BROWSERS_POINT[:-2]}),
        other_address(keys={"p256dh": padless(b"\x04" + b"\x01" * 64)}),
        other_address(keys={"p256dh": 7}),
        other_address(keys={"auth": AUTH + "AA"}),
        other_address(keys={"auth": "not base64 !"}),
        "[" * 4_000,
        other_address(endpoint="https://push.example.net/" + "a" * 5_000),
    ],
)
def test_what_is_no_subscription_is_refused_for_good(to: str) -> None:
    error = refusal(carrier(), a_letter(to=to))
    assert (error.reason, error.permanent) == ("bad_address", True)


def test_a_text_that_does_not_fit_is_refused_for_good() -> None:
    with HttpCarrier() as server:
        assert refusal(carrier(), notice(server, body="ü" * 2_000)).reason == "too_long"
        assert refusal(carrier(), notice(server, body="\ud800")).permanent


def test_keys_that_are_missing_or_none_are_trouble_of_ours() -> None:
    with HttpCarrier() as server:
        told = [
            (error.reason, error.permanent)
            for kept in (secrets(other="x"), secrets(vapid="abc"))
            for error in [refusal(carrier(secrets=kept), notice(server))]
        ]
    assert told == [("no_secret", False), ("bad_secret", False)]


def test_a_contact_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match="contact"):
        WebPush(contact="office@practice.example")


def test_padding_is_not_needed() -> None:
    assert unpadded(base64.urlsafe_b64encode(b"ab").decode()) == unpadded("YWI") == b"ab"
