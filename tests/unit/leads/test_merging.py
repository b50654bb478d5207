"""What two leads make of themselves: field by field, and as a whole."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import attrs
import pytest
from attrs import evolve

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput, LeadClosed, LeadLocked, TwoPatients
from orthocrm.core.ids import SourceId, StageSlug, UserId
from orthocrm.core.lead import (
    Channel,
    Conversion,
    Custom,
    Enquiry,
    Incomplete,
    Insurance,
    Lead,
    LeadStatus,
    Loss,
    LostReason,
    Milestones,
    Objection,
    Origin,
    Ownership,
    TreatmentInterest,
)
from orthocrm.core.people import Address, Email, PatientRelationship, Phone
from orthocrm.leads import merging
from orthocrm.leads.editing import LeadEdit
from orthocrm.leads.keeping import ADDRESS, FIELDS, Pair, Side, read_choices
from orthocrm.leads.merging import Joined, MergeField
from orthocrm.testing.clock import MONDAY_MORNING
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()
EARLIER = MONDAY_MORNING - timedelta(days=30)
NOW = MONDAY_MORNING + timedelta(days=3)
BY = UserId("tc-9")

INVISALIGN, GENERAL = TreatmentInterest.INVISALIGN, TreatmentInterest.GENERAL_INQUIRY
BRACES = TreatmentInterest.BRACES_METAL


def lead(**fields: Any) -> Lead:
    return a_lead_of(PRACTICE, **fields)


def contact(of: Lead, **fields: Any) -> Lead:
    return evolve(of, contact=evolve(of.contact, **fields))


def enquiry(of: Lead, **fields: Any) -> Lead:
    return evolve(of, enquiry=evolve(of.enquiry, **fields))


def noting(text: str | None, **fields: Any) -> Lead:
    return lead(enquiry=Enquiry(notes=text), **fields)


def insured(carrier: str | None, member_id: str | None) -> Lead:
    return lead(enquiry=Enquiry(insurance=Insurance(carrier=carrier, member_id=member_id)))


def lost(at: datetime, **fields: Any) -> Lead:
    one = lead(stage="lost", order=8, created_at=at, status=LeadStatus.LOST, **fields)
    slug = StageSlug("contacted")
    position = evolve(one.position, furthest=slug, furthest_order=2)
    died = Loss(at=at, reason=LostReason.RELOCATED, stage=slug, order=2)
    return evolve(one, loss=died, position=position)


def converted(**fields: Any) -> Lead:
    return lead(
        stage="treatment_started",
        order=7,
        status=LeadStatus.CONVERTED,
        conversion=Conversion(at=MONDAY_MORNING, patient_ref="p-1"),
        **fields,
    )


def joined(
    survivor: Lead,
    loser: Lead,
    choices: Mapping[str, str] | None = None,
    *,
    unanswered: int = 0,
) -> Joined:
    return merging.joined(
        Pair(survivor=survivor, loser=loser),
        read_choices(choices),
        PRACTICE,
        unanswered=unanswered,
        now=NOW,
        by=BY,
    )


def previewed(survivor: Lead, loser: Lead, **choices: str) -> dict[str, MergeField]:
    shown = merging.preview(survivor, loser, read_choices(choices))
    return {one.name: one for one in shown.fields}


def problems(choices: Any, survivor: Lead | None = None) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refusal:
        joined(survivor or lead(), lead(), choices)
    return [(problem.path, problem.code) for problem in refusal.value.problems]


# --- bad input


@pytest.mark.parametrize("choices", [[], "phone", 3, True])
def test_choices_are_a_mapping(choices: object) -> None:
    assert problems(choices) == [("choices", "wrong_type")]


@pytest.mark.parametrize("name", ["shoe_size", "address_line1", "source", "external_ref", 3, None])
def test_only_fields_of_which_one_may_choose_are_chosen(name: object) -> None:
    assert problems({name: "loser"}) == [("choices", "unknown_field")]


@pytest.mark.parametrize(
    "side, code",
    [("winner", "unknown_value"), (1, "wrong_type"), (None, "required"), ("", "unknown_value")],
)
def test_a_side_is_one_of_two(side: object, code: str) -> None:
    assert problems({"phone": side}) == [("choices.phone", code)]


def test_everything_that_is_wrong_is_told_and_no_value_of_it() -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_choices({"phone": "Maria Lopez", "email": "nobody", "Maria": "loser"})
    assert [problem.path for problem in refusal.value.problems] == [
        "choices",
        "choices.email",
        "choices.phone",
    ]
    assert "Maria" not in str(refusal.value)


def test_a_side_that_holds_nothing_is_no_choice() -> None:
    bare = contact(lead(), email=None)
    with pytest.raises(InvalidInput) as refusal:
        joined(lead(), bare, {"email": "loser"})
    assert [(p.path, p.code) for p in refusal.value.problems] == [
        ("choices.email", "nothing_there")
    ]


def test_where_both_hold_nothing_either_side_will_do() -> None:
    assert joined(lead(), lead(), {"preferred_time": "loser"}).lead.contact.preferred_time is None


# --- who may be merged


def test_a_lead_is_not_merged_with_itself() -> None:
    one = lead()
    with pytest.raises(InvalidInput) as refusal:
        joined(one, one)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("loser_id", "same_lead")]


def test_two_converted_leads_never_merge() -> None:
    with pytest.raises(TwoPatients):
        joined(converted(), converted())


def test_a_converted_lead_has_to_be_the_survivor() -> None:
    with pytest.raises(LeadLocked):
        joined(lead(), converted())


@pytest.mark.parametrize("archived_one", ["survivor", "loser"])
def test_archived_leads_are_refused(archived_one: str) -> None:
    both = {"survivor": lead(), "loser": lead()}
    both[archived_one] = evolve(both[archived_one], status=LeadStatus.ARCHIVED)
    with pytest.raises(LeadClosed) as refusal:
        joined(both["survivor"], both["loser"])
    assert refusal.value.status is LeadStatus.ARCHIVED


def test_a_preview_refuses_what_a_merge_refuses() -> None:
    with pytest.raises(TwoPatients):
        merging.preview(converted(), converted())


# --- the converted survivor


def test_no_field_of_a_converted_survivor_changes() -> None:
    survivor = contact(converted(), email=None)
    older = noting("asked twice", created_at=EARLIER, phone="+13125550188")

    done = joined(survivor, older)

    assert done.lead == survivor
    assert done.notes == ("asked twice", "Also reached by: +13125550188, anna@example.com")
    assert done.tombstone.merged_into == survivor.id


def test_nothing_can_be_chosen_for_a_converted_survivor() -> None:
    with pytest.raises(LeadLocked):
        joined(converted(), lead(phone="+13125550188"), {"phone": "loser"})
    shown = previewed(converted(), lead(phone="+13125550188"))
    assert {one.side for one in shown.values()} == {Side.SURVIVOR}
    assert not any(one.may_choose for one in shown.values())


# --- field by field


def test_a_preview_has_every_field_that_can_be_edited_with_the_address_as_one() -> None:
    editable = [attribute.name for attribute in attrs.fields(LeadEdit)]
    assert sorted({"address", *editable} - {"custom", *ADDRESS}) == sorted(FIELDS)
    assert [*previewed(lead(), lead())] == [*FIELDS]


def test_a_preview_shows_both_values_and_which_is_kept() -> None:
    shown = previewed(lead(), lead(phone="+13125550188", patient="Maya Keller"))

    name = shown["patient_first_name"]
    assert (name.survivor, name.loser, name.kept) == ("Mia", "Maya", "Mia")
    assert (name.side, name.differs, name.may_choose) == (Side.SURVIVOR, True, True)
    assert not shown["patient_last_name"].differs
    assert shown["phone_alt"].kept == Phone("+13125550188")
    assert shown["phone_alt"].side is None
    assert not shown["source"].may_choose


def test_a_preview_gives_the_versions_that_were_compared_and_what_differs() -> None:
    survivor, loser = evolve(lead(), version=4), evolve(lead(patient="Maya Keller"), version=2)
    shown = merging.preview(survivor, loser)
    assert shown.versions == (4, 2)
    assert [one.name for one in shown.differing] == ["patient_first_name"]


def test_no_personal_value_is_shown_by_repr() -> None:
    shown = repr(merging.preview(lead(), lead(phone="+13125550188")))
    assert not [word for word in ("Mia", "Keller", "anna@", "5550188") if word in shown]


def test_what_the_survivor_lacks_comes_from_the_loser() -> None:
    survivor = contact(lead(email=None), preferred_time=None)
    loser = contact(lead(), preferred_time="evenings")
    born = date(2014, 5, 6)
    loser = evolve(loser, patient=evolve(loser.patient, born_on=born))

    merged = joined(survivor, loser).lead

    assert merged.contact.email == Email("anna@example.com", "anna@example.com")
    assert merged.contact.preferred_time == "evenings"
    assert merged.patient.born_on == born


def test_a_choice_takes_the_losers_value() -> None:
    loser = lead(patient="Maya Keller")
    relative = evolve(loser, patient=evolve(loser.patient, relationship=PatientRelationship.SELF))
    chosen = {"patient_first_name": "loser", "relationship": Side.LOSER}
    merged = joined(lead(), relative, chosen).lead
    assert merged.patient.first_name == "Maya"
    assert merged.patient.relationship is PatientRelationship.SELF


def test_an_age_comes_with_the_day_on_which_it_was_said() -> None:
    said = date(2026, 3, 1)
    survivor, loser = lead(), lead()
    loser = evolve(loser, patient=evolve(loser.patient, age_years=11, age_as_of=said))
    merged = joined(survivor, loser).lead
    assert (merged.patient.age_years, merged.patient.age_as_of) == (11, said)
    back = joined(loser, survivor).lead
    assert (back.patient.age_years, back.patient.age_as_of) == (11, said)


def test_an_address_is_taken_whole_from_one_side() -> None:
    oak = Address(line1="12 Oak Street", city="Chicago")
    elm = Address(line2="Flat 3", postal_code="60601")
    ours, theirs = contact(lead(), address=oak), contact(lead(), address=elm)
    assert joined(ours, theirs).lead.contact.address == oak
    assert joined(lead(), theirs).lead.contact.address == elm
    assert joined(ours, theirs, {"address": "loser"}).lead.contact.address == elm


@pytest.mark.parametrize(
    "mine, theirs, kept",
    [
        (("1", None), ("2", None), ("1", "2")),
        (("1", "2"), ("3", None), ("1", "2")),
        (("1", None), ("1", "2"), ("1", "2")),
        (("1", None), ("1", None), ("1", None)),
        ((None, "1"), ("2", "3"), ("2", "1")),
        ((None, None), ("2", "3"), ("2", "3")),
    ],
)
def test_the_other_phone_becomes_the_second_number_when_that_is_free(
    mine: tuple[str | None, str | None],
    theirs: tuple[str | None, str | None],
    kept: tuple[str | None, str | None],
) -> None:
    def calling(numbers: tuple[str | None, str | None]) -> Lead:
        phone, other = (None if n is None else Phone(f"+1312555010{n}") for n in numbers)
        return contact(lead(), phone=phone, phone_alt=other)

    merged = joined(calling(mine), calling(theirs)).lead
    wanted = calling(kept).contact
    assert (merged.contact.phone, merged.contact.phone_alt) == (wanted.phone, wanted.phone_alt)


def test_a_chosen_phone_makes_the_survivors_own_the_second_one() -> None:
    merged = joined(lead(), lead(phone="+13125550188"), {"phone": "loser"}).lead
    assert merged.contact.phone == Phone("+13125550188")
    assert merged.contact.phone_alt == Phone("+13125550100")


def test_numbers_and_addresses_without_a_field_are_written_down() -> None:
    ours = contact(lead(), phone_alt=Phone("+13125550101"))
    theirs = contact(
        noting("prefers mornings", phone="+13125550102", email="Anna@Work.example"),
        phone_alt=Phone("+13125550103", "7"),
    )
    assert joined(ours, theirs).lead.enquiry.notes == (
        "prefers mornings\n\nAlso reached by: +13125550102, +13125550103 ext. 7, Anna@Work.example"
    )


@pytest.mark.parametrize(
    "mine, theirs, kept",
    [
        ("calls", "writes", "calls\n\nwrites"),
        ("calls and writes", "writes", "calls and writes"),
        (None, "writes", "writes"),
        ("calls", None, "calls"),
        (None, None, None),
    ],
)
def test_the_notes_of_both_are_kept(mine: str | None, theirs: str | None, kept: str | None) -> None:
    assert joined(noting(mine), noting(theirs)).lead.enquiry.notes == kept


def test_notes_that_do_not_fit_are_left_over_whole() -> None:
    long = "a" * (limits.NOTES - 10)
    done = joined(noting(long), noting("b" * 9, email="x@example.com"))
    assert done.lead.enquiry.notes == long
    assert done.notes == ("b" * 9, "Also reached by: x@example.com")
    fitting = joined(noting("a" * (limits.NOTES - 11)), noting("b" * 9))
    assert len(fitting.lead.enquiry.notes or "") == limits.NOTES
    assert fitting.notes == ()


def test_chosen_notes_stand_alone() -> None:
    assert joined(noting("calls"), noting("writes"), {"notes": "loser"}).lead.enquiry.notes == (
        "writes"
    )


@pytest.mark.parametrize(
    "mine, theirs, kept",
    [
        ((GENERAL,), (INVISALIGN,), (INVISALIGN,)),
        ((INVISALIGN, GENERAL), (BRACES,), (INVISALIGN, BRACES)),
        ((GENERAL,), (GENERAL,), (GENERAL,)),
        ((BRACES,), (INVISALIGN, BRACES), (BRACES, INVISALIGN)),
    ],
)
def test_interests_are_united(
    mine: tuple[TreatmentInterest, ...],
    theirs: tuple[TreatmentInterest, ...],
    kept: tuple[TreatmentInterest, ...],
) -> None:
    ours, others = enquiry(lead(), interests=mine), enquiry(lead(), interests=theirs)
    assert joined(ours, others).lead.enquiry.interests == kept


@pytest.mark.parametrize(
    "mine, theirs, kept",
    [
        (("Delta", None), ("Aetna", "5"), ("Delta", None)),
        (("Delta", None), ("Delta", "5"), ("Delta", "5")),
        (("Delta", "1"), ("Aetna", "5"), ("Delta", "1")),
        ((None, None), ("Aetna", "5"), ("Aetna", "5")),
        ((None, "1"), ("Aetna", "5"), (None, "1")),
        ((None, "5"), ("Aetna", "5"), ("Aetna", "5")),
        ((None, "1"), ("Aetna", None), ("Aetna", "1")),
    ],
)
def test_a_membership_never_comes_to_another_insurance(
    mine: tuple[str | None, str | None],
    theirs: tuple[str | None, str | None],
    kept: tuple[str | None, str | None],
) -> None:
    found = joined(insured(*mine), insured(*theirs)).lead.enquiry.insurance
    assert (found.carrier, found.member_id) == kept


def test_a_chosen_insurance_brings_its_membership() -> None:
    chosen = {"insurance_carrier": "loser"}
    found = joined(insured("Delta", "1"), insured("Aetna", "5"), chosen).lead.enquiry.insurance
    assert (found.carrier, found.member_id) == ("Aetna", "5")


@pytest.mark.parametrize(
    "mine, theirs, kept",
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_a_family_that_can_be_reached_once_can_be_reached(
    *, mine: bool, theirs: bool, kept: bool
) -> None:
    ours, others = enquiry(lead(), no_contact=mine), enquiry(lead(), no_contact=theirs)
    assert joined(ours, others).lead.enquiry.no_contact is kept


def test_tags_and_own_fields_are_united() -> None:
    ours = lead(tags=("vip",), custom=Custom(shown={"hair": "brown"}, personal={"dog": "Rex"}))
    theirs = lead(
        tags=("second", "vip"),
        custom=Custom(shown={"hair": "red", "dog": "yes", "eyes": "blue"}, personal={"cat": "Tom"}),
    )
    merged = joined(ours, theirs).lead
    assert merged.tags == ("vip", "second")
    assert merged.custom == Custom(
        shown={"hair": "brown", "eyes": "blue"}, personal={"dog": "Rex", "cat": "Tom"}
    )


def test_a_preview_shows_the_clinics_own_fields_too() -> None:
    ours = lead(custom=Custom(shown={"hair": "brown"}))
    theirs = lead(custom=Custom(shown={"hair": "red"}, personal={"dog": "Rex"}))
    shown = previewed(ours, theirs)
    hair, dog = shown["custom.hair"], shown["custom.dog"]
    assert (hair.survivor, hair.loser, hair.kept, hair.side) == (
        "brown",
        "red",
        "brown",
        Side.SURVIVOR,
    )
    assert (dog.survivor, dog.kept, dog.side, dog.may_choose) == (None, "Rex", Side.LOSER, False)
    assert previewed(converted(), theirs)["custom.dog"].kept is None


def test_what_is_derived_is_derived_again() -> None:
    ours = contact(evolve(lead(), patient=evolve(lead().patient, first_name="")), email=None)
    ours = enquiry(ours, incomplete=(Incomplete.PATIENT_NAME,))
    merged = joined(ours, lead()).lead
    assert merged.enquiry.incomplete == ()
    assert "email:anna@example.com" in merged.keys
    assert any(key.startswith("kin:") for key in merged.keys)


# --- what has happened


def test_creation_and_first_touch_are_those_of_the_older_one() -> None:
    older = lead(
        created_at=EARLIER,
        origin=Origin(channel=Channel.SOCIAL, campaign="spring", external_ref="fb-1"),
    )
    newer = lead(origin=Origin(channel=Channel.PHONE, external_ref="x-2"))
    for merged in (joined(newer, older).lead, joined(older, newer).lead):
        assert merged.origin == older.origin
        assert merged.stamps.created_at == EARLIER
        assert (merged.stamps.updated_at, merged.stamps.updated_by) == (NOW, BY)


def test_a_first_touch_that_nobody_recorded_stays_unknown() -> None:
    older = lead(created_at=EARLIER, origin=Origin(channel=Channel.MANUAL))
    source = PRACTICE.sources[0].id
    newer = lead(origin=Origin(channel=Channel.PHONE, source_id=source, external_ref="x-2"))
    origin = joined(newer, older).lead.origin
    assert origin == Origin(channel=Channel.MANUAL, external_ref="x-2")
    assert origin.source_id != SourceId(source)


def test_every_reference_of_both_still_finds_the_merged_lead() -> None:
    older = lead(created_at=EARLIER, origin=Origin(channel=Channel.SOCIAL, external_ref="fb-1"))
    newer = evolve(
        lead(origin=Origin(channel=Channel.PHONE, external_ref="x-2")), former_refs=("x-1", "fb-1")
    )
    for merged in (joined(newer, older).lead, joined(older, newer).lead):
        assert merged.origin.external_ref == "fb-1"
        assert merged.former_refs == ("x-1", "x-2")
        assert {"ref:fb-1", "ref:x-1", "ref:x-2"} <= set(merged.keys)


def test_a_converted_survivor_is_found_by_the_losers_reference_too() -> None:
    survivor = converted()
    loser = lead(origin=Origin(channel=Channel.PHONE, external_ref="x-2"))
    merged = joined(survivor, loser).lead
    assert merged.former_refs == ("x-2",)
    assert set(merged.keys) == {*survivor.keys, "ref:x-2"}
    assert evolve(merged, former_refs=(), keys=survivor.keys) == survivor


def test_milestones_are_the_earliest_counted_from_the_first_enquiry() -> None:
    hour = timedelta(hours=1)
    older = lead(
        created_at=EARLIER,
        milestones=Milestones(first_attempt_at=EARLIER + hour, ms_to_attempt=3_600_000),
    )
    newer = lead(
        milestones=Milestones(
            first_attempt_at=MONDAY_MORNING,
            first_contact_at=EARLIER + 2 * hour,
            scheduled_at=MONDAY_MORNING,
            observed_at=MONDAY_MORNING,
            recalled_at=MONDAY_MORNING,
            unanswered=4,
        )
    )
    merged = joined(newer, older, unanswered=2).lead.milestones
    assert merged == Milestones(
        first_attempt_at=EARLIER + hour,
        first_contact_at=EARLIER + 2 * hour,
        ms_to_attempt=3_600_000,
        ms_to_contact=7_200_000,
        scheduled_at=MONDAY_MORNING,
        observed_at=MONDAY_MORNING,
        recalled_at=MONDAY_MORNING,
        unanswered=2,
    )


def test_the_coordinator_is_the_survivors_or_else_the_losers() -> None:
    ours, theirs = lead(owner="tc-1"), lead(owner="tc-2", created_at=EARLIER)
    kept = joined(ours, theirs).lead.ownership
    assert (kept.owner, kept.assigned_at) == ("tc-1", MONDAY_MORNING)
    assert kept.first_owner == "tc-2"
    assert joined(lead(owner=None), theirs).lead.ownership == theirs.ownership
    assert joined(lead(owner=None), lead(owner=None)).lead.ownership == Ownership()


def test_the_stage_further_ahead_is_kept_with_its_visit() -> None:
    ahead, behind = lead(stage="pending_decision"), lead(stage="contacted")
    for merged in (joined(ahead, behind).lead, joined(behind, ahead).lead):
        assert merged.position == ahead.position
        assert merged.status is LeadStatus.ACTIVE


def test_in_the_same_stage_the_survivors_visit_is_kept() -> None:
    ours, theirs = lead(), lead(created_at=EARLIER)
    assert joined(ours, theirs).lead.position == ours.position


def test_the_furthest_stage_is_that_of_both() -> None:
    ours, gone = lead(), lost(MONDAY_MORNING)
    merged = joined(ours, gone).lead
    assert merged.position.stage == "new_lead"
    assert (merged.position.furthest, merged.position.furthest_order) == ("contacted", 2)


def test_an_open_lead_brings_a_lost_one_back() -> None:
    ours = lead(stage="contacted")
    for merged in (joined(ours, lost(EARLIER)).lead, joined(lost(EARLIER), ours).lead):
        assert merged.position.visit_id == ours.position.visit_id
        assert merged.loss is None
        assert merged.is_open


def test_of_two_lost_leads_the_later_loss_is_kept() -> None:
    first, last = lost(EARLIER), lost(MONDAY_MORNING)
    for merged in (joined(first, last).lead, joined(last, first).lead):
        assert (merged.status, merged.loss) == (LeadStatus.LOST, last.loss)
        assert merged.position == last.position


def test_a_new_lead_whose_family_was_reached_before_is_active() -> None:
    reached = evolve(lost(EARLIER), milestones=Milestones(first_contact_at=EARLIER))
    assert joined(lead(), reached).lead.status is LeadStatus.ACTIVE
    assert joined(lead(), lost(EARLIER)).lead.status is LeadStatus.NEW


def test_a_recall_is_the_earlier_of_two() -> None:
    soon, later = date(2026, 12, 1), date(2027, 3, 1)
    merged = joined(lead(recall_due_on=later), lead(recall_due_on=soon)).lead
    assert merged.recall_due_on == soon


def test_a_family_that_asks_again_is_under_observation_only_where_it_stands() -> None:
    soon = date(2026, 12, 1)
    ahead = lead(stage="pending_decision")
    waiting = lead(stage="pending_decision", recall_due_on=soon)
    assert joined(ahead, lead(recall_due_on=soon)).lead.recall_due_on is None
    assert joined(lead(), waiting).lead.recall_due_on == soon


def test_an_objection_is_the_survivors_or_else_the_losers() -> None:
    ours, theirs = lead(objection=Objection.COST), lead(objection=Objection.TIMING)
    assert joined(ours, theirs).lead.objection is Objection.COST
    assert joined(lead(), theirs).lead.objection is Objection.TIMING


def test_the_loser_becomes_a_tombstone_that_nothing_finds() -> None:
    milestones = Milestones(next_action_at=NOW)
    survivor, loser = lead(), lead(phone="+13125550188", milestones=milestones)
    tombstone = joined(survivor, loser).tombstone
    assert (tombstone.status, tombstone.merged_into) == (LeadStatus.ARCHIVED, survivor.id)
    assert (tombstone.stamps.deleted_at, tombstone.stamps.updated_by) == (NOW, BY)
    assert (tombstone.keys, tombstone.milestones.next_action_at) == ((), None)
    assert tombstone.contact == loser.contact
