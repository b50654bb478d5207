"""Attribution: the vectors of metric 13, and what counts as a touch."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from orthocrm import InvalidInput
from orthocrm.core.ids import SourceId
from orthocrm.core.marketing import Touch
from orthocrm.leads.attribution import (
    AttributionModel,
    Crediting,
    credited,
    is_known,
    rounded,
    shares,
)
from orthocrm.testing.factories import a_clinic, a_lead, a_touch

T = datetime(2026, 11, 22, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
LEAD = a_lead(a_clinic())
DEFAULT = SourceId("other")


def touch(source: str | None, weeks_before: float = 0, **fields: Any) -> Touch:
    return a_touch(LEAD, T - weeks_before * WEEK, source_id=source, **fields)


def path(*sources: str | None) -> list[Touch]:
    return [touch(s, len(sources) - 1 - place) for place, s in enumerate(sources)]


def credit(
    touches: Sequence[Touch], model: str, until: datetime | None = None, **options: Any
) -> list[tuple[str | None, Fraction]]:
    crediting = Crediting(model=model, default=DEFAULT, **options)
    return [
        (one.touch.source_id if one.touch else None, one.share)
        for one in credited(touches, crediting, until)
        if one.share
    ]


def parts(*texts: str) -> list[Fraction]:
    return [Fraction(text) for text in texts]


@pytest.mark.parametrize(
    "model, expected",
    [
        ("first", [("A", "1")]),
        ("last", [("C", "1")]),
        ("linear", [("A", "1/4"), ("B", "1/4"), ("B", "1/4"), ("C", "1/4")]),
        ("position", [("A", "2/5"), ("B", "1/10"), ("B", "1/10"), ("C", "2/5")]),
        ("time_decay", [("A", "1/15"), ("B", "2/15"), ("B", "4/15"), ("C", "8/15")]),
    ],
)
def test_four_touches_a_b_b_c(model: str, expected: list[tuple[str, str]]) -> None:
    found = credit(path("A", "B", "B", "C"), model, half_life=WEEK)
    assert found == [(source, Fraction(share)) for source, share in expected]


def test_time_decay_weighs_half_after_thirty_days_unless_told() -> None:
    touches = [touch("A", 60 / 7), touch("B", 30 / 7), touch("C")]
    assert [share for _, share in credit(touches, "time_decay")] == parts("1/7", "2/7", "4/7")


@pytest.mark.parametrize("model", AttributionModel)
def test_a_single_touch_gets_everything(model: AttributionModel) -> None:
    assert credit(path("A"), model) == [("A", Fraction(1))]


@pytest.mark.parametrize("model", ["linear", "position"])
def test_two_touches_get_a_half_each(model: str) -> None:
    assert credit(path("A", "B"), model) == [("A", Fraction(1, 2)), ("B", Fraction(1, 2))]


@pytest.mark.parametrize("model", AttributionModel)
def test_without_a_touch_the_lead_is_unknown(model: AttributionModel) -> None:
    assert credit([], model) == [(None, Fraction(1))]
    assert shares(model, []) == ()


@pytest.mark.parametrize("model", AttributionModel)
def test_touches_after_the_conversion_do_not_count(model: AttributionModel) -> None:
    touches = [*path("A", "B"), touch("C", -1)]
    assert credit(touches, model, T) == credit(path("A", "B"), model)


def test_a_touch_at_the_instant_of_the_conversion_counts() -> None:
    assert credit(path("A", "B"), "last", T) == [("B", Fraction(1))]


def test_only_touches_after_the_conversion_leave_the_lead_unknown() -> None:
    assert credit(path("A"), "linear", T - WEEK) == [(None, Fraction(1))]


@pytest.mark.parametrize("model", AttributionModel)
def test_unknown_and_direct_touches_do_not_displace_the_last_known_one(
    model: AttributionModel,
) -> None:
    later = [touch(None, -1), touch(DEFAULT, -2)]
    assert credit([*path("A", "B"), *later], model) == credit(path("A", "B"), model)


def test_an_unknown_touch_before_a_known_one_keeps_its_place() -> None:
    assert credit(path(None, "B"), "first") == [(None, Fraction(1))]
    assert credit(path("A", None, "B"), "linear") == [
        ("A", Fraction(1, 3)),
        (None, Fraction(1, 3)),
        ("B", Fraction(1, 3)),
    ]


def test_a_path_without_any_known_touch_is_credited_to_what_there_is() -> None:
    assert credit(path(DEFAULT, None), "first") == [(DEFAULT, Fraction(1))]
    assert credit(path(DEFAULT, None), "last") == [(None, Fraction(1))]


def test_the_default_source_is_known_once_it_is_described() -> None:
    assert not is_known(touch(DEFAULT), DEFAULT)
    assert is_known(touch(DEFAULT, detail="a poster at the bakery"), DEFAULT)
    assert is_known(touch(DEFAULT), None)


def test_ties_in_time_go_by_id_whatever_the_order_given() -> None:
    one, other = touch("A", id="1"), touch("B", id="2")
    for touches in ([one, other], [other, one]):
        assert credit(touches, "first") == [("A", Fraction(1))]
        assert credit(touches, "last") == [("B", Fraction(1))]


def test_a_touch_of_long_ago_weighs_nothing_and_breaks_nothing() -> None:
    touches = [touch("A", 20_000), touch("B")]
    found = credited(touches, Crediting(model="time_decay", half_life=timedelta(seconds=1)))
    assert [one.share for one in found] == [0, 1]


def test_rounded_shares_add_up_and_stay_close() -> None:
    third = [Fraction(1, 3)] * 3
    units = Fraction(1, 10**12)
    assert rounded(third) == (333333333334 * units, 333333333333 * units, 333333333333 * units)
    assert sum(rounded(third)) == 1


@pytest.mark.parametrize("model", ["", "LAST", "markov", None, 7])
def test_an_unknown_model_is_refused(model: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Crediting(model=model)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("model", "unknown_model")]


@pytest.mark.parametrize(
    "half_life", [timedelta(), timedelta(days=-1), timedelta(days=3651), 30, None, float("nan")]
)
def test_a_half_life_is_a_length_of_time_within_bounds(half_life: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Crediting(half_life=half_life)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("half_life", "out_of_range")]
