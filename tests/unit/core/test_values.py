"""Mappings within nouns: nobody changes them, so that everybody may share them."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from orthocrm.core.lead import Custom
from orthocrm.core.values import NO_VALUES, Values, kept

CHANGES: list[Callable[[Any], object]] = [
    lambda values: values.__setitem__("b", 2),
    lambda values: values.__delitem__("a"),
    lambda values: values.__ior__({"b": 2}),
    lambda values: values.update(b=2),
    lambda values: values.setdefault("b", 2),
    lambda values: values.pop("a"),
    lambda values: values.popitem(),
    lambda values: values.clear(),
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_refused(change: Callable[[Any], object]) -> None:
    values = kept({"a": 1})
    with pytest.raises(TypeError):
        change(values)
    assert values == {"a": 1}


def test_a_noun_keeps_a_copy_of_what_it_is_given() -> None:
    given = {"a": 1}
    custom = Custom(shown=given)
    given["a"] = 2
    assert custom == Custom(shown={"a": 1})


def test_what_never_changes_is_not_copied() -> None:
    values = kept({"a": 1})
    assert kept(values) is values
    assert copy.copy(values) is copy.deepcopy(values) is values
    assert kept({}) is NO_VALUES


def test_they_travel_as_plain_dictionaries_do() -> None:
    values = kept({"a": 1})
    again = pickle.loads(pickle.dumps(values))  # noqa: S301 - our own bytes
    assert (type(again), again) == (Values, values)
    assert json.loads(json.dumps(values)) == {"a": 1}


def test_personal_values_are_masked() -> None:
    assert "blue" not in repr(Custom(personal={"eyes": "blue"}))
