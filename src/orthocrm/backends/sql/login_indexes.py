"""Blind indexes of log-ins under a new key: the address stands sealed beside its index."""

from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from attrs import frozen

from orthocrm.backends.sql import moving
from orthocrm.backends.sql.keys import Keys
from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.leasing import in_clinic
from orthocrm.backends.sql.rows import ATTEMPT, USER
from orthocrm.backends.sql.rows.codec import Row
from orthocrm.backends.sql.rows.shape import Shape

SHAPES: Final[tuple[Shape[Any], ...]] = (USER, ATTEMPT)
"""The nouns that are found by a log-in."""


def _ends(table: sa.Table) -> sa.ColumnElement[bool]:
    return table.c.blind.like(sa.bindparam("ending", type_=sa.Text()))


@cache
def _under(table: sa.Table, language: Language) -> Text:
    """Read at most `most` rows with an index of the key of `ending`."""
    statement = (
        sa.select(table)
        .where(in_clinic(table), _ends(table))
        .order_by(table.c.id)
        .limit(sa.bindparam("most", type_=sa.Integer()))
    )
    return language.text(statement)


@cache
def _count(table: sa.Table, language: Language) -> Text:
    statement = sa.select(sa.func.count()).select_from(table)
    return language.text(statement.where(in_clinic(table), _ends(table)))


@frozen
class LoginIndexes:
    """Moves log-ins that are found by index keys of the clinic that write no more."""

    _keys: Keys

    def count(self, place: int) -> int:
        """Count what needs the key at a place, 0 being the newest."""
        session, given = self._keys.session, {"ending": f"%{self._keys.clinic.endings[place]}"}
        return sum(
            int(row[0])
            for shape in SHAPES
            for row in session.rows(_count(shape.table, session.language), given)
        )

    def left(self) -> bool:
        """Whether somebody is found by a key that writes no more."""
        return any(self.count(place) for place in range(1, len(self._keys.clinic.endings)))

    def reindex(self, most: int) -> int:
        """Make indexes anew, at most so many of each kind and key."""
        session, moved = self._keys.session, 0
        for ending in self._keys.clinic.endings[1:]:
            for shape in SHAPES:
                given = {"ending": f"%{ending}", "most": most}
                rows = session.rows(_under(shape.table, session.language), given)
                swaps = [(row[1], row[-2], self._fresh(shape, row)) for row in rows]
                moving.swap(session, shape.table, "blind", swaps)
                moved += len(rows)
        return moved

    def _fresh(self, shape: Shape[Any], row: Row) -> str:
        sealed = None if row[-1] is None else bytes(row[-1])
        personal = self._keys.open(shape.name, None, row[1], sealed)
        noun = shape.read(row[: shape.clear_width], personal, self._keys.session.language.take)
        assert shape.blind is not None  # noqa: S101 - for the type checker: these have one
        return self._keys.index(shape.blind(noun))
