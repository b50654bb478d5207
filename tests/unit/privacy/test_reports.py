"""Reports out of the audit trail: disclosures, accesses, broken glass, and their CSV."""

from datetime import UTC, datetime
from typing import Any

import pytest

from orthocrm.core.audit import AuditEntry, PersonalChange
from orthocrm.core.ids import AuditId, LeadId, UserId
from orthocrm.privacy.audit import personal_change
from orthocrm.privacy.reports import (
    DISCLOSE,
    Access,
    Disclosure,
    GlassBroken,
    Kind,
    access,
    as_csv,
    disclosures,
    glass,
    is_glass,
    years_before,
)
from tests.unit.privacy.chains import CLINIC, an_entry

ANN, BEN = LeadId("ann"), LeadId("ben")


def told(lead: LeadId, entry: AuditEntry) -> PersonalChange:
    noted = {"recipient": "court", "what": "notes", "purpose": "subpoena"}
    return personal_change(
        id=f"change of {lead}",
        clinic_id=CLINIC,
        entry_id=entry.id,
        lead_id=lead,
        salt="s",
        before={},
        after={f"disclosure.{name}": text for name, text in noted.items()},
    )


@pytest.mark.parametrize(
    "now, then",
    [
        (datetime(2026, 11, 2, 15, 30, tzinfo=UTC), datetime(2020, 11, 2, 15, 30, tzinfo=UTC)),
        (datetime(2028, 2, 29, 8, tzinfo=UTC), datetime(2022, 2, 28, 8, tzinfo=UTC)),
        (datetime(2026, 3, 29, tzinfo=UTC), datetime(2020, 3, 29, tzinfo=UTC)),
        (datetime(2026, 2, 28, tzinfo=UTC), datetime(2020, 2, 28, tzinfo=UTC)),
    ],
)
def test_six_years_are_calendar_years(now: datetime, then: datetime) -> None:
    assert years_before(now) == then


def test_a_noted_disclosure_says_who_what_and_why() -> None:
    entry = an_entry(operation=DISCLOSE)
    changes = [told(ANN, entry), told(BEN, entry)]
    expected = Disclosure(
        at=entry.at,
        lead_id=ANN,
        by=UserId("tc-1"),
        recipient="court",
        what="notes",
        purpose="subpoena",
        entry_id=entry.id,
    )
    assert disclosures(entry, changes, ANN) == [expected]
    assert [one.lead_id for one in disclosures(entry, changes)] == [ANN, BEN]
    assert disclosures(entry, []) == []


def test_an_export_is_a_disclosure_of_every_lead_to_who_took_it() -> None:
    entry = an_entry(operation="leads.export_page", purpose=None)
    assert [
        (one.lead_id, one.recipient, one.what, one.purpose) for one in disclosures(entry, [])
    ] == [
        (ANN, "tc-1", "fields of the lead, as a file", ""),
        (BEN, "tc-1", "fields of the lead, as a file", ""),
    ]
    (only,) = disclosures(an_entry(operation="privacy.export"), [], BEN)
    assert (only.lead_id, only.purpose) == (BEN, "treatment")
    assert only.what == "everything that is kept of the person"


def test_what_was_refused_disclosed_nothing() -> None:
    assert disclosures(an_entry(operation="privacy.export", outcome="forbidden"), []) == []


def test_what_a_disclosure_said_is_not_shown_by_accident() -> None:
    entry = an_entry(operation=DISCLOSE)
    (one,) = disclosures(entry, [told(ANN, entry)])
    assert not [text for text in ("court", "notes", "subpoena") if text in repr(one)]


@pytest.mark.parametrize(
    "fields, kind",
    [
        ({"outcome": "forbidden"}, Kind.REFUSED),
        ({}, Kind.CHANGED),
        ({"changes": (), "fields": (), "digests": ()}, Kind.READ),
        ({"changes": (), "fields": ()}, Kind.CHANGED),
        ({"changes": (), "digests": ()}, Kind.CHANGED),
        ({"fields": (), "digests": ()}, Kind.CHANGED),
    ],
)
def test_an_access_read_changed_or_was_refused(fields: dict[str, Any], kind: Kind) -> None:
    assert access(an_entry(**fields)).kind is kind


def test_an_access_says_who_when_and_what() -> None:
    entry = an_entry()
    assert access(entry) == Access(
        at=entry.at,
        user=UserId("tc-1"),
        roles=("treatment_coordinator",),
        operation="leads.edit",
        kind=Kind.CHANGED,
        outcome="done",
        fields=("patient.first_name",),
        purpose="treatment",
        entry_id=entry.id,
    )


@pytest.mark.parametrize(
    "operation, purpose, is_so",
    [
        ("privacy.break_glass", None, True),
        ("leads.get", "break_glass: emergency", True),
        ("leads.get", "treatment after break_glass", False),
        ("leads.get", None, False),
    ],
)
def test_broken_glass_is_told_by_operation_or_purpose(
    operation: str, purpose: str | None, *, is_so: bool
) -> None:
    assert is_glass(an_entry(operation=operation, purpose=purpose)) is is_so


def test_broken_glass_says_who_and_on_what() -> None:
    entry = an_entry(purpose="break_glass: emergency")
    assert glass(entry) == GlassBroken(
        at=entry.at,
        user=UserId("tc-1"),
        roles=("treatment_coordinator",),
        operation="leads.edit",
        outcome="done",
        purpose="break_glass: emergency",
        objects=("ann", "ben"),
        entry_id=entry.id,
    )


def test_reports_are_written_for_spreadsheets() -> None:
    one = access(an_entry(purpose='=HYPERLINK("x")', roles=("a", "b")))
    other = access(an_entry(2, purpose=None, fields=()))
    assert as_csv([one, other], Access) == (
        "at,user,roles,operation,kind,outcome,fields,purpose,entry_id\r\n"
        "2026-11-02T15:01:00+00:00,tc-1,a b,leads.edit,changed,done,patient.first_name,"
        '"\'=HYPERLINK(""x"")",entry-001\r\n'
        "2026-11-02T15:02:00+00:00,tc-1,treatment_coordinator,leads.edit,changed,done,,,"
        "entry-002\r\n"
    )
    assert as_csv([], Disclosure) == "at,lead_id,by,recipient,what,purpose,entry_id\r\n"
    assert AuditId("entry-001") == one.entry_id
