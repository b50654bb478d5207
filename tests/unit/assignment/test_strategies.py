from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.assignment.chain import Circumstances, decided
from orthocrm.assignment.eligibility import eligible
from orthocrm.assignment.owning import assigned, digest, manual, told
from orthocrm.assignment.strategies import Choice
from orthocrm.core.activity import Decision, LeadActivityType, PassedOver
from orthocrm.core.coordinator import Rotation
from orthocrm.core.errors import ConfigurationError, InvalidInput, LeadClosed, LeadLocked
from orthocrm.core.events import LeadAssigned
from orthocrm.core.ids import ClinicId, LeadId, UserId
from orthocrm.core.lead import Conversion, Lead, LeadStatus, Ownership
from orthocrm.core.settings import Practice, Settings
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import (
    COORDINATOR,
    a_clinic,
    a_coordinator,
    a_rotation,
    a_time_off,
)
from tests.support.practices import a_lead_of, a_practice, new_ids

NOW = MONDAY_MORNING
BOSS = UserId("boss")
A, B, C = UserId("a"), UserId("b"), UserId("c")


def a_team(*coordinators: tuple[str, dict[str, Any]], **settings: Any) -> Practice:
    clinic = a_clinic(settings=Settings(**settings))
    return a_practice(
        clinic=clinic,
        coordinators=tuple(a_coordinator(clinic, user, **fields) for user, fields in coordinators),
    )


def decide(
    practice: Practice, count: int = 1, loads: dict[UserId, int] | None = None, **options: Any
) -> tuple[Decision, ...]:
    leads = [a_lead_of(practice, owner=None) for _ in range(count)]
    return decide_for(leads, practice, loads, **options)


def decide_for(
    leads: list[Lead],
    practice: Practice,
    loads: dict[UserId, int] | None = None,
    extra: dict[str, Any] | None = None,
    **options: Any,
) -> tuple[Decision, ...]:
    given = Circumstances(
        practice=practice, now=NOW, rotations=rotations(practice), loads=loads or {}, **options
    )
    return only_decisions(decided(leads, given, extra or {})[1])


def rotations(practice: Practice) -> dict[str, Rotation]:
    names = ["default", *(pool.name for pool in practice.clinic.settings.routing.pools)]
    return {name: a_rotation(practice.clinic, name) for name in names}


def only_decisions(decisions: tuple[Decision | None, ...]) -> tuple[Decision, ...]:
    return tuple(decision for decision in decisions if decision is not None)


def chosen(decisions: tuple[Decision, ...]) -> list[str]:
    return [decision.chosen for decision in decisions]


def passed(decision: Decision) -> dict[str, str]:
    return {one.user: one.reason for one in decision.passed_over}


def test_coordinators_are_passed_over_for_a_named_reason() -> None:
    practice = a_team(("d", {}), ("c", {"capacity": 2}), ("b", {}), ("a", {"is_active": False}))
    practice = evolve(practice, absences=(a_time_off(practice.clinic, "b"),))

    there, missing = eligible(practice, now=NOW)
    (decision,) = decide(practice, loads={C: 2})

    assert [coordinator.id for coordinator in there] == ["c", "d"]
    assert missing == (
        PassedOver(user=A, reason="inactive"),
        PassedOver(user=B, reason="away"),
    )
    assert decision.chosen == "d"
    assert passed(decision) == {"a": "inactive", "b": "away", "c": "at_capacity"}


def test_an_absence_ends() -> None:
    practice = a_team(("a", {}))
    practice = evolve(practice, absences=(a_time_off(practice.clinic, "a"),))

    available, _ = eligible(practice, now=NOW + timedelta(days=7))

    assert [coordinator.id for coordinator in available] == ["a"]


def test_leads_go_round_with_the_decision_recorded() -> None:
    practice = a_team(("a", {}), ("b", {}), ("c", {"is_active": False}))

    first, second, third = decide(practice, 3)

    assert first == Decision(
        chosen=A,
        rule="round_robin",
        passed_over=(
            PassedOver(user=B, reason="not_chosen"),
            PassedOver(user=C, reason="inactive"),
        ),
    )
    assert chosen((second, third)) == ["b", "a"]


