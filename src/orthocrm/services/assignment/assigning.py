"""Giving leads to coordinators: the clinic's chain decides, in the transaction that needs it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orthocrm.assignment import chain, owning, shifts, strategies
from orthocrm.assignment.chain import Circumstances
from orthocrm.core.activity import Activity, Decision
from orthocrm.core.actor import Permission, Role
from orthocrm.core.coordinator import Rotation
from orthocrm.core.errors import Forbidden, NobodyToAssign
from orthocrm.core.events import LeadAssigned
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import ClinicId, LeadId, UserId
from orthocrm.core.lead import OPEN_STATUSES, Lead, LeadStatus
from orthocrm.core.ports import UnitOfWork
from orthocrm.core.query import Aggregate, Cond, Measure, both, predicate
from orthocrm.core.routing import EVERYBODY, Routing
from orthocrm.services.batch import Refused, attempt
from orthocrm.services.leads import families
from orthocrm.services.work import LIVING, Work, everything


@frozen(kw_only=True)
class Owned:
    """A lead with its coordinator, if there is one, and the record of the decision."""

    lead: Lead
    decision: Decision | None = None
    activity: Activity | None = None

    @property
    def event(self) -> LeadAssigned | None:
        """What to tell of it."""
        if self.activity is None or self.activity.decision is None:
            return None
        return owning.told(self.activity, self.activity.decision)


def decide(work: Work, leads: Sequence[Lead], *, anew: bool = False) -> list[Decision | Refused]:
    """Let the clinic's chain choose for each lead, under the lock of the rotations.

    With `anew` a lead does not stay with its present owner if anybody else can take it.
    """
    if not leads:
        return []
    given = _circumstances(work, leads, anew=anew)
    moved, decisions = chain.decided(leads, given, work.plugins.strategies)
    if moved:
        work.store.rotations.save(moved)
    return [Refused(NobodyToAssign()) if one is None else one for one in decisions]


def _circumstances(work: Work, leads: Sequence[Lead], *, anew: bool) -> Circumstances:
    """Read what the clinic's chain asks for, and nothing else; the rotations under a lock."""
    settings = work.practice.clinic.settings
    named = set(settings.assignment)
    foreign = bool(named & set(work.plugins.strategies))
    pools = [EVERYBODY, *(pool.name for pool in settings.routing.pools)]
    return Circumstances(
        practice=work.practice,
        now=work.now,
        rotations=work.store.rotations.get(pools, lock=True),
        loads=loads(work) if foreign or _counts_loads(work) else {},
        families=families.of(work, leads) if foreign or strategies.STICKY in named else {},
        at_work_from=_shifts(work) if foreign or strategies.SCHEDULE in named else {},
        places=work.plugins.places if foreign or strategies.TERRITORY in named else {},
        anew=anew,
    )


def _counts_loads(work: Work) -> bool:
    limited = any(coordinator.capacity is not None for coordinator in work.practice.coordinators)
    return limited or strategies.LEAST_LOADED in work.practice.clinic.settings.assignment


def loads(work: Work) -> Mapping[UserId, int]:
    """Count the open leads of each coordinator."""
    open_leads = Cond("status", "in", OPEN_STATUSES)
    groups = work.store.aggregate(
        Aggregate("leads", (Measure("open"),), by=("owner",), where=both(LIVING, open_leads))
    )
    return {group.key[0]: group.values["open"] for group in groups if group.key[0] is not None}


def _shifts(work: Work) -> Mapping[UserId, datetime]:
    schedules = everything(work.store.schedules, Cond("is_active", "eq", value=True))
    return shifts.at_work_from(work.practice, schedules, now=work.now)


def make_rotations(store: UnitOfWork, clinic: ClinicId, routing: Routing) -> None:
    """Give every pool its rotation, which a pool that comes back finds as it was left."""
    names = [EVERYBODY, *(pool.name for pool in routing.pools)]
    present = store.rotations.get(names)
    store.rotations.add(
        [Rotation(id=name, clinic_id=clinic) for name in names if name not in present]
    )


def own(work: Work, lead: Lead, decision: Decision, reason: str | None = None) -> Owned:
    """Record a decision on a lead that is not stored yet or will be saved by the caller."""
    assigned, activity = owning.assigned(
        lead, decision, at=work.now, by=work.actor.user, ids=work.ids, reason=reason
    )
    return Owned(lead=assigned, decision=decision, activity=activity)


