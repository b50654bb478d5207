"""SMS over Twilio, its status callbacks and answers of families."""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from orthocrm import (
    Answer,
    Callback,
    ConfigurationError,
    InvalidInput,
    MessageChannel,
    MessageState,
    OptOut,
    StatusReport,
    Unverified,
)
from orthocrm.notifiers import twilio
from orthocrm.notifiers.twilio import MOST_BYTES, SIGNATURE, Twilio, verify
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
    with_body,
    with_header,
    with_url,
    without_header,
)

ACCOUNT = "AC00000000000000000000000000000001"
SID = "SM0123456789abcdef0123456789abcdef"
FROM = "+13125550100"
TO = "+13125550142"


def carrier(server: HttpCarrier | None = None, **fields: Any) -> Twilio:
    usual: dict[str, Any] = {
        "account": ACCOUNT,
        "sender": FROM,
        "secrets": secrets(twilio=["12345", "older"]),
        "base_url": server.url if server else "https://api.twilio.com",
        "wire": HERE,
        "seconds": 5,
    }
    return Twilio(**{**usual, **fields})


def text(**fields: Any) -> Any:
    return a_letter(**{"to": TO, "channel": MessageChannel.SMS, **fields})


def as_documented(received: Received) -> Reply:
    """Check a request as the reference of the Messages resource describes it."""
    expected = "Basic " + base64.b64encode(f"{ACCOUNT}:12345".encode()).decode()
    if received.headers.get("authorization") != expected:
        return Reply(status=401, body=b'{"code": 20003, "status": 401}')
    told = parse_qs(received.body.decode(), strict_parsing=True)
    good = (
        received.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        and received.headers["content-type"] == "application/x-www-form-urlencoded"
        and set(told) <= {"To", "From", "MessagingServiceSid", "Body", "StatusCallback"}
        and {"To", "Body"} <= set(told)
        and ("From" in told) != ("MessagingServiceSid" in told)
    )
    if not good:
        return Reply(status=400, body=b'{"code": 21604, "status": 400}')
    return Reply(status=201, body=json.dumps({"sid": SID, "status": "queued"}).encode())


def test_a_letter_is_sent_as_documented() -> None:
    url = "https://practice.example.com/hooks/{clinic}/sms"
    with HttpCarrier(accepted=as_documented) as server:
        sent = carrier(server, status_url=url).send(text(body="Grüße & bis 9:00 🙂"))
        (received,) = server.received
    assert sent.ref == SID
    assert parse_qs(received.body.decode()) == {
        "To": [TO],
        "From": [FROM],
        "Body": ["Grüße & bis 9:00 🙂"],
        "StatusCallback": [f"https://practice.example.com/hooks/{CLINIC}/sms?message={MESSAGE}"],
    }


def test_a_messaging_service_may_be_the_sender() -> None:
    service = "MG" + "0" * 32
    with HttpCarrier(accepted=as_documented) as server:
        carrier(server, sender=service).send(text())
        told = parse_qs(server.received[0].body.decode())
    assert (told["MessagingServiceSid"], "From" in told) == ([service], False)


@pytest.mark.parametrize(
    "status, code, permanent, opted_out",
    [
        (400, 21211, True, False),
        (400, 21610, True, True),
        (400, 21614, True, False),
        (400, 21617, True, False),
        (400, 21408, False, False),
        (400, 21606, False, False),
        (400, 21611, False, False),
        (401, 20003, False, False),
        (429, 20429, False, False),
        (503, 20500, False, False),
    ],
)
def test_errors_are_told_by_their_code(
    status: int, code: int, *, permanent: bool, opted_out: bool
) -> None:
    told = {"code": code, "message": f"The number {TO} is bad", "status": status}
    reply = Reply(status=status, body=json.dumps(told).encode(), headers={"Retry-After": "3"})
    with HttpCarrier(accepted=reply) as server:
        error = refusal(carrier(server), text())
    assert (error.reason, error.permanent) == (f"twilio_{code}", permanent)
    assert error.opted_out is opted_out
    assert permanent or error.wait == timedelta(seconds=3)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"code": "x"}', b'{"code": true}', b"<p>"])
