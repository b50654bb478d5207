"""Who takes care of which lead, and what is on record about it, on every backend."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    CallOutcome,
    InvalidInput,
    Lead,
    LeadActivityType,
    LeadClosed,
    LeadStatus,
    LeadTaskType,
    LogEntry,
    Move,
    Moved,
    NewTask,
    NobodyToAssign,
    NotFound,
    Refused,
    Role,
)
from orthocrm.core.activity import Decision, PassedOver
from orthocrm.core.coordinator import Coordinator
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.settings import Settings
from orthocrm.services.results import Assigned
from tests.flows.practice import House, enquiry
from tests.security.digest import digest

SPOKE = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.SPOKE)
DAY = timedelta(days=1)


@pytest.fixture
def strangers() -> Iterator[int]:
    """Numbers for families that have nothing in common."""
    return count(1000)


@pytest.fixture
def arrive(house: House, strangers: Iterator[int]) -> Any:
    """Capture enquiries of families that have nothing in common."""

    def capture(number: int = 1, **fields: Any) -> list[Lead]:
        return [
            house.front.leads.capture(
                enquiry(phone=f"312-555-{next(strangers):04}", email=None, **fields)
            ).lead
            for _ in range(number)
        ]

    return capture


def owners(leads: Sequence[Lead]) -> list[str | None]:
    return [lead.ownership.owner for lead in leads]


def change_settings(house: House, **changes: Any) -> None:
    present: Settings = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(present, **changes))


def change(house: House, user: str, **changes: Any) -> None:
    known: Coordinator = house.admin.settings.practice().coordinator_by_id[UserId(user)]
    house.admin.settings.change_coordinator(evolve(known, **changes))


def send_everybody_away(house: House) -> None:
    """Leave nobody who could take a lead."""
    change_settings(house, fallback=None)
    for user in ("tc-1", "tc-2"):
        change(house, user, is_active=False)


def decisions(house: House, lead_id: LeadId) -> list[Decision | None]:
    """Give the decisions of a lead's timeline, newest first."""
    entries = house.coordinator.leads.timeline(lead_id).entries
    activities = [entry.activity for entry in entries if entry.activity]
    return [a.decision for a in activities if a.type is LeadActivityType.ASSIGNMENT_CHANGE]


# --- turns


def test_leads_go_round(arrive: Any) -> None:
    assert owners(arrive(4)) == ["tc-1", "tc-2", "tc-1", "tc-2"]


def test_a_weight_is_a_share(house: House, arrive: Any) -> None:
    change(house, "tc-2", weight=2)
    assert Counter(owners(arrive(9))) == {"tc-1": 3, "tc-2": 6}


def test_who_was_away_is_neither_flooded_nor_forgotten(house: House, arrive: Any) -> None:
    arrive(4)
    house.admin.settings.add_absence("tc-2", house.clock(), house.clock() + DAY)
    meanwhile = arrive(7)
    house.clock.advance(DAY)
    afterwards = arrive(6)

    assert owners(meanwhile) == ["tc-1"] * 7
    assert Counter(owners(afterwards)) == {"tc-1": 3, "tc-2": 3}


def test_an_absence_that_is_removed_ends_at_once(house: House, arrive: Any) -> None:
    absence = house.admin.settings.add_absence("tc-2", house.clock(), house.clock() + DAY)
    assert set(owners(arrive(2))) == {"tc-1"}
    house.admin.settings.remove_absence(absence.id)
    assert set(owners(arrive(2))) == {"tc-1", "tc-2"}


def test_who_joins_takes_turns_from_now_on(house: House, arrive: Any) -> None:
    arrive(10)
    house.admin.settings.add_coordinator("tc-3", "Cem")
    assert Counter(owners(arrive(6))) == {"tc-1": 2, "tc-2": 2, "tc-3": 2}


def test_who_is_full_is_passed_over_until_a_lead_is_closed(house: House, arrive: Any) -> None:
    change(house, "tc-1", capacity=1)
    (first,) = arrive()
    captured = house.front.leads.capture(enquiry(phone="312-555-0199", email=None))
    house.coordinator.pipeline.lose(first.id, "RELOCATED")

    assert owners([first, captured.lead]) == ["tc-1", "tc-2"]
    assert captured.decision is not None
    assert PassedOver(user=UserId("tc-1"), reason="at_capacity") in captured.decision.passed_over
    assert "tc-1" in owners(arrive(2))


# --- nobody


