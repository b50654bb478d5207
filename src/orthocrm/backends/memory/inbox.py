"""What others delivered, in memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from heapq import nsmallest

from attrs import evolve

from orthocrm.backends.memory.drafts import Session
from orthocrm.backends.memory.repositories import MemoryRepository
from orthocrm.core.inbox import Inbound, InboundState


class MemoryInbox(MemoryRepository[Inbound]):
    """Deliveries, which workers claim as they claim messages."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "inbox")

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[Inbound]:
        """Take pending deliveries that are due, oldest first, and hide them for `lease`."""
        self._session.write()
        pending = self._draft.holding("state", InboundState.PENDING)
        first: dict[str, str] = {}
        for one in pending:
            first[one.line] = min(one.id, first.get(one.line, one.id))
        due = (one for one in pending if one.due_at <= now and one.id == _turn(one, first))
        oldest = nsmallest(most, due, key=lambda one: (one.due_at, one.id))
        return self.save([_claimed(one, now + lease) for one in oldest])

    def settle(self, inbound: Inbound) -> bool:
        """Record what became of a delivery; False when its fence is no longer the newest."""
        held = self.get([inbound.id], lock=True).get(inbound.id)
        if held is None or held.fence != inbound.fence:
            return False
        self.save([_settled(held, inbound)])
        return True


def _turn(one: Inbound, first: dict[str, str]) -> str:
    """Give the id whose turn it is in a line; where there is no order, everybody's."""
    return first[one.line] if one.line else one.id


def _claimed(one: Inbound, until: datetime) -> Inbound:
    return evolve(one, attempts=one.attempts + 1, fence=one.fence + 1, due_at=until)


def _settled(held: Inbound, given: Inbound) -> Inbound:
    return evolve(
        held,
        state=given.state,
        because=given.because,
        attempts=given.attempts,
        due_at=given.due_at,
        settled_at=given.settled_at,
    )
