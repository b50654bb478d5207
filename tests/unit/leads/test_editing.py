from datetime import date, timedelta
from typing import Any

import attrs
import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput, LeadLocked
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Conversion, Incomplete, Lead, LeadStatus, TreatmentInterest
from orthocrm.core.people import PatientRelationship, Phone, PreferredContact
from orthocrm.leads.editing import Edited, LeadEdit, edited
from orthocrm.leads.fields import READERS
from orthocrm.leads.intake import Intake
from orthocrm.testing.clock import MONDAY_MORNING
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()
LATER = MONDAY_MORNING + timedelta(hours=1)


def edit(lead: Lead, **fields: Any) -> Edited:
    return edited(lead, LeadEdit(**fields), PRACTICE, now=LATER, by=UserId("tc-2"))


def test_an_edit_says_what_changed_before_and_after() -> None:
    lead = a_lead_of(PRACTICE)

    result = edit(lead, first_name="Anne", phone="312 555 0177 x3", campaign="spring")

    assert result.fields == ("first_name", "phone", "campaign")
    assert result.before == {"first_name": "Anna", "phone": "+13125550100"}
    assert result.after == {"first_name": "Anne", "phone": "+13125550177;ext=3"}
    assert result.lead.contact.phone == Phone("+13125550177", "3")
    assert result.lead.origin.campaign == "spring"
    assert (result.lead.stamps.updated_at, result.lead.stamps.updated_by) == (LATER, "tc-2")
    assert result.lead.version == lead.version


def test_match_keys_and_flags_follow_an_edit() -> None:
    lead = a_lead_of(PRACTICE)

    result = edit(lead, email=None, last_name=None).lead

    assert result.keys == ("kin:aml-klr-an", "phone:+13125550100")
    assert result.enquiry.incomplete == (Incomplete.CONTACT_NAME,)


def test_an_edit_that_changes_nothing_gives_the_same_lead() -> None:
    lead = a_lead_of(PRACTICE)

    assert edit(lead, first_name=" Anna ", phone="(312) 555-0100") == Edited(
        lead=lead, fields=(), before={}, after={}
    )


def test_cleared_fields_go_back_to_what_an_empty_lead_has() -> None:
    lead = edit(
        a_lead_of(PRACTICE),
        interests=["INVISALIGN"],
        preferred_contact="EMAIL",
        notes="a\nb",
        address_line1="1 Oak St",
        insurance_carrier="Delta",
        source="Walk-in",
    ).lead

    cleared = edit(
        lead,
        interests=None,
        preferred_contact=None,
        notes=None,
        address_line1=None,
        insurance_carrier=None,
        source=None,
        relationship=None,
    ).lead

    assert cleared.enquiry.interests == (TreatmentInterest.GENERAL_INQUIRY,)
    assert cleared.contact.preferred is PreferredContact.PHONE
    assert (cleared.enquiry.notes, cleared.contact.address.line1) == (None, None)
    assert (cleared.enquiry.insurance.carrier, cleared.origin.source_id) == (None, None)
    assert cleared.patient.relationship is PatientRelationship.SELF


def test_birth_dates_are_json_and_ages_carry_their_day() -> None:
    result = edit(a_lead_of(PRACTICE), patient_born_on=date(2014, 5, 6), patient_age=12)

    assert result.after == {"patient_born_on": "2014-05-06", "patient_age": 12}
    assert result.lead.patient.age_as_of == date(2026, 11, 2)
    assert edit(result.lead, patient_age=None).lead.patient.age_as_of is None


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"phone": None, "email": None}, ("phone", "required")),
        ({"first_name": None, "last_name": None}, ("first_name", "required")),
        ({"email": "a@b@example.com"}, ("email", "not_an_email")),
        ({"source": "Nowhere"}, ("source", "unknown_source")),
        ({"notes": "x" * 10_000_000}, ("notes", "too_long")),
        ({"no_contact": "true"}, ("no_contact", "wrong_type")),
    ],
)
def test_a_bad_edit_is_refused(fields: dict[str, Any], problem: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        edit(a_lead_of(PRACTICE), **fields)

    assert [(found.path, found.code) for found in caught.value.problems] == [problem]


def test_an_anonymous_lead_may_lose_what_others_need() -> None:
    lead = edit(a_lead_of(PRACTICE), no_contact=True, phone=None, email=None).lead

    assert lead.keys == ("kin:aml-klr-an",)


def test_a_gap_that_was_there_before_does_not_block_another_edit() -> None:
    lead = a_lead_of(PRACTICE, phone=None, email=None)

    assert edit(lead, notes="called the school").fields == ("notes",)


def test_rule_7_a_converted_lead_cannot_be_edited() -> None:
    conversion = Conversion(at=MONDAY_MORNING, patient_ref="p-1")
    lead = a_lead_of(PRACTICE, status=LeadStatus.CONVERTED, conversion=conversion)

    with pytest.raises(LeadLocked):
        edit(lead, notes="too late")


@pytest.mark.parametrize("status", [LeadStatus.LOST, LeadStatus.ARCHIVED])
def test_lost_and_archived_leads_may_be_edited(status: LeadStatus) -> None:
    lead = evolve(a_lead_of(PRACTICE), status=status)

    assert edit(lead, notes="moved away").lead.status is status


def test_the_allow_list_is_what_is_read_and_holds_no_state() -> None:
    allowed = {attribute.name for attribute in attrs.fields(LeadEdit)}
    intake = {attribute.name for attribute in attrs.fields(Intake)}

    assert allowed == {*READERS, "custom"}
    assert intake - allowed == {
        "channel",
        "owner",
        "received_at",
        "delivery_key",
        "live",
        "referrer_name",
    }


def test_what_is_personal_in_an_intake_is_personal_in_an_edit() -> None:
    def personal(kind: type) -> set[str]:
        return {field.name for field in attrs.fields(kind) if field.metadata.get("personal")}

    assert personal(LeadEdit) == personal(Intake) - {"referrer_name"}
