"""PostgreSQL through psycopg 3: writes of a flush travel together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import psycopg
import sqlalchemy as sa
from attrs import evolve
from psycopg.errors import (
    DeadlockDetected,
    DiskFull,
    ExclusionViolation,
    InvalidTextRepresentation,
    LockNotAvailable,
    SerializationFailure,
    UniqueViolation,
)
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from orthocrm.backends.sql import listening, tenants, turns
from orthocrm.backends.sql.bundles import STALE, TAKEN, bundle, kind_of, kinds_of
from orthocrm.backends.sql.language import POSTGRESQL, Language
from orthocrm.backends.sql.refusals import full, taken_by_constraint
from orthocrm.backends.sql.rows.codec import Row
from orthocrm.backends.sql.session import Step
from orthocrm.backends.sql.sight import Sight
from orthocrm.backends.sql.tables import metadata
from orthocrm.core.claims import rule_of
from orthocrm.core.errors import (
    BackendError,
    Conflict,
    OrthoCRMError,
    SlotTaken,
    StaleVersion,
)
from orthocrm.core.ids import ClinicId
from orthocrm.core.ports import Watch

BULK = 1_000
"""At most so many rows are the values of one insert."""

_MIGRATION_LOCK = 0x6F727468_6F63726D
"""The advisory lock of everybody who migrates: "orthocrm" in ASCII."""


class PostgresDriver:
    """Runs statements on psycopg connections, whoever opened them."""

    @property
    def language(self) -> Language:
        """The engine's dialect."""
        return POSTGRESQL

    @property
    def failure(self) -> type[Exception]:
        """The class of everything that the driver raises."""
        return psycopg.Error

    def cursor(self, connection: Any) -> Any:  # noqa: ANN401 - as `Driver` asks
        """Open a cursor that gives plain tuples."""
        return psycopg.RawCursor(connection, row_factory=tuple_row)

    def run(self, cursor: Any, sql: str, values: Row) -> None:  # noqa: ANN401 - as `Driver` asks
        """Run a statement on a cursor."""
        cursor.execute(sql.encode(), values)

    def write(self, connection: Any, steps: Sequence[Step], *, last: bool) -> None:  # noqa: ANN401 - as `Driver` asks
        """Run the steps in order, in one pipeline.

        There is no COPY: PostgreSQL refuses it where row-level security holds.
        """
        _pipe(connection, steps, commit=last)

    @contextmanager
    def seeing(self, connection: Any, sight: Sight) -> Iterator[None]:  # noqa: ANN401 - as `Driver` asks
        """Let a host's transaction see what it may; a rollback to its savepoint undoes that."""
        before = tenants.enter(connection, sight)
        yield
        tenants.leave(connection, sight, before)

    def alone(self, cursor: Any, clinic: ClinicId) -> None:  # noqa: ANN401 - as `Driver` asks
        """Wait for the transactions of a clinic to end, and hold off those that begin."""
        turns.alone(cursor, clinic)

    def first(self, cursor: Any, clinic: ClinicId) -> bool:  # noqa: ANN401 - as `Driver` asks
        """Whether no other transaction moves the clinic's rows to other keys; none may now."""
        return turns.first(cursor, clinic)

    def refusal(self, error: Exception) -> OrthoCRMError:
        """Say what a driver's error means."""
        if isinstance(error, InvalidTextRepresentation) and STALE in str(error):
            return StaleVersion(kind_of(error))
        if isinstance(error, InvalidTextRepresentation) and TAKEN in str(error):
            return SlotTaken(rule_of(kinds_of(error)))
        if isinstance(error, UniqueViolation):
            return taken_by_constraint(error.diag.constraint_name)
        if isinstance(error, ExclusionViolation):
            return SlotTaken()
        if isinstance(error, DeadlockDetected | LockNotAvailable | SerializationFailure):
            return Conflict("another unit of work was first; read again and repeat")
        refused = BackendError("PostgreSQL refused a statement")
        return full() if isinstance(error, DiskFull) else refused


