"""Calls the rules of a suite by hand, to see which of them fail."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pytest


def fails(rule: Callable[..., object], given: Mapping[str, Any]) -> bool:
    """Whether a rule of a suite fails when it gets what it asks for by name."""
    wanted = inspect.signature(rule).parameters
    try:
        rule(**{name: given[name] for name in wanted})
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever makes pytest fail it
        return True
    return False
