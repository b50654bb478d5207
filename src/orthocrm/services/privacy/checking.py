"""Walking the trail to check it, in stretches, so that nobody waits for the whole of it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from orthocrm.core.audit import DONE, AuditEntry, ChainHead, PersonalChange
from orthocrm.core.errors import MissingKey, NotFound
from orthocrm.core.events import LeadErased
from orthocrm.core.ids import AuditId
from orthocrm.core.ports import AuditTrail, UnitOfWork
from orthocrm.core.query import AnyOf, Cond, Sort, both
from orthocrm.privacy import chain
from orthocrm.privacy.audit import personal_faults
from orthocrm.privacy.chain import Fault, Finding, Unreadable
from orthocrm.privacy.verdicts import MOST_FINDINGS, Examined
from orthocrm.services.work import everything

STRETCH = 5_000
"""So many positions are examined by one unit of work."""

ERASING = ("privacy.erase", "privacy.retain")
"""Operations that erase leads; which, their events say."""

_ASIDE = AnyOf((Cond("position", "absent"), Cond("position", "lt", 1)))
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)
"""What reading raises of a row that no operation has written."""


def stretch(store: UnitOfWork, after: ChainHead, watched: Collection[int]) -> Examined:
    """Examine the entries that follow `after`, and note the links at watched positions."""
    trail = store.audit
    end = trail.head().position
    low, high = after.position, min(after.position + STRETCH, end)
    entries = list(_between(trail, low, high))
    walk = chain.walked(after, entries, trail.mac, watched)
    readable = [entry for entry in entries if isinstance(entry, AuditEntry)]
    findings = [*walk.findings, *_missing(walk.head, high), *_personal(store, readable)]
    return Examined(
        head=ChainHead(position=max(walk.head.position, high), seal=walk.head.seal),
        entries=len(entries),
        findings=tuple(findings[:MOST_FINDINGS]),
        seals=walk.seals,
        is_last=high >= end,
    )


def aside(store: UnitOfWork) -> Examined:
    """Examine the entries that stand beside the chain."""
    trail = store.audit
    entries = everything(trail, _ASIDE, (Sort("id"),))
    faults = chain.aside_faults(entries, trail.mac, sealed_at_once=trail.seals_at_once)
    return Examined(
        findings=tuple(faults[:MOST_FINDINGS]),
        waiting=len(entries),
        has_key=chain.has_key(trail.mac),
    )


def _missing(head: ChainHead, high: int) -> list[Finding]:
    """Say that the entries behind the last one of a stretch are gone."""
    if head.position >= high:
        return []
    upto = high if high > head.position + 1 else None
    return [Finding(fault=Fault.MISSING, position=head.position + 1, upto=upto)]


def _between(trail: AuditTrail, low: int, high: int) -> Iterator[AuditEntry | Unreadable]:
    """Read the entries of positions `(low, high]`; halve what cannot be read until it is one."""
    if low >= high:
        return
    inside = both(Cond("position", "gt", low), Cond("position", "le", high))
    try:
        yield from everything(trail, inside, (Sort("position"),))
    except _UNREADABLE:
        if high - low == 1:
            yield Unreadable(position=high)
            return
        middle = (low + high) // 2
        yield from _between(trail, low, middle)
        yield from _between(trail, middle, high)


def _personal(store: UnitOfWork, entries: Sequence[AuditEntry]) -> Iterator[Finding]:
    """Compare the personal halves of entries with their digests."""
    found = _changes(store, [entry.id for entry in entries])
    asked = [entry for entry in entries if entry.digests or entry.id in found]
    suspect = [e for e in asked if personal_faults(e, found.get(e.id, ()), ())]
    if suspect:
        erased = _erased(store)
        for entry in suspect:
            yield from personal_faults(entry, found.get(entry.id, ()), erased)


def _changes(
    store: UnitOfWork, ids: Sequence[AuditId]
) -> Mapping[AuditId, list[PersonalChange | None]]:
    """Read the personal halves of entries; None stands for one that does not open.

    Those of leads that were erased are left out with their keys.
    """
    found: dict[AuditId, list[PersonalChange | None]] = defaultdict(list)
    if not ids:
        return found
    try:
        changes = everything(store.personal_changes, Cond("audit_id", "in", ids))
    except (NotFound, MissingKey, *_UNREADABLE) as error:
        if len(ids) == 1:
            return {} if isinstance(error, NotFound) else {ids[0]: [None]}
        half = len(ids) // 2
        return {**_changes(store, ids[:half]), **_changes(store, ids[half:])}
    for change in changes:
        found[change.audit_id].append(change)
    return found


def _erased(store: UnitOfWork) -> frozenset[str]:
    """Name the leads of which the trail says that they were erased."""
    where = both(Cond("operation", "in", ERASING), Cond("outcome", "eq", DONE))
    return frozenset(
        change["lead_id"]
        for entry in everything(store.audit, where)
        for change in entry.changes
        if change.get("kind") == LeadErased.kind
    )
