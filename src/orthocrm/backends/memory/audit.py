"""The audit trail in memory."""

import hmac
from collections.abc import Sequence

from attrs import frozen

from orthocrm.backends.memory.drafts import Draft, Session
from orthocrm.backends.memory.repositories import MemoryRepository
from orthocrm.core.audit import AuditEntry, ChainHead

_THE_ONE = "head"


@frozen(kw_only=True)
class HeldHead:
    """Where the chain ends, kept so that nobody has to look through all entries."""

    id: str = _THE_ONE
    head: ChainHead


class MemoryAuditTrail(MemoryRepository[AuditEntry]):
    """The audit entries; whoever asks where their chain ends has the clinic's write lock.

    The key lasts as long as the store.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session, "audit")

    @property
    def seals_at_once(self) -> bool:
        """Whether entries are to be sealed as they are added: writers of a clinic queue up."""
        return True

    def add(self, nouns: Sequence[AuditEntry]) -> None:
        """Store new entries; raises `AlreadyExists` when an id is taken."""
        super().add(nouns)
        self._note(nouns)

    def save(self, nouns: Sequence[AuditEntry]) -> tuple[AuditEntry, ...]:
        """Replace entries, and give them back with their version grown by one."""
        saved = super().save(nouns)
        self._note(saved)
        return saved

    def _note(self, entries: Sequence[AuditEntry]) -> None:
        last = max(entries, key=lambda entry: entry.position or 0, default=None)
        if last is not None and (last.position or 0) > self._held.position:
            head = ChainHead(position=last.position or 0, seal=last.seal or "")
            self._heads.put(HeldHead(head=head))

    @property
    def _heads(self) -> Draft:
        return self._session.draft("audit_heads")

    @property
    def _held(self) -> ChainHead:
        held: HeldHead | None = self._heads.one(_THE_ONE)
        return ChainHead() if held is None else held.head

    def head(self, *, lock: bool = False) -> ChainHead:
        """Tell where the clinic's chain ends."""
        if lock:
            self._session.write()
        return self._held

    def mac(self, message: bytes) -> bytes:
        """Give the HMAC-SHA256 of a message under a key of this store."""
        return hmac.digest(self._session.key, message, "sha256")
