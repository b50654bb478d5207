"""Who may work in a clinic while its keys are replaced (PostgreSQL).

Every transaction of a clinic shares an advisory lock from its beginning to its end. Whoever makes
or destroys a key has the lock alone: so nobody ever writes with a key that is gone, or reads a row
by a key that it no longer has. The lock is taken by a statement before the first read, since what
a statement sees is settled before it waits.
"""

import hashlib
from functools import lru_cache
from typing import Any

import psycopg

from orthocrm.backends.sql.sight import CLINIC, Sight
from orthocrm.core.ids import ClinicId

PATIENCE_MS = 500
"""How long whoever wants a clinic alone waits, and lets others wait behind."""

_CLINICS = 1_000
"""Of so many clinics the numbers of locks stay known."""


def joining(sight: Sight) -> bytes:
    """Give the end of what begins a transaction: it works in the clinic, with others."""
    if sight.setting != CLINIC:
        return b""
    return b"; SELECT pg_advisory_xact_lock_shared(%d)" % _lock(sight.value, "keys")


def join(connection: psycopg.Connection[Any], sight: Sight) -> None:
    """Work in a clinic, with others, until the transaction ends."""
    if sight.setting == CLINIC:
        connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_lock(sight.value, "keys")])


def alone(cursor: psycopg.RawCursor[Any], clinic: ClinicId) -> None:
    """Have the clinic alone until the transaction ends.

    Others begin behind whoever waits, so it does not wait for long: a transaction that lasts
    makes it fail, to be tried again.
    """
    cursor.execute(b"SET LOCAL lock_timeout = %d" % PATIENCE_MS)
    cursor.execute(b"SELECT pg_advisory_xact_lock(%d)" % _lock(clinic, "keys"))
    cursor.execute(b"SET LOCAL lock_timeout = DEFAULT")


def first(cursor: psycopg.RawCursor[Any], clinic: ClinicId) -> bool:
    """Whether nobody else moves the clinic's rows to other keys; nobody may until the end."""
    cursor.execute(b"SELECT pg_try_advisory_xact_lock(%d)" % _lock(clinic, "rotation"))
    row = cursor.fetchone()
    return bool(row and row[0])


@lru_cache(maxsize=_CLINICS)
def _lock(clinic: str, purpose: str) -> int:
    named = hashlib.sha256(f"orthocrm {purpose} {clinic}".encode()).digest()
    return int.from_bytes(named[:8], signed=True)
