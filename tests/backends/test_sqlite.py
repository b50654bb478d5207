"""SQLite passes the shipped suite, with encryption and without."""

from collections.abc import Iterator

import pytest

from orthocrm.backends.sql import SqlBackend
from orthocrm.privacy.cipher import EnvelopeVault, PlainVault
from orthocrm.privacy.keys import StaticKeys
from orthocrm.testing.suite import BackendSuite


class TestSqlite(BackendSuite):
    @pytest.fixture
    def backend(self, migrated_sqlite_url: str) -> Iterator[SqlBackend]:
        backend = SqlBackend(migrated_sqlite_url, EnvelopeVault(StaticKeys({1: b"k" * 32})))
        yield backend
        backend.close()


class TestSqliteInClear(BackendSuite):
    @pytest.fixture
    def backend(self, migrated_sqlite_url: str) -> Iterator[SqlBackend]:
        backend = SqlBackend(migrated_sqlite_url, PlainVault())
        yield backend
        backend.close()
