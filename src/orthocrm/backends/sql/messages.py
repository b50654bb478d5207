"""Messages, for which carriers' workers compete, and the ledger of consent."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache

import sqlalchemy as sa

from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.leased import Leased
from orthocrm.backends.sql.leasing import in_clinic
from orthocrm.backends.sql.rows import CONSENT, MESSAGE
from orthocrm.backends.sql.rows.codec import Row
from orthocrm.backends.sql.tables import consents
from orthocrm.backends.sql.transaction import Transaction
from orthocrm.core.errors import NotFound
from orthocrm.core.ids import LeadId
from orthocrm.core.notifying import ConsentEntry, Message


class SqlMessages(Leased[Message]):
    """Messages, which carriers' workers claim as they claim the outbox."""

    __slots__ = ()
    outcome = (
        "state",
        "because",
        "attempts",
        "due_at",
        "carrier",
        "carrier_ref",
        "sent_at",
        "settled_at",
    )

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction, MESSAGE)


@cache
def _of_addresses(language: Language) -> Text:
    statement = (
        sa.select(consents)
        .where(in_clinic(consents), language.among(consents.c.blind, "blind"))
        .order_by(consents.c.at, consents.c.id)
    )
    return language.text(statement)


@cache
def _of_nobody(language: Language) -> Text:
    statement = sa.update(consents).values(lead_id=sa.null(), sealed=sa.null())
    whose = language.among(consents.c.lead_id, "leads")
    return language.text(statement.where(in_clinic(consents), whose))


@cache
def _without_evidence(language: Language) -> Text:
    statement = sa.update(consents).values(sealed=sa.null())
    these = language.among(consents.c.blind, "these")
    return language.text(statement.where(in_clinic(consents), these, consents.c.lead_id.is_(None)))


class SqlConsents:
    """The ledger of consent; of an address only its blind index is stored."""

    __slots__ = ("_language", "_transaction")

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._language = transaction.session.language

    def add(self, entries: Sequence[ConsentEntry]) -> None:
        """Collect new entries."""
        self._transaction.add(CONSENT, entries)

    def of(self, addresses: Collection[str]) -> Mapping[str, Sequence[ConsentEntry]]:
        """Give the entries of addresses, under the addresses as they were asked for."""
        self._transaction.flush_for(CONSENT)
        asked = self._asked(addresses)
        if not asked:
            return {}
        given = {"blind": self._language.several(asked)}
        rows = self._transaction.session.rows(_of_addresses(self._language), given)
        self._transaction.keys.fetch(row[_LEAD] for row in rows if row[-1] is not None)
        found: dict[str, list[ConsentEntry]] = {}
        for row in rows:
            entry = self._entry(row, asked[row[-2]])
            found.setdefault(entry.address, []).append(entry)
        return found  # in the order of the rows, whatever key made their indexes

    def forget(self, leads: Collection[LeadId], addresses: Collection[str]) -> None:
        """Forget whose entries of leads are, and the evidence of these and of the addresses."""
        self._transaction.flush()
        session, several = self._transaction.session, self._language.several
        session.met(_of_nobody(self._language), {"leads": several(leads)})
        asked = self._asked(addresses)
        if asked:
            session.met(_without_evidence(self._language), {"these": several(asked)})

    def _asked(self, addresses: Collection[str]) -> Mapping[str, str]:
        try:
            keys = self._transaction.keys
            return {blind: address for address in addresses for blind in keys.indexes(address)}
        except NotFound:
            return {}  # a clinic that does not exist has no keys, and no entries either

    def _entry(self, row: Row, address: str) -> ConsentEntry:
        """Read an entry; what was sealed with the key of a lead that is gone stays sealed."""
        keys, lead, sealed = self._transaction.keys, row[_LEAD], row[-1]
        lost = lead is not None and not keys.knows(lead)
        opened = {} if lost else keys.open(CONSENT.name, lead, row[1], sealed)
        take = self._language.take
        return CONSENT.read(row[: CONSENT.clear_width], {**opened, "address": address}, take)


_LEAD = CONSENT.clear_columns.index("lead_id")
