from random import Random

import pytest

from orthocrm.intelligence.forecast import Expected
from orthocrm.intelligence.forecast_pipeline import (
    LEAST_PASTS,
    NEW,
    REACH,
    Standing,
    joined,
    of_pipeline,
    weight_of,
)


def steady(months: int, left: int = 0) -> list[Standing]:
    """Twenty at the door and ten at the desk; the first months bring 1 and 5 of them, and 2 new."""
    came = {"door": 1, "desk": 5, NEW: 2}
    return [
        Standing(open={"door": 20, "desk": 10}, came=(came,) * (months - i + left))
        for i in range(months)
    ]


def test_what_became_of_such_leads_comes_again() -> None:
    told = of_pipeline(Standing(open={"door": 20, "desk": 10}), steady(12), 3)
    assert told is not None
    assert told.months == pytest.approx((8.0, 8.0, 8.0), abs=0.2)


def test_a_fuller_desk_brings_more() -> None:
    usual = of_pipeline(Standing(open={"door": 20, "desk": 10}), steady(12), 1)
    fuller = of_pipeline(Standing(open={"door": 20, "desk": 30}), steady(12), 1)
    assert usual is not None
    assert fuller is not None
    assert fuller.months[0] - usual.months[0] == pytest.approx(10, abs=0.3)


def test_a_place_that_was_never_seen_gets_the_mean_of_all() -> None:
    told = of_pipeline(Standing(open={"elsewhere": 30}), steady(12), 1)
    assert told is not None
    assert told.chances["elsewhere"] == pytest.approx((6 / 30,))


def test_nothing_open_leaves_what_is_still_to_ask() -> None:
    told = of_pipeline(Standing(open={}), steady(12), 2)
    assert told is not None
    assert told.months == (2.0, 2.0)


@pytest.mark.parametrize("months", range(LEAST_PASTS))
def test_too_few_months_say_nothing(months: int) -> None:
    assert of_pipeline(Standing(open={"door": 5}), steady(months), 3) is None


def test_the_open_leads_reach_half_a_year_ahead() -> None:
    told = of_pipeline(Standing(open={"door": 5}), steady(12), 12)
    assert told is not None
    assert len(told.months) == len(told.pairs) == REACH


def test_the_past_is_foretold_from_what_was_over_then() -> None:
    honest = steady(12)
    later = [*honest[:-1], Standing(open=honest[-1].open, came=({"desk": 10, NEW: 90},))]
    before = of_pipeline(Standing(open={}), honest, 1)
    after = of_pipeline(Standing(open={}), later, 1)
    assert before is not None
    assert after is not None
    assert [told for told, _ in before.pairs[0]] == [told for told, _ in after.pairs[0]]


def test_an_empty_past_gives_no_chance() -> None:
    empty = [Standing(open={}, came=({},) * (6 - i)) for i in range(6)]
    told = of_pipeline(Standing(open={"door": 4}), empty, 2)
    assert told is not None
    assert told.months == (0.0, 0.0)


def test_chances_are_found_again() -> None:
    random = Random(7)
    pasts = []
    for i in range(12):
        came = [
            {"door": sum(random.random() < 0.05 for _ in range(200)), NEW: 0} for _ in range(12 - i)
        ]
        pasts.append(Standing(open={"door": 200}, came=tuple(came)))
    told = of_pipeline(Standing(open={"door": 200}), pasts, 1)
    assert told is not None
    assert told.chances["door"][0] == pytest.approx(0.05, abs=0.01)


def test_the_closer_answer_weighs_more() -> None:
    near, far = [(10.0, 10.0)] * 9, [(15.0, 10.0)] * 9
    assert weight_of(far, near) > 0.9
    assert weight_of(near, far) < 0.1
    assert weight_of([], []) == 0.5


def test_both_answers_are_joined_by_weight() -> None:
    series = Expected(mean=10.0, low=4.0, high=16.0)
    month = joined(series, (20.0, 5.0), 0.25, 1.2816)
    assert month.mean == 12.5
    own, apart = 0.25 * 1.2816 * 5 + 0.75 * 6, 1.2816**2 * 0.25 * 0.75 * 10**2
    assert month.high - month.mean == pytest.approx((own**2 + apart) ** 0.5)
    assert month.low == pytest.approx(2 * month.mean - month.high)


def test_no_interval_is_narrower_than_chance() -> None:
    month = joined(Expected(mean=16.0, low=16.0, high=16.0), (16.0, 0.0), 0.5, 2.0)
    assert (month.low, month.high) == (8.0, 24.0)
