"""Messages and the ledger of consent in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import nsmallest

from attrs import evolve

from orthocrm.backends.memory.drafts import Session
from orthocrm.backends.memory.repositories import MemoryRepository
from orthocrm.core.ids import LeadId
from orthocrm.core.notifying import ConsentEntry, Message, MessageState


class MemoryMessages(MemoryRepository[Message]):
    """Messages, which carriers' workers claim as they claim the outbox."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "messages")

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[Message]:
        """Take pending messages that are due, oldest first, and hide them for `lease`."""
        self._session.write()
        pending = self._draft.holding("state", MessageState.PENDING)
        due = (message for message in pending if message.due_at <= now)
        oldest = nsmallest(most, due, key=lambda message: (message.due_at, message.id))
        return self.save([_claimed(message, now + lease) for message in oldest])

    def settle(self, message: Message) -> bool:
        """Record what became of a claimed message; False when its fence is no longer the newest."""
        held = self.get([message.id], lock=True).get(message.id)
        if held is None or held.fence != message.fence:
            return False
        self.save([_settled(held, message)])
        return True


def _claimed(message: Message, until: datetime) -> Message:
    return evolve(message, attempts=message.attempts + 1, fence=message.fence + 1, due_at=until)


def _settled(held: Message, given: Message) -> Message:
    return evolve(
        held,
        state=given.state,
        because=given.because,
        attempts=given.attempts,
        due_at=given.due_at,
        carrier=given.carrier,
        carrier_ref=given.carrier_ref,
        sent_at=given.sent_at,
        settled_at=given.settled_at,
    )


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
