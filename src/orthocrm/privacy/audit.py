"""What the audit trail keeps of personal data: an erasable row, and a digest that outlasts it."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Any

import attrs

from orthocrm.core.audit import AuditEntry, PersonalChange
from orthocrm.core.ids import AuditId, ClinicId, LeadId
from orthocrm.privacy.chain import Fault, Finding


def personal_change(
    *,
    entry_id: AuditId,
    lead_id: LeadId,
    clinic_id: ClinicId,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    salt: str,
    id: str,  # noqa: A002 - the name of the field
) -> PersonalChange:
    """Build the row of an audit entry that holds personal fields before and after an operation.

    Fields that did not change are left out; the others become JSON values, so that the digest is
    the same after storage. `salt` is random text that is used once.
    """
    before, after = _plain(before), _plain(after)
    return PersonalChange(
        id=id,
        clinic_id=clinic_id,
        audit_id=entry_id,
        lead_id=lead_id,
        salt=salt,
        before={name: value for name, value in before.items() if _differs(after, name, value)},
        after={name: value for name, value in after.items() if _differs(before, name, value)},
    )


def digest(change: PersonalChange) -> str:
    """Give the SHA-256 of a change, salted, by which its audit entry knows it."""
    parts = (
        change.salt,
        change.id,
        change.clinic_id,
        change.audit_id,
        change.lead_id,
        _canonical(change.before),
        _canonical(change.after),
    )
    hashed = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        hashed.update(len(encoded).to_bytes(8) + encoded)
    return hashed.hexdigest()


def verified(entry: AuditEntry, changes: Iterable[PersonalChange]) -> bool:
    """Whether every change is as it was when the entry was written, and belongs to it.

    A change that was erased with its lead is missing, which proves nothing against the entry.
    """
    return all(
        change.audit_id == entry.id and digest(change) in entry.digests for change in changes
    )


def personal_faults(
    entry: AuditEntry, changes: Sequence[PersonalChange | None], erased: Collection[str]
) -> list[Finding]:
    """Find what is wrong with the personal half of an entry; None stands for what does not open.

    What is missing may have been erased with its lead: `erased` names leads of which that is known.
    """
    there = [change for change in changes if change is not None]
    if len(there) < len(changes) or not verified(entry, there):
        return [_personal(Fault.PERSONAL_CHANGED, entry)]
    if {digest(change) for change in there} == set(entry.digests):
        return []
    if any(lead in erased for lead in entry.objects):
        return []
    return [_personal(Fault.PERSONAL_MISSING, entry)]


def _personal(fault: Fault, entry: AuditEntry) -> Finding:
    return Finding(fault=fault, position=entry.position, entry_id=entry.id)


_NOTHING = object()


def _differs(others: Mapping[str, Any], name: str, value: object) -> bool:
    return bool(others.get(name, _NOTHING) != value)


def _canonical(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field of a noun
    """Turn nouns, enums and dates into JSON values."""
    if attrs.has(type(value)):
        return {part.name: _plain(getattr(value, part.name)) for part in attrs.fields(type(value))}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
