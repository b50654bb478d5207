"""Reading the trail for reports, in stretches, so that nobody waits for the whole of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orthocrm.core.audit import AuditEntry, PersonalChange
from orthocrm.core.errors import InvalidInput
from orthocrm.core.facts import AUDIT
from orthocrm.core.ids import AuditId, LeadId
from orthocrm.core.limits import PAGE
from orthocrm.core.ports import UnitOfWork
from orthocrm.core.query import Cond, Page, Sort, Where, both
from orthocrm.core.reading import Reading
from orthocrm.core.time import instant
from orthocrm.privacy import reports
from orthocrm.services.cursors import Cursors
from orthocrm.services.work import Work, everything

PAGES = 20
"""So many pages of the trail are read by one unit of work."""


@frozen(kw_only=True)
class NewDisclosure:
    """What somebody was told, outside of this system: who, what of it, and to what purpose.

    Each is a text of at most 255 characters, and none may be missing.
    """

    recipient: str
    what: str
    purpose: str

    def checked(self) -> "NewDisclosure":
        """Give it cleaned; raises `InvalidInput` at the fields that cannot be read."""
        reading = Reading()
        texts = {name: reading.text(name, getattr(self, name)) for name in _TEXTS}
        for name, text in texts.items():
            if text is None and not reading.refused(name):
                reading.refuse(name, "missing", "say it")
        reading.finish()
        return NewDisclosure(**{name: text or "" for name, text in texts.items()})

    @property
    def noted(self) -> dict[str, str]:
        """What the encrypted half of the audit entry keeps."""
        return {f"disclosure.{name}": getattr(self, name) for name in _TEXTS}


_TEXTS = ("recipient", "what", "purpose")
_OLDEST_FIRST = (Sort("at"),)


def disclose(work: Work, lead_ids: Sequence[LeadId], said: NewDisclosure) -> None:
    """Note a disclosure of each of several leads."""
    if not isinstance(said, NewDisclosure):
        raise InvalidInput.at("disclosure", "wrong_type", "give a NewDisclosure")
    noted = said.checked().noted
    for lead in work.leads(lead_ids, lock=False):
        work.changed(lead.id, (), {}, noted)


def between(now: datetime, since: datetime | None, until: datetime | None) -> Where:
    """Give the condition of a period `[since, until)`: six years before now, unless said."""
    low = reports.years_before(now) if since is None else instant(since, "since")
    high = None if until is None else Cond("at", "lt", instant(until, "until"))
    return both(Cond("at", "ge", low), high)


@frozen
class Stretch:
    """Some entries of the trail, oldest first, and the cursor of the next ones."""

    entries: Sequence[AuditEntry]
    cursor: str | None


def stretch(work: Work, cursors: Cursors, where: Where, cursor: str | None) -> Stretch:
    """Read the entries that satisfy a condition, so many that nobody waits long."""
    wanted = AUDIT.checked(where)
    after = None
    if cursor is not None:
        after = cursors.read(work.clinic_id, wanted, _OLDEST_FIRST, cursor, AUDIT)
    entries: list[AuditEntry] = []
    for _ in range(PAGES):
        found = work.store.audit.find(wanted, _OLDEST_FIRST, Page(PAGE, after))
        entries += found.items
        after = found.after
        if after is None:
            break
    following = after and cursors.write(work.clinic_id, wanted, _OLDEST_FIRST, after)
    return Stretch(entries, following or None)


def names(entry: AuditEntry, lead_id: LeadId) -> bool:
    """Whether an entry is about a lead: as an object, or in what happened."""
    return lead_id in entry.objects or any(
        change.get("lead_id") == lead_id for change in entry.changes
    )


def told(
    store: UnitOfWork, entries: Sequence[AuditEntry]
) -> Mapping[AuditId, list[PersonalChange]]:
    """Read what disclosures were noted with; nothing is left of a person who was erased."""
    noted: dict[AuditId, list[PersonalChange]] = defaultdict(list)
    ids = [entry.id for entry in entries if entry.operation == reports.DISCLOSE]
    for start in range(0, len(ids), PAGE):
        wanted = Cond("audit_id", "in", ids[start : start + PAGE])
        for change in everything(store.personal_changes, wanted):
            noted[change.audit_id].append(change)
    return noted
