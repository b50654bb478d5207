"""What all factories share: ids that count up, and usual values that a test may replace."""

from collections.abc import Mapping
from typing import Any, TypeVar

from orthocrm.core.ids import UserId
from orthocrm.testing.clock import CountingIds

N = TypeVar("N")

COORDINATOR = UserId("tc-1")
"""Who does things unless a test says otherwise."""

new_id = CountingIds()
"""Ids of whatever is made, through the life of the process."""


def made(kind: type[N], usual: Mapping[str, Any], given: Mapping[str, Any]) -> N:
    """Make a noun of its usual values, save those that are given."""
    return kind(**{**usual, **given})
