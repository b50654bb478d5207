"""The ledger of consent: what holds, and who may be written to."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orthocrm import InvalidInput, MessageChannel
from orthocrm.core.errors import Problem
from orthocrm.core.ids import ConsentId, UserId
from orthocrm.core.notifying import ConsentEntry, Purpose
from orthocrm.core.people import Phone, PreferredContact
from orthocrm.privacy.consent import (
    NO_CONSENT,
    OPTED_OUT,
    NewConsent,
    address_key,
    addresses,
    recorded,
    refusal,
    said,
)
from orthocrm.testing.clock import MONDAY_MORNING, CountingIds
from orthocrm.testing.factories import a_clinic, a_consent, a_lead

EMAIL, SMS = MessageChannel.EMAIL, MessageChannel.SMS
CARE, MARKETING, STAFF = Purpose.CARE, Purpose.MARKETING, Purpose.STAFF
HOUR = timedelta(hours=1)
CLINIC = a_clinic()
PHONE = "phone:+13125550142"


def entry(hours: int, *, granted: bool, **fields: Any) -> Any:
    usual = {"channel": SMS, "granted": granted, "purpose": None}
    return a_consent(CLINIC, PHONE, MONDAY_MORNING + hours * HOUR, **{**usual, **fields})


YES, NO = entry(1, granted=True), entry(2, granted=False)


def test_families_are_texted_only_after_they_agreed() -> None:
    assert [refusal((), SMS, purpose) for purpose in (CARE, MARKETING)] == [NO_CONSENT] * 2
    assert refusal([YES], SMS, CARE) is None


def test_e_mail_goes_and_staff_are_told_until_somebody_objects() -> None:
    assert [refusal((), EMAIL, CARE), refusal((), EMAIL, MARKETING)] == [None, None]
    assert [refusal((), SMS, STAFF), refusal([NO], SMS, STAFF)] == [None, OPTED_OUT]
    assert refusal([entry(1, granted=False, channel=EMAIL)], EMAIL, CARE) == OPTED_OUT


def test_a_late_older_grant_never_beats_a_newer_revocation() -> None:
    late = evolve(YES, created_at=NO.at + HOUR)
    for order in permutations([late, NO]):
        assert refusal(order, SMS, CARE) == OPTED_OUT


def test_of_the_same_instant_the_revocation_holds() -> None:
    for order in permutations([evolve(YES, at=NO.at), NO]):
        assert refusal(order, SMS, CARE) == OPTED_OUT


def test_a_stop_is_for_every_purpose_and_a_purpose_for_itself() -> None:
    only_care = entry(3, granted=True, purpose=CARE)
    no_ads = entry(4, granted=False, purpose=MARKETING)
    assert [refusal([YES, NO], SMS, purpose) for purpose in Purpose] == [OPTED_OUT] * 3
    assert refusal([NO, only_care], SMS, CARE) is None
    assert refusal([NO, only_care], SMS, MARKETING) == OPTED_OUT
    assert [refusal([YES, no_ads], SMS, p) for p in (CARE, MARKETING)] == [None, OPTED_OUT]


def test_channels_stand_for_themselves() -> None:
    assert said([YES], EMAIL, CARE) is None


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from([None, CARE, MARKETING]))),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_entries_were_written_means_nothing(
    drawn: list[tuple[int, bool, Purpose | None]], chance: Any
) -> None:
    entries = [entry(hours, granted=granted, purpose=p) for hours, granted, p in drawn]
    shuffled = chance.sample(entries, len(entries))
    for purpose in (CARE, MARKETING):
        about = [e for e in entries if e.purpose in (None, purpose)]
        latest = [e.granted for e in about if e.at == max(one.at for one in about)]
        assert said(shuffled, SMS, purpose) == (all(latest) if latest else None)


# --- recording


def record(lead: Any = None, **fields: Any) -> Any:
    usual: dict[str, Any] = {"channel": SMS, "granted": True, "evidence": "signed"}
    return recorded(
        lead or a_lead(CLINIC),
        NewConsent(**{**usual, **fields}),
        now=MONDAY_MORNING,
        by=UserId("tc-1"),
        ids=CountingIds(),
    )


def refused(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refusal_:
        record(**fields)
    return [(problem.path, problem.code) for problem in refusal_.value.problems]


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"evidence": None}, ("evidence", "required")),
        ({"evidence": "  "}, ("evidence", "required")),
        ({"evidence": 5}, ("evidence", "wrong_type")),
        ({"evidence": "x" * 10_001}, ("evidence", "too_long")),
        ({"channel": "LETTER"}, ("channel", "unknown_value")),
        ({"channel": None}, ("channel", "required")),
        ({"channel": MessageChannel.PUSH}, ("address", "no_address")),
        ({"granted": "false"}, ("granted", "wrong_type")),
        ({"granted": None}, ("granted", "required")),
        ({"purpose": "ads"}, ("purpose", "unknown_value")),
        ({"at": MONDAY_MORNING + HOUR}, ("at", "in_the_future")),
        ({"at": MONDAY_MORNING.replace(tzinfo=None)}, ("at", "naive_datetime")),
        ({"address": "+19995550000"}, ("address", "no_address")),
        ({"address": 5}, ("address", "wrong_type")),
        ({"address": "x" * 300}, ("address", "too_long")),
    ],
)
def test_what_cannot_be_recorded_is_refused_by_name(
    fields: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert problem in refused(**fields)


def test_each_of_the_numbers_of_a_contact_has_its_own_entries() -> None:
    lead = a_lead(CLINIC)
    both = evolve(lead, contact=evolve(lead.contact, phone_alt=Phone("+13125550177")))
    assert record(both, address="+13125550177").address == "phone:+13125550177"
    assert record(both).address == record(lead).address


def test_something_else_than_a_consent_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        recorded(
            a_lead(CLINIC),
            {"granted": True},  # type: ignore[arg-type]  # as callers may err
            now=MONDAY_MORNING,
            by=UserId("tc-1"),
            ids=CountingIds(),
        )
    assert caught.value.problems == (Problem("given", "wrong_type", "give a NewConsent"),)


def test_a_grant_without_evidence_is_told_what_is_missing() -> None:
    with pytest.raises(InvalidInput) as caught:
        record(evidence=None)
    missing = Problem("evidence", "required", "say how the consent is known")
    assert caught.value.problems == (missing,)


def test_what_was_said_is_recorded_whole() -> None:
    lead = a_lead(CLINIC)
    assert record(lead, channel=EMAIL, purpose=CARE) == ConsentEntry(
        id=ConsentId(CountingIds()()),
        clinic_id=CLINIC.id,
        channel=EMAIL,
        address=address_key(EMAIL, addresses(lead, EMAIL)[0]) or "",
        granted=True,
        at=MONDAY_MORNING,
        created_at=MONDAY_MORNING,
        created_by=UserId("tc-1"),
        purpose=CARE,
        lead_id=lead.id,
        evidence="signed",
    )


def test_the_ledger_knows_addresses_of_e_mails_and_texts_alone() -> None:
    assert address_key(SMS, "+13125550142") == PHONE
    assert address_key(EMAIL, "maria@example.com") == "email:maria@example.com"
    others = [one for one in MessageChannel if one not in (EMAIL, SMS)]
    assert [address_key(one, "x") for one in others] == [None] * len(others)
    assert [addresses(a_lead(CLINIC), one) for one in others] == [[]] * len(others)


def test_a_revocation_needs_no_evidence_and_holds_from_when_it_was_said() -> None:
    made = record(granted=False, evidence=None, at=MONDAY_MORNING - HOUR)
    assert (made.granted, made.at, made.created_at) == (
        False,
        MONDAY_MORNING - HOUR,
        MONDAY_MORNING,
    )


def test_what_a_family_prefers_is_no_consent() -> None:
    lead = a_lead(CLINIC)
    texting = evolve(lead, contact=evolve(lead.contact, preferred=PreferredContact.TEXT))
    assert refusal((), SMS, CARE) == NO_CONSENT
    assert record(texting).address == record(lead).address
