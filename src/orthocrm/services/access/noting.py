"""Audit entries of what happens before there is an actor."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from orthocrm.core.access import User
from orthocrm.core.audit import AuditEntry
from orthocrm.core.ids import AuditId, UserId
from orthocrm.core.ports import IdSource, UnitOfWork
from orthocrm.services import auditing

NOBODY: Final = UserId("nobody")
"""Who an entry is about when nobody knows who came."""


def note(
    store: UnitOfWork,
    operation: str,
    user: User | None,
    outcome: str,
    objects: Sequence[str],
    now: datetime,
    ids: IdSource,
) -> None:
    """Write an entry into the audit trail of the clinic."""
    entry = AuditEntry(
        id=AuditId(ids()),
        clinic_id=store.clinic,
        at=now,
        user=NOBODY if user is None else user.id,
        roles=() if user is None else tuple(sorted(user.roles)),
        operation=operation,
        outcome=outcome,
        objects=tuple(objects),
    )
    auditing.append(store, [entry])