def test_the_rotation_remembers_and_stays_the_same_without_a_decision() -> None:
    practice = a_team(("a", {}), ("b", {}))
    lead = a_lead_of(practice)
    start = Circumstances(practice=practice, now=NOW, rotations=rotations(practice))

    (rotation,), first = decided([lead], start)
    _, second = decided([lead], evolve(start, rotations={"default": rotation}))

    assert chosen(only_decisions(first + second)) == ["a", "b"]
    assert decided([], start) == ((), ())


def test_capacity_counts_within_the_batch() -> None:
    practice = a_team(("a", {"capacity": 2}), ("b", {}))

    decisions = decide(practice, 5, {A: 1})

    assert chosen(decisions) == ["a", "b", "b", "b", "b"]
    assert passed(decisions[0]) == {"b": "not_chosen"}
    assert passed(decisions[1]) == {"a": "at_capacity"}


def test_the_previous_owner_is_recorded() -> None:
    practice = a_team(("a", {}))
    lead = a_lead_of(practice, owner="z")

    (decision,) = decide_for([lead], practice)

    assert decision.previous == "z"


def test_rule_2_the_fallback_person_gets_what_nobody_can_take() -> None:
    practice = a_team(("a", {"is_active": False}), fallback=BOSS)

    (decision,) = decide(practice)

    assert decision == Decision(
        chosen=BOSS,
        rule="fallback",
        passed_over=(PassedOver(user=A, reason="inactive"),),
        needs_assignment=True,
    )


@pytest.mark.parametrize("state", ["away", "inactive"])
def test_a_decision_says_that_the_fallback_person_is_away_as_well(state: str) -> None:
    team = a_team(("boss", {"is_active": state == "away"}), fallback=BOSS)
    practice = evolve(team, absences=(a_time_off(team.clinic, BOSS),))

    (decision,) = decide(practice if state == "away" else team)

    assert (decision.chosen, decision.needs_assignment) == (BOSS, True)
    assert decision.fallback_away
    event = digest(ClinicId("clinic-1"), [(LeadId("l"), decision)], "fallback", at=NOW, by=BOSS)
    assert event.fallback_away


def test_rule_2_without_a_fallback_person_nobody_is_left_to_assign() -> None:
    practice = a_team()
    given = Circumstances(practice=practice, now=NOW, rotations=rotations(practice))

    assert decided([a_lead_of(practice)], given) == ((), (None,))


def test_when_capacity_runs_out_in_a_batch_the_rest_falls_back() -> None:
    practice = a_team(("a", {"capacity": 1}), fallback=BOSS)

    assert chosen(decide(practice, 3)) == ["a", "boss", "boss"]


def test_the_least_loaded_is_chosen_for_the_weight() -> None:
    practice = a_team(
        ("a", {"weight": 1}),
        ("b", {"weight": 2}),
        ("c", {"weight": 0}),
        assignment=("least_loaded",),
    )

    assert chosen(decide(practice, 4, {A: 2, B: 2})) == ["b", "b", "a", "b"]


def test_least_loaded_leaves_it_to_the_next_link_when_all_have_no_weight() -> None:
    practice = a_team(("a", {"weight": 0}), assignment=("least_loaded",), fallback=BOSS)

    assert chosen(decide(practice)) == ["boss"]


def test_a_plug_in_strategy_comes_first_when_the_settings_say_so() -> None:
    practice = a_team(("a", {}), ("b", {}), assignment=("always_b", "round_robin"))
    seen: list[Choice] = []

    def always_b(choice: Choice) -> UserId:
        seen.append(choice)
        return B

    decisions = decide(practice, 2, extra={"always_b": always_b})

    assert [(decision.chosen, decision.rule) for decision in decisions] == [(B, "always_b")] * 2
    assert [candidate.id for candidate in seen[0].candidates] == ["a", "b"]
    assert (seen[0].practice, seen[0].now, seen[0].next_in_turn) == (practice, NOW, A)


