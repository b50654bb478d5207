"""SQLite: one writer at a time, so that a unit of work begins by becoming it."""

import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from orthocrm.backends.sql.language import SQLITE, Language
from orthocrm.backends.sql.refusals import CLAIMS_APART, full, taken
from orthocrm.backends.sql.rows.codec import Row
from orthocrm.backends.sql.session import Step
from orthocrm.backends.sql.sight import Sight
from orthocrm.core.errors import BackendError, ConfigurationError, OrthoCRMError, SlotTaken
from orthocrm.core.ids import ClinicId
from orthocrm.core.ports import Watch

PATIENCE_SECONDS = 30
"""How long a unit of work waits for the one before it."""

LOOK_SECONDS = 0.1
"""How often somebody who watches for commits looks."""

_LOGGED = 4_000
"""How many pages the log holds before they go into the database (16 MB).

A batch of an import writes about a thousand, and would pay for their way there each time.
"""

_STATEMENTS = 500
"""How many prepared statements a connection keeps."""

_UNIQUE = re.compile(r"UNIQUE constraint failed: (?P<table>\w+)\.")


class SqliteDriver:
    """Runs statements on `sqlite3` connections, whoever opened them."""

    @property
    def language(self) -> Language:
        """The engine's dialect."""
        return SQLITE

    @property
    def failure(self) -> type[Exception]:
        """The class of everything that the driver raises."""
        return sqlite3.Error

    def cursor(self, connection: Any) -> Any:  # noqa: ANN401 - as `Driver` asks
        """Open a cursor that gives plain tuples."""
        cursor = connection.cursor()
        cursor.row_factory = None
        return cursor

    def run(self, cursor: Any, sql: str, values: Row) -> None:  # noqa: ANN401 - as `Driver` asks
        """Run a statement on a cursor."""
        cursor.execute(sql, values)

    def write(
        self,
        connection: Any,  # noqa: ANN401 - as `Driver` asks
        steps: Sequence[Step],
        *,
        last: bool,  # noqa: ARG002 - as `Driver` asks
    ) -> None:
        """Run the steps of a flush in order."""
        cursor = connection.cursor()
        for step in steps:
            if len(step.rows) == 1:
                cursor.execute(step.sql, step.rows[0])
            else:
                cursor.executemany(step.sql, step.rows)
            step.check(cursor.rowcount)

    def seeing(self, connection: Any, sight: Sight) -> AbstractContextManager[None]:  # noqa: ANN401, ARG002 - as `Driver` asks
        """Change nothing: every statement names its clinic, and there is no second wall."""
        return nullcontext()

    def alone(self, cursor: Any, clinic: ClinicId) -> None:  # noqa: ANN401 - as `Driver` asks
        """Do nothing: a transaction is alone from its beginning."""

    def first(self, cursor: Any, clinic: ClinicId) -> bool:  # noqa: ANN401, ARG002 - as `Driver` asks
        """Give True: a transaction is alone from its beginning."""
        return True

    def refusal(self, error: Exception) -> OrthoCRMError:
        """Say what a driver's error means."""
        match = _UNIQUE.match(str(error))
        if match:
            columns = re.findall(rf"{match['table']}\.(\w+)", str(error))
            return taken(match["table"], columns)
        if str(error) == CLAIMS_APART:
            return SlotTaken()
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return full()
        return BackendError("SQLite refused a statement")


class SqliteEngine(SqliteDriver):
    """A database file, or memory, of our own.

    Units of work queue up on a lock before they ask SQLite, whose own queue is a sleeping poll.
    """

    def __init__(self, url: sa.URL) -> None:
        in_memory = url.database in (None, "", ":memory:")
        pool: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {"max_overflow": -1}
        self.engine = sa.create_engine(
            url,
            hide_parameters=True,
            connect_args={
                "check_same_thread": False,
                "isolation_level": None,
                "cached_statements": _STATEMENTS,
                "timeout": PATIENCE_SECONDS,
            },
            **pool,
        )
        sa.event.listen(self.engine, "connect", _prepare)
        sa.event.listen(self.engine, "begin", _begin)
        self._turn = threading.Lock()

    @contextmanager
    def transaction(self, sight: Sight | None = None) -> Iterator[Any]:  # noqa: ARG002 - as `Engine` asks
        """Lend a connection within a transaction that commits on a clean exit."""
        with self._our_turn(), _lent(self.engine) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """Lend a connection to change the schema, to one process at a time."""
        with self._our_turn(), self.engine.begin() as connection:
            yield connection

    def admit(self, role: str) -> None:  # noqa: ARG002 - as `Engine` asks
        """Refuse: a file has no roles."""
        raise ConfigurationError("role: only PostgreSQL has roles; a file is its owner's")

    def sees_past_the_wall(self, connection: Any) -> bool:  # noqa: ANN401, ARG002 - as `Engine` asks
        """Say no: there is no second wall that could be missing."""
        return False

    def analyse(self) -> None:
        """Measure the tables, so that the planner knows them; a sample is enough."""
        with self._our_turn(), _lent(self.engine) as connection:
            connection.execute("PRAGMA analysis_limit=1000")
            connection.execute("ANALYZE")

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Watch for commits, of this process or of another one."""
        with _lent(self.engine) as connection:
            yield SqliteWatch(connection, is_shared=isinstance(self.engine.pool, StaticPool))

    def announce(self) -> None:
        """Do nothing: whoever watches looks whether the file has changed."""

    @contextmanager
    def _our_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=PATIENCE_SECONDS):
            raise BackendError("another unit of work of this process does not end")
        try:
            yield
        finally:
            self._turn.release()


class SqliteWatch:
    """Looks whether a database has changed; that takes a few microseconds, and no lock.

    SQLite counts the commits that others make for each connection. On a connection that is shared
    with those who write it counts none, so that the number of their changes has to do.
    """

    def __init__(self, connection: sqlite3.Connection, *, is_shared: bool) -> None:
        self._connection = connection
        self._is_shared = is_shared
        self._seen = self._count()

    def wait(self, seconds: float) -> None:
        """Wait until something was committed since the last time, or time is over."""
        end = time.monotonic() + seconds
        while (count := self._count()) == self._seen and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
        self._seen = count

    def _count(self) -> int:
        if self._is_shared:
            return self._connection.total_changes
        [count] = self._connection.execute("PRAGMA data_version").fetchone()
        return int(count)


@contextmanager
def _lent(engine: sa.Engine) -> Iterator[Any]:
    lent = engine.raw_connection()
    try:
        yield lent.dbapi_connection
    finally:
        lent.close()


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA wal_autocheckpoint={_LOGGED}")
    connection.execute("PRAGMA secure_delete=ON")


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def take_part(connection: sa.Connection) -> None:
    """Make sure that the host's transaction is open: else a savepoint's end would commit it."""
    raw: Any = connection.connection.dbapi_connection
    if not raw.in_transaction:
        raw.execute("BEGIN IMMEDIATE")
