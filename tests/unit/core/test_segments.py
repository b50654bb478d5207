"""Segments of text messages, as carriers count them."""

import pytest

from orthocrm.core.segments import Segments, segments


@pytest.mark.parametrize(
    "text, encoding, units, count",
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("ñéüà¿" * 2, "GSM-7", 10, 1),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("í", "UCS-2", 1, 1),
        ("í" * 70, "UCS-2", 70, 1),
        ("í" * 71, "UCS-2", 71, 2),
        ("👋" * 35, "UCS-2", 70, 1),
        ("👋" * 36, "UCS-2", 72, 2),
        ("👋" * 67, "UCS-2", 134, 3),
    ],
)
def test_a_message_is_measured_as_it_is_charged(
    text: str, encoding: str, units: int, count: int
) -> None:
    assert segments(text) == Segments(encoding=encoding, units=units, count=count)
