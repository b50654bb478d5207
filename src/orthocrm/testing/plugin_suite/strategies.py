"""What every link of the chain of assignment promises."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import evolve

from orthocrm.assignment.strategies import Choice, Narrowed
from orthocrm.core.actor import Actor, Role
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Origin
from orthocrm.core.settings import Practice, Settings
from orthocrm.crm import connect
from orthocrm.hooks import hook
from orthocrm.leads.intake import Intake
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import (
    a_clinic,
    a_coordinator,
    a_lead,
    the_default_sources,
    the_default_stages,
)

Strategy = Callable[[Choice], Any]

_REASON = re.compile("[a-z][a-z0-9_]{0,39}")
_LEADS = 12
_STAFF = (UserId("ana"), UserId("ben"), UserId("cleo"))
SITUATIONS = ("usual", "alone", "nothing_known", "first_of_all", "busy")


class StrategySuite:
    """Tests of one strategy; give `strategy`, and `settings` where it needs some."""

    @pytest.fixture
    def strategy(self) -> Strategy:
        """Give the strategy."""
        raise NotImplementedError("give the fixture `strategy`")

    @pytest.fixture
    def settings(self) -> Settings:
        """Give the clinic's settings, with the pools that the strategy asks."""
        return Settings(fallback=UserId("manager"))

    def choice(self, situation: str, settings: Settings) -> Choice:
        """Make one of the `SITUATIONS`; the staff are ana, ben and cleo."""
        clinic = a_clinic(settings=settings)
        staff = tuple(a_coordinator(clinic, user) for user in _STAFF)
        sources = the_default_sources(clinic)
        usual = Choice(
            lead=a_lead(clinic, source_id=sources[0].id),
            practice=Practice(
                clinic=clinic,
                stages=the_default_stages(clinic),
                sources=sources,
                coordinators=staff,
            ),
            candidates=staff,
            now=MONDAY_MORNING,
            next_in_turn=staff[0].id,
            loads={user.id: number for number, user in enumerate(staff)},
            family=(staff[1].id,),
            at_work_from={user.id: MONDAY_MORNING for user in staff},
        )
        bare = evolve(a_lead(clinic, phone=None), origin=Origin(channel=usual.lead.origin.channel))
        known: Mapping[str, Choice] = {
            "usual": usual,
            "alone": evolve(usual, candidates=staff[:1], family=()),
            "nothing_known": evolve(usual, lead=bare, family=(), loads={}, at_work_from={}),
            "first_of_all": evolve(usual, next_in_turn=None, family=(), loads={}),
            "busy": evolve(usual, loads=dict.fromkeys(_STAFF, 10_000)),
        }
        return known[situation]

    @pytest.mark.parametrize("situation", SITUATIONS)
    def test_it_answers_as_strategies_do(
        self, strategy: Strategy, settings: Settings, situation: str
    ) -> None:
        """It names a candidate, narrows them, or gives None, whatever is known of the lead."""
        choice = self.choice(situation, settings)
        answer = strategy(choice)
        if isinstance(answer, Narrowed):
            _check(answer, choice)
        else:
            assert answer is None or answer in {one.id for one in choice.candidates}

    @pytest.mark.parametrize("situation", SITUATIONS)
    def test_it_answers_the_same_again(
        self, strategy: Strategy, settings: Settings, situation: str
    ) -> None:
        """The decision is kept and explained; it follows from the choice and nothing else."""
        choice = self.choice(situation, settings)
        assert strategy(choice) == strategy(choice)

    def test_every_lead_gets_somebody(self, strategy: Strategy, settings: Settings) -> None:
        """In a chain before `round_robin`, in an installation of its own."""

        class Bringing:
            @hook
            def register_assignment_strategies(self) -> Mapping[str, Strategy]:
                return {"mine": strategy}

        with connect("memory://", plugins=[Bringing()], discover_plugins=False) as crm:
            clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC")
            desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
            for user in _STAFF:
                desk.settings.add_coordinator(user, user.title())
            desk.settings.change(evolve(settings, assignment=("mine", "round_robin")))
            enquiries = [
                Intake(first_name="M", last_name="L", email=f"m{number}@example.com")
                for number in range(_LEADS)
            ]
            owners = [desk.leads.capture(one).lead.ownership.owner for one in enquiries]
        assert [owner for owner in owners if owner not in _STAFF] == []


def _check(answer: Narrowed, choice: Choice) -> None:
    pools = {pool.name for pool in choice.practice.clinic.settings.routing.pools}
    assert isinstance(answer.users, frozenset), "users: give a frozenset"
    assert all(isinstance(user, str) for user in answer.users), "users: give ids of coordinators"
    assert _REASON.fullmatch(answer.reason), "reason: give a code such as off_shift"
    assert answer.pool is None or answer.pool in pools, "pool: name one of the clinic's"
