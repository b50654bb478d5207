"""`desk.assignment`: who takes care of which lead."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import evolve, field, frozen

from orthocrm.assignment import handover, owning
from orthocrm.core.activity import Decision
from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import LeadId, TimeOffId, UserId
from orthocrm.core.lead import Lead, ensure_open
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.query import Aggregate, Cond, Measure, Where, both
from orthocrm.core.reading import Reading
from orthocrm.core.task import OPEN_TASKS
from orthocrm.followup.due import Calendar, subtract_business
from orthocrm.services.assignment import assigning, handing
from orthocrm.services.assignment.handing import Handed
from orthocrm.services.batch import (
    Refused,
    at_a_stretch,
    attempt,
    checked,
    done,
    listed_ids,
    only,
)
from orthocrm.services.gate import Area, verb
from orthocrm.services.results import Assigned
from orthocrm.services.work import LIVING, Work


@frozen(kw_only=True)
class Load:
    """What one coordinator has on the desk, beside what the clinic expects of them.

    `capacity_share` is the used part of the capacity, `weight_share` the part of the active
    coordinators' weight, `load_share` the part of all their open leads; None where there is none.
    """

    user: UserId
    open_leads: int = 0
    open_tasks: int = 0
    overdue_tasks: int = 0
    weight: int = 0
    capacity: int | None = None
    capacity_share: float | None = None
    weight_share: float | None = None
    load_share: float | None = None
    is_away: bool = False


@frozen(kw_only=True)
class OwnerChange:
    """A lead that got a coordinator: when, through whom, and the decision with its reasons."""

    at: datetime
    by: UserId
    decision: Decision
    reason: str | None = field(default=None, repr=mask, metadata=PERSONAL)


@frozen(kw_only=True)
class Distributed:
    """Who got how many of which leads; `waiting` counts those that nobody could take."""

    leads: tuple[LeadId, ...] = ()
    counts: Mapping[UserId, int] = field(factory=dict)
    waiting: int = 0


class Assignment(Area, area="assignment"):
    """The coordinators' leads."""

    @verb(Permission.LEAD_ASSIGN)
    def assign(self, work: Work, lead_id: LeadId) -> Assigned:
        """Let the clinic's rules choose a coordinator.

        Raises:
            NobodyToAssign: nobody is available and the clinic has no fallback person.
        """
        return only(_assign(work, [lead_id]))

    @verb(Permission.LEAD_ASSIGN)
    def assign_many(self, work: Work, lead_ids: Sequence[LeadId]) -> tuple[Assigned | Refused, ...]:
        """Let the clinic's rules choose for several leads as one act, with a result for each."""
        return tuple(_assign(work, listed_ids(lead_ids)))

    @verb(Permission.LEAD_ASSIGN)
    def assign_to(self, work: Work, lead_id: LeadId, user: str) -> Assigned:
        """Give a lead to a coordinator by hand; the lead's open tasks go along."""
        (lead,) = work.leads([lead_id])
        owned = assigning.own(work, lead, owning.manual(lead, UserId(user), work.practice))
        return handing.kept(work, [(lead, owned)])[0]

    @at_a_stretch
    @verb(Permission.LEAD_ASSIGN)
    def assign_unassigned(self, work: Work) -> Distributed:
        """Let the clinic's rules choose for every open lead without a coordinator, as one act.

        One notice tells of all of them; the timeline of each lead holds its own decision.
        """
        return _distributed(work, Cond("owner", "absent"), "assign_unassigned")

    @at_a_stretch
    @verb(Permission.LEAD_ASSIGN)
    def reassign_untouched(self, work: Work) -> Distributed:
        """Give leads to somebody else that nobody has tried to reach for the clinic's set time.

        The time counts while the practice is open, from the last assignment on. A lead stays
        where it is when nobody else is available. Nothing happens where the setting is off.
        """
        cutoff = _untouched_since(work)
        if cutoff is None:
            return Distributed()
        return _distributed(work, _untouched(cutoff), "reassign_untouched", anew=True)

    @at_a_stretch
    @verb(Permission.LEAD_ASSIGN)
    def distribute(self, work: Work, user: str) -> Distributed:
        """Let the clinic's rules choose anew for all open leads of somebody, as one act.

        For a coordinator who leaves, once inactive: tasks on others' leads go to whose the lead
        is. A lead stays where it is when nobody else can take it.
        """
        checked(user, str, "user")
        done = _distributed(work, Cond("owner", "eq", user), "distribute", anew=True)
        handing.strays_home(work, UserId(user))
        return done

    @verb(Permission.LEAD_ASSIGN)
    def transfer(self, work: Work, lead_id: LeadId, to: str, reason: str | None = None) -> Assigned:
        """Pass a lead on to another coordinator, with its open tasks; the timeline says why."""
        (lead,) = work.leads([lead_id])
        user, noted = UserId(to), _noted(reason)
        decision = owning.manual(lead, user, work.practice, "to", rule=handover.TRANSFER)
        return handing.kept(work, [(lead, assigning.own(work, lead, decision, noted))])[0]

    @at_a_stretch
    @verb(Permission.LEAD_ASSIGN)
    def transfer_all(self, work: Work, user: str, to: str) -> Handed:
        """Pass all open leads of a coordinator on to another one, as one act."""
        leads = handing.chosen(work, Cond("owner", "eq", user))
        return handing.all_to(work, leads, UserId(to), handover.TRANSFER, "to")

    @verb(Permission.LEAD_REASSIGN_ABSENT)
    def reassign_absent(self, work: Work, lead_id: LeadId, to: str) -> Assigned:
        """Pass on a lead whose coordinator is away now, to somebody who is there and not full.

        Raises:
            OwnerPresent: the coordinator has no absence on record now.
            Forbidden: the clinic's settings keep this to those who assign leads.
        """
        if not work.practice.clinic.settings.reassign_absent:
            work.demand(Permission.LEAD_ASSIGN)
        (lead,) = work.leads([lead_id])
        user, practice = UserId(to), work.practice
        handover.ensure_owner_away(lead, practice, work.now)
        decision = owning.manual(lead, user, practice, "to", rule=handover.REASSIGN_ABSENT)
        handover.ensure_available(user, practice, assigning.loads(work), at=work.now, path="to")
        return handing.kept(work, [(lead, assigning.own(work, lead, decision))])[0]

    @at_a_stretch
    @verb(Permission.LEAD_ASSIGN)
    def hand_over(self, work: Work, absence_id: TimeOffId) -> Handed:
        """Give the open leads and tasks of who is away, or will be, to the cover person.

        Raises:
            InvalidInput: the absence names no cover person, or one who is away as well.
        """
        return handing.over(work, absence_id)

    @at_a_stretch
    @verb(Permission.LEAD_ASSIGN)
    def hand_back(self, work: Work, absence_id: TimeOffId) -> Handed:
        """Give back what the cover person still has of it; what was passed on since stays."""
        return handing.back(work, absence_id)

    @verb(Permission.LEAD_READ)
    def history(self, work: Work, lead_id: LeadId) -> tuple[OwnerChange, ...]:
        """Tell who had the lead, and why, oldest first."""
        work.leads([lead_id], lock=False)
        return tuple(
            OwnerChange(
                at=activity.occurred_at,
                by=activity.created_by,
                decision=activity.decision,
                reason=activity.notes,
            )
            for activity in handing.changes(work, [lead_id])[lead_id]
            if activity.decision and activity.decision.rule not in handover.ABOUT_TASKS
        )

    @verb(Permission.LEAD_READ)
    def workload(self, work: Work) -> tuple[Load, ...]:
        """Count open leads and open and overdue tasks by coordinator, with weight and capacity.

        Who reaches only the own leads sees only the own load, and no share of the whole.
        """
        leads = _counts(work, "leads", "owner", both(LIVING, handing.OPEN))
        waiting = Cond("status", "in", OPEN_TASKS)
        open_tasks = _counts(work, "tasks", "assigned_to", waiting)
        overdue = _counts(
            work, "tasks", "assigned_to", both(waiting, Cond("due_at", "lt", work.now))
        )
        users = [coordinator.id for coordinator in work.practice.coordinators]
        loads = {
            user: evolve(
                _load(work, user, leads),
                open_tasks=open_tasks.get(user, 0),
                overdue_tasks=overdue.get(user, 0),
            )
            for user in dict.fromkeys([*users, *sorted(leads | open_tasks), work.actor.user])
        }
        if not work.reaches_all(Permission.LEAD_READ):
            return (evolve(loads[work.actor.user], load_share=None),)
        everybody = {*users, *leads, *open_tasks}
        return tuple(load for user, load in loads.items() if user in everybody)


