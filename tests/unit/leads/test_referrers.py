"""Who refers: bad input first, then which record a lead speaks of."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import Channel, InvalidInput, NewReferrer, ReferrerKind
from orthocrm.core.lead import Enquiry, Incomplete, Lead, Origin
from orthocrm.core.marketing import ReferrerRecord
from orthocrm.leads import referrers
from orthocrm.leads.referrers import Known, Spoken
from orthocrm.testing.clock import CountingIds
from orthocrm.testing.factories import a_lead, a_referrer
from tests.support.practices import a_practice

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
PRACTICE = a_practice()
KIM = a_referrer(PRACTICE.clinic, "dr-1", name="Dr. Kim")
PROVIDER, PATIENT = ReferrerKind.PROVIDER, ReferrerKind.PATIENT
IDS = {source.name: source.id for source in PRACTICE.sources}


def read(**fields: Any) -> ReferrerRecord:
    new = NewReferrer(**{"kind": "PROVIDER", "name": "Dr. Kim", **fields})
    return referrers.read(new, PRACTICE, now=NOW, ids=CountingIds())


def referral(
    channel: Channel = Channel.DOCTOR_REFERRAL, source: str | None = None, **refs: Any
) -> Lead:
    origin = Origin(channel=channel, source_id=IDS[source] if source else None, **refs)
    enquiry = Enquiry(incomplete=(Incomplete.PATIENT_NAME, Incomplete.REFERRER))
    return a_lead(PRACTICE.clinic, origin=origin, enquiry=enquiry)


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"kind": "FRIEND"}, ("kind", "unknown_value")),
        ({"kind": None}, ("kind", "required")),
        ({"name": " "}, ("name", "required")),
        ({"name": None}, ("name", "required")),
        ({"name": 7}, ("name", "wrong_type")),
        ({"ref": "x" * 256}, ("ref", "too_long")),
        ({"phone": "call me"}, ("phone", "not_a_phone")),
        ({"email": "kim"}, ("email", "not_an_email")),
        ({"organisation": "\0"}, ("organisation", "bad_character")),
        ({"notes": "x" * 10_001}, ("notes", "too_long")),
    ],
)
def test_a_referrer_that_cannot_be_read_names_the_field(
    fields: dict[str, Any], problem: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(**fields)
    assert [(p.path, p.code) for p in refusal.value.problems] == [problem]


@pytest.mark.parametrize("given", [None, "Dr. Kim", KIM])
def test_only_a_referrer_is_read(given: Any) -> None:
    with pytest.raises(InvalidInput):
        referrers.read(given, PRACTICE, now=NOW, ids=CountingIds())


def test_a_referrer_without_an_identity_gets_the_records_own() -> None:
    record = read()
    assert record.ref == record.id
    assert read(ref=" dr-9 ").ref == "dr-9"


def test_numbers_and_addresses_are_normalised_and_read_again_as_they_are() -> None:
    record = read(phone="(312) 555-0100 ext. 5", email="Kim@Example.com", notes="x\ny")
    assert (record.phone, record.email) == ("+13125550100 ext. 5", "Kim@Example.com")
    later = NOW + timedelta(days=1)
    again = referrers.changed(record, record, PRACTICE, now=later)
    assert again == evolve(record, updated_at=later)


@pytest.mark.parametrize("path, value", [("kind", PATIENT), ("ref", "dr-2")])
def test_kind_and_identity_of_a_referrer_last(path: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        referrers.changed(KIM, evolve(KIM, **{path: value}), PRACTICE, now=NOW)
    assert [(p.path, p.code) for p in refusal.value.problems] == [(path, "fixed")]


def test_changes_are_told_by_field() -> None:
    after = evolve(KIM, phone="+13125550100", is_active=False)
    assert referrers.differences(KIM, after) == ("phone", "is_active")


def test_a_lead_speaks_of_those_whom_it_names() -> None:
    lead = referral(referring_provider_ref="dr-1", referring_patient_ref="p-1")
    assert referrers.spoken_of(lead, None, PRACTICE) == (
        Spoken(kind=PROVIDER, ref="dr-1"),
        Spoken(kind=PATIENT, ref="p-1"),
    )
    assert referrers.spoken_of(referral(), None, PRACTICE) == ()
    assert referrers.spoken_of(referral(), "  ", PRACTICE) == ()


@pytest.mark.parametrize(
    "lead, kind",
    [
        (referral(), PROVIDER),
        (referral(Channel.PATIENT_REFERRAL), PATIENT),
        (referral(Channel.PHONE, "Patient referral"), PATIENT),
        (referral(Channel.WEB_FORM, "Doctor referral"), PROVIDER),
        (referral(Channel.DOCTOR_REFERRAL, "Patient referral"), PATIENT),
    ],
)
def test_a_name_goes_with_the_source_and_else_with_the_channel(
    lead: Lead, kind: ReferrerKind
) -> None:
    spoken = (Spoken(kind=kind, ref=None, name="Dr. Kim"),)
    assert referrers.spoken_of(lead, " Dr.  Kim ", PRACTICE) == spoken


def test_a_name_without_a_referral_is_refused() -> None:
    with pytest.raises(InvalidInput) as refusal:
        referrers.spoken_of(referral(Channel.PHONE, "Walk-in"), "Dr. Kim", PRACTICE)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("referrer_name", "no_referral")]


def test_records_are_found_by_identity_and_active_ones_by_name() -> None:
    retired = a_referrer(PRACTICE.clinic, "dr-2", name="Dr. Lee", is_active=False)
    known = Known.of([KIM, retired])
    by_ref = [Spoken(kind=PROVIDER, ref=ref, name="x") for ref in ("dr-1", "dr-2", "dr-3")]
    assert [known.find(one) for one in by_ref] == [KIM, retired, None]
    by_name = [Spoken(kind=PROVIDER, ref=None, name=name) for name in ("DR.  kim", "Dr. Lee")]
    assert [known.find(one) for one in by_name] == [KIM, None]
    assert known.find(Spoken(kind=PATIENT, ref=None, name="Dr. Kim")) is None
    assert [known.has(one) for one in (*by_ref, *by_name)] == [True, True, False, True, False]


def test_a_name_that_several_bear_is_refused() -> None:
    known = Known.of([KIM, a_referrer(PRACTICE.clinic, "dr-2", name="dr. kim")])
    with pytest.raises(InvalidInput) as refusal:
        known.find(Spoken(kind=PROVIDER, ref=None, name="Dr. Kim"))
    assert [(p.path, p.code) for p in refusal.value.problems] == [("referrer_name", "ambiguous")]
    assert "Kim" not in str(refusal.value)


@pytest.mark.parametrize("kind", ReferrerKind)
def test_a_lead_takes_the_identity_of_its_referrer_and_lacks_it_no_more(
    kind: ReferrerKind,
) -> None:
    spoken = Spoken(kind=kind, ref=None, name="Dr. Kim")
    record = referrers.introduced(spoken, PRACTICE.clinic.id, now=NOW, ids=CountingIds())
    lead = referrers.referred_by(referral(), record)
    origin = lead.origin
    refs = {PROVIDER: origin.referring_provider_ref, PATIENT: origin.referring_patient_ref}
    assert refs == {**dict.fromkeys(ReferrerKind), kind: record.id}
    assert lead.enquiry.incomplete == (Incomplete.PATIENT_NAME,)
