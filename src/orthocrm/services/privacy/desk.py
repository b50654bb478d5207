"""`desk.privacy`: who did what."""

from attrs import frozen

from orthocrm.core.actor import Permission
from orthocrm.core.audit import AuditEntry
from orthocrm.core.facts import AUDIT
from orthocrm.core.query import EVERYTHING, Page, Sort, Where
from orthocrm.services.gate import Area, verb
from orthocrm.services.work import Work

_NEWEST_FIRST = (Sort("at", descending=True),)


@frozen(kw_only=True)
class AuditPage:
    """One page of the audit trail; `cursor` opens the next one, None at the end."""

    entries: tuple[AuditEntry, ...]
    cursor: str | None = None


class Privacy(Area, area="privacy"):
    """The audit trail."""

    @verb(Permission.AUDIT_READ)
    def trail(
        self, work: Work, where: Where = EVERYTHING, *, size: int = 50, cursor: str | None = None
    ) -> AuditPage:
        """Read the audit trail, newest first; the reading itself is on it afterwards."""
        cursors, wanted = self._office.cursors, AUDIT.checked(where)
        after = None
        if cursor is not None:
            after = cursors.read(work.clinic_id, wanted, _NEWEST_FIRST, cursor, AUDIT)
        found = work.store.audit.find(wanted, _NEWEST_FIRST, Page(size, after))
        following = None
        if found.after is not None:
            following = cursors.write(work.clinic_id, wanted, _NEWEST_FIRST, found.after)
        return AuditPage(entries=found.items, cursor=following)
