"""The statements of the hot paths, compiled once for each table and dialect."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa

from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.tables import audit_entries, clinic_keys, clinics, lead_keys, leads

_UPDATES = 1_000
"""How many forms of updates stay compiled."""

_TRAIL_LOCK: sa.ColumnElement[int] = sa.literal_column(str(0x6175646974))
"""Tells the locks of sealers from others: "audit" in ASCII."""

_GREATEST = chr(0x10FFFF)
"""No id sorts after it."""


def _the(name: str, column: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=column.type)


def _in_clinic(table: sa.Table) -> sa.ColumnElement[bool]:
    return table.c.clinic_id == _the("clinic", table.c.clinic_id)


@cache
def insert(table: sa.Table, language: Language) -> str:
    """Add one row, its values in the order of the columns."""
    return language.text(sa.insert(table)).sql


@cache
def insert_at_once(table: sa.Table, language: Language) -> str | None:
    """Do for several rows what `insert` does for one, each column an array."""
    if not language.has_arrays:
        return None
    quote = language.compiler.identifier_preparer.quote
    columns = ", ".join(quote(column.name) for column in table.columns)
    given = _arrays(table.columns, language)
    return f"INSERT INTO {quote(table.name)} ({columns}) SELECT * FROM {given}"  # noqa: S608 - no input is in it


@cache
def has_names(table: sa.Table) -> bool:
    """Whether rows have unique names beside their ids, which one may take over from another."""
    return any(isinstance(one, sa.UniqueConstraint) for one in table.constraints) or any(
        index.unique for index in table.indexes
    )


@lru_cache(maxsize=_UPDATES)
def update(shape: Shape[Any], columns: tuple[str, ...], language: Language) -> str:
    """Set columns of one row, named in the order of the table; then clinic, id and version."""
    table = shape.table
    statement = (
        sa.update(table)
        .values({name: _the(f"new_{name}", table.c[name]) for name in columns})
        .where(
            _in_clinic(table),
            shape.identity == _the("row", shape.identity),
            table.c.version == _the("version", table.c.version),
        )
    )
    return language.text(statement).sql


@lru_cache(maxsize=_UPDATES)
def update_at_once(shape: Shape[Any], columns: tuple[str, ...], language: Language) -> str | None:
    """Do for several rows what `update` does for one, each column an array."""
    if not language.has_arrays:
        return None
    table = shape.table
    new = [table.c[name] for name in columns]
    where = [table.c.clinic_id, shape.identity, table.c.version]
    quote = language.compiler.identifier_preparer.quote
    places = [f"g{place}" for place in range(len(new) + len(where))]
    values = ", ".join(
        f"{quote(column.name)} = given.{place}" for column, place in zip(new, places, strict=False)
    )
    same = " AND ".join(
        f"{quote(table.name)}.{quote(column.name)} = given.{place}"
        for column, place in zip(where, places[len(new) :], strict=True)
    )
    given = _arrays([*new, *where], language)
    return (
        f"UPDATE {quote(table.name)} SET {values} FROM {given}"  # noqa: S608 - no input is in it
        f" AS given ({', '.join(places)}) WHERE {same}"
    )


@cache
def replace_at_once(
    table: sa.Table, column: str, where: tuple[str, ...], language: Language
) -> str | None:
    """Set one column of several rows: the new values, the clinic, and what else names each row.

    Each is an array; None where an engine has none.
    """
    if not language.has_arrays:
        return None
    named = [table.c.clinic_id, *(table.c[name] for name in where)]
    quote = language.compiler.identifier_preparer.quote
    places = [f"g{place}" for place in range(1 + len(named))]
    same = " AND ".join(
        f"{quote(table.name)}.{quote(one.name)} = given.{place}"
        for one, place in zip(named, places[1:], strict=True)
    )
    given = _arrays([table.c[column], *named], language)
    return (
        f"UPDATE {quote(table.name)} SET {quote(column)} = given.g0 FROM {given}"  # noqa: S608 - no input is in it
        f" AS given ({', '.join(places)}) WHERE {same}"
    )


def _arrays(columns: Iterable[sa.Column[Any]], language: Language) -> str:
    """Turn parameters, one array for each column, into rows."""
    kinds = [column.type.compile(language.compiler).partition(" COLLATE")[0] for column in columns]
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(kinds, 1))
    return f"unnest({arrays})"


@cache
def vacate(shape: Shape[Any], language: Language) -> str:
    """Move a unique number of one row out of the way: clinic and id."""
    assert shape.vacated is not None  # noqa: S101 - for the type checker: callers have looked
    column = shape.table.c[shape.vacated]
    statement = (
        sa.update(shape.table)
        .values({column: sa.literal_column("-1") - column})
        .where(_in_clinic(shape.table), shape.identity == _the("row", shape.identity))
    )
    return language.text(statement).sql


def _held(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Lock rows against change, and not against rows elsewhere that name them.

    Else two units of work that each add a row for a lead which the other has locked would wait for
    each other. Whoever removes a row locks it against that too, by removing it.
    """
    return statement.with_for_update(key_share=True)


@cache
def by_ids(shape: Shape[Any], language: Language, *, lock: bool) -> Text:
    """Read the rows of several ids, and lock them in one order for everybody."""
    statement = (
        sa.select(shape.table)
        .where(_in_clinic(shape.table), language.among(shape.identity, "ids"))
        .order_by(shape.identity)
    )
    return language.text(_held(statement) if lock else statement)


