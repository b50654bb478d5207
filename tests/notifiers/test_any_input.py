"""Whatever comes in or goes out: a report, a letter with the usual headers, or an error of ours."""

import json
from email import message_from_bytes, policy
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from orthocrm import CarrierError, InvalidInput
from orthocrm.core.notifying import Reported
from orthocrm.notifiers.addresses import mailbox
from orthocrm.notifiers.email import Smtp, _written
from orthocrm.notifiers.push import _subscription
from orthocrm.notifiers.twilio import Twilio
from orthocrm.testing.clock import MONDAY_MORNING
from tests.notifiers import test_sendgrid, test_twilio
from tests.notifiers.arranged import a_letter

USUAL = {
    "auto-submitted",
    "content-transfer-encoding",
    "content-type",
    "date",
    "from",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "message-id",
    "mime-version",
    "reply-to",
    "subject",
    "to",
}
SIGNS = st.characters(codec="utf-8") | st.sampled_from(list('\r\n:<>@,;"\\ \t=?\x00\u2028'))
TEXTS = st.text(SIGNS, max_size=80)
ADDRESSES = TEXTS | st.builds(
    "{}@{}".format, st.text(SIGNS, min_size=1, max_size=20), st.just("example.com")
)
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["event", "timestamp", "sg_message_id", "email", "reason", "clinic_id"])
            | st.text(max_size=5),
            inner | st.sampled_from(["delivered", "bounce", "dropped", "unsubscribe", 1600112492]),
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(
    subject=st.just("Grüße") | TEXTS,
    sender_name=st.just("Bright Smiles") | TEXTS,
    reply_to=st.just("desk@practice.example") | ADDRESSES,
    body=TEXTS,
)
def test_a_letter_has_the_usual_headers_whatever_stands_in_it(**fields: str) -> None:
    letter = a_letter(unsubscribe_url="https://practice.example/u/1", **fields)
    carrier = Smtp(host="mail.practice.example", sender="hello@practice.example")
    try:
        written = _written(carrier, letter, carrier.sender, "maria@example.com", MONDAY_MORNING)
    except CarrierError as error:
        permanent = error.permanent
        event("refused")
    else:
        permanent = True
        event("written")
        check(written, fields["body"])
    assert permanent


def check(written: bytes, body: str) -> None:
    """Read a letter as a mail program does."""
    read: Any = message_from_bytes(written, policy=policy.default)
    assert [name.lower() for name in read] == list(dict.fromkeys(name.lower() for name in read)), (
        "a header stands there twice"
    )
    assert {name.lower() for name in read} == USUAL
    assert read.get_content().split() == body.split()


@given(events=JSON)
def test_signed_events_of_any_shape_are_read_or_refused(events: Any) -> None:
    body = json.dumps(events).encode()
    try:
        read = test_sendgrid.reports(body)
    except InvalidInput:
        return
    assert all(isinstance(one, Reported) for one in read)


FIELDS = st.dictionaries(
    st.sampled_from(
        ["MessageSid", "SmsSid", "MessageStatus", "ErrorCode", "From", "To", "Body", "OptOutType"]
    ),
    st.sampled_from([test_twilio.SID, "delivered", "failed", "21610", "STOP", ""])
    | st.text(st.characters(codec="utf-8"), max_size=10),
)


@given(fields=FIELDS)
def test_signed_forms_of_any_shape_are_read(fields: dict[str, str]) -> None:
    carrier: Twilio = test_twilio.carrier()
    assert all(isinstance(one, Reported) for one in carrier.reports(test_twilio.signed(**fields)))


@given(to=ADDRESSES)
def test_a_recipient_is_one_address_or_refused(to: str) -> None:
    try:
        told = mailbox(to)
    except CarrierError as error:
        told = ""
        event(error.reason)
    assert told == "" or (told.count("@") == 1 and told.isprintable() and " " not in told)


@given(told=JSON | TEXTS)
def test_what_is_no_subscription_is_refused(told: Any) -> None:
    text = told if isinstance(told, str) else json.dumps(told)
    with pytest.raises(CarrierError) as refusal:
        _subscription(text)
    assert refusal.value.permanent
