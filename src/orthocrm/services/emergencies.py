"""What is open behind broken glass, as the gate asks for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from orthocrm.core import limits
from orthocrm.core.audit import AuditEntry
from orthocrm.core.emergency import LONGEST, Emergency
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.ports import UnitOfWork
from orthocrm.core.query import Cond, Page, Sort, both
from orthocrm.privacy import emergencies
from orthocrm.privacy.emergencies import BREAK, END

_OLDEST_FIRST = (Sort("at"),)


def recent(store: UnitOfWork, now: datetime) -> Sequence[AuditEntry]:
    """Read the entries from which whatever is open now follows, oldest first."""
    where = both(Cond("at", "ge", now - LONGEST), Cond("operation", "in", (BREAK, END)))
    entries: list[AuditEntry] = []
    page: Page | None = Page(limits.PAGE)
    while page is not None:
        found = store.audit.find(where, _OLDEST_FIRST, page)
        entries.extend(found.items)
        page = Page(limits.PAGE, found.after) if found.after is not None else None
    return entries


def open_to(store: UnitOfWork, user: UserId, now: datetime) -> Mapping[LeadId, Emergency]:
    """Give what is open to somebody now, by lead."""
    return emergencies.open_to(emergencies.told(recent(store, now)), user, now)