def test_an_error_without_a_code_is_told_by_its_status(body: bytes) -> None:
    with HttpCarrier(accepted=Reply(status=500, body=body)) as server:
        assert refusal(carrier(server), text()).reason == "http_500"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"sid": 7}', b'{"sid": "x"}', b"[" * 60_000])
def test_an_answer_that_cannot_be_read_leaves_it_uncertain(body: bytes) -> None:
    with HttpCarrier(accepted=Reply(status=201, body=body)) as server:
        error = refusal(carrier(server), text())
    assert (error.reason, error.permanent, error.uncertain) == ("unreadable_answer", False, True)


@pytest.mark.parametrize(
    "to", ["", "312-555-0142", "+13125", "+0123456789", "+1312555014x", "+13125550142\n"]
)
def test_what_is_no_number_is_refused_for_good(to: str) -> None:
    error = refusal(carrier(), text(to=to))
    assert (error.reason, error.permanent) == ("bad_address", True)


def test_what_cannot_be_sent_is_not() -> None:
    with HttpCarrier() as server:
        error = refusal(carrier(server), text(body="\ud800"))
        assert (error.reason, error.permanent) == ("unwritable", True)
        error = refusal(carrier(server, secrets=secrets(other="x")), text())
        assert (error.reason, error.permanent) == ("no_secret", False)
        assert server.received == []


