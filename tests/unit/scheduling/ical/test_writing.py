"""Content lines: whatever stands in a value comes back as it was, and never begins a line."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from orthocrm.scheduling.ical.writing import (
    Line,
    Part,
    calendar,
    folded,
    length,
    link,
    mailto,
    offset,
    parameter,
    text,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"))


@pytest.mark.parametrize(
    "value, written",
    [
        ("a, b; c", "a\\, b\\; c"),
        ("a\\b", "a\\\\b"),
        ("one\r\ntwo\rthree\nfour", "one\\ntwo\\nthree\\nfour"),
        ("line\u2028and\x85more\x0bof\x0cit", "line\\nand\\nmore\\nof\\nit"),
        ("\x00no\x07 bells\x7f", "no bells"),
        ("half \ud800 pair", "half ? pair"),
    ],
)
def test_text_is_escaped(value: str, written: str) -> None:
    assert text(value) == written


@pytest.mark.parametrize(
    "value, written",
    [
        ("Bright Smiles", "Bright Smiles"),
        ("Smith; Jones", '"Smith; Jones"'),
        ('The "best"', "The ^'best^'"),
        ("a^b\r\nc", "a^^b^nc"),
    ],
)
def test_parameters_are_quoted_and_encoded(value: str, written: str) -> None:
    assert parameter(value) == written


@pytest.mark.parametrize(
    "value, written",
    [
        (timedelta(minutes=15), "PT15M"),
        (-timedelta(days=1, hours=2), "-P1DT2H"),
        (timedelta(days=7), "P7D"),
        (timedelta(), "PT0S"),
        (timedelta(seconds=61), "PT1M1S"),
    ],
)
def test_lengths_are_written(value: timedelta, written: str) -> None:
    assert length(value) == written


@pytest.mark.parametrize(
    "value, written",
    [
        (timedelta(hours=5, minutes=45), "+0545"),
        (-timedelta(hours=3, minutes=30), "-0330"),
        (timedelta(), "+0000"),
        (-timedelta(hours=4, minutes=56, seconds=2), "-045602"),
    ],
)
def test_offsets_are_written(value: timedelta, written: str) -> None:
    assert offset(value) == written


def test_a_line_is_folded_between_characters_at_75_octets() -> None:
    line = "SUMMARY:" + "é" * 80

    pieces = folded(line).split("\r\n ")

    assert [len(piece.encode()) for piece in pieces] == [74, 74, 20]
    assert "".join(pieces) == line


@given(TEXTS)
def test_any_text_comes_back(value: str) -> None:
    written = calendar([], [Part("VEVENT", (Line("UID", "1"), Line("SUMMARY", text(value))))])

    (event,) = Calendar.from_ical(written.encode()).walk("VEVENT")
    assert str(event["SUMMARY"]) == value


@given(st.text())
def test_nothing_begins_a_line_of_its_own(value: str) -> None:
    lines = (
        Line("UID", text(value)),
        Line("ORGANIZER", mailto(value), (("CN", value),)),
        Line("URL", link(value)),
    )

    written = calendar([], [Part("VEVENT", lines)])

    unfolded = written.replace("\r\n ", "").split("\r\n")
    assert [line.partition(":")[0].partition(";")[0] for line in unfolded] == [
        "BEGIN",
        "VERSION",
        "PRODID",
        "CALSCALE",
        "BEGIN",
        "UID",
        "ORGANIZER",
        "URL",
        "END",
        "END",
        "",
    ]
    assert len(written.splitlines()) == written.count("\r\n")
    assert max(len(line.encode()) for line in written.split("\r\n")) <= 75
