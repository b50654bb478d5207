from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput, LeadClosed, LeadLocked, Problem
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


NOT_A_LIST = Problem("tags", "not_a_list", "give several tags")
OUT_OF_RANGE = Problem("tags", "out_of_range", "give 1 to 20 tags")
NOT_A_TAG = Problem(
    "tags", "not_a_tag", "give small letters, digits, - and _, at most 40 characters"
)


@pytest.mark.parametrize(
    "tags, problem",
    [
        (None, NOT_A_LIST),
        ("vip", NOT_A_LIST),
        (7, NOT_A_LIST),
        ((), OUT_OF_RANGE),
        ([f"t{number}" for number in range(21)], OUT_OF_RANGE),
        (["VIP"], NOT_A_TAG),
        (["v i p"], NOT_A_TAG),
        (["-vip"], NOT_A_TAG),
        ([""], NOT_A_TAG),
        (["é"], NOT_A_TAG),
        (["a" * 41], NOT_A_TAG),
        (["vip\n"], NOT_A_TAG),
        (["vip", 3], NOT_A_TAG),
        (["vip", None], NOT_A_TAG),
        (["a|b"], NOT_A_TAG),
    ],
)
def test_what_is_no_tag_is_refused_and_not_shown(tags: Any, problem: Problem) -> None:
    with pytest.raises(InvalidInput) as refusal:
        marks.checked_tags(tags)
    assert refusal.value.problems == (problem,)


@pytest.mark.parametrize("tags", [("a",), ("a" * 40,), MANY])
def test_one_tag_to_twenty_of_one_to_forty_characters_are_taken(tags: tuple[str, ...]) -> None:
    assert marks.checked_tags(tags) == tags


def test_tags_are_codes_each_once() -> None:
    assert marks.checked_tags(["vip", "2nd-phase", "a_b", "vip"]) == ("vip", "2nd-phase", "a_b")


def test_a_lead_keeps_its_tags_sorted_and_twenty_at_most() -> None:
    assert tagged(LEAD, "vip", "braces") == ("braces", "vip")
    assert tagged(evolve(LEAD, tags=MANY), "t03") == MANY
    with pytest.raises(InvalidInput) as refusal:
        tagged(evolve(LEAD, tags=MANY), "one-more")
    too_many = Problem("tags", "too_many", "a lead has at most 20 tags")
    assert refusal.value.problems == (too_many,)


def test_tags_are_taken_away_if_they_are_there() -> None:
    lead = evolve(LEAD, tags=("braces", "vip"))
    assert marks.untagged(lead, ("vip", "nothing"), now=MONDAY_MORNING, by=BY).tags == ("braces",)
    assert marks.untagged(lead, ("nothing",), now=MONDAY_MORNING, by=BY) is lead


def test_marks_tell_who_set_them_and_when() -> None:
    later = MONDAY_MORNING + timedelta(hours=1)
    stamped = evolve(LEAD.stamps, updated_at=later, updated_by=BY)
    vip = evolve(LEAD, tags=("vip",))
    for marked in (
        marks.tagged(LEAD, ("vip",), now=later, by=BY),
        marks.untagged(vip, ("vip",), now=later, by=BY),
        marks.objecting(LEAD, "COST", now=later, by=BY),
    ):
        assert marked.stamps == stamped


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
