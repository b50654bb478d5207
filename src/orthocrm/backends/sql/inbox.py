"""What others delivered, for which workers compete line by line."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import evolve

from orthocrm.backends.sql import leasing
from orthocrm.backends.sql.repositories import SqlRepository
from orthocrm.backends.sql.rows import INBOUND
from orthocrm.backends.sql.transaction import Transaction
from orthocrm.core.inbox import Inbound
from orthocrm.core.time import instant

_OUTCOME = ("state", "because", "attempts", "due_at", "settled_at")
"""What a worker's answer changes."""


class SqlInbox(SqlRepository[Inbound]):
    """Deliveries, which workers claim as they claim messages."""

    __slots__ = ()

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction, INBOUND)

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[Inbound]:
        """Take pending deliveries that are due, and hide them for `lease`."""
        until = instant(now, "now") + lease
        found = leasing.taken(self._transaction, INBOUND, now, until, most)
        claimed = [_claimed(one, until) for one in found]
        self._transaction.remember(INBOUND, claimed)
        return claimed

    def settle(self, inbound: Inbound) -> bool:
        """Record what became of a delivery, unless somebody claimed it since."""
        values = INBOUND.write(inbound, self._language.put)
        row = dict(zip(INBOUND.clear_columns, values, strict=True))
        outcome = {name: row[name] for name in _OUTCOME}
        settled = leasing.settle(self._transaction, INBOUND, inbound.id, row["fence"], outcome)
        self._transaction.forget(INBOUND, [inbound.id])
        return settled


def _claimed(one: Inbound, until: datetime) -> Inbound:
    return evolve(
        one,
        due_at=until,
        attempts=one.attempts + 1,
        fence=one.fence + 1,
        version=one.version + 1,
    )
