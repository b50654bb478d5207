"""What rows say of leads that are there already, and rows that came before, on every backend."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from attrs import evolve

import orthocrm
from orthocrm import Desk, LeadStatus, Role, Vetoed, hook
from orthocrm.core.activity import LeadActivityType
from orthocrm.core.ids import ImportId
from orthocrm.core.lead import Lead
from orthocrm.core.task import TaskStatus
from orthocrm.leads.mapping import LeadMapping, parse
from orthocrm.services.imports import desk as imports
from orthocrm.services.imports.reverting import Reverted
from orthocrm.services.imports.runs import ImportReport
from orthocrm.testing.clock import FrozenClock
from tests.flows import files
from tests.flows.files import a_row, counts, said
from tests.flows.practice import House
from tests.security.digest import digest

KEYLESS = files.leads("", delivered=True)
KEYED = files.leads(delivered=True)


@pytest.fixture
def desk(house: House) -> Desk:
    """The importer's desk."""
    return house.desk(Role.IMPORTER)


def stored(desk: Desk) -> list[Lead]:
    return sorted(desk.leads.find(size=500, mine=False).leads, key=lambda lead: lead.id)


def one(desk: Desk) -> Lead:
    (lead,) = stored(desk)
    return lead


def run_id(report: ImportReport) -> ImportId:
    assert report.import_id is not None
    return report.import_id


