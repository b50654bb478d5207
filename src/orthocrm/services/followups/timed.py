"""Rules whose time has passed: found by whoever looks, speaking once for a lead and visit."""

from collections.abc import Mapping
from datetime import datetime

from orthocrm.core.actor import Permission
from orthocrm.core.cadence import EnrollmentState
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import LeadId
from orthocrm.core.query import Aggregate, Calculation, Cond, Measure, Where, both, predicate
from orthocrm.core.rules import FollowUpRule, Trigger
from orthocrm.core.task import OPEN_TASKS, Task
from orthocrm.followup import ages, rules
from orthocrm.services.followups import agenda, reacting
from orthocrm.services.work import Work

BATCH = 500
"""For how many leads a rule speaks in one unit of work."""


def raise_due(work: Work) -> tuple[Task, ...]:
    """Let every rule that waited speak, for at most `BATCH` leads each."""
    timed = [rule for rule in work.practice.rules if rules.is_timed(rule, work.practice)]
    return tuple(task for rule in timed for task in _raised(work, rule))


def alert_ages(work: Work) -> tuple[Task, ...]:
    """Speak of leads that are over age in their stage: once in a visit, `BATCH` at a time.

    Leads with an open task that is still to come are left alone.
    """
    return tuple(
        task
        for rule, names in ages.speaking(work.practice)
        for task in _raised(work, rule, names, only_unplanned=True)
    )


def _raised(
    work: Work,
    rule: FollowUpRule,
    names: tuple[str, ...] = (),
    *,
    only_unplanned: bool = False,
) -> tuple[Task, ...]:
    """Find the leads by what stands in clear, lock them, and look again.

    Only leads of which the rule has to speak are read as a whole. It is silent where a rule of
    these `names` has spoken.
    """
    reach = work.reach(Permission.LEAD_UPDATE)
    more = ages.unplanned(work.now) if only_unplanned else None
    where = LEADS.checked(both(reach, rules.due_conditions(rule, work.practice, work.now), more))
    found = _due(work, rule, names, _waiting(work, rule, where, only_unplanned=only_unplanned))
    locked = work.store.leads.get(found, lock=True).values()
    matching = {lead.id: lead for lead in filter(predicate(where, LEADS), locked)}
    still = _due(work, rule, names, {i: rules.since(rule, lead) for i, lead in matching.items()})
    due = [matching[lead_id] for lead_id in still]
    work.touch(lead.id for lead in due)
    in_stage = rule.trigger is Trigger.IN_STAGE
    reactions = [
        reacting.of_rules(work, lead, [rule], lead.position.visit_id if in_stage else lead.id)
        for lead in due
    ]
    settled = agenda.in_line(work, due, [reaction.tasks for reaction in reactions])
    work.store.leads.save(settled)
    reacting.follow(work, reactions)
    return tuple(task for reaction in reactions for task in reaction.tasks)


def _waiting(
    work: Work, rule: FollowUpRule, where: Where, *, only_unplanned: bool
) -> Mapping[LeadId, datetime]:
    """Tell of every lead that a rule may be due for since when it waits."""
    at = "entered_at" if rule.trigger is Trigger.IN_STAGE else "created_at"
    since = Measure("since", Calculation.MIN, at)
    groups = work.store.aggregate(Aggregate("leads", (since,), by=("id",), where=where))
    found = {LeadId(group.key[0]): group.values["since"] for group in groups}
    planned = _planned(work, found) if only_unplanned and found else {}
    return {lead_id: at for lead_id, at in found.items() if lead_id not in planned}


def _planned(work: Work, leads: Mapping[LeadId, datetime]) -> Mapping[LeadId, datetime]:
    """Tell which leads have an open task that is still to come."""
    coming = both(Cond("status", "in", OPEN_TASKS), Cond("due_at", "gt", work.now))
    return _last(work, "tasks", "due_at", leads, coming)


def _due(
    work: Work, rule: FollowUpRule, names: tuple[str, ...], since: Mapping[LeadId, datetime]
) -> list[LeadId]:
    spoken = _spoken(work, rule, names, since)
    due = [i for i, at in since.items() if rules.may_speak(rule, at, spoken.get(i), work.now)]
    return sorted(due)[:BATCH]


def _spoken(
    work: Work, rule: FollowUpRule, names: tuple[str, ...], leads: Mapping[LeadId, datetime]
) -> Mapping[LeadId, datetime]:
    """Tell when the rule last spoke of each lead: by its task, else by its sequence.

    What a sequence still does counts as spoken just now.
    """
    if not leads:
        return {}
    if rule.task is not None:
        said = Cond("rule", "in", names or (rule.name,))
        return _last(work, "tasks", "created_at", leads, said)
    named = Cond("sequence", "eq", rule.sequence)
    running = both(named, Cond("state", "eq", EnrollmentState.RUNNING))
    begun = _last(work, "enrollments", "started_at", leads, named)
    busy = _last(work, "enrollments", "started_at", leads, running)
    return {**begun, **dict.fromkeys(busy, work.now)}


def _last(
    work: Work, of: str, at: str, leads: Mapping[LeadId, datetime], where: Where
) -> Mapping[LeadId, datetime]:
    among = both(Cond("lead_id", "in", [*leads]), where)
    last = Measure("last", Calculation.MAX, at)
    groups = work.store.aggregate(Aggregate(of, (last,), by=("lead_id",), where=among))
    return {group.key[0]: group.values["last"] for group in groups}
