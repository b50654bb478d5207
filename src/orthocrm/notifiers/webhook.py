"""Outgoing webhooks, signed as Standard Webhooks describes."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from attrs import field, frozen

from orthocrm.core.errors import MissingKey
from orthocrm.core.ids import ClinicId
from orthocrm.core.notifying import CarrierError, Letter, MessageChannel, Notifier, Sent
from orthocrm.core.outside import NoSecrets, Secrets, missing
from orthocrm.core.ports import Clock
from orthocrm.crm import utc_now
from orthocrm.hooks import hook
from orthocrm.leads.channels.signatures import sign
from orthocrm.notifiers.addresses import check_seconds
from orthocrm.notifiers.wire import Answered, Wire, a_request

__all__ = ["Webhook"]

_GONE = 410
_LATER = range(400, 500)


@frozen(kw_only=True)
class Webhook:
    """Posts the body of a letter, which is JSON, to the URL in its `to`.

    Its secret is `webhook/NAME`, where NAME is the letter's `target`: every live one signs, so
    that the receiver may change over. Every attempt has the same `webhook-id`. The URL is somebody
    else's, so only public addresses are connected to, over https, and redirects are not followed;
    `wire` may open networks of one's own.

    A refusal is temporary, since receivers are mended, but for 410 and redirects.
    """

    channel: ClassVar[MessageChannel] = MessageChannel.WEBHOOK

    secrets: Secrets = field(factory=NoSecrets, repr=False)
    name: str = "webhook"
    seconds: float = 15.0
    wire: Wire = field(factory=Wire)
    clock: Clock = field(default=utc_now, repr=False)

    def __attrs_post_init__(self) -> None:
        check_seconds(self.seconds)

    @hook
    def register_notifiers(self) -> Mapping[str, Notifier]:
        """Bring this carrier, by its name."""
        return {self.name: self}

    def missing_secrets(self, clinic: ClinicId, targets: Sequence[str]) -> Sequence[str]:
        """Name the secrets that a clinic lacks."""
        return missing(self.secrets, clinic, [f"webhook/{name}" for name in targets])

    def send(self, letter: Letter) -> Sent:
        """Post a letter; its reference is the `webhook-id`."""
        content = _encoded(letter.body)
        identity = f"msg_{letter.identity}"
        headers = {"Content-Type": "application/json", **self._signed(letter, content, identity)}
        request = a_request(letter.to, content=content, headers=headers)
        answer = self.wire.post(request, seconds=self.seconds)
        if not answer.succeeded:
            raise _refusal(answer)
        return Sent(ref=identity)

    def _signed(self, letter: Letter, content: bytes, identity: str) -> dict[str, str]:
        live = self.secrets.live(letter.clinic_id, f"webhook/{letter.target}")
        if not live:
            raise CarrierError("no_secret")
        now = self.clock()
        try:
            signed = [sign(content, identity=identity, secret=one, now=now) for one in live]
        except MissingKey:
            raise CarrierError("bad_secret") from None
        every = " ".join(headers["webhook-signature"] for headers in signed)
        return {**signed[0], "webhook-signature": every}


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeError:
        raise CarrierError("unwritable", permanent=True) from None


def _refusal(answer: Answered) -> CarrierError:
    error = answer.refusal()
    if answer.status in _LATER and answer.status != _GONE:
        return CarrierError(error.reason, wait=error.wait)
    return error
