"""Nouns for which workers compete, in memory."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import ClassVar, TypeVar

from attrs import evolve

from orthocrm.backends.memory.repositories import MemoryRepository
from orthocrm.core.inbox import Inbound
from orthocrm.core.notifying import Message

C = TypeVar("C", Message, Inbound)


class Leased(MemoryRepository[C]):
    """Nouns that workers claim; `outcome` names the fields that a worker's answer changes."""

    outcome: ClassVar[tuple[str, ...]]

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[C]:
        """Take pending ones that are due, oldest first, and hide them for `lease`."""
        self._session.write()
        pending = self._in_turn(self._draft.holding("state", "PENDING"))
        due = (one for one in pending if one.due_at <= now)
        oldest = nsmallest(most, due, key=lambda one: (one.due_at, one.id))
        return self.save([self._claimed(one, now + lease) for one in oldest])

    def settle(self, noun: C) -> bool:
        """Record what became of one; False when its fence is no longer the newest."""
        held = self.get([noun.id], lock=True).get(noun.id)
        if held is None or held.fence != noun.fence:
            return False
        self.save([evolve(held, **{name: getattr(noun, name) for name in self.outcome})])
        return True

    def _in_turn(self, pending: Sequence[C]) -> Iterable[C]:
        """Keep to those that need not wait for others."""
        return pending

    def _claimed(self, one: C, until: datetime) -> C:
        return evolve(one, attempts=one.attempts + 1, fence=one.fence + 1, due_at=until)
