"""The API over a practice, on every backend or in memory only."""

from collections.abc import Iterator

import pytest

import orthocrm
from orthocrm.core.ids import UserId
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import clock, house, url  # noqa: F401 - fixtures
from tests.flows.practice import House
from tests.web.knocking import Knocking, knocking


@pytest.fixture
def api(house: House) -> Iterator[Knocking]:  # noqa: F811 - the fixture
    """The API on each backend."""
    found = knocking(house)
    with found.client:
        yield found


@pytest.fixture
def here(clock: FrozenClock) -> Iterator[House]:  # noqa: F811 - the fixture
    """A practice in memory."""
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        settings = orthocrm.Settings(fallback=UserId("manager"))
        clinic = crm.create_clinic(
            name="Bright Smiles", timezone="America/Chicago", settings=settings
        )
        practice = House(crm, clinic, clock)
        practice.admin.settings.add_coordinator(UserId("tc-1"), "Ana")
        practice.admin.settings.add_coordinator(UserId("tc-2"), "Ben")
        yield practice


@pytest.fixture
def desk(here: House) -> Iterator[Knocking]:
    """The API over a practice in memory."""
    found = knocking(here)
    with found.client:
        yield found
