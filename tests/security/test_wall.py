"""PostgreSQL itself keeps clinics apart: raw SQL, as the roles that applications have.

The statements are made from the tables, so that a new table is among them by itself.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors, sql

import orthocrm
from orthocrm import Actor, BackendError, ConfigurationError, Intake, NotFound, Role
from orthocrm.backends.sql import SqlBackend
from orthocrm.backends.sql.sight import LIST_OF_CLINICS, of_clinic
from orthocrm.backends.sql.tables import clinics, metadata
from orthocrm.backends.sql.version import TABLE
from orthocrm.core.ids import ClinicId
from orthocrm.privacy.cipher import PlainVault
from orthocrm.testing.suite.arranged import a_practice
from tests.flows.conftest import KEYS
from tests.support import migrated, postgres
from tests.support.postgres import CLERK, OWNER, SUPERUSER, as_clerk, as_superuser

OURS, THEIRS = ClinicId("wall-ours"), ClinicId("wall-theirs")
TABLES = sorted(name for name, table in metadata.tables.items() if "clinic_id" in table.c)
DIALECT = sa.make_url("postgresql+psycopg://").get_dialect()()
VALUES: dict[str, Any] = {
    "TEXT": "x",
    "BIGINT": 1,
    "BOOLEAN": True,
    "BYTEA": b"x",
    "JSONB": "{}",
    "DATE": date(2026, 11, 2),
    "TIMESTAMP WITH TIME ZONE": datetime(2026, 11, 2, tzinfo=UTC),
}

ANN = Intake(first_name="Ann", last_name="Lee", phone="+1 312 555 0100")
Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def filled(postgres_server: postgres.Server) -> Iterator[str]:
    """A database with a row of each of two clinics in every table."""
    with postgres_server.database() as url:
        migrated.migrate(url, role=CLERK)
        with psycopg.connect(as_superuser(url)) as connection:
            connection.execute("SET LOCAL session_replication_role = replica")  # no foreign keys
            for clinic in (OURS, THEIRS):
                for table in TABLES:
                    _insert(connection, table, clinic)
        yield url


@pytest.fixture(scope="module")
def connections(filled: str) -> Iterator[dict[str, Connection]]:
    """A connection for each role."""
    urls = {CLERK: as_clerk(filled), OWNER: filled, SUPERUSER: as_superuser(filled)}
    with ExitStack() as stack:
        yield {
            role: stack.enter_context(psycopg.connect(url.replace("+psycopg", "")))
            for role, url in urls.items()
        }


@pytest.fixture(params=[CLERK, OWNER])
def connection(
    request: pytest.FixtureRequest, connections: dict[str, Connection]
) -> Iterator[Connection]:
    """A transaction of a role that is behind the wall, which is taken back at the end."""
    yield connections[request.param]
    connections[request.param].rollback()


@pytest.fixture
def clerk(connections: dict[str, Connection]) -> Iterator[Connection]:
    yield connections[CLERK]
    connections[CLERK].rollback()


@pytest.fixture
def superuser(connections: dict[str, Connection]) -> Iterator[Connection]:
    yield connections[SUPERUSER]
    connections[SUPERUSER].rollback()


def _row(table: str, clinic: str) -> dict[str, Any]:
    kinds = {column.name: column.type.compile(DIALECT) for column in metadata.tables[table].columns}
    row = {name: VALUES[kind.partition(" COLLATE")[0]] for name, kind in kinds.items()}
    return {**row, "clinic_id": clinic}


def _insert(connection: Connection, table: str, clinic: str) -> None:
    row = _row(table, clinic)
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(map(sql.Placeholder, row)),
    )
    connection.execute(statement, row)


def _sees(connection: Connection, setting: str, value: str) -> None:
    connection.execute("SELECT set_config(%s, %s, true)", [setting, value])


def _all(connection: Connection, statement: str, table: str, **names: sql.Composable) -> int:
    text = sql.SQL(statement).format(table=sql.Identifier(table), **names)
    return connection.execute(text).rowcount


def _clinics_in(connection: Connection, table: str) -> list[str]:
    text = sql.SQL("SELECT clinic_id FROM {} ORDER BY 1").format(sql.Identifier(table))
    return [clinic for (clinic,) in connection.execute(text).fetchall()]


def _refused(connection: Connection, table: str, clinic: str) -> bool:
    try:
        with connection.transaction():
            _insert(connection, table, clinic)
    except errors.InsufficientPrivilege:
        return True
    except psycopg.Error:  # it is there already, or what it refers to is not: the wall let it pass
        return False
    return False


@pytest.mark.parametrize("table", TABLES)
def test_without_a_clinic_nothing_is_seen_or_changed(connection: Connection, table: str) -> None:
    assert _clinics_in(connection, table) == []
    assert _all(connection, "UPDATE {table} SET clinic_id = clinic_id", table) == 0
    assert _all(connection, "DELETE FROM {table}", table) == 0
    assert [_refused(connection, table, clinic) for clinic in ("", "new", OURS)] == [True] * 3


@pytest.mark.parametrize("table", TABLES)
def test_of_another_clinic_nothing_is_seen_or_changed(connection: Connection, table: str) -> None:
    _sees(connection, "orthocrm.clinic", OURS)
    assert _clinics_in(connection, table) == [OURS]
    theirs = {"theirs": sql.Literal(THEIRS)}
    where = "{table} SET clinic_id = clinic_id WHERE clinic_id = {theirs}"
    assert _all(connection, f"UPDATE {where}", table, **theirs) == 0
    assert _all(connection, "DELETE FROM {table} WHERE clinic_id = {theirs}", table, **theirs) == 0
    assert [_refused(connection, table, clinic) for clinic in (THEIRS, "new")] == [True] * 2
    with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
        _all(connection, "UPDATE {table} SET clinic_id = {theirs}", table, **theirs)
    assert _all(connection, "UPDATE {table} SET clinic_id = clinic_id", table) == 1


@pytest.mark.parametrize("table", TABLES)
def test_a_forgotten_condition_deletes_the_own_rows_only(superuser: Connection, table: str) -> None:
    superuser.execute("SET LOCAL session_replication_role = replica")
    superuser.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(CLERK)))
    _sees(superuser, "orthocrm.clinic", OURS)
    assert _all(superuser, "DELETE FROM {table}", table) == 1
    superuser.execute("RESET ROLE")
    assert _clinics_in(superuser, table) == [THEIRS]


@pytest.mark.parametrize("table", TABLES)
def test_the_list_of_clinics_is_a_list_and_nothing_else(clerk: Connection, table: str) -> None:
    _sees(clerk, LIST_OF_CLINICS.setting, LIST_OF_CLINICS.value)
    assert _clinics_in(clerk, table) == ([OURS, THEIRS] if table == clinics.name else [])
    assert _all(clerk, "UPDATE {table} SET clinic_id = clinic_id", table) == 0
    assert _all(clerk, "DELETE FROM {table}", table) == 0
    assert _refused(clerk, table, "new")


def test_every_table_stands_behind_the_wall(superuser: Connection) -> None:
    found = superuser.execute(
        "SELECT relname, relrowsecurity AND relforcerowsecurity, "
        "ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = pg_class.oid ORDER BY 1) "
        "FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    expected = {name: (True, ["one_clinic"]) for name in TABLES}
    expected[clinics.name] = (True, ["list_of_clinics", "one_clinic"])
    expected[TABLE] = (False, [])
    assert {name: (walled, policies) for name, walled, policies in found} == expected


def test_what_a_transaction_sees_ends_with_it(clerk: Connection) -> None:
    _sees(clerk, "orthocrm.clinic", OURS)
    assert _clinics_in(clerk, "leads") == [OURS]
    clerk.rollback()
    assert _clinics_in(clerk, "leads") == []


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE leads CASCADE",
        "COPY leads FROM STDIN",
        "ALTER TABLE leads DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE leads NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY one_clinic ON leads",
        "CREATE POLICY open ON leads USING (true)",
        f"SET LOCAL ROLE {OWNER}",
        "SET LOCAL ROLE postgres",
        "SET LOCAL session_replication_role = replica",
        "ALTER ROLE CURRENT_USER BYPASSRLS",
        "CREATE TABLE public.mine AS SELECT * FROM leads",
        "UPDATE orthocrm_version SET version_num = '0'",
    ],
)
def test_an_application_cannot_take_the_wall_down(clerk: Connection, statement: str) -> None:
    _sees(clerk, "orthocrm.clinic", OURS)
    with pytest.raises((errors.InsufficientPrivilege, errors.FeatureNotSupported)):
        clerk.execute(statement.encode())


def test_a_session_that_passes_over_policies_is_refused(clerk: Connection) -> None:
    clerk.execute("SET LOCAL row_security = off")
    with pytest.raises(errors.InsufficientPrivilege):
        clerk.execute("SELECT * FROM leads")


# --- the backend behind the wall


@pytest.fixture
def backend(migrated_postgres_url: str) -> Iterator[SqlBackend]:
    with closing(SqlBackend(migrated_postgres_url, PlainVault())) as made:
        yield made


def test_a_statement_of_ours_that_forgot_its_clinic_meets_its_own_rows(backend: SqlBackend) -> None:
    ours, theirs = a_practice(backend), a_practice(backend)
    for clinic in (ours, theirs):
        with backend._engine.transaction(of_clinic(clinic.id)) as connection:
            found = connection.execute("SELECT DISTINCT clinic_id FROM sources").fetchall()
        assert found == [(clinic.id,)]
    with backend._engine.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM sources").fetchall() == [(0,)]
    assert {clinic.id for clinic in backend.clinics()} == {ours.id, theirs.id}


def _store(backend: SqlBackend, clinic: str) -> int:
    with backend.begin(ClinicId(clinic)) as unit:
        return unit.sources.count()


@pytest.mark.parametrize("clinic", ["x'; SET orthocrm.every_clinic = 'on", "x\\", "''", "$$", "ä"])
def test_a_clinic_is_a_value_and_no_statement(backend: SqlBackend, clinic: str) -> None:
    a_practice(backend)
    assert _store(backend, clinic) == 0
    assert _store(backend, clinic) == 0
    with backend._engine.transaction() as connection:
        seen = connection.execute("SELECT current_setting('orthocrm.every_clinic', true)")
        assert seen.fetchall()[0][0] in (None, "")


@pytest.mark.parametrize("clinic", ["x\0y", "\ud800"])
def test_a_clinic_that_cannot_be_sent_is_refused(backend: SqlBackend, clinic: str) -> None:
    with pytest.raises(BackendError):
        _store(backend, clinic)


def test_units_of_work_within_a_hosts_transaction_see_their_own(
    backend: SqlBackend, migrated_postgres_url: str
) -> None:
    ours, theirs = a_practice(backend), a_practice(backend)
    engine = sa.create_engine(migrated_postgres_url)
    with engine.connect() as host:
        joined = backend.joined(host)
        with joined.begin(ours.id) as outer:
            with joined.begin(theirs.id) as inner:
                assert [one.id for one in inner.clinics.find().items] == [theirs.id]
            assert [one.id for one in outer.clinics.find().items] == [ours.id]
            with pytest.raises(NotFound), joined.begin(theirs.id):
                raise NotFound("clinic")
            assert outer.sources.count() == 1
        assert host.execute(sa.text("SELECT count(*) FROM clinics")).scalar() == 0
        assert len(joined.clinics()) == 2
        assert host.execute(sa.text("SELECT count(*) FROM clinics")).scalar() == 0
    engine.dispose()


# --- the role


@pytest.fixture
def owned(postgres_url: str) -> Iterator[orthocrm.OrthoCRM]:
    with orthocrm.connect(postgres_url, keys=KEYS, discover_plugins=False) as crm:
        yield crm


def test_a_role_is_let_in_as_often_as_one_likes(
    owned: orthocrm.OrthoCRM, postgres_url: str
) -> None:
    for _ in range(2):
        owned.migrate(role=CLERK)
    with orthocrm.connect(as_clerk(postgres_url), keys=KEYS, discover_plugins=False) as crm:
        clinic = crm.create_clinic(name="Bright", timezone="UTC")
        desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
        lead = desk.leads.capture(ANN).lead
        assert desk.leads.get(lead.id).id == lead.id
        crm._backend.analyse()  # type: ignore[attr-defined]  # an SQL backend
        assert crm.work().errors == ()


def test_a_role_that_is_not_there_is_made(postgres_url: str) -> None:
    name = f'wall "{postgres_url.rpartition("test_")[2][:12]}'
    address = as_superuser(postgres_url).replace("postgresql", "postgresql+psycopg", 1)
    with psycopg.connect(as_superuser(postgres_url), autocommit=True) as connection:
        told = "SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s"
        try:
            migrated.migrate(address, role=name)
            assert connection.execute(told, [name]).fetchall() == [(True, False, False)]
        finally:
            role = sql.Identifier(name)
            connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.mark.parametrize("role", ["postgres", OWNER, "", "x" * 64, "a\0b", "ä" * 32])
def test_a_role_that_would_see_past_the_wall_is_refused(
    owned: orthocrm.OrthoCRM, role: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        owned.migrate(role=role)
    assert str(refused.value).startswith("role: ")


@pytest.mark.parametrize("url", ["sqlite://", "memory://"])
def test_a_backend_without_roles_says_so(url: str) -> None:
    with orthocrm.connect(url, keys=KEYS, discover_plugins=False) as crm:
        with pytest.raises(ConfigurationError) as refused:
            crm.migrate(role="practice")
        assert str(refused.value).startswith("role: ")


def test_an_application_that_is_a_superuser_is_told(
    migrated_postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    address = as_superuser(migrated_postgres_url).replace("postgresql", "postgresql+psycopg", 1)
    for url, lines in ((migrated_postgres_url, 0), (address, 1)):
        caplog.clear()
        with closing(SqlBackend(url, PlainVault())) as backend:
            for _ in range(2):
                assert list(backend.clinics()) == []
        assert [record.name for record in caplog.records] == [
            "orthocrm.backends.sql.backend"
        ] * lines
