"""The repositories of one unit of work in memory."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import Any, Generic, TypeVar

from attrs import evolve

from orthocrm.backends.memory.drafts import Draft, Session
from orthocrm.backends.memory.tables import TABLES, Table
from orthocrm.core.audit import ERASED, KEYED, Delivery, OutboxItem, OutboxState
from orthocrm.core.errors import AlreadyExists, InvalidInput, StaleVersion
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.query import (
    EVERYTHING,
    AllOf,
    Cond,
    Found,
    Op,
    Page,
    Sort,
    Where,
    page_of,
    predicate,
)

N = TypeVar("N")

_FIRST_PAGE = Page()


class MemoryRepository(Generic[N]):
    """The nouns of one kind."""

    def __init__(self, session: Session, table: str) -> None:
        self._session = session
        self._table = TABLES[table]

    @property
    def _draft(self) -> Draft:
        return self._session.draft(self._table.name)

    def add(self, nouns: Sequence[N]) -> None:
        """Store new nouns; raises `AlreadyExists` when an id or a unique name is taken."""
        if not nouns:
            return
        self._session.write()
        for noun in nouns:
            if self._draft.one(self._own_key(noun)) is not None:
                self._session.refuse(AlreadyExists(self._table.kind))
            self._draft.put(self._table.apart(noun))
        self._keep_unique(nouns)

    def _own_key(self, noun: N) -> Any:  # noqa: ANN401 - whatever the table is keyed by
        key = self._table.key(noun)
        if getattr(noun, "clinic_id", key) != self._session.clinic:
            raise InvalidInput.at("clinic_id", "other_clinic", "the unit of work is another's")
        return key

    def _keep_unique(self, nouns: Iterable[N]) -> None:
        for name in self._table.unique:
            for noun in nouns:
                for value in self._table.indexes[name](noun):
                    if len(self._draft.holding(name, value)) > 1:
                        self._session.refuse(AlreadyExists(self._table.kind, name))

    def get(self, ids: Collection[str], *, lock: bool = False) -> Mapping[str, N]:
        """Give the nouns by id; unknown ids are left out."""
        if lock:
            self._session.write()
        found = ((key, self._draft.one(key)) for key in dict.fromkeys(ids))
        return {key: self._table.apart(noun) for key, noun in found if noun is not None}

    def save(self, nouns: Sequence[N]) -> tuple[N, ...]:
        """Replace nouns, and give them back with their version grown by one."""
        if not nouns:
            return ()
        self._session.write()
        saved = tuple(self._saved(noun) for noun in nouns)
        self._keep_unique(saved)
        return saved

    def _saved(self, noun: Any) -> Any:  # noqa: ANN401 - mypy cannot see that N is an attrs class
        held = self._draft.one(self._own_key(noun))
        if held is None or held.version != noun.version:
            self._session.refuse(StaleVersion(self._table.kind))
        saved = evolve(noun, version=noun.version + 1)
        self._draft.put(self._table.apart(saved))
        return saved

    def find(
        self, where: Where = EVERYTHING, sort: Sequence[Sort] = (), page: Page = _FIRST_PAGE
    ) -> Found[N]:
        """Give one page of the nouns that satisfy `where`, in a total order."""
        found = page_of(self._matching(where), sort, page, self._table.schema)
        return Found(tuple(self._table.apart(noun) for noun in found.items), found.after)

    def count(self, where: Where = EVERYTHING) -> int:
        """Count the nouns that satisfy `where`."""
        return sum(1 for _ in self._matching(where))

    def _matching(self, where: Where) -> Iterator[N]:
        checked = self._table.schema.checked(where)
        return filter(predicate(checked, self._table.schema), candidates(self._draft, checked))

    def remove(self, ids: Collection[str]) -> None:
        """Forget nouns; unknown ids are ignored."""
        if ids:
            self._session.write()
        for key in ids:
            self._draft.drop(key)


class MemoryByLogin(MemoryRepository[N]):
    """Nouns of whoever logs in with an address."""

    def by_login(self, logins: Collection[str], *, lock: bool = False) -> Mapping[str, N]:
        """Give the nouns by login; unknown ones are left out."""
        if lock:
            self._session.write()
        found = {login: self._draft.holding("email", login) for login in logins}
        return {login: self._table.apart(nouns[0]) for login, nouns in found.items() if nouns}


def candidates(draft: Draft, where: Where) -> Iterable[Any]:
    """Give the nouns that can satisfy a checked condition: by id or index where it names one."""
    for cond in _conjuncts(where):
        if cond.op is Op.EQ or cond.op is Op.IN:
            values = dict.fromkeys([cond.value] if cond.op is Op.EQ else cond.value)
            if cond.field == "id":
                return [noun for noun in map(draft.one, values) if noun is not None]
            if _answers(draft.table, cond.field):
                return [noun for value in values for noun in draft.holding(cond.field, value)]
    return draft.everything()


def _answers(table: Table, name: str) -> bool:
    """Tell whether an index holds a field as it is."""
    return name in table.plain or (name in table.indexes and name not in table.unique)


def _conjuncts(where: Where) -> Iterator[Cond]:
    if isinstance(where, Cond):
        yield where
    elif isinstance(where, AllOf):
        for part in where.parts:
            yield from _conjuncts(part)


class MemoryLeads(MemoryRepository[Lead]):
    """Leads, which can also be found by match key."""

    def sharing_key(
        self, keys: Collection[str], most: int = 20
    ) -> Mapping[str, tuple[LeadId, ...]]:
        """Give the ids of the leads that carry a key, by key, oldest id first."""
        found = {key: self._draft.holding("keys", key) for key in keys}
        return {
            key: tuple(nsmallest(most + 1, (lead.id for lead in leads)))
            for key, leads in found.items()
            if leads
        }


class MemoryOutbox:
    """Events that wait for their notify hooks."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._items: MemoryRepository[OutboxItem] = MemoryRepository(session, "outbox")

    def add(self, items: Sequence[OutboxItem]) -> None:
        """Store items that are due at their `due_at`."""
        self._items.add(items)

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[OutboxItem]:
        """Take pending items that are due, oldest first, and hide them for `lease`."""
        self._session.write()
        pending = self._session.draft("outbox").holding("state", OutboxState.PENDING)
        due = (item for item in pending if item.due_at <= now)
        oldest = nsmallest(most, due, key=lambda item: (item.due_at, item.id))
        return self._items.save([_claimed(item, now + lease) for item in oldest])

    def settle(self, item: OutboxItem, state: OutboxState, due_at: datetime) -> bool:
        """Record what became of a claimed item; False when its fence is no longer the newest."""
        held = self._items.get([item.id], lock=True).get(item.id)
        if held is None or held.fence != item.fence:
            return False
        self._items.save([evolve(held, state=state, due_at=due_at, heard=item.heard)])
        return True

    def waiting(self, state: OutboxState = OutboxState.PENDING) -> int:
        """Count the items in a state."""
        return len(self._session.draft("outbox").holding("state", state))


