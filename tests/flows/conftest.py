"""A practice on every backend: two coordinators, a manager, and a clock that stands still."""

from collections.abc import Iterator

import pytest

import orthocrm
from orthocrm.core.ids import UserId
from orthocrm.privacy.keys import StaticKeys
from orthocrm.testing.clock import FrozenClock
from tests.flows.practice import BACKENDS, House

KEYS = StaticKeys({1: bytes(range(32))})


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://"
    return str(request.getfixturevalue(f"migrated_{request.param}_url"))


@pytest.fixture
def house(url: str, clock: FrozenClock) -> Iterator[House]:
    """An installation with one clinic that is ready for work."""
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        clinic = crm.create_clinic(
            name="Bright Smiles",
            timezone="America/Chicago",
            settings=orthocrm.Settings(fallback=UserId("manager")),
        )
        house = House(crm, clinic, clock)
        house.admin.settings.add_coordinator(UserId("tc-1"), "Ana")
        house.admin.settings.add_coordinator(UserId("tc-2"), "Ben")
        yield house
