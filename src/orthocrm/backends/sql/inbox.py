"""What others delivered, for which workers compete line by line."""

from orthocrm.backends.sql.leased import Leased
from orthocrm.backends.sql.rows import INBOUND
from orthocrm.backends.sql.transaction import Transaction
from orthocrm.core.inbox import Inbound


class SqlInbox(Leased[Inbound]):
    """Deliveries, which workers claim as they claim messages."""

    __slots__ = ()
    outcome = ("state", "because", "attempts", "due_at", "settled_at")

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction, INBOUND)