def _claimed(item: OutboxItem, until: datetime) -> OutboxItem:
    return evolve(item, attempts=item.attempts + 1, fence=item.fence + 1, due_at=until)


class MemoryDeliveries:
    """Requests that have to have one effect only."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._table = TABLES["deliveries"]

    def claim(self, delivery: Delivery, since: datetime | None = None) -> Delivery | None:
        """Register a delivery, or give the one that holds its (operation, user, key) already."""
        held = self._held(delivery)
        if held is not None and (since is None or held.created_at >= since):
            return held
        self._session.draft("deliveries").put(self._table.apart(delivery))
        return None

    def known(self, delivery: Delivery) -> Delivery | None:
        """Give the delivery that holds its key, and register nothing."""
        held: Delivery | None = self._session.draft("deliveries").one(self._table.key(delivery))
        return self._table.apart(held) if held is not None else None

    def finish(self, delivery: Delivery, result: Mapping[str, Any]) -> None:
        """Record the ids of what came of a delivery that was claimed in this unit of work."""
        finished = evolve(self._held(delivery) or delivery, result=result)
        self._session.draft("deliveries").put(self._table.apart(finished))

    def forget(self, ids: Collection[str]) -> None:
        """Forget the deliveries whose result names one of these ids, but for those known by key."""
        self._session.write()
        draft, parts = self._session.draft("deliveries"), [f'"{one}"' for one in ids]
        for delivery in draft.everything():
            told = json.dumps(dict(delivery.result or {}))
            if not any(part in told for part in parts):
                continue
            if f'"{KEYED}"' in told:
                draft.put(evolve(delivery, fingerprint="", result=dict(ERASED)))
            else:
                draft.drop(self._table.key(delivery))

    def _held(self, delivery: Delivery) -> Delivery | None:
        self._session.write()
        held: Delivery | None = self._session.draft("deliveries").one(self._table.key(delivery))
        return self._table.apart(held) if held is not None else None
