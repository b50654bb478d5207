"""Who refers families, on every backend."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    AlreadyExists,
    Captured,
    Channel,
    DoctorReferral,
    Forbidden,
    InvalidInput,
    Lead,
    NewReferrer,
    NotFound,
    PatientReferral,
    PhoneCall,
    Referrer,
    ReferrerKind,
    ReferrerRecord,
    Refused,
    Role,
)
from orthocrm.core.ids import ReferrerId
from orthocrm.core.lead import Incomplete
from orthocrm.testing.suite.arranged import together
from tests.flows import files
from tests.flows.practice import House, enquiry

THREADS = 8


def referred(house: House, **referrer: Any) -> Lead:
    entry = DoctorReferral(name="Ann Lee", phone="3125550143", referrer=Referrer(**referrer))
    return house.front.leads.enter(entry).lead


def problems(refused: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refusal:
        refused()
    return [(problem.path, problem.code) for problem in refusal.value.problems]


def records(house: House) -> list[tuple[ReferrerKind, str, str]]:
    return [(one.kind, one.ref, one.name) for one in house.front.sources.referrers()]


def a_new_one(ref: str | None = "dr-1", **fields: Any) -> NewReferrer:
    return NewReferrer(**{"kind": "PROVIDER", "name": "Dr. Kim", "ref": ref, **fields})


@pytest.mark.parametrize(
    "name, code", [(7, "wrong_type"), ("x" * 256, "too_long"), ("\0", "bad_character")]
)
def test_a_referrers_name_that_cannot_be_read_is_refused(
    house: House, name: Any, code: str
) -> None:
    found = problems(lambda: referred(house, name=name))
    assert ("referrer_name", code) in found
    assert records(house) == []


def test_what_is_no_referral_has_no_referrer(house: House) -> None:
    strange = enquiry(channel=Channel.WALK_IN, source="Walk-in", referrer_name="Dr. Kim")
    good = enquiry(source="Doctor referral", referrer_name="Dr. Lee")
    assert problems(lambda: house.front.leads.capture(strange)) == [
        ("referrer_name", "no_referral")
    ]
    results = house.front.leads.capture_many([strange, good])
    assert [type(result) for result in results] == [Refused, Captured]
    assert [name for _, _, name in records(house)] == ["Dr. Lee"]


def test_a_refused_enquiry_leaves_no_referrer_behind(house: House) -> None:
    bad = enquiry(source="Doctor referral", referring_provider="dr-1", owner="nobody")
    (result,) = house.front.leads.capture_many([bad])
    assert isinstance(result, Refused)
    assert records(house) == []


def test_a_referral_makes_the_record_of_its_referrer(house: House) -> None:
    lead = referred(house, ref="dr-7", name="Dr. Kim")
    assert lead.origin.referring_provider_ref == "dr-7"
    assert records(house) == [(ReferrerKind.PROVIDER, "dr-7", "Dr. Kim")]
    referred(house, ref="dr-7", name="Dr. Kimberly")
    assert records(house) == [(ReferrerKind.PROVIDER, "dr-7", "Dr. Kim")]


def test_a_referral_by_name_alone_finds_or_makes_the_record(house: House) -> None:
    first, again = referred(house, name="Dr. Kim"), referred(house, name=" dr.  KIM ")
    (record,) = house.front.sources.referrers()
    assert record.ref == record.id
    assert [lead.origin.referring_provider_ref for lead in (first, again)] == [record.ref] * 2
    assert Incomplete.REFERRER not in first.enquiry.incomplete
    (touch,) = house.front.sources.touches(first.id)
    assert touch.referring_provider_ref == record.ref


def test_patients_and_dentists_of_one_name_are_two(house: House) -> None:
    referred(house, name="Ann Lee")
    by_patient = PatientReferral(name="Bo", phone="3125550144", referrer=Referrer(name="Ann Lee"))
    lead = house.front.leads.enter(by_patient).lead
    (patient,) = house.front.sources.referrers("PATIENT")
    assert lead.origin.referring_patient_ref == patient.ref
    assert {kind for kind, _, _ in records(house)} == set(ReferrerKind)


def test_a_call_may_tell_who_referred(house: House) -> None:
    call = PhoneCall(name="Ann Lee", phone="3125550143", source="Patient referral")
    assert problems(lambda: house.front.leads.enter(call)) == [("referring_patient", "required")]
    given = evolve(call.intake(house.admin.settings.practice()), referrer_name="Bo Chen")
    assert house.front.leads.capture(given).lead.origin.referring_patient_ref is not None


def test_an_identity_without_a_name_gets_its_name_later(house: House) -> None:
    house.lead(channel=Channel.WEB_FORM, source="Doctor referral", referring_provider="dr-7")
    assert records(house) == [(ReferrerKind.PROVIDER, "dr-7", "")]
    referred(house, ref="dr-7", name="Dr. Kim")
    assert records(house) == [(ReferrerKind.PROVIDER, "dr-7", "Dr. Kim")]


def test_one_batch_makes_one_record(house: House) -> None:
    enquiries = [
        enquiry(source="Doctor referral", referring_provider="dr-1"),
        enquiry(source="Doctor referral", referring_provider="dr-1", referrer_name="Dr. Kim"),
        enquiry(source="Doctor referral", referrer_name="Dr. Lee"),
        enquiry(source="Doctor referral", referrer_name="dr. lee"),
    ]
    house.front.leads.capture_many(enquiries)
    found = {(ref, name) for _, ref, name in records(house) if name != "Dr. Lee"}
    assert found == {("dr-1", "Dr. Kim")}
    assert len(records(house)) == 2


def test_captures_at_once_make_one_record(house: House) -> None:
    works = [lambda: referred(house, ref="dr-7"), lambda: referred(house, name="Dr. Lee")]
    leads = together(*works * THREADS)
    refs = {lead.origin.referring_provider_ref for lead in leads}
    assert {ref for _, ref, _ in records(house)} == refs
    assert len(refs) == 2


def test_a_name_that_two_bear_asks_for_the_identity(house: House) -> None:
    for ref in ("dr-1", "dr-2"):
        house.front.sources.add_referrer(a_new_one(ref))
    assert problems(lambda: referred(house, name="Dr. Kim")) == [("referrer_name", "ambiguous")]
    assert referred(house, ref="dr-2", name="Dr. Kim").origin.referring_provider_ref == "dr-2"


def test_an_import_makes_the_records_of_its_referrers(house: House) -> None:
    mapping = files.leads(more='referrer_name = "notes"\n')
    rows = [files.a_row(n, source="Doctor referral", notes="Dr. Kim") for n in (1, 2)]
    report = files.run(house.desk(Role.IMPORTER), rows, mapping)
    assert report.tally.created == 2
    assert [name for _, _, name in records(house)] == ["Dr. Kim"]


def test_referrers_are_added_changed_and_retired(house: House) -> None:
    sources = house.front.sources
    added = sources.add_referrer(a_new_one(organisation="Lakeside", phone="(312) 555-0100"))
    assert sources.find_referrer("PROVIDER", " dr-1 ") == added
    assert sources.find_referrer("PATIENT", "dr-1") is None
    with pytest.raises(AlreadyExists):
        sources.add_referrer(a_new_one(name="Dr. Lee"))
    changed = sources.change_referrer(evolve(added, email="kim@example.com"))
    assert (changed.email, changed.phone) == ("kim@example.com", "+13125550100")
    retired = sources.retire_referrer(added.id)
    assert not retired.is_active
    assert sources.referrers() == (retired,)
    assert referred(house, name="Dr. Kim").origin.referring_provider_ref != "dr-1"
    assert referred(house, ref="dr-1").origin.referring_provider_ref == "dr-1"


def test_bad_calls_name_what_is_wrong(house: House) -> None:
    sources = house.front.sources
    record = sources.add_referrer(a_new_one())
    strange: Any = "Dr. Kim"
    assert problems(lambda: sources.add_referrer(strange)) == [("referrer", "wrong_type")]
    assert problems(lambda: sources.change_referrer(strange)) == [("referrer", "wrong_type")]
    assert problems(lambda: sources.referrers("FRIEND")) == [("kind", "unknown_value")]
    assert problems(lambda: sources.find_referrer("PROVIDER", strange.encode())) == [
        ("ref", "wrong_type")
    ]
    assert problems(lambda: sources.change_referrer(evolve(record, ref="x"))) == [("ref", "fixed")]
    for call in (
        lambda: sources.retire_referrer(ReferrerId("nobody")),
        lambda: sources.change_referrer(evolve(record, id=ReferrerId("nobody"))),
    ):
        with pytest.raises(NotFound):
            call()


def test_who_sees_only_their_own_leads_sees_no_referrers(house: House) -> None:
    house.front.sources.add_referrer(a_new_one())
    with pytest.raises(Forbidden):
        house.desk(Role.AGENT).sources.referrers()


def test_names_of_referrers_are_masked(house: House) -> None:
    record: ReferrerRecord = house.front.sources.add_referrer(a_new_one(notes="calls on Mondays"))
    assert "Kim" not in repr(record)
    assert "Kim" not in repr(a_new_one())
    assert "Mondays" not in repr(record)
