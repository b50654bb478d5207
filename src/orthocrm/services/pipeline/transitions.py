"""Leads that change their stage: load, decide, save, and bring tasks in line.

The batch is the implementation; every item has its own result.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from attrs import evolve, field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead, LeadStatus, LostReason
from orthocrm.core.limits import REFERENCE
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.rules import Trigger
from orthocrm.core.stage import Stage, StageKind
from orthocrm.leads.conversion import convertible
from orthocrm.pipeline import progression
from orthocrm.pipeline.progression import Transition
from orthocrm.services.assignment import assigning
from orthocrm.services.batch import Refused, attempt, done
from orthocrm.services.followups import agenda, reacting
from orthocrm.services.followups.reacting import Reaction
from orthocrm.services.results import Moved
from orthocrm.services.scheduling import visiting
from orthocrm.services.work import Work


@frozen(kw_only=True)
class Move:
    """A lead and the stage it goes to; `at` is when that happened, left open: now."""

    lead_id: LeadId
    stage: str
    at: datetime | None = None


@frozen(kw_only=True)
class Loss:
    """A lead that did not convert, and why."""

    lead_id: LeadId
    reason: LostReason | str | None
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    at: datetime | None = None


@frozen(kw_only=True)
class Start:
    """A lead whose treatment started; the patient registry names the patient unless given."""

    lead_id: LeadId
    patient_ref: str | None = None
    at: datetime | None = None


class _Wish(Protocol):
    @property
    def lead_id(self) -> LeadId: ...

    @property
    def at(self) -> datetime | None: ...


W = TypeVar("W", bound=_Wish)


def move(work: Work, moves: Sequence[Move]) -> list[Moved | Refused]:
    """Move leads forward; one without a coordinator gets one first (rule 2)."""

    def rule(lead: Lead, wish: Move) -> Transition:
        ask(work, lead, work.practice.stage(wish.stage))
        return progression.moved(
            lead,
            wish.stage,
            work.practice,
            at=wish.at or work.now,
            now=work.now,
            by=work.actor.user,
            ids=work.ids,
        )

    return _carried_out(work, moves, rule, owned=True)


def lose(work: Work, losses: Sequence[Loss]) -> list[Moved | Refused]:
    """Give leads up."""

    def rule(lead: Lead, wish: Loss) -> Transition:
        ask(work, lead, work.practice.stage_of(StageKind.LOST))
        return progression.lost(
            lead,
            wish.reason,
            wish.notes,
            work.practice,
            at=wish.at or work.now,
            now=work.now,
            by=work.actor.user,
            ids=work.ids,
        )

    return _carried_out(work, losses, rule)


def convert(work: Work, starts: Sequence[Start]) -> list[Moved | Refused]:
    """Make leads patients of the host application."""

    def rule(lead: Lead, wish: Start) -> Transition:
        convertible(lead)
        ask(work, lead, work.practice.stage_of(StageKind.WON))
        return progression.converted(
            lead,
            _patient(work, lead, wish),
            work.practice,
            at=wish.at or work.now,
            now=work.now,
            by=work.actor.user,
            ids=work.ids,
        )

    return _carried_out(work, starts, rule)


def advance(work: Work, lead: Lead, stage: str) -> Moved:
    """Move a lead that the caller has locked and may change, as something else demands it."""
    ask(work, lead, work.practice.stage(stage))
    adoptions = assigning.Adoptions(work, [lead])
    owned = adoptions.adopt(lead)
    transition = progression.moved(
        owned, stage, work.practice, now=work.now, by=work.actor.user, ids=work.ids
    )
    adoptions.record([lead.id])
    return _saved(work, [(owned, transition)])[0]


def reopen(work: Work, lead_id: LeadId, reason: str) -> Moved:
    """Take a lost lead back into its last open stage."""
    (lead,) = work.leads([lead_id])
    transition = progression.reopened(
        lead, reason, work.practice, now=work.now, by=work.actor.user, ids=work.ids
    )
    return _saved(work, [(lead, _in_care(work, transition))])[0]


def _in_care(work: Work, transition: Transition) -> Transition:
    """Give a coordinator to a lead that comes back active without one (rule 2)."""
    if transition.lead.status is not LeadStatus.ACTIVE:
        return transition
    adoptions = assigning.Adoptions(work, [transition.lead])
    lead = adoptions.adopt(transition.lead)
    adoptions.record([lead.id])
    opened = evolve(transition.opened, owner=lead.ownership.owner)
    return evolve(transition, lead=lead, opened=opened)


def _carried_out(
    work: Work,
    wishes: Sequence[W],
    rule: Callable[[Lead, W], Transition],
    *,
    owned: bool = False,
) -> list[Moved | Refused]:
    found = work.reachable([wish.lead_id for wish in wishes])
    adoptions = assigning.Adoptions(work, found.values() if owned else ())
    seen: set[LeadId] = set()

    def decide(wish: W) -> tuple[Lead, Transition]:
        if wish.lead_id not in found:
            raise work.absence(wish.lead_id)
        if wish.lead_id in seen:
            raise InvalidInput.at("lead_id", "repeated", "name each lead once")
        seen.add(wish.lead_id)
        lead = adoptions.adopt(found[wish.lead_id])
        return lead, rule(lead, wish)

    decided = attempt(wishes, decide)
    adoptions.record(lead.id for lead, _ in done(decided))
    moved = iter(_saved(work, done(decided)))
    return [item if isinstance(item, Refused) else next(moved) for item in decided]


def ask(work: Work, lead: Lead, stage: Stage) -> None:
    """Let plug-ins refuse that a lead comes into a stage."""
    work.plugins.ask("before_stage_change", lead=lead, stage=stage, actor=work.actor)


def _patient(work: Work, lead: Lead, wish: Start) -> str:
    """Take the patient's reference as given, else register the lead with the host application."""
    if wish.patient_ref is None:
        return work.patients.register(lead)
    if not isinstance(wish.patient_ref, str) or not 0 < len(wish.patient_ref) <= REFERENCE:
        raise InvalidInput.at("patient_ref", "bad_reference", f"give 1 to {REFERENCE} characters")
    return wish.patient_ref


def _saved(work: Work, decided: Sequence[tuple[Lead, Transition]]) -> list[Moved]:
    reactions = [_reaction(work, transition.lead) for _, transition in decided]
    made = [reaction.tasks for reaction in reactions]
    leads = agenda.in_line(work, [t.lead for _, t in decided], made)
    visiting.close(work, [transition.closed for _, transition in decided])
    work.store.visits.add([transition.opened for _, transition in decided])
    work.store.activities.add([transition.activity for _, transition in decided])
    saved = work.store.leads.save(leads)
    work.record(*(transition.event for _, transition in decided))
    reacting.follow(work, reactions)
    return [
        Moved(lead=lead, activity=transition.activity, tasks=tasks)
        for lead, (_, transition), tasks in zip(saved, decided, made, strict=True)
    ]


def _reaction(work: Work, lead: Lead) -> Reaction:
    """React to the stage that was entered: by the clinic's rules, and by the stage's own."""
    position = lead.position
    return reacting.react(
        work, lead, Trigger.STAGE_ENTERED, position.visit_id, stage=position.stage
    )
