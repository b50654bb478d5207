"""The shared metadata, and short names for the columns and constraints that recur."""

from typing import Any

import sqlalchemy as sa

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_1_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
    }
)


def code(name: str) -> sa.Column[str]:
    """A text by code point."""
    return sa.Column(name, CODE, nullable=False)


def codes(*names: str) -> list[sa.Column[str]]:
    """Several texts."""
    return [code(name) for name in names]


def maybe(*names: str) -> list[sa.Column[str]]:
    """Texts that may be missing."""
    return [sa.Column(name, CODE) for name in names]


def at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """An instant."""
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def maybe_at(*names: str) -> list[sa.Column[Any]]:
    """Instants that may be missing."""
    return [at(name, nullable=True) for name in names]


def day(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """A date."""
    return sa.Column(name, sa.Date(), nullable=nullable)


def maybe_days(*names: str) -> list[sa.Column[Any]]:
    """Dates that may be missing."""
    return [day(name, nullable=True) for name in names]


def number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    """A whole number."""
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def numbers(*names: str) -> list[sa.Column[int]]:
    """Several whole numbers."""
    return [number(name) for name in names]


def flag(name: str) -> sa.Column[bool]:
    """A truth value."""
    return sa.Column(name, sa.Boolean(), nullable=False)


def json(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """A JSON value."""
    return sa.Column(name, JSON, nullable=nullable)


def sealed() -> sa.Column[bytes]:
    """All personal fields of the row, encrypted: the last column."""
    return sa.Column("sealed", sa.LargeBinary())


def table(name: str, *parts: Any, key: tuple[str, ...] = ("id",), **options: Any) -> sa.Table:  # noqa: ANN401 - columns, constraints and options of SQLAlchemy
    """Make a table whose primary key is the clinic and then `key`."""
    return sa.Table(
        name, metadata, code("clinic_id"), *parts, sa.PrimaryKeyConstraint("clinic_id", *key),
        **options,
    )  # fmt: skip


def noun(name: str, *parts: Any) -> sa.Table:  # noqa: ANN401 - as above
    """Make the table of a noun, which has an id and a version."""
    return table(name, code("id"), number("version"), *parts)


def of(
    table: str,
    *columns: str,
    ondelete: str | None = None,
    name: str | None = None,
    at_the_end: bool = False,
) -> sa.ForeignKeyConstraint:
    """Refer to another table's row of the same clinic; a second time, under a name of its own.

    With `at_the_end` the row has to be there when the transaction ends, and not before.
    """
    there = ["clinic_id", "id"] if columns else ["clinic_id"]
    return sa.ForeignKeyConstraint(
        ["clinic_id", *columns],
        [f"{table}.{column}" for column in there],
        ondelete=ondelete,
        name=name,
        deferrable=at_the_end or None,
        initially="DEFERRED" if at_the_end else None,
    )


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    """Let a value appear once in a clinic; what is taken is told by the last column."""
    return sa.UniqueConstraint("clinic_id", *columns, name=f"uq_{table}_{columns[-1]}")


def unique_among(name: str, table: sa.Table, *columns: str, where: str) -> None:
    """Let a value appear once among the rows of a clinic that satisfy `where`."""
    some: sa.ColumnElement[bool] = sa.literal_column(where)
    keys = [table.c[column] for column in ("clinic_id", *columns)]
    sa.Index(f"uq_{name}", *keys, unique=True, postgresql_where=some, sqlite_where=some)


def index(name: str, table: sa.Table, *columns: Any, where: str | None = None) -> None:  # noqa: ANN401 - names, or expressions of SQLAlchemy
    """Index rows of a clinic by columns; only those that satisfy `where`, when it is given."""
    some: sa.ColumnElement[bool] | None = None if where is None else sa.literal_column(where)
    keys = [table.c[column] if isinstance(column, str) else column for column in columns]
    sa.Index(f"ix_{name}", table.c.clinic_id, *keys, postgresql_where=some, sqlite_where=some)
