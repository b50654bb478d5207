"""A practice that takes deliveries: with a form, secrets, and a world outside."""

from collections.abc import Iterator

import pytest

from orthocrm.core.outside import Outside
from orthocrm.privacy.secrets import StaticSecrets
from orthocrm.testing.clock import FrozenClock
from tests.flows.practice import House
from tests.flows.receiving import SECRETS, Carrier, opened


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def house(url: str, clock: FrozenClock, carrier: Carrier) -> Iterator[House]:
    """A practice with a form, secrets, caller ID and a page at Meta, on every backend."""
    outside = Outside(secrets=StaticSecrets(SECRETS), caller_id=carrier, meta_leads=carrier)
    with opened(url, clock, outside) as house:
        yield house


@pytest.fixture
def bare(clock: FrozenClock) -> Iterator[House]:
    """A practice with a form and nothing outside, in memory."""
    with opened("memory://", clock, Outside(secrets=StaticSecrets(SECRETS))) as house:
        yield house
