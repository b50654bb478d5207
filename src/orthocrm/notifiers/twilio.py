"""SMS over Twilio: its Messages resource, its status callbacks, and answers of families."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from attrs import field, frozen

from orthocrm.core.errors import ConfigurationError, InvalidInput
from orthocrm.core.ids import ClinicId, MessageId
from orthocrm.core.notifying import (
    Answer,
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
from orthocrm.leads.channels.signatures import Unverified
from orthocrm.notifiers.addresses import check_seconds, number
from orthocrm.notifiers.wire import Answered, Wire, a_request

__all__ = ["Twilio"]

SIGNATURE = "X-Twilio-Signature"
MOST_BYTES = 65_536
MOST_FIELDS = 200

_CREATED = 201
_PORTS = {"https": 443, "http": 80}
_ACCOUNT = re.compile("AC[0-9a-fA-F]{32}")
_SERVICE = re.compile("MG[0-9a-fA-F]{32}")
_MESSAGE = re.compile("[SM]M[0-9a-fA-F]{32}")
_CODE = re.compile("[0-9]{1,6}")
_UNSUBSCRIBED = 21610
_FORM = "application/x-www-form-urlencoded"
_PASSING = frozenset({14107, 20003, 20005, 20008, 20429, 21408, 21606, 21611, 21612, 63038})
"""Error codes of a full queue, of haste, or of an account or number to be mended: the same letter
goes through later. (21408: region not enabled; 21606, 21612: the sender cannot reach it now.)
"""
_STATES = {
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.DELIVERED,
    "undelivered": MessageState.BOUNCED,
    "failed": MessageState.BOUNCED,
    "canceled": MessageState.BOUNCED,
}


@frozen(kw_only=True)
class Twilio:
    """Sends letters as SMS by Twilio.

    The auth token is the secret `twilio`: the newest one sends, every live one verifies. Twilio
    knows no idempotency keys, so a letter of which no answer came may come twice; the status
    callback names our message, so that the first one is recognised.

    Attributes:
        account: The account's SID (`AC…`).
        sender: A number in E.164, or the SID of a messaging service (`MG…`).
        status_url: Where Twilio tells what became of a letter; `{clinic}` in it is replaced.
    """

    channel: ClassVar[MessageChannel] = MessageChannel.SMS

    account: str
    sender: str
    secrets: Secrets = field(factory=NoSecrets, repr=False)
    status_url: str | None = None
    name: str = "twilio"
    seconds: float = 20.0
    base_url: str = "https://api.twilio.com"
    wire: Wire = field(factory=Wire)

    def __attrs_post_init__(self) -> None:
        check_seconds(self.seconds)
        if _ACCOUNT.fullmatch(self.account) is None:
            raise ConfigurationError("account: give the SID of the account, AC and 32 digits")
        try:
            _ = self._from()
        except CarrierError:
            message = "sender: give a number in E.164 or the SID of a messaging service"
            raise ConfigurationError(message) from None

    @hook
    def register_notifiers(self) -> Mapping[str, Notifier]:
        """Bring this carrier, by its name."""
        return {self.name: self}

    def missing_secrets(self, clinic: ClinicId, targets: Sequence[str]) -> Sequence[str]:  # noqa: ARG002 - as `SecretKeeping` asks
        """Name the secrets that a clinic lacks."""
        return missing(self.secrets, clinic, ["twilio"])

    def send(self, letter: Letter) -> Sent:
        """Hand a letter to Twilio; its reference is the message's SID."""
        told = {"To": number(letter.to), "Body": letter.body, **self._from()}
        if self.status_url is not None:
            told["StatusCallback"] = _status_url(self.status_url, letter)
        tokens = self._tokens(letter.clinic_id)
        if not tokens:
            raise CarrierError("no_secret")
        request = a_request(
            f"{self.base_url}/2010-04-01/Accounts/{self.account}/Messages.json",
            content=_form(told),
            headers={"Authorization": _basic(self.account, tokens[0]), "Content-Type": _FORM},
        )
        answer = self.wire.post(request, seconds=self.seconds, most=MOST_BYTES)
        if answer.status != _CREATED:
            raise _refusal(answer)
        sid = _json(answer.body).get("sid")
        if not isinstance(sid, str) or _MESSAGE.fullmatch(sid) is None:
            raise CarrierError("unreadable_answer", uncertain=True)
        return Sent(ref=sid)

    def reports(self, callback: Callback) -> Sequence[Reported]:
        """Verify and read a status callback, or an SMS that came in."""
        if len(callback.body) > MOST_BYTES:
            raise InvalidInput.at("body", "too_long", f"give at most {MOST_BYTES} bytes")
        fields = _fields(callback.body)
        verify(callback, fields, self._tokens(callback.clinic_id))
        told = {name: values[0] for name, values in fields.items()}
        if told.get("AccountSid", self.account) != self.account:
            raise Unverified
        ref = told.get("MessageSid") or told.get("SmsSid") or ""
        if _MESSAGE.fullmatch(ref) is None:
            return ()
        return _status(told, ref, callback) if "MessageStatus" in told else _in(told, ref, callback)

    def _from(self) -> dict[str, str]:
        if _SERVICE.fullmatch(self.sender):
            return {"MessagingServiceSid": self.sender}
        return {"From": number(self.sender)}

    def _tokens(self, clinic: ClinicId) -> Sequence[bytes]:
        return self.secrets.live(clinic, "twilio")


