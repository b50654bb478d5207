"""Opens units of work for one actor, and sees to what every operation owes.

It loads the practice, checks the permission, commits, audits, and tells the plug-ins.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn, TypeVar

from attrs import define, evolve, field

from orthocrm.access.passwords import OWASP, HashCost
from orthocrm.core.actor import Actor, Permission, Scope
from orthocrm.core.audit import AuditEntry
from orthocrm.core.emergency import Emergency
from orthocrm.core.errors import (
    BackendError,
    Forbidden,
    InvalidInput,
    OrthoCRMError,
)
from orthocrm.core.events import Event
from orthocrm.core.ids import AuditId, ClinicId, LeadId
from orthocrm.core.outside import NOTHING_OUTSIDE, Outside
from orthocrm.core.ports import Backend, Clock, IdSource, PatientRegistry, UnitOfWork
from orthocrm.core.settings import Practice
from orthocrm.core.tracing import NO_TRACES, Span, Tracer
from orthocrm.hooks import Plugins
from orthocrm.services import auditing, emergencies
from orthocrm.services.privacy.witness import Witness
from orthocrm.services.scheduling import links
from orthocrm.services.scheduling.glances import Glances
from orthocrm.services.scheduling.known import KnownHours
from orthocrm.services.standing import Standing, name_of

if TYPE_CHECKING:
    from orthocrm.services.access.entrance import Entrance
from orthocrm.services.work import Work, current_practice

R = TypeVar("R")


@define(kw_only=True)
class Need:
    """The right to an operation that consists of several verbs; the first of them asks for it."""

    operation: str
    permission: Permission
    is_met: bool = False


@define(kw_only=True)
class Office:
    """Opens units of work for one actor.

    A worker asks again and again whether there is anything to do. Where `idle` is a list, it takes
    the operations that found nothing, and `account` writes one audit entry for all of them.
    `closing` is done with the result of each verb, in its unit of work.
    """

    backend: Backend
    actor: Actor
    clock: Clock
    ids: IdSource
    plugins: Plugins
    patients: PatientRegistry
    practices: dict[ClinicId, Practice]
    after_commit: Callable[[ClinicId, Sequence[Event]], None]
    outside: Outside = NOTHING_OUTSIDE
    witness: Witness | None = None
    glances: Glances = field(factory=Glances)
    hours: KnownHours = field(factory=KnownHours)
    expected: int | None = None
    hash_cost: HashCost = OWASP
    idle: list[str] | None = None
    needed: Need | None = None
    closing: Callable[[Work, object], None] | None = None
    tracer: Tracer = NO_TRACES

    def told_of(self, operation: str) -> AbstractContextManager[Span]:
        """Tell of an operation for as long as it lasts."""
        return self.tracer.span(operation, {"orthocrm.clinic": self.actor.clinic})

    @property
    def entrance(self) -> "Entrance":
        """What checks passwords."""
        from orthocrm.services.access.entrance import Entrance  # noqa: PLC0415 - slow import

        return Entrance(backend=self.backend, clock=self.clock, ids=self.ids, cost=self.hash_cost)

    def rights(self) -> Mapping[Permission, frozenset[Scope]]:
        """Tell what the actor may do, and how far."""
        return self.about_oneself(Work.rights)

    def standing(self) -> Standing:
        """Tell where the actor stands."""
        return self.about_oneself(_standing)

    def about_oneself(self, ask: Callable[[Work], R]) -> R:
        """Ask something about the actor and nothing else, which leaves no entry."""
        with self.backend.begin(self.actor.clinic) as store:
            return ask(self._open(store, "oneself", Permission.LEAD_READ, self.clock()))

    def refuse(self, operation: str, permission: Permission) -> NoReturn:
        """Refuse what the actor may not do, and note it, before anything is read."""

        def never(_: Work) -> NoReturn:
            raise Forbidden(operation, permission)

        self.carry_out(operation, permission, never)

    def ensure_met(self) -> None:
        """Refuse what was needed, unless a verb has asked for it."""
        if self.needed is not None and not self.needed.is_met:
            if self.needed.permission not in self.rights():
                self.refuse(self.needed.operation, self.needed.permission)
            self.needed.is_met = True

    def carry_out(
        self,
        operation: str,
        permission: Permission,
        body: Callable[[Work], R],
        *,
        in_emergency: bool = False,
    ) -> R:
        """Run a verb: all of it is kept, with its audit entry, or nothing but the refusal."""
        now = self.clock()
        objects: list[str] = []
        try:
            with self.backend.begin(self.actor.clinic) as store:
                work = self._open(store, operation, permission, now)
                objects = work.objects
                if self.needed is not None and not self.needed.is_met:
                    self.needed.is_met = work.may(self.needed.permission)
                    if not self.needed.is_met:
                        operation = self.needed.operation
                        raise Forbidden(operation, self.needed.permission)
                if in_emergency:
                    work.opened = _opened(work)
                if not work.may(permission) and not work.opened:
                    raise Forbidden(operation, permission)
                links.ensure_live(store, self.actor, now)
                result = body(work)
                if work.expected is not None:
                    raise InvalidInput.at("version", "unversioned", "nothing here has a version")
                if self.closing is not None:
                    self.closing(work, result)
                if self.idle is not None and work.found_nothing(result):
                    self.idle.append(operation)
                else:
                    work.close()
        except BackendError:
            raise
        except OrthoCRMError as refusal:
            self._note(operation, refusal, now, objects)
            raise
        self.after_commit(self.actor.clinic, work.events)
        return result

    def _open(
        self, store: UnitOfWork, operation: str, permission: Permission, now: datetime
    ) -> Work:
        return Work(
            store=store,
            actor=self.actor,
            now=now,
            practice=current_practice(store, self.practices, now, self.plugins.followup_rules),
            ids=self.ids,
            plugins=self.plugins,
            patients=self.patients,
            operation=operation,
            permission=permission,
            hours=self.hours,
            expected=self.expected,
        )

    def account(self) -> None:
        """Write the audit entry of the operations that found nothing to do."""
        if not self.idle:
            return
        found = {"kind": "found_nothing", "operations": sorted(set(self.idle))}
        self.idle.clear()
        entry = evolve(self._bare("rounds.idle", self.clock()), changes=(found,))
        with self.backend.begin(self.actor.clinic) as store:
            auditing.append(store, [entry])

    def _note(
        self, operation: str, refusal: OrthoCRMError, now: datetime, objects: Sequence[str]
    ) -> None:
        """Audit a refusal in a unit of work of its own; an unknown clinic has no audit trail."""
        named = tuple(dict.fromkeys(objects))
        entry = evolve(self._bare(operation, now), outcome=refusal.code, objects=named)
        with self.backend.begin(self.actor.clinic) as store:
            if store.revision() is not None:
                auditing.append(store, [entry])

    def _bare(self, operation: str, now: datetime) -> AuditEntry:
        return AuditEntry(
            id=AuditId(self.ids()),
            clinic_id=self.actor.clinic,
            at=now,
            user=self.actor.user,
            roles=tuple(sorted(self.actor.roles)),
            purpose=self.actor.purpose,
            credential=self.actor.credential,
            operation=operation,
        )


def _standing(work: Work) -> Standing:
    return Standing(
        clinic=work.practice.clinic,
        name=name_of(work.store, work.practice, work.actor.user),
        rights=work.rights(),
    )


def _opened(work: Work) -> Mapping[LeadId, Emergency]:
    """Give what the actor opened in an emergency; who reads everything needs none."""
    if work.reaches_all(work.permission) or not work.may(Permission.BREAK_GLASS):
        return {}
    return emergencies.open_to(work.store, work.actor.user, work.now)
