"""The examples of scheduling run, and do what they say."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def said(name: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    return capsys.readouterr().out.splitlines()


def test_a_consultation_is_booked_moved_and_followed_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said("book_a_consultation.py", capsys) == [
        "free on Tuesday: 09:00, 10:00, 11:00, 12:00, 13:00, 14:00, 15:00, 16:00",
        "booked: consultation_scheduled",
        "a second family is refused: slot_taken",
        "moved once, still the same visit: True, 1",
        "completed: consultation_completed",
        "to do in 3 days: Follow up on the consultation",
    ]


def test_a_family_with_a_link_helps_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert said("self_scheduling_link.py", capsys) == [
        "the link is for: consultation",
        "booked: Thursday 15:00 UTC",
        "moved: Thursday 16:00 UTC",
        "three hours before: it starts too soon for this; call the practice",
        "revoked: link_expired",
    ]
