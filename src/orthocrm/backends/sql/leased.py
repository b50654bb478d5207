"""Nouns for which workers compete: each is claimed by one, and settled by the newest claim."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

from attrs import evolve

from orthocrm.backends.sql import leasing
from orthocrm.backends.sql.repositories import SqlRepository
from orthocrm.core.inbox import Inbound
from orthocrm.core.notifying import Message
from orthocrm.core.time import instant

C = TypeVar("C", Message, Inbound)


class Leased(SqlRepository[C]):
    """Nouns that workers claim; `outcome` names the columns that a worker's answer changes."""

    __slots__ = ()
    outcome: ClassVar[tuple[str, ...]]

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[C]:
        """Take pending ones that are due, and hide them for `lease`."""
        until = instant(now, "now") + lease
        found = leasing.taken(self._transaction, self._shape, now, until, most)
        claimed = [self._claimed(one, until) for one in found]
        self._transaction.remember(self._shape, claimed)
        return claimed

    def settle(self, noun: C) -> bool:
        """Record what became of one, unless somebody claimed it since."""
        shape = self._shape
        row = dict(zip(shape.clear_columns, shape.write(noun, self._language.put), strict=True))
        outcome = {name: row[name] for name in self.outcome}
        settled = leasing.settle(self._transaction, shape, noun.id, row["fence"], outcome)
        self._transaction.forget(shape, [noun.id])
        return settled

    def _claimed(self, one: C, until: datetime) -> C:
        return evolve(
            one,
            due_at=until,
            attempts=one.attempts + 1,
            fence=one.fence + 1,
            version=one.version + 1,
        )
