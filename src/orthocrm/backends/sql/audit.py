"""The audit trail over one transaction."""

from orthocrm.backends.sql import texts
from orthocrm.backends.sql.repositories import SqlRepository
from orthocrm.backends.sql.rows import AUDIT_ENTRY, CLINIC
from orthocrm.backends.sql.transaction import Transaction
from orthocrm.core.audit import AuditEntry, ChainHead


class SqlAuditTrail(SqlRepository[AuditEntry]):
    """The audit entries, and where their chain ends.

    SQLite has one writer at a time, so its entries are sealed as they are added. On PostgreSQL
    they wait for a sealer, and sealers of a clinic queue up on a lock of the transaction.
    """

    __slots__ = ()

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction, AUDIT_ENTRY)

    @property
    def seals_at_once(self) -> bool:
        """Whether entries are to be sealed as they are added."""
        return self._language.has_one_writer

    def head(self, *, lock: bool = False) -> ChainHead:
        """Tell where the clinic's chain ends."""
        self._transaction.flush_for(AUDIT_ENTRY)
        session = self._transaction.session
        if lock and not self.seals_at_once:
            session.rows(texts.lock_trail(self._language), {})
        found = session.rows(texts.chain_head(self._language), {})
        return ChainHead(position=found[0][0], seal=found[0][1] or "") if found else ChainHead()

    def mac(self, message: bytes) -> bytes:
        """Give the HMAC-SHA256 of a message under the clinic's own key for its trail."""
        self._transaction.flush_for(CLINIC)
        return self._transaction.keys.clinic.mac(message)
