"""E-mail over SendGrid: its Mail Send API (v3) and its signed Event Webhook."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from orthocrm.core.errors import ConfigurationError, InvalidInput
from orthocrm.core.ids import ClinicId, MessageId
from orthocrm.core.notifying import (
    Attachment,
    Callback,
    CarrierError,
    Letter,
    MessageChannel,
    MessageState,
    Notifier,
    OptOut,
    Reported,
    Sent,
    StatusReport,
)
from orthocrm.core.outside import NoSecrets, Secrets, missing
from orthocrm.hooks import hook
from orthocrm.leads.channels.signatures import TOLERANCE, Unverified
from orthocrm.notifiers.addresses import check_seconds, check_sender, line, link, mailbox
from orthocrm.notifiers.wire import Wire, a_request

__all__ = ["SendGrid"]

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
MOST_BYTES = 2_000_000
MOST_EVENTS = 5_000

_ACCEPTED = 202
_CALENDAR = "text/calendar"
_SECONDS = re.compile("[0-9]{1,11}")
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_FILTER = re.compile(r"\.(?:filter|recv)")
_REF_LENGTH = 200
_DROPPED = {
    "Bounced Address": "bounced_address",
    "Invalid": "invalid",
    "Invalid SMTPAPI header": "invalid_header",
    "Recipient List over Package Quota": "over_quota",
    "Spam Content (if spam checker app enabled)": "spam_content",
    "Spam Reporting Address": "spam_reporting_address",
    "Unsubscribed Address": "unsubscribed_address",
}
_OPTED_OUT = frozenset({"spam_reporting_address", "unsubscribed_address"})


def _texts(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


@frozen(kw_only=True, slots=False)
class SendGrid:
    """Sends letters by SendGrid, as plain text with what is attached, without its tracking.

    The API key is the secret `sendgrid`. SendGrid knows no idempotency keys; its events name our
    message, so that a letter of which no answer came is recognised when it was taken.

    Attributes:
        event_keys: The public keys of the Event Webhook, as its settings show them (base64).
    """

    channel: ClassVar[MessageChannel] = MessageChannel.EMAIL

    sender: str
    sender_name: str | None = None
    secrets: Secrets = field(factory=NoSecrets, repr=False)
    event_keys: tuple[str, ...] = field(default=(), converter=_texts)
    name: str = "sendgrid"
    seconds: float = 20.0
    base_url: str = "https://api.sendgrid.com"
    wire: Wire = field(factory=Wire)

    def __attrs_post_init__(self) -> None:
        check_seconds(self.seconds)
        check_sender(self.sender, self.sender_name)
        _ = self._keys

    @cached_property
    def _keys(self) -> tuple[EllipticCurvePublicKey, ...]:
        return tuple(map(_public_key, self.event_keys))

    @hook
    def register_notifiers(self) -> Mapping[str, Notifier]:
        """Bring this carrier, by its name."""
        return {self.name: self}

    def missing_secrets(self, clinic: ClinicId, targets: Sequence[str]) -> Sequence[str]:  # noqa: ARG002 - as `SecretKeeping` asks
        """Name the secrets that a clinic lacks."""
        return missing(self.secrets, clinic, ["sendgrid"])

    def send(self, letter: Letter) -> Sent:
        """Hand a letter to SendGrid; its reference is the X-Message-Id."""
        content = _content(self, letter)
        live = self.secrets.live(letter.clinic_id, "sendgrid")
        if not live:
            raise CarrierError("no_secret")
        request = a_request(
            f"{self.base_url}/v3/mail/send",
            json=content,
            headers={"Authorization": f"Bearer {live[0].decode()}"},
        )
        answer = self.wire.post(request, seconds=self.seconds)
        if answer.status != _ACCEPTED:
            raise answer.refusal()
        return Sent(ref=answer.headers.get("X-Message-Id", "")[:_REF_LENGTH] or None)

    def reports(self, callback: Callback) -> Sequence[Reported]:
        """Verify and read a batch of events; those of other clinics' letters are left out."""
        verify(callback, self._keys)
        events = _parsed(callback.body)
        distinct = {event.get("sg_event_id", i): event for i, event in enumerate(events)}
        read = [
            _report(event, callback) for event in distinct.values() if _is_ours(event, callback)
        ]
        return tuple(report for reports in read for report in reports)


def verify(callback: Callback, keys: Sequence[EllipticCurvePublicKey]) -> None:
    """Verify the ECDSA signature over the timestamp and the raw body; raises `Unverified`."""
    seconds = callback.header(TIMESTAMP) or ""
    if not _SECONDS.fullmatch(seconds):
        raise Unverified
    if abs(callback.received_at - datetime.fromtimestamp(int(seconds), UTC)) > TOLERANCE:
        raise Unverified
    try:
        signature = base64.b64decode(callback.header(SIGNATURE) or "", validate=True)
    except (binascii.Error, ValueError):
        raise Unverified from None
    signed = seconds.encode() + callback.body
    if not any([_fits(key, signature, signed) for key in keys]):  # noqa: C419 - as with other signatures, all are tried
        raise Unverified