@cache
def by_id(shape: Shape[Any], language: Language, *, lock: bool) -> Text:
    """Read the row of one id."""
    statement = sa.select(shape.table).where(
        _in_clinic(shape.table), shape.identity == _the("row", shape.identity)
    )
    return language.text(_held(statement) if lock else statement)


def of_ids(
    shape: Shape[Any], ids: Collection[str], language: Language, *, lock: bool
) -> tuple[Text, Mapping[str, Any]]:
    """Choose the statement that reads the rows of ids; one id needs no list."""
    if len(ids) == 1:
        [row] = ids
        return by_id(shape, language, lock=lock), {"row": row}
    return by_ids(shape, language, lock=lock), {"ids": language.several(ids)}


@cache
def remove(shape: Shape[Any], language: Language) -> Text:
    """Delete the rows of several ids."""
    statement = sa.delete(shape.table).where(
        _in_clinic(shape.table), language.among(shape.identity, "ids")
    )
    return language.text(statement)


@cache
def data_keys(language: Language) -> Text:
    """Read the wrapped keys of several leads."""
    statement = sa.select(leads.c.id, leads.c.data_key).where(
        _in_clinic(leads), language.among(leads.c.id, "ids")
    )
    return language.text(statement)


@cache
def ring(language: Language) -> Text:
    """Read the keys of the clinic, wrapped."""
    statement = sa.select(clinic_keys).where(_in_clinic(clinic_keys))
    return language.text(statement.order_by(clinic_keys.c.number))


@cache
def live(language: Language) -> Text:
    """Name the keys of the clinic by their numbers, as one text."""
    return language.text(sa.select(_live(language)))


def _live(language: Language) -> sa.ScalarSelect[Any]:
    clinic = _the("clinic", clinic_keys.c.clinic_id)
    numbers = (
        sa.select(sa.cast(clinic_keys.c.number, sa.Text()).label("number"))
        .where(clinic_keys.c.clinic_id == clinic)
        .order_by(clinic_keys.c.number)
        .correlate(None)
        .subquery()
    )
    joined = sa.func.string_agg if language.has_arrays else sa.func.group_concat
    return sa.select(joined(numbers.c.number, sa.literal_column("','"))).scalar_subquery()


@cache
def remove_lead_keys(language: Language) -> str:
    """Forget the match keys of one lead: clinic and lead."""
    statement = sa.delete(lead_keys).where(
        _in_clinic(lead_keys), lead_keys.c.lead_id == _the("lead", lead_keys.c.lead_id)
    )
    return language.text(statement).sql


@cache
def sharing_key(language: Language) -> Text:
    """Read the first leads of each of several keys; none at all for a key without a lead."""
    asked = language.listed("keys")
    statement = _lead_by_lead(asked) if language.has_lateral else _up_to_the_last(asked)
    return language.text(statement)


def _lead_by_lead(asked: sa.TableValuedAlias) -> sa.Select[Any]:
    """Look up each key by itself."""
    carrying = (
        sa.select(lead_keys.c.lead_id)
        .where(_in_clinic(lead_keys), lead_keys.c.key == asked.c.value)
        .order_by(lead_keys.c.lead_id)
        .limit(sa.bindparam("most", type_=sa.Integer()) + 1)
        .lateral()
    )
    return (
        sa.select(asked.c.value, carrying.c.lead_id)
        .join_from(asked, carrying, sa.true())
        .order_by(asked.c.value, carrying.c.lead_id)
    )


def _up_to_the_last(asked: sa.TableValuedAlias) -> sa.Select[Any]:
    """Join the leads up to the last one wanted.

    The outer join makes SQLite begin with the keys, also before it has measured the tables.
    """
    inner = lead_keys.alias()
    last = (
        sa.select(inner.c.lead_id)
        .where(inner.c.clinic_id == _the("clinic", inner.c.clinic_id), inner.c.key == asked.c.value)
        .order_by(inner.c.lead_id)
        .limit(1)
        .offset(sa.bindparam("most", type_=sa.Integer()))
        .correlate(asked)
        .scalar_subquery()
    )
    carried = sa.and_(
        _in_clinic(lead_keys),
        lead_keys.c.key == asked.c.value,
        lead_keys.c.lead_id <= sa.func.coalesce(last, sa.literal(_GREATEST)),
    )
    return (
        sa.select(asked.c.value, lead_keys.c.lead_id)
        .select_from(asked.outerjoin(lead_keys, carried))
        .order_by(asked.c.value, lead_keys.c.lead_id)
    )


@cache
def chain_head(language: Language) -> Text:
    """Read position and seal of the last audit entry that has a position."""
    position = audit_entries.c.position
    statement = (
        sa.select(position, audit_entries.c.seal)
        .where(_in_clinic(audit_entries), position.is_not(None))
        .order_by(position.desc())
        .limit(sa.literal_column("1"))
    )
    return language.text(statement)


@cache
def lock_trail(language: Language) -> Text:
    """Wait for whoever else seals the clinic's audit entries (PostgreSQL)."""
    key = sa.func.hashtextextended(_the("clinic", audit_entries.c.clinic_id), _TRAIL_LOCK)
    return language.text(sa.select(sa.func.pg_advisory_xact_lock(key)))


@cache
def revision(language: Language) -> Text:
    """Read the clinic's revision, and name its keys by their numbers."""
    return language.text(sa.select(clinics.c.revision, _live(language)).where(_in_clinic(clinics)))


@cache
def every_clinic(shape: Shape[Any], language: Language) -> Text:
    """Read all clinics, oldest first."""
    columns = shape.table.c
    return language.text(sa.select(shape.table).order_by(columns.created_at, columns.clinic_id))
