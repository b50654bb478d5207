from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import SourceId
from orthocrm.core.lead import (
    Channel,
    Incomplete,
    Insurance,
    Lead,
    LeadStatus,
    Milestones,
    TreatmentInterest,
)
from orthocrm.core.people import Address, Email, PatientRelationship, Phone
from orthocrm.core.settings import Practice
from orthocrm.leads.intake import Intake, admitted
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import COORDINATOR
from tests.support.practices import a_practice, new_ids

NOW = MONDAY_MORNING
WEB: dict[str, Any] = {"channel": Channel.WEB_FORM, "source": "Web - Organic search"}


def an_intake(**fields: Any) -> Intake:
    usual = {"first_name": "Maria", "last_name": "Lopez", "phone": "(312) 555-0142"}
    return Intake(**{**usual, **fields})


def admit(intake: Intake, practice: Practice | None = None, **options: Any) -> Lead:
    return admitted(
        intake, practice or a_practice(), now=NOW, by=COORDINATOR, ids=new_ids(), **options
    )


def problems_of(intake: Intake, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        admit(intake, **options)
    return [(problem.path, problem.code) for problem in caught.value.problems]


def test_an_enquiry_becomes_a_new_lead_in_the_default_stage() -> None:
    lead = admit(an_intake(email="Maria@example.com"))

    assert (lead.status, lead.position.stage, lead.position.order) == (
        LeadStatus.NEW,
        "new_lead",
        1,
    )
    assert (lead.position.furthest, lead.position.entered_at) == ("new_lead", NOW)
    assert lead.contact.phone == Phone("+13125550142")
    assert lead.contact.email == Email("maria@example.com", "Maria@example.com")
    assert lead.milestones == Milestones()
    assert lead.keys == ("email:maria@example.com", "phone:+13125550142")
    assert (lead.stamps.created_at, lead.stamps.created_by) == (NOW, "tc-1")
    assert lead.ownership.owner is None


def test_every_field_finds_its_place() -> None:
    practice = a_practice()
    lead = admit(
        an_intake(
            patient_first_name="Ana",
            patient_last_name="Lopez",
            patient_born_on=date(2014, 5, 6),
            relationship="CHILD",
            phone_alt="312 555 0143",
            preferred_contact="TEXT",
            preferred_time="after school",
            address_line1="1 Oak St",
            address_line2="Apt 2",
            city="Chicago",
            state="IL",
            postal_code="60601",
            source="doctor REFERRAL",
            campaign="spring",
            source_detail="by letter",
            referring_provider="dr-7",
            interests=["INVISALIGN", "BRACES_CLEAR", "INVISALIGN"],
            insurance_carrier="Delta",
            insurance_member_id="77-1",
            notes="first\nsecond",
            external_ref="web-1",
        ),
        practice,
    )

    assert (lead.patient.first_name, lead.patient.born_on) == ("Ana", date(2014, 5, 6))
    assert lead.contact.address == Address(
        line1="1 Oak St", line2="Apt 2", city="Chicago", state="IL", postal_code="60601"
    )
    assert practice.source_by_id[SourceId(lead.origin.source_id or "")].name == "Doctor referral"
    assert (lead.origin.campaign, lead.origin.detail) == ("spring", "by letter")
    assert lead.origin.referring_provider_ref == "dr-7"
    assert lead.enquiry.interests == (
        TreatmentInterest.INVISALIGN,
        TreatmentInterest.BRACES_CLEAR,
    )
    assert lead.enquiry.insurance == Insurance(carrier="Delta", member_id="77-1")
    assert lead.enquiry.notes == "first\nsecond"
    assert lead.enquiry.incomplete == ()
    assert [key for key in lead.keys if key.startswith(("phone:", "ref:"))] == [
        "phone:+13125550142",
        "phone:+13125550143",
        "ref:web-1",
    ]
    assert {key.partition(":")[0] for key in lead.keys} == {
        *("area", "born", "door", "kin"),
        *("phone", "ref"),
    }


def test_without_an_interest_the_enquiry_is_general() -> None:
    assert admit(an_intake()).enquiry.interests == (TreatmentInterest.GENERAL_INQUIRY,)


def test_a_lead_needs_a_name_and_a_way_to_be_reached() -> None:
    assert problems_of(Intake()) == [("first_name", "required"), ("phone", "required")]


def test_one_name_is_enough_and_the_other_is_flagged() -> None:
    lead = admit(an_intake(last_name=None, **WEB))

    assert lead.enquiry.incomplete == (Incomplete.PATIENT_NAME, Incomplete.CONTACT_NAME)


@pytest.mark.parametrize("way", [{"email": "m@example.com"}, {"phone_alt": "312 555 0142"}])
def test_an_email_or_another_number_reaches_the_family_too(way: dict[str, Any]) -> None:
    assert admit(Intake(first_name="Maria", last_name="Lopez", **way)).contact.phone is None


def test_a_refused_phone_is_not_reported_as_missing_as_well() -> None:
    assert problems_of(an_intake(phone="1-800-FLOWERS")) == [("phone", "not_a_phone")]


def test_no_contact_admits_an_anonymous_lead_and_flags_it() -> None:
    lead = admit(Intake(no_contact=True, **WEB))

    assert lead.enquiry.no_contact
    assert lead.enquiry.incomplete == (Incomplete.PATIENT_NAME, Incomplete.CONTACT_NAME)
    assert lead.keys == ()


def test_everything_that_is_wrong_is_said_at_once_and_without_the_values() -> None:
    intake = an_intake(
        first_name="secret" * 20,
        email="secret@home@example.com",
        phone="1-800-SECRETS",
        relationship="SECRET",
        source="secret source",
        interests="INVISALIGN",
        no_contact="false",
        patient_age=True,
        patient_born_on="2014-05-06",
        received_at=datetime(2026, 11, 2, 9, 0),  # noqa: DTZ001 - a naive instant is the point
        notes="secret" * 2_000,
        preferred_contact="PIGEON",
    )

    with pytest.raises(InvalidInput) as caught:
        admit(intake)

    assert sorted((problem.path, problem.code) for problem in caught.value.problems) == [
        ("email", "not_an_email"),
        ("first_name", "too_long"),
        ("interests", "wrong_type"),
        ("no_contact", "wrong_type"),
        ("notes", "too_long"),
        ("patient_age", "wrong_type"),
        ("patient_born_on", "not_a_date"),
        ("phone", "not_a_phone"),
        ("preferred_contact", "unknown_value"),
        ("received_at", "naive_datetime"),
        ("relationship", "unknown_value"),
        ("source", "unknown_source"),
    ]
    assert "secret" not in str(caught.value).casefold()


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"first_name": 7}, ("first_name", "wrong_type")),
        ({"notes": ["x"]}, ("notes", "wrong_type")),
        ({"notes": "x" * 10_000_000}, ("notes", "too_long")),
        ({"city": "x" * (limits.LABEL + 1)}, ("city", "too_long")),
        ({"city": "Chi\x00cago"}, ("city", "bad_character")),
        ({"notes": "half \ud800 pair"}, ("notes", "bad_character")),
        ({"patient_age": -1}, ("patient_age", "out_of_range")),
        ({"patient_age": 300}, ("patient_age", "out_of_range")),
        ({"patient_age": "12"}, ("patient_age", "wrong_type")),
        ({"patient_born_on": datetime(2014, 5, 6, tzinfo=UTC)}, ("patient_born_on", "not_a_date")),
        ({"patient_born_on": date(2026, 11, 3)}, ("patient_born_on", "in_the_future")),
        ({"interests": ["BRACES"]}, ("interests", "unknown_value")),
        ({"interests": ["INVISALIGN"] * 51}, ("interests", "too_long")),
        ({"interests": {"INVISALIGN": True}}, ("interests", "wrong_type")),
        ({"interests": 5}, ("interests", "wrong_type")),
        ({"relationship": 1}, ("relationship", "wrong_type")),
        ({"source": 5}, ("source", "wrong_type")),
        ({"channel": "FAX"}, ("channel", "unknown_value")),
        ({"channel": None}, ("channel", "required")),
        ({"live": "yes"}, ("live", "wrong_type")),
        ({"received_at": "2026-11-02"}, ("received_at", "not_an_instant")),
        ({"received_at": NOW + timedelta(hours=1)}, ("received_at", "in_the_future")),
        ({"owner": 5}, ("owner", "wrong_type")),
        ({"delivery_key": "k" * 256}, ("delivery_key", "too_long")),
        ({"email": 5}, ("email", "wrong_type")),
        ({"email": "m@" + "x" * 400}, ("email", "not_an_email")),
    ],
)
def test_types_and_lengths_are_strict(fields: dict[str, Any], problem: tuple[str, str]) -> None:
    assert problems_of(an_intake(**fields)) == [problem]


