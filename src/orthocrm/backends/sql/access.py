"""Nouns that are found by the address with which somebody logs in; blind indexes are compared."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.leasing import in_clinic
from orthocrm.backends.sql.repositories import SqlRepository
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.errors import NotFound

T = TypeVar("T")


@cache
def _by_login(shape: Shape[Any], language: Language, *, lock: bool) -> Text:
    table = shape.table
    statement = (
        sa.select(table)
        .where(in_clinic(table), language.among(table.c.blind, "blind"))
        .order_by(shape.identity)
    )
    return language.text(statement.with_for_update() if lock else statement)


class SqlByLogin(SqlRepository[T]):
    """Nouns of whoever logs in with an address."""

    __slots__ = ()

    def by_login(self, logins: Collection[str], *, lock: bool = False) -> Mapping[str, T]:
        """Give the nouns by login; unknown ones are left out."""
        shape, transaction = self._shape, self._transaction
        transaction.flush_for(shape)
        blind = self._blind(logins)
        if not blind:
            return {}
        given = {"blind": self._language.several(blind)}
        text = _by_login(shape, self._language, lock=lock)
        rows = transaction.session.rows(text, given)
        nouns = transaction.read(shape, rows)
        return {blind[row[-2]]: noun for row, noun in zip(rows, nouns, strict=True)}

    def _blind(self, logins: Collection[str]) -> Mapping[str, str]:
        """Give the logins by every index under which they may be stored."""
        keys = self._transaction.keys
        try:
            return {index: login for login in logins for index in keys.indexes(login)}
        except NotFound:
            return {}  # a clinic that does not exist has no keys, and no users either
