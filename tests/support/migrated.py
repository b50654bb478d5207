"""Migrated databases for tests that are not about migrations: copied or emptied, never made anew.

To migrate costs more than most tests do, and so does every wait for a disk. SQLite files
therefore lie in memory where the system has a directory there, and a worker keeps one PostgreSQL
database, from which the rows of the test before are deleted.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from attrs import frozen
from psycopg import sql

from orthocrm.backends.sql import SqlBackend
from orthocrm.backends.sql.tables import metadata
from orthocrm.privacy.cipher import PlainVault
from tests.support.postgres import CLERK, Server, as_clerk, as_superuser

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - names of our own are drawn in it
ROOM_BYTES = 1_000_000_000
"""Less room than this in memory, as in many containers, might not hold the files of a test."""

OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def migrate(url: str, role: str | None = None) -> None:
    """Make the tables of this release in an empty database, and let a role work with them."""
    backend = SqlBackend(url, PlainVault())
    backend.migrate()
    if role is not None:
        backend.admit(role)
    backend.close()


@contextmanager
def directory() -> Iterator[Path]:
    """A directory that lives as long as the block, in memory if there is room."""
    roomy = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ROOM_BYTES
    with tempfile.TemporaryDirectory(
        prefix="orthocrm-", dir=IN_MEMORY if roomy else None, ignore_cleanup_errors=True
    ) as made:
        yield Path(made)


@frozen
class SqliteFile:
    """A migrated SQLite file, of which every test gets a copy."""

    path: Path

    @contextmanager
    def copied(self) -> Iterator[str]:
        """The address of a copy, alone in its directory."""
        with tempfile.TemporaryDirectory(dir=self.path.parent) as made:
            copy = shutil.copyfile(self.path, Path(made) / "practice.db")
            yield f"sqlite:///{copy}"


@contextmanager
def sqlite_file() -> Iterator[SqliteFile]:
    """Migrate a file to copy."""
    with directory() as kept:
        path = kept / "migrated.db"
        migrate(f"sqlite:///{path}")
        yield SqliteFile(path)


@frozen
class PostgresDatabase:
    """A migrated PostgreSQL database, which one test after the other gets without rows."""

    url: str
    connection: "psycopg.Connection[tuple[object, ...]]"

    def emptied(self) -> str:
        """Cut off whoever is still connected, delete every row, and give the address."""
        self.connection.execute(OTHERS)
        self.connection.execute(EMPTY)
        return self.url


EMPTY = sql.SQL("; ").join(
    sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name))
    for table in reversed(metadata.sorted_tables)
)


@contextmanager
def postgres_database(server: Server) -> Iterator[PostgresDatabase]:
    """Migrate a database to keep."""
    with server.database() as url:
        migrate(url, role=CLERK)
        with psycopg.connect(as_superuser(url), autocommit=True) as connection:
            yield PostgresDatabase(as_clerk(url), connection)
