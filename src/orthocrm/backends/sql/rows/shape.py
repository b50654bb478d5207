"""What the backend knows of one kind of noun: its table, and how to write and read its rows."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from attrs import field, frozen

from orthocrm.backends.sql.held import Held
from orthocrm.backends.sql.rows.codec import Personal, Put, Row, Take
from orthocrm.core.custom_queries import custom_parts
from orthocrm.core.query import Schema

T = TypeVar("T")

_NOT_CLEAR = ("data_key", "blind", "sealed")
"""Columns that keys decide about."""


@frozen(kw_only=True, eq=False)
class Shape(Generic[T]):
    """A noun's table, with hand-written functions between the noun and its row.

    `write` gives the clear columns in the order of the table, `read` takes them in the same
    order. `personal` gives the fields that are sealed, by path, without those that are None;
    `sealed_for` names the lead whose key seals them, None for the clinic's own. `blind` gives a
    match key of which the column of that name holds the blind index, and nothing else.
    """

    kind: str
    table: sa.Table
    schema: Schema
    write: Callable[[T, Put], Row]
    read: Callable[[Row, Personal, Take], T]
    personal: Callable[[T], Personal] | None = None
    sealed_for: Callable[[T], str | None] = field(default=lambda _: None)
    blind: Callable[[T], str] | None = None
    sealed_by: str = "lead_id"
    """The column that names the lead of `sealed_for`, where there is one."""
    vacated: str | None = None
    """A unique number that nouns may exchange: rows that are saved leave it first."""

    @cached_property
    def clear_columns(self) -> tuple[str, ...]:
        """The names of the columns that `write` writes."""
        names = self.table.columns.keys()
        return tuple(name for name in names if name not in _NOT_CLEAR)

    @cached_property
    def clear_width(self) -> int:
        """How many columns `write` writes."""
        return len(self.clear_columns)

    @cached_property
    def first_value(self) -> int:
        """Where the columns that name the row end: with the version begins what may change."""
        return self.clear_columns.index("version")

    @cached_property
    def lead_place(self) -> int | None:
        """Where the row names the lead whose key seals it."""
        names = self.clear_columns
        return names.index(self.sealed_by) if self.sealed_by in names else None

    @cached_property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    @property
    def made_of(self) -> "tuple[Shape[Any], ...]":
        """The kinds of nouns whose rows aggregates read."""
        return (self,)

    @property
    def rows(self) -> sa.FromClause:
        """Where the rows that aggregates are about come from."""
        return self.table

    @property
    def identity(self) -> sa.Column[Any]:
        """The column of the noun's own id."""
        return self.table.c.get("id", self.table.c.clinic_id)

    def column(self, name: str) -> sa.Column[Any] | Held:
        """Find the column of a queryable field, or what a column holds of a clinic's own field."""
        if name == "id":
            return self.identity
        own = custom_parts(name)
        return self.table.c[name] if own is None else Held(self.table.c.custom, *own)
