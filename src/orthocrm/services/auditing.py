"""How entries get onto the audit trail, whoever writes them."""

from collections.abc import Sequence

from orthocrm.core.audit import AuditEntry
from orthocrm.core.ports import UnitOfWork
from orthocrm.privacy import chain


def append(store: UnitOfWork, entries: Sequence[AuditEntry]) -> None:
    """Put entries on the trail: into its chain at once, or with a mark until a sealer comes."""
    trail = store.audit
    if trail.seals_at_once:
        entries = chain.chained(trail.head(lock=True), entries, trail.mac)
    else:
        entries = chain.marked(entries, trail.mac)
    trail.add(entries)
