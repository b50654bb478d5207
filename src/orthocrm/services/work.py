"""One unit of work of one actor: what a verb reads, writes, and leaves behind.

`Work` is what verbs get of their `Office`: storage, time, the practice, and a record of what
happened.
"""

import re
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from attrs import define, field, fields, frozen, has

from orthocrm.core.actor import Actor, Permission, Role, Scope, scopes
from orthocrm.core.audit import AuditEntry, OutboxItem, PersonalChange
from orthocrm.core.emergency import Emergency
from orthocrm.core.errors import (
    Forbidden,
    InvalidInput,
    LeadMerged,
    NotFound,
    StaleVersion,
)
from orthocrm.core.events import Event, payload
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import AuditId, ClinicId, LeadId, OutboxId
from orthocrm.core.lead import Lead
from orthocrm.core.limits import PAGE
from orthocrm.core.ports import IdSource, PatientRegistry, Repository, UnitOfWork
from orthocrm.core.query import (
    EVERYTHING,
    AnyOf,
    Cond,
    Page,
    Sort,
    Where,
    both,
    predicate,
)
from orthocrm.core.rules import FollowUpRule
from orthocrm.core.settings import Practice
from orthocrm.hooks import Plugins
from orthocrm.leads.dedupe import CROWD
from orthocrm.privacy.audit import digest, personal_change
from orthocrm.services import auditing, forwarding
from orthocrm.services.cursors import Cursors
from orthocrm.services.scheduling.known import KnownHours

R = TypeVar("R")
T = TypeVar("T")

_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

LIVING = Cond("deleted_at", "absent")
"""Deleted leads are nobody's business any more."""

_OWN_WORD = Cond("origin", "absent")
"""What imported calendars say keeps nobody from taking leads: that is for bookings."""


class Versioned(Protocol):
    """A noun of which each change makes a new version."""

    @property
    def version(self) -> int:
        """The version that was read."""
        ...


@frozen(kw_only=True)
class Changed:
    """Personal fields of a lead before and after an operation."""

    lead_id: LeadId
    before: Mapping[str, Any] = field(repr=False)
    after: Mapping[str, Any] = field(repr=False)


