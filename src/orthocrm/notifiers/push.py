"""Web push: short notices to browsers and telephones that subscribed (RFC 8030)."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from attrs import field, frozen

from orthocrm.core.errors import ConfigurationError, MissingKey
from orthocrm.core.ids import ClinicId
from orthocrm.core.notifying import CarrierError, Letter, MessageChannel, Notifier, Sent
from orthocrm.core.outside import NoSecrets, Secrets, missing
from orthocrm.core.ports import Clock
from orthocrm.crm import utc_now
from orthocrm.hooks import hook
from orthocrm.notifiers.addresses import check_seconds
from orthocrm.notifiers.encryption import (
    MOST_PLAIN_BYTES,
    Subscriber,
    encrypted,
    vapid_header,
    vapid_key,
)
from orthocrm.notifiers.wire import Answered, Wire, a_request, origin_of

__all__ = ["WebPush"]

_GONE = frozenset({404, 410})
_OTHER_KEY = frozenset({401, 403})
_MOST_SUBSCRIPTION = 4_096


@frozen(kw_only=True)
class WebPush:
    """Sends letters to the browser that `PushTarget.address` names, encrypted for it alone.

    The private key of the application (VAPID) is the secret `vapid`; where several are live, the
    next one is tried when a service refuses one, since a subscription holds to the key with which
    it was made. Subject and body arrive as `{"title": …, "body": …, "tag": …}`. Every attempt has
    the same `Topic` and the same tag, so that a repeat takes the place of the first one.

    404 and 410 are the permanent reason `gone`: the subscription is to be forgotten.

    Attributes:
        contact: Whom a push service may ask: `mailto:…` or `https://…`.
        life: How long a service keeps a letter for a browser that is off.
    """

    channel: ClassVar[MessageChannel] = MessageChannel.PUSH

    contact: str
    secrets: Secrets = field(factory=NoSecrets, repr=False)
    name: str = "push"
    seconds: float = 15.0
    life: timedelta = timedelta(hours=12)
    wire: Wire = field(factory=Wire)
    clock: Clock = field(default=utc_now, repr=False)

    def __attrs_post_init__(self) -> None:
        check_seconds(self.seconds)
        if not self.contact.startswith(("mailto:", "https://")):
            raise ConfigurationError("contact: give mailto:… or https://…")

    @hook
    def register_notifiers(self) -> Mapping[str, Notifier]:
        """Bring this carrier, by its name."""
        return {self.name: self}

    def missing_secrets(self, clinic: ClinicId, targets: Sequence[str]) -> Sequence[str]:  # noqa: ARG002 - as `SecretKeeping` asks
        """Name the secrets that a clinic lacks."""
        return missing(self.secrets, clinic, ["vapid"])

    def send(self, letter: Letter) -> Sent:
        """Hand a letter to the browser's push service; its reference is the `Topic`."""
        endpoint, subscriber = _subscription(letter.to)
        content = encrypted(_payload(letter), subscriber)
        answer = self._posted(letter, endpoint, content)
        if answer.status in _GONE:
            raise CarrierError("gone", permanent=True)
        if not answer.succeeded:
            raise answer.refusal()
        return Sent(ref=letter.identity)

    def _posted(self, letter: Letter, endpoint: str, content: bytes) -> Answered:
        live = self.secrets.live(letter.clinic_id, "vapid")
        answer: Answered | None = None
        for secret in live:
            request = a_request(endpoint, content=content)
            request.headers.update(self._headers(letter, origin_of(request), secret))
            answer = self.wire.post(request, seconds=self.seconds / len(live))
            if answer.status not in _OTHER_KEY:
                return answer
        if answer is None:
            raise CarrierError("no_secret")
        return answer

    def _headers(self, letter: Letter, origin: str, secret: bytes) -> dict[str, str]:
        try:
            key = vapid_key(secret)
        except MissingKey:
            raise CarrierError("bad_secret") from None
        return {
            "Authorization": vapid_header(
                key, origin=origin, contact=self.contact, now=self.clock()
            ),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(self.life.total_seconds())),
            "Topic": letter.identity,
            "Urgency": "normal",
        }


def _payload(letter: Letter) -> bytes:
    told = {"title": letter.subject or "", "body": letter.body, "tag": letter.identity}
    try:
        written = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeError:
        raise CarrierError("unwritable", permanent=True) from None
    if len(written) > MOST_PLAIN_BYTES:
        raise CarrierError("too_long", permanent=True)
    return written


def _subscription(text: str) -> tuple[str, Subscriber]:
    try:
        told: Any = json.loads(text) if len(text) <= _MOST_SUBSCRIPTION else None
        endpoint, keys = told["endpoint"], told["keys"]
        return str(endpoint), Subscriber.of(keys["p256dh"], keys["auth"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CarrierError("bad_address", permanent=True) from None
