"""API keys: how long they last, and what may be asked of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from orthocrm.access.tokens import is_same
from orthocrm.core import limits
from orthocrm.core.access import ApiKey
from orthocrm.core.actor import Permission
from orthocrm.core.ids import UserId
from orthocrm.core.reading import Reading

USUAL: Final = timedelta(days=90)
LONGEST: Final = timedelta(days=365)
OVERLAP: Final = timedelta(hours=24)
LONGEST_OVERLAP: Final = timedelta(days=30)
NOT_BY_KEY: Final = frozenset({Permission.ACCOUNT_MANAGE, Permission.BREAK_GLASS})
"""What asks for a person: no key carries it."""


@frozen(kw_only=True)
class NewKey:
    """A key to be made: it acts as `user` (None: whoever makes it), within `scopes`."""

    name: str
    scopes: Sequence[Permission | str]
    user: UserId | None = None
    lasts: timedelta = USUAL


@frozen(kw_only=True)
class ReadKey:
    """A `NewKey` that was read."""

    name: str
    scopes: tuple[Permission, ...]
    lasts: timedelta


def read_key(new: NewKey) -> ReadKey:
    """Read what a new key should be, and name everything that is wrong with it."""
    reading = Reading()
    name = reading.text("name", new.name, limits.NAME)
    reading.required("name", name)
    scopes = _scopes(reading, new.scopes)
    lasts = read_span(reading, "lasts", new.lasts, LONGEST)
    reading.finish()
    return ReadKey(name=name or "", scopes=scopes, lasts=lasts)


def read_span(reading: Reading, path: str, raw: object, most: timedelta) -> timedelta:
    """Read how long something lasts: more than nothing, and not too long."""
    if not isinstance(raw, timedelta):
        reading.refuse(path, "wrong_type", "give a timedelta")
    elif not timedelta() < raw <= most:
        reading.refuse(path, "out_of_range", f"give more than nothing and at most {most.days} days")
    else:
        return raw
    return timedelta()


def _scopes(reading: Reading, raw: object) -> tuple[Permission, ...]:
    if not isinstance(raw, Iterable) or isinstance(raw, str | bytes):
        reading.refuse("scopes", "not_a_list", "give a list of permissions")
        return ()
    found = [reading.choice(f"scopes.{i}", each, Permission) for i, each in enumerate(raw)]
    for i, each in enumerate(found):
        if each in NOT_BY_KEY:
            reading.refuse(f"scopes.{i}", "not_by_key", "this asks for a person, not for a key")
    if not found:
        reading.refuse("scopes", "required", "give the permissions that it needs")
    return tuple(sorted({each for each in found if each is not None}))


def opens(key: ApiKey, digest: str, now: datetime) -> bool:
    """Whether the secret with this digest opens: the present one, or the one before for a while."""
    return objection(key, digest, now) is None


def objection(key: ApiKey, digest: str, now: datetime) -> str | None:
    """Tell, for the audit trail only, why a secret does not open; None: it does."""
    is_present = is_same(digest, key.digest)
    is_previous = is_same(digest, key.previous)
    overlaps = key.previous_until is not None and now < key.previous_until
    if not is_present and not (is_previous and overlaps):
        return "rotated" if is_previous else "wrong_secret"
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if now >= key.expires_at else None
