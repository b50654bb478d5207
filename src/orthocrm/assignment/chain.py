"""Walks the clinic's chain for each lead of a batch, and says why it came out so.

The first link that names a candidate decides. When the chain ends without a name, it is walked once
more without pools; when that does not help, the fallback person gets the lead, marked as needing
assignment, and as such of which others have to hear when that person is away as well.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from attrs import evolve, frozen

from orthocrm.assignment import eligibility
from orthocrm.assignment.eligibility import eligible
from orthocrm.assignment.rotation import Candidates, Wheel
from orthocrm.assignment.strategies import (
    CAPACITY,
    FALLBACK,
    ROUND_ROBIN,
    STRATEGIES,
    Choice,
    Narrowed,
    Strategy,
)
from orthocrm.assignment.territory import Places
from orthocrm.core.activity import Decision, PassedOver
from orthocrm.core.coordinator import Coordinator, Rotation
from orthocrm.core.errors import ConfigurationError
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.routing import EVERYBODY
from orthocrm.core.settings import Practice

NOT_CHOSEN = "not_chosen"
"""Why somebody was passed over who could have had the lead: the rule of the decision says more."""

KEPT = "kept"
"""The rule of a lead that should change hands when nobody else can take it."""

HAD_IT = "had_it"
"""Why the present owner was passed over when a lead has to change hands."""

Link = tuple[str, Strategy]


@frozen(kw_only=True)
class Circumstances:
    """What a batch is decided by.

    `rotations` holds the state of each pool; `families` the related leads of a lead; `loads` the
    open leads of each coordinator. With `anew` a lead does not stay with its present owner.
    """

    practice: Practice
    now: datetime
    rotations: Mapping[str, Rotation]
    loads: Mapping[UserId, int] = MappingProxyType({})
    families: Mapping[LeadId, tuple[Lead, ...]] = MappingProxyType({})
    at_work_from: Mapping[UserId, datetime] = MappingProxyType({})
    places: Places = MappingProxyType({})
    anew: bool = False


def decided(
    leads: Sequence[Lead],
    given: Circumstances,
    extra: Mapping[str, Strategy] = MappingProxyType({}),
) -> tuple[tuple[Rotation, ...], tuple[Decision | None, ...]]:
    """Decide for each lead in order, and give the rotations that moved on.

    None stands for a lead that nobody can take in a clinic without a fallback person.

    What earlier leads of the batch were given counts: for capacity, for turns, for families. Only
    decisions of the rotation itself move it on, so nobody pays for leads that somebody else was
    given for another reason.

    Raises:
        ConfigurationError: the settings name a strategy that is not there.
    """
    batch = _Batch(given, chain_of(given.practice, extra))
    decisions = tuple([batch.decide(lead) for lead in leads])
    return batch.moved_on(), decisions


def chain_of(practice: Practice, extra: Mapping[str, Strategy]) -> tuple[Link, ...]:
    """Give the clinic's links in order; capacity comes first unless the settings place it.

    Raises:
        ConfigurationError: the settings name a strategy that is not there.
    """
    known: dict[str, Strategy] = {FALLBACK: _nobody, **STRATEGIES, **extra}
    names = practice.clinic.settings.assignment
    if any(name not in known for name in names):
        raise ConfigurationError("the settings name an assignment strategy that is not installed")
    ordered = names if CAPACITY in names else (CAPACITY, *names)
    last = ordered.index(FALLBACK) if FALLBACK in ordered else len(ordered)
    return tuple((name, known[name]) for name in ordered[:last])


def _nobody(choice: Choice) -> None:
    """Stand for the fallback person, with whom every chain ends."""


@frozen(kw_only=True, slots=False)
class _Walk:
    """How far one walk along the chain has come: who is left, who is there, whose rotation."""

    candidates: tuple[Coordinator, ...]
    there: tuple[Coordinator, ...]
    pool: str = EVERYBODY
    reasons: tuple[PassedOver, ...] = ()

    @cached_property
    def weights(self) -> Candidates:
        """Those who are there, as the rotation takes them."""
        return [(one.id, one.weight) for one in self.there]

    @cached_property
    def users(self) -> tuple[UserId, ...]:
        """Those who are left, by id."""
        return tuple([one.id for one in self.candidates])

    def narrowed(self, by: Narrowed) -> "_Walk":
        """Leave those out who are not among the users."""
        left = tuple([one for one in self.candidates if one.id in by.users])
        if len(left) == len(self.candidates) and by.pool is None:
            return self
        if not left and not by.absent:
            return self
        leaves = by.absent or by.pool is not None
        gone = [one.id for one in self.candidates if one.id not in by.users]
        return _Walk(
            candidates=left,
            there=tuple([p for p in self.there if p.id in by.users]) if leaves else self.there,
            pool=by.pool or self.pool,
            reasons=(*self.reasons, *[PassedOver(user=user, reason=by.reason) for user in gone]),
        )

    def explained(self, chosen: UserId) -> tuple[PassedOver, ...]:
        """Tell of everybody else why not, by user; the same for every lead of the batch."""
        if chosen not in self._told:
            self._told[chosen] = tuple([one for one in self._unchosen if one.user != chosen])
        return self._told[chosen]

    @cached_property
    def _told(self) -> dict[UserId, tuple[PassedOver, ...]]:
        return {}

    @cached_property
    def _unchosen(self) -> list[PassedOver]:
        waiting = [PassedOver(user=one.id, reason=NOT_CHOSEN) for one in self.candidates]
        return sorted([*self.reasons, *waiting], key=lambda one: one.user)


class _Batch:
    """The state while the leads of one batch are decided one after the other."""

    def __init__(self, given: Circumstances, chain: Sequence[Link]) -> None:
        self._given = given
        self._chain = chain
        self._loads = dict(given.loads)
        self._shown_loads = MappingProxyType(self._loads)
        self._wheels = {pool: Wheel(rotation) for pool, rotation in given.rotations.items()}
        self._owners: dict[LeadId, UserId] = {}
        there, missing = eligible(given.practice, now=given.now)
        self._start = _Walk(candidates=there, there=there, reasons=missing)

    def decide(self, lead: Lead) -> Decision | None:
        """Decide for one lead; the decision counts for those that follow."""
        start = self._start_of(lead)
        end, taken = self._walked(lead, start, pools=True)
        if taken is None and end.pool != EVERYBODY:
            end, taken = self._walked(lead, start, pools=False)
        decision = taken or self._kept(lead) or self._fallback(lead, end)
        if decision is not None:
            self._count(lead, decision.chosen)
        return decision

    def _count(self, lead: Lead, chosen: UserId) -> None:
        if chosen != lead.ownership.owner:
            self._loads[chosen] = self._loads.get(chosen, 0) + 1
        self._owners[lead.id] = chosen

    def moved_on(self) -> tuple[Rotation, ...]:
        """Give the rotations in which somebody had a turn."""
        stopped = [(pool, wheel.stopped()) for pool, wheel in self._wheels.items()]
        return tuple([new for pool, new in stopped if new is not self._given.rotations[pool]])

    def _start_of(self, lead: Lead) -> _Walk:
        owner = lead.ownership.owner
        if not self._given.anew or owner is None:
            return self._start
        had = [PassedOver(user=p.id, reason=HAD_IT) for p in self._start.there if p.id == owner]
        return evolve(
            self._start,
            candidates=tuple([one for one in self._start.candidates if one.id != owner]),
            reasons=(*self._start.reasons, *had),
        )

    def _walked(self, lead: Lead, walk: _Walk, *, pools: bool) -> tuple[_Walk, Decision | None]:
        choice = self._choice(lead, walk)
        for name, strategy in self._chain:
            answer = strategy(choice)
            if isinstance(answer, Narrowed):
                further = walk.narrowed(answer) if pools or answer.absent else walk
                if further is not walk:
                    walk, choice = further, self._choice(lead, further)
            elif answer is not None and answer in walk.users:
                return walk, self._taken(lead, name, answer, walk)
        return walk, None

    def _choice(self, lead: Lead, walk: _Walk) -> Choice:
        given = self._given
        wheel = self._wheels[walk.pool]
        return Choice(
            lead=lead,
            practice=given.practice,
            candidates=walk.candidates,
            now=given.now,
            next_in_turn=wheel.peek(walk.weights, walk.users),
            loads=self._shown_loads,
            family=self._family(lead),
            at_work_from=given.at_work_from,
            places=given.places,
        )

    def _family(self, lead: Lead) -> tuple[UserId, ...]:
        """Name the coordinators of the family: of open leads first, newest first."""
        related = self._given.families.get(lead.id)
        if not related:
            return ()
        ordered = sorted(related, key=lambda one: (one.is_open, one.stamps.created_at, one.id))
        owners = [self._owners.get(one.id, one.ownership.owner) for one in reversed(ordered)]
        return tuple(dict.fromkeys(owner for owner in owners if owner is not None))

    def _taken(self, lead: Lead, rule: str, chosen: UserId, walk: _Walk) -> Decision:
        if rule == ROUND_ROBIN:
            self._wheels[walk.pool].turn(chosen, walk.weights)
        return Decision(
            chosen=chosen,
            rule=rule,
            previous=lead.ownership.owner,
            passed_over=walk.explained(chosen),
        )

    def _kept(self, lead: Lead) -> Decision | None:
        """Leave a lead that should change hands where it is, when nobody else can take it."""
        owner = lead.ownership.owner
        if not self._given.anew or owner is None:
            return None
        is_there = any(one.id == owner for one in self._start.there)
        return Decision(chosen=owner, rule=KEPT, previous=owner) if is_there else None

    def _fallback(self, lead: Lead, walk: _Walk) -> Decision | None:
        person = self._given.practice.clinic.settings.fallback
        if person is None:
            return None
        return Decision(
            chosen=person,
            rule=FALLBACK,
            previous=lead.ownership.owner,
            passed_over=walk.explained(person),
            needs_assignment=True,
            fallback_away=not eligibility.is_there(person, self._given.practice, self._given.now),
        )