@pytest.fixture(params=[1, 2, 1_000])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows make a unit of work: repeats lie within one, or across several."""
    monkeypatch.setattr(imports, "BATCH", request.param)
    return int(request.param)


# --- rows that came before


@pytest.mark.usefixtures("batch")
def test_the_same_delivery_is_the_same_enquiry(desk: Desk) -> None:
    row, other = a_row(1, delivery="d-1"), a_row(2, delivery="d-2")
    first = files.run(desk, [row, row, other, row], KEYLESS)
    again = files.run(desk, [row, other], KEYLESS)
    assert counts(first.tally) == {"created": 2, "unchanged": 2}
    assert counts(again.tally) == {"unchanged": 2}
    assert len(stored(desk)) == 2


def test_a_delivery_is_the_clinics_whoever_imports_it(desk: Desk, house: House) -> None:
    files.run(desk, [a_row(1, delivery="d-1")], KEYLESS)
    tally = files.run(house.coordinator, [a_row(1, delivery="d-1")], KEYLESS).tally
    assert counts(tally) == {"unchanged": 1}
    elsewhere = house.crm.create_clinic(name="Other", timezone="UTC")
    other = house.desk(Role.IMPORTER, clinic=elsewhere)
    assert counts(files.run(other, [a_row(1, delivery="d-1")], KEYLESS).tally) == {"created": 1}


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("changed", [{"last": "Leeds"}, {"stage": "contacted"}])
def test_a_delivery_with_other_content_is_refused(desk: Desk, changed: dict[str, str]) -> None:
    rows = [a_row(1, delivery="d-1"), a_row(1, delivery="d-1", **changed)]
    tally = files.run(desk, rows, KEYED).tally
    assert counts(tally) == {"created": 1, "refused": 1}
    assert said(tally) == [(2, 3, "delivery", "delivery_misused")]
    assert one(desk).contact.last_name == "Lee1"


@pytest.mark.usefixtures("batch")
def test_a_refused_row_leaves_its_delivery_free(desk: Desk) -> None:
    bad, good = a_row(1, delivery="d-1", owner="tc-404"), a_row(1, delivery="d-1")
    tally = files.run(desk, [bad, good, bad], KEYLESS).tally
    assert counts(tally) == {"created": 1, "refused": 2}
    assert [p.code for p in tally.problems] == ["unknown_coordinator", "delivery_misused"]


def test_deliveries_of_an_import_that_was_taken_back_may_come_again(desk: Desk) -> None:
    rows = [a_row(1, delivery="d-1"), a_row(2, delivery="d-2")]
    run = run_id(files.run(desk, rows, KEYLESS))
    assert desk.imports.revert(run) == Reverted(removed=2)
    assert counts(files.run(desk, rows, KEYLESS).tally) == {"created": 2}
    assert counts(files.run(desk, rows, KEYLESS).tally) == {"unchanged": 2}


@pytest.mark.usefixtures("batch")
def test_a_delivery_that_brought_a_lead_up_to_date_does_so_once(desk: Desk) -> None:
    files.run(desk, [a_row(1)])
    rows = [
        a_row(1, last="Leeds", delivery="d-1"),
        a_row(1, last="Leigh"),
        a_row(1, last="Leeds", delivery="d-1"),
    ]
    tally = files.run(desk, rows, KEYED).tally
    assert counts(tally) == {"updated": 2, "unchanged": 1}
    assert one(desk).contact.last_name == "Leigh"


def test_a_dry_run_claims_no_delivery(desk: Desk, house: House) -> None:
    before = digest(house.crm)
    rows = [a_row(1, delivery="d-1"), a_row(1, delivery="d-1")]
    dry = files.run(desk, rows, KEYLESS, dry_run=True)
    assert counts(dry.tally) == {"created": 1, "unchanged": 1}
    assert digest(house.crm) == before
    assert counts(files.run(desk, rows, KEYLESS).tally) == {"created": 1, "unchanged": 1}


# --- stages


def test_a_stage_ahead_moves_the_lead(desk: Desk, house: House) -> None:
    files.run(desk, [a_row(1)])
    house.clock.advance(timedelta(hours=1))
    tally = files.run(desk, [a_row(1, stage="consultation_scheduled")]).tally

    lead = one(desk)
    assert counts(tally) == {"updated": 1}
    assert (lead.position.stage, lead.status) == ("consultation_scheduled", LeadStatus.ACTIVE)
    assert lead.milestones.scheduled_at == house.clock()
    entries = house.coordinator.leads.timeline(lead.id).entries
    types = [entry.activity.type for entry in entries if entry.activity]
    assert LeadActivityType.STAGE_CHANGE in types


@pytest.mark.usefixtures("batch")
def test_stages_that_do_not_lie_ahead_are_refused_with_their_row(desk: Desk, house: House) -> None:
    stage = "consultation_scheduled"
    files.run(desk, [a_row(i, stage=stage) for i in range(1, 5)])
    lost, won = stored(desk)[2:]
    house.coordinator.pipeline.lose(lost.id, "RELOCATED")
    house.coordinator.pipeline.convert(won.id)
    before = stored(desk)
    rows = [
        a_row(1, stage="contacted", last="Leeds"),
        a_row(2, stage=stage),
        a_row(3, stage="treatment_accepted"),
        a_row(4, stage="treatment_accepted"),
    ]
    tally = files.run(desk, rows).tally

    assert counts(tally) == {"unchanged": 1, "refused": 3}
    assert sorted(said(tally)) == [
        (1, 2, "stage", "backward_move"),
        (3, 4, "stage", "lead_closed"),
        (4, 5, "stage", "lead_locked"),
    ]
    assert stored(desk) == before


def test_one_row_after_the_other_moves_a_lead_ahead(desk: Desk) -> None:
    rows = [a_row(1), a_row(1, stage="contacted"), a_row(1, stage="pending_decision"), a_row(1)]
    assert counts(files.run(desk, rows).tally) == {"created": 1, "updated": 2, "unchanged": 1}
    assert one(desk).position.stage == "pending_decision"


@pytest.mark.parametrize("follow_up, rules", [(True, ["confirm_consultation"]), (False, [])])
def test_tasks_of_the_new_stage_are_made_if_asked_for(
    desk: Desk, house: House, rules: list[str], *, follow_up: bool
) -> None:
    files.run(desk, [a_row(1)])
    house.clock.advance(timedelta(hours=1))
    files.run(desk, [a_row(1, stage="consultation_scheduled")], files.leads(follow_up=follow_up))
    assert [task.rule for task in desk.followups.open_tasks()] == rules


class Strict:
    """A plug-in that lets no lead be moved."""

    @hook
    def before_stage_change(self) -> None:
        raise Vetoed("strict", "not by a file")


def test_a_plug_in_may_refuse_the_stage_of_a_row(clock: FrozenClock) -> None:
    with orthocrm.connect(
        "memory://", clock=clock, discover_plugins=False, plugins=[Strict()]
    ) as crm:
        house = House(crm, crm.create_clinic(name="Strict", timezone="UTC"), clock)
        house.admin.settings.add_coordinator("tc-1", "Ana")
        desk = house.desk(Role.IMPORTER)
        files.run(desk, [a_row(1)])
        tally = files.run(desk, [a_row(1, stage="contacted")]).tally
    assert said(tally) == [(1, 2, "stage", "vetoed")]


# --- coordinators


def test_the_owner_of_a_row_takes_the_lead_and_its_open_tasks(desk: Desk, house: House) -> None:
    files.run(desk, [a_row(1)], files.leads(follow_up=True))
    assert one(desk).ownership.owner == "tc-1"
    house.clock.advance(timedelta(hours=1))
    tally = files.run(desk, [a_row(1, owner="tc-2")]).tally

    assert counts(tally) == {"updated": 1}
    held = one(desk).ownership
    assert (held.owner, held.first_owner, held.assigned_at) == ("tc-2", "tc-1", house.clock())
    assert {task.assigned_to for task in desk.followups.open_tasks()} == {"tc-2"}
    (last, *_) = house.coordinator.assignment.history(one(desk).id)[::-1]
    assert (last.decision.rule, last.decision.previous) == ("import", "tc-1")


def test_owners_that_cannot_be_given_refuse_their_row(desk: Desk, house: House) -> None:
    files.run(desk, [a_row(i, owner="tc-1") for i in range(1, 4)])
    house.coordinator.pipeline.convert(stored(desk)[2].id)
    before = stored(desk)
    rows = [
        a_row(1, owner="tc-404", last="Leeds"),
        a_row(2, owner="tc-1"),
        a_row(3, owner="tc-2"),
    ]
    tally = files.run(desk, rows).tally

    assert counts(tally) == {"unchanged": 1, "refused": 2}
    assert sorted(said(tally)) == [
        (1, 2, "owner", "unknown_coordinator"),
        (3, 4, "owner", "lead_locked"),
    ]
    assert stored(desk) == before


def test_who_may_not_assign_leads_gives_none_away(house: House) -> None:
    files.run(house.coordinator, [a_row(1, owner="tc-1")])
    before = house.coordinator.leads.get(stored(house.coordinator)[0].id)
    tally = files.run(house.front, [a_row(1, owner="tc-2", last="Leeds")]).tally
    assert said(tally) == [(1, 2, "owner", "forbidden")]
    assert house.coordinator.leads.get(before.id) == before


def test_defaults_for_owner_and_stage_speak_of_new_leads_only(desk: Desk) -> None:
    defaults = 'channel = "IMPORT"\nstage = "contacted"\nowner = "tc-2"'
    text = files.LEADS.format(key="external_ref", follow_up="false")
    mapping = parse(text.replace('channel = "IMPORT"', defaults))
    assert isinstance(mapping, LeadMapping)
    files.run(desk, [a_row(1, stage="pending_decision", owner="tc-1")], mapping)
    tally = files.run(desk, [a_row(1), a_row(2)], mapping).tally

    assert counts(tally) == {"created": 1, "unchanged": 1}
    assert [(lead.position.stage, lead.ownership.owner) for lead in stored(desk)] == [
        ("pending_decision", "tc-1"),
        ("contacted", "tc-2"),
    ]


# --- back again


def _without_versions(leads: Sequence[Lead]) -> list[Lead]:
    return [evolve(lead, version=0) for lead in leads]


@pytest.mark.usefixtures("batch")
def test_stages_owners_and_tasks_are_as_before_after_a_revert(desk: Desk, house: House) -> None:
    mapping = files.leads(follow_up=True)
    files.run(desk, [a_row(1), a_row(2), a_row(3)], mapping)
    before = stored(desk)
    agenda = {(t.id, t.assigned_to, t.status) for t in house.coordinator.followups.open_tasks()}
    house.clock.advance(timedelta(minutes=1))
    rows = [
        a_row(1, owner="tc-2", stage="contacted", last="Leeds"),
        a_row(2, owner="tc-1", stage="consultation_completed"),
        a_row(1, stage="pending_decision", notes="called twice"),
        a_row(1, owner="manager"),
        a_row(3, owner="tc-2"),
    ]
    run = run_id(files.run(desk, rows, mapping, progress=lambda _: _tick(house)))
    assert _without_versions(stored(desk)) != _without_versions(before)

    assert desk.imports.revert(run) == Reverted(restored=3)
    assert _without_versions(stored(desk)) == _without_versions(before)
    after = {(t.id, t.assigned_to, t.status) for t in house.coordinator.followups.open_tasks()}
    assert after == agenda
    assert all(status is not TaskStatus.CANCELLED for _, _, status in after)


def _tick(house: House) -> None:
    house.clock.advance(timedelta(seconds=1))
