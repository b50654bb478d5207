"""What a survivor is once its merge is undone, whatever has been changed since."""

from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.ids import StageSlug, UserId, VisitId
from orthocrm.core.lead import (
    Channel,
    Conversion,
    Custom,
    Enquiry,
    Lead,
    LeadStatus,
    Loss,
    LostReason,
    Milestones,
    Origin,
)
from orthocrm.core.merging import Merge
from orthocrm.core.people import Address
from orthocrm.leads import merging, unmerging
from orthocrm.leads.keeping import Pair
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_merge
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()
EARLIER = MONDAY_MORNING - timedelta(days=30)
NOW = MONDAY_MORNING + timedelta(days=3)
LATER = NOW + timedelta(days=1)
BY = UserId("tc-9")


def lead(**fields: Any) -> Lead:
    return a_lead_of(PRACTICE, **fields)


def merge_of(survivor: Lead, loser: Lead) -> Merge:
    pair = Pair(survivor=survivor, loser=loser)
    after = merging.joined(pair, {}, PRACTICE, unanswered=3, now=NOW, by=BY).lead
    saved = evolve(after, version=survivor.version + 1)
    return a_merge(survivor, loser, NOW, survivor_after=saved, survivor_version=saved.version)


def parted(merge: Merge, present: Lead, lived: Milestones | None = None) -> Lead:
    alone = lived or merge.survivor_before.milestones
    return unmerging.survivor_of(merge, present, alone, PRACTICE)


def edited(merge: Merge, **parts: dict[str, Any]) -> Lead:
    """Give the survivor as somebody has changed some fields of its parts since the merge."""
    present = merge.survivor_after
    for name, fields in parts.items():
        present = evolve(present, **{name: evolve(getattr(present, name), **fields)})
    return present


RICH = {
    "created_at": EARLIER,
    "phone": "+13125550188",
    "email": "carlos@example.com",
    "enquiry": Enquiry(notes="prefers mornings"),
    "tags": ("second",),
    "custom": Custom(shown={"hair": "red"}, personal={"dog": "Rex"}),
    "stage": "pending_decision",
    "recall_due_on": date(2027, 1, 1),
}
"""A lead that brings something to every part of another one."""


def test_without_changes_the_survivor_is_as_it_was() -> None:
    survivor = lead(owner=None)
    merge = merge_of(survivor, lead(**RICH))
    present = evolve(merge.survivor_after, version=9)
    assert parted(merge, present) == evolve(survivor, version=9)


def test_the_loser_is_as_it_was() -> None:
    loser = lead(**RICH)
    merge = merge_of(lead(), loser)
    tombstone = evolve(loser, merged_into=merge.survivor_id, version=2)
    assert unmerging.loser_of(merge, tombstone) == evolve(loser, version=2)


@pytest.mark.parametrize("changed", [{}, {"campaign": "autumn"}])
def test_each_lead_has_its_own_reference_again(changed: dict[str, str]) -> None:
    survivor = evolve(
        lead(origin=Origin(channel=Channel.PHONE, external_ref="x-2")), former_refs=("x-1",)
    )
    loser = lead(**RICH, origin=Origin(channel=Channel.SOCIAL, external_ref="fb-1"))
    merge = merge_of(survivor, loser)
    assert (merge.survivor_after.origin.external_ref, merge.survivor_after.former_refs) == (
        "fb-1",
        ("x-1", "x-2"),
    )
    after = parted(merge, edited(merge, origin=changed, contact={"preferred_time": "evenings"}))
    assert (after.origin.external_ref, after.former_refs) == ("x-2", ("x-1",))
    assert {key for key in after.keys if key.startswith("ref:")} == {"ref:x-1", "ref:x-2"}


def test_a_converted_survivor_is_found_by_its_own_references_only() -> None:
    conversion = Conversion(at=MONDAY_MORNING, patient_ref="p-1")
    survivor = lead(stage="treatment_started", conversion=conversion)
    merge = merge_of(survivor, lead(origin=Origin(channel=Channel.SOCIAL, external_ref="fb-1")))
    after = parted(merge, evolve(merge.survivor_after, version=9))
    assert evolve(after, keys=survivor.keys) == evolve(survivor, version=9)
    assert set(after.keys) == set(survivor.keys)


