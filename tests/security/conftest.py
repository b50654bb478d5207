"""Fixtures of the security tests: a clock that stands still, and the address of each backend."""

import pytest

from orthocrm.testing.clock import FrozenClock
from tests.flows.practice import BACKENDS


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://"
    return str(request.getfixturevalue(f"migrated_{request.param}_url"))
