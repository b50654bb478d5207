"""The schema: complete, made once whoever comes first, and never half."""

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from orthocrm.backends.sql.founding import found
from orthocrm.backends.sql.migrations import scripts, upgrade
from orthocrm.backends.sql.tables import metadata
from orthocrm.backends.sql.version import HEAD, TABLE
from orthocrm.core.errors import BackendError, MigrationNeeded
from orthocrm.core.settings import Clinic
from orthocrm.testing.factories import another_clinic_id
from tests.unit.backends.sql.conftest import a_backend

MIGRATE = """
import sys
from orthocrm.backends.sql import SqlBackend
from orthocrm.privacy.cipher import PlainVault
SqlBackend(sys.argv[1], PlainVault()).migrate()
"""


def migrate(url: str) -> None:
    with closing(a_backend(url)) as backend:
        backend.migrate()


def clinics_of(url: str) -> list[Clinic]:
    with closing(a_backend(url)) as backend:
        return list(backend.clinics())


def tables_of(url: str) -> set[str]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        names = set(sa.inspect(connection).get_table_names())
    engine.dispose()
    return names


def test_the_schema_is_what_the_tables_say(url: str) -> None:
    migrate(url)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": TABLE})
        differences = compare_metadata(context, metadata)
    engine.dispose()
    assert differences == []


def test_a_new_embedded_database_is_what_the_revisions_make() -> None:
    assert schema_made_by(found) == schema_made_by(upgrade)


def schema_made_by(make: Callable[[sa.Connection], object]) -> dict[str, list[str]]:
    """Give the statements by name, their parts in one order: constraints stand in any."""
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        make(connection)
        noted = connection.exec_driver_sql(f"SELECT version_num FROM {TABLE}").all()  # noqa: S608 - a constant
        made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_schema").all()
    engine.dispose()
    assert noted == [(HEAD,)]
    return {name: sorted(re.split(r",?\s*\n\s*", sql or "")) for name, sql in made}


def test_the_newest_revision_is_the_one_that_is_asked_for() -> None:
    assert scripts().get_current_head() == HEAD


def test_a_database_without_tables_is_refused(url: str) -> None:
    with closing(a_backend(url)) as backend:
        with pytest.raises(MigrationNeeded), backend.begin(another_clinic_id()):
            pass
        with pytest.raises(MigrationNeeded):
            backend.clinics()
        backend.migrate()
        assert list(backend.clinics()) == []


def test_a_database_of_another_release_is_refused(url: str) -> None:
    migrate(url)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {TABLE} SET version_num = 'other'")  # noqa: S608 - a constant
    engine.dispose()
    with pytest.raises(MigrationNeeded):
        clinics_of(url)


def test_several_processes_may_migrate_at_once(url: str) -> None:
    started = [subprocess.Popen([sys.executable, "-c", MIGRATE, url]) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert clinics_of(url) == []


def test_a_migration_that_fails_leaves_nothing(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE deliveries (is_in_the_way INTEGER)")
    with pytest.raises(BackendError):
        migrate(url)
    assert tables_of(url) == {"deliveries"}
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE deliveries")
    engine.dispose()
    migrate(url)
    assert tables_of(url) == {*metadata.tables, TABLE}


def test_the_host_may_migrate_in_its_own_transaction(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        upgrade(connection)
    engine.dispose()
    assert clinics_of(url) == []


def test_each_table_has_one_column_for_everything_sealed() -> None:
    sealed = {table.name for table in metadata.tables.values() if "sealed" in table.columns}
    assert sealed == {
        "time_off",
        "leads",
        "activities",
        "tasks",
        "appointments",
        "import_changes",
        "personal_changes",
        "touches",
        "merges",
        "referrers",
        "messages",
        "consents",
        "staff_contacts",
        "users",
        "user_secrets",
        "attempts",
        "sessions",
        "inbox",
        "answers",
    }