def _pipe(
    connection: psycopg.Connection[Any], steps: Sequence[Step], *, commit: bool = False
) -> None:
    """Send all steps, and the commit, without waiting in between.

    An update that meets too few rows fails by itself, and the commit behind it is passed over.
    """
    with connection.pipeline():
        cursor = psycopg.RawCursor(connection)
        for is_free, group in groupby(steps, key=_is_free):
            if is_free:
                cursor.execute(*bundle(list(group)))
            else:
                for step in group:
                    _send(cursor, step)
        if commit:  # by a statement: `connection.commit` waits, and the pipeline's end once more
            cursor.execute(b"COMMIT", prepare=False)


def _is_free(step: Step) -> bool:
    return step.free and len(step.rows) <= BULK


def _send(cursor: psycopg.RawCursor[Any], step: Step) -> None:
    if step.at_once is None:
        cursor.executemany(step.sql.encode(), step.rows)
        return
    for start in range(0, len(step.rows), BULK):
        cursor.execute(*bundle([evolve(step, rows=step.rows[start : start + BULK])]))


class PostgresEngine(PostgresDriver):
    """A database that we connect to."""

    def __init__(self, url: sa.URL) -> None:
        self.engine = sa.create_engine(
            url, hide_parameters=True, pool_size=16, max_overflow=9, isolation_level="AUTOCOMMIT"
        )
        sa.event.listen(self.engine, "connect", _prepare)

    @contextmanager
    def transaction(self, sight: Sight | None = None) -> Iterator[Any]:
        """Lend a connection within a transaction that commits on a clean exit.

        It begins by a statement, which also tells what it may see: the driver's own begin would be
        a round trip more.
        """
        lent = self.engine.raw_connection()
        connection: Any = lent.dbapi_connection
        try:
            start = tenants.beginning(connection, sight)
            psycopg.RawCursor(connection).execute(start, prepare=False)
            yield connection
            if connection.pgconn.transaction_status != TransactionStatus.IDLE:
                connection.commit()
        finally:
            if connection.broken:
                lent.invalidate()
                self.engine.dispose()
            lent.close()

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """Lend a connection to change the schema, to one process at a time."""
        lent = self.engine.connect().execution_options(isolation_level="READ COMMITTED")
        with lent as connection, connection.begin():
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            yield connection

    def admit(self, role: str) -> None:
        """Let a role work with the tables, and make it when it is not there."""
        with self.migrating() as connection:
            tenants.admit(_driver_of(connection), role)

    def sees_past_the_wall(self, connection: Any) -> bool:  # noqa: ANN401 - as `Engine` asks
        """Whether the role of a connection sees rows of every clinic, whatever is asked for."""
        return tenants.sees_past_the_wall(connection)

    def analyse(self) -> None:
        """Measure the tables, and mark their pages as visible so that indexes suffice.

        A quarter of the usual sample tells the planner enough, in a quarter of the time.
        """
        tables = ", ".join(metadata.tables)
        with self.engine.connect() as alone:
            alone.exec_driver_sql("SET default_statistics_target = 25")
            alone.exec_driver_sql(f"VACUUM (ANALYZE) {tables}")
            alone.exec_driver_sql("RESET default_statistics_target")

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Listen for announcements, on a connection that nobody else uses."""
        with listening.Listener(self.engine) as listener:
            yield listener

    def announce(self) -> None:
        """Notify those who listen."""
        lent = self.engine.raw_connection()
        try:
            connection: Any = lent.dbapi_connection
            psycopg.RawCursor(connection).execute(listening.ANNOUNCEMENT, prepare=False)
        finally:
            lent.close()


def _driver_of(connection: sa.Connection) -> Any:  # noqa: ANN401 - SQLAlchemy does not tell its type
    return connection.connection.dbapi_connection


def _prepare(connection: psycopg.Connection[Any], _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()
