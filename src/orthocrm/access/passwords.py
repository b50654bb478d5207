"""Passwords: which are taken, and how they are kept.

Rules after NIST SP 800-63B, section 5.1.1.2 (https://pages.nist.gov/800-63-3/sp800-63b.html):
length counts and composition does not, any printable sign may be used, what is known to be
guessed first is refused. Kept as Argon2id with the parameters of OWASP
(https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html).
"""

import secrets
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from attrs import frozen
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from orthocrm.access.refused import guessed
from orthocrm.core.errors import InvalidInput
from orthocrm.core.reading import Reading

SHORTEST: Final = 12
LONGEST: Final = 128
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_FEW: Final = 4
"""A password of so many different signs or fewer is a pattern."""


@frozen(kw_only=True)
class HashCost:
    """What a hash of a password costs whoever makes one: KiB of memory, passes over it, lanes."""

    memory: int
    passes: int
    lanes: int


OWASP: Final = HashCost(memory=19 * 1024, passes=2, lanes=1)
"""OWASP's least parameters of Argon2id: 19 MiB, two passes, one lane."""


def read_password(raw: object, path: str = "password", about: Iterable[str] = ()) -> str:
    """Read a new password: 12 to 128 characters, and nothing that is guessed first.

    Args:
        raw: what was typed.
        path: the name of the field.
        about: what is known of its owner (address, name, clinic) and makes a bad password.
    """
    reading = Reading()
    password = _normalised(reading, raw, path)
    if password is not None and not SHORTEST <= len(password) <= LONGEST:
        reading.refuse(path, "bad_length", f"give {SHORTEST} to {LONGEST} characters")
    elif password is not None and _is_guessed(password, about):
        reading.refuse(path, "too_common", "give one that nobody guesses: three or four words")
    reading.finish()
    return password or ""


def tried_password(raw: object, path: str = "password") -> str:
    """Read a password that somebody tries, in the form in which it would have been kept."""
    reading = Reading()
    password = _normalised(reading, raw, path)
    reading.finish()
    return password or ""


def _normalised(reading: Reading, raw: object, path: str) -> str | None:
    """Bring a password into one form of Unicode (NFKC), so that every keyboard types the same."""
    if not isinstance(raw, str):
        reading.refuse(path, "wrong_type", "give a text")
    elif len(raw) > LONGEST:
        reading.refuse(path, "bad_length", f"give {SHORTEST} to {LONGEST} characters")
    elif any(unicodedata.category(sign) in ("Cc", "Cs") for sign in raw):
        reading.refuse(path, "bad_character", "remove the control characters")
    else:
        return unicodedata.normalize("NFKC", raw)
    return None


def _is_guessed(password: str, about: Iterable[str]) -> bool:
    plain = _plain(password)
    if len(set(password.casefold())) <= _FEW or plain in guessed():
        return True
    known = {_plain(each) for text in about for each in (text, text.partition("@")[0]) if text}
    rest = plain
    for word in sorted(known, key=len, reverse=True):
        rest = rest.replace(word, "") if len(word) >= _FEW else rest
    return len(rest) < SHORTEST / 2 and rest != plain


def _plain(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def hashed(password: str, cost: HashCost = OWASP) -> str:
    """Hash a password that was read, with a salt of its own, in PHC form."""
    return _argon(cost).derive_phc_encoded(password.encode())


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one of a hash, in a time that tells nothing about it."""
    try:
        Argon2id.verify_phc_encoded(password.encode(), kept)
    except InvalidKey:
        return False
    return True


def is_dated(kept: str, cost: HashCost) -> bool:
    """Whether a hash was made at another cost than the present one, and should be made anew."""
    return f"$m={cost.memory},t={cost.passes},p={cost.lanes}$" not in kept


@lru_cache(maxsize=8)
def decoy(cost: HashCost) -> str:
    """Give a hash that no password has: who is unknown takes as long as who is known."""
    return hashed(secrets.token_urlsafe(32), cost)


def checked_cost(cost: object) -> HashCost:
    """Take a cost that Argon2id can be run at."""
    if not isinstance(cost, HashCost):
        raise InvalidInput.at("hash_cost", "wrong_type", "give a HashCost")
    if cost.lanes < 1 or cost.passes < 1 or cost.memory < 8 * cost.lanes:
        raise InvalidInput.at(
            "hash_cost", "out_of_range", "give a lane or more, a pass or more, 8 KiB to each lane"
        )
    return cost


def _argon(cost: HashCost) -> Argon2id:
    return Argon2id(
        salt=secrets.token_bytes(_SALT_BYTES),
        length=_HASH_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory,
    )
