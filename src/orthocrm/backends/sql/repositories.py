"""Repositories over one transaction."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

from orthocrm.backends.sql import texts
from orthocrm.backends.sql.query import count_query, page_query
from orthocrm.backends.sql.rows import LEAD
from orthocrm.backends.sql.rows.codec import put_json
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.transaction import Transaction
from orthocrm.core.errors import NotFound
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.ports import FIRST_PAGE
from orthocrm.core.query import EVERYTHING, Found, Page, Sort, Where

T = TypeVar("T")


class SqlRepository(Generic[T]):
    """The nouns of one kind in the transaction's clinic."""

    __slots__ = ("_language", "_shape", "_transaction")

    def __init__(self, transaction: Transaction, shape: Shape[T]) -> None:
        self._transaction = transaction
        self._shape = shape
        self._language = transaction.session.language

    def add(self, nouns: Sequence[T]) -> None:
        """Collect new nouns."""
        self._transaction.add(self._shape, nouns)

    def get(self, ids: Collection[str], *, lock: bool = False) -> Mapping[str, T]:
        """Give the nouns by id; PostgreSQL locks their rows, SQLite has locked everything.

        What no text column can hold is nobody's id.
        """
        known = [i for i in ids if isinstance(i, str) and i.isprintable()]
        if not known:
            return {}
        self._transaction.flush_for(self._shape)
        text, given = texts.of_ids(self._shape, known, self._language, lock=lock)
        rows = self._transaction.session.rows(text, given)
        nouns: list[Any] = self._transaction.read(self._shape, rows)
        return {noun.id: noun for noun in nouns}

    def save(self, nouns: Sequence[T]) -> tuple[T, ...]:
        """Collect changed nouns, and give them back with their version grown by one."""
        return self._transaction.save(self._shape, nouns)

    def find(
        self, where: Where = EVERYTHING, sort: Sequence[Sort] = (), page: Page = FIRST_PAGE
    ) -> Found[T]:
        """Give one page; whether another follows is told by one row more, never by a count."""
        shape = self._shape
        text, given = page_query(where, sort, page, shape, self._language)
        self._transaction.flush_for(shape)
        rows = self._transaction.session.rows(text, given)
        items = tuple(self._transaction.read(shape, rows[: page.size]))
        if len(rows) <= page.size:
            return Found(items)
        keys = (*sort, Sort("id"))
        return Found(items, tuple(shape.schema[key.field].read(items[-1]) for key in keys))

    def count(self, where: Where = EVERYTHING) -> int:
        """Count the nouns that satisfy `where`."""
        text, given = count_query(where, self._shape, self._language)
        self._transaction.flush_for(self._shape)
        [[count]] = self._transaction.session.rows(text, given)
        return int(count)

    def remove(self, ids: Collection[str]) -> None:
        """Forget nouns; collected writes come first, since they may be about the same ones."""
        if ids:
            self._transaction.flush()
            given = {"ids": self._language.several(ids)}
            self._transaction.session.met(texts.remove(self._shape, self._language), given)
            self._transaction.forget(self._shape, ids)


class ClinicRepository(SqlRepository[T]):
    """The clinic itself, whose key goes with it."""

    __slots__ = ()

    def remove(self, ids: Collection[str]) -> None:
        """Forget the clinic and its key."""
        super().remove(ids)
        if self._transaction.session.clinic in ids:
            self._transaction.keys.forget_clinic()


class SqlLeadRepository(SqlRepository[Lead]):
    """Leads, which can also be found by match key."""

    __slots__ = ()

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction, LEAD)

    def sharing_key(
        self, keys: Collection[str], most: int = 20
    ) -> Mapping[str, tuple[LeadId, ...]]:
        """Give the ids of the leads that carry a key; only blind indexes are compared."""
        self._transaction.flush_for(LEAD)
        blind = self._blind(keys)
        if not blind:
            return {}
        given = {"keys": put_json(sorted(set(chain.from_iterable(blind.values())))), "most": most}
        found: dict[str, list[LeadId]] = {}
        text = texts.sharing_key(self._language)
        for key, lead in self._transaction.session.rows(text, given):
            if lead is not None:
                found.setdefault(key, []).append(lead)
        carriers = {key: _together(found, indexes) for key, indexes in blind.items()}
        return {key: leads[: most + 1] for key, leads in carriers.items() if leads}

    def _blind(self, keys: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Give the indexes of keys: while the key of indexes is replaced there are several."""
        try:
            return {key: self._transaction.keys.indexes(key) for key in keys}
        except NotFound:
            return {}  # a clinic that does not exist has no keys, and no leads either


def _together(found: Mapping[str, Sequence[LeadId]], indexes: Sequence[str]) -> tuple[LeadId, ...]:
    """Give the leads of all indexes of a key, by id; most keys have one index."""
    if len(indexes) == 1:
        return tuple(found.get(indexes[0], ()))
    return tuple(sorted({lead for index in indexes for lead in found.get(index, ())}))
