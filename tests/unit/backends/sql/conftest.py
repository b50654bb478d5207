"""Both engines, with the tables of this release."""

from collections.abc import Iterator

import pytest

from orthocrm.backends.sql import SqlBackend
from orthocrm.privacy.cipher import EnvelopeVault
from orthocrm.privacy.keys import StaticKeys


def a_backend(url: str) -> SqlBackend:
    return SqlBackend(url, EnvelopeVault(StaticKeys({1: b"k" * 32})))


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of a database without tables."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture(params=["sqlite", "postgres"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(f"migrated_{request.param}_url")
    return address


@pytest.fixture
def backend(migrated_url: str) -> Iterator[SqlBackend]:
    backend = a_backend(migrated_url)
    yield backend
    backend.close()
