"""Settings as one JSON document: whole, and read when a field did not exist yet."""

import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings

from orthocrm.backends.sql.rows.settings import put_settings, take_settings
from orthocrm.core.query import AllOf, AnyOf, Cond
from orthocrm.core.settings import Settings
from orthocrm.testing import strategies
from orthocrm.testing.suite.arranged import exact
from orthocrm.testing.suite.sample_practice import a_full_clinic

FIELDS = [field.name for field in attrs.fields(Settings)]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.settings())
def test_settings_come_back_as_they_were_written(chosen: Settings) -> None:
    text = put_settings(chosen)
    assert text.isascii()
    assert exact(take_settings(text)) == exact(chosen)
    assert exact(take_settings(json.loads(text))) == exact(chosen)


@pytest.mark.parametrize("name", FIELDS)
def test_a_practice_stored_before_a_setting_existed_has_its_default(name: str) -> None:
    full = a_full_clinic().settings
    stored = json.loads(put_settings(full))
    del stored[name]
    assert take_settings(stored) == attrs.evolve(full, **{name: getattr(Settings(), name)})


def test_a_practice_stored_before_any_setting_existed_has_the_defaults() -> None:
    assert take_settings({}) == Settings()


def test_the_parts_of_settings_may_grow_too() -> None:
    full = a_full_clinic().settings
    places = [place for place in grown(full) if len(place) > 1]
    assert ("messaging", "quiet", "end") in places
    assert ("sequences", 0, "steps", 0, "business") in places
    for place in places:
        stored = json.loads(put_settings(full))
        del at(stored, place[:-1])[place[-1]]
        assert take_settings(stored) == without(full, place), place


Place = tuple[Any, ...]


def grown(noun: Any, path: Place = ()) -> Iterator[Place]:
    """Give the place of every value that a later release may have added."""
    if isinstance(noun, tuple):
        for place, one in enumerate(noun):
            yield from grown(one, (*path, place))
    elif attrs.has(type(noun)) and not isinstance(noun, Cond | AllOf | AnyOf):
        for field in attrs.fields(type(noun)):
            if field.default is not attrs.NOTHING:
                yield (*path, field.name)
            yield from grown(getattr(noun, field.name), (*path, field.name))


def at(stored: Any, path: Place) -> Any:
    for step in path:
        stored = stored[step]
    return stored


def without(noun: Any, path: Place) -> Any:
    """Give a noun in which one value is the default."""
    step, *rest = path
    if isinstance(step, int):
        return (*noun[:step], without(noun[step], tuple(rest)), *noun[step + 1 :])
    if rest:
        return attrs.evolve(noun, **{step: without(getattr(noun, step), tuple(rest))})
    default = getattr(attrs.fields(type(noun)), step).default
    factory = getattr(default, "factory", lambda: default)
    return attrs.evolve(noun, **{step: factory()})
