"""`SqlBackend`: opens units of work on SQLite or PostgreSQL."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError

from orthocrm.backends.sql import sqlite, texts
from orthocrm.backends.sql.founding import found
from orthocrm.backends.sql.keys import ClinicVaults, Keys
from orthocrm.backends.sql.rows import CLINIC
from orthocrm.backends.sql.session import Driver, Session
from orthocrm.backends.sql.sight import LIST_OF_CLINICS, Sight, of_clinic
from orthocrm.backends.sql.transaction import Transaction
from orthocrm.backends.sql.version import is_current
from orthocrm.backends.sql.work import SqlUnitOfWork
from orthocrm.core.errors import BackendError, ConfigurationError, MigrationNeeded, UnknownBackend
from orthocrm.core.ids import ClinicId
from orthocrm.core.ports import Vault, Watch
from orthocrm.core.settings import Clinic

_LOG = logging.getLogger(__name__)

_CLOCKS = {
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
    "postgresql": "SELECT clock_timestamp()",
}
"""What time it is, as engines are asked."""

MANY_LEADS = 5_000
"""After so many new leads, and then each time that as many again came, tables are measured."""


class Engine(Driver, Protocol):
    """A database of our own, with its connections."""

    @property
    def engine(self) -> sa.Engine:
        """SQLAlchemy's engine."""
        ...

    def transaction(self, sight: Sight | None = None) -> AbstractContextManager[Any]:
        """Lend a connection within a transaction that commits on a clean exit.

        Where the engine keeps clinics apart, the transaction sees what it is told and nothing else.
        """
        ...

    def migrating(self) -> AbstractContextManager[sa.Connection]:
        """Lend a connection to change the schema, to one process at a time."""
        ...

    def admit(self, role: str) -> None:
        """Let a role work with the tables, behind the wall between clinics."""
        ...

    def sees_past_the_wall(self, connection: Any) -> bool:  # noqa: ANN401 - the driver's connection
        """Whether a connection's role sees every clinic where the engine keeps them apart."""
        ...

    def analyse(self) -> None:
        """Measure the tables."""
        ...

    def watch(self) -> AbstractContextManager[Watch]:
        """Watch for commits of anybody."""
        ...

    def announce(self) -> None:
        """Wake those who watch, where they do not notice by themselves."""
        ...


def _engine(address: str) -> Engine:
    try:
        url = sa.make_url(address)
    except ArgumentError:
        raise ConfigurationError("url: give an address such as sqlite:///practice.db") from None
    if url.get_backend_name() == "sqlite":
        return sqlite.SqliteEngine(url)
    if url.get_backend_name() == "postgresql":
        from orthocrm.backends.sql.postgres import PostgresEngine  # noqa: PLC0415 - optional dependency

        return PostgresEngine(url)
    raise UnknownBackend(url.get_backend_name())