def test_the_fallback_person_gets_what_nobody_else_can_take(house: House) -> None:
    change(house, "tc-1", is_active=False)
    house.admin.settings.add_absence("tc-2", house.clock(), house.clock() + DAY)
    captured = house.front.leads.capture(enquiry())

    assert captured.lead.ownership.owner == "manager"
    assert captured.decision == Decision(
        chosen=UserId("manager"),
        rule="fallback",
        passed_over=(
            PassedOver(user=UserId("tc-1"), reason="inactive"),
            PassedOver(user=UserId("tc-2"), reason="away"),
        ),
        needs_assignment=True,
    )
    assert [task.assigned_to for task in captured.tasks] == ["manager"]


def test_a_lead_waits_as_new_until_somebody_can_take_it(house: House) -> None:
    send_everybody_away(house)
    captured = house.front.leads.capture(enquiry())
    lead = captured.lead
    assert (lead.status, lead.ownership.owner) == (LeadStatus.NEW, None)
    assert (captured.decision, captured.tasks) == (None, ())
    before = digest(house.crm)
    for refused in (
        lambda: house.admin.pipeline.move(lead.id, "contacted"),
        lambda: house.admin.followups.log(lead.id, SPOKE),
        lambda: house.admin.assignment.assign(lead.id),
    ):
        with pytest.raises(NobodyToAssign):
            refused()
    assert digest(house.crm) == before

    house.admin.settings.add_coordinator("tc-3", "Cem")
    moved = house.admin.pipeline.move(lead.id, "contacted").lead

    assert (moved.status, moved.ownership.owner) == (LeadStatus.ACTIVE, "tc-3")
    assert [d and (d.chosen, d.rule) for d in decisions(house, lead.id)] == [
        ("tc-3", "round_robin")
    ]


def test_one_lead_that_nobody_can_take_does_not_stop_the_others(house: House) -> None:
    owned = house.lead()
    send_everybody_away(house)
    orphan = house.front.leads.capture(enquiry(phone="312-555-0199", email=None)).lead
    moved, refused = house.admin.pipeline.move_many(
        [Move(lead_id=lead.id, stage="contacted") for lead in (owned, orphan)]
    )

    assert isinstance(moved, Moved)
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, NobodyToAssign)
    assert house.admin.leads.get(orphan.id) == orphan


def test_a_refused_item_adopts_nobody(house: House) -> None:
    send_everybody_away(house)
    orphan = house.front.leads.capture(enquiry()).lead
    house.admin.settings.add_coordinator("tc-3", "Cem")
    (refused,) = house.admin.pipeline.move_many([Move(lead_id=orphan.id, stage="new_lead")])
    (unlogged,) = house.admin.followups.log_many(
        [(orphan.id, LogEntry(type=LeadActivityType.PHONE_CALL))]
    )

    assert isinstance(refused, Refused)
    assert isinstance(unlogged, Refused)
    assert house.admin.leads.get(orphan.id) == orphan
    assert decisions(house, orphan.id) == []


def test_a_coordinator_takes_up_what_nobody_else_can_take(house: House) -> None:
    send_everybody_away(house)
    lead = house.front.leads.capture(enquiry()).lead
    logged = house.coordinator.followups.log(lead.id, SPOKE)
    assert logged.lead.ownership.owner == "tc-1"
    assert [d and d.rule for d in decisions(house, lead.id)] == ["taken_up"]


def test_a_lost_lead_comes_back_active_with_a_coordinator(house: House) -> None:
    send_everybody_away(house)
    lead = house.front.leads.capture(enquiry()).lead
    house.admin.pipeline.lose(lead.id, "NO_RESPONSE")
    house.admin.followups.log(lead.id, SPOKE)
    with pytest.raises(NobodyToAssign):
        house.admin.pipeline.reopen(lead.id, "they called")
    house.admin.settings.add_coordinator("tc-3", "Cem")
    reopened = house.admin.pipeline.reopen(lead.id, "they called").lead

    assert (reopened.status, reopened.ownership.owner) == (LeadStatus.ACTIVE, "tc-3")
    assert house.admin.leads.get(lead.id) == reopened


# --- by hand, and many at once


