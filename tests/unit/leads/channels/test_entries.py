"""Quick entries: a name, a number and what it is about."""

from typing import Any

import pytest

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Channel
from orthocrm.core.source import LeadSourceCategory
from orthocrm.leads.channels.answers import split_name
from orthocrm.leads.channels.delivery import Delivered, Unreadable, source_of
from orthocrm.leads.channels.manual import QuickEntry
from orthocrm.leads.channels.phone import PhoneCall
from orthocrm.leads.channels.referral import DoctorReferral, PatientReferral, Referrer
from orthocrm.leads.channels.registry import CHANNELS
from orthocrm.leads.channels.walk_in import WalkIn
from orthocrm.leads.intake import Intake
from tests.unit.leads.channels.arranged import reception

RECEPTION = reception()
PRACTICE = RECEPTION.practice


def read(channel: str, body: Any) -> Any:
    (item,) = CHANNELS[channel].read(Delivered(body=body), RECEPTION)
    return item


def test_a_call_needs_a_name_a_number_and_what_it_is_about() -> None:
    call = PhoneCall(name="Maria Lopez", phone="3125550142", about="braces", patient="Sofia")
    assert call.intake(PRACTICE) == Intake(
        channel=Channel.PHONE,
        first_name="Maria",
        last_name="Lopez",
        patient_first_name="Sofia",
        patient_last_name="",
        phone="3125550142",
        notes="braces",
    )


@pytest.mark.parametrize("kind", [PhoneCall, WalkIn])
def test_who_leaves_no_way_to_answer_is_kept_without_contact(kind: type[QuickEntry]) -> None:
    assert kind(name="Maria").intake(PRACTICE).no_contact is True
    assert kind(name="Maria", email="m@example.com").intake(PRACTICE).no_contact is False


@pytest.mark.parametrize(
    "entry, category",
    [
        (WalkIn(name="A"), LeadSourceCategory.WALK_IN),
        (DoctorReferral(name="A"), LeadSourceCategory.DOCTOR_REFERRAL),
        (PatientReferral(name="A"), LeadSourceCategory.PATIENT_REFERRAL),
    ],
)
def test_the_source_is_the_one_of_the_category(
    entry: QuickEntry, category: LeadSourceCategory
) -> None:
    assert entry.intake(PRACTICE).source == source_of(PRACTICE, category)


def test_a_source_that_the_family_told_is_kept() -> None:
    assert WalkIn(name="A", source="Print advertising").intake(PRACTICE).source == (
        "Print advertising"
    )
    assert PhoneCall(name="A").intake(PRACTICE).source is None


def test_a_referral_names_who_referred() -> None:
    referrer = Referrer(ref="dr-7", name="Dr. Kim")
    by_doctor = DoctorReferral(name="A", referrer=referrer).intake(PRACTICE)
    by_patient = PatientReferral(name="A", referrer=referrer).intake(PRACTICE)
    assert (by_doctor.referring_provider, by_doctor.referring_patient) == ("dr-7", None)
    assert (by_patient.referring_provider, by_patient.referring_patient) == (None, "dr-7")
    assert by_doctor.source_detail == by_patient.source_detail == "Dr. Kim"


def test_a_channel_of_entries_takes_a_mapping_of_the_same_names() -> None:
    given: dict[str, Any] = {"name": "Maria Lopez", "phone": "3125550142", "owner": UserId("tc-1")}
    for channel, kind in (("phone", PhoneCall), ("walk_in", WalkIn), ("manual", QuickEntry)):
        assert read(channel, given) == kind(**given).intake(PRACTICE)
    referred = {**given, "referrer": {"ref": "dr-7"}}
    expected = DoctorReferral(**given, referrer=Referrer(ref="dr-7")).intake(PRACTICE)
    assert read("doctor_referral", referred) == expected
    assert read("patient_referral", referred).referring_patient == "dr-7"


@pytest.mark.parametrize(
    "given, path",
    [
        ({"stage": "lost"}, "stage"),
        ({"channel": "WEB_FORM"}, "channel"),
        ({"referrer": "dr-7"}, "referrer"),
        ({"referrer": {"id": "dr-7"}}, "id"),
    ],
)
def test_a_field_that_no_entry_has_is_refused_by_name(given: dict[str, Any], path: str) -> None:
    item = read("doctor_referral", given)
    assert isinstance(item, Unreadable)
    assert isinstance(item.error, InvalidInput)
    assert [problem.path for problem in item.error.problems] == [path]


def test_a_channel_of_entries_takes_nothing_from_the_network() -> None:
    assert isinstance(read("phone", b'{"name": "Maria"}'), Unreadable)
    assert isinstance(read("phone", {1: "Maria"}), Unreadable)


def test_an_entry_shows_nothing_of_the_family() -> None:
    call = PhoneCall(name="Xyzzy", phone="Xyzzy", about="Xyzzy", patient="Xyzzy")
    assert "Xyzzy" not in repr(call)


@pytest.mark.parametrize(
    "full, parts",
    [
        ("Maria Lopez", ("Maria", "Lopez")),
        ("  Joe Q.  Example ", ("Joe Q.", "Example")),
        ("Cher", ("Cher", "")),
        ("محمد علي", ("محمد", "علي")),
        ("", ("", "")),
    ],
)
def test_a_full_name_is_parted_at_its_last_space(full: str, parts: tuple[str, str]) -> None:
    assert split_name(full) == parts