def verify(
    callback: Callback, fields: Mapping[str, Sequence[str]], tokens: Sequence[bytes]
) -> None:
    """Verify X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted fields of the form.

    A body in JSON has no fields; its digest then stands in the query, as `bodySHA256`. Twilio
    signs the URL with or without its port. Raises `Unverified`.
    """
    try:
        url = urlsplit(callback.url)
        queried = parse_qs(url.query, max_num_fields=MOST_FIELDS)
        spellings = _spellings(url)
    except ValueError:
        raise Unverified from None
    digests = queried.get("bodySHA256", ())
    if digests and _FORM not in (callback.header("Content-Type") or ""):
        digest = hashlib.sha256(callback.body).hexdigest()
        if not hmac.compare_digest(digests[0].encode(), digest.encode()):
            raise Unverified
        fields = {}
    told = (callback.header(SIGNATURE) or "").encode()
    rest = "".join(n + v for n in sorted(fields) for v in sorted(set(fields[n])))
    expected = [_signature(token, spelt + rest) for token in tokens for spelt in spellings]
    if not any([hmac.compare_digest(told, one) for one in expected]):  # noqa: C419 - all are compared, so that time tells nothing
        raise Unverified


def _signature(token: bytes, text: str) -> bytes:
    return base64.b64encode(hmac.digest(token, text.encode(), hashlib.sha1))


def _spellings(url: SplitResult) -> tuple[str, str]:
    host = url.netloc.rpartition("@")[2]
    bare = host if host.endswith("]") or ":" not in host else host.rpartition(":")[0]
    port = url.port or _PORTS.get(url.scheme)
    user = url.netloc[: len(url.netloc) - len(host)]
    without = url._replace(netloc=user + bare).geturl()
    return without, url._replace(netloc=f"{user}{bare}:{port}").geturl()


def _fields(body: bytes) -> dict[str, list[str]]:
    try:
        text = body.decode()
        return parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise Unverified from None


def _status(told: Mapping[str, str], ref: str, callback: Callback) -> Sequence[Reported]:
    state = _STATES.get(told["MessageStatus"])
    if state is None:
        return ()
    code = told.get("ErrorCode", "")
    named = parse_qs(urlsplit(callback.url).query).get("message", [None])[0]
    report = StatusReport(
        ref=ref,
        state=state,
        at=callback.received_at,
        reason=code if _CODE.fullmatch(code) and int(code) else None,
        message_id=None if named is None else MessageId(named),
    )
    if code != str(_UNSUBSCRIBED):
        return (report,)
    return (report, _opt_out(told.get("To", ""), ref, callback))


def _in(told: Mapping[str, str], ref: str, callback: Callback) -> Sequence[Reported]:
    sender = told.get("From")
    if sender is None or "Body" not in told:
        return ()
    answer = Answer(
        channel=MessageChannel.SMS,
        sender=sender,
        text=told["Body"],
        at=callback.received_at,
        ref=ref,
    )
    if told.get("OptOutType") != "STOP":
        return (answer,)
    return (answer, _opt_out(sender, ref, callback))


def _opt_out(address: str, ref: str, callback: Callback) -> OptOut:
    return OptOut(
        channel=MessageChannel.SMS,
        address=address,
        at=callback.received_at,
        ref=ref,
        reason="stop",
    )


def _refusal(answer: Answered) -> CarrierError:
    """Read the code of an error; its text may quote the number, so nobody reads that."""
    code = _json(answer.body).get("code")
    if isinstance(code, bool) or not isinstance(code, int):
        return answer.refusal()
    error = answer.refusal(f"twilio_{code}")
    if code in _PASSING:
        return CarrierError(error.reason, wait=error.wait)
    if code == _UNSUBSCRIBED:
        return CarrierError(error.reason, permanent=True, opted_out=True)
    return error


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _form(told: Mapping[str, str]) -> bytes:
    try:
        return urlencode(told).encode()
    except UnicodeError:
        raise CarrierError("unwritable", permanent=True) from None


def _basic(user: str, password: bytes) -> str:
    return "Basic " + base64.b64encode(user.encode() + b":" + password).decode()


def _status_url(url: str, letter: Letter) -> str:
    named = url.replace("{clinic}", letter.clinic_id)
    return named + ("&" if "?" in named else "?") + urlencode({"message": letter.message_id})
