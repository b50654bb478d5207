"""Links for patients: signed, for one lead or patient, until an instant, and revocable.

A link is its own proof: nothing of it is stored but its revocation. The secret is the one that the
host application keeps under `self_scheduling`, else the clinic's own, which no rotation of keys
changes.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from attrs import field, frozen

from orthocrm.core.actor import Actor, Pass, Role
from orthocrm.core.audit import Delivery
from orthocrm.core.errors import InvalidInput, NotFound
from orthocrm.core.ids import ClinicId, LeadId, UserId
from orthocrm.core.outside import Secrets
from orthocrm.core.ports import Backend, UnitOfWork
from orthocrm.core.reading import Reading

SECRET: Final = "self_scheduling"  # noqa: S105 - the name of a secret
USUAL: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=365)
_LONGEST_TOKEN: Final = 4000
_KEYS: Final = {"clinic", "id", "types", "until", "user"}


@frozen(kw_only=True)
class SelfSchedulingLink:
    """A link for one lead or patient: send `token`, keep `id` to revoke it."""

    id: str
    token: str = field(repr=False)
    types: tuple[str, ...]
    expires_at: datetime


@frozen(kw_only=True)
class NewLink:
    """For whom a link is, for which types (None: all public ones), and for how long."""

    lead_id: LeadId | None = None
    patient_ref: str | None = None
    types: tuple[str, ...] | None = None
    lasts: timedelta = USUAL


def secrets_of(store: UnitOfWork, secrets: Secrets) -> Sequence[bytes]:
    """Give the secrets that sign links of a clinic, the newest first."""
    return [*secrets.live(store.clinic, SECRET)] or [store.secret(SECRET)]


def written(secret: bytes, actor: Actor) -> str:
    """Give the token of a patient with a pass."""
    link = actor.link
    if link is None:  # pragma: no cover - callers give a pass
        raise AssertionError
    body = json.dumps(
        {
            "clinic": actor.clinic,
            "id": link.id,
            "types": link.types,
            "until": int(link.expires_at.timestamp()),
            "user": actor.user,
        },
        separators=(",", ":"),
    ).encode()
    return f"{_encoded(body)}.{_encoded(_signed(secret, body))}"


def read(backend: Backend, secrets: Secrets, token: object) -> Actor:
    """Give the patient whom a token lets in.

    Raises:
        InvalidInput: nobody here has written this token.
    """
    body, signature = _parts(token)
    values = _values(body)
    clinic = ClinicId(values["clinic"])
    try:
        with backend.begin(clinic) as store:
            live = secrets_of(store, secrets)
    except NotFound:
        raise _refusal() from None
    if not any(hmac.compare_digest(_signed(one, body), signature) for one in live):
        raise _refusal()
    link = Pass(
        id=values["id"],
        types=tuple(values["types"]),
        expires_at=datetime.fromtimestamp(values["until"], UTC),
    )
    return Actor(user=UserId(values["user"]), clinic=clinic, roles={Role.PATIENT}, link=link)


def lasting(reading: Reading, raw: object) -> timedelta:
    """Read how long a link lasts."""
    if not isinstance(raw, timedelta):
        reading.refuse("lasts", "wrong_type", "give a timedelta")
    elif not timedelta() < raw <= LONGEST:
        reading.refuse("lasts", "out_of_range", "give more than nothing and at most a year")
    else:
        return raw
    return USUAL


def issue(actor: Actor, link_id: str, now: datetime) -> Delivery:
    """Give what is registered when somebody makes a link."""
    return Delivery(
        clinic_id=actor.clinic,
        operation="scheduling.make_link",
        user=actor.user,
        key=f"link:{link_id}",
        fingerprint=link_id,
        created_at=now,
    )


def revocation(clinic: ClinicId, link_id: str, now: datetime) -> Delivery:
    """Give what is registered when a link is revoked."""
    return Delivery(
        clinic_id=clinic,
        operation="scheduling.revoke_link",
        user=UserId("*"),
        key=f"link:{link_id}",
        fingerprint=link_id,
        created_at=now,
    )


def ensure_live(store: UnitOfWork, actor: Actor, now: datetime) -> None:
    """Refuse whoever comes by a link that has run out or was revoked."""
    link = actor.link
    if link is None:
        return
    if link.expires_at <= now or store.deliveries.known(revocation(actor.clinic, link.id, now)):
        raise InvalidInput.at("link", "link_expired", "ask the practice for a new link")


def _signed(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"link\0" + body, hashlib.sha256)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)


def _parts(token: object) -> tuple[bytes, bytes]:
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
        raise _refusal()
    body, dot, signature = token.partition(".")
    try:
        found = _decoded(body), _decoded(signature)
    except (ValueError, binascii.Error):
        raise _refusal() from None
    if not dot or token != ".".join(map(_encoded, found)):  # base64 can say the same in many ways
        raise _refusal()
    return found


def _values(body: bytes) -> dict[str, Any]:
    """Read what a token says; it is believed only once its signature holds."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise _refusal() from None
    if not isinstance(values, dict) or values.keys() != _KEYS:
        raise _refusal()
    texts = all(isinstance(values[name], str) for name in ("clinic", "id", "user"))
    if not texts or not isinstance(values["types"], list) or type(values["until"]) is not int:
        raise _refusal()
    return values


def _refusal() -> InvalidInput:
    return InvalidInput.at("token", "bad_link", "give the token of a link of this practice")