def test_blank_values_are_missing_and_line_breaks_in_a_line_become_spaces() -> None:
    lead = admit(an_intake(email="  ", phone_alt=" ", city="New\r\nYork", campaign=" ", notes="\n"))

    assert (lead.contact.email, lead.contact.phone_alt) == (None, None)
    assert lead.contact.address.city == "New York"
    assert (lead.origin.campaign, lead.enquiry.notes) == (None, None)


def test_a_birth_date_is_judged_by_the_clinics_own_date() -> None:
    late = datetime(2026, 11, 3, 3, 0, tzinfo=UTC)  # still the 2nd in Chicago
    intake = an_intake(patient_born_on=date(2026, 11, 3))

    with pytest.raises(InvalidInput):
        admitted(intake, a_practice(), now=late, by=COORDINATOR, ids=new_ids())


def test_an_age_is_kept_with_the_day_on_which_it_was_said() -> None:
    patient = admit(an_intake(patient_age=12)).patient

    assert (patient.age_years, patient.age_as_of) == (12, date(2026, 11, 2))


def test_self_copies_the_contacts_name_to_the_patient_and_back() -> None:
    one = admit(an_intake(relationship="SELF")).patient
    two = admit(
        Intake(patient_first_name="Maria", patient_last_name="Lopez", email="m@example.com")
    )

    assert (one.first_name, one.last_name) == ("Maria", "Lopez")
    assert two.contact.name == "Maria Lopez"
    assert two.patient.relationship is PatientRelationship.SELF


