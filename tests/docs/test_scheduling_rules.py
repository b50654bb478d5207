"""Every rule of scheduling has tests of its name, and a line in the reference."""

import re
from pathlib import Path

import pytest

from orthocrm.core.appointment import AppointmentStatus
from orthocrm.scheduling.lifecycle import ALLOWED, FINAL, Act

ROOT = Path(__file__).parents[2]
RULES = [f"R{number}" for number in range(1, 32)]
_TESTS = re.compile(r"def test_((?:r\d+_)+)")
_PAGES = ("free-times.md", "reminders.md", "bookings.md")

RESULTS: dict[Act, str | dict[str, str]] = {
    Act.CONFIRM: {"HELD": "BOOKED", "BOOKED": "CONFIRMED"},
    Act.ACCEPT: "BOOKED",
    Act.DECLINE: "DECLINED",
    Act.ARRIVE: "ARRIVED",
    Act.START: "IN_PROGRESS",
    Act.COMPLETE: "COMPLETED",
    Act.MISS: "NO_SHOW",
    Act.CANCEL: "CANCELLED",
    Act.MOVE: {"CONFIRMED": "BOOKED"},
    Act.EXPIRE: "EXPIRED",
}
"""What an appointment is after each act; of some it depends on what it was, or stays."""


def _read(name: str) -> str:
    return (ROOT / "docs" / "reference" / name).read_text()


@pytest.fixture(scope="module")
def tested() -> set[str]:
    found = {
        rule.upper()
        for path in (ROOT / "tests").rglob("test_*.py")
        for names in _TESTS.findall(path.read_text())
        for rule in names.split("_")
    }
    return found - {""}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_tests_of_its_name(rule: str, tested: set[str]) -> None:
    assert rule in tested


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_in_the_reference(rule: str) -> None:
    assert any(re.search(rf"\b{rule}\b", _read(page)) for page in _PAGES)


@pytest.mark.parametrize("state", sorted(set(AppointmentStatus) - FINAL))
def test_the_reference_says_what_may_become_of_an_appointment(state: AppointmentStatus) -> None:
    line = next(one for one in _read("bookings.md").splitlines() if one.startswith(f"| `{state}`"))
    said = set(re.findall(r"`([A-Z_]+)`", line.split("|")[3]))
    assert said == _after(state)


def _after(state: AppointmentStatus) -> set[str]:
    found = set()
    for act, states in ALLOWED.items():
        result = RESULTS[act]
        if state in states:
            found.add(result if isinstance(result, str) else result.get(state, state.value))
    return found - {state.value}
