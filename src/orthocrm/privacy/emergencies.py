"""Which records are open behind broken glass: read from the audit trail, which says it already.

So nothing else has to be kept, and an emergency is as hard to invent or to hide as any entry.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from attrs import evolve

from orthocrm.core import limits
from orthocrm.core.audit import DONE, AuditEntry, PersonalChange
from orthocrm.core.emergency import LONGEST, USUAL, Emergency
from orthocrm.core.errors import InvalidInput
from orthocrm.core.events import EmergencyBegun, EmergencyEnded
from orthocrm.core.ids import AuditId, EmergencyId, LeadId, UserId
from orthocrm.core.reading import Reading

BREAK, END = "privacy.break_glass", "privacy.end_emergency"
"""The operations that begin and end emergencies."""

REASON = "emergency.reason"
"""Under what name the reason stands in the personal half of the entry."""

_LEAST = timedelta(minutes=1)
_MOST_WORDS = limits.NOTES


def wanted(reason: object, length: object) -> tuple[str, timedelta]:
    """Check why a record is opened and for how long.

    Raises:
        InvalidInput: at `reason`, there is none; at `length`, not from a minute to eight hours.
    """
    reading = Reading()
    why = reading.prose("reason", reason, _MOST_WORDS)
    reading.required("reason", why, "say why the record has to be read")
    if not isinstance(length, timedelta) or not _LEAST <= length <= LONGEST:
        reading.refuse("length", "out_of_range", "give a timedelta from a minute to eight hours")
    reading.finish()
    return why or "", length if isinstance(length, timedelta) else USUAL


def told(entries: Iterable[AuditEntry]) -> list[Emergency]:
    """Read the emergencies of entries, oldest first; one that was ended ends then."""
    begun: dict[EmergencyId, Emergency] = {}
    ended: dict[EmergencyId, datetime] = {}
    for entry in entries:
        if entry.outcome != DONE or entry.operation not in (BREAK, END):
            continue
        for change in entry.changes:
            number = EmergencyId(str(change.get("emergency_id")))
            if change.get("kind") == EmergencyBegun.kind:
                begun[number] = _emergency(entry, number, change)
            if change.get("kind") == EmergencyEnded.kind:
                ended[number] = min(entry.at, ended.get(number, entry.at))
    found = (_until(one, ended.get(one.id)) for one in begun.values())
    return sorted(found, key=lambda one: (one.began_at, one.id))


def _emergency(entry: AuditEntry, number: EmergencyId, change: Mapping[str, object]) -> Emergency:
    return Emergency(
        id=number,
        clinic_id=entry.clinic_id,
        lead_id=LeadId(str(change["lead_id"])),
        user=entry.user,
        began_at=entry.at,
        ends_at=datetime.fromisoformat(str(change["ends_at"])),
    )


def _until(emergency: Emergency, ended: datetime | None) -> Emergency:
    if ended is None or ended >= emergency.ends_at:
        return emergency
    return evolve(emergency, ends_at=ended)


def open_to(
    emergencies: Iterable[Emergency], user: UserId, now: datetime
) -> Mapping[LeadId, Emergency]:
    """Give what is open to somebody at an instant, by lead: of several what lasts longest."""
    mine = [one for one in emergencies if one.user == user and one.is_open(now)]
    return {one.lead_id: one for one in sorted(mine, key=lambda one: one.ends_at)}


def with_reasons(
    emergencies: Iterable[Emergency],
    entries: Iterable[AuditEntry],
    changes: Iterable[PersonalChange],
) -> list[Emergency]:
    """Add the reasons, as far as they were not erased."""
    by_entry: dict[AuditId, str] = {
        change.audit_id: str(change.after[REASON]) for change in changes if REASON in change.after
    }
    reasons = {
        str(change["emergency_id"]): by_entry.get(entry.id)
        for entry in entries
        for change in entry.changes
        if change.get("kind") == EmergencyBegun.kind
    }
    return [evolve(one, reason=reasons.get(one.id)) for one in emergencies]


def too_many() -> InvalidInput:
    """Make the refusal of whoever has too many records open."""
    return InvalidInput.at("lead_id", "too_many", "end what is open before you open another record")