def test_other_strategies_do_not_move_the_rotation_on() -> None:
    practice = a_team(("a", {}), ("b", {}), assignment=("only_first", "round_robin"))
    leads = [a_lead_of(practice) for _ in range(4)]

    def only_first(choice: Choice) -> UserId | None:
        return A if choice.lead is leads[0] else None

    decisions = decide_for(leads, practice, extra={"only_first": only_first})

    assert chosen(decisions) == ["a", "a", "b", "a"]


@pytest.mark.parametrize("answer", ["c", "nobody", "", None])
def test_a_strategy_that_names_nobody_available_is_passed(answer: Any) -> None:
    practice = a_team(("a", {}), ("c", {"is_active": False}), assignment=("wish", "round_robin"))

    (decision,) = decide(practice, extra={"wish": lambda _: answer})

    assert (decision.chosen, decision.rule) == (A, "round_robin")


def test_a_strategy_that_is_not_installed_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError):
        decide(a_team(("a", {}), assignment=("nonsense",)))


def test_a_person_may_choose_any_active_coordinator_or_the_fallback_person() -> None:
    practice = a_team(("a", {"capacity": 0}), fallback=BOSS)
    lead = a_lead_of(practice, owner="z")

    assert manual(lead, A, practice) == Decision(chosen=A, rule="manual", previous=UserId("z"))
    assert manual(lead, BOSS, practice).chosen == BOSS


@pytest.mark.parametrize("user", ["stranger", "b", "", None])
def test_an_unknown_or_inactive_user_cannot_be_chosen(user: Any) -> None:
    practice = a_team(("a", {}), ("b", {"is_active": False}))

    with pytest.raises(InvalidInput) as caught:
        manual(a_lead_of(practice), user, practice)

    assert [(p.path, p.code) for p in caught.value.problems] == [("user", "unknown_coordinator")]


def assign(lead: Lead, user: UserId) -> Lead:
    decision = Decision(chosen=user, rule="manual")
    return assigned(lead, decision, at=NOW, by=COORDINATOR, ids=new_ids())[0]


def test_an_assignment_changes_the_owner_and_keeps_the_first() -> None:
    practice = a_team(("a", {}), ("b", {}))
    lead = a_lead_of(practice, owner="a")

    after, activity = assigned(
        lead,
        Decision(chosen=B, rule="fallback", needs_assignment=True),
        at=NOW,
        by=COORDINATOR,
        ids=new_ids(),
    )

    assert after.ownership == Ownership(owner=B, assigned_at=NOW, first_owner=A)
    assert (activity.type, activity.occurred_at) == (LeadActivityType.ASSIGNMENT_CHANGE, NOW)
    assert activity.decision == Decision(
        chosen=B, rule="fallback", previous=A, needs_assignment=True
    )
    assert activity.decision is not None
    assert told(activity, activity.decision) == LeadAssigned(
        clinic_id=lead.clinic_id,
        at=NOW,
        by=COORDINATOR,
        lead_id=lead.id,
        before=A,
        after=B,
        rule="fallback",
        needs_assignment=True,
    )


def test_the_first_coordinator_is_the_first_owner() -> None:
    lead = a_lead_of(a_team(("a", {})), owner=None)

    assert assign(lead, A).ownership.first_owner == A


def test_rule_7_a_converted_lead_keeps_its_owner() -> None:
    lead = evolve(
        a_lead_of(a_team(("a", {}))),
        status=LeadStatus.CONVERTED,
        conversion=Conversion(at=NOW, patient_ref="p-1"),
    )

    with pytest.raises(LeadLocked):
        assign(lead, A)


@pytest.mark.parametrize("status", [LeadStatus.LOST, LeadStatus.ARCHIVED])
def test_a_closed_lead_keeps_its_owner(status: LeadStatus) -> None:
    with pytest.raises(LeadClosed):
        assign(evolve(a_lead_of(a_team(("a", {}))), status=status), A)


def test_small_practices_get_their_share_too() -> None:
    practice = a_team(*((name, {}) for name in "abcdefghijkl"))

    assert set(Counter(chosen(decide(practice, 12))).values()) == {1}
