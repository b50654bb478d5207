"""Leads that stay too long in a stage: found by a query, told once in a visit."""

from datetime import timedelta

from attrs import evolve

from orthocrm import (
    CallOutcome,
    FollowUpRule,
    LeadActivityType,
    LeadTaskType,
    LogEntry,
    NewTask,
    Role,
    Task,
    Trigger,
)
from orthocrm.core.ids import LeadId, StageSlug
from orthocrm.followup import ages
from tests.flows.following import configure
from tests.flows.practice import House

TEN_DAYS = timedelta(days=10)
SPOKE = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.SPOKE)


def aged(house: House, slug: str = "contacted", days: int = 3) -> None:
    """Give a stage a limit."""
    stage = house.admin.settings.practice().stage_by_slug[StageSlug(slug)]
    house.admin.settings.change_stage(evolve(stage, max_days=days))


def in_stage(house: House, slug: str = "contacted", name: str = "Sofia") -> LeadId:
    lead_id = house.lead(patient_first_name=name).id
    house.coordinator.followups.log(lead_id, SPOKE)
    house.coordinator.pipeline.move(lead_id, slug)
    for task in house.coordinator.leads.timeline(lead_id).open_tasks:
        house.coordinator.followups.complete(task.id)
    return lead_id


def alerts(house: House) -> list[tuple[LeadId, str | None]]:
    made = house.desk(Role.WORKER).pipeline.alert_ages()
    return sorted((task.lead_id, task.rule) for task in made)


def open_rules(house: House, lead_id: LeadId) -> list[str | None]:
    return [task.rule for task in house.coordinator.leads.timeline(lead_id).open_tasks]


def plan(house: House, lead_id: LeadId, days: int) -> Task:
    due = house.clock() + timedelta(days=days)
    new = NewTask(type=LeadTaskType.CALL, title="Call", due_at=due)
    return house.coordinator.followups.add_task(lead_id, new)


def test_whoever_stays_too_long_is_told_of_once(house: House) -> None:
    aged(house)
    lead_id, fresh = in_stage(house), in_stage(house, "consultation_scheduled", "Ben")
    house.clock.advance(timedelta(days=3) - timedelta(seconds=1))
    assert alerts(house) == []
    house.clock.advance(timedelta(seconds=1))

    assert alerts(house) == [(lead_id, "stage_age:contacted")]

    assert alerts(house) == []
    (task,) = house.coordinator.leads.timeline(lead_id).open_tasks
    owner = house.coordinator.leads.get(lead_id).ownership.owner
    assert (task.assigned_to, task.due_at, task.type) == (owner, house.clock(), "FOLLOW_UP")
    assert "3 days in Contacted" in task.title
    house.clock.advance(TEN_DAYS)
    assert alerts(house) == []
    assert fresh not in {lead for lead, _ in alerts(house)}


def test_who_has_something_planned_is_left_alone(house: House) -> None:
    aged(house)
    planned, late, both_ways = (in_stage(house, name=name) for name in ("Ada", "Ben", "Cy"))
    plan(house, planned, days=30)
    plan(house, late, days=1)
    plan(house, both_ways, days=1)
    plan(house, both_ways, days=30)
    house.clock.advance(TEN_DAYS)
    assert [lead for lead, _ in alerts(house)] == [late]
    house.clock.advance(timedelta(days=25))
    assert sorted(lead for lead, _ in alerts(house)) == sorted([planned, both_ways])


def test_another_visit_is_told_of_again_and_moving_on_settles_it(house: House) -> None:
    aged(house)
    aged(house, "consultation_scheduled")
    lead_id = in_stage(house)
    house.clock.advance(TEN_DAYS)
    alerts(house)
    assert open_rules(house, lead_id) == ["stage_age:contacted"]

    house.coordinator.pipeline.move(lead_id, "consultation_scheduled")

    assert "stage_age:contacted" not in open_rules(house, lead_id)
    for task in house.coordinator.leads.timeline(lead_id).open_tasks:
        house.coordinator.followups.complete(task.id)
    house.clock.advance(TEN_DAYS)
    assert alerts(house) == [(lead_id, "stage_age:consultation_scheduled")]


def test_a_rule_that_looks_after_the_stage_is_the_alert(house: House) -> None:
    lead_id = in_stage(house, "pending_decision")
    house.clock.advance(TEN_DAYS)
    assert alerts(house) == [(lead_id, "pending_check_in")]
    house.crm.work()
    assert open_rules(house, lead_id) == ["pending_check_in"]


def test_after_the_rule_has_spoken_there_is_no_second_alert(house: House) -> None:
    lead_id = in_stage(house, "pending_decision")
    house.clock.advance(TEN_DAYS)
    house.crm.work()
    house.crm.work()
    assert open_rules(house, lead_id) == ["pending_check_in"]
    assert alerts(house) == []


def test_where_the_rule_is_off_or_comes_later_the_stage_speaks_for_itself(house: House) -> None:
    later = FollowUpRule(
        name="much_later",
        trigger=Trigger.IN_STAGE,
        stage=StageSlug("pending_decision"),
        task=LeadTaskType.CALL,
        title="Call",
        after=timedelta(days=30),
    )
    configure(house, rules=(later,))
    lead_id = in_stage(house, "pending_decision")
    house.clock.advance(TEN_DAYS)
    assert alerts(house) == [(lead_id, f"{ages.ORIGIN}pending_decision")]


def test_closed_leads_and_those_under_observation_age_nobody(house: House) -> None:
    aged(house)
    lost, waiting = in_stage(house, name="Ada"), in_stage(house, name="Ben")
    house.coordinator.pipeline.lose(lost, "RELOCATED")
    house.coordinator.pipeline.observe(waiting, house.clock().date() + timedelta(days=200))
    house.clock.advance(TEN_DAYS)
    assert alerts(house) == []


def test_the_board_and_the_alerts_agree(house: House) -> None:
    aged(house)
    late, planned = in_stage(house, name="Ada"), in_stage(house, name="Ben")
    plan(house, planned, days=30)
    house.clock.advance(TEN_DAYS)
    cards = house.coordinator.pipeline.column("contacted").cards
    over_age = sorted(card.lead_id for card in cards if card.over_age)
    assert over_age == [late] == [lead for lead, _ in alerts(house)]