def test_every_field_that_nobody_changed_is_as_it_was() -> None:
    survivor = lead()
    merge = merge_of(survivor, lead(**RICH))
    present = edited(merge, contact={"preferred_time": "evenings"})

    back = parted(merge, present)

    assert back.contact == evolve(survivor.contact, preferred_time="evenings")
    assert (back.patient, back.origin, back.enquiry) == (
        survivor.patient,
        survivor.origin,
        survivor.enquiry,
    )
    assert (back.position, back.ownership, back.tags) == (
        survivor.position,
        survivor.ownership,
        survivor.tags,
    )
    assert back.custom == survivor.custom
    assert back.stamps.created_at == survivor.stamps.created_at
    assert back.recall_due_on is None
    assert "phone:+13125550188" not in back.keys


@pytest.mark.parametrize(
    "part, field, value",
    [
        ("contact", "first_name", "Anne"),
        ("contact", "phone_alt", None),
        ("contact", "address", Address(city="Chicago")),
        ("patient", "born_on", date(2014, 5, 6)),
        ("origin", "campaign", "autumn"),
        ("enquiry", "no_contact", True),
        ("stamps", "updated_at", LATER),
    ],
)
def test_what_was_changed_since_stays(part: str, field: str, value: object) -> None:
    merge = merge_of(lead(), lead(**RICH))
    back = parted(merge, edited(merge, **{part: {field: value}}))
    assert getattr(getattr(back, part), field) == value


@pytest.mark.parametrize(
    "now, kept",
    [
        (
            "calls\n\nprefers mornings\n\nAlso reached by: carlos@example.com; Saturdays",
            "calls; Saturdays",
        ),
        ("Saturdays", "Saturdays"),
        (None, None),
    ],
)
def test_what_the_merge_wrote_into_the_notes_goes(now: str | None, kept: str | None) -> None:
    merge = merge_of(lead(enquiry=Enquiry(notes="calls")), lead(**RICH))
    assert parted(merge, edited(merge, enquiry={"notes": now})).enquiry.notes == kept


def test_tags_and_own_fields_that_came_since_stay() -> None:
    survivor = lead(tags=("vip",), custom=Custom(shown={"eyes": "blue"}))
    merge = merge_of(survivor, lead(**RICH))
    own = evolve(merge.survivor_after.custom, shown={"eyes": "green", "hair": "red", "teeth": "32"})
    present = evolve(merge.survivor_after, tags=("vip", "second", "third"), custom=own)

    back = parted(merge, present)

    assert back.tags == ("vip", "third")
    assert back.custom == Custom(shown={"eyes": "green", "teeth": "32"})


def test_an_own_field_of_the_loser_that_was_changed_since_stays() -> None:
    merge = merge_of(lead(), lead(**RICH))
    own = evolve(merge.survivor_after.custom, shown={"hair": "grey"})
    back = parted(merge, evolve(merge.survivor_after, custom=own))
    assert back.custom == Custom(shown={"hair": "grey"})


def test_milestones_are_those_that_the_survivor_would_have_reached_alone() -> None:
    met = Milestones(first_attempt_at=EARLIER, first_contact_at=EARLIER, ms_to_contact=0)
    survivor = lead(created_at=MONDAY_MORNING)
    merge = merge_of(survivor, lead(**RICH, milestones=met))
    lived = Milestones(first_contact_at=LATER, unanswered=1)
    present = edited(merge, milestones={"accepted_at": LATER, "unanswered": 0})

    back = parted(merge, present, lived).milestones

    took = int((LATER - MONDAY_MORNING).total_seconds() * 1000)
    assert back == Milestones(
        first_contact_at=LATER, ms_to_contact=took, accepted_at=LATER, unanswered=1
    )


def moved_on(merge: Merge, stage: str, order: int, furthest: int | None = None) -> Lead:
    """Let the survivor enter a stage after the merge."""
    held = merge.survivor_after.position
    far = order if furthest is None else furthest
    position = evolve(
        held,
        stage=StageSlug(stage),
        order=order,
        entered_at=LATER,
        visit_id=VisitId("visit-9"),
        furthest=StageSlug(stage) if furthest is None else held.furthest,
        furthest_order=far,
    )
    return evolve(merge.survivor_after, position=position)