def test_tasks_go_along_with_the_lead(house: House) -> None:
    captured = house.front.leads.capture(enquiry())
    lead, (call,) = captured.lead, captured.tasks
    new = NewTask(type=LeadTaskType.CUSTOM, title="Sign", due_at=house.clock() + DAY)
    own = house.coordinator.followups.add_task(lead.id, new)
    others = evolve(new, assigned_to=UserId("dr-weber"))
    foreign = house.coordinator.followups.add_task(lead.id, others)
    done = house.coordinator.followups.complete(call.id)
    assigned = house.coordinator.assignment.assign_to(lead.id, "tc-2")

    assert assigned.decision == Decision(
        chosen=UserId("tc-2"), rule="manual", previous=UserId("tc-1")
    )
    assert (assigned.lead.ownership.owner, assigned.lead.ownership.first_owner) == ("tc-2", "tc-1")
    timeline = house.coordinator.leads.timeline(lead.id)
    tasks = {entry.task.id: entry.task.assigned_to for entry in timeline.entries if entry.task}
    assert tasks == {own.id: "tc-2", foreign.id: "dr-weber", done.id: "tc-1"}


def test_only_somebody_of_the_practice_takes_leads(house: House) -> None:
    lead = house.lead()
    change(house, "tc-2", is_active=False)
    for user in ("tc-2", "nobody", ""):
        with pytest.raises(InvalidInput) as refusal:
            house.coordinator.assignment.assign_to(lead.id, user)
        assert [problem.path for problem in refusal.value.problems] == ["user"]
    taken = house.coordinator.assignment.assign_to(lead.id, "manager").lead
    assert taken.ownership.owner == "manager"


def test_the_timeline_says_why(house: House) -> None:
    first = house.lead()
    house.clock.advance(DAY)
    house.coordinator.assignment.assign_to(first.id, "tc-2")
    by_hand, by_turn = decisions(house, first.id)

    assert by_hand == Decision(chosen=UserId("tc-2"), rule="manual", previous=UserId("tc-1"))
    assert by_turn == Decision(
        chosen=UserId("tc-1"),
        rule="round_robin",
        passed_over=(PassedOver(user=UserId("tc-2"), reason="not_chosen"),),
    )


def test_many_are_assigned_as_one_act(house: House, arrive: Any) -> None:
    leads = arrive(4)
    change(house, "tc-1", is_active=False)
    house.clock.advance(DAY)
    assigned = house.coordinator.assignment.assign_many([lead.id for lead in leads])

    done = [item for item in assigned if isinstance(item, Assigned)]
    assert [item.lead.id for item in done] == [lead.id for lead in leads]
    assert owners([item.lead for item in done]) == ["tc-2"] * 4
    (entry,) = house.admin.privacy.trail(size=1).entries
    assert entry.operation == "assignment.assign_many"
    assert entry.objects == tuple(lead.id for lead in leads)


def test_what_is_refused_costs_nobody_a_turn(house: House, arrive: Any) -> None:
    closed, *leads = arrive(5)
    house.coordinator.pipeline.lose(closed.id, "RELOCATED")
    turns = digest_of_turns(house)
    refused, *_ = house.coordinator.assignment.assign_many([closed.id, closed.id])
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, LeadClosed)
    assert digest_of_turns(house) == turns

    twice = house.coordinator.assignment.assign_many([leads[0].id, leads[0].id])
    assert [type(item) for item in twice] == [Assigned, Refused]


def digest_of_turns(house: House) -> Any:
    with house.crm._backend.begin(house.clinic.id) as store:
        return store.rotations.get(["default"])


def test_an_unknown_lead_among_many_stops_the_act(house: House, arrive: Any) -> None:
    (lead,) = arrive()
    before = digest(house.crm)
    with pytest.raises(NotFound):
        house.coordinator.assignment.assign_many([lead.id, LeadId(house.clinic.id)])
    assert digest(house.crm) == before


def test_the_workload_is_counted_by_coordinator(house: House, arrive: Any) -> None:
    first, second, *_ = arrive(3)
    house.coordinator.pipeline.convert(second.id)
    new = NewTask(type=LeadTaskType.CUSTOM, title="Sign", due_at=house.clock() + DAY)
    house.coordinator.followups.add_task(first.id, new)
    house.clock.advance(timedelta(hours=1))

    loads = house.coordinator.assignment.workload()
    assert [(x.user, x.open_leads, x.open_tasks, x.overdue_tasks) for x in loads] == [
        ("tc-1", 2, 3, 2),
        ("tc-2", 0, 0, 0),
    ]


def test_who_reaches_only_the_own_leads_sees_only_the_own_load(house: House, arrive: Any) -> None:
    arrive(3)

    (mine,) = house.desk(Role.AGENT, "tc-2").assignment.workload()
    assert (mine.user, mine.load_share) == ("tc-2", None)
    assert len(house.coordinator.assignment.workload()) == 2
