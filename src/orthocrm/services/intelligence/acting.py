"""What a coordinator should do next: what is due is found by a fixed number of statements."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import field, frozen

from orthocrm.core.activity import ActivityDirection, CallOutcome, LeadActivityType
from orthocrm.core.actor import Role
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.lead import OPEN_STATUSES, Lead
from orthocrm.core.notifying import ConsentEntry, MessageChannel, Purpose
from orthocrm.core.query import (
    Aggregate,
    AllOf,
    AnyOf,
    Calculation,
    Cond,
    Measure,
    Page,
    Sort,
    Where,
    both,
)
from orthocrm.core.task import OPEN_TASKS, Task
from orthocrm.core.time import zone
from orthocrm.followup import ages
from orthocrm.followup.quiet import is_quiet_for
from orthocrm.intelligence.next_action import (
    COLD_AFTER,
    CONFIRM_WITHIN,
    Circumstances,
    Means,
    NextAction,
    attempts_of,
    next_actions,
)
from orthocrm.privacy import consent
from orthocrm.services.work import Work

MOST = 200
"""The longest list; of each reason at most as many leads are looked at."""

ANSWER_AGE = timedelta(days=30)
"""Messages that are older are nobody's answer any more."""

Scores = Callable[[Work, Sequence[Lead]], Mapping[LeadId, float]]
"""Gives the chance to convert of those leads for which it is known."""

_T = LeadActivityType
_WRITTEN = Cond("type", "in", (_T.SMS, _T.EMAIL))
_MISSED = (CallOutcome.VOICEMAIL, CallOutcome.NO_ANSWER)
_CALL = Cond("type", "eq", _T.PHONE_CALL)
_INBOUND = Cond("direction", "eq", ActivityDirection.INBOUND)
_ASKED = both(_INBOUND, AnyOf((_WRITTEN, AllOf((_CALL, Cond("call_outcome", "in", _MISSED))))))
_ANSWERED = AnyOf(
    (
        AllOf(
            (
                Cond("direction", "eq", ActivityDirection.OUTBOUND),
                Cond("created_by", "ne", Role.WORKER.value),
            )
        ),
        AllOf((_CALL, Cond("call_outcome", "eq", CallOutcome.SPOKE))),
        Cond("type", "eq", _T.IN_PERSON),
    )
)
_UNTRIED = AllOf((Cond("first_attempt_at", "absent"), Cond("first_contact_at", "absent")))


@frozen(kw_only=True)
class _Found:
    """What is due, as far as it was looked up."""

    leads: Mapping[LeadId, Lead]
    tasks: Mapping[LeadId, Sequence[Task]]
    asked: Mapping[LeadId, datetime]
    visits: Mapping[LeadId, Appointment]
    touched: Mapping[LeadId, datetime]
    scores: Mapping[LeadId, float]
    entries: Mapping[str, Sequence[ConsentEntry]] = field(repr=False)


def actions(
    work: Work, coordinator: str | None, most: int, scores: Scores
) -> tuple[NextAction, ...]:
    """Rank what is to be done for somebody's leads; who reaches only the own gets only the own."""
    if type(most) is not int or not 1 <= most <= MOST:
        raise InvalidInput.at("most", "out_of_range", f"give 1 to {MOST}")
    if coordinator is not None and not isinstance(coordinator, str):
        raise InvalidInput.at("coordinator", "wrong_type", "give a user")
    user = UserId(coordinator or work.actor.user)
    if not work.reaches_all(work.permission):
        user = work.actor.user
    found = _found(work, user, scores)
    ranked = next_actions(
        (_circumstances(work, lead, found) for lead in found.leads.values()),
        work.practice,
        work.now,
    )[:most]
    work.touch(action.lead_id for action in ranked)
    return ranked


def _found(work: Work, user: UserId, scores: Scores) -> _Found:
    mine = both(
        work.reach(work.permission),
        Cond("owner", "eq", user),
        Cond("status", "in", OPEN_STATUSES),
    )
    conditions = [*_reasons(work), (_unplanned(work), "entered_at")]
    due = [lead for where, by in conditions for lead in _some(work, both(mine, where), by)]
    tasks = _overdue(work, user)
    asked = _asked(work)
    visits = _unconfirmed(work)
    named = {*tasks, *asked, *visits} - {lead.id for lead in due}
    others = work.store.leads.get(sorted(named)).values() if named else ()
    leads = {lead.id: lead for lead in (*due, *_reachable(work, others, user, tasks))}
    return _Found(
        leads=leads,
        tasks=tasks,
        asked=asked,
        visits=visits,
        touched=_last(work, Cond("lead_id", "in", sorted(leads))) if leads else {},
        scores=scores(work, [*leads.values()]),
        entries=_entries(work, leads.values()),
    )


