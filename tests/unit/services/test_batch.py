import gc
from collections.abc import Iterator

import pytest

from orthocrm.services.batch import at_a_stretch


@pytest.fixture(autouse=True)
def collector_as_it_was() -> Iterator[None]:
    was_on = gc.isenabled()
    yield
    (gc.enable if was_on else gc.disable)()


@at_a_stretch
def collects() -> bool:
    return gc.isenabled()


@at_a_stretch
def fails() -> None:
    raise LookupError


def test_nothing_is_collected_during_an_act_at_a_stretch() -> None:
    gc.enable()

    assert (collects(), gc.isenabled()) == (False, True)


def test_the_collector_comes_back_when_the_act_fails() -> None:
    gc.enable()

    with pytest.raises(LookupError):
        fails()

    assert gc.isenabled()


def test_a_collector_that_the_host_has_put_off_stays_off() -> None:
    gc.disable()

    assert (collects(), gc.isenabled()) == (False, False)