def _load(work: Work, user: UserId, leads: Mapping[UserId, int]) -> Load:
    known = work.practice.coordinator_by_id.get(user)
    active = [one for one in work.practice.coordinators if one.is_active]
    weight = known.weight if known and known.is_active else 0
    capacity = known.capacity if known else None
    held = leads.get(user, 0)
    return Load(
        user=user,
        open_leads=held,
        weight=weight,
        capacity=capacity,
        capacity_share=_share(held, capacity),
        weight_share=_share(weight, sum(one.weight for one in active)),
        load_share=_share(held, sum(leads.values())),
        is_away=work.practice.is_away(user, work.now),
    )


def _share(part: int, whole: int | None) -> float | None:
    return part / whole if whole else None


def _noted(reason: str | None) -> str | None:
    reading = Reading()
    noted = reading.prose("reason", reason)
    reading.finish()
    return noted


def _untouched_since(work: Work) -> datetime | None:
    """Give the instant before which a lead must have been assigned to count as untouched."""
    clinic = work.practice.clinic
    wait = clinic.settings.untouched_after
    if wait is None:
        return None
    return subtract_business(Calendar.of_clinic(clinic), work.now, wait)


def _untouched(cutoff: datetime) -> Where:
    return both(
        Cond("owner", "present"),
        Cond("assigned_at", "le", cutoff),
        Cond("first_attempt_at", "absent"),
        Cond("first_contact_at", "absent"),
        Cond("recall_due_on", "absent"),
    )


