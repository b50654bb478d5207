"""The second factor: codes of an authenticator (RFC 6238), and recovery codes for a lost one.

A code opens once: its time step is kept, and neither it nor an earlier one is taken again
(RFC 6238, section 5.2). One step of delay is allowed on either side, for clocks that differ.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import field, frozen
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from orthocrm.access.tokens import digest_of, is_same

STEP: Final = 30
"""Seconds for which a code is shown."""
DIGITS: Final = 6
_DELAYS: Final = (-1, 0, 1)
_SECRET_BYTES: Final = 20
"""As RFC 4226, section 4, R6 recommends: 160 bits."""
RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10
_GROUP: Final = 4
_LONGEST: Final = 40
_CODE: Final = re.compile(f"[0-9]{{{DIGITS}}}")
_RECOVERY: Final = re.compile("[A-Z2-7]{16}")


@frozen(kw_only=True)
class NewRecovery:
    """Recovery codes that were just drawn: `codes` are told once, `digests` are kept."""

    codes: tuple[str, ...] = field(repr=False)
    digests: tuple[str, ...] = field(repr=False)


def new_secret() -> str:
    """Draw the secret of an authenticator, in Base32."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def setup_uri(secret: str, account: str, issuer: str) -> str:
    """Give the `otpauth:` address that authenticators read as a QR code."""
    uri = _totp(secret).get_provisioning_uri(account, issuer)
    return uri.replace("+", "%20")  # some authenticators show a plus as it is


def step_at(at: datetime) -> int:
    """Give the time step of an instant."""
    return int(at.timestamp()) // STEP


def code_at(secret: str, at: datetime) -> str:
    """Give the code that an authenticator shows at an instant."""
    return _code_of(secret, step_at(at))


def step_of(secret: str, code: str, at: datetime, after: int) -> int | None:
    """Find the time step of a code; None: it is wrong, or not later than the step `after`.

    Every step is looked at, whichever it is, so that the time taken tells nothing.
    """
    now = step_at(at)
    found = [step for step in (now + delay for delay in _DELAYS) if _is_code(secret, step, code)]
    later = [step for step in found if step > after]
    return later[0] if later else None


def _is_code(secret: str, step: int, code: str) -> bool:
    return step >= 0 and hmac.compare_digest(_code_of(secret, step), code)


def _code_of(secret: str, step: int) -> str:
    return _totp(secret).generate(step * STEP).decode()


def _totp(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP)  # noqa: S303 - what authenticators know


def read_code(raw: object) -> str | None:
    """Read a code as people type it, of either kind; None: it can be none.

    >>> read_code("123 456"), read_code("abcd-efgh-2345-jklm"), read_code("12345")
    ('123456', 'ABCDEFGH2345JKLM', None)
    """
    if not isinstance(raw, str) or len(raw) > _LONGEST or not raw.isascii():
        return None
    bare = "".join(raw.replace("-", " ").split()).upper()
    return bare if _CODE.fullmatch(bare) or _RECOVERY.fullmatch(bare) else None


def is_recovery(code: str) -> bool:
    """Whether a code that was read is a recovery code."""
    return len(code) != DIGITS


def new_recovery() -> NewRecovery:
    """Draw ten recovery codes of 80 bits."""
    drawn = [
        base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
        for _ in range(RECOVERY_CODES)
    ]
    return NewRecovery(
        codes=tuple(_shown(code) for code in drawn),
        digests=tuple(digest_of(code) for code in drawn),
    )


def _shown(code: str) -> str:
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def without(digests: Sequence[str], code: str) -> tuple[str, ...] | None:
    """Use a recovery code up: give the digests that are left, None when it is none of them."""
    digest = digest_of(code)
    used = [is_same(digest, one) for one in digests]
    if not any(used):
        return None
    return tuple(one for one, gone in zip(digests, used, strict=True) if not gone)