@define(kw_only=True)
class Work:
    """What a verb works with; nothing in it outlives the verb."""

    store: UnitOfWork
    actor: Actor
    now: datetime
    practice: Practice
    ids: IdSource
    plugins: Plugins
    patients: PatientRegistry
    operation: str
    permission: Permission
    events: list[Event] = field(factory=list)
    objects: list[str] = field(factory=list)
    fields: list[str] = field(factory=list)
    personal: list[Changed] = field(factory=list)
    carriers: dict[str, Sequence[LeadId]] = field(factory=dict, repr=False)
    sharers: dict[LeadId, Lead | None] = field(factory=dict, repr=False)
    hours: KnownHours = field(factory=KnownHours, repr=False)
    expected: int | None = None
    opened: Mapping[LeadId, Emergency] = field(factory=dict)

    @property
    def clinic_id(self) -> ClinicId:
        """The tenant."""
        return self.actor.clinic

    @property
    def cursors(self) -> Cursors:
        """Writes and reads cursors of this clinic."""
        return Cursors(self.store.secret("cursors"))

    def record(self, *events: Event) -> None:
        """Leave events behind: for the audit trail, and for the plug-ins after the commit."""
        self.events.extend(events)

    def touch(self, ids: Iterable[str]) -> None:
        """Name objects that the operation read or changed, for the audit trail."""
        self.objects.extend(ids)

    def seek(self, ids: Iterable[str]) -> None:
        """Name objects that a caller asks for; what is no id may be anything and is not noted."""
        self.touch(i for i in ids if isinstance(i, str) and _ID.fullmatch(i))

    def sharing(self, keys: Collection[str]) -> Mapping[str, Sequence[LeadId]]:
        """Tell which stored leads carry a match key; each key is looked up once.

        Whoever stores leads calls `forget_sharers` afterwards.
        """
        unknown = [key for key in keys if key not in self.carriers]
        if unknown:
            hits = self.store.leads.sharing_key(unknown, CROWD)
            self.carriers.update((key, hits.get(key, ())) for key in unknown)
        return {key: self.carriers[key] for key in keys if self.carriers[key]}

    def sharing_leads(self, ids: Iterable[LeadId]) -> Mapping[LeadId, Lead]:
        """Read the living leads among those that share keys; each is read once."""
        wanted = set(ids)
        unknown = sorted(wanted - self.sharers.keys())
        if unknown:
            found = self.store.leads.get(unknown)
            self.sharers.update((i, _alive(found.get(i))) for i in unknown)
        return {i: lead for i in sorted(wanted) if (lead := self.sharers[i]) is not None}

    def forget_sharers(self) -> None:
        """Look up again who shares keys: leads were stored."""
        self.carriers.clear()
        self.sharers.clear()

    def changed(
        self,
        lead_id: LeadId,
        fields: Sequence[str],
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        """Note which fields of a lead changed, and the personal ones before and after."""
        self.fields.extend(fields)
        if before or after:
            self.personal.append(Changed(lead_id=lead_id, before=before, after=after))

    def scopes(self, permission: Permission) -> frozenset[Scope]:
        """Tell how far the actor's roles carry a permission, and what they came by."""
        return self.actor.scopes(permission, self.practice.clinic.settings.preset.grants)

    def rights(self) -> dict[Permission, frozenset[Scope]]:
        """Tell what the actor may do, and how far."""
        reached = {permission: self.scopes(permission) for permission in Permission}
        return {permission: far for permission, far in reached.items() if far}

    def may(self, permission: Permission) -> bool:
        """Tell whether the actor has a permission at all."""
        return bool(self.scopes(permission))

    def demand(self, permission: Permission) -> None:
        """Refuse the operation unless the actor has a further permission."""
        if not self.may(permission):
            raise Forbidden(self.operation, permission)

    def reach(self, permission: Permission) -> Where:
        """Give the condition of the leads to which the actor's permission extends.

        Those that the actor opened in an emergency are among them, where the operation allows it.
        """
        if not self.opened or permission is not Permission.LEAD_READ:
            return self._granted(permission)
        opened = both(LIVING, Cond("id", "in", sorted(self.opened)))
        return AnyOf((self._granted(permission), opened)) if self.may(permission) else opened

    def _granted(self, permission: Permission) -> Where:
        own = Cond("owner", "eq", self.actor.user)
        if self.reaches_all(permission):
            return LIVING
        if Scope.CLINIC in self.scopes(permission):
            return both(LIVING, AnyOf((own, Cond("owner", "absent"))))
        return both(LIVING, own)

    def reaches_all(self, permission: Permission) -> bool:
        """Tell whether the actor's permission extends to every lead of the clinic."""
        return Scope.CLINIC in self.scopes(permission) and not self._bounded()

    def _bounded(self) -> bool:
        """Whether the clinic keeps its coordinators to their own and unassigned leads."""
        wider = self.actor.roles - {Role.TREATMENT_COORDINATOR, Role.AGENT}
        grants = self.practice.clinic.settings.preset.grants
        return self.practice.clinic.settings.own_leads_only and Scope.CLINIC not in scopes(
            wider, self.permission, grants
        )

    def leads(self, ids: Sequence[LeadId], *, lock: bool = True) -> list[Lead]:
        """Load leads in the order of their ids; one that is unknown or out of reach: `NotFound`."""
        found = self.reachable(ids, lock=lock)
        for lead_id in ids:
            if lead_id not in found:
                raise self.absence(lead_id)
        return [found[lead_id] for lead_id in ids]

    def ensure_expected(self, noun: Versioned, kind: str) -> None:
        """Refuse to change a noun that is not as the caller last saw it, where they said so.

        The first noun that a verb loads to change it is the one that is meant.

        Raises:
            StaleVersion: it changed meanwhile.
        """
        expected, self.expected = self.expected, None
        if expected is not None and noun.version != expected:
            raise StaleVersion(kind)

    def absence(self, lead_id: LeadId) -> NotFound:
        """Say why a lead is not there: `LeadMerged` when it became part of one within reach."""
        into = forwarding.standing(self.store, lead_id)
        reach = predicate(self.reach(self.permission), LEADS)
        return LeadMerged(into.id) if into is not None and reach(into) else NotFound("lead")

    def standing(self, lead_id: LeadId) -> Lead:
        """Load a lead to look at; one that was merged away gives the lead that it became."""
        try:
            return self.leads([lead_id], lock=False)[0]
        except LeadMerged as merged:
            return self.leads([LeadId(merged.into)], lock=False)[0]

    def reachable(
        self, ids: Collection[LeadId], *, lock: bool = True, meant: bool = True
    ) -> Mapping[LeadId, Lead]:
        """Load the leads that exist and to which the operation's permission extends.

        Those that are not `meant` are loaded on the way to something else.

        Raises:
            InvalidInput: at `lead_id`, what was given as an id can be none.
        """
        if not all(isinstance(i, Hashable) for i in ids):
            raise InvalidInput.at("lead_id", "wrong_type", "give the id of a lead")
        self.seek(ids)
        reach = predicate(self.reach(self.permission), LEADS)
        found = self.store.leads.get(ids, lock=lock)
        within = {lead.id: lead for lead in found.values() if reach(lead)}
        if lock and meant and len(ids) == 1:
            for lead in within.values():
                self.ensure_expected(lead, "lead")
        return within

    def found_nothing(self, result: object) -> bool:
        """Whether nothing was read or changed, and there is nothing to tell either."""
        left = (self.events, self.objects, self.fields, self.personal)
        return not any(left) and _is_nothing(result)

    def close(self) -> None:
        """Write the audit entry and the outbox: the last thing before the commit."""
        entry_id = AuditId(self.ids())
        changes = [self._sealed(entry_id, changed) for changed in self.personal]
        entry = self._entry(entry_id, changes)
        auditing.append(self.store, [entry])
        if changes:
            self.store.personal_changes.add(changes)
        if self.events:
            self.store.outbox.add([self._item(event) for event in self.events])

    def _entry(self, entry_id: AuditId, changes: Sequence[PersonalChange]) -> AuditEntry:
        return AuditEntry(
            id=entry_id,
            clinic_id=self.clinic_id,
            at=self.now,
            user=self.actor.user,
            roles=tuple(sorted(self.actor.roles)),
            purpose=self._purpose(),
            credential=self.actor.credential,
            operation=self.operation,
            objects=tuple(dict.fromkeys(self.objects)),
            fields=tuple(dict.fromkeys(self.fields)),
            changes=tuple(_trace(event) for event in self.events),
            digests=tuple(digest(change) for change in changes),
        )

    def _purpose(self) -> str | None:
        """Say why the actor reads: under broken glass for that emergency."""
        broken = (one.purpose for i in self.objects if (one := self.opened.get(LeadId(i))))
        return next(broken, self.actor.purpose)

    def _sealed(self, entry_id: AuditId, changed: Changed) -> PersonalChange:
        return personal_change(
            id=self.ids(),
            clinic_id=self.clinic_id,
            entry_id=entry_id,
            lead_id=changed.lead_id,
            salt=self.ids(),
            before=changed.before,
            after=changed.after,
        )

    def _item(self, event: Event) -> OutboxItem:
        return OutboxItem(
            id=OutboxId(self.ids()),
            clinic_id=self.clinic_id,
            kind=event.kind,
            payload=payload(event),
            created_at=self.now,
            due_at=self.now,
        )


def _alive(lead: Lead | None) -> Lead | None:
    """Give a lead unless it was deleted, or merged into another one."""
    gone = lead is None or lead.stamps.deleted_at is not None or lead.merged_into is not None
    return None if gone else lead


def _trace(event: Event) -> Mapping[str, Any]:
    """Give the event for the audit trail, without what the entry says already."""
    values = payload(event)
    return {
        "kind": event.kind,
        **{name: values[name] for name in values if name not in ("clinic_id", "at", "by")},
    }


def _is_nothing(result: object) -> bool:
    """Whether a result says that there was nothing to do: empty, or a noun of empty parts."""
    kind = type(result)
    if not has(kind):
        return not result
    return not any(getattr(result, attribute.name) for attribute in fields(kind))


def current_practice(
    store: UnitOfWork,
    known: dict[ClinicId, Practice],
    now: datetime,
    brought: tuple[FollowUpRule, ...] = (),
) -> Practice:
    """Give the clinic's practice: from memory while its revision stands, else from the store.

    `brought` are the follow-up rules of plug-ins.
    """
    revision = store.revision()
    if revision is None:
        raise NotFound("clinic")
    practice = known.get(store.clinic)
    if practice is None or practice.clinic.revision != revision:
        practice = known[store.clinic] = _loaded(store, now, brought)
    return practice


def _loaded(store: UnitOfWork, now: datetime, brought: tuple[FollowUpRule, ...]) -> Practice:
    return Practice(
        clinic=store.clinics.get([store.clinic])[store.clinic],
        stages=everything(store.stages, sort=[Sort("stage_order")]),
        sources=everything(store.sources),
        coordinators=everything(store.coordinators),
        absences=everything(store.time_off, both(Cond("ends_at", "gt", now), _OWN_WORD)),
        brought=brought,
    )


def everything(
    repository: Repository[T], where: Where = EVERYTHING, sort: Sequence[Sort] = ()
) -> tuple[T, ...]:
    """Walk all pages of a query: for what is small by nature."""
    items: list[T] = []
    page: Page | None = Page(PAGE)
    while page is not None:
        found = repository.find(where, sort, page)
        items.extend(found.items)
        page = Page(PAGE, found.after) if found.after is not None else None
    return tuple(items)
