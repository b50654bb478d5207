"""What remains of an erased person, who is erased at all, and when lost leads are."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from attrs import evolve

from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.ids import LeadId, ReferrerId, UserId
from orthocrm.core.lead import Conversion, Custom, Insurance, Loss, LostReason, Origin
from orthocrm.core.marketing import ReferrerKind, ReferrerRecord
from orthocrm.core.masking import personal_paths
from orthocrm.core.people import Email, Phone
from orthocrm.core.query import AllOf, Cond
from orthocrm.core.retention import Retention
from orthocrm.privacy import retention
from orthocrm.privacy.erasing import (
    LegalHold,
    VisitsAhead,
    blanked,
    ensure_erasable,
    is_ahead,
    is_the_person,
    tombstone,
)
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_clinic, a_lead, an_appointment

NOW = MONDAY_MORNING
CLINIC = a_clinic()
_BARE = a_lead(CLINIC)
LEAD = evolve(
    _BARE,
    enquiry=evolve(_BARE.enquiry, notes="note", insurance=Insurance(carrier="c", member_id="m")),
    origin=evolve(_BARE.origin, detail="detail", external_ref="ref", referring_patient_ref="p"),
    loss=Loss(at=NOW, reason=LostReason.OTHER, stage=_BARE.position.stage, order=1, notes="why"),
    conversion=Conversion(at=NOW, patient_ref="p-1"),
    tags=("tall",),
    custom=Custom(shown={"school": "north"}, personal={"nickname": "Annie"}),
    former_refs=("ref-0",),
    keys=("phone:+13125550173",),
    merged_into=LeadId("another"),
)
DAY = timedelta(days=1)
_S = AppointmentStatus


def values(noun: object, path: str) -> object:
    """Follow a path of fields."""
    for name in path.split("."):
        noun = getattr(noun, name)
    return noun


def test_a_tombstone_has_no_personal_field() -> None:
    stone = tombstone(LEAD, NOW, UserId("manager"))
    filled = [path for path in personal_paths(type(stone)) if _filled(stone, path)]
    assert filled == []
    assert (stone.id, stone.clinic_id, stone.status) == (LEAD.id, LEAD.clinic_id, LEAD.status)
    assert (stone.position, stone.version) == (LEAD.position, LEAD.version)
    assert (stone.origin.channel, stone.origin.source_id) == (
        LEAD.origin.channel,
        LEAD.origin.source_id,
    )
    assert (stone.stamps.deleted_at, stone.stamps.updated_by) == (NOW, "manager")
    assert (stone.keys, stone.tags, stone.merged_into, stone.conversion) == ((), (), None, None)
    assert (stone.custom, stone.loss, stone.former_refs) == (Custom(), None, ())
    assert stone.origin == Origin(channel=LEAD.origin.channel, source_id=LEAD.origin.source_id)


def _filled(noun: object, path: str) -> bool:
    try:
        value = values(noun, path)
    except AttributeError:  # a part that is missing as a whole
        return False
    if attrs.has(type(value)):
        return value != type(value)()
    return bool(value)


def test_of_a_visit_the_time_of_the_practice_remains() -> None:
    visit = an_appointment(
        LEAD, reason="pain", notes="tall", meeting_link="https://x.example", answers={"a": "b"},
        patient_ref="p-1", booked_by="p-1", held_by="h", uid="u",
    )  # fmt: skip
    kept = blanked(visit, NOW)
    assert [values(kept, path) for path in sorted(personal_paths(type(kept)))] == [
        {},
        None,
        None,
        None,
    ]
    assert (kept.patient_ref, kept.booked_by, kept.held_by, kept.uid) == (None, None, None, None)
    same = ("id", "provider", "starts_at", "length", "type", "status", "lead_id", "price")
    assert [getattr(kept, n) for n in same] == [getattr(visit, n) for n in same]
    assert kept.updated_at == NOW


@pytest.mark.parametrize("status", list(AppointmentStatus))
def test_who_is_expected_is_told_by_status_and_time(status: AppointmentStatus) -> None:
    visit = an_appointment(LEAD, NOW, status=status)
    over = (_S.COMPLETED, _S.CANCELLED, _S.NO_SHOW, _S.DECLINED, _S.EXPIRED)
    assert is_ahead(visit, NOW) is (status not in over)
    assert is_ahead(visit, visit.ends_at) is False
    assert is_ahead(visit, visit.ends_at - timedelta(seconds=1)) is (status not in over)


def test_a_hold_comes_before_visits_and_both_before_the_end() -> None:
    visits = [an_appointment(LEAD, NOW), an_appointment(LEAD, NOW + DAY)]
    ensure_erasable(LEAD.id, [], [], NOW)
    ensure_erasable(LEAD.id, visits, [LeadId("another")], NOW + 9 * DAY)
    with pytest.raises(VisitsAhead) as ahead:
        ensure_erasable(LEAD.id, visits, [], NOW)
    assert (ahead.value.count, ahead.value.code) == (2, "visits_ahead")
    with pytest.raises(LegalHold):
        ensure_erasable(LEAD.id, visits, [LEAD.id], NOW)


def a_referrer(**fields: Any) -> ReferrerRecord:
    """Give a patient who refers families."""
    record = ReferrerRecord(
        id=ReferrerId("r"),
        clinic_id=CLINIC.id,
        kind=ReferrerKind.PATIENT,
        ref="r",
        created_at=NOW,
        updated_at=NOW,
        name="Somebody Else",
    )
    return evolve(record, **fields)


def test_a_referrer_is_the_person_by_reference_or_by_name_and_number() -> None:
    contact = evolve(
        LEAD.contact,
        first_name="Ann",
        last_name="Lee",
        phone=Phone("+13125550173"),
        phone_alt=Phone("+13125550174"),
        email=Email("ann@x.example", "Ann@x.example"),
    )
    patient = evolve(LEAD.patient, first_name="Eve", last_name="Lee")
    lead = evolve(
        LEAD,
        contact=contact,
        patient=patient,
        conversion=Conversion(at=NOW, patient_ref="patient-7"),
    )
    mine = [
        a_referrer(ref="patient-7"),
        a_referrer(ref=lead.id),
        a_referrer(name=" ann  LEE", phone="+13125550173"),
        a_referrer(name="Eve Lee", phone="+13125550174"),
        a_referrer(name="Ann Lee", email="ann@x.example"),
        a_referrer(name="Ann Lee", email="Ann@x.example"),
    ]
    others = [
        a_referrer(),
        a_referrer(ref="patient-8"),
        a_referrer(name="Ann Lee"),
        a_referrer(phone="+13125550173"),
        a_referrer(name="Ann Lee", phone="+13125550199", email="ben@x.example"),
        a_referrer(kind=ReferrerKind.PROVIDER, ref="patient-7"),
    ]
    assert [is_the_person(one, lead) for one in mine] == [True] * len(mine)
    assert [is_the_person(one, lead) for one in others] == [False] * len(others)
    bare = evolve(lead, contact=evolve(contact, phone=None, phone_alt=None, email=None))
    assert not is_the_person(a_referrer(name="Ann Lee"), bare)


@pytest.mark.parametrize(
    "months, before",
    [(1, (2026, 2, 28)), (2, (2026, 1, 31)), (3, (2025, 12, 31)), (13, (2025, 2, 28))],
)
def test_months_are_those_of_the_calendar(months: int, before: tuple[int, int, int]) -> None:
    at = datetime(2026, 3, 31, 9, tzinfo=UTC)
    assert retention.months_before(at, months) == datetime(*before, 9, tzinfo=UTC)


def test_rules_of_retention_name_lost_leads_only() -> None:
    assert (retention.to_archive(Retention(), NOW), retention.to_erase(Retention(), NOW)) == (
        None,
        None,
    )
    rules = Retention(archive_after=12, erase_after=48, holds=(LeadId("b"),))
    common = (
        Cond("converted_at", "absent"),
        Cond("deleted_at", "absent"),
        Cond("merged_into", "absent"),
    )
    year = Cond("lost_at", "lt", retention.months_before(NOW, 12))
    four = Cond("lost_at", "lt", retention.months_before(NOW, 48))
    assert retention.to_archive(rules, NOW) == AllOf((year, *common, Cond("archived_at", "absent")))
    assert retention.to_erase(rules, NOW) == AllOf((four, *common))
    assert retention.free([LeadId("a"), LeadId("b")], rules) == ["a"]
