"""The suite's samples leave no field of any noun untried."""

from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import pytest

from orthocrm.testing.suite.samples import TABLES, samples


def leaves(noun: Any, prefix: str = "") -> Iterator[tuple[str, bool]]:
    """Give the path of every field, and whether it holds something other than its default."""
    for field in attrs.fields(type(noun)):
        value = getattr(noun, field.name)
        if attrs.has(type(value)):
            yield from leaves(value, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, value not in (field.default, None, ())


@pytest.mark.parametrize("table", TABLES)
def test_every_field_is_filled_in_some_sample(table: str) -> None:
    tried: dict[str, bool] = {}
    for noun in samples()[table]:
        for path, filled in leaves(noun):
            tried[path] = tried.get(path, False) or filled
    empty = {path for path, filled in tried.items() if not filled and not has_parts(path, tried)}
    assert empty <= {"version"}


def has_parts(path: str, paths: Iterable[str]) -> bool:
    """Tell whether the field holds a part of the noun, whose own fields count."""
    return any(other.startswith(f"{path}.") for other in paths)
