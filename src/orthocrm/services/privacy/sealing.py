"""Sealing the trail where writers do not follow each other, and stating checkpoints of it."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from orthocrm.core.audit import AuditEntry, Checkpoint
from orthocrm.core.errors import TrailBroken
from orthocrm.core.limits import PAGE
from orthocrm.core.ports import AuditTrail, UnitOfWork
from orthocrm.core.query import Cond, Page, Sort
from orthocrm.privacy import chain, checkpoints
from orthocrm.services.privacy.witness import Witness
from orthocrm.services.work import Work

TOGETHER = 1_000
"""So many entries are sealed by one unit of work."""

UNSEALED = Cond("position", "absent")


@frozen(kw_only=True)
class Sealed:
    """What a sealer did: `entries` got their places, `foreign` ones were not written here.

    With `is_more` it ended early.
    """

    entries: int
    foreign: int = 0
    is_more: bool = False


def seal(work: Work) -> Sealed:
    """Give waiting entries their places in the chain."""
    return seal_waiting(work.store)


def seal_waiting(store: UnitOfWork) -> Sealed:
    """Give waiting entries their places in the chain, by id; those that are not genuine wait on."""
    trail = store.audit
    head = trail.head(lock=True)
    genuine: list[AuditEntry] = []
    foreign = 0
    for page in _waiting(trail):
        real = [entry for entry in page if chain.is_genuine(entry, trail.mac)]
        genuine += real
        foreign += len(page) - len(real)
        if len(genuine) >= TOGETHER:
            break
    trail.save(chain.chained(head, genuine, trail.mac))
    return Sealed(entries=len(genuine), foreign=foreign, is_more=len(genuine) >= TOGETHER)


def _waiting(trail: AuditTrail) -> Iterator[Sequence[AuditEntry]]:
    page: Page | None = Page(PAGE)
    while page is not None:
        found = trail.find(UNSEALED, (Sort("id"),), page)
        yield found.items
        page = None if found.after is None else Page(PAGE, found.after)


def state(
    work: Work, witness: Witness, *, when_due: bool, after_restore: bool
) -> Checkpoint | None:
    """Sign where the chain stands, and hand that to the sink.

    Everything that the chain held when this unit of work began is committed, and no more is stated:
    a checkpoint of what may yet be dropped would accuse an honest trail.
    """
    head = work.store.audit.head(lock=True)
    if head.position == 0:
        return None
    known = witness.sink.of(work.clinic_id)
    last = known[-1] if known else None
    if not after_restore:
        if not _agrees(work.store.audit, last):
            raise TrailBroken
        if not checkpoints.is_due(last, head, work.now, at_once=not when_due):
            return None
    made = checkpoints.signed(
        work.clinic_id, head, work.now, last, witness.signer, is_restored=after_restore
    )
    witness.sink.add(made)
    return made


def is_as_witnessed(store: UnitOfWork, witness: Witness) -> bool:
    """Whether the chain agrees with the last checkpoint: a database that was put back does not."""
    known = witness.sink.of(store.clinic)
    return _agrees(store.audit, known[-1] if known else None)


def _agrees(trail: AuditTrail, last: Checkpoint | None) -> bool:
    if last is None:
        return True
    found = trail.find(Cond("position", "eq", last.position), (), Page(2)).items
    return [entry.seal for entry in found] == [last.seal]
