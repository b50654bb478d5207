"""Reading what happened, from the audit trail: it holds every event, in the order of commits."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from attrs import evolve, frozen

from orthocrm.core.appointment import Appointment
from orthocrm.core.audit import AuditEntry
from orthocrm.core.events import KINDS
from orthocrm.core.happening import Happening
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.limits import PAGE
from orthocrm.core.ports import AuditTrail, UnitOfWork
from orthocrm.core.query import Aggregate, Cond, Measure, Page, Sort
from orthocrm.services.live.marks import Mark
from orthocrm.services.live.seeing import OF_LEADS, Item
from orthocrm.services.privacy import sealing

MOST_BEHIND: Final = 20_000
"""Whoever is so many audit entries behind reads what they show anew instead of all of these."""

_PAGES: Final = 4
"""So many pages of the trail are read at a time, since most entries may hold no event."""

_TOGETHER: Final = 1_000
"""The versions of so many nouns are asked for by one statement."""

_OBJECTS: Final = (
    "object_id",
    "activity_id",
    "message_id",
    "inbound_id",
    "import_id",
    "merge_id",
    "model_id",
    "touch_id",
    "entry_id",
    "emergency_id",
    "key_id",
    "user",
)
"""The fields of events that name what they are about, beside leads, appointments and tasks."""


@frozen(kw_only=True)
class News:
    """Events after a mark, oldest first, for whoever may see them; `mark` is behind all of them.

    With `is_reset` it is not known what happened since.
    """

    items: tuple[Item, ...]
    mark: Mark
    is_more: bool = False
    is_reset: bool = False


def news(store: UnitOfWork, after: Mark | None, most: int) -> News:
    """Read at most so many events after a mark, whoever they concern; without one, where to begin.

    Entries that wait for their place in the chain get it first: what is not in it was committed
    after everything that is.
    """
    _seal(store)
    newest = Mark(store.audit.head().position)
    if after is None or after >= newest:
        is_ahead = after is not None and after.position > newest.position
        return News(
            items=(), mark=newest if after is None or is_ahead else after, is_reset=is_ahead
        )
    if newest.position - after.position > MOST_BEHIND:
        return News(items=(), mark=newest, is_reset=True)
    found: list[tuple[Mark, AuditEntry, Mapping[str, Any]]] = []
    mark = after
    for entry in _entries(store.audit, after):
        mark = Mark(entry.position or 0)
        for index, change in enumerate(entry.changes):
            place = Mark(mark.position, index)
            if place > after and change.get("kind") in KINDS:
                found.append((place, entry, change))
        if len(found) >= most:
            break
    kept = found[:most]
    mark = kept[-1][0] if len(found) > most else mark
    return News(items=_items(store, kept), mark=mark, is_more=mark < newest)


def _seal(store: UnitOfWork) -> None:
    if store.audit.seals_at_once:
        return
    while store.audit.find(sealing.UNSEALED, (), Page(1)).items:
        if not sealing.seal_waiting(store).is_more:
            return


def _entries(trail: AuditTrail, after: Mark) -> Iterator[AuditEntry]:
    first = after.position + 1 if after.is_whole else after.position
    page: Page | None = Page(PAGE)
    for _ in range(_PAGES):
        found = trail.find(Cond("position", "ge", first), (Sort("position"),), page or Page(PAGE))
        yield from found.items
        if found.after is None:
            return
        page = Page(PAGE, found.after)


def _items(
    store: UnitOfWork, found: Collection[tuple[Mark, AuditEntry, Mapping[str, Any]]]
) -> tuple[Item, ...]:
    bare = [_item(mark, entry, change) for mark, entry, change in found]
    leads = _leads(store, {lead for item in bare for lead in item.told.lead_ids})
    tasks = _versions(store, "tasks", {i for item in bare if (i := item.told.task_id)})
    named = {visit for item in bare if (visit := item.told.appointment_id)}
    visits = store.appointments.get(sorted(named)) if named else {}
    return tuple(_known(item, leads, tasks, visits) for item in bare)


def _item(mark: Mark, entry: AuditEntry, change: Mapping[str, Any]) -> Item:
    told = Happening(
        id=str(mark),
        kind=change["kind"],
        at=entry.at,
        by=entry.user,
        lead_ids=_named(change),
        appointment_id=change.get("appointment_id"),
        task_id=change.get("task_id"),
        object_id=next((change[name] for name in _OBJECTS if change.get(name)), None),
        subject=change.get("subject"),
    )
    before = change.get("before") if told.kind == "lead_assigned" else None
    return Item(mark=mark, told=told, owners={}, before=before)


def _named(change: Mapping[str, Any]) -> tuple[LeadId, ...]:
    named: list[LeadId] = []
    for name in OF_LEADS:
        value = change.get(name)
        named += [LeadId(value)] if isinstance(value, str) else value or ()
    return tuple(dict.fromkeys(named))


def _known(
    item: Item,
    leads: Mapping[str, tuple[UserId | None, int]],
    tasks: Mapping[str, int],
    visits: Mapping[str, Appointment],
) -> Item:
    """Add owners, takers and versions to an item."""
    told = item.told
    known = {lead: leads[lead] for lead in told.lead_ids if lead in leads}
    versions: dict[str, int] = {lead: version for lead, (_, version) in known.items()}
    if told.task_id is not None and told.task_id in tasks:
        versions[told.task_id] = tasks[told.task_id]
    visit = visits.get(told.appointment_id or "")
    takers: frozenset[str] = frozenset()
    if visit is not None:
        versions[visit.id] = visit.version
        takers = frozenset(filter(None, (*visit.providers, visit.booked_by)))
    owners = {lead: owner for lead, (owner, _) in known.items()}
    return evolve(item, told=evolve(told, versions=versions), owners=owners, takers=takers)


def _leads(store: UnitOfWork, ids: Collection[str]) -> Mapping[str, tuple[UserId | None, int]]:
    """Give owner and version of leads, without opening what is personal in them."""
    rows = _grouped(store, "leads", ids, ("id", "owner", "version"))
    return {lead: (owner, version) for lead, owner, version in rows}


def _versions(store: UnitOfWork, of: str, ids: Collection[str]) -> Mapping[str, int]:
    return dict(_grouped(store, of, ids, ("id", "version")))


def _grouped(
    store: UnitOfWork, of: str, ids: Collection[str], by: tuple[str, ...]
) -> Iterator[Any]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), _TOGETHER):
        these = Cond("id", "in", wanted[start : start + _TOGETHER])
        for group in store.aggregate(Aggregate(of, (Measure("n"),), by=by, where=these)):
            yield group.key
