from datetime import UTC, datetime, timedelta

import pytest

from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.lead import LostReason
from orthocrm.core.reading import CLOCK_SKEW, Reading

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)


def test_what_is_missing_is_none_and_no_problem() -> None:
    reading = Reading()

    found = [
        reading.text("a", None),
        reading.prose("a", None),
        reading.whole("a", None, 0, 1),
        reading.flag("a", None),
        reading.choice("a", None, LostReason),
        reading.day("a", None),
        reading.moment("a", None),
        reading.past("a", None, NOW),
    ]
    reading.finish()

    assert found == [None] * 8


def test_all_problems_are_raised_together() -> None:
    reading = Reading()
    reading.text("name", 5)
    reading.whole("age", raw=True, least=0, most=120)
    reading.required("phone", None)
    reading.required("name", None)

    with pytest.raises(InvalidInput) as caught:
        reading.finish()

    assert caught.value.problems == (
        Problem("name", "wrong_type", "give a text"),
        Problem("age", "wrong_type", "give a whole number"),
        Problem("phone", "required", "this is needed"),
    )


def test_length_is_judged_before_anything_else() -> None:
    reading = Reading()

    assert reading.text("name", "\x00" * 11, 10) is None
    assert [problem.code for problem in reading.problems] == ["too_long"]


def test_a_line_is_trimmed_and_prose_keeps_its_lines() -> None:
    reading = Reading()

    assert reading.text("a", " one\n two\u00a0three ") == "one two three"
    assert reading.prose("a", " one\n\ttwo ") == "one\n\ttwo"
    assert (reading.text("a", " \n "), reading.prose("a", " \n ")) == (None, None)


def test_a_clock_slightly_ahead_means_now_and_no_more_than_that() -> None:
    reading = Reading()

    assert reading.past("at", NOW + CLOCK_SKEW, NOW) == NOW
    assert reading.past("at", NOW + CLOCK_SKEW + timedelta(seconds=1), NOW) is None
    assert [problem.code for problem in reading.problems] == ["in_the_future"]


TURNING = [*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))]


@pytest.mark.parametrize("sign", TURNING)
def test_signs_that_turn_the_direction_are_left_out_of_a_line(sign: str) -> None:
    reading = Reading()

    assert reading.text("name", f"{sign} Ann {sign} Lee{sign}") == "Ann Lee"
    assert reading.prose("notes", f"{sign}one{sign}\ntwo") == f"{sign}one{sign}\ntwo"
    assert reading.text("name", sign) is None
    assert reading.problems == []


RIGHT_TO_LEFT = [
    "\u05d3\u05d5\u05d3 \u05dc\u05d5\u05d9",
    "\u0645\u06cc\u200c\u062e\u0648",
    "\u200f\u05d3",
    "\U0001f469\u200d\u2695",
]


@pytest.mark.parametrize("name", RIGHT_TO_LEFT)
def test_names_from_right_to_left_and_joined_signs_stay_as_they_are(name: str) -> None:
    reading = Reading()

    assert (reading.text("name", name), reading.problems) == (name, [])


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\x7f", "\ud800"])
def test_control_characters_are_refused(sign: str) -> None:
    reading = Reading()

    assert reading.text("name", f"An{sign}n") is None
    assert reading.prose("notes", f"An{sign}n") is None
    assert [(p.path, p.code) for p in reading.problems] == [
        ("name", "bad_character"),
        ("notes", "bad_character"),
    ]
