"""PostgreSQL through psycopg 3: writes of a flush travel together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.errors import (
    DeadlockDetected,
    ExclusionViolation,
    InvalidTextRepresentation,
    SerializationFailure,
    UniqueViolation,
)
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from orthocrm.backends.sql.bundles import STALE, bundle, kind_of
from orthocrm.backends.sql.language import POSTGRESQL, Language
from orthocrm.backends.sql.refusals import taken_by_constraint
from orthocrm.backends.sql.rows.codec import Row
from orthocrm.backends.sql.session import Step
from orthocrm.backends.sql.tables import metadata
from orthocrm.core.errors import (
    BackendError,
    Conflict,
    OrthoCRMError,
    SlotTaken,
    StaleVersion,
)

BULK = 200
"""From so many rows on, COPY is faster than single statements."""

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
        """Run the steps in order: bulk loads by COPY, what lies between them in one pipeline."""
        if not any(map(_is_bulk, steps)):
            _pipe(connection, steps, commit=last)
            return
        for in_bulk, group in groupby(steps, key=_is_bulk):
            if in_bulk:
                for step in group:
                    _copy(connection, step)
            else:
                _pipe(connection, list(group))

    def refusal(self, error: Exception) -> OrthoCRMError:
        """Say what a driver's error means."""
        if isinstance(error, InvalidTextRepresentation) and STALE in str(error):
            return StaleVersion(kind_of(error))
        if isinstance(error, UniqueViolation):
            return taken_by_constraint(error.diag.constraint_name)
        if isinstance(error, ExclusionViolation):
            return SlotTaken()
        if isinstance(error, DeadlockDetected | SerializationFailure):
            return Conflict("another unit of work was first; read again and repeat")
        return BackendError("PostgreSQL refused a statement")


def _is_bulk(step: Step) -> bool:
    return step.copy is not None and len(step.rows) > BULK


def _copy(connection: psycopg.Connection[Any], step: Step) -> None:
    assert step.copy is not None  # noqa: S101 - for the type checker: `_is_bulk` has looked
    with connection.cursor() as cursor, cursor.copy(step.copy.encode()) as copy:
        for row in step.rows:
            copy.write_row(row)


def _pipe(
    connection: psycopg.Connection[Any], steps: Sequence[Step], *, commit: bool = False
) -> None:
    """Send all steps, and the commit, without waiting in between.

    An update that meets too few rows fails by itself, and the commit behind it is passed over.
    """
    with connection.pipeline():
        for is_free, group in groupby(steps, key=_is_free):
            if is_free:
                psycopg.RawCursor(connection).execute(*bundle(list(group)))
            else:
                for step in group:
                    _send(connection, step)
        if commit:  # by a statement: `connection.commit` waits, and the pipeline's end once more
            psycopg.RawCursor(connection).execute(b"COMMIT", prepare=False)


def _is_free(step: Step) -> bool:
    return step.free


def _send(connection: psycopg.Connection[Any], step: Step) -> None:
    cursor = psycopg.RawCursor(connection)
    if step.at_once is not None:
        cursor.execute(*bundle([step]))
    else:
        cursor.executemany(step.sql.encode(), step.rows)


class PostgresEngine(PostgresDriver):
    """A database that we connect to."""

    def __init__(self, url: sa.URL) -> None:
        self.engine = sa.create_engine(url, hide_parameters=True, max_overflow=20)
        sa.event.listen(self.engine, "connect", _prepare)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Lend a connection within a transaction that commits on a clean exit."""
        lent = self.engine.raw_connection()
        connection: Any = lent.dbapi_connection
        try:
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
        with self.engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            yield connection

    def analyse(self) -> None:
        """Measure the tables, and mark their pages as visible so that indexes suffice.

        A quarter of the usual sample tells the planner enough, in a quarter of the time.
        """
        tables = ", ".join(metadata.tables)
        with self.engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.exec_driver_sql("SET default_statistics_target = 25")
            alone.exec_driver_sql(f"VACUUM (ANALYZE) {tables}")
            alone.exec_driver_sql("RESET default_statistics_target")


def _prepare(connection: psycopg.Connection[Any], _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()
