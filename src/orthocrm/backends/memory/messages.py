"""Messages and the ledger of consent in memory."""

from collections.abc import Collection, Mapping, Sequence

from attrs import evolve

from orthocrm.backends.memory.drafts import Session
from orthocrm.backends.memory.leased import Leased
from orthocrm.backends.memory.repositories import MemoryRepository
from orthocrm.core.ids import LeadId
from orthocrm.core.notifying import ConsentEntry, Message


class MemoryMessages(Leased[Message]):
    """Messages, which carriers' workers claim as they claim the outbox."""

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

    def __init__(self, session: Session) -> None:
        super().__init__(session, "messages")


class MemoryConsents:
    """The ledger of consent."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._entries: MemoryRepository[ConsentEntry] = MemoryRepository(session, "consents")

    def add(self, entries: Sequence[ConsentEntry]) -> None:
        """Store entries; raises `AlreadyExists` when an id is taken."""
        self._entries.add(entries)

    def of(self, addresses: Collection[str]) -> Mapping[str, Sequence[ConsentEntry]]:
        """Give the entries of addresses, oldest `at` first; unknown ones are left out."""
        draft = self._session.draft("consents")
        found = {address: draft.holding("address", address) for address in addresses}
        return {
            address: sorted(entries, key=lambda entry: (entry.at, entry.id))
            for address, entries in found.items()
            if entries
        }

    def forget(self, leads: Collection[LeadId], addresses: Collection[str]) -> None:
        """Forget whose entries of leads are, and the evidence of these and of the addresses."""
        self._session.write()
        draft = self._session.draft("consents")
        for entry in draft.everything():
            if entry.lead_id in leads or (entry.lead_id is None and entry.address in addresses):
                draft.put(evolve(entry, lead_id=None, evidence=None))
