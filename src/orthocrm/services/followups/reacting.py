"""What the clinic's rules and stages make of something that happened to a lead.

Tasks come first, as they are stored with the lead; messages and sequences follow once it is.
"""

from collections.abc import Sequence

from attrs import frozen

from orthocrm.core.events import LostSuggested
from orthocrm.core.lead import Lead
from orthocrm.core.rules import FollowUpRule, Trigger
from orthocrm.core.task import Task
from orthocrm.followup import automation, rules
from orthocrm.services.followups import enrolling
from orthocrm.services.notifications import queueing
from orthocrm.services.notifications.queueing import Wanted
from orthocrm.services.work import Work

_ENTERING = frozenset({Trigger.LEAD_CAPTURED, Trigger.STAGE_ENTERED})


@frozen(kw_only=True)
class Reaction:
    """The rules that speak of a lead, the tasks that they and its stage make.

    `effect` tells this happening from every other: the id of a lead, a stage visit, an activity.
    With `entered`, the lead has just entered its stage.
    """

    lead: Lead
    effect: str
    rules: tuple[FollowUpRule, ...] = ()
    tasks: tuple[Task, ...] = ()
    entered: bool = False

    @property
    def suggests_lost(self) -> bool:
        """Whether a rule suggests to give the lead up."""
        return any(rule.suggest_lost for rule in self.rules)


def react(
    work: Work,
    lead: Lead,
    trigger: Trigger,
    effect: str,
    *,
    stage: str | None = None,
    attempts: int | None = None,
) -> Reaction:
    """Wake the rules: none for a closed lead, nor for a new one without a coordinator."""
    entered = trigger in _ENTERING
    if not lead.is_open or (entered and lead.ownership.owner is None):
        return Reaction(lead=lead, effect=effect, entered=entered)
    woken = rules.woken(trigger, lead, work.practice, stage=stage, attempts=attempts)
    return of_rules(work, lead, woken, effect, entered=entered)


def of_rules(
    work: Work, lead: Lead, woken: Sequence[FollowUpRule], effect: str, *, entered: bool = False
) -> Reaction:
    """Make the tasks of rules that were chosen already."""
    by, now = work.actor.user, work.now
    made = [
        rules.raised(rule, lead, work.practice, now=now, by=by, ids=work.ids)
        for rule in woken
        if rule.task is not None
    ]
    if entered:
        own = automation.stage_task(lead, work.practice, now=now, by=by, ids=work.ids)
        made += [own] if own else []
    return Reaction(
        lead=lead, effect=effect, rules=tuple(woken), tasks=tuple(made), entered=entered
    )


def follow(work: Work, reactions: Sequence[Reaction]) -> None:
    """Queue the messages, start the sequences and tell the suggestions of stored leads."""
    queueing.queue(work, [wish for reaction in reactions for wish in _wanted(work, reaction)])
    begun = [
        (reaction.lead, rule.sequence)
        for reaction in reactions
        for rule in reaction.rules
        if rule.sequence is not None
    ]
    enrolling.begin(work, begun)
    work.record(
        *(suggestion(work, reaction.lead) for reaction in reactions if reaction.suggests_lost)
    )


def suggestion(work: Work, lead: Lead) -> LostSuggested:
    """Tell that a lead may be given up."""
    return LostSuggested(
        clinic_id=work.clinic_id,
        at=work.now,
        by=work.actor.user,
        lead_id=lead.id,
        attempts=lead.milestones.unanswered,
    )


def _wanted(work: Work, reaction: Reaction) -> list[Wanted]:
    wanted = [
        Wanted(
            lead=reaction.lead,
            template=rule.message,
            key=f"{rules.ORIGIN}{rule.name}:{reaction.effect}",
            about=f"{rules.ORIGIN}{rule.name}",
            due_at=rules.due_at(rule, work.practice, work.now),
        )
        for rule in reaction.rules
        if rule.message is not None
    ]
    stage = work.practice.stage_by_slug[reaction.lead.position.stage]
    if reaction.entered and stage.auto_email is not None:
        wanted.append(
            Wanted(
                lead=reaction.lead,
                template=stage.auto_email,
                key=f"{automation.ORIGIN}{reaction.lead.position.visit_id}",
                about=f"{automation.ORIGIN}{stage.slug}",
                due_at=work.now,
            )
        )
    return wanted
