"""PostgreSQL passes the shipped suite."""

from collections.abc import Iterator

import pytest

from orthocrm.backends.sql import SqlBackend
from orthocrm.core.ports import Vault
from orthocrm.privacy.cipher import EnvelopeVault
from orthocrm.privacy.keys import StaticKeys
from orthocrm.testing.suite import BackendSuite


def a_vault() -> Vault:
    return EnvelopeVault(StaticKeys({1: b"k" * 32}))


class TestPostgres(BackendSuite):
    @pytest.fixture
    def backend(self, migrated_postgres_url: str) -> Iterator[SqlBackend]:
        backend = SqlBackend(migrated_postgres_url, a_vault())
        yield backend
        backend.close()


def test_an_empty_database_is_migrated(postgres_url: str) -> None:
    backend = SqlBackend(postgres_url, a_vault())
    backend.migrate()
    assert list(backend.clinics()) == []
    backend.close()