class SqlBackend:
    """Leads and everything around them in a database, personal data sealed by `vault`.

    `migrate` makes the tables; nothing else does. A unit of work that brings the count of new
    leads over `MANY_LEADS` has the tables measured after its commit (`analyse`).
    """

    def __init__(self, url: str, vault: Vault) -> None:
        self._engine = _engine(url)
        self._vaults = ClinicVaults(vault)
        self._is_current = False
        self._leads_added = 0
        self._measure_at = MANY_LEADS

    @contextmanager
    def begin(self, clinic: ClinicId) -> Iterator[SqlUnitOfWork]:
        """Open a unit of work. A clean exit commits, an exception drops everything."""
        with self._errors(), self._engine.transaction(of_clinic(clinic)) as connection:
            self._check_version(connection)
            with working(self._engine, connection, clinic, self._vaults, ours=True) as transaction:
                yield SqlUnitOfWork(transaction)
        transaction.keys.kept()
        self._count(transaction.leads_added)

    def clinics(self) -> Sequence[Clinic]:
        """List every clinic, oldest first."""
        with self._errors(), self._engine.transaction(LIST_OF_CLINICS) as connection:
            self._check_version(connection)
            return every_clinic(self._engine, connection)

    def migrate(self) -> None:
        """Bring the schema to this release; safe when several processes do so at once.

        A schema that is there already is told by one question, without loading alembic; nor does a
        new SQLite database need it.
        """
        if self._has_the_schema():
            return
        with self._errors(), self._engine.migrating() as connection:
            if not found(connection):
                from orthocrm.backends.sql.migrations import upgrade  # noqa: PLC0415 - slow import

                upgrade(connection)

    def _has_the_schema(self) -> bool:
        with self._errors(), self._engine.transaction() as connection:
            self._is_current = is_current(connection, self._engine)
        return self._is_current

    def instant(self) -> datetime:
        """Tell the time by the database's own clock."""
        with self._errors(), self._engine.transaction() as connection:
            cursor = self._engine.cursor(connection)
            cursor.execute(_CLOCKS[self._engine.language.name])
            [[told]] = cursor.fetchall()
        return (datetime.fromisoformat(told) if isinstance(told, str) else told).astimezone(UTC)

    def admit(self, role: str) -> None:
        """Let a role of the database work with the tables, behind the wall between clinics.

        Raises:
            ConfigurationError: the role would see past the wall, or the engine has no roles.
        """
        with self._errors():
            self._engine.admit(role)

    def analyse(self) -> None:
        """Measure the tables, so that the planner knows what was loaded."""
        with self._errors():
            self._engine.analyse()

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Watch for commits from now on, whichever process makes them."""
        with self._errors(), self._engine.watch() as watch:
            yield watch

    def announce(self) -> None:
        """Wake those who watch; they look by themselves every now and then, should that fail."""
        with suppress(self._engine.failure, DBAPIError):
            self._engine.announce()

    def joined(self, connection: sa.Connection) -> "JoinedBackend":
        """Take part in the transaction of a connection that the host application owns."""
        if connection.dialect.name != self._engine.language.name:
            raise ConfigurationError("connection: it is of another engine than the backend's URL")
        return JoinedBackend(connection, self._engine, self._vaults)

    def close(self) -> None:
        """Give back connections and files."""
        self._engine.engine.dispose()

    def _check_version(self, connection: Any) -> None:  # noqa: ANN401 - the driver's connection
        if self._is_current:
            return
        check_version(connection, self._engine)
        self._is_current = True
        if self._engine.sees_past_the_wall(connection):
            _LOG.warning(
                "the database role sees every clinic: connect as one that was named to "
                "`orthocrm migrate --role`"
            )

    def _count(self, leads: int) -> None:
        self._leads_added += leads
        if self._leads_added >= self._measure_at:
            self._measure_at = 2 * self._leads_added
            with suppress(BackendError):  # the leads are stored; the next time will do
                self.analyse()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Say what a driver's error outside of a statement of ours means."""
        try:
            yield
        except self._engine.failure as error:
            raise self._engine.refusal(error) from error
        except DBAPIError as error:
            raise BackendError("the database refused a statement") from error


class JoinedBackend:
    """The backend within the host's own transaction: units of work are savepoints of it."""

    def __init__(self, connection: sa.Connection, driver: Driver, vaults: ClinicVaults) -> None:
        self._connection = connection
        self._driver = driver
        self._vaults = ClinicVaults(vaults.vault)

    @contextmanager
    def begin(self, clinic: ClinicId) -> Iterator[SqlUnitOfWork]:
        """Open a unit of work. What it did lasts when the host commits."""
        if self._driver.language.name == "sqlite":
            sqlite.take_part(self._connection)
        with self._connection.begin_nested():
            raw: Any = self._connection.connection.dbapi_connection
            check_version(raw, self._driver)
            with (
                self._driver.seeing(raw, of_clinic(clinic)),
                working(self._driver, raw, clinic, self._vaults) as transaction,
            ):
                yield SqlUnitOfWork(transaction)
        transaction.keys.kept()

    def clinics(self) -> Sequence[Clinic]:
        """List every clinic, oldest first."""
        raw: Any = self._connection.connection.dbapi_connection
        with self._driver.seeing(raw, LIST_OF_CLINICS):
            return every_clinic(self._driver, raw)

    def migrate(self) -> None:
        """Bring the schema to this release, within the host's transaction."""
        from orthocrm.backends.sql.migrations import upgrade  # noqa: PLC0415 - slow import

        upgrade(self._connection)

    def close(self) -> None:
        """Leave the connection to the host."""


def check_version(connection: Any, driver: Driver) -> None:  # noqa: ANN401 - the driver's connection
    """Refuse a database whose tables are not those of this release."""
    if not is_current(connection, driver):
        raise MigrationNeeded("the tables are not those of this release; run `orthocrm migrate`")


@contextmanager
def working(
    driver: Driver,
    connection: Any,  # noqa: ANN401 - the driver's connection
    clinic: ClinicId,
    vaults: ClinicVaults,
    *,
    ours: bool = False,
) -> Iterator[Transaction]:
    """Lend a transaction over a connection, and write what it collected at the end.

    What is `ours` may be committed with the last writes; a host commits its own.
    """
    session = Session(driver, connection, clinic)
    transaction = Transaction(session, Keys(session, vaults))
    try:
        yield transaction
        if session.failed is not None:
            raise session.failed
        transaction.flush(last=ours)
    finally:
        session.end()


def every_clinic(driver: Driver, connection: Any) -> list[Clinic]:  # noqa: ANN401 - the driver's connection
    """Read all clinics, oldest first."""
    session = Session(driver, connection, ClinicId(""))
    rows = session.rows(texts.every_clinic(CLINIC, driver.language), {})
    return [CLINIC.read(row, {}, driver.language.take) for row in rows]
