"""PostgreSQL passes the shipped suite."""

from collections.abc import Iterator

import pytest

from orthocrm.backends.sql import SqlBackend
from orthocrm.core.ports import Vault
from orthocrm.privacy.cipher import EnvelopeVault
from orthocrm.privacy.keys import StaticKeys
from orthocrm.testing.suite import BackendSuite
from tests.support import postgres


def a_vault() -> Vault:
    return EnvelopeVault(StaticKeys({1: b"k" * 32}))


@pytest.fixture(scope="module")
def migrated(postgres_server: postgres.Server) -> Iterator[str]:
    """A migrated database to copy: quicker than to migrate one for each test."""
    template = postgres_server.create()
    backend = SqlBackend(postgres_server.url(template), a_vault())
    backend.migrate()
    backend.close()
    yield template
    postgres_server.drop(template)


class TestPostgres(BackendSuite):
    @pytest.fixture
    def backend(self, postgres_server: postgres.Server, migrated: str) -> Iterator[SqlBackend]:
        with postgres_server.database(template=migrated) as url:
            backend = SqlBackend(url, a_vault())
            yield backend
            backend.close()


def test_an_empty_database_is_migrated(postgres_url: str) -> None:
    backend = SqlBackend(postgres_url, a_vault())
    backend.migrate()
    assert list(backend.clinics()) == []
    backend.close()