def first_owners(
    work: Work, leads: Sequence[Lead], wishes: Sequence[UserId | None], *, auto: bool
) -> list[Owned | Refused]:
    """Give every new lead a coordinator: the wished one, else by the chain.

    Where nobody can take leads at all, a coordinator who captures one keeps it. Else a new lead
    waits without an owner rather than being lost, and one that was answered live belongs to
    whoever answered.
    """
    pairs = list(zip(leads, wishes, strict=True))
    unwished = [lead for lead, wish in pairs if wish is None]
    chosen = iter(decide(work, unwished) if auto else [None] * len(unwished))
    return [
        _first_owner(work, lead, next(chosen)) if wish is None else _wished_owner(work, lead, wish)
        for lead, wish in pairs
    ]


def _first_owner(work: Work, lead: Lead, decision: Decision | Refused | None) -> Owned | Refused:
    if isinstance(decision, Decision):
        return own(work, lead, decision)
    if decision is not None and _is_coordinator(work):
        return own(work, lead, _taken_up(work))
    if lead.status is LeadStatus.NEW:
        return Owned(lead=lead)
    return own(work, lead, Decision(chosen=work.actor.user, rule="captured_by"))


def _is_coordinator(work: Work) -> bool:
    """Whether the actor takes care of leads, and may stand in where nobody else can."""
    return bool(work.actor.roles & {Role.TREATMENT_COORDINATOR, Role.AGENT})


def _taken_up(work: Work) -> Decision:
    return Decision(chosen=work.actor.user, rule="taken_up")


def _wished_owner(work: Work, lead: Lead, wish: UserId) -> Owned | Refused:
    return attempt([wish], lambda user: own(work, lead, _wished(work, lead, user)))[0]


def handed(work: Work, lead: Lead, user: UserId, path: str, rule: str) -> Owned:
    """Give a stored lead to somebody whom the caller names, as only who may assign it can.

    Raises:
        Forbidden: the actor may not assign this lead.
        InvalidInput: at `path`, the user takes no leads.
        LeadLocked, LeadClosed: the lead cannot be worked on any more.
    """
    within = predicate(work.reach(Permission.LEAD_ASSIGN), LEADS)
    if not (work.may(Permission.LEAD_ASSIGN) and within(lead)):
        raise Forbidden(work.operation, Permission.LEAD_ASSIGN)
    return own(work, lead, owning.manual(lead, user, work.practice, path, rule=rule))


def _wished(work: Work, lead: Lead, wish: UserId) -> Decision:
    if wish != work.actor.user and not work.may(Permission.LEAD_ASSIGN):
        raise Forbidden(work.operation, Permission.LEAD_ASSIGN)
    return owning.manual(lead, wish, work.practice, "owner")


class Adoptions:
    """Open leads without a coordinator, who get one before they are worked on (rule 2).

    Where nobody can take them, a coordinator who works on one takes it up.
    """

    def __init__(self, work: Work, leads: Iterable[Lead]) -> None:
        orphans = [lead for lead in leads if lead.is_open and lead.ownership.owner is None]
        chosen = decide(work, orphans)
        self._work = work
        self._decided = {lead.id: item for lead, item in zip(orphans, chosen, strict=True)}
        self._owned: dict[LeadId, Owned] = {}

    def adopt(self, lead: Lead) -> Lead:
        """Give a lead with its coordinator.

        Raises:
            NobodyToAssign: nobody can take it, and the actor is no coordinator.
        """
        decision = self._decided.get(lead.id)
        if decision is None:
            return lead
        if isinstance(decision, Refused):
            if not _is_coordinator(self._work):
                raise decision.error
            decision = _taken_up(self._work)
        self._owned[lead.id] = own(self._work, lead, decision)
        return self._owned[lead.id].lead

    def record(self, leads: Iterable[LeadId]) -> None:
        """Keep the record of those leads that were worked on indeed."""
        owned = [self._owned[lead] for lead in leads if lead in self._owned]
        self._work.store.activities.add([item.activity for item in owned if item.activity])
        self._work.record(*(item.event for item in owned if item.event))
