"""What a broken constraint means, told by the table and its columns."""

from orthocrm.backends.sql.rows import SHAPES
from orthocrm.backends.sql.tables import metadata
from orthocrm.core.errors import AlreadyExists, BackendError, OrthoCRMError

_KINDS = {shape.name: shape.kind for shape in SHAPES}
_PATHS = {"folded_name": "name", "stage_order": "order", "clinic_id": "id", "other_id": "pair"}
"""How the core names what these columns hold; the others have its names."""

_COLUMNS = {
    constraint.name: (table.name, [column.name for column in constraint.columns])
    for table in metadata.tables.values()
    for constraint in (*table.constraints, *table.indexes)
    if hasattr(constraint, "columns")
}


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
