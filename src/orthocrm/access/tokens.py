"""Tokens: what a program or a browser comes by, and of which only a digest is kept.

`ock_…` opens as an API key, `ocs_…` as a session, `ocr_…` sets a password once. After the kind
stand the ids of the clinic and of what the token opens, so that the look-up stays within the
clinic, then 256 random bits. What is as random as that needs no slow hash: SHA-256 will do
(OWASP ASVS 5.0, 11.4.2 asks for a slow one for passwords only).
"""

import hashlib
import hmac
import re
import secrets
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from orthocrm.core.ids import ClinicId

_SECRET_BYTES: Final = 32
_FORM: Final = re.compile(
    "(oc[krs])_([0-9a-f]{32})([0-9a-f]{32}|x([0-9a-f]{2})+)_([A-Za-z0-9_-]{43})"
)
_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST: Final = 2_000


class TokenKind(StrEnum):
    """What a token opens, as its first letters say it."""

    KEY = "ock"
    SESSION = "ocs"
    RESET = "ocr"


@frozen(kw_only=True)
class NewToken:
    """A token that was just drawn: `token` is told once, `digest` is kept."""

    token: str = field(repr=False)
    digest: str = field(repr=False)


@frozen(kw_only=True)
class ReadToken:
    """What a token says: of which kind it is, and what it opens, if the secret is the right one."""

    kind: TokenKind
    clinic: ClinicId
    owner: str
    digest: str = field(repr=False)


def new_token(kind: TokenKind, clinic: str, owner: str) -> NewToken:
    """Draw a token for what `owner` names.

    Args:
        kind: what it opens.
        clinic: an id in the canonical text of a UUID.
        owner: the id of the key or of the session, or the user whose password is set.
    """
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    ids = _bare(clinic) + _bare(owner)
    return NewToken(token=f"{kind}_{ids}_{secret}", digest=digest_of(secret))


def read_token(token: object, kind: TokenKind) -> ReadToken | None:
    """Read a token of a kind; None for anything else. Nothing of it is believed yet."""
    if not isinstance(token, str) or len(token) > _LONGEST:
        return None
    parts = _FORM.fullmatch(token)
    if parts is None or parts[1] != kind:
        return None
    return ReadToken(
        kind=kind,
        clinic=ClinicId(_full(parts[2])),
        owner=_full(parts[3]),
        digest=digest_of(parts[5]),
    )


def digest_of(secret: str) -> str:
    """Give the SHA-256 of a secret, in hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_same(one: str, other: str | None) -> bool:
    """Compare digests in a time that tells nothing about them; nothing is like a missing one."""
    return hmac.compare_digest(one, other or "") and bool(other)


def _bare(text: str) -> str:
    """Write a UUID without its dashes, and any other text as the digits of its bytes."""
    return text.replace("-", "") if _UUID.fullmatch(text) else "x" + text.encode().hex()


def _full(bare: str) -> str:
    if bare.startswith("x"):
        return bytes.fromhex(bare[1:]).decode("utf-8", "replace")
    return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"
