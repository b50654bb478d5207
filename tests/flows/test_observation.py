"""A patient is not ready yet: observation, recall by date and by hand, on every backend."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    CallOutcome,
    InvalidInput,
    LeadActivityType,
    LeadClosed,
    LeadLocked,
    LeadTaskType,
    LogEntry,
    NewTask,
    Role,
)
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import StageVisit
from orthocrm.core.query import Cond
from orthocrm.core.task import Task
from orthocrm.followup import recalls
from orthocrm.services.work import everything
from tests.flows.practice import House
from tests.security.digest import digest

RECALL_ON = date(2027, 5, 3)
SPOKE = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.SPOKE)


def pending(house: House, **fields: Any) -> LeadId:
    lead_id = house.lead(**fields).id
    house.coordinator.followups.log(lead_id, SPOKE)
    house.coordinator.pipeline.move(lead_id, "pending_decision")
    return lead_id


def visits(house: House, lead_id: LeadId) -> list[StageVisit]:
    with house.crm._backend.begin(house.clinic.id) as store:
        found = everything(store.visits, Cond("lead_id", "eq", lead_id))
    return sorted(found, key=lambda visit: visit.id)


def open_tasks(house: House, lead_id: LeadId) -> list[Task]:
    return list(house.coordinator.leads.timeline(lead_id).open_tasks)


def on(house: House, day: date) -> None:
    """Let time pass until noon of a local day."""
    house.clock.advance(timedelta(days=(day - house.clock().date()).days))


# --- what is refused


@pytest.mark.parametrize(
    "day", [None, "2027-05-03", date(2026, 1, 1), date(2037, 12, 1), 20270503, True]
)
def test_a_recall_lies_ahead_and_not_too_far(house: House, day: Any) -> None:
    lead_id = pending(house)
    before = digest(house.crm)
    with pytest.raises(InvalidInput) as refusal:
        house.coordinator.pipeline.observe(lead_id, day)
    assert [problem.path for problem in refusal.value.problems] == ["recall_due_on"]
    assert digest(house.crm) == before


def test_today_is_no_recall_and_the_clinic_says_what_today_is(house: House) -> None:
    lead_id, today = pending(house), house.clock().date()
    with pytest.raises(InvalidInput):
        house.coordinator.pipeline.observe(lead_id, today)
    tomorrow = today + timedelta(days=1)
    observed = house.coordinator.pipeline.observe(lead_id, tomorrow)
    assert observed.lead.recall_due_on == tomorrow


def test_only_open_leads_are_observed_and_only_observed_ones_recalled(house: House) -> None:
    desk = house.coordinator.pipeline
    lost, won, plain = (pending(house, patient_first_name=name) for name in ("Ada", "Ben", "Cy"))
    desk.lose(lost, "RELOCATED")
    desk.convert(won)
    with pytest.raises(LeadClosed):
        desk.observe(lost, RECALL_ON)
    with pytest.raises(LeadLocked):
        desk.observe(won, RECALL_ON)
    with pytest.raises(InvalidInput, match="not under observation"):
        desk.recall(plain)


# --- under observation


def test_a_lead_under_observation_stays_open_in_its_stage_and_asks_for_nothing(
    house: House,
) -> None:
    lead_id = pending(house)
    house.clock.advance(timedelta(days=8))
    house.crm.work()
    assert [task.rule for task in open_tasks(house, lead_id)] == ["pending_check_in"]

    observed = house.coordinator.pipeline.observe(lead_id, RECALL_ON, "wait for the canines")

    lead = observed.lead
    assert (lead.status, lead.position.stage) == ("ACTIVE", "pending_decision")
    assert (lead.recall_due_on, lead.milestones.observed_at) == (RECALL_ON, house.clock())
    assert open_tasks(house, lead_id) == []
    assert lead.milestones.next_action_at is None
    assert (observed.activity.type, observed.activity.outcome) == ("NOTE", "OBSERVED")
    assert observed.activity.notes == "wait for the canines"
    house.clock.advance(timedelta(days=60))
    house.crm.work()
    assert open_tasks(house, lead_id) == []


def test_attempts_under_observation_wake_no_rule(house: House) -> None:
    lead_id = pending(house)
    house.coordinator.pipeline.observe(lead_id, RECALL_ON)
    silent = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.NO_ANSWER)
    logged = [house.coordinator.followups.log(lead_id, silent) for _ in range(3)]
    assert [(entry.tasks, entry.suggest_lost) for entry in logged] == [((), False)] * 3


def test_a_task_that_a_person_made_stays(house: House) -> None:
    lead_id = pending(house)
    due = house.clock() + timedelta(days=30)
    new = NewTask(type=LeadTaskType.CALL, title="Send a birthday card", due_at=due)
    mine = house.coordinator.followups.add_task(lead_id, new)
    house.coordinator.pipeline.observe(lead_id, RECALL_ON)
    assert [task.id for task in open_tasks(house, lead_id)] == [mine.id]


def test_another_date_replaces_the_first_and_keeps_the_visit(house: House) -> None:
    lead_id = pending(house)
    first = house.coordinator.pipeline.observe(lead_id, RECALL_ON).lead
    house.clock.advance(timedelta(days=10))
    second = house.coordinator.pipeline.observe(lead_id, date(2027, 9, 1)).lead
    assert second.recall_due_on == date(2027, 9, 1)
    assert second.position == first.position
    assert second.milestones.observed_at == first.milestones.observed_at
    assert len(visits(house, lead_id)) == 3


def test_time_under_observation_is_a_visit_of_its_own(house: House) -> None:
    lead_id = pending(house)
    house.clock.advance(timedelta(days=3))
    house.coordinator.pipeline.observe(lead_id, RECALL_ON)
    house.clock.advance(timedelta(days=100))
    house.coordinator.pipeline.recall(lead_id)
    day = 86_400_000
    assert [(v.stage, v.observed, v.ms) for v in visits(house, lead_id)] == [
        ("new_lead", False, 0),
        ("pending_decision", False, 3 * day),
        ("pending_decision", True, 100 * day),
        ("pending_decision", False, None),
    ]


# --- coming back


def test_a_recall_that_is_due_brings_the_lead_back_with_a_task_once(house: House) -> None:
    lead_id = pending(house)
    house.coordinator.pipeline.observe(lead_id, RECALL_ON)
    worker = house.desk(Role.WORKER)
    on(house, RECALL_ON - timedelta(days=1))
    assert worker.pipeline.recall_due() == ()
    on(house, RECALL_ON)

    (recalled,) = worker.pipeline.recall_due()

    assert worker.pipeline.recall_due() == ()
    lead = house.coordinator.leads.get(lead_id)
    assert lead == recalled.lead
    assert (lead.recall_due_on, lead.milestones.recalled_at) == (None, house.clock())
    assert lead.position.entered_at == house.clock()
    assert open_tasks(house, lead_id) == [recalled.task]
    assert (recalled.task.rule, recalled.task.assigned_to) == (
        recalls.ORIGIN,
        lead.ownership.owner,
    )
    assert lead.milestones.next_action_at == recalled.task.due_at > house.clock()
    assert recalled.activity.outcome == "RECALLED"


def test_the_worker_recalls_all_that_are_due_and_nobody_else(house: House) -> None:
    first, second, later = (pending(house, patient_first_name=n) for n in ("Ada", "Ben", "Cy"))
    for lead_id in (first, second):
        house.coordinator.pipeline.observe(lead_id, RECALL_ON)
    house.coordinator.pipeline.observe(later, RECALL_ON + timedelta(days=1))
    on(house, RECALL_ON)
    made = house.crm.work().tasks
    assert sorted(task.lead_id for task in made if task.rule == recalls.ORIGIN) == [first, second]
    assert house.coordinator.leads.get(later).recall_due_on is not None


def test_each_lead_is_recalled_once_however_many_work_at_once(house: House) -> None:
    waiting = [pending(house, patient_first_name=f"Child {n}") for n in range(6)]
    for lead_id in waiting:
        house.coordinator.pipeline.observe(lead_id, RECALL_ON)
    on(house, RECALL_ON)

    def work(_: int) -> list[LeadId]:
        recalled = house.desk(Role.WORKER).pipeline.recall_due()
        return [item.lead.id for item in recalled]

    with ThreadPoolExecutor(4) as workers:
        found = [lead_id for some in workers.map(work, range(4)) for lead_id in some]
    assert sorted(found) == sorted(waiting)
    assert [len(open_tasks(house, lead_id)) for lead_id in waiting] == [1] * 6


def test_a_recall_by_hand_starts_the_stage_anew(house: House) -> None:
    lead_id = pending(house)
    house.coordinator.pipeline.observe(lead_id, RECALL_ON)
    house.clock.advance(timedelta(days=40))
    recalled = house.coordinator.pipeline.recall(lead_id, "they called")
    assert recalled.activity.notes == "they called"
    house.clock.advance(timedelta(days=6))
    house.crm.work()
    assert {task.rule for task in open_tasks(house, lead_id)} == {recalls.ORIGIN}
    house.clock.advance(timedelta(days=2))
    house.crm.work()
    assert {task.rule for task in open_tasks(house, lead_id)} == {
        recalls.ORIGIN,
        "pending_check_in",
    }


def test_whoever_moves_on_is_under_observation_no_more(house: House) -> None:
    lead_id = pending(house)
    house.coordinator.pipeline.observe(lead_id, RECALL_ON)
    house.clock.advance(timedelta(days=5))
    moved = house.coordinator.pipeline.move(lead_id, "treatment_accepted").lead
    assert (moved.recall_due_on, moved.milestones.recalled_at) == (None, house.clock())
    assert [(v.stage, v.observed) for v in visits(house, lead_id)] == [
        ("new_lead", False),
        ("pending_decision", False),
        ("pending_decision", True),
        ("treatment_accepted", False),
    ]


def test_a_lead_that_is_given_up_is_not_recalled(house: House) -> None:
    lead_id = pending(house)
    house.coordinator.pipeline.observe(lead_id, RECALL_ON)
    lost = house.coordinator.pipeline.lose(lead_id, "RELOCATED").lead
    assert (lost.recall_due_on, lost.milestones.recalled_at) == (None, None)
    on(house, RECALL_ON)
    assert house.desk(Role.WORKER).pipeline.recall_due() == ()


def test_the_board_shows_them_apart(house: House) -> None:
    waiting, busy = (pending(house, patient_first_name=name) for name in ("Ada", "Ben"))
    house.coordinator.pipeline.observe(waiting, RECALL_ON)
    board = house.coordinator.pipeline.board()
    column = next(c for c in board.columns if c.stage.slug == "pending_decision")
    assert (column.count, [card.lead_id for card in column.cards]) == (1, [busy])
    assert (board.observed.count, [card.lead_id for card in board.observed.cards]) == (1, [waiting])
    assert board.observed.cards[0].recall_due_on == RECALL_ON
    assert house.coordinator.pipeline.observed() == board.observed


def test_the_front_of_a_practice_without_hours_gets_its_recalls_too(house: House) -> None:
    present = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(present, hours=evolve(present.hours, week=())))
    lead_id = pending(house)
    house.coordinator.pipeline.observe(lead_id, RECALL_ON)
    task = house.coordinator.pipeline.recall(lead_id).task
    assert task.due_at == house.clock() + recalls.WITHIN