def _distributed(work: Work, where: Where, rule: str, *, anew: bool = False) -> Distributed:
    """Decide for all leads at once, so that what one gets counts for the next; save those moved."""
    leads = handing.chosen(work, where)
    decided = assigning.decide(work, leads, anew=anew)
    moving = [
        (lead, item)
        for lead, item in zip(leads, decided, strict=True)
        if not isinstance(item, Refused) and item.chosen != lead.ownership.owner
    ]
    handing.kept_quietly(work, [(lead, assigning.own(work, lead, item)) for lead, item in moving])
    given = [(lead.id, item) for lead, item in moving]
    handing.tell_of_all(work, given, rule)
    return Distributed(
        leads=tuple(lead_id for lead_id, _ in given),
        counts=Counter(decision.chosen for _, decision in given),
        waiting=sum(isinstance(item, Refused) for item in decided),
    )


def _assign(work: Work, lead_ids: Sequence[LeadId]) -> list[Assigned | Refused]:
    """Decide for open leads only, so that nobody pays a turn for one that is refused."""
    seen: set[LeadId] = set()

    def open_once(lead: Lead) -> Lead:
        ensure_open(lead)
        if lead.id in seen:
            raise InvalidInput.at("lead_ids", "repeated", "name each lead once")
        seen.add(lead.id)
        return lead

    wanted = attempt(work.leads(lead_ids), open_once)
    leads = done(wanted)
    decided = assigning.decide(work, leads)
    pairs = [
        (lead, assigning.own(work, lead, item))
        for lead, item in zip(leads, decided, strict=True)
        if not isinstance(item, Refused)
    ]
    kept = iter(handing.kept(work, pairs))
    results = iter([item if isinstance(item, Refused) else next(kept) for item in decided])
    return [item if isinstance(item, Refused) else next(results) for item in wanted]


def _counts(work: Work, of: str, by: str, where: Where) -> dict[UserId, int]:
    query = Aggregate(of, (Measure("n"),), by=(by,), where=where)
    groups = work.store.aggregate(query)
    return {group.key[0]: group.values["n"] for group in groups if group.key[0] is not None}
