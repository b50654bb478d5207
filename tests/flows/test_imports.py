"""Files of leads and of outcomes, on every backend: in, again, refused, rehearsed, and back."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import orthocrm
from orthocrm import (
    Cond,
    Desk,
    Forbidden,
    InvalidInput,
    LeadEdit,
    LeadStatus,
    LogEntry,
    NotFound,
    Role,
    Settings,
)
from orthocrm.core.activity import LeadActivityType
from orthocrm.core.audit import ImportState
from orthocrm.core.ids import ImportId, LeadId, UserId
from orthocrm.core.lead import Lead, StageVisit
from orthocrm.core.task import LeadTaskType
from orthocrm.leads.mapping import LeadMapping, OutcomeMapping
from orthocrm.services.imports import desk as imports
from orthocrm.services.imports.reverting import Reverted
from orthocrm.services.imports.runs import ImportReport
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from tests.flows import files
from tests.flows.conftest import KEYS
from tests.flows.files import Row, a_row, counts, said
from tests.flows.practice import House
from tests.security.digest import digest

NEW_SOURCES = '[sources]\n"Radio" = { category = "OTHER" }\n'


@pytest.fixture
def desk(house: House) -> Desk:
    """The importer's desk."""
    return house.desk(Role.IMPORTER)


def stored(desk: Desk) -> list[Lead]:
    """Give all leads, oldest first."""
    return sorted(desk.leads.find(size=500, mine=False).leads, key=lambda lead: lead.id)


def one(desk: Desk) -> Lead:
    (lead,) = stored(desk)
    return lead


def visits(house: House, lead_id: LeadId) -> list[StageVisit]:
    with house.crm._backend.begin(house.clinic.id) as store:
        found = everything(store.visits, Cond("lead_id", "eq", lead_id))
    return sorted(found, key=lambda visit: (visit.entered_at, visit.order))


# --- rows become leads


def test_rows_become_leads_at_their_own_dates(desk: Desk) -> None:
    report = files.run(desk, [a_row(1), a_row(2, at="2026-09-30")])

    assert counts(report.tally) == {"created": 2}
    first, second = stored(desk)
    assert first.stamps.created_at == datetime(2026, 10, 1, tzinfo=UTC)
    assert second.stamps.created_at == datetime(2026, 9, 30, tzinfo=UTC)
    assert first.origin.import_id == second.origin.import_id == report.import_id
    assert [lead.ownership.owner for lead in (first, second)] == ["tc-1", "tc-2"]


def test_without_a_key_every_row_is_a_new_lead(desk: Desk) -> None:
    report = files.run(desk, [a_row(1), a_row(1)], files.leads(""))
    assert (counts(report.tally), report.tally.duplicates) == ({"created": 2}, 1)


def test_a_second_import_of_the_same_file_changes_nothing(desk: Desk) -> None:
    rows = [a_row(1, notes="braces?", source="Google Ads"), a_row(2, stage="contacted")]
    sources = '[sources]\n"Google Ads" = { category = "WEB_PAID" }\n'
    files.run(desk, rows, files.leads(more=sources))
    before = stored(desk)

    assert counts(files.run(desk, rows, files.leads(more=sources)).tally) == {"unchanged": 2}
    assert stored(desk) == before


@pytest.mark.parametrize("key", ["external_ref", "phone", "email"])
def test_a_row_finds_its_lead_by_the_key(desk: Desk, key: str) -> None:
    column = {"external_ref": "ref"}.get(key, key)
    told = a_row(1)[column]
    files.run(desk, [a_row(1)], files.leads(key))
    before = one(desk)
    report = files.run(desk, [a_row(2, **{column: told, "last": "Leeds"})], files.leads(key))

    assert counts(report.tally) == {"updated": 1}
    assert (one(desk).id, one(desk).contact.last_name) == (before.id, "Leeds")


