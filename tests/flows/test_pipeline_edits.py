"""Stages that go with the leads in them, marks, columns by pages, and moves of a thousand."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

import orthocrm
from orthocrm import (
    ClosedStage,
    InvalidInput,
    Lead,
    Moved,
    NotFound,
    Objection,
    Refused,
    Stage,
    StageInUse,
    Vetoed,
    hook,
)
from orthocrm.core.ids import LeadId
from orthocrm.core.query import Cond
from orthocrm.services.pipeline.transitions import Move
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House, enquiry
from tests.security.digest import digest


def in_stage(house: House, slug: str, name: str = "Sofia") -> LeadId:
    lead_id = house.lead(patient_first_name=name).id
    house.coordinator.pipeline.move(lead_id, slug)
    return lead_id


def refused(house: House, error: type[Exception], verb: partial[Any]) -> Exception:
    before = digest(house.crm)
    with pytest.raises(error) as refusal:
        verb()
    assert digest(house.crm) == before
    return refusal.value


# --- stages that go


def test_a_stage_in_use_names_its_leads(house: House) -> None:
    held = sorted(in_stage(house, "contacted", name) for name in ("Ada", "Ben"))
    error = refused(house, StageInUse, partial(house.admin.settings.remove_stage, "contacted"))
    assert isinstance(error, StageInUse)
    assert (error.stage, error.leads, sorted(error.lead_ids)) == ("contacted", 2, held)


@pytest.mark.parametrize(
    "move_to, error",
    [
        ("contacted", InvalidInput),
        ("nowhere", InvalidInput),
        ("lost", ClosedStage),
        ("treatment_started", ClosedStage),
    ],
)
def test_its_leads_go_to_another_open_stage_only(
    house: House, move_to: str, error: type[Exception]
) -> None:
    in_stage(house, "contacted")
    refused(house, error, partial(house.admin.settings.remove_stage, "contacted", move_to))


@pytest.mark.parametrize("move_to", ["new_lead", "consultation_completed"])
def test_the_leads_of_a_removed_stage_stand_elsewhere_and_history_stays(
    house: House, move_to: str
) -> None:
    lead_id = in_stage(house, "contacted")
    before = house.coordinator.leads.get(lead_id)
    house.clock.advance(timedelta(days=2))

    stages = house.admin.settings.remove_stage("contacted", move_to=move_to)

    orders = {str(stage.slug): stage.order for stage in stages}
    lead = house.coordinator.leads.get(lead_id)
    assert (lead.position.stage, lead.position.order) == (move_to, orders[move_to])
    assert lead.milestones.completed_at == before.milestones.completed_at
    assert lead.status == "ACTIVE" if move_to != "new_lead" else lead.status == "NEW"
    newest = house.coordinator.leads.timeline(lead_id).entries[0].activity
    assert newest is not None
    assert (newest.previous_stage, newest.new_stage) == ("contacted", move_to)
    with house.crm._backend.begin(house.clinic.id) as store:
        visits = sorted(
            everything(store.visits, Cond("lead_id", "eq", lead_id)), key=lambda visit: visit.id
        )
    assert [(v.stage, v.order, v.ms) for v in visits] == [
        ("new_lead", 1, 0),
        ("contacted", 2, 2 * 86_400_000),
        (move_to, orders[move_to], None),
    ]
    assert house.coordinator.pipeline.move(lead_id, "pending_decision").lead.is_open


def test_who_is_under_observation_stays_so_when_the_stage_goes(house: House) -> None:
    lead_id = in_stage(house, "contacted")
    day = house.clock().date() + timedelta(days=90)
    house.coordinator.pipeline.observe(lead_id, day)
    house.admin.settings.remove_stage("contacted", move_to="consultation_scheduled")
    assert house.coordinator.leads.get(lead_id).recall_due_on == day
    assert house.coordinator.pipeline.recall(lead_id).lead.recall_due_on is None


def test_a_plug_in_can_keep_leads_out_of_the_other_stage() -> None:
    class Gatekeeper:
        @hook
        def before_stage_change(self, stage: Stage) -> None:
            if stage.slug == "consultation_scheduled":
                raise Vetoed("gatekeeper", "no more visits this year")

    crm = orthocrm.connect("memory://", plugins=[Gatekeeper()], discover_plugins=False)
    house = House(crm, crm.create_clinic(name="Bright", timezone="UTC"), FrozenClock())
    house.admin.settings.add_coordinator("tc-1", "Ana")
    in_stage(house, "contacted")
    remove = house.admin.settings.remove_stage
    refused(house, Vetoed, partial(remove, "contacted", "consultation_scheduled"))
    assert "contacted" not in {stage.slug for stage in remove("contacted", "new_lead")}


# --- moving many


@pytest.fixture
def veto() -> Iterator[House]:
    class Careful:
        @hook
        def before_stage_change(self, lead: Lead) -> None:
            if "vip" in lead.tags:
                raise Vetoed("careful", "the doctor moves these")

    clock = FrozenClock()
    with orthocrm.connect(
        "memory://", keys=KEYS, clock=clock, plugins=[Careful()], discover_plugins=False
    ) as crm:
        house = House(crm, crm.create_clinic(name="Bright", timezone="UTC"), clock)
        house.admin.settings.add_coordinator("tc-1", "Ana")
        yield house


def test_every_lead_of_a_move_has_its_own_result(veto: House) -> None:
    free, kept, behind = (in_stage(veto, "contacted", name) for name in ("Ada", "Ben", "Cy"))
    veto.coordinator.leads.tag([kept], ["vip"])
    veto.coordinator.pipeline.move(behind, "treatment_accepted")
    nobody = LeadId("0190c0de-0000-7000-8000-000000000000")
    wanted = [Move(lead_id=one, stage="pending_decision") for one in (free, kept, behind, nobody)]

    results = veto.coordinator.pipeline.move_many(wanted)

    codes = [item.error.code if isinstance(item, Refused) else "moved" for item in results]
    assert codes == ["moved", "vetoed", "backward_move", "not_found"]
    stages = [veto.coordinator.leads.get(one).position.stage for one in (free, kept, behind)]
    assert stages == ["pending_decision", "contacted", "treatment_accepted"]


def test_a_thousand_leads_are_moved_in_one_act(house: House) -> None:
    people = [
        enquiry(first_name=f"P{n}", last_name=f"Q{n}", phone=None, email=f"p{n}@example.com")
        for n in range(1_000)
    ]
    captured = house.coordinator.leads.capture_many(people)
    moves = [
        Move(lead_id=item.lead.id, stage="contacted")
        for item in captured
        if not isinstance(item, Refused)
    ]
    results = house.coordinator.pipeline.move_many(moves)
    assert [type(item) for item in results] == [Moved] * 1_000
    counts = {str(c.stage.slug): c.count for c in house.coordinator.pipeline.board().columns}
    assert (counts["new_lead"], counts["contacted"]) == (0, 1_000)


# --- columns


def test_a_column_is_walked_page_by_page(house: House) -> None:
    for name in ("Ada", "Ben", "Cy", "Dee", "Eli"):
        in_stage(house, "contacted", name)
    board = house.coordinator.pipeline.board(cards=2)
    column = next(one for one in board.columns if one.stage.slug == "contacted")
    assert (column.count, len(column.cards)) == (5, 2)
    seen = [card.lead_id for card in column.cards]
    cursor = column.cursor
    while cursor is not None:
        page = house.coordinator.pipeline.column("contacted", size=2, cursor=cursor)
        seen += [card.lead_id for card in page.cards]
        cursor = page.cursor
    assert len(seen) == len(set(seen)) == 5
    first = house.coordinator.pipeline.column("contacted", size=5)
    assert [card.lead_id for card in first.cards] == seen


def test_a_cursor_belongs_to_its_column_and_to_whom_it_showed(house: House) -> None:
    for name in ("Ada", "Ben", "Cy"):
        in_stage(house, "contacted", name)
    cursor = house.coordinator.pipeline.column("contacted", size=1).cursor
    pipeline = house.coordinator.pipeline
    for attempt in (
        partial(pipeline.column, "new_lead", size=1, cursor=cursor),
        partial(pipeline.column, "contacted", size=1, cursor=cursor, mine=True),
        partial(pipeline.observed, size=1, cursor=cursor),
        partial(pipeline.column, "contacted", cursor="nonsense"),
        partial(pipeline.column, "nowhere"),
        partial(pipeline.column, "contacted", size=0),
    ):
        with pytest.raises(InvalidInput):
            attempt()


# --- marks


def test_an_objection_is_seen_on_the_board_and_in_lists(house: House) -> None:
    lead_id = in_stage(house, "pending_decision")
    marked = house.coordinator.pipeline.set_objection(lead_id, Objection.COST)
    assert marked == house.coordinator.leads.get(lead_id)
    (card,) = house.coordinator.pipeline.column("pending_decision").cards
    assert card.objection is Objection.COST
    found = house.coordinator.leads.find(Cond("objection", "eq", "COST"), mine=False).leads
    assert [lead.id for lead in found] == [lead_id]
    assert house.coordinator.pipeline.set_objection(lead_id, None).objection is None


def test_tags_are_given_to_many_and_found_again(house: House) -> None:
    first, second = (in_stage(house, "contacted", name) for name in ("Ada", "Ben"))
    gone = LeadId("0190c0de-0000-7000-8000-000000000000")
    results = house.coordinator.leads.tag([first, gone, second], ["vip", "phase-1"])
    assert [isinstance(item, Refused) for item in results] == [False, True, False]
    assert isinstance(results[1], Refused)
    assert isinstance(results[1].error, NotFound)
    house.coordinator.leads.untag([second], ["vip"])
    vips = house.coordinator.leads.find(Cond("tag", "has", "vip"), mine=False).leads
    assert [(lead.id, lead.tags) for lead in vips] == [(first, ("phase-1", "vip"))]
    refused(house, InvalidInput, partial(house.coordinator.leads.tag, [first], ["V I P"]))
