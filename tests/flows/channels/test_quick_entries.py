"""Calls, walk-ins and referrals, as somebody at the practice notes them down."""

import importlib.util
from types import ModuleType
from typing import Any

import pytest

from orthocrm import (
    CallOutcome,
    Captured,
    Forbidden,
    InvalidInput,
    LeadActivityType,
    LeadStatus,
    Role,
)
from orthocrm.core.lead import Channel, Incomplete
from orthocrm.core.outside import CallerDetails
from orthocrm.leads.channels.delivery import Delivered
from orthocrm.leads.channels.manual import QuickEntry
from orthocrm.leads.channels.phone import PhoneCall
from orthocrm.leads.channels.referral import DoctorReferral, PatientReferral, Referrer
from orthocrm.leads.channels.walk_in import WalkIn
from tests.flows.practice import House, enquiry
from tests.flows.receiving import PROJECT, Carrier, source_name


def test_a_call_is_logged_and_counts_as_contacted(house: House) -> None:
    call = PhoneCall(name="Maria Lopez", phone="312-555-0142", about="braces", patient="Sofia")
    captured = house.front.leads.enter(call)
    assert captured.lead.status is LeadStatus.ACTIVE
    assert captured.lead.enquiry.incomplete == (Incomplete.PATIENT_NAME, Incomplete.SOURCE_DETAIL)
    entries = house.front.leads.timeline(captured.lead.id).entries
    logged = [entry.activity for entry in entries if entry.activity is not None]
    (activity,) = [a for a in logged if a.type is LeadActivityType.PHONE_CALL]
    assert (activity.call_outcome, captured.tasks) == (CallOutcome.SPOKE, ())


def test_a_caller_is_looked_up_in_the_household_first(house: House, carrier: Carrier) -> None:
    carrier.names = {"+13125550142": "M LOPEZ", "+13125550143": "SOMEBODY"}
    sofia = house.lead(phone="312-555-0142", patient_first_name="Sofia")
    diego = house.lead(phone="312-555-0142", patient_first_name="Diego")
    known = house.front.leads.caller("(312) 555-0142")
    assert [lead.id for lead in known.household] == [diego.id, sofia.id]
    assert (known.details, carrier.asked) == (None, [])
    unknown = house.front.leads.caller("312 555 0143")
    assert (unknown.household, unknown.details) == ((), CallerDetails(name="SOMEBODY"))
    assert house.front.leads.caller("312 555 0144").details is None
    assert carrier.asked == ["+13125550143", "+13125550144"]


def test_caller_id_that_is_out_of_order_stops_nobody(house: House) -> None:
    caller = house.front.leads.caller("312 555 0143")
    assert (caller.details, caller.failed) == (None, True)


def test_a_household_out_of_reach_is_counted_and_not_shown(bare: House) -> None:
    bare.lead(phone="312-555-0142")
    caller = bare.desk(Role.AGENT, "agent-9").leads.caller("312 555 0142")
    assert (caller.household, caller.hidden) == ((), 1)
    with pytest.raises(Forbidden):
        bare.desk(Role.DOCTOR).leads.caller("312 555 0142")


def test_a_number_that_many_share_tells_nothing(bare: House) -> None:
    for i in range(21):
        bare.lead(phone="312-555-0142", email=f"family{i}@example.com", last_name=f"Family{i}")
    assert bare.front.leads.caller("312 555 0142").household == ()


@pytest.mark.parametrize("number", ["call me", "", None, 7, "1" * 50])
def test_a_number_that_is_none_is_refused(bare: House, number: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        bare.front.leads.caller(number)
    assert [problem.path for problem in refusal.value.problems] == ["number"]


def test_a_walk_in_may_leave_no_way_to_answer(house: House) -> None:
    lead = house.front.leads.enter(WalkIn(name="Maria Lopez")).lead
    assert (lead.enquiry.no_contact, lead.status) == (True, LeadStatus.ACTIVE)
    assert source_name(house, lead) == "Walk-in"


def test_referrals_keep_who_referred(house: House) -> None:
    doctor = DoctorReferral(
        name="Maria Lopez", phone="3125550142", referrer=Referrer(ref="dr-7", name="Dr. Kim")
    )
    lead = house.front.leads.enter(doctor).lead
    assert (lead.origin.channel, source_name(house, lead)) == (
        Channel.DOCTOR_REFERRAL,
        "Doctor referral",
    )
    assert (lead.origin.referring_provider_ref, lead.origin.detail) == ("dr-7", "Dr. Kim")
    patient = PatientReferral(name="Ann", phone="3125550143", referrer=Referrer(ref="p-9"))
    referred = house.front.leads.enter(patient).lead
    assert (referred.origin.referring_patient_ref, source_name(house, referred)) == (
        "p-9",
        "Patient referral",
    )
    assert referred.status is LeadStatus.NEW


@pytest.mark.parametrize(
    "kind, path",
    [(DoctorReferral, "referring_provider"), (PatientReferral, "referring_patient")],
)
def test_staff_say_who_referred(bare: House, kind: type[QuickEntry], path: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        bare.front.leads.enter(kind(name="Ann Lee", phone="3125550143"))
    assert [problem.path for problem in refusal.value.problems] == [path]


@pytest.mark.parametrize("entry", [None, {"name": "Ann"}, enquiry()])
def test_only_entries_are_entered(bare: House, entry: Any) -> None:
    with pytest.raises(InvalidInput):
        bare.front.leads.enter(entry)


def test_wrong_values_of_an_entry_are_named(bare: House) -> None:
    odd: Any = PhoneCall(name=7, phone="x", interests="BRACES")  # type: ignore[arg-type] # the subject
    with pytest.raises(InvalidInput) as refusal:
        bare.front.leads.enter(odd)
    assert {p.path for p in refusal.value.problems} == {"first_name", "phone", "interests"}


def test_an_entry_may_come_from_the_telephone_system(house: House) -> None:
    told = {"name": "Maria Lopez", "phone": "3125550142", "delivery_key": "call-1"}
    results = [house.front.leads.receive("phone", Delivered(body=told)) for _ in range(2)]
    assert [isinstance(r, Captured) and r.replayed for (r,) in results] == [False, True]


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, PROJECT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_phone_desk_knows_who_calls(capsys: pytest.CaptureFixture[str]) -> None:
    example("phone_desk").main()
    assert capsys.readouterr().out.splitlines() == [
        "the line shows perhaps LOPEZ MARIA",
        "new lead: ACTIVE, still to ask: SOURCE_DETAIL",
        "the line shows the family of Sofia, Maria Lopez",
        "logged on the lead of the family",
        "the line shows nobody we know",
        "new lead: ACTIVE, still to ask: PATIENT_NAME, CONTACT_NAME, SOURCE_DETAIL",
    ]


def test_referrals_are_counted_by_who_referred(capsys: pytest.CaptureFixture[str]) -> None:
    example("referral").main()
    assert capsys.readouterr().out.splitlines() == [
        "refused: referring_provider: this source needs it",
        "dentist-17: 2",
        "patient-2041: 1",
    ]
