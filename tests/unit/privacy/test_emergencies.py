"""What is open behind broken glass, as the audit trail says it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orthocrm import InvalidInput
from orthocrm.core.audit import AuditEntry
from orthocrm.core.ids import AuditId, LeadId, UserId
from orthocrm.privacy.emergencies import BREAK, END, open_to, told, wanted
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_clinic

HOUR, TICK = timedelta(hours=1), timedelta(microseconds=1)
NOON = MONDAY_MORNING
CLINIC = a_clinic()
DOCTOR, OTHER = UserId("dr-1"), UserId("dr-2")


def an_entry(operation: str, kind: str, number: str, at: datetime, **fields: Any) -> AuditEntry:
    change = {"kind": kind, "emergency_id": number, "lead_id": fields.pop("lead", "l-1")}
    if "ends_at" in fields:
        change["ends_at"] = fields.pop("ends_at").isoformat()
    return AuditEntry(
        id=AuditId(f"{operation}-{number}"),
        clinic_id=CLINIC.id,
        at=at,
        user=fields.pop("user", DOCTOR),
        roles=("doctor",),
        operation=operation,
        changes=(change,),
        **fields,
    )


def begun(number: str = "e-1", at: datetime = NOON, **fields: Any) -> AuditEntry:
    return an_entry(BREAK, "emergency_begun", number, at, **{"ends_at": at + HOUR, **fields})


def ended(number: str = "e-1", at: datetime = NOON + HOUR / 2, **fields: Any) -> AuditEntry:
    return an_entry(END, "emergency_ended", number, at, **fields)


@pytest.mark.parametrize(
    "after, is_open",
    [(-TICK, False), (timedelta(), True), (HOUR - TICK, True), (HOUR, False)],
)
def test_a_record_is_open_from_when_the_glass_broke_until_its_end(
    after: timedelta, *, is_open: bool
) -> None:
    found = open_to(told([begun()]), DOCTOR, NOON + after)
    assert list(found) == ([LeadId("l-1")] if is_open else [])


def test_it_is_open_to_nobody_else() -> None:
    assert open_to(told([begun()]), OTHER, NOON) == {}


def test_what_was_ended_is_closed_from_then_on_whoever_ended_it() -> None:
    for user in (DOCTOR, OTHER):
        emergencies = told([begun(), ended(user=user)])
        assert list(open_to(emergencies, DOCTOR, NOON + HOUR / 2 - TICK)) == ["l-1"]
        assert open_to(emergencies, DOCTOR, NOON + HOUR / 2) == {}


def test_an_end_makes_nothing_longer_and_ends_nothing_else() -> None:
    (one, two) = told([begun(), begun("e-2"), ended("e-2", NOON + 2 * HOUR)])
    assert (one.ends_at, two.ends_at) == (NOON + HOUR, NOON + HOUR)


def test_what_was_refused_opens_nothing() -> None:
    refused = evolve(begun(), outcome="forbidden")
    elsewhere = evolve(begun(), operation="leads.get")
    assert told([refused, elsewhere]) == []
    assert [one.id for one in told([begun(), evolve(ended(), outcome="forbidden")])] == ["e-1"]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5), st.booleans()), max_size=6))
def test_of_several_on_one_lead_the_longest_counts(drawn: list[tuple[int, int, bool]]) -> None:
    entries = []
    for n, (start, hours, over) in enumerate(drawn):
        at = NOON + start * HOUR
        entries.append(begun(f"e-{n}", at, ends_at=at + hours * HOUR))
        entries += [ended(f"e-{n}", at)] if over else []
    for hour in range(11):
        now = NOON + hour * HOUR
        lasting = [s + h for s, h, over in drawn if not over and s <= hour < s + h]
        found = open_to(told(entries), DOCTOR, now)
        assert [one.ends_at for one in found.values()] == (
            [NOON + max(lasting) * HOUR] if lasting else []
        )


@pytest.mark.parametrize(
    "fields, path",
    [
        ({"reason": ""}, "reason"),
        ({"reason": "  "}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": 5}, "reason"),
        ({"reason": "x" * 10_001}, "reason"),
        ({"length": timedelta()}, "length"),
        ({"length": -HOUR}, "length"),
        ({"length": timedelta(seconds=59)}, "length"),
        ({"length": timedelta(hours=8, microseconds=1)}, "length"),
        ({"length": 60}, "length"),
        ({"length": None}, "length"),
    ],
)
def test_no_reason_and_no_end_are_refused_by_name(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        wanted(**{"reason": "a fall", "length": HOUR, **fields})
    assert [problem.path for problem in refusal.value.problems] == [path]


def test_from_a_minute_to_eight_hours_is_taken() -> None:
    for length in (timedelta(minutes=1), 8 * HOUR):
        assert wanted(" a fall ", length) == ("a fall", length)
