"""The audit trail: one entry for every operation, written with it or not at all."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

import orthocrm
from orthocrm import (
    Cond,
    Desk,
    Forbidden,
    InvalidInput,
    LeadEdit,
    LeadLocked,
    LogEntry,
    NotFound,
    OrthoCRM,
    Role,
)
from orthocrm.core.activity import LeadActivityType
from orthocrm.core.audit import AuditEntry, PersonalChange
from orthocrm.core.ids import LeadId
from orthocrm.core.query import Sort
from orthocrm.privacy.audit import verified
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from tests.flows import files
from tests.flows.conftest import KEYS
from tests.flows.files import a_row
from tests.flows.practice import House, enquiry
from tests.security.operations import Target
from tests.security.prepared import a_target


@pytest.fixture
def crm(url: str, clock: FrozenClock) -> Iterator[OrthoCRM]:
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        crm.migrate()
        yield crm


@pytest.fixture
def target(crm: OrthoCRM, clock: FrozenClock) -> Target:
    return a_target(crm, clock)


@pytest.fixture
def house(target: Target) -> House:
    return target.house


def entries(house: House, operation: str | None = None) -> list[AuditEntry]:
    """Give the entries of a clinic in the order in which they were written."""
    where = Cond("operation", "eq", operation) if operation else Cond("operation", "present")
    with house.crm._backend.begin(house.clinic.id) as store:
        return list(everything(store.audit, where, [Sort("at")]))


def the_last(house: House, operation: str) -> AuditEntry:
    return max(entries(house, operation), key=lambda entry: entry.id)


def changes_of(house: House, entry: AuditEntry) -> Sequence[PersonalChange]:
    with house.crm._backend.begin(house.clinic.id) as store:
        return everything(store.personal_changes, Cond("audit_id", "eq", entry.id))


# --- what is written


def test_a_refusal_leaves_an_entry_that_says_why(target: Target, house: House) -> None:
    tc, nobody = house.coordinator, LeadId("0190c0de-0000-7000-8000-000000000000")
    tc.pipeline.convert(target.lead)
    refusals: tuple[tuple[str, Any, type[Exception], str, tuple[str, ...]], ...] = (
        ("leads.get", lambda: tc.leads.get(nobody), NotFound, "not_found", (nobody,)),
        ("leads.get", lambda: tc.leads.get(LeadId("Ann Lee")), NotFound, "not_found", ()),
        ("privacy.trail", tc.privacy.trail, Forbidden, "forbidden", ()),
        (
            "leads.capture",
            lambda: tc.leads.capture(enquiry(phone="what")),
            InvalidInput,
            "invalid_input",
            (),
        ),
        (
            "pipeline.move",
            lambda: tc.pipeline.move(target.lead, "contacted"),
            LeadLocked,
            "lead_locked",
            (target.lead,),
        ),
    )
    for operation, call, error, code, objects in refusals:
        before = len(entries(house))
        with pytest.raises(error):
            call()
        entry = the_last(house, operation)
        assert len(entries(house)) == before + 1
        assert (entry.outcome, entry.objects, entry.user) == (code, objects, "tc-1")
        assert (entry.changes, entry.digests) == ((), ())


def test_an_entry_names_objects_and_fields(target: Target, house: House) -> None:
    tc = house.coordinator
    captured = tc.leads.capture(enquiry(phone="3125550188", email=None))
    assert captured.lead.id in the_last(house, "leads.capture").objects

    tc.leads.edit(target.lead, LeadEdit(notes="new", campaign="spring"))
    entry = the_last(house, "leads.edit")
    assert (entry.objects, entry.fields) == ((target.lead,), ("campaign", "notes"))

    found = tc.leads.find(mine=False)
    assert set(the_last(house, "leads.find").objects) == {lead.id for lead in found.leads}


def test_an_entry_holds_codes_before_and_after(target: Target, house: House) -> None:
    house.coordinator.pipeline.move(target.lead, "contacted")
    assert the_last(house, "pipeline.move").changes == (
        {
            "kind": "stage_changed",
            "lead_id": target.lead,
            "before": "new_lead",
            "after": "contacted",
        },
    )


def test_an_edit_that_says_nothing_new_changes_no_field(target: Target, house: House) -> None:
    lead = house.coordinator.leads.get(target.lead)
    house.coordinator.leads.edit(target.lead, LeadEdit(first_name=lead.contact.first_name))
    entry = the_last(house, "leads.edit")
    assert (entry.fields, entry.changes, entry.digests) == ((), (), ())


def test_personal_fields_lie_apart_before_and_after(target: Target, house: House) -> None:
    before = house.coordinator.leads.get(target.lead)
    house.coordinator.leads.edit(target.lead, LeadEdit(notes="asks", first_name="Mia"))
    entry = the_last(house, "leads.edit")
    (change,) = changes_of(house, entry)

    assert change.before == {"first_name": before.contact.first_name, "notes": None}
    assert change.after == {"first_name": "Mia", "notes": "asks"}
    assert len(entry.digests) == 1
    assert verified(entry, [change])
    assert not verified(entry, [evolve(change, after={**change.after, "notes": "asked"})])
    assert not verified(evolve(entry, digests=()), [change])


def test_an_import_leaves_an_entry_for_each_batch(target: Target, house: House) -> None:
    desk = house.desk(Role.IMPORTER)
    files.run(desk, [a_row(1), a_row(2)])
    before = len(entries(house))
    files.run(desk, [a_row(1, last="Leeds"), a_row(3), a_row(4, phone="what")])

    assert [entry.operation for entry in entries(house)[before:]] == [
        "imports.begin",
        "imports.rows",
        "imports.finish",
    ]
    entry = the_last(house, "imports.rows")
    assert "last_name" in entry.fields
    (change,) = changes_of(house, entry)
    assert (change.before, change.after) == ({"last_name": "Lee1"}, {"last_name": "Leeds"})
    assert verified(entry, [change])
    made = [lead.id for lead in desk.leads.find(mine=False).leads if lead.id != target.lead]
    assert set(entry.objects) >= {change.lead_id}
    assert set(entry.objects) <= {*made, target.import_id, *_imports(house)}


def _imports(house: House) -> set[str]:
    with house.crm._backend.begin(house.clinic.id) as store:
        return {run.id for run in everything(store.imports)}


def test_a_dry_run_is_on_the_trail_with_what_it_read(target: Target, house: House) -> None:
    desk = house.desk(Role.IMPORTER)
    files.run(desk, [a_row(1)])
    (known,) = [lead.id for lead in desk.leads.find(mine=False).leads if lead.id != target.lead]
    files.run(desk, [a_row(1, last="Leeds"), a_row(2)], dry_run=True)
    entry = the_last(house, "imports.rows")
    assert (entry.objects, entry.changes, entry.digests) == ((known,), (), ())


def test_the_purpose_of_an_actor_is_kept(house: House, target: Target) -> None:
    actor = orthocrm.Actor(
        user="tc-1", clinic=house.clinic.id, roles={Role.ADMIN}, purpose="complaint 7"
    )
    house.crm.acting_as(actor).leads.get(target.lead)
    assert the_last(house, "leads.get").purpose == "complaint 7"


# --- written with the operation, or not at all


# --- reading it


def test_the_trail_is_read_in_pages_newest_first(house: House, target: Target) -> None:
    for _ in range(7):
        house.clock.advance(timedelta(seconds=1))
        house.coordinator.leads.get(target.lead)
    written = entries(house)
    house.clock.advance(timedelta(seconds=1))
    read, cursor = _page(house.admin, None)
    while cursor is not None:
        page, cursor = _page(house.admin, cursor)
        read += page

    assert [entry for entry in read if entry.operation != "privacy.trail"] == sorted(
        written, key=lambda entry: (-entry.at.timestamp(), entry.id)
    )
    assert {entry.operation for entry in entries(house)[len(written) :]} == {"privacy.trail"}


def _page(desk: Desk, cursor: str | None) -> tuple[list[AuditEntry], str | None]:
    page = desk.privacy.trail(size=5, cursor=cursor)
    assert len(page.entries) <= 5
    return list(page.entries), page.cursor


def test_the_trail_is_searched_by_who_did_what(house: House, target: Target) -> None:
    note = LogEntry(type=LeadActivityType.NOTE, notes="rang")
    house.coordinator.followups.log(target.lead, note)
    mine = orthocrm.AllOf((Cond("user", "eq", "tc-1"), Cond("operation", "eq", "followups.log")))
    (entry,) = house.admin.privacy.trail(mine).entries
    assert entry.objects == (target.lead,)


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "é", "A" * 5_000])
def test_a_made_up_cursor_is_refused(house: House, cursor: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        house.admin.privacy.trail(cursor=cursor)
    assert [problem.code for problem in refusal.value.problems] == ["bad_cursor"]