def test_a_child_without_a_name_gets_a_flagged_placeholder() -> None:
    lead = admit(an_intake(relationship="CHILD"))

    assert (lead.patient.first_name, lead.patient.last_name) == ("", "")
    assert Incomplete.PATIENT_NAME in lead.enquiry.incomplete


def test_two_names_without_a_relationship_are_two_people() -> None:
    lead = admit(an_intake(patient_first_name="Ana", patient_last_name="Lopez"))

    assert lead.patient.relationship is PatientRelationship.OTHER


def test_a_source_is_found_by_id_and_by_name_whatever_its_case() -> None:
    practice = a_practice()
    source = practice.sources[2]

    assert admit(an_intake(source=source.id), practice).origin.source_id == source.id
    assert admit(an_intake(source=source.name.upper()), practice).origin.source_id == source.id


def test_without_a_source_the_default_one_is_taken_and_its_detail_asked_for() -> None:
    practice = a_practice()
    lead = admit(an_intake(), practice)

    assert lead.origin.source_id == practice.sources[-1].id
    assert lead.enquiry.incomplete == (Incomplete.SOURCE_DETAIL,)


def test_an_import_may_leave_the_source_unknown() -> None:
    lead = admit(an_intake(channel=Channel.IMPORT), blank_source_ok=True, import_id="import-1")

    assert (lead.origin.source_id, lead.origin.import_id) == (None, "import-1")
    assert lead.enquiry.incomplete == ()


def test_a_clinic_without_a_default_source_keeps_it_unknown() -> None:
    assert admit(an_intake(), a_practice(sources=())).origin.source_id is None


@pytest.mark.parametrize(
    "source, path",
    [("Doctor referral", "referring_provider"), ("Patient referral", "referring_patient")],
)
def test_staff_name_the_referrer_and_other_channels_are_flagged(source: str, path: str) -> None:
    assert problems_of(an_intake(source=source)) == [(path, "required")]
    assert admit(an_intake(channel=Channel.WEB_FORM, source=source)).enquiry.incomplete == (
        Incomplete.REFERRER,
    )
    assert admit(an_intake(source=source, **{path: "dr-1"})).enquiry.incomplete == ()


def test_staff_describe_another_source_unless_it_is_the_default() -> None:
    practice = a_practice()
    other = evolve(practice.sources[-1], id=SourceId("another"), name="Radio", is_default=False)
    practice = a_practice(sources=(*practice.sources, other))

    with pytest.raises(InvalidInput) as caught:
        admit(an_intake(source="Radio"), practice)

    assert [problem.path for problem in caught.value.problems] == ["source_detail"]
    assert admit(an_intake(source="Other"), practice).enquiry.incomplete == (
        Incomplete.SOURCE_DETAIL,
    )


def test_rule_1_a_lead_answered_live_counts_as_contacted() -> None:
    received = NOW - timedelta(hours=2)
    lead = admit(an_intake(channel=Channel.PHONE, received_at=received))

    assert lead.status is LeadStatus.ACTIVE
    assert lead.milestones == Milestones(
        first_contact_at=received, ms_to_contact=0, business_ms_to_contact=0
    )
    assert admit(an_intake(channel=Channel.WALK_IN)).status is LeadStatus.ACTIVE
    assert admit(an_intake(channel=Channel.PHONE, live=False)).status is LeadStatus.NEW
    assert admit(an_intake(channel=Channel.WEB_FORM, live=True)).status is LeadStatus.ACTIVE


def test_the_time_of_arrival_is_the_leads_creation() -> None:
    received = NOW - timedelta(days=40)
    lead = admit(an_intake(received_at=received))

    assert (lead.stamps.created_at, lead.stamps.updated_at) == (received, NOW)
    assert lead.position.entered_at == received


def test_a_clock_that_runs_slightly_ahead_means_now() -> None:
    lead = admit(an_intake(received_at=NOW + timedelta(minutes=2)))

    assert lead.stamps.created_at == NOW


def test_rule_9_nothing_personal_shows_in_a_repr() -> None:
    intake = an_intake(
        email="maria@example.com", notes="Maria's worry", city="Chicago", external_ref="Lopez-7"
    )
    shown = repr(intake) + repr(admit(intake))

    for secret in ("Maria", "Lopez", "maria", "312555", "Chicago"):
        assert secret not in shown
