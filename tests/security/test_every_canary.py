"""A canary in every personal field of every noun that is stored: none picked by hand.

The suite's samples fill every field; those that are marked as personal get a text that exists
nowhere else. It is looked for in every file, copy, backup and table, in logs and in reprs.
"""

import copy
import logging
import random
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest

from orthocrm.backends.sql import SqlBackend
from orthocrm.core.masking import personal_paths
from orthocrm.core.ports import Vault
from orthocrm.privacy.cipher import EnvelopeVault, PlainVault
from orthocrm.testing.suite.arranged import repository
from orthocrm.testing.suite.sample_values import the_clinic
from orthocrm.testing.suite.samples import samples
from tests.flows.conftest import KEYS
from tests.security.test_canaries import SQL, Log, dumped
from tests.support.postgres import as_superuser


@attrs.define
class Brand:
    """Writes canaries into nouns, and finds them again by a prefix that only this test has."""

    prefix: str = attrs.field(factory=lambda: _letters(16))
    written: dict[str, str] = attrs.field(factory=dict)

    def mark(self, noun: Any, path: str) -> Any:
        """Give a copy of a noun with canaries in its personal fields, at every depth."""
        marked = copy.copy(noun)
        for field in attrs.fields(type(noun)):
            value, here = getattr(noun, field.name), f"{path}.{field.name}"
            if field.metadata.get("personal"):
                value = self._canary(value, here)
            elif attrs.has(type(value)):
                value = self.mark(value, here)
            object.__setattr__(marked, field.name, value)
        return marked

    def _canary(self, value: Any, path: str) -> Any:
        if isinstance(value, str) and not isinstance(value, Enum):
            canary = self.written[path] = f"{self.prefix}{len(self.written):04}end"
            kind = re.match(r"[a-z]+:", value)  # a match key says of what it is
            return f"{kind[0]}{canary}" if kind else canary
        if attrs.has(type(value)):
            marked = copy.copy(value)
            for field in attrs.fields(type(value)):
                inner = self._canary(getattr(value, field.name), f"{path}.{field.name}")
                object.__setattr__(marked, field.name, inner)
            return marked
        if isinstance(value, Mapping):
            return {key: self._canary(inner, f"{path}.{key}") for key, inner in value.items()}
        if isinstance(value, tuple):
            return tuple(self._canary(inner, f"{path}.{n}") for n, inner in enumerate(value))
        return value

    def found(self, content: bytes) -> set[str]:
        """Name the fields whose canaries some bytes hold, in clear or as hexadecimal digits."""
        low = content.lower()
        clear = {bytes.fromhex(one.decode()) for one in re.findall(self._in_hex(), low)}
        clear |= set(re.findall(self.prefix.encode() + rb"\d{4}end", low))
        named = {canary.encode(): path for path, canary in self.written.items()}
        return {named[canary] for canary in clear}

    def _in_hex(self) -> bytes:
        return self.prefix.encode().hex().encode() + rb"(?:3\d){4}656e64"


def _letters(many: int) -> str:
    """Draw letters that no hexadecimal number has."""
    return "".join(random.SystemRandom().choice("ghjkmnpqrstuvwxyz") for _ in range(many))


@attrs.frozen
class Stored:
    """A database with canaries, what was written, and the nouns that carry them."""

    url: str
    brand: Brand
    nouns: dict[str, Any]


def _store(url: str, vault: Vault) -> Stored:
    brand, rows, nouns = Brand(), samples(), dict[str, Any]()
    with closing(SqlBackend(url, vault)) as backend:
        with backend.begin(the_clinic(rows).id) as unit:
            for table, given in rows.items():
                labels = [f"{table}.{number}" for number in range(len(given))]
                marked = [brand.mark(*each) for each in zip(given, labels, strict=True)]
                repository(unit, table).add(marked)
                nouns.update(zip(labels, marked, strict=True))
        return Stored(url, brand, nouns)