def test_a_phone_finds_the_lead_however_it_is_written(desk: Desk) -> None:
    files.run(desk, [a_row(1, phone="+1 312 555 0142")], files.leads("phone"))
    report = files.run(desk, [a_row(1, phone="(312) 555-0142", ref="")], files.leads("phone"))
    assert counts(report.tally) == {"unchanged": 1}


def test_the_other_phone_of_a_row_is_no_key(desk: Desk) -> None:
    files.run(desk, [a_row(1, phone="+1 312 555 0100")], files.leads("phone"))
    row = a_row(2, phone="+1 312 555 0199", other="+1 312 555 0100")
    assert counts(files.run(desk, [row], files.leads("phone")).tally) == {"created": 1}


def test_what_a_row_leaves_blank_stays(desk: Desk) -> None:
    files.run(desk, [a_row(1, notes="asks about braces")])
    files.run(desk, [a_row(1, notes="", email="", last="Leigh")])
    lead = one(desk)
    assert lead.enquiry.notes == "asks about braces"
    assert (lead.contact.last_name, lead.contact.email is not None) == ("Leigh", True)


@pytest.fixture(params=[1, 2, 1_000])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows make a unit of work: repeats lie within one, or across several."""
    monkeypatch.setattr(imports, "BATCH", request.param)
    return int(request.param)


@pytest.mark.usefixtures("batch")
def test_a_key_that_repeats_in_a_file_updates_the_lead(desk: Desk) -> None:
    rows = [a_row(1), a_row(2), a_row(1, last="Leeds"), a_row(1, last="Leeds"), a_row(1)]
    tally = files.run(desk, rows).tally
    assert counts(tally) == {"created": 2, "updated": 2, "unchanged": 1}
    assert [lead.contact.last_name for lead in stored(desk)] == ["Lee1", "Lee2"]


@pytest.mark.usefixtures("batch")
def test_rows_that_reach_one_lead_by_different_keys_come_one_after_the_other(desk: Desk) -> None:
    a, b, c = (f"+1 312 555 01{i:02}" for i in range(3))
    files.run(desk, [a_row(1, phone=a, other=b)], files.leads("phone"))
    rows = [a_row(1, phone=a, other=c), a_row(2, phone=b), a_row(1, phone=c, last="Leeds")]
    assert counts(files.run(desk, rows, files.leads("phone")).tally) == {"created": 1, "updated": 2}


@pytest.mark.usefixtures("batch")
def test_a_key_of_several_leads_is_ambiguous_and_changes_nothing(desk: Desk, house: House) -> None:
    house.lead(external_ref="r-1", notes="one")
    house.lead(external_ref="r-1", notes="two", phone="+1 312 555 0199", email=None)
    before = stored(desk)
    tally = files.run(desk, [a_row(2), a_row(1)]).tally

    assert counts(tally) == {"created": 1, "refused": 1}
    assert said(tally) == [(2, 3, None, "ambiguous_key")]
    assert stored(desk)[:2] == before


def test_a_file_that_says_one_thing_a_thousand_times_is_read(clock: FrozenClock) -> None:
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        tally = files.run(_filled(crm, clock).desk(Role.IMPORTER), [a_row(1)] * 1_050).tally
    assert counts(tally) == {"created": 1, "unchanged": 1_049}


# --- what is refused


def test_refused_rows_are_named_and_the_others_are_in(desk: Desk) -> None:
    rows = [
        a_row(1),
        a_row(2, phone="call me", email="a@b@example.com"),
        a_row(3, first="", last=""),
        a_row(4, at="01.10.2026"),
        a_row(5, source="Nobody knows"),
        a_row(6, stage="nowhere"),
        a_row(7, stage="lost"),
        a_row(8, owner="tc-404"),
        a_row(9, at="2099-01-01"),
        a_row(10, ref=""),
        a_row(11),
    ]
    tally = files.run(desk, rows).tally

    assert counts(tally) == {"created": 2, "refused": 9}
    assert sorted(said(tally)) == [
        (2, 3, "email", "not_an_email"),
        (2, 3, "phone", "not_a_phone"),
        (3, 4, "first", "required"),
        (4, 5, "at", "not_a_date"),
        (5, 6, "source", "unknown_source"),
        (6, 7, "stage", "unknown_stage"),
        (7, 8, "stage", "closed_stage"),
        (8, 9, "owner", "unknown_coordinator"),
        (9, 10, "at", "in_the_future"),
        (10, 11, "ref", "required"),
    ]
    assert [lead.origin.external_ref for lead in stored(desk)] == ["r-1", "r-11"]


def test_a_file_without_the_columns_of_its_mapping_is_refused(desk: Desk, house: House) -> None:
    before = digest(house.crm)
    with pytest.raises(InvalidInput) as refusal:
        desk.imports.run(files.table([], ["ref", "first"]), files.leads())
    assert {problem.code for problem in refusal.value.problems} == {"no_such_column"}
    assert digest(house.crm) == before


# --- sources, stages, owners, tasks


def test_sources_of_the_mapping_are_made_once(desk: Desk) -> None:
    mapping = files.leads(more=NEW_SOURCES)
    for number in (1, 2):
        files.run(desk, [a_row(number, source="radio")], mapping)
    (radio,) = [source for source in desk.sources.all() if source.name == "Radio"]
    assert {lead.origin.source_id for lead in stored(desk)} == {radio.id}


def test_a_lead_may_hold_a_later_stage_already(desk: Desk, house: House) -> None:
    files.run(desk, [a_row(1, stage="consultation_completed")])
    lead = one(desk)

    assert (lead.position.stage, lead.status) == ("consultation_completed", LeadStatus.ACTIVE)
    assert lead.milestones.completed_at == lead.stamps.created_at
    assert lead.ownership.owner == "tc-1"
    first, second = visits(house, lead.id)
    assert (first.stage, first.left_at) == ("new_lead", second.entered_at)
    assert (second.stage, second.left_at) == ("consultation_completed", None)
    assert desk.followups.open_tasks() == ()


def test_a_later_stage_without_anybody_in_charge_is_refused(url: str, clock: FrozenClock) -> None:
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        crm.migrate()
        clinic = crm.create_clinic(name="Empty", timezone="UTC")
        desk = House(crm, clinic, clock).desk(Role.IMPORTER)
        tally = files.run(desk, [a_row(1, stage="contacted"), a_row(2)]).tally
        assert (counts(tally), [p.code for p in tally.problems]) == (
            {"created": 1, "refused": 1},
            ["nobody_to_assign"],
        )
        assert [lead.origin.external_ref for lead in stored(desk)] == ["r-2"]


def test_the_owner_column_names_the_coordinator(desk: Desk) -> None:
    files.run(desk, [a_row(1, owner="tc-2"), a_row(2, owner="tc-2")])
    assert [lead.ownership.owner for lead in stored(desk)] == ["tc-2", "tc-2"]


def test_anonymous_leads_need_neither_name_nor_phone(desk: Desk) -> None:
    row = {"ref": "r-1", "anonymous": "yes", "at": "2026-10-01"}
    assert counts(files.run(desk, [row]).tally) == {"created": 1}
    assert one(desk).enquiry.no_contact


@pytest.mark.parametrize("follow_up, rules", [(True, ["speed_to_lead"]), (False, [])])
def test_tasks_of_new_leads_are_made_if_asked_for(
    desk: Desk, rules: list[str], *, follow_up: bool
) -> None:
    files.run(desk, [a_row(1)], files.leads(follow_up=follow_up))
    assert [task.rule for task in desk.followups.open_tasks()] == rules


# --- outcomes


def outcome(number: int, kind: str, at: str = "2026-10-20", **cells: str) -> Row:
    return {"ref": f"r-{number}", "outcome": kind, "at": at, **cells}


@pytest.mark.usefixtures("batch")
def test_outcomes_end_leads_at_their_own_dates(desk: Desk, house: House) -> None:
    files.run(desk, [a_row(i) for i in range(1, 5)])
    rows = [
        outcome(1, "converted", patient="p-1"),
        outcome(2, "lost", reason="relocated"),
        outcome(3, "open"),
        outcome(4, "lost", reason="other"),
        outcome(9, "converted"),
        outcome(1, "converted", patient="p-1"),
        outcome(1, "lost", reason="relocated"),
        outcome(2, "converted"),
    ]
    tally = files.run(desk, rows, files.outcomes()).tally

    assert counts(tally) == {"updated": 2, "unchanged": 2, "refused": 4}
    assert sorted((p.number, p.code) for p in tally.problems) == [
        (4, "lost_reason_missing"),
        (5, "unknown_reference"),
        (7, "lead_locked"),
        (8, "lead_closed"),
    ]
    won, lost, still_open, _ = stored(desk)
    at = datetime(2026, 10, 20, tzinfo=UTC)
    assert won.conversion is not None
    assert (won.conversion.at, won.conversion.patient_ref) == (at, "p-1")
    assert lost.loss is not None
    assert (lost.loss.at, lost.loss.reason) == (at, "RELOCATED")
    assert still_open.is_open
    assert [visit.left_at for visit in visits(house, won.id)] == [at, None]


def test_a_reference_of_several_leads_is_ambiguous(desk: Desk, house: House) -> None:
    for _ in range(2):
        house.lead(external_ref="r-1")
    tally = files.run(desk, [outcome(1, "converted")], files.outcomes()).tally
    assert said(tally) == [(1, 2, "ref", "ambiguous_key")]


# --- dry runs

NAMES = st.sampled_from(["Lee1", "Leeds", ""])
PHONES = st.sampled_from(["+1 312 555 0100", "+1 312 555 0101", "+1 312 555 0102", "what", ""])
LEAD_ROWS = st.fixed_dictionaries(
    {
        "ref": st.sampled_from(["r-1", "r-2", "r-3", "kept", "won", ""]),
        "first": st.sampled_from(["Ann", ""]),
        "last": NAMES,
        "phone": PHONES,
        "other": PHONES,
        "email": st.sampled_from(["ann@example.com", "bob@example.com", ""]),
        "source": st.sampled_from(["", "Radio", "Nowhere"]),
        "stage": st.sampled_from(["", "", "contacted", "lost", "nowhere"]),
        "owner": st.sampled_from(["", "", "tc-2", "tc-404"]),
        "notes": st.sampled_from(["", "braces?"]),
        "delivery": st.sampled_from(["", "", "d-1", "d-2"]),
    }
)
OUTCOME_ROWS = st.fixed_dictionaries(
    {
        "ref": st.sampled_from(["kept", "won", "other", "nobody"]),
        "outcome": st.sampled_from(["converted", "lost", "open"]),
        "patient": st.sampled_from(["", "p-1"]),
        "reason": st.sampled_from(["", "relocated", "other"]),
        "notes": st.sampled_from(["", "moved away"]),
        "at": st.sampled_from(["2026-10-20", "2026-10-21", "2099-01-01", ""]),
    }
)
MAPPINGS = st.sampled_from(["", "external_ref", "phone", "email"])


def _filled(crm: orthocrm.OrthoCRM, clock: FrozenClock) -> House:
    """Make a clinic of its own with three leads, one of them converted."""
    settings = Settings(fallback=UserId("manager"))
    clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC", settings=settings)
    house = House(crm, clinic, clock)
    for user in ("tc-1", "tc-2"):
        house.admin.settings.add_coordinator(user, user)
    for ref, phone in (("kept", "0100"), ("won", "0101"), ("other", "0199")):
        house.lead(external_ref=ref, phone=f"+1 312 555 {phone}", email=f"{ref}@example.com")
    (won,) = [lead for lead in stored(house.coordinator) if lead.origin.external_ref == "won"]
    house.coordinator.pipeline.convert(won.id)
    return house


def _rehearse(
    house: House,
    rows: Sequence[Row],
    mapping: LeadMapping | OutcomeMapping,
    patch: pytest.MonkeyPatch,
) -> None:
    """Check that dry and real runs agree, and that batches make no difference.

    But for the warnings: an enquiry is warned of what stands in the store before its batch.
    """
    desk = house.desk(Role.IMPORTER)
    before, reports = digest(house.crm), []
    for size in (1, 1_000, 2):
        patch.setattr(imports, "BATCH", size)
        reports.append(files.run(desk, rows, mapping, dry_run=True))
    assert digest(house.crm) == before
    real = files.run(desk, rows, mapping)
    assert [_told(report) for report in reports] == [_told(real)] * 3
    assert reports[-1].tally.duplicates == real.tally.duplicates


def _told(report: ImportReport) -> tuple[object, ...]:
    return counts(report.tally), sorted(said(report.tally), key=repr)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(LEAD_ROWS, max_size=8), key=MAPPINGS, delivered=st.booleans())
def test_a_dry_run_says_what_the_real_run_does(
    rows: list[Row], key: str, clock: FrozenClock, *, delivered: bool
) -> None:
    with (
        orthocrm.connect("memory://", keys=KEYS, clock=clock, discover_plugins=False) as crm,
        pytest.MonkeyPatch.context() as patch,
    ):
        mapping = files.leads(key, follow_up=True, delivered=delivered, more=NEW_SOURCES)
        _rehearse(_filled(crm, clock), rows, mapping, patch)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(OUTCOME_ROWS, max_size=8))
def test_a_dry_run_of_outcomes_says_what_the_real_run_does(
    rows: list[Row], clock: FrozenClock
) -> None:
    with (
        orthocrm.connect("memory://", keys=KEYS, clock=clock, discover_plugins=False) as crm,
        pytest.MonkeyPatch.context() as patch,
    ):
        _rehearse(_filled(crm, clock), rows, files.outcomes(), patch)


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=st.lists(LEAD_ROWS, min_size=3, max_size=8),
    ends=st.lists(OUTCOME_ROWS, max_size=6),
    key=MAPPINGS,
    delivered=st.booleans(),
)
def test_dry_runs_agree_with_real_ones_on_every_backend(
    rows: list[Row],
    ends: list[Row],
    key: str,
    house: House,
    clock: FrozenClock,
    *,
    delivered: bool,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fresh = _filled(house.crm, clock)
        mapping = files.leads(key, follow_up=True, delivered=delivered, more=NEW_SOURCES)
        _rehearse(fresh, rows, mapping, patch)
        _rehearse(fresh, ends, files.outcomes(), patch)


# --- rights


def test_the_front_desk_imports_leads_but_makes_neither_sources_nor_patients(house: House) -> None:
    assert counts(files.run(house.front, [a_row(1)]).tally) == {"created": 1}
    before = digest(house.crm)
    for dry_run in (False, True):
        for rows, mapping in (
            ([a_row(2)], files.leads(more=NEW_SOURCES)),
            ([outcome(1, "converted")], files.outcomes()),
        ):
            with pytest.raises(Forbidden):
                files.run(house.front, rows, mapping, dry_run=dry_run)
    assert digest(house.crm) == before


def test_the_front_desk_gives_no_imported_lead_to_a_coordinator(house: House) -> None:
    tally = files.run(house.front, [a_row(1, owner="tc-2")]).tally
    assert [p.code for p in tally.problems] == ["forbidden"]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("role", [Role.MARKETING_MANAGER, Role.DOCTOR, Role.WEB_FORM])
def test_who_may_not_change_leads_imports_nothing(
    house: House, role: Role, *, dry_run: bool
) -> None:
    before = digest(house.crm)
    with pytest.raises(Forbidden):
        files.run(house.desk(role), [], dry_run=dry_run)
    assert digest(house.crm) == before


def test_an_import_reaches_no_lead_that_its_actor_may_not_change(house: House) -> None:
    lead = house.lead(external_ref="r-1")
    agent, before = house.desk(Role.AGENT, "me"), house.coordinator.leads.get(lead.id)
    tally = files.run(agent, [a_row(1, last="Mine")]).tally
    ends = files.run(agent, [outcome(1, "converted")], files.outcomes()).tally

    assert [p.code for p in tally.problems] == ["not_found"]
    assert [p.code for p in ends.problems] == ["unknown_reference"]
    assert house.coordinator.leads.get(lead.id) == before


# --- back again


def _id(report: ImportReport) -> ImportId:
    assert report.import_id is not None
    return report.import_id


def test_a_reverted_import_can_be_repeated(desk: Desk, house: House) -> None:
    rows = [a_row(1), a_row(2, stage="contacted"), a_row(3), a_row(3, last="Leeds")]
    run = _id(files.run(desk, rows, files.leads(follow_up=True)))

    assert desk.imports.revert(run) == Reverted(removed=3)
    assert stored(desk) == []
    assert house.coordinator.followups.open_tasks() == ()
    with house.crm._backend.begin(house.clinic.id) as store:
        assert store.imports.get([run])[run].state is ImportState.REVERTED
    assert counts(files.run(desk, rows).tally) == {"created": 3, "updated": 1}


def test_what_somebody_worked_on_is_kept_and_counted(desk: Desk, house: House) -> None:
    run = _id(files.run(desk, [a_row(i) for i in range(1, 7)], files.leads(follow_up=True)))
    noted, edited, moved, planned, ticked, left = stored(desk)
    house.clock.advance(timedelta(minutes=1))
    tc = house.coordinator
    tc.followups.log(noted.id, LogEntry(type=LeadActivityType.NOTE, notes="rang twice"))
    tc.leads.edit(edited.id, LeadEdit(notes="changed"))
    tc.pipeline.move(moved.id, "contacted")
    tc.followups.add_task(planned.id, _a_task(house))
    (call,) = [task for task in tc.followups.open_tasks() if task.lead_id == ticked.id]
    tc.followups.complete(call.id)
    house.clock.advance(timedelta(hours=1))

    assert desk.imports.revert(run) == Reverted(removed=1, kept=5)
    assert [lead.id for lead in stored(desk)] == [
        lead.id for lead in (noted, edited, moved, planned, ticked)
    ]
    with pytest.raises(NotFound):
        desk.leads.get(left.id)


def _a_task(house: House) -> orthocrm.NewTask:
    return orthocrm.NewTask(
        type=LeadTaskType.CALL, title="Call", due_at=house.clock() + timedelta(days=9)
    )


def test_a_task_that_the_rules_made_is_nobodys_work(desk: Desk, house: House) -> None:
    second = timedelta(seconds=1)
    report = files.run(desk, [a_row(1), a_row(2)], progress=lambda _: _tick(house, second))
    _tick(house, timedelta(hours=25))
    assert house.crm.work().tasks != ()

    assert desk.imports.revert(_id(report)) == Reverted(removed=2)


def _tick(house: House, by: timedelta) -> None:
    house.clock.advance(by)


def test_changed_leads_get_their_former_state(desk: Desk) -> None:
    files.run(desk, [a_row(1, notes="first"), a_row(2)])
    before = stored(desk)
    rows = [a_row(1, last="Leeds"), a_row(2, notes="new"), a_row(1, last="Leigh"), a_row(3)]
    run = _id(files.run(desk, rows))

    assert desk.imports.revert(run) == Reverted(removed=1, restored=2)
    assert _without_versions(stored(desk)) == _without_versions(before)


def _without_versions(leads: Sequence[Lead]) -> list[Lead]:
    return [evolve(lead, version=0) for lead in leads]


def test_outcomes_are_taken_back(desk: Desk, house: House) -> None:
    files.run(desk, [a_row(i) for i in (1, 2, 3)], files.leads(follow_up=True))
    before, agenda = stored(desk), house.coordinator.followups.open_tasks()
    house.clock.advance(timedelta(minutes=1))
    ends = [outcome(1, "converted"), outcome(2, "lost", reason="relocated")]
    run = _id(files.run(desk, ends, files.outcomes()))
    assert {task.lead_id for task in house.coordinator.followups.open_tasks()} == {before[2].id}

    assert desk.imports.revert(run) == Reverted(restored=2)
    assert _without_versions(stored(desk)) == _without_versions(before)
    for lead in before:
        (visit,) = visits(house, lead.id)
        assert (visit.id, visit.left_at) == (lead.position.visit_id, None)
    again = house.coordinator.followups.open_tasks()
    assert {(task.id, task.status) for task in again} == {(t.id, t.status) for t in agenda}
    assert counts(files.run(desk, ends, files.outcomes()).tally) == {"updated": 2}


def test_outcomes_of_leads_that_were_reopened_stay(desk: Desk, house: House) -> None:
    files.run(desk, [a_row(1)])
    run = _id(files.run(desk, [outcome(1, "lost", reason="relocated")], files.outcomes()))
    house.coordinator.pipeline.reopen(one(desk).id, "they called")
    before = one(desk)

    assert desk.imports.revert(run) == Reverted(kept=1)
    assert one(desk) == before


def test_an_interrupted_revert_can_be_repeated(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orthocrm.services.imports.reverting.BATCH", 2)
    files.run(desk, [a_row(i) for i in range(1, 6)])
    before = stored(desk)
    rows = [a_row(i, notes="new") for i in range(1, 6)] + [a_row(i) for i in range(6, 11)]
    run = _id(files.run(desk, [*rows, a_row(1, notes="newer")]))
    desk.imports.revert_batch(run, None)
    house.clock.advance(timedelta(minutes=1))

    total = desk.imports.revert(run)
    assert (total.kept, total.removed) == (0, 5)
    assert _without_versions(stored(desk)) == _without_versions(before)
    assert desk.imports.revert(run) == Reverted()


def test_an_unknown_import_is_not_found(desk: Desk, house: House) -> None:
    run = _id(files.run(desk, [a_row(1)]))
    elsewhere = house.crm.create_clinic(name="Other", timezone="UTC")
    for desk_, import_id in (
        (desk, ImportId("0190c0de-0000-7000-8000-000000000000")),
        (house.desk(Role.IMPORTER, clinic=elsewhere), run),
    ):
        with pytest.raises(NotFound):
            desk_.imports.revert(import_id)
        with pytest.raises(NotFound):
            desk_.imports.rows([], files.leads(), import_id)
    assert one(desk).version == 1


def test_a_closed_import_takes_no_more_rows(desk: Desk) -> None:
    run = _id(files.run(desk, [a_row(1)]))
    with pytest.raises(InvalidInput) as refusal:
        desk.imports.rows([], files.leads(), run)
    assert [problem.code for problem in refusal.value.problems] == ["not_running"]


def test_an_import_is_recorded_with_its_counts_and_digest(desk: Desk, house: House) -> None:
    told: list[int] = []
    stream = files.table([a_row(1), a_row(2), a_row(3, phone="what")])
    report = desk.imports.run(stream, files.leads(), progress=told.append)
    with house.crm._backend.begin(house.clinic.id) as store:
        run = store.imports.get([_id(report)])[_id(report)]

    assert (run.kind, run.state) == ("leads", ImportState.FINISHED)
    assert (run.created, run.refused, told) == (2, 1, [3])
    assert run.digest == hashlib.sha256(stream.getvalue()).hexdigest()
