"""What several experiments use: both engines, and a carrier in another process."""

from collections.abc import Iterator

import pytest

from orthocrm.testing.plugin_suite import HttpCarrier


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def server() -> Iterator[HttpCarrier]:
    with HttpCarrier() as carrier:
        yield carrier
