"""What a broken constraint means, told by the table and its columns."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.sql.schema import ColumnCollectionConstraint

from orthocrm.backends.sql.rows import SHAPES
from orthocrm.backends.sql.tables import metadata
from orthocrm.core.errors import AlreadyExists, BackendError, OrthoCRMError

_KINDS = {shape.name: shape.kind for shape in SHAPES}
_PATHS = {
    "folded_name": "name",
    "stage_order": "order",
    "clinic_id": "id",
    "other_id": "pair",
    "blind": "email",
}
"""How the core names what these columns hold; the others have its names."""


def _named(table: sa.Table) -> Iterator[ColumnCollectionConstraint | sa.Index]:
    """Give what may be broken: constraints of columns, and indexes, some of which are unique."""
    yield from table.indexes
    for constraint in table.constraints:
        if isinstance(constraint, ColumnCollectionConstraint):
            yield constraint


_COLUMNS = {
    named.name: (table.name, [column.name for column in named.columns])
    for table in metadata.tables.values()
    for named in _named(table)
}


CLAIMS_APART = "claims_apart"
"""What holds overlapping claims apart: PostgreSQL's constraint, and what SQLite's triggers say."""


def taken(table: str, columns: list[str]) -> OrthoCRMError:
    """Name what is taken; a clash in a table without nouns is a failure of ours."""
    if table not in _KINDS:
        return BackendError(f"a row of {table} exists")
    return AlreadyExists(_KINDS[table], _PATHS.get(columns[-1], columns[-1]))


def taken_by_constraint(name: str | None) -> OrthoCRMError:
    """Name what is taken by the constraint that says so."""
    if name not in _COLUMNS:
        return BackendError("a unique value exists")
    return taken(*_COLUMNS[name])


def full() -> BackendError:
    """Say that there is no room; nothing of the unit of work is kept."""
    return BackendError("the disk of the database is full; make room")
