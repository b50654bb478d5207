"""Ways to tamper with a stored audit trail, as somebody would who can write to the storage."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any, Protocol

import attrs
import sqlalchemy as sa

from orthocrm.backends.memory import MemoryBackend
from orthocrm.backends.memory.audit import HeldHead
from orthocrm.backends.sql import tables
from orthocrm.backends.sql.sight import CLINIC
from orthocrm.core.audit import AuditEntry, ChainHead, PersonalChange
from tests.flows.practice import House

Row = dict[str, Any]


class Vandal(Protocol):
    """Reads and replaces everything that is stored of a clinic's trail."""

    def read(self) -> tuple[list[Row], list[Row]]:
        """Give the entries, by position and id, and their personal halves by id."""
        ...

    def write(self, entries: Sequence[Row], personal: Sequence[Row]) -> None:
        """Put others in their place."""
        ...


def _in_order(entries: list[Row]) -> list[Row]:
    return sorted(entries, key=lambda row: (row["position"] is None, row["position"], row["id"]))


class SqlVandal:
    """Tampers with a database."""

    def __init__(self, house: House) -> None:
        self._clinic = house.clinic.id
        self._engine: sa.Engine = house.crm._backend._engine.engine  # type: ignore[attr-defined] # an SQL backend

    @contextmanager
    def _begun(self) -> Iterator[sa.Connection]:
        """Begin a transaction on this side of the wall between clinics."""
        with self._engine.begin() as connection:
            if (
                connection.dialect.name == "postgresql"
            ):  # its connections begin nothing by themselves
                connection.exec_driver_sql("BEGIN")
                connection.execute(sa.select(sa.func.set_config(CLINIC, self._clinic, sa.true())))
            yield connection
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("COMMIT")

    def read(self) -> tuple[list[Row], list[Row]]:
        with self._begun() as connection:
            return (
                _in_order(self._rows(connection, tables.audit_entries)),
                self._rows(connection, tables.personal_changes),
            )

    def _rows(self, connection: sa.Connection, table: sa.Table) -> list[Row]:
        found = connection.execute(sa.select(table).where(table.c.clinic_id == self._clinic))
        return sorted((dict(row._mapping) for row in found), key=lambda row: str(row["id"]))

    def write(self, entries: Sequence[Row], personal: Sequence[Row]) -> None:
        with self._begun() as connection:
            for table, rows in (
                (tables.audit_entries, entries),
                (tables.personal_changes, personal),
            ):
                connection.execute(sa.delete(table).where(table.c.clinic_id == self._clinic))
                if rows:
                    connection.execute(sa.insert(table), list(rows))


class MemoryVandal:
    """Tampers with the memory of this process."""

    def __init__(self, house: House) -> None:
        backend = house.crm._backend
        assert isinstance(backend, MemoryBackend)
        self._rows = backend._stores[house.clinic.id].rows

    def read(self) -> tuple[list[Row], list[Row]]:
        return (
            _in_order([_row(entry) for entry in self._rows["audit"].nouns.values()]),
            [_row(change) for change in self._rows["personal_changes"].nouns.values()],
        )

    def write(self, entries: Sequence[Row], personal: Sequence[Row]) -> None:
        self._replace("audit", [AuditEntry(**row) for row in entries])
        self._replace("personal_changes", [PersonalChange(**row) for row in personal])
        last = max(entries, key=lambda row: row["position"] or 0)
        head = ChainHead(position=last["position"] or 0, seal=last["seal"])
        self._replace("audit_heads", [HeldHead(head=head)])

    def _replace(self, table: str, nouns: Sequence[Any]) -> None:
        for key in list(self._rows[table].nouns):
            self._rows[table].drop(key)
        for noun in nouns:
            self._rows[table].put(noun)


def _row(noun: Any) -> Row:
    return attrs.asdict(noun, recurse=False)


def vandal_of(house: House) -> Vandal:
    """Give the vandal for the storage of a house."""
    if isinstance(house.crm._backend, MemoryBackend):
        return MemoryVandal(house)
    return SqlVandal(house)


def _like(old: Any, new: list[str]) -> Any:
    """Give a list in the form in which the storage has lists."""
    if isinstance(old, str):
        return json.dumps(new)
    return tuple(new) if isinstance(old, tuple) else new


Tampering = Callable[[list[Row], list[Row], Random], int]
"""Spoils rows in place, and tells the first position that is bad then."""


def change_a_field(entries: list[Row], _: list[Row], random: Random) -> int:
    """Blame somebody else, or for something else."""
    row = random.choice(entries)
    name = random.choice(["user", "operation", "outcome", "purpose"])
    row[name] = f"{row[name]}?"
    return int(row["position"])


def change_a_digest(entries: list[Row], _: list[Row], random: Random) -> int:
    """Let an entry stand for other personal data."""
    row = random.choice(entries)
    row["digests"] = _like(row["digests"], ["e" * 64])
    return int(row["position"])


def delete_a_row(entries: list[Row], _: list[Row], random: Random) -> int:
    """Take an entry out, and close the gap or leave it."""
    at = random.randrange(len(entries) - 1)
    del entries[at]
    if random.random() < 0.5:
        for row in entries[at:]:
            row["position"] -= 1
    return at + 1


def insert_a_row(entries: list[Row], _: list[Row], random: Random) -> int:
    """Put an invented entry in."""
    at = random.randrange(len(entries))
    forged = {**entries[at], "id": "0190c0de-0000-7000-8000-00000000f0f0"}
    for row in entries[at:]:
        row["position"] += 1
    entries.insert(at, forged)
    return at + 1


def swap_two_rows(entries: list[Row], _: list[Row], random: Random) -> int:
    """Exchange the places of two entries."""
    first, second = sorted(random.sample(range(len(entries)), 2))
    one, two = entries[first], entries[second]
    one["position"], two["position"] = two["position"], one["position"]
    if random.random() < 0.5:
        one["seal"], two["seal"] = two["seal"], one["seal"]
    return first + 1


def cut_the_end_off(entries: list[Row], _: list[Row], random: Random) -> int:
    """Take the newest entries away."""
    left = random.randrange(1, len(entries))
    del entries[left:]
    return left + 1


def _position_of(entries: list[Row], change: Row) -> int:
    return next(int(row["position"]) for row in entries if row["id"] == change["audit_id"])


def change_a_personal_row(entries: list[Row], personal: list[Row], random: Random) -> int:
    """Change what an operation changed in personal fields."""
    row = random.choice(personal)
    if "sealed" in row:
        at = random.randrange(len(row["sealed"]))
        sealed = bytearray(row["sealed"])
        sealed[at] ^= 1
        row["sealed"] = bytes(sealed)
    else:
        row["after"] = {"notes": "something else"}
    return _position_of(entries, row)


def delete_a_personal_row(entries: list[Row], personal: list[Row], random: Random) -> int:
    """Take away what an operation changed in personal fields."""
    row = personal.pop(random.randrange(len(personal)))
    return _position_of(entries, row)


TAMPERINGS: dict[str, Tampering] = {
    kind.__name__: kind
    for kind in (
        change_a_field,
        change_a_digest,
        delete_a_row,
        insert_a_row,
        swap_two_rows,
        cut_the_end_off,
        change_a_personal_row,
        delete_a_personal_row,
    )
}
