from datetime import date
from typing import Any

import pytest

from orthocrm.core.errors import InvalidInput, NotEnoughOutcomes
from orthocrm.intelligence.duplicates import (
    BENEATH,
    MOST_MOVED,
    MOST_SHIFTED,
    Decided,
    DuplicateWeights,
    learnt_weights,
    weights_of,
)
from orthocrm.leads.matching.comparison import compare
from orthocrm.leads.matching.explaining import contributions, said
from orthocrm.leads.matching.record import PersonName, Record


def decided(points: float, count: int, *, merged: bool, likely: float = 0.5) -> list[Decided]:
    pair = Decided(probability=likely, contributions={"phone": points}, merged=merged)
    return [pair] * count


def test_a_field_that_people_trust_more_counts_for_more() -> None:
    trusted = learnt_weights([*decided(2.0, 50, merged=True), *decided(-2.0, 50, merged=False)])
    assert 0 < trusted.moved["phone"] <= MOST_MOVED
    distrusted = learnt_weights([*decided(-2.0, 50, merged=True), *decided(2.0, 50, merged=False)])
    assert -MOST_MOVED <= distrusted.moved["phone"] < 0


def test_what_is_learnt_stays_within_its_bounds() -> None:
    pairs = [
        *decided(9.0, 500, merged=True, likely=0.001),
        *decided(-9.0, 20, merged=False, likely=0.999),
    ]
    weights = learnt_weights(pairs)
    assert weights.moved["phone"] == MOST_MOVED
    assert abs(weights.shift) <= MOST_SHIFTED


def test_siblings_stay_beneath_even_odds_whatever_was_learnt() -> None:
    """However far weights are moved, the rule decides who may be one person."""
    wild = DuplicateWeights(moved={"phone": 50.0}, shift=50.0)
    assert wild.probability(0.4, {"phone": 9.0}, may_be_one=False) <= BENEATH
    assert wild.probability(0.9, {"phone": 9.0}, may_be_one=False) <= BENEATH
    assert wild.probability(0.6, {"phone": 9.0}, may_be_one=True) > 0.99


@pytest.mark.parametrize("merges, apart, missing", [(0, 0, 40), (19, 100, 1), (100, 5, 15)])
def test_too_few_decisions_are_refused(merges: int, apart: int, missing: int) -> None:
    pairs = [*decided(1.0, merges, merged=True), *decided(-1.0, apart, merged=False)]
    with pytest.raises(NotEnoughOutcomes) as caught:
        learnt_weights(pairs)
    assert caught.value.missing == missing


def test_nothing_learnt_says_what_the_rule_says() -> None:
    said_by_rule = DuplicateWeights().probability(0.731, {"phone": 3.0}, may_be_one=True)
    assert said_by_rule == pytest.approx(0.731)


@pytest.mark.parametrize(
    "document",
    [{}, {"moved": 1, "shift": 0}, {"moved": {"a": "x"}, "shift": 0.0}, {"moved": {}}, None,
     {"moved": {"a": float("nan")}, "shift": 0.0}, {"moved": {}, "shift": True}],
)  # fmt: skip
def test_weights_that_are_no_numbers_are_refused(document: Any) -> None:
    with pytest.raises(InvalidInput):
        weights_of(document)


def test_weights_out_of_bounds_are_brought_back() -> None:
    weights = weights_of({"moved": {"phone": 99}, "shift": -99})
    assert (weights.moved, weights.shift) == ({"phone": MOST_MOVED}, -MOST_SHIFTED)
    assert weights_of(weights.document()) == weights


def test_every_known_field_speaks_for_or_against() -> None:
    mother = (PersonName("Maria", "Lopez"),)
    common: dict[str, Any] = {"last": "Lopez", "phones": ("3125550142",), "contacts": mother}
    one = Record(id="1", first="Sofia", born_on=date(2014, 5, 1), **common)
    two = Record(id="2", first="Mateo", born_on=date(2012, 2, 3), **common)
    comparison = compare(one, two)
    points = contributions(comparison)
    assert set(points) == {"first", "last", "born", "phone", "contact"}
    assert points["first"] < 0
    assert points["born"] < 0
    assert points["phone"] > 0
    assert said(comparison, "phone") == "the same"
