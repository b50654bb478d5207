"""Committed rows with their indexes, and the drafts of a unit of work above them."""

import os
import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NoReturn

from orthocrm.backends.memory.tables import TABLES, Table
from orthocrm.core.errors import BackendError, Conflict
from orthocrm.core.ids import ClinicId

_KEY_BYTES = 32


class Rows:
    """Nouns by key, and their keys by every indexed value."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.nouns: dict[Any, Any] = {}
        self._keys: dict[str, dict[Any, dict[Any, None]]] = {name: {} for name in table.indexes}

    def put(self, noun: Any) -> None:  # noqa: ANN401 - a noun of the table
        """Keep a noun in the place of the one with its key."""
        key = self.table.key(noun)
        self.drop(key)
        self.nouns[key] = noun
        for name, values in self.table.indexes.items():
            for value in values(noun):
                self._keys[name].setdefault(value, {})[key] = None

    def drop(self, key: Any) -> None:  # noqa: ANN401 - a key of the table
        """Forget a noun, if there is one."""
        noun = self.nouns.pop(key, None)
        if noun is None:
            return
        for name, values in self.table.indexes.items():
            keys = self._keys[name]
            for value in dict.fromkeys(values(noun)):
                del keys[value][key]
                if not keys[value]:
                    del keys[value]

    def holding(self, index: str, value: Any) -> list[Any]:  # noqa: ANN401 - an indexed value
        """Give the nouns that carry a value."""
        return [self.nouns[key] for key in self._keys[index].get(value, ())]


class Store:
    """What is committed of one clinic.

    `guard` is held for one read or one commit, `writing` by one unit of work until it ends.
    """

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.writing = threading.Lock()
        self.rows = {name: Rows(table) for name, table in TABLES.items()}
        self.key = os.urandom(_KEY_BYTES)


class Draft:
    """A table as one unit of work sees it: committed rows under the unit's own writes."""

    def __init__(self, committed: Rows, guard: threading.Lock) -> None:
        self.table = committed.table
        self._committed = committed
        self._guard = guard
        self._changed = Rows(committed.table)
        self._gone: set[Any] = set()

    def one(self, key: Any) -> Any:  # noqa: ANN401 - a key, a noun or None
        """Give the noun with a key, None when there is none."""
        if key in self._gone:
            return None
        with self._guard:
            return self._changed.nouns.get(key) or self._committed.nouns.get(key)

    def everything(self) -> list[Any]:
        """Give all nouns."""
        with self._guard:
            committed = list(self._committed.nouns.values())
        return self._seen(committed, self._changed.nouns.values())

    def holding(self, index: str, value: Any) -> list[Any]:  # noqa: ANN401 - an indexed value
        """Give the nouns that carry a value."""
        with self._guard:
            committed = self._committed.holding(index, value)
        return self._seen(committed, self._changed.holding(index, value))

    def _seen(self, committed: list[Any], changed: Iterable[Any]) -> list[Any]:
        if not self._gone and not self._changed.nouns:
            return committed
        key, gone, drafted = self.table.key, self._gone, self._changed.nouns
        keyed = [(key(noun), noun) for noun in committed]
        return [*(noun for at, noun in keyed if at not in gone and at not in drafted), *changed]

    def put(self, noun: Any) -> None:  # noqa: ANN401 - a noun of the table
        """Draft a noun."""
        self._changed.put(noun)
        self._gone.discard(self.table.key(noun))

    def drop(self, key: Any) -> None:  # noqa: ANN401 - a key of the table
        """Draft the removal of a noun."""
        self._changed.drop(key)
        self._gone.add(key)

    def apply(self) -> None:
        """Commit; the caller holds the guard."""
        for key in self._gone:
            self._committed.drop(key)
        for noun in self._changed.nouns.values():
            self._committed.put(noun)


class Session:
    """The locks and drafts of one unit of work."""

    def __init__(self, clinic: ClinicId, store: Store, patience: timedelta) -> None:
        self.clinic = clinic
        self._store = store
        self._patience = patience
        self._drafts: dict[str, Draft] = {}
        self._writes = False
        self._ended = False
        self._refusal: Conflict | None = None

    @property
    def key(self) -> bytes:
        """The key that proves the clinic's audit entries."""
        return self._store.key

    def draft(self, table: str) -> Draft:
        """Give the unit's own view of a table."""
        if table not in self._drafts:
            self._drafts[table] = Draft(self._store.rows[table], self._store.guard)
        return self._drafts[table]

    def write(self) -> None:
        """Wait until no other unit of work writes to this clinic."""
        if self._ended:
            raise BackendError("the unit of work has ended")
        if not self._writes:
            if not self._store.writing.acquire(timeout=self._patience.total_seconds()):
                raise BackendError("another unit of work of this clinic stays open")
            self._writes = True

    def refuse(self, refusal: Conflict) -> NoReturn:
        """Refuse a write, and with it the whole unit of work."""
        self._refusal = refusal
        raise refusal

    def commit(self) -> None:
        """Apply all drafts, so that no reader sees a part of them."""
        if self._refusal is not None:
            raise self._refusal
        with self._store.guard:
            for draft in self._drafts.values():
                draft.apply()

    def end(self) -> None:
        """Let the next writer go."""
        self._ended = True
        if self._writes:
            self._store.writing.release()
