"""A year of a practice with four coordinators: weights, leave, a limit, and somebody who types."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from random import Random

from attrs import evolve, frozen

from orthocrm.assignment.chain import Circumstances, decided
from orthocrm.assignment.owning import manual
from orthocrm.core.activity import Decision
from orthocrm.core.appointment import TimeOff
from orthocrm.core.coordinator import Coordinator, Rotation
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead
from orthocrm.core.settings import Practice, Settings
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_clinic, a_coordinator, a_rotation, a_time_off
from tests.support.practices import a_lead_of, a_practice

ANA, BEN, CLEO, DAN = (UserId(name) for name in ("ana", "ben", "cleo", "dan"))
WEIGHTS = {ANA: 4, BEN: 3, CLEO: 2, DAN: 1}
CAPACITY = {CLEO: 60}
WORK_DAYS, LEADS_A_DAY, TYPED = 250, 24, 0.3
STAYS_OPEN = timedelta(days=16)

LEAVE = {ANA: (20, 34), BEN: (30, 45), CLEO: (120, 127), DAN: (180, 200)}
"""The first and the last day of each one's leave; Ana's and Ben's overlap."""


@frozen(kw_only=True)
class Given:
    """One lead of the year: who got it, and who could have."""

    day: int
    decision: Decision
    present: frozenset[UserId]


def practice() -> Practice:
    clinic = a_clinic(settings=Settings(fallback=UserId("manager")))
    team: tuple[Coordinator, ...] = tuple(
        a_coordinator(clinic, user, weight=weight, capacity=CAPACITY.get(user))
        for user, weight in WEIGHTS.items()
    )
    leave: tuple[TimeOff, ...] = tuple(
        a_time_off(clinic, user, starts_at=_morning(first), ends_at=_morning(last + 1))
        for user, (first, last) in LEAVE.items()
    )
    return a_practice(clinic=clinic, coordinators=team, absences=leave)


def _morning(day: int) -> datetime:
    return MONDAY_MORNING + timedelta(days=day)


@cache
def the_year() -> tuple[Given, ...]:
    return tuple(_walked(practice(), Random(2026)))


def _walked(house: Practice, chance: Random) -> Iterator[Given]:
    """Play the year: Ana types 30 % of the leads in herself, leads close after 16 days."""
    rotations = {"default": a_rotation(house.clinic, "default")}
    held: list[tuple[datetime, UserId]] = []
    lead = a_lead_of(house, owner=None)
    for day in range(WORK_DAYS):
        for number in range(LEADS_A_DAY):
            now = _morning(day) + timedelta(minutes=20 * number)
            held = [(since, user) for since, user in held if since > now - STAYS_OPEN]
            loads = Counter(user for _, user in held)
            given = Circumstances(practice=house, now=now, rotations=rotations, loads=loads)
            if chance.random() < TYPED and not house.is_away(ANA, now):
                decision = manual(lead, ANA, house)
            else:
                decision, rotations = _chosen(lead, given)
            held.append((now, decision.chosen))
            yield Given(day=day, decision=decision, present=_present(house, now, loads))


def _chosen(lead: Lead, given: Circumstances) -> tuple[Decision, dict[str, Rotation]]:
    moved, (decision,) = decided([lead], given)
    assert decision is not None
    return decision, {**given.rotations, **{rotation.id: rotation for rotation in moved}}


def _present(house: Practice, now: datetime, loads: Counter[UserId]) -> frozenset[UserId]:
    return frozenset(
        one.id
        for one in house.coordinators
        if not house.is_away(one.id, now) and (one.capacity is None or loads[one.id] < one.capacity)
    )


def in_turn() -> list[Given]:
    return [given for given in the_year() if given.decision.rule == "round_robin"]


def test_the_year_has_what_it_is_about() -> None:
    rules = Counter(given.decision.rule for given in the_year())
    full = sum(CLEO not in given.present for given in in_turn())

    assert len(the_year()) == WORK_DAYS * LEADS_A_DAY
    assert 0.25 < rules["manual"] / len(the_year()) < 0.31
    assert set(rules) == {"manual", "round_robin"}
    assert full > 400


def test_shares_are_those_of_the_weights_among_those_present() -> None:
    expected: Counter[UserId] = Counter()
    for given in in_turn():
        total = sum(WEIGHTS[user] for user in given.present)
        for user in given.present:
            expected[user] += WEIGHTS[user] / total  # type: ignore[assignment] # parts of a lead
    got = Counter(given.decision.chosen for given in in_turn())

    for user in WEIGHTS:
        assert abs(got[user] - expected[user]) / expected[user] <= 0.02


def test_nobody_is_flooded_on_return() -> None:
    """After a leave nobody gets more than two leads beyond the fair order, in any stretch."""
    for user, (_, last) in LEAVE.items():
        back = [given for given in in_turn() if given.day > last][:200]
        fair = 0.0
        for count, given in enumerate(back):
            if user in given.present:
                fair += WEIGHTS[user] / sum(WEIGHTS[one] for one in given.present)
            got = sum(one.decision.chosen == user for one in back[: count + 1])
            assert got - fair <= 2


def test_nobody_starves_after_a_leave() -> None:
    for user, (_, last) in LEAVE.items():
        back = [g for g in in_turn() if g.day > last and user in g.present][:40]
        total = sum(WEIGHTS.values())
        got = sum(given.decision.chosen == user for given in back)
        assert got >= 40 * WEIGHTS[user] / total - 2


def test_leads_typed_in_cost_nobody_a_turn() -> None:
    """The automatic leads go as if the typed ones had not been."""
    ordinary = [given.decision.chosen for given in in_turn() if given.day < LEAVE[ANA][0]]
    first = [given for given in in_turn() if given.day < 2]
    house = evolve(practice(), coordinators=tuple(_without_limit(practice())))
    given = Circumstances(
        practice=house,
        now=MONDAY_MORNING,
        rotations={"default": a_rotation(house.clinic, "default")},
    )
    _, alone = decided([a_lead_of(house, owner=None)] * len(first), given)

    assert ordinary[: len(first)] == [one.chosen for one in alone if one]


def _without_limit(house: Practice) -> Iterator[Coordinator]:
    for coordinator in house.coordinators:
        yield evolve(coordinator, capacity=None)


def test_every_decision_explains_everybody() -> None:
    for given in in_turn():
        reasons = {one.user: one.reason for one in given.decision.passed_over}
        assert reasons.keys() | {given.decision.chosen} == set(WEIGHTS)
        assert given.decision.chosen not in reasons
        unavailable = {u for u, reason in reasons.items() if reason in ("away", "at_capacity")}
        assert unavailable == set(WEIGHTS) - given.present
