"""The statements by which rows come from one key under another."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from orthocrm.backends.sql import texts
from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.leasing import in_clinic, the
from orthocrm.backends.sql.session import Session, Step
from orthocrm.backends.sql.tables import clinic_keys, leads

LEADS = leads
HEAD = 5
"""How many bytes of a sealed value name the version of its form and its key."""

Swap = tuple[str, Any, Any]
"""A row, what stands in it, and what is to stand in it."""


def swap(
    session: Session, table: sa.Table, column: str, swaps: Sequence[Swap], by: str = "id"
) -> None:
    """Replace values in rows that still hold what was read; the others changed meanwhile."""
    if not swaps:
        return
    number = session.language.put.number if by == "number" else str
    rows = [
        (new, session.clinic, number(int(row)) if by == "number" else row, old)
        for row, old, new in swaps
    ]
    step = Step(
        kind="key",
        sql=_swap(table, column, by, session.language),
        rows=rows,
        at_once=texts.replace_at_once(table, column, (by, column), session.language),
    )
    session.write([step])


@cache
def _swap(table: sa.Table, column: str, by: str, language: Language) -> str:
    """Replace a value: new value, clinic, row and old value."""
    statement = (
        sa.update(table)
        .values({column: the(f"new_{column}", table.c[column])})
        .where(
            in_clinic(table),
            table.c[by] == the("row", table.c[by]),
            table.c[column] == the(f"old_{column}", table.c[column]),
        )
    )
    return language.text(statement).sql


def begins(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Whether a sealed value was sealed with the key of `head`."""
    return sa.func.substr(column, 1, HEAD) == the("head", column)


@cache
def under(table: sa.Table, column: str, names: tuple[str, ...], language: Language) -> Text:
    """Read columns of at most `most` rows whose `column` begins with `head`, in one order."""
    columns = table.c
    statement = (
        sa.select(*(columns[name] for name in names))
        .where(in_clinic(table), begins(columns[column]))
        .order_by(columns.id)
        .limit(sa.bindparam("most", type_=sa.Integer()))
    )
    return language.text(statement)


@cache
def count_under(table: sa.Table, column: str, language: Language) -> Text:
    """Count the rows whose `column` begins with `head`."""
    statement = (
        sa.select(sa.func.count())
        .select_from(table)
        .where(in_clinic(table), begins(table.c[column]))
    )
    return language.text(statement)


@cache
def _destroyed(language: Language) -> Text:
    number = clinic_keys.c.number
    return language.text(
        sa.delete(clinic_keys).where(in_clinic(clinic_keys), number == the("old_number", number))
    )


def destroy_key(session: Session, number: int) -> None:
    """Delete a key of the clinic."""
    session.met(_destroyed(session.language), {"old_number": session.language.put.number(number)})
