"""The backend within the host application's own transaction."""

from collections.abc import Iterator

import attrs
import pytest
import sqlalchemy as sa

from orthocrm.backends.sql import SqlBackend
from orthocrm.core.errors import AlreadyExists, ConfigurationError, MigrationNeeded
from orthocrm.core.lead import Lead
from orthocrm.core.ports import Backend
from orthocrm.core.settings import Clinic
from orthocrm.core.source import Source
from orthocrm.privacy.cipher import PlainVault
from orthocrm.testing.factories import a_clinic, a_lead, a_source, another_clinic_id
from orthocrm.testing.suite.arranged import a_practice, the_lead
from tests.unit.backends.sql.conftest import a_backend


@pytest.fixture
def backend(url: str) -> Iterator[SqlBackend]:
    """A backend in a database to which hosts add tables."""
    backend = a_backend(url)
    backend.migrate()
    yield backend
    backend.close()


@pytest.fixture
def host(url: str) -> Iterator[sa.Engine]:
    """An engine as a host makes it, with settings of its own."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE invoices (number INTEGER)")
    yield engine
    engine.dispose()


def invoices(host: sa.Engine) -> int:
    with host.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM invoices").scalar_one())


def test_what_the_host_commits_is_kept(backend: SqlBackend, host: sa.Engine) -> None:
    clinic = a_practice(backend)
    lead = a_lead(clinic)
    with host.begin() as connection:
        connection.exec_driver_sql("INSERT INTO invoices VALUES (1)")
        with backend.joined(connection).begin(clinic.id) as unit:
            unit.leads.add([lead])
    assert (the_lead(backend, clinic, lead), invoices(host)) == (lead, 1)


def test_an_outer_rollback_undoes_units_of_work(backend: SqlBackend, host: sa.Engine) -> None:
    clinic = a_practice(backend)
    lead = a_lead(clinic)
    with host.connect() as connection:
        with backend.joined(connection).begin(clinic.id) as unit:
            unit.leads.add([lead])
        connection.exec_driver_sql("INSERT INTO invoices VALUES (1)")
        connection.rollback()
    assert (the_lead(backend, clinic, lead), invoices(host)) == (None, 0)


def store_both(backend: Backend, clinic: Clinic, lead: Lead, source: Source) -> None:
    with backend.begin(clinic.id) as unit:
        unit.leads.add([lead])
        unit.sources.add([source])


def test_a_refused_unit_of_work_leaves_the_hosts_own_work(
    backend: SqlBackend, host: sa.Engine
) -> None:
    clinic = a_practice(backend)
    lead, source = a_lead(clinic), a_source(clinic, "DR. WEBER")
    with host.begin() as connection:
        connection.exec_driver_sql("INSERT INTO invoices VALUES (1)")
        joined = backend.joined(connection)
        with pytest.raises(AlreadyExists):
            store_both(joined, clinic, lead, source)
        with joined.begin(clinic.id) as unit:
            unit.leads.add([attrs.evolve(lead, keys=())])
    assert (the_lead(backend, clinic, lead), invoices(host)) == (attrs.evolve(lead, keys=()), 1)


def test_a_new_clinic_that_is_rolled_back_leaves_no_key(
    backend: SqlBackend, host: sa.Engine
) -> None:
    clinic = a_clinic()
    with host.connect() as connection:
        with backend.joined(connection).begin(clinic.id) as unit:
            unit.clinics.add([clinic])
        assert list(backend.joined(connection).clinics()) == [clinic]
        connection.rollback()
    with backend.begin(clinic.id) as unit:
        unit.clinics.add([clinic])
        unit.leads.add([a_lead(clinic)])
    assert list(backend.clinics()) == [clinic]


def test_tables_can_be_made_in_the_hosts_transaction(url: str) -> None:
    backend = SqlBackend(url, PlainVault())
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        joined = backend.joined(connection)
        joined.migrate()
        assert list(joined.clinics()) == []
        joined.close()
    engine.dispose()
    backend.close()


def test_a_connection_of_another_engine_is_refused(sqlite_url: str, postgres_url: str) -> None:
    backend, engine = SqlBackend(postgres_url, PlainVault()), sa.create_engine(sqlite_url)
    with engine.connect() as connection, pytest.raises(ConfigurationError):
        backend.joined(connection)
    engine.dispose()


def test_a_host_without_our_tables_keeps_its_own_work(url: str, host: sa.Engine) -> None:
    backend = SqlBackend(url, PlainVault())
    with host.begin() as connection:
        connection.exec_driver_sql("INSERT INTO invoices VALUES (1)")
        with pytest.raises(MigrationNeeded), backend.joined(connection).begin(another_clinic_id()):
            pass
    backend.close()
    assert invoices(host) == 1
