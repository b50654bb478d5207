"""Capturing enquiries: from what a channel handed over to a lead with a coordinator and tasks.

The batch is the implementation; one enquiry is a batch of one. Manual intake, web forms and
imports all come through here, so that every rule holds for each of them.
"""

from collections.abc import Sequence

from attrs import evolve, frozen

from orthocrm.core.activity import (
    Activity,
    ActivityDirection,
    CallOutcome,
    LeadActivityType,
)
from orthocrm.core.errors import OrthoCRMError
from orthocrm.core.events import LeadCaptured
from orthocrm.core.ids import ActivityId, ImportId
from orthocrm.core.lead import Channel, Lead, StageVisit
from orthocrm.core.rules import Trigger
from orthocrm.core.task import Task
from orthocrm.followup import rules, tasks
from orthocrm.followup.due import Calendar
from orthocrm.leads import intake
from orthocrm.leads.dedupe import Duplicate
from orthocrm.leads.intake import Intake
from orthocrm.services import deliveries
from orthocrm.services.batch import Refused, attempt, done
from orthocrm.services.deliveries import DeliveryMisused
from orthocrm.services.followups import reacting
from orthocrm.services.followups.reacting import Reaction
from orthocrm.services.imports import placing
from orthocrm.services.imports.placing import Placed, Wish
from orthocrm.services.leads import linking, warnings
from orthocrm.services.results import Captured
from orthocrm.services.scheduling import visiting
from orthocrm.services.sources import referring, touches
from orthocrm.services.work import Work

_LIVE = {
    Channel.PHONE: LeadActivityType.PHONE_CALL,
    Channel.WALK_IN: LeadActivityType.IN_PERSON,
}


@frozen(kw_only=True)
class Manner:
    """How a batch is captured: an import may skip the warnings, the assignment and the tasks."""

    import_id: ImportId | None = None
    blank_source_ok: bool = False
    assign: bool = True
    follow_up: bool = True
    judge: bool = True


FULLY = Manner()


def capture(
    work: Work, intakes: Sequence[Intake], manner: Manner = FULLY
) -> list[Captured | Refused]:
    """Make leads of enquiries; a delivery that arrived before gives its first result again."""
    drafts = attempt(intakes, lambda given: _admitted(work, given, manner))
    results: dict[int, Captured | Refused] = {}
    fresh: list[tuple[int, Lead]] = []
    repeats: dict[int, int] = {}
    seen: dict[str, int] = {}
    earlier = _earlier_results(work, intakes, drafts)
    for i, draft in enumerate(drafts):
        key = deliveries.key_of(intakes[i])
        if isinstance(draft, Refused):
            results[i] = draft
        elif key is not None and key in seen:
            repeats[i] = seen[key]
        elif i in earlier:
            results[i] = earlier[i]
        else:
            fresh.append((i, draft))
            if key is not None:
                seen[key] = i
    wishes = [Wish(owner=intakes[i].owner, referrer=intakes[i].referrer_name) for i, _ in fresh]
    kept = keep(work, [lead for _, lead in fresh], wishes, manner)
    for (i, _), result in zip(fresh, kept, strict=True):
        results[i] = result
        if isinstance(result, Captured):
            deliveries.finish(work, intakes[i], result)
    for i, first in repeats.items():
        same = deliveries.is_same(intakes[i], intakes[first])
        results[i] = _again(results[first]) if same else Refused(DeliveryMisused())
    return [results[i] for i in range(len(intakes))]


def _again(result: Captured | Refused) -> Captured | Refused:
    return result if isinstance(result, Refused) else evolve(result, replayed=True)


def _admitted(work: Work, given: Intake, manner: Manner) -> Lead:
    return intake.admitted(
        given,
        work.practice,
        now=work.now,
        by=work.actor.user,
        ids=work.ids,
        import_id=manner.import_id,
        blank_source_ok=manner.blank_source_ok,
    )


def _earlier_results(
    work: Work, intakes: Sequence[Intake], drafts: Sequence[Lead | Refused]
) -> dict[int, Captured | Refused]:
    """Claim the deliveries in the order of their keys, so that batches wait only in one direction.

    Of several that are the same the first one claims for all, unless it had a result already.
    """
    keys = [(deliveries.key_of(given), i) for i, given in enumerate(intakes)]
    keyed = sorted((key, i) for key, i in keys if key and not isinstance(drafts[i], Refused))
    found: dict[int, Captured | Refused] = {}
    claimed: set[str] = set()
    for key, i in keyed:
        earlier = None if key in claimed else _earlier(work, intakes[i])
        if earlier is None:
            claimed.add(key)
        else:
            found[i] = earlier
    return found


def _earlier(work: Work, given: Intake) -> Captured | Refused | None:
    """Claim the delivery; give its first result when it was claimed before."""
    try:
        return deliveries.replayed(work, given)
    except OrthoCRMError as error:
        return Refused(error)


def keep(
    work: Work, leads: Sequence[Lead], wishes: Sequence[Wish], manner: Manner = FULLY
) -> list[Captured | Refused]:
    """Store leads that were admitted: warned of duplicates, assigned, with their first tasks."""
    met = referring.meet(work, leads, [wish.referrer for wish in wishes])
    pairs = zip(met.leads, wishes, strict=True)
    good = [(lead, wish) for lead, wish in pairs if not isinstance(lead, Refused)]
    results = _kept(work, [lead for lead, _ in good], [wish for _, wish in good], manner)
    met.keep(work, [item.lead for item in done(results)])
    following = iter(results)
    return [lead if isinstance(lead, Refused) else next(following) for lead in met.leads]


