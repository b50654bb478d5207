"""Reports out of the audit trail: who was told of a person, who looked, who broke the glass.

An accounting of disclosures gives, for the six years before it is asked for, the date, who
received what, and to what purpose (45 CFR 164.528). What a report says of operations is taken from
their names, so that nothing personal is read for it but what a disclosure itself was noted with.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import asdict, field, fields, frozen

from orthocrm.core.audit import DONE, AuditEntry, PersonalChange
from orthocrm.core.emergency import PURPOSE
from orthocrm.core.ids import AuditId, LeadId, UserId
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.spreadsheet import safe

YEARS: Final = 6
"""How far an accounting goes back, and how long the trail is kept at least (45 CFR 164.528 (a)(1),
164.316 (b)(2)(i))."""

DISCLOSE: Final = "privacy.disclose"
EXPORTS: Final[Mapping[str, str]] = {
    "leads.export_page": "fields of the lead, as a file",
    "privacy.export": "everything that is kept of the person",
}
"""Operations that give data out of the system, and what they give."""

DISCLOSING: Final = (DISCLOSE, *EXPORTS)
GLASS: Final = PURPOSE
"""Stands in the purpose, or in the name of the operation, where somebody broke the glass."""

_FEB, _LEAP = 2, 29


class Kind(StrEnum):
    """What an operation did with what it names."""

    READ = "read"
    CHANGED = "changed"
    REFUSED = "refused"


@frozen(kw_only=True)
class Disclosure:
    """One disclosure about one person.

    `by` is who disclosed. Where data were exported, `recipient` is the user who took them out.
    """

    at: datetime
    lead_id: LeadId
    by: UserId
    recipient: str = field(repr=mask, metadata=PERSONAL)
    what: str = field(repr=mask, metadata=PERSONAL)
    purpose: str = field(repr=mask, metadata=PERSONAL)
    entry_id: AuditId


@frozen(kw_only=True)
class Access:
    """One operation in which a person's data took part."""

    at: datetime
    user: UserId
    roles: tuple[str, ...]
    operation: str
    kind: Kind
    outcome: str
    fields: tuple[str, ...]
    purpose: str | None
    entry_id: AuditId


@frozen(kw_only=True)
class GlassBroken:
    """One operation that somebody carried out behind broken glass, and on what."""

    at: datetime
    user: UserId
    roles: tuple[str, ...]
    operation: str
    outcome: str
    purpose: str | None
    objects: tuple[str, ...]
    entry_id: AuditId


Row = Disclosure | Access | GlassBroken


def years_before(now: datetime, years: int = YEARS) -> datetime:
    """Give the same moment so many years before; the 28th where there was no 29th of February."""
    if (now.month, now.day) == (_FEB, _LEAP):
        now = now.replace(day=_LEAP - 1)
    return now.replace(year=now.year - years)


def disclosures(
    entry: AuditEntry, changes: Iterable[PersonalChange], only: LeadId | None = None
) -> list[Disclosure]:
    """Read the disclosures of an entry, of one lead or of all; `changes` are its personal half."""
    if entry.outcome != DONE:
        return []
    if entry.operation != DISCLOSE:
        what = EXPORTS.get(entry.operation, entry.operation)
        leads = [LeadId(one) for one in entry.objects if only in (None, one)]
        return [_exported(entry, lead, what) for lead in leads]
    return [
        Disclosure(
            at=entry.at,
            lead_id=change.lead_id,
            by=entry.user,
            recipient=_noted(change, "recipient"),
            what=_noted(change, "what"),
            purpose=_noted(change, "purpose"),
            entry_id=entry.id,
        )
        for change in changes
        if only in (None, change.lead_id)
    ]


def _noted(change: PersonalChange, name: str) -> str:
    return str(change.after.get(f"disclosure.{name}", ""))


def _exported(entry: AuditEntry, lead: LeadId, what: str) -> Disclosure:
    return Disclosure(
        at=entry.at,
        lead_id=lead,
        by=entry.user,
        recipient=entry.user,
        what=what,
        purpose=entry.purpose or "",
        entry_id=entry.id,
    )


def access(entry: AuditEntry) -> Access:
    """Say what an entry did with what it names."""
    return Access(
        at=entry.at,
        user=entry.user,
        roles=entry.roles,
        operation=entry.operation,
        kind=_kind(entry),
        outcome=entry.outcome,
        fields=entry.fields,
        purpose=entry.purpose,
        entry_id=entry.id,
    )


def _kind(entry: AuditEntry) -> Kind:
    if entry.outcome != DONE:
        return Kind.REFUSED
    return Kind.CHANGED if entry.changes or entry.fields or entry.digests else Kind.READ


def is_glass(entry: AuditEntry) -> bool:
    """Whether an entry was written behind broken glass, or as it was broken."""
    return GLASS in entry.operation or (entry.purpose or "").startswith(GLASS)


def glass(entry: AuditEntry) -> GlassBroken:
    """Say who broke the glass, on what and why."""
    return GlassBroken(
        at=entry.at,
        user=entry.user,
        roles=entry.roles,
        operation=entry.operation,
        outcome=entry.outcome,
        purpose=entry.purpose,
        objects=entry.objects,
        entry_id=entry.id,
    )


def as_csv(rows: Sequence[Row], kind: type[Row]) -> str:
    """Write rows of one kind as CSV (RFC 4180), instants in UTC, several values with a space.

    A text that a spreadsheet would take for a formula gets a quote in front.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([attribute.name for attribute in fields(kind)])
    for row in rows:
        writer.writerow([_cell(value) for value in asdict(row, recurse=False).values()])
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return safe(" ".join(value) if isinstance(value, tuple) else str(value))
