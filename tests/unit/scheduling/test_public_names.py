"""What `orthocrm.scheduling` offers by name."""

import pytest

from orthocrm import scheduling


def test_public_names_are_sorted_and_each_is_there() -> None:
    assert list(scheduling.__all__) == sorted(scheduling.__all__)
    assert all(getattr(scheduling, name) is not None for name in scheduling.__all__)


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = scheduling.nonsense
