"""Reports out of the audit trail: who was told of a person, who looked, who broke the glass."""

from datetime import timedelta
from typing import Any

import pytest

from orthocrm import Actor, LeadEdit, NewDisclosure, Role
from orthocrm.core.errors import Forbidden, InvalidInput, NotFound
from orthocrm.core.ids import LeadId, UserId
from orthocrm.privacy.reports import Kind
from orthocrm.services.privacy import accounting
from orthocrm.testing.clock import FrozenClock
from tests.flows.practice import House

COURT = NewDisclosure(recipient="the county court", what="the whole record", purpose="subpoena")


def test_a_disclosure_is_accounted_for_by_person(house: House) -> None:
    ann, ben = house.lead().id, house.lead(email="b@example.com", phone="+13125550199").id
    house.admin.privacy.disclose([ann, ben], COURT)
    house.admin.privacy.export(ben)
    (only,) = house.admin.privacy.disclosures(ann)
    assert (only.lead_id, only.by, only.at) == (ann, UserId("manager"), house.clock())
    assert (only.recipient, only.what, only.purpose) == (COURT.recipient, COURT.what, COURT.purpose)
    assert sorted(one.lead_id for one in house.admin.privacy.disclosures()) == sorted(
        [ann, ben, ben]
    )


def test_nobody_else_hears_what_was_disclosed(house: House) -> None:
    ann = house.lead().id
    house.admin.privacy.disclose([ann], COURT)
    trail = house.admin.privacy.trail().entries
    assert not [entry for entry in trail if "county" in repr(entry)]
    with pytest.raises(Forbidden):
        house.front.privacy.disclosures(ann)


def test_an_accounting_goes_back_six_years(house: House, clock: FrozenClock) -> None:
    ann = house.lead().id
    house.admin.privacy.disclose([ann], COURT)
    first = clock()
    clock.set(first.replace(year=first.year + 6))
    assert len(house.admin.privacy.disclosures(ann)) == 1
    clock.advance(timedelta(microseconds=1))
    assert house.admin.privacy.disclosures(ann) == ()
    assert len(house.admin.privacy.disclosures(ann, since=first)) == 1
    assert house.admin.privacy.disclosures(ann, since=first, until=first) == ()


@pytest.mark.parametrize(
    "fields, paths",
    [
        ({"recipient": ""}, ["recipient"]),
        ({"what": 7, "purpose": "  "}, ["what", "purpose"]),
        ({"purpose": "x" * 256}, ["purpose"]),
    ],
)
def test_a_disclosure_that_says_too_little_is_refused(
    house: House, fields: dict[str, Any], paths: list[str]
) -> None:
    said = {"recipient": "a", "what": "b", "purpose": "c", **fields}
    with pytest.raises(InvalidInput) as caught:
        house.admin.privacy.disclose([house.lead().id], NewDisclosure(**said))
    assert [problem.path for problem in caught.value.problems] == paths


def test_a_disclosure_is_about_leads_that_are_there(house: House) -> None:
    with pytest.raises(NotFound):
        house.admin.privacy.disclose([LeadId("0190c0de-0000-7000-8000-000000000000")], COURT)
    with pytest.raises(InvalidInput):
        house.admin.privacy.disclose([house.lead().id], "the court")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as caught:
        house.admin.privacy.disclosures(since="yesterday")  # type: ignore[arg-type]
    assert [problem.path for problem in caught.value.problems] == ["since"]


def test_an_access_report_tells_who_looked_and_who_changed(house: House) -> None:
    ann = house.lead().id
    ben = house.lead(email="b@example.com", phone="+13125550199").id
    house.front.leads.get(ann)
    house.coordinator.leads.edit(ann, LeadEdit(notes="calls at noon"))
    house.coordinator.leads.edit(ben, LeadEdit(notes="other"))
    with pytest.raises(Forbidden):
        house.desk(Role.DOCTOR).leads.get(ann)
    house.coordinator.leads.find()
    rows = house.admin.privacy.access_report(ann)
    assert [(row.operation, row.kind) for row in rows] == [
        ("leads.capture", Kind.CHANGED),
        ("leads.capture", Kind.CHANGED),  # of the other one, which shares a name
        ("leads.get", Kind.READ),
        ("leads.edit", Kind.CHANGED),
        ("leads.find", Kind.READ),
    ]
    assert [row.user for row in rows] == ["tc-1", "tc-1", "front_desk", "tc-1", "tc-1"]
    assert rows[3].fields == ("notes",)


def test_reports_go_on_from_page_to_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = house.lead().id
    for _ in range(7):
        house.front.leads.get(ann)
    monkeypatch.setattr(accounting, "PAGES", 1)
    monkeypatch.setattr(accounting, "PAGE", 3)
    page = house.admin.privacy.access_page(ann)
    assert page.cursor is not None
    assert len(page.rows) < 7
    assert [row.operation for row in house.admin.privacy.access_report(ann)].count("leads.get") == 7


def test_broken_glass_is_reported(house: House) -> None:
    ann = house.lead().id
    doctor = Actor(
        user=UserId("dr"),
        clinic=house.clinic.id,
        roles={Role.FRONT_DESK},
        purpose="break_glass: emergency",
    )
    house.crm.acting_as(doctor).leads.get(ann)
    (row,) = house.admin.privacy.glass_broken()
    assert (row.user, row.operation, row.objects) == ("dr", "leads.get", (ann,))
    assert row.purpose == "break_glass: emergency"


def test_what_was_told_of_an_erased_person_is_gone(house: House) -> None:
    ann = house.lead().id
    house.admin.privacy.disclose([ann], COURT)
    house.admin.privacy.erase(ann, with_export=False)
    assert house.admin.privacy.disclosures(ann) == ()
    assert "privacy.disclose" in [row.operation for row in house.admin.privacy.access_report(ann)]