def _kept(
    work: Work, leads: Sequence[Lead], wishes: Sequence[Wish], manner: Manner
) -> list[Captured | Refused]:
    warned = warnings.of(work, leads, judge=manner.judge)
    placed = placing.placed(work, leads, wishes, auto=manner.assign)
    warned = _of_stored(warned, leads, placed)
    reactions = [
        item if isinstance(item, Refused) else _reaction(work, item, manner) for item in placed
    ]
    results = [
        item if isinstance(item, Refused) else _captured(item, warning, reaction)
        for item, warning, reaction in zip(placed, warned, reactions, strict=True)
    ]
    _store(work, done(results), done(placed), manner)
    linking.keep_captured(work, _warned_of(results, warned))
    if manner.follow_up and manner.import_id is None:
        reacting.follow(work, done(reactions))
    return results


def _of_stored(
    warned: list[warnings.Warned], leads: Sequence[Lead], placed: Sequence[Placed | Refused]
) -> list[warnings.Warned]:
    """Leave out of the warnings what is refused itself."""
    pairs = zip(leads, placed, strict=True)
    refused = {lead.id for lead, item in pairs if isinstance(item, Refused)}
    return [warning.without(refused) for warning in warned] if refused else warned


def _warned_of(
    results: Sequence[Captured | Refused], warned: Sequence[warnings.Warned]
) -> list[tuple[Lead, Sequence[Duplicate]]]:
    """Pair the leads that were stored with all that the practice knows of their duplicates."""
    pairs = zip(results, warned, strict=True)
    return [(item.lead, known.all) for item, known in pairs if isinstance(item, Captured)]


def _captured(placed: Placed, warning: warnings.Warned, reaction: Reaction | Refused) -> Captured:
    made = () if isinstance(reaction, Refused) else reaction.tasks
    return Captured(
        lead=_dated(placed.lead, made),
        duplicates=warning.duplicates,
        hidden_duplicates=warning.hidden,
        tasks=made,
        decision=placed.owned.decision,
    )


def _dated(lead: Lead, made: Sequence[Task]) -> Lead:
    if not made:
        return lead
    milestones = evolve(lead.milestones, next_action_at=tasks.next_action(made))
    return evolve(lead, milestones=milestones)


def _reaction(work: Work, placed: Placed, manner: Manner) -> Reaction:
    """React to a new lead, or to the later stage in which it stands.

    Who was spoken to while the enquiry was made needs nothing that a new lead needs.
    """
    lead, moved = placed.lead, placed.transition is not None
    visit = lead.position.visit_id
    if not manner.follow_up:
        return Reaction(lead=lead, effect=visit)
    if not moved and lead.milestones.first_contact_at is not None:
        return reacting.of_rules(work, lead, (), visit, entered=True)
    trigger = Trigger.STAGE_ENTERED if moved else Trigger.LEAD_CAPTURED
    stage = lead.position.stage if moved else None
    return reacting.react(work, lead, trigger, visit, stage=stage)


def _store(work: Work, kept: Sequence[Captured], placed: Sequence[Placed], manner: Manner) -> None:
    leads = [captured.lead for captured in kept]
    work.store.leads.add(leads)
    work.forget_sharers()
    touches.begin(work, leads)
    work.store.visits.add([visit for item in placed for visit in _visits(work, item)])
    work.store.activities.add([activity for item in placed for activity in _activities(work, item)])
    work.store.tasks.add([task for captured in kept for task in captured.tasks])
    work.touch(lead.id for lead in leads)
    if manner.import_id is not None:
        return
    for captured, item in zip(kept, placed, strict=True):
        work.record(_event(work, captured))
        work.record(*([item.owned.event] if item.owned.event else ()))
        work.record(*(rules.created(task) for task in captured.tasks))


def _visits(work: Work, placed: Placed) -> Sequence[StageVisit]:
    moved = placed.transition
    if moved is None:
        return (_first_visit(placed.lead),)
    return visiting.timed(moved.closed, Calendar.of_clinic(work.practice.clinic)), moved.opened


def _activities(work: Work, placed: Placed) -> Sequence[Activity]:
    lead, moved = placed.lead, placed.transition
    return (
        *([_live_activity(work, lead)] if _is_live(lead) else ()),
        *([placed.owned.activity] if placed.owned.activity else ()),
        *([moved.activity] if moved else ()),
    )


def _first_visit(lead: Lead) -> StageVisit:
    return StageVisit(
        id=lead.position.visit_id,
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        stage=lead.position.stage,
        order=lead.position.order,
        entered_at=lead.position.entered_at,
        owner=lead.ownership.owner,
    )


def _is_live(lead: Lead) -> bool:
    return lead.origin.channel in _LIVE and lead.milestones.first_contact_at is not None


def _live_activity(work: Work, lead: Lead) -> Activity:
    """Log the conversation in which the enquiry was made (rule 3, C-59)."""
    type_ = _LIVE[lead.origin.channel]
    return Activity(
        id=ActivityId(work.ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        type=type_,
        occurred_at=lead.stamps.created_at,
        created_at=work.now,
        created_by=work.actor.user,
        direction=ActivityDirection.INBOUND,
        call_outcome=CallOutcome.SPOKE if type_ is LeadActivityType.PHONE_CALL else None,
    )


def _event(work: Work, captured: Captured) -> LeadCaptured:
    return LeadCaptured(
        clinic_id=work.clinic_id,
        at=work.now,
        by=work.actor.user,
        lead_id=captured.lead.id,
        channel=captured.lead.origin.channel,
        source_id=captured.lead.origin.source_id,
        duplicates=tuple(duplicate.lead_id for duplicate in captured.duplicates),
    )
