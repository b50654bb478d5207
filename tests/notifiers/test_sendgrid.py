"""Letters over SendGrid, and its signed events."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from orthocrm import (
    Callback,
    ConfigurationError,
    InvalidInput,
    MessageChannel,
    MessageState,
    OptOut,
    StatusReport,
    Unverified,
)
from orthocrm.core.notifying import Attachment
from orthocrm.notifiers.sendgrid import MOST_BYTES, MOST_EVENTS, SIGNATURE, TIMESTAMP, SendGrid
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.plugin_suite import HttpCarrier, Received, Reply
from tests.notifiers.arranged import (
    CLINIC,
    HERE,
    MESSAGE,
    SAMPLES,
    a_callback,
    a_letter,
    refusal,
    secrets,
    with_samples,
)
from tests.notifiers.tampering import (
    Tampering,
    flipped,
    later,
    with_body,
    with_header,
    without_header,
)

SENDER = "hello@practice.example"
KEY = generate_private_key(SECP256R1())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


def carrier(server: HttpCarrier, **fields: Any) -> SendGrid:
    usual: dict[str, Any] = {
        "sender": SENDER,
        "secrets": secrets(sendgrid=["SG.new", "SG.old"]),
        "base_url": server.url,
        "wire": HERE,
        "seconds": 5,
    }
    return SendGrid(**{**usual, **fields})


def as_documented(received: Received) -> Reply:
    """Check a request as the reference of v3 Mail Send describes it."""
    told = json.loads(received.body)
    if received.headers.get("authorization") != "Bearer SG.new":
        return Reply(status=401, body=b'{"errors": [{"message": "authorization required"}]}')
    good = (
        received.path == "/v3/mail/send"
        and received.headers["content-type"] == "application/json"
        and all(set(one) <= {"to", "custom_args"} for one in told["personalizations"])
        and all("@" in one["email"] for p in told["personalizations"] for one in p["to"])
        and "@" in told["from"]["email"]
        and told["subject"]
        and told["content"][0]["type"] == "text/plain"
        and not any(";" in part["type"] for part in told.get("attachments", ()))
        and all(isinstance(value, str) for value in told["custom_args"].values())
        and all(isinstance(value, str) for value in told["headers"].values())
    )
    if not good:
        return Reply(status=400, body=b'{"errors": [{"message": "bad request"}]}')
    return Reply(status=202, headers={"X-Message-Id": "LRzXl_NHStOGhQ4kofSm_A"})


def test_a_letter_is_sent_as_documented() -> None:
    letter = a_letter(
        sender_name="Bright Smiles",
        reply_to="desk@practice.example",
        unsubscribe_url="https://practice.example/u/1",
        subject="Größe 🙂",
        body="Grüße",
    )
    with HttpCarrier(accepted=as_documented) as server:
        assert carrier(server).send(letter).ref == "LRzXl_NHStOGhQ4kofSm_A"
        (received,) = server.received
    assert json.loads(received.body) == {
        "personalizations": [{"to": [{"email": "maria@example.com"}]}],
        "from": {"email": SENDER, "name": "Bright Smiles"},
        "reply_to": {"email": "desk@practice.example"},
        "subject": "Größe 🙂",
        "content": [{"type": "text/plain", "value": "Grüße"}],
        "custom_args": {"clinic_id": CLINIC, "message_id": MESSAGE},
        "headers": {
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": "<https://practice.example/u/1>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }


def test_an_invitation_stands_beside_the_text_and_as_a_file() -> None:
    text = "BEGIN:VCALENDAR\r\nSUMMARY:Größe\r\n"
    attachments = (
        Attachment(
            name="invite.ics",
            content_type="text/calendar; charset=utf-8; method=REQUEST",
            text=text,
        ),
        Attachment(name="note.txt", content_type="text/plain; charset=utf-8", text="Grüße"),
    )
    with HttpCarrier(accepted=as_documented) as server:
        carrier(server).send(a_letter(attachments=attachments))
        (received,) = server.received
    told = json.loads(received.body)

    assert told["content"][1:] == [{"type": "text/calendar; method=REQUEST", "value": text}]
    assert [
        (one["type"], one["filename"], base64.b64decode(one["content"]).decode())
        for one in told["attachments"]
    ] == [("application/ics", "invite.ics", text), ("text/plain", "note.txt", "Grüße")]
    assert {one["disposition"] for one in told["attachments"]} == {"attachment"}


@pytest.mark.parametrize(
    "status, permanent",
    [(400, True), (401, False), (403, False), (413, True), (429, False), (500, False)],
)
def test_refusals_are_told_by_their_status(status: int, *, permanent: bool) -> None:
    quoting = Reply(status=status, body=b'{"errors": [{"message": "maria@example.com is bad"}]}')
    with HttpCarrier(accepted=quoting) as server:
        error = refusal(carrier(server), a_letter())
    assert (error.reason, error.permanent) == (f"http_{status}", permanent)


def test_a_text_that_cannot_be_written_is_refused_for_good() -> None:
    with HttpCarrier() as server:
        error = refusal(carrier(server), a_letter(body="\ud800"))
        assert (error.reason, error.permanent, server.received) == ("unwritable", True, [])


def test_without_a_key_nothing_is_sent() -> None:
    with HttpCarrier() as server:
        error = refusal(carrier(server, secrets=secrets(other="x")), a_letter())
        assert (error.reason, error.permanent, server.received) == ("no_secret", False, [])


@pytest.mark.parametrize("fields", [{"event_keys": ["abc"]}, {"event_keys": ["AAAA"]}])
def test_a_verification_key_that_is_none_is_refused_at_the_start(fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="event_keys"):
        SendGrid(sender=SENDER, **fields)


def vector(number: int = 0) -> tuple[SendGrid, Callback, bool]:
    told = json.loads((SAMPLES / "sendgrid_signature_vectors.json").read_text())
    one = told["vectors"][number]
    call = a_callback(
        one["payload"].encode(),
        {SIGNATURE: one["signature"], TIMESTAMP: one["timestamp"]},
        received_at=datetime.fromtimestamp(1600112502, UTC),
    )
    keys = [PUBLIC, told["public_key_der_base64"]]
    return SendGrid(sender=SENDER, event_keys=keys), call, one["valid"]


@with_samples
@pytest.mark.parametrize("number", range(4))
def test_published_vectors_verify_as_published(number: int) -> None:
    sendgrid, call, valid = vector(number)
    if not valid:
        with pytest.raises(Unverified):
            sendgrid.reports(call)
        return
    (report,) = sendgrid.reports(call)
    assert report == StatusReport(
        ref="LRzXl_NHStOGhQ4kofSm_A",
        state=MessageState.BOUNCED,
        at=datetime(2020, 9, 14, 19, 41, 32, tzinfo=UTC),
        reason="bounced_address",
    )


TAMPERED: dict[str, Tampering] = {
    "a byte of the body": with_body(lambda body: body.replace(b"dropped", b"bropped")),
    "the body without its last line break": with_body(lambda body: body.rstrip()),
    "the body longer": with_body(lambda body: body + b" "),
    "the body empty": with_body(lambda _: b""),
    "the body written anew": with_body(lambda body: json.dumps(json.loads(body)).encode()),
    "another instant": with_header(TIMESTAMP, lambda text: str(int(text) + 1)),
    "an instant that is part of the body": with_header(TIMESTAMP, lambda text: text[:-1]),
    "an instant in other digits": with_header(
        TIMESTAMP, lambda text: text.replace("0", "\N{ARABIC-INDIC DIGIT ZERO}")
    ),
    "no instant": without_header(TIMESTAMP),
    "another signature": with_header(SIGNATURE, flipped),
    "a signature cut short": with_header(SIGNATURE, lambda text: text[:-8]),
    "a signature that is no base64": with_header(SIGNATURE, lambda text: "*" + text),
    "no signature": without_header(SIGNATURE),
    "six minutes late": later(timedelta(minutes=6)),
    "six minutes early": later(timedelta(minutes=-6)),
}


@with_samples
@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_vector_does_not(change: Tampering) -> None:
    sendgrid, call, _ = vector()
    with pytest.raises(Unverified):
        sendgrid.reports(change(call))


@with_samples
def test_a_vector_of_another_key_does_not() -> None:
    _, call, _ = vector()
    for keys in ([PUBLIC], []):
        with pytest.raises(Unverified):
            SendGrid(sender=SENDER, event_keys=keys).reports(call)


def signed(body: bytes) -> Callback:
    seconds = str(int(MONDAY_MORNING.timestamp()))
    signature = KEY.sign(seconds.encode() + body, ECDSA(SHA256()))
    return a_callback(body, {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: seconds})


def reports(events: Any) -> Any:
    sendgrid = SendGrid(sender=SENDER, event_keys=[PUBLIC])
    body = events if isinstance(events, bytes) else json.dumps(events).encode()
    return sendgrid.reports(signed(body))


def event(kind: str, **fields: Any) -> dict[str, Any]:
    usual = {
        "email": "maria@example.com",
        "timestamp": int(MONDAY_MORNING.timestamp()) - 60,
        "sg_message_id": "abc.filter0001.1.2.3",
        "sg_event_id": kind,
        "event": kind,
        "clinic_id": CLINIC,
        "message_id": MESSAGE,
    }
    return {**usual, **fields}


def status(state: MessageState, reason: str | None = None) -> StatusReport:
    at = MONDAY_MORNING - timedelta(minutes=1)
    return StatusReport(ref="abc", state=state, at=at, reason=reason, message_id=MESSAGE)


def opted_out(reason: str) -> OptOut:
    at = MONDAY_MORNING - timedelta(minutes=1)
    return OptOut(
        channel=MessageChannel.EMAIL, address="maria@example.com", at=at, ref="abc", reason=reason
    )


@pytest.mark.parametrize(
    "told, expected",
    [
        (event("delivered", response="250 OK"), [status(MessageState.DELIVERED)]),
        (event("deferred", response="400"), [status(MessageState.SENT, "deferred")]),
        (event("bounce", status="5.1.1"), [status(MessageState.BOUNCED, "5.1.1")]),
        (
            event("bounce", status="maria@example.com", reason="no such maria"),
            [status(MessageState.BOUNCED, "bounce")],
        ),
        (
            event("dropped", reason="Bounced Address"),
            [status(MessageState.BOUNCED, "bounced_address")],
        ),
        (event("dropped", reason="maria!"), [status(MessageState.BOUNCED, "dropped")]),
        (
            event("dropped", reason="Unsubscribed Address"),
            [
                status(MessageState.BOUNCED, "unsubscribed_address"),
                opted_out("unsubscribed_address"),
            ],
        ),
        (event("spamreport"), [opted_out("spamreport")]),
        (event("unsubscribe"), [opted_out("unsubscribe")]),
        (event("group_unsubscribe"), [opted_out("group_unsubscribe")]),
        (event("processed"), []),
        (event("open"), []),
        (event("click"), []),
        (event("group_resubscribe"), []),
        (event("something_new"), []),
        (event("delivered", clinic_id="another"), []),
        (event("delivered", timestamp="soon"), []),
        (event("delivered", timestamp=True), []),
        (event("delivered", sg_message_id=None), []),
        (event("delivered", sg_message_id=["abc"]), []),
        (event("unsubscribe", email=7), []),
        ({"event": ["delivered"]}, []),
        (7, []),
    ],
)
def test_events_become_reports(told: Any, expected: list[Any]) -> None:
    assert list(reports([told])) == expected


def test_an_event_from_the_future_happened_now() -> None:
    (report,) = reports([event("delivered", timestamp=9_999_999_999)])
    assert report.at == MONDAY_MORNING


def test_an_event_that_is_told_twice_counts_once() -> None:
    assert len(reports([event("delivered"), event("delivered")])) == 1


@with_samples
def test_the_documented_batch_is_read() -> None:
    read = reports((SAMPLES / "sendgrid_event_batch.json").read_bytes())
    states = [r.state for r in read if isinstance(r, StatusReport)]
    left = [r.reason for r in read if isinstance(r, OptOut)]
    assert states == [
        MessageState.SENT,
        MessageState.DELIVERED,
        MessageState.BOUNCED,
        MessageState.BOUNCED,
    ]
    assert left == ["spamreport", "unsubscribe", "group_unsubscribe"]
    assert {r.ref for r in read} == {"14c5d75ce93.dfd.64b469"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[" * 100_000,
        b"\xff",
        b" " * (MOST_BYTES + 1),
        json.dumps([{}] * (MOST_EVENTS + 1)).encode(),
    ],
    ids=["empty", "object", "null", "deep", "no text", "huge", "many"],
)
def test_a_signed_body_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        reports(body)
    assert [problem.path for problem in refused.value.problems] == ["body"]


@pytest.mark.parametrize(
    "headers",
    [
        {SIGNATURE: "A" * 5_000},
        {f"X-{number}": "" for number in range(101)},
        {SIGNATURE: b"bytes"},
        None,
    ],
    ids=["long", "many", "no text", "none"],
)
def test_headers_that_are_none_count_as_none(headers: Any) -> None:
    call = signed(b"[]")
    changed = evolve(call, headers=headers and {**call.headers, **headers})
    with pytest.raises(Unverified):
        SendGrid(sender=SENDER, event_keys=[PUBLIC]).reports(changed)


def test_a_header_that_stands_there_twice_counts_as_none() -> None:
    call = signed(b"[]")
    twice = evolve(call, headers={**call.headers, SIGNATURE.lower(): call.headers[SIGNATURE]})
    sendgrid = SendGrid(sender=SENDER, event_keys=[PUBLIC])
    with pytest.raises(Unverified):
        sendgrid.reports(twice)