@pytest.mark.parametrize(
    "fields, word",
    [
        ({"account": "AC1"}, "account"),
        ({"account": f"{ACCOUNT}/../x"}, "account"),
        ({"sender": "Practice"}, "sender"),
        ({"seconds": -1}, "seconds"),
    ],
)
def test_what_cannot_work_is_refused_at_the_start(fields: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        carrier(**fields)


VECTORS = range(8)


def vector(number: int) -> tuple[Callback, dict[str, list[str]], bool]:
    told = json.loads((SAMPLES / "twilio_signature_vectors.json").read_text())
    one = told["vectors"][number]
    fields = {
        name: value if isinstance(value, list) else [value]
        for name, value in one.get("params", {}).items()
    }
    body = (
        one["json_body"].encode() if "json_body" in one else urlencode(fields, doseq=True).encode()
    )
    call = a_callback(body, {SIGNATURE: one["signature"]}, url=one["url"])
    return call, fields, one["valid"]


@with_samples
@pytest.mark.parametrize("number", VECTORS)
def test_published_vectors_verify_as_published(number: int) -> None:
    call, fields, valid = vector(number)
    tokens = [b"the next token", b"12345"]
    if valid:
        verify(call, fields, tokens)
    else:
        with pytest.raises(Unverified):
            verify(call, fields, tokens)


def sample(number: int) -> Callback:
    told = json.loads((SAMPLES / "twilio_sms_requests.json").read_text())[number]
    headers = {
        SIGNATURE: told["signature"],
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
    }
    return a_callback(urlencode(told["params"]).encode(), headers, url=told["url"])


@with_samples
def test_the_documented_sms_is_an_answer() -> None:
    assert list(carrier().reports(sample(0))) == [
        Answer(
            channel=MessageChannel.SMS,
            sender=TO,
            text="STOP",
            at=MONDAY_MORNING,
            ref="SM00000000000000000000000000000001",
        )
    ]


@with_samples
def test_the_documented_status_is_a_report() -> None:
    assert list(carrier().reports(sample(1))) == [
        StatusReport(
            ref="SM00000000000000000000000000000002",
            state=MessageState.BOUNCED,
            at=MONDAY_MORNING,
            reason="30006",
        )
    ]


TAMPERED: dict[str, Tampering] = {
    "another value": with_body(lambda body: body.replace(b"STOP", b"STAY")),
    "a field more": with_body(lambda body: body + b"&Extra=1"),
    "an empty field more": with_body(lambda body: body + b"&Extra="),
    "a field less": with_body(lambda body: body.rpartition(b"&")[0]),
    "a field twice": with_body(lambda body: body + b"&Body=YES"),
    "the body empty": with_body(lambda _: b""),
    "a body that is no text": with_body(lambda body: body + b"&x=\xff"),
    "a body of half signs": with_body(lambda body: body + b"&x=%ff"),
    "another path": with_url(lambda url: url + "/other"),
    "a query more": with_url(lambda url: url + "?x=1"),
    "another host": with_url(lambda url: url.replace("practice.", "another.")),
    "another scheme": with_url(lambda url: url.replace("https:", "http:")),
    "a digest in the query": with_url(lambda url: url + "?bodySHA256=" + "0" * 64),
    "an address that is none": with_url(lambda _: "https://[::1"),
    "another signature": with_header(SIGNATURE, flipped),
    "a signature in small letters": with_header(SIGNATURE, str.lower),
    "a signature cut short": with_header(SIGNATURE, lambda told: told[:-1]),
    "an empty signature": with_header(SIGNATURE, lambda _: ""),
    "no signature": without_header(SIGNATURE),
}


@with_samples
@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_request_does_not_verify(change: Tampering) -> None:
    with pytest.raises(Unverified):
        carrier().reports(change(sample(0)))


JSON_TAMPERED: dict[str, Tampering] = {
    "another body": with_body(lambda body: body + b" "),
    "another digest": with_url(lambda url: url[:-1] + "1"),
    "no digest": with_url(lambda url: url.partition("&bodySHA256")[0]),
    "another signature": with_header(SIGNATURE, flipped),
}


@with_samples
@pytest.mark.parametrize("change", JSON_TAMPERED.values(), ids=JSON_TAMPERED)
def test_a_tampered_body_in_json_does_not_verify(change: Tampering) -> None:
    call, fields, _ = vector(6)
    with pytest.raises(Unverified):
        verify(change(call), fields, [b"12345"])


@with_samples
def test_other_tokens_do_not_verify() -> None:
    for tokens in (secrets(twilio="guessed"), secrets(other="12345")):
        with pytest.raises(Unverified):
            carrier(secrets=tokens).reports(sample(0))


def signed(url: str = "https://practice.example.com/sms", **fields: str) -> Callback:
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return a_callback(
        urlencode(fields).encode(),
        {SIGNATURE: twilio._signature(b"12345", text).decode()},
        url=url,
    )


@pytest.mark.parametrize(
    "told, state",
    [
        ("sent", MessageState.SENT),
        ("delivered", MessageState.DELIVERED),
        ("read", MessageState.DELIVERED),
        ("undelivered", MessageState.BOUNCED),
        ("failed", MessageState.BOUNCED),
        ("canceled", MessageState.BOUNCED),
    ],
)
def test_statuses_become_reports_that_name_our_message(told: str, state: MessageState) -> None:
    url = f"https://practice.example.com/sms?message={MESSAGE}"
    (report,) = carrier().reports(
        signed(url, MessageSid=SID, MessageStatus=told, ErrorCode="maria")
    )
    assert report == StatusReport(ref=SID, state=state, at=MONDAY_MORNING, message_id=MESSAGE)


@pytest.mark.parametrize("told", ["queued", "accepted", "scheduled", "sending", "something_new"])
def test_statuses_on_the_way_are_left_out(told: str) -> None:
    assert carrier().reports(signed(MessageSid=SID, MessageStatus=told)) == ()


def test_who_said_stop_to_twilio_has_opted_out() -> None:
    left = OptOut(channel=MessageChannel.SMS, address=TO, at=MONDAY_MORNING, ref=SID, reason="stop")
    refused = {"MessageStatus": "failed", "ErrorCode": "21610", "To": TO}
    answered = {"From": TO, "Body": "basta", "OptOutType": "STOP"}
    for fields in (refused, answered):
        (_, second) = carrier().reports(signed(MessageSid=SID, **fields))
        assert second == left


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"MessageSid": "x", "MessageStatus": "sent"},
        {"MessageSid": SID},
        {"MessageSid": SID, "From": TO},
    ],
)
def test_what_is_neither_status_nor_answer_is_left_out(fields: dict[str, str]) -> None:
    assert carrier().reports(signed(**fields)) == ()


def test_a_request_of_another_account_is_not_believed() -> None:
    with pytest.raises(Unverified):
        carrier().reports(signed(MessageSid=SID, AccountSid="AC" + "9" * 32))


def test_a_huge_body_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidInput):
        carrier().reports(a_callback(b"x" * (MOST_BYTES + 1), {}))


def test_very_many_fields_are_refused() -> None:
    with pytest.raises(Unverified):
        carrier().reports(a_callback(b"a=1&" * 1_000, {SIGNATURE: "x"}))
