"""A custom field within the JSON column that holds it, compared as a column of its kind is."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from orthocrm.backends.sql.types import CODE
from orthocrm.core.query import Kind

_TYPES: Mapping[Kind, sa.types.TypeEngine[Any]] = {
    Kind.CODE: CODE,
    Kind.NUMBER: sa.BigInteger(),
    Kind.DATE: sa.Date(),
    Kind.FLAG: sa.Boolean(),
}

_ON_POSTGRESQL: Mapping[Kind, str] = {
    Kind.CODE: '({} COLLATE "C")',
    Kind.NUMBER: "CAST({} AS BIGINT)",
    Kind.DATE: "CAST({} AS DATE)",
    Kind.FLAG: "CAST({} AS BOOLEAN)",
}


class Held(sa.ColumnElement[Any]):
    """The value of one kind and name in a column that `rows.custom` writes; NULL when missing."""

    inherit_cache = False
    nullable = True

    def __init__(self, column: sa.Column[Any], kind: Kind, name: str) -> None:
        self.column = column
        self.kind = kind
        self.path = kind.value, name
        self.type = _TYPES[kind]


@compiles(Held, "sqlite")
def _on_sqlite(held: Held, compiler: Any, **options: Any) -> str:  # noqa: ANN401 - as SQLAlchemy calls it
    kind, name = held.path
    return f"json_extract({compiler.process(held.column, **options)}, '$.{kind}.{name}')"


@compiles(Held, "postgresql")
def _on_postgresql(held: Held, compiler: Any, **options: Any) -> str:  # noqa: ANN401 - as above
    kind, name = held.path
    text = f"({compiler.process(held.column, **options)} -> '{kind}' ->> '{name}')"
    return _ON_POSTGRESQL[held.kind].format(text)
