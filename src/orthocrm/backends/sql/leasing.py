"""What workers compete for: rows that wait until they are due, are leased, and settled by a fence.

A table of such rows has `state`, `due_at`, `attempts` and `fence` beside its `id`. With a `line`
too, rows of one line wait for those of it that came earlier.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.rows.codec import put_at
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.transaction import Transaction

T = TypeVar("T")


def the(name: str, column: sa.Column[Any]) -> sa.BindParameter[Any]:
    """Give a parameter of the type of a column."""
    return sa.bindparam(name, type_=column.type)


def in_clinic(table: sa.Table) -> sa.ColumnElement[bool]:
    """Keep to the rows of the clinic."""
    return table.c.clinic_id == the("clinic", table.c.clinic_id)


@cache
def _due(language: Language, table: sa.Table) -> Text:
    """Read at most `most` pending rows that are due `now`, and pass over those that are taken."""
    due = table.c.due_at <= the("now", table.c.due_at)
    statement = (
        sa.select(table)
        .where(in_clinic(table), _is_pending(table), due, *_in_turn(table))
        .order_by(table.c.due_at, table.c.id)
        .limit(sa.bindparam("most", type_=sa.Integer()))
        .with_for_update(skip_locked=True)
    )
    return language.text(statement)


def _is_pending(table: sa.FromClause) -> sa.ColumnElement[bool]:
    pending: sa.ColumnElement[str] = sa.literal_column("'PENDING'")
    return table.c.state == pending


def _in_turn(table: sa.Table) -> list[sa.ColumnElement[bool]]:
    """Keep to rows before which none of their line waits, leased ones included."""
    if "line" not in table.c:
        return []
    other = table.alias("earlier")
    earlier = sa.exists().where(
        other.c.clinic_id == the("clinic", table.c.clinic_id),
        other.c.line == table.c.line,
        _is_pending(other),
        other.c.id < table.c.id,
    )
    return [sa.or_(table.c.line == sa.literal_column("''"), ~earlier)]


@cache
def _leased(language: Language, table: sa.Table) -> Text:
    """Hide the rows of `ids` until `until`; whoever settles them needs their new fence."""
    grown = [name for name in ("attempts", "fence", "version") if name in table.c]
    statement = (
        sa.update(table)
        .values(due_at=the("until", table.c.due_at), **{name: table.c[name] + 1 for name in grown})
        .where(in_clinic(table), language.among(table.c.id, "ids"))
    )
    return language.text(statement)


@cache
def _settled(language: Language, table: sa.Table, outcome: tuple[str, ...]) -> Text:
    """Record an outcome (`new_…`) of the `row` whose fence is still the `old_fence`."""
    given: dict[str, Any] = {name: the(f"new_{name}", table.c[name]) for name in outcome}
    if "version" in table.c:
        given["version"] = table.c.version + 1
    statement = (
        sa.update(table)
        .values(**given)
        .where(
            in_clinic(table),
            table.c.id == the("row", table.c.id),
            table.c.fence == the("old_fence", table.c.fence),
        )
    )
    return language.text(statement)


def taken(
    transaction: Transaction, shape: Shape[T], now: datetime, until: datetime, most: int
) -> Sequence[T]:
    """Take pending rows that are due, oldest first, as they were before, and hide them."""
    transaction.flush_for(shape)
    session, language = transaction.session, transaction.session.language
    rows = session.rows(_due(language, shape.table), {"now": put_at(now), "most": most})
    if rows:
        ids = language.several(row[shape.clear_columns.index("id")] for row in rows)
        session.met(_leased(language, shape.table), {"until": put_at(until), "ids": ids})
    return transaction.read(shape, rows)


def settle(
    transaction: Transaction, shape: Shape[T], row: str, fence: object, outcome: Mapping[str, Any]
) -> bool:
    """Record what became of a row, unless somebody took it since."""
    transaction.flush_for(shape)
    given = {f"new_{name}": value for name, value in outcome.items()}
    statement = _settled(transaction.session.language, shape.table, tuple(outcome))
    return transaction.session.met(statement, {**given, "row": row, "old_fence": fence}) == 1