def _fits(key: EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _public_key(text: str) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise ConfigurationError("event_keys: give the verification key that SendGrid shows")
    return key


def _content(config: SendGrid, letter: Letter) -> dict[str, Any]:
    """Write the request's body, as the v3 Mail Send reference has it."""
    name = line(letter.sender_name or config.sender_name or "", "bad_sender_name")
    sender = {"email": mailbox(config.sender), **({"name": name} if name else {})}
    content: dict[str, Any] = {
        "personalizations": [{"to": [{"email": mailbox(letter.to)}]}],
        "from": sender,
        "subject": line(letter.subject or " ", "bad_subject"),
        "content": [{"type": "text/plain", "value": letter.body}],
        "custom_args": {"clinic_id": letter.clinic_id, "message_id": letter.message_id},
        "headers": {"Auto-Submitted": "auto-generated"},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }
    if letter.attachments:
        content["content"] += _invitations(letter)
        content["attachments"] = [_file(attachment) for attachment in letter.attachments]
    if letter.reply_to is not None:
        content["reply_to"] = {"email": mailbox(letter.reply_to)}
    if letter.unsubscribe_url is not None:
        content["headers"] |= {
            "List-Unsubscribe": f"<{link(letter.unsubscribe_url)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    return content


def _invitations(letter: Letter) -> list[dict[str, str]]:
    """Give invitations once more beside the text, where programs look for them."""
    return [
        {"type": f"{_CALENDAR}; method={one.content_type.rpartition('=')[2]}", "value": one.text}
        for one in letter.attachments
        if one.content_type.startswith(_CALENDAR)
    ]


def _file(attachment: Attachment) -> dict[str, str]:
    """Write a file; types of files take no parameters here."""
    is_invite = attachment.content_type.startswith(_CALENDAR)
    return {
        "content": base64.b64encode(attachment.text.encode()).decode(),
        "type": "application/ics" if is_invite else attachment.content_type.partition(";")[0],
        "filename": attachment.name,
        "disposition": "attachment",
    }


def _parsed(body: bytes) -> list[Mapping[str, Any]]:
    if len(body) > MOST_BYTES:
        raise InvalidInput.at("body", "too_long", f"give at most {MOST_BYTES} bytes")
    try:
        events = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput.at("body", "unreadable", "give JSON in UTF-8") from None
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        raise InvalidInput.at("body", "wrong_type", f"give a list of at most {MOST_EVENTS} events")
    return [event for event in events if isinstance(event, dict)]


def _is_ours(event: Mapping[str, Any], callback: Callback) -> bool:
    return bool(event.get("clinic_id", callback.clinic_id) == callback.clinic_id)


def _report(event: Mapping[str, Any], callback: Callback) -> Sequence[Reported]:
    kind, seconds = event.get("event"), event.get("timestamp")
    ref = _text(event, "sg_message_id")
    read = _KINDS.get(kind) if isinstance(kind, str) else None
    if read is None or ref is None or not _is_instant(seconds):
        return ()
    at = min(datetime.fromtimestamp(int(str(seconds)), UTC), callback.received_at)
    return read(event, _FILTER.split(ref)[0], at)


def _delivered(event: Mapping[str, Any], ref: str, at: datetime) -> Sequence[Reported]:
    return (_status(event, ref, at, MessageState.DELIVERED),)


def _deferred(event: Mapping[str, Any], ref: str, at: datetime) -> Sequence[Reported]:
    return (_status(event, ref, at, MessageState.SENT, "deferred"),)


def _bounced(event: Mapping[str, Any], ref: str, at: datetime) -> Sequence[Reported]:
    code = _text(event, "status") or ""
    reason = code if _STATUS.fullmatch(code) else "bounce"
    return (_status(event, ref, at, MessageState.BOUNCED, reason),)


def _dropped(event: Mapping[str, Any], ref: str, at: datetime) -> Sequence[Reported]:
    reason = _DROPPED.get(_text(event, "reason") or "", "dropped")
    status = _status(event, ref, at, MessageState.BOUNCED, reason)
    return (status, *_left(event, ref, at, reason)) if reason in _OPTED_OUT else (status,)


def _opted_out(event: Mapping[str, Any], ref: str, at: datetime) -> Sequence[Reported]:
    return _left(event, ref, at, str(event["event"]))


def _left(event: Mapping[str, Any], ref: str, at: datetime, reason: str) -> Sequence[OptOut]:
    address = _text(event, "email")
    if address is None:
        return ()
    return (OptOut(channel=MessageChannel.EMAIL, address=address, at=at, ref=ref, reason=reason),)


def _status(
    event: Mapping[str, Any],
    ref: str,
    at: datetime,
    state: MessageState,
    reason: str | None = None,
) -> StatusReport:
    named = _text(event, "message_id")
    message = MessageId(named) if named is not None else None
    return StatusReport(ref=ref, state=state, at=at, reason=reason, message_id=message)


def _text(event: Mapping[str, Any], name: str) -> str | None:
    value = event.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= _REF_LENGTH + 60 else None


def _is_instant(value: object) -> bool:
    return not isinstance(value, bool) and _SECONDS.fullmatch(str(value)) is not None


_KINDS: Mapping[str, Callable[[Mapping[str, Any], str, datetime], Sequence[Reported]]] = {
    "delivered": _delivered,
    "deferred": _deferred,
    "bounce": _bounced,
    "dropped": _dropped,
    "spamreport": _opted_out,
    "unsubscribe": _opted_out,
    "group_unsubscribe": _opted_out,
}
"""What is read; whether a family opens or clicks is nobody's business."""
