"""The clinic's keys, and their replacement while everybody reads and writes.

Both keys open while a rotation lasts, and only the new one writes. What moves goes in batches: a
row is replaced as it was read or not at all. Keys are made and destroyed, keys of leads replaced
and indexes written anew while nobody else works in the clinic, which takes milliseconds.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from attrs import evolve

from orthocrm.backends.sql import moving, texts
from orthocrm.backends.sql.flush import ring_row
from orthocrm.backends.sql.login_indexes import LoginIndexes
from orthocrm.backends.sql.reindexing import Reindexing
from orthocrm.backends.sql.resealing import Resealing
from orthocrm.backends.sql.session import Step
from orthocrm.backends.sql.tables import clinic_keys
from orthocrm.backends.sql.transaction import Transaction
from orthocrm.core.errors import Conflict
from orthocrm.core.ids import LeadId
from orthocrm.core.keyring import (
    NOTHING_MOVED,
    ClinicKey,
    KeyLayer,
    KeyPurpose,
    KeysMoved,
    KeysStatus,
    KeyStanding,
    writing,
)

DELIVERIES_LAST = timedelta(days=400)
"""So long an answered delivery keeps an old index key alive: longer than any link lasts."""


class SqlKeyring:
    """The clinic's keys."""

    __slots__ = ("_keys", "_reindexing", "_resealing", "_session", "_transaction", "_vault")

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._keys = transaction.keys
        self._session = transaction.session
        self._vault = transaction.keys.vaults.vault
        self._resealing = Resealing(transaction.keys)
        self._reindexing = Reindexing(transaction.keys)

    def begin(self, layer: KeyLayer, at: datetime) -> ClinicKey | None:
        """Make a new key that writes from now on; None for the outermost, which is the provider's.

        Raises:
            Conflict: rows still wait for the key before it, or others hold the keys.
        """
        if layer is KeyLayer.OUTERMOST or self._vault.active() is None:
            return None
        purpose = KeyPurpose.INDEX if layer is KeyLayer.INDEX else KeyPurpose.SEAL
        self._session.alone()
        ring = self._keys.ring()
        if any(self._is_unfinished(key, ring) for key in ring if key.purpose is purpose):
            raise Conflict("keys: a rotation is under way; let it come to its end first")
        renews = layer is KeyLayer.LEADS
        key = self._keys.new_key(ring[-1].number + 1, purpose, at, renews=renews)
        insert = texts.insert(clinic_keys, self._session.language)
        self._session.write([Step(kind="key", sql=insert, rows=[ring_row(self._keys, key)])])
        self._keys.turned()
        return key

    def _is_unfinished(self, key: ClinicKey, ring: Sequence[ClinicKey]) -> bool:
        return key is not writing(ring, key.purpose) and not key.kept

    def waits(self) -> bool:
        """Whether there may be something to move."""
        active = self._vault.active()
        if active is None:
            return False
        ring = self._keys.ring()
        outer = any(self._vault.outer_id(key) != active for key in ring)
        return outer or any(self._is_unfinished(key, ring) for key in ring)

    def status(self) -> KeysStatus:
        """Tell how the keys stand."""
        active = self._vault.active()
        ring = [] if active is None else self._keys.ring()
        return KeysStatus(active=active, keys=tuple(self._standing(key, ring) for key in ring))

    def _standing(self, key: ClinicKey, ring: Sequence[ClinicKey]) -> KeyStanding:
        writes = key is writing(ring, key.purpose)
        left, kept = (0, 0) if writes else self._needing(key, ring)
        return KeyStanding(
            number=key.number,
            purpose=key.purpose,
            made_at=key.made_at,
            outer_id=self._vault.outer_id(key),
            writes=writes,
            left=left,
            kept=kept,
        )

    def _needing(self, key: ClinicKey, ring: Sequence[ClinicKey]) -> tuple[int, int]:
        """Count the rows that need a key that writes no more, and those that nobody can move."""
        if key.purpose is KeyPurpose.INDEX:
            return self._reindexing.needing(self._place(key, ring))
        return self._resealing.needing(self._place(key, ring)), 0

    def _place(self, key: ClinicKey, ring: Sequence[ClinicKey]) -> int:
        """Count the keys of the same purpose that are newer."""
        return sum(one.purpose is key.purpose and one.number > key.number for one in ring)

    def move(self, most: int, now: datetime) -> KeysMoved:
        """Bring at most so many rows under the keys that write, and destroy keys of no use."""
        if self._vault.active() is None or not self._session.first():
            return NOTHING_MOVED
        ring = self._keys.ring()
        rows = sum(islice(filter(None, self._batches(ring, most)), 1))
        if rows:
            return KeysMoved(rows=rows, more=True)
        return KeysMoved(destroyed=self._destroyed(ring, now))

    def _batches(self, ring: Sequence[ClinicKey], most: int) -> Iterator[int]:
        """Do one kind of work after the other; whoever counts one stops before the next."""
        yield self._outermost(ring)
        if self._several(ring, KeyPurpose.SEAL):
            yield self._leads(ring, most)
            yield from self._resealing.own(most)
        if self._several(ring, KeyPurpose.INDEX):
            yield self._indexes(most)
            yield self._logins(most)

    def _several(self, ring: Sequence[ClinicKey], purpose: KeyPurpose) -> bool:
        return sum(key.purpose is purpose for key in ring) > 1

    def _outermost(self, ring: Sequence[ClinicKey]) -> int:
        """Wrap the clinic's keys with the outermost key that wraps now."""
        clinic, active = self._session.clinic, self._vault.active()
        old = [key for key in ring if self._vault.outer_id(key) != active]
        swaps = [(str(key.number), key.wrapped, self._vault.rewrapped(clinic, key)) for key in old]
        moving.swap(self._session, clinic_keys, "wrapped", swaps, by="number")
        return len(old)

    def _leads(self, ring: Sequence[ClinicKey], most: int) -> int:
        if not writing(ring, KeyPurpose.SEAL).renews:
            return self._resealing.rewrap(most)
        if not self._resealing.leads_left():
            return 0
        self._session.alone()
        return self._resealing.renew(most)

    def _indexes(self, most: int) -> int:
        if not self._reindexing.leads_left():
            return 0
        self._session.alone()
        return self._reindexing.reindex(most)

    def _logins(self, most: int) -> int:
        logins = LoginIndexes(self._keys)
        if not logins.left():
            return 0
        self._session.alone()
        return logins.reindex(most)

    def _destroyed(self, ring: Sequence[ClinicKey], now: datetime) -> tuple[int, ...]:
        """Destroy keys that nothing needs any more; nobody may begin to need one meanwhile."""
        old = [key for key in ring if key is not writing(ring, key.purpose)]
        if not old:
            return ()
        self._session.alone()
        if self._several(ring, KeyPurpose.INDEX):
            self._reindexing.forget_deliveries(now - DELIVERIES_LAST)
        needs = {key.number: self._needing(key, ring) for key in old}
        gone = tuple(key.number for key in old if needs[key.number] == (0, 0))
        kept = [key for key in old if not needs[key.number][0] and needs[key.number][1]]
        for key in kept:
            if not key.kept:
                self._replace(evolve(key, kept=True))
        for number in gone:
            moving.destroy_key(self._session, number)
        if gone:
            self._keys.turned()
        return gone

    def _replace(self, key: ClinicKey) -> None:
        moving.destroy_key(self._session, key.number)
        insert = texts.insert(clinic_keys, self._session.language)
        self._session.write([Step(kind="key", sql=insert, rows=[ring_row(self._keys, key)])])

    def alone(self) -> None:
        """Let nobody else work in the clinic until this unit of work ends."""
        self._session.alone()

    def forget(self, leads: Collection[LeadId]) -> None:
        """Destroy the keys of leads: what was sealed with them is never read again."""
        self._keys.fetch(leads)
        known = [lead for lead in leads if self._keys.knows(lead)]
        swaps = [
            (lead, self._keys.wrapped(lead), self._keys.clinic.new_lead_key(lead)) for lead in known
        ]
        moving.swap(self._session, moving.LEADS, "data_key", swaps)
        for lead, _, wrapped in swaps:
            self._keys.replace(lead, wrapped)
