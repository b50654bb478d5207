"""What others delivered, in memory."""

from collections.abc import Iterable, Sequence

from orthocrm.backends.memory.drafts import Session
from orthocrm.backends.memory.leased import Leased
from orthocrm.core.inbox import Inbound


class MemoryInbox(Leased[Inbound]):
    """Deliveries, which workers claim as they claim messages."""

    outcome = ("state", "because", "attempts", "due_at", "settled_at")

    def __init__(self, session: Session) -> None:
        super().__init__(session, "inbox")

    def _in_turn(self, pending: Sequence[Inbound]) -> Iterable[Inbound]:
        """Keep to the first of each line; where there is no order, to everybody."""
        first: dict[str, str] = {}
        for one in pending:
            first[one.line] = min(one.id, first.get(one.line, one.id))
        return (one for one in pending if not one.line or first[one.line] == one.id)