@pytest.fixture
def stored(url: str) -> Stored:
    return _store(url, EnvelopeVault(KEYS))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_every_personal_field_of_every_noun_has_its_canary(stored: Stored) -> None:
    written, fields, tried = stored.brand.written, set(), set()
    for label, noun in stored.nouns.items():
        for path in personal_paths(type(noun)):
            field, here = f"{type(noun).__name__}.{path}", f"{label}.{path}"
            fields.add(field)
            if any(f"{one}.".startswith(f"{here}.") for one in written) or _is_number(noun, path):
                tried.add(field)
    assert fields - tried == set()
    assert len(fields) > 50


def _is_number(noun: Any, path: str) -> bool:
    """Whether a field holds no text at all: a birth date, an age."""
    value = noun
    for name in path.split("."):
        value = getattr(value, name, None)
    return value is not None and not isinstance(value, str | tuple | Mapping)


@SQL
def test_no_table_holds_a_canary(stored: Stored) -> None:
    assert stored.brand.found(dumped(stored.url).encode("latin-1", "replace")) == set()


@SQL
def test_without_encryption_every_canary_is_found(url: str) -> None:
    """Else nothing would follow from their absence."""
    plain = _store(url, PlainVault())
    dump = _dump(url) if url.startswith("sqlite") else dumped(url)
    assert plain.brand.found(dump.encode()) == {*plain.brand.written}


def _dump(url: str) -> str:
    """Write an SQLite database as text: in its file a value may stand on two pages."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        return "\n".join(connection.iterdump())


# --- files and copies


@pytest.fixture
def sqlite_stored(migrated_sqlite_url: str) -> Stored:
    return _store(migrated_sqlite_url, EnvelopeVault(KEYS))


def _files(database: Path) -> Iterator[bytes]:
    for file in sorted(database.parent.iterdir()):
        yield file.read_bytes()


def test_no_file_and_no_copy_of_sqlite_holds_a_canary(sqlite_stored: Stored) -> None:
    path = Path(sqlite_stored.url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as live:
        live.execute("PRAGMA wal_autocheckpoint = 0")
        live.execute("UPDATE clinics SET revision = revision + 1")
        live.commit()
        assert {file.name.removeprefix(path.name) for file in path.parent.iterdir()} >= {
            "",
            "-wal",
            "-shm",
        }
        with closing(sqlite3.connect(path.with_name("backup.db"))) as backup:
            live.backup(backup)
        live.execute("VACUUM INTO ?", [str(path.with_name("vacuum.db"))])
        found = [sqlite_stored.brand.found(content) for content in _files(path)]
    assert found == [set()] * len(found)
    assert len(found) >= 5
    assert sqlite_stored.brand.found(_dump(sqlite_stored.url).encode()) == set()


@pytest.fixture
def postgres_stored(migrated_postgres_url: str) -> Stored:
    return _store(migrated_postgres_url, EnvelopeVault(KEYS))


def test_no_file_of_postgresql_holds_a_canary(postgres_stored: Stored) -> None:
    """Neither the files of the tables nor the log of writes, after a checkpoint."""
    with psycopg.connect(as_superuser(postgres_stored.url), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        told = connection.execute(
            "SELECT current_setting('data_directory'), oid::text, "
            "pg_walfile_name(pg_current_wal_lsn()) "
            "FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert told is not None
    data, oid, segment = told
    written = [Path(data) / "pg_wal" / segment, *sorted((Path(data) / "base" / oid).iterdir())]
    holding = [file.name for file in written if postgres_stored.brand.found(_content(file))]
    assert holding == []
    assert len(written) > 100


def _content(file: Path) -> bytes:
    """Read a file; one that the server removes meanwhile holds nothing."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


# --- what is said


@SQL
def test_no_log_and_no_repr_shows_a_canary(url: str) -> None:
    handler, root = Log(), logging.getLogger()
    named = [root, *map(logging.getLogger, ("sqlalchemy", "psycopg", "orthocrm"))]
    levels = [logger.level for logger in named]
    root.addHandler(handler)
    try:
        for logger in named:
            logger.setLevel(logging.DEBUG)
        stored = _store(url, EnvelopeVault(KEYS))
    finally:
        root.removeHandler(handler)
        for logger, level in zip(named, levels, strict=True):
            logger.setLevel(level)
    assert stored.brand.found("\n".join(handler.lines).encode()) == set()
    shown = [stored.brand.found(repr(noun).encode()) for noun in stored.nouns.values()]
    assert shown == [set()] * len(stored.nouns)
