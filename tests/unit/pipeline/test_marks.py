from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput, LeadClosed, LeadLocked
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Conversion, Lead, LeadStatus, Objection
from orthocrm.pipeline import marks
from orthocrm.testing.clock import MONDAY_MORNING
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()
BY = UserId("tc-2")
LEAD = a_lead_of(PRACTICE)
CONVERTED = evolve(LEAD, conversion=Conversion(at=MONDAY_MORNING, patient_ref="p-1"))
MANY = tuple(f"t{number:02}" for number in range(20))


def tagged(lead: Lead, *tags: str) -> tuple[str, ...]:
    return marks.tagged(lead, tags, now=MONDAY_MORNING, by=BY).tags


@pytest.mark.parametrize(
    "tags",
    [
        None,
        "vip",
        (),
        7,
        ["VIP"],
        ["v i p"],
        ["-vip"],
        [""],
        ["é"],
        ["a" * 41],
        ["vip\n"],
        ["vip", 3],
        ["vip", None],
        ["a|b"],
        [f"t{number}" for number in range(21)],
    ],
)
def test_what_is_no_tag_is_refused_and_not_shown(tags: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        marks.checked_tags(tags)
    assert [problem.path for problem in refusal.value.problems] == ["tags"]
    assert "VIP" not in str(refusal.value)


def test_tags_are_codes_each_once() -> None:
    assert marks.checked_tags(["vip", "2nd-phase", "a_b", "vip"]) == ("vip", "2nd-phase", "a_b")


def test_a_lead_keeps_its_tags_sorted_and_twenty_at_most() -> None:
    assert tagged(LEAD, "vip", "braces") == ("braces", "vip")
    assert tagged(evolve(LEAD, tags=MANY), "t03") == MANY
    with pytest.raises(InvalidInput):
        tagged(evolve(LEAD, tags=MANY), "one-more")


def test_tags_are_taken_away_if_they_are_there() -> None:
    lead = evolve(LEAD, tags=("braces", "vip"))
    assert marks.untagged(lead, ("vip", "nothing"), now=MONDAY_MORNING, by=BY).tags == ("braces",)
    assert marks.untagged(lead, ("nothing",), now=MONDAY_MORNING, by=BY) is lead


def test_marks_tell_who_set_them() -> None:
    stamps = marks.tagged(LEAD, ("vip",), now=MONDAY_MORNING, by=BY).stamps
    assert (stamps.updated_at, stamps.updated_by) == (MONDAY_MORNING, BY)


def test_a_lost_lead_may_be_tagged_and_a_converted_one_not() -> None:
    lost = evolve(LEAD, status=LeadStatus.LOST)
    assert tagged(lost, "vip") == ("vip",)
    with pytest.raises(LeadLocked):
        tagged(CONVERTED, "vip")
    with pytest.raises(LeadLocked):
        marks.untagged(CONVERTED, ("vip",), now=MONDAY_MORNING, by=BY)


@pytest.mark.parametrize("objection", ["cost", "", 3, True, ["COST"]])
def test_what_is_no_objection_is_refused(objection: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        marks.objecting(LEAD, objection, now=MONDAY_MORNING, by=BY)
    assert [problem.path for problem in refusal.value.problems] == ["objection"]


def test_an_objection_is_set_changed_and_taken_back_while_the_lead_is_open() -> None:
    cost = marks.objecting(LEAD, "COST", now=MONDAY_MORNING, by=BY)
    assert cost.objection is Objection.COST
    assert marks.objecting(cost, "COST", now=MONDAY_MORNING, by=BY) is cost
    assert marks.objecting(cost, None, now=MONDAY_MORNING, by=BY).objection is None
    with pytest.raises(LeadClosed):
        marks.objecting(evolve(LEAD, status=LeadStatus.LOST), "COST", now=MONDAY_MORNING, by=BY)
    with pytest.raises(LeadLocked):
        marks.objecting(CONVERTED, "COST", now=MONDAY_MORNING, by=BY)
