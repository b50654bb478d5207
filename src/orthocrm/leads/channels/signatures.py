"""Proof that a delivery comes from whom it says: HMAC over the raw bytes, in constant time.

Our own forms are signed as [Standard Webhooks](https://www.standardwebhooks.com) describes, Meta
signs in its own way, and Google sends a key along. Every live secret is tried, so that a secret
can be replaced without losing a delivery. Errors never say how near a signature came.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from orthocrm.core.errors import MissingKey, OrthoCRMError
from orthocrm.leads.channels.delivery import Delivered

TOLERANCE = timedelta(minutes=5)
"""How far the time of a signature may lie from ours, in either direction."""

_MOST_SIGNATURES = 16
_IDENTITY = re.compile("[!-~]{1,128}")
_SECONDS = re.compile("[0-9]{1,11}")
_ENCODED = b"whsec_"


class Unverified(OrthoCRMError, PermissionError):
    """A delivery is not signed, not by somebody who knows the secret, or not just now."""

    code = "unverified"

    def __init__(self) -> None:
        super().__init__("the delivery is not signed as it has to be")


def standard(delivered: Delivered, body: bytes, secrets: Sequence[bytes], now: datetime) -> str:
    """Verify `webhook-id`, `webhook-timestamp` and `webhook-signature`; give the id."""
    identity = _matching(_IDENTITY, delivered.header("webhook-id"))
    seconds = _matching(_SECONDS, delivered.header("webhook-timestamp"))
    if abs(now - datetime.fromtimestamp(int(seconds), UTC)) > TOLERANCE:
        raise Unverified
    told = (delivered.header("webhook-signature") or "").split(" ")[:_MOST_SIGNATURES]
    signed = b".".join((identity.encode(), seconds.encode(), body))
    expected = [b"v1," + _base64(_secret(secret), signed) for secret in secrets]
    _demand(told, expected)
    return identity


def sign(body: bytes, *, identity: str, secret: bytes, now: datetime) -> dict[str, str]:
    """Make the headers of a signed delivery: what a site does before it posts a form to us."""
    seconds = str(int(now.timestamp()))
    signed = b".".join((identity.encode(), seconds.encode(), body))
    return {
        "webhook-id": identity,
        "webhook-timestamp": seconds,
        "webhook-signature": "v1," + _base64(_secret(secret), signed).decode(),
    }


def meta(delivered: Delivered, body: bytes, secrets: Sequence[bytes]) -> None:
    """Verify `X-Hub-Signature-256`, made with the secret of the app."""
    expected = [
        b"sha256=" + hmac.new(s, body, hashlib.sha256).hexdigest().encode() for s in secrets
    ]
    _demand([delivered.header("X-Hub-Signature-256") or ""], expected)


def key(told: object, secrets: Sequence[bytes]) -> None:
    """Verify a key that a delivery carries itself."""
    _demand([told if isinstance(told, str) else ""], list(secrets))


def _demand(told: Iterable[str], expected: Sequence[bytes]) -> None:
    """Compare everything told with everything expected, whatever matched before."""
    if not expected:
        raise MissingKey("there is no live secret to verify this delivery with")
    given = [text.encode("utf-8", "replace") for text in told if text]
    if not any([hmac.compare_digest(one, other) for one in given for other in expected]):  # noqa: C419 - every pair is compared, so that time tells nothing
        raise Unverified


def _matching(pattern: re.Pattern[str], text: str | None) -> str:
    if text is None or pattern.fullmatch(text) is None:
        raise Unverified
    return text


def _secret(secret: bytes) -> bytes:
    """Take off the base64 in which Standard Webhooks writes its secrets."""
    if not secret.startswith(_ENCODED):
        return secret
    try:
        return base64.b64decode(secret.removeprefix(_ENCODED), validate=True)
    except binascii.Error:
        raise MissingKey("a secret that begins with whsec_ is not base64") from None


def _base64(secret: bytes, signed: bytes) -> bytes:
    return base64.b64encode(hmac.digest(secret, signed, hashlib.sha256))