def test_a_survivor_that_moved_on_stays_there() -> None:
    merge = merge_of(lead(), lead(**RICH))
    back = parted(merge, moved_on(merge, "treatment_accepted", 6))
    assert (back.position.stage, back.position.visit_id) == ("treatment_accepted", "visit-9")
    assert (back.position.furthest, back.status) == ("treatment_accepted", LeadStatus.ACTIVE)


def test_the_furthest_stage_is_never_behind_the_present_one() -> None:
    merge = merge_of(lead(), lost_from("pending_decision", 5))
    assert merge.survivor_after.position.furthest_order == 5
    back = parted(merge, moved_on(merge, "contacted", 2, furthest=5))
    assert (back.position.furthest, back.position.furthest_order) == ("contacted", 2)


def lost_from(stage: str, order: int) -> Lead:
    gone = lead(stage="lost", order=8, status=LeadStatus.LOST)
    died = Loss(at=MONDAY_MORNING, reason=LostReason.RELOCATED, stage=StageSlug(stage), order=order)
    position = evolve(gone.position, furthest=StageSlug(stage), furthest_order=order)
    return evolve(gone, loss=died, position=position)


def test_a_survivor_that_was_lost_since_stays_lost() -> None:
    merge = merge_of(lead(), lead(**RICH))
    loss = Loss(
        at=LATER, reason=LostReason.NO_RESPONSE, stage=StageSlug("pending_decision"), order=5
    )
    present = evolve(moved_on(merge, "lost", 8, furthest=5), loss=loss, status=LeadStatus.LOST)
    back = parted(merge, present)
    assert (back.status, back.loss, back.position.stage) == (LeadStatus.LOST, loss, "lost")
    assert (back.position.furthest, back.position.furthest_order) == ("new_lead", 1)


def test_a_lost_survivor_that_was_brought_back_is_lost_again() -> None:
    survivor = lost_from("contacted", 2)
    merge = merge_of(survivor, lead())
    assert merge.survivor_after.is_open
    back = parted(merge, edited(merge, contact={"first_name": "Anne"}))
    assert (back.status, back.loss) == (LeadStatus.LOST, survivor.loss)
    assert back.position == survivor.position


def test_an_active_lead_keeps_the_coordinator_that_came_with_the_merge() -> None:
    merge = merge_of(lead(owner=None), lead(owner="tc-2"))
    lived = Milestones(first_contact_at=LATER)
    active = parted(merge, edited(merge, milestones={"first_contact_at": LATER}), lived)
    assert (active.status, active.ownership.owner) == (LeadStatus.ACTIVE, "tc-2")
    assert active.ownership.first_owner is None
    new = parted(merge, edited(merge, contact={"first_name": "Anne"}))
    assert (new.status, new.ownership.owner) == (LeadStatus.NEW, None)


def test_a_coordinator_chosen_since_stays() -> None:
    merge = merge_of(lead(owner="tc-1"), lead(owner="tc-2"))
    present = edited(merge, ownership={"owner": "tc-3", "assigned_at": LATER})
    assert parted(merge, present).ownership.owner == "tc-3"


def test_the_recall_of_a_lead_under_observation_comes_back_unless_it_was_changed() -> None:
    soon, late, other = date(2026, 12, 1), date(2027, 3, 1), date(2027, 6, 1)
    merge = merge_of(lead(recall_due_on=late), lead(recall_due_on=soon))
    renamed = {"contact": {"first_name": "Anne"}}
    assert parted(merge, edited(merge, **renamed)).recall_due_on == late
    dated = evolve(merge.survivor_after, recall_due_on=other)
    assert parted(merge, dated).recall_due_on == other


def test_a_survivor_that_was_converted_before_stays_as_it_is() -> None:
    survivor = lead(
        stage="treatment_started",
        order=7,
        status=LeadStatus.CONVERTED,
        conversion=Conversion(at=MONDAY_MORNING, patient_ref="p-1"),
    )
    merge = merge_of(survivor, lead(**RICH))
    present = edited(merge, stamps={"updated_at": LATER})
    assert parted(merge, present) == present
