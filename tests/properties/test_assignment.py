"""What holds of every decision, whatever the team, the chain and the day."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from orthocrm.assignment.chain import Circumstances, decided
from orthocrm.assignment.strategies import STRATEGIES
from orthocrm.core.ids import UserId
from orthocrm.core.settings import Practice, Settings
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_clinic, a_coordinator, a_rotation, a_time_off
from tests.support.practices import a_lead_of, a_practice

BOSS = UserId("boss")
chains = st.lists(st.sampled_from(sorted(STRATEGIES)), unique=True, max_size=5).map(tuple)
members = st.fixed_dictionaries(
    {
        "weight": st.integers(0, 4),
        "capacity": st.none() | st.integers(0, 5),
        "is_active": st.booleans(),
    }
)


@st.composite
def practices(draw: st.DrawFn) -> Practice:
    clinic = a_clinic(settings=Settings(fallback=BOSS, assignment=draw(chains)))
    users = draw(st.lists(st.sampled_from("abcde"), unique=True, max_size=5))
    away = draw(st.sets(st.sampled_from("abcde")))
    return a_practice(
        clinic=clinic,
        coordinators=tuple(a_coordinator(clinic, user, **draw(members)) for user in users),
        absences=tuple(a_time_off(clinic, user) for user in sorted(away)),
    )


@given(practice=practices(), count=st.integers(0, 12))
def test_who_is_chosen_could_be_and_everybody_else_is_told_why_not(
    practice: Practice, count: int
) -> None:
    """Capacity holds throughout unless the chain asks for it behind links that decide."""
    circumstances = Circumstances(
        practice=practice,
        now=MONDAY_MORNING,
        rotations={"default": a_rotation(practice.clinic, "default")},
    )
    _, decisions = decided([a_lead_of(practice, owner=None)] * count, circumstances)
    team = practice.coordinator_by_id
    placed = "capacity" in practice.clinic.settings.assignment

    assert None not in decisions
    got = Counter(decision.chosen for decision in decisions if decision)
    for user in got.keys() - {BOSS}:
        most = team[user].capacity
        assert team[user].is_active
        assert not practice.is_away(user, MONDAY_MORNING)
        assert placed or most is None or got[user] <= most
    for decision in decisions:
        assert decision is not None
        assert decision.needs_assignment is (decision.rule == "fallback")
        assert {one.user for one in decision.passed_over} == team.keys() - {decision.chosen}