def _reasons(work: Work) -> list[tuple[Where, str]]:
    """Say which leads of somebody's own are due by themselves, and which of these come first."""
    today = work.now.astimezone(zone(work.practice.clinic.timezone)).date()
    overstayed = [
        AllOf(
            (
                Cond("stage", "eq", stage.slug),
                Cond("entered_at", "lt", work.now - timedelta(days=stage.max_days)),
            )
        )
        for stage in work.practice.stages
        if not stage.is_terminal and stage.max_days is not None
    ]
    return [
        (_UNTRIED, "created_at"),
        (Cond("recall_due_on", "le", today), "recall_due_on"),
        (both(AnyOf(tuple(overstayed)), ages.unplanned(work.now)), "entered_at"),
        (Cond("unanswered", "ge", attempts_of(work.practice)), "next_action_at"),
    ]


def _unplanned(work: Work) -> Where:
    """Say which leads may have been forgotten: in their stage for days, with nothing planned."""
    since = Cond("entered_at", "le", work.now - COLD_AFTER)
    return both(since, ages.unplanned(work.now))


def _some(work: Work, where: Where, order: str) -> tuple[Lead, ...]:
    return work.store.leads.find(where, [Sort(order)], Page(MOST)).items


def _overdue(work: Work, user: UserId) -> Mapping[LeadId, Sequence[Task]]:
    where = both(
        Cond("status", "in", OPEN_TASKS),
        Cond("assigned_to", "eq", user),
        Cond("due_at", "lt", work.now),
    )
    found: dict[LeadId, list[Task]] = {}
    for task in work.store.tasks.find(where, [Sort("due_at")], Page(MOST)).items:
        found.setdefault(task.lead_id, []).append(task)
    return found


def _asked(work: Work) -> Mapping[LeadId, datetime]:
    """Tell which families wrote or called in vain, when they last did, and nobody has answered."""
    since = Cond("occurred_at", "ge", work.now - ANSWER_AGE)
    asked = _last(work, both(since, _ASKED))
    answered = _last(work, both(since, _ANSWERED)) if asked else {}
    waiting = {i: at for i, at in asked.items() if i not in answered or answered[i] < at}
    return dict(sorted(waiting.items(), key=lambda item: item[1], reverse=True)[:MOST])


def _last(work: Work, where: Where) -> Mapping[LeadId, datetime]:
    last = Measure("last", Calculation.MAX, "occurred_at")
    groups = work.store.aggregate(Aggregate("activities", (last,), by=("lead_id",), where=where))
    return {LeadId(group.key[0]): group.values["last"] for group in groups}


def _unconfirmed(work: Work) -> Mapping[LeadId, Appointment]:
    where = both(
        Cond("status", "eq", AppointmentStatus.BOOKED),
        Cond("lead_id", "present"),
        Cond("starts_at", "ge", work.now),
        Cond("starts_at", "le", work.now + CONFIRM_WITHIN),
    )
    found = work.store.appointments.find(where, [Sort("starts_at")], Page(MOST)).items
    return {visit.lead_id: visit for visit in reversed(found) if visit.lead_id is not None}


def _reachable(
    work: Work, leads: Iterable[Lead], user: UserId, tasks: Collection[LeadId]
) -> list[Lead]:
    """Keep the living leads that are somebody's own, or for which they have a task."""
    all_of_them = work.reaches_all(work.permission)
    return [
        lead
        for lead in leads
        if lead.stamps.deleted_at is None
        and (lead.ownership.owner == user or (all_of_them and lead.id in tasks))
    ]


def _entries(work: Work, leads: Iterable[Lead]) -> Mapping[str, Sequence[ConsentEntry]]:
    keys = {
        key for lead in leads for channel in _CHANNELS if (key := _key(lead, channel)) is not None
    }
    return work.store.consents.of(sorted(keys)) if keys else {}


_CHANNELS = {MessageChannel.SMS: Means.SMS, MessageChannel.EMAIL: Means.EMAIL}


def _key(lead: Lead, channel: MessageChannel) -> str | None:
    """Give the key of the address to which a message on a channel would go."""
    known = consent.addresses(lead, channel)
    return consent.address_key(channel, known[0]) if known else None


def _circumstances(work: Work, lead: Lead, found: _Found) -> Circumstances:
    visit = found.visits.get(lead.id)
    return Circumstances(
        lead=lead,
        means=_means(work, lead, found.entries),
        overdue=tuple(found.tasks.get(lead.id, ())),
        answered_at=found.asked.get(lead.id),
        visit=None if visit is None else (visit.id, visit.starts_at),
        touched_at=found.touched.get(lead.id, lead.stamps.created_at),
        score=found.scores.get(lead.id),
    )


def _means(
    work: Work, lead: Lead, entries: Mapping[str, Sequence[ConsentEntry]]
) -> frozenset[Means]:
    """Say by which means a family may be reached now: consent, and all quiet hours that hold."""
    clinic = work.practice.clinic
    number = lead.contact.phone.number if lead.contact.phone else None
    disturbs = is_quiet_for(lead.contact, work.now, clinic, work.plugins.quiet_hours)
    found = set()
    if number is not None and not disturbs:
        found.add(Means.CALL)
    for channel, means in _CHANNELS.items():
        key = _key(lead, channel)
        agreed = key is not None and not consent.refusal(
            entries.get(key, ()), channel, Purpose.CARE
        )
        if agreed and (channel is MessageChannel.EMAIL or not disturbs):
            found.add(means)
    return frozenset(found)
