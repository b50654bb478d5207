"""`desk.privacy`: breaking the glass, for one record and a while."""

from collections.abc import Sequence
from datetime import timedelta

from attrs import frozen

from orthocrm.core.actor import Permission
from orthocrm.core.audit import AuditEntry
from orthocrm.core.emergency import MOST_OPEN, USUAL, Emergency
from orthocrm.core.events import EmergencyBegun, EmergencyEnded
from orthocrm.core.facts import AUDIT
from orthocrm.core.ids import EmergencyId, LeadId
from orthocrm.core.query import Cond, Page, Sort, both
from orthocrm.privacy import emergencies
from orthocrm.privacy.emergencies import BREAK, END, REASON
from orthocrm.services import emergencies as open_now
from orthocrm.services.gate import Area, verb
from orthocrm.services.work import Work, everything

_NEWEST_FIRST = (Sort("at", descending=True),)


@frozen(kw_only=True)
class EmergencyPage:
    """Some emergencies, newest first; `cursor` opens the next ones, None at the end."""

    emergencies: tuple[Emergency, ...]
    cursor: str | None = None


class BreakingGlass(Area, area="privacy"):
    """Reading one record without the right to read, in an emergency (45 CFR 164.312(a)(2)(ii))."""

    @verb(Permission.BREAK_GLASS)
    def break_glass(
        self, work: Work, lead_id: LeadId, reason: str, *, length: timedelta = USUAL
    ) -> Emergency:
        """Open one record to oneself: its lead, timeline, consent and messages can be read.

        Nothing else comes with it, and nothing can be changed. It ends by itself after `length`,
        a minute to eight hours. The administrators are told at once, and each reading stands in
        the audit trail under this purpose.

        Raises:
            InvalidInput: there is no reason, or too long a time; five records are open already.
            NotFound: the clinic has no such lead.
        """
        why, lasts = emergencies.wanted(reason, length)
        (lead,) = work.leads([lead_id], lock=False)
        begun = Emergency(
            id=EmergencyId(work.ids()),
            clinic_id=work.clinic_id,
            lead_id=lead.id,
            user=work.actor.user,
            began_at=work.now,
            ends_at=work.now + lasts,
            reason=why,
        )
        present = open_now.open_to(work.store, work.actor.user, work.now)
        if len({*present, lead.id}) > MOST_OPEN:
            raise emergencies.too_many()
        work.changed(lead.id, (), {}, {REASON: why})
        work.record(
            EmergencyBegun(
                clinic_id=work.clinic_id,
                at=work.now,
                by=work.actor.user,
                lead_id=lead.id,
                emergency_id=begun.id,
                ends_at=begun.ends_at,
            )
        )
        return begun

    @verb(Permission.BREAK_GLASS)
    def end_emergency(self, work: Work, lead_id: LeadId) -> tuple[Emergency, ...]:
        """Close a record before its time: to oneself, and to everybody for who reads the audit.

        Gives what was open.
        """
        (lead,) = work.leads([lead_id], lock=False)
        found = [
            one
            for one in emergencies.told(open_now.recent(work.store, work.now))
            if one.lead_id == lead.id and one.is_open(work.now) and _may_end(work, one)
        ]
        for one in found:
            work.record(
                EmergencyEnded(
                    clinic_id=work.clinic_id,
                    at=work.now,
                    by=work.actor.user,
                    lead_id=one.lead_id,
                    emergency_id=one.id,
                )
            )
        return tuple(found)

    @verb(Permission.AUDIT_READ)
    def emergencies(
        self, work: Work, *, size: int = 50, cursor: str | None = None
    ) -> EmergencyPage:
        """List who opened which record, why and until when, newest first.

        What was read behind the glass is in `glass_broken`.
        """
        where = AUDIT.checked(Cond("operation", "in", (BREAK,)))
        cursors, after = work.cursors, None
        if cursor is not None:
            after = cursors.read(work.clinic_id, where, _NEWEST_FIRST, cursor, AUDIT)
        found = work.store.audit.find(where, _NEWEST_FIRST, Page(size, after))
        following = None
        if found.after is not None:
            following = cursors.write(work.clinic_id, where, _NEWEST_FIRST, found.after)
        return EmergencyPage(emergencies=_told(work, found.items), cursor=following)


def _told(work: Work, entries: Sequence[AuditEntry]) -> tuple[Emergency, ...]:
    """Read emergencies with their reasons, and with what ended them since, newest first."""
    if not entries:
        return ()
    since = Cond("at", "ge", min(entry.at for entry in entries))
    ended = everything(work.store.audit, both(since, Cond("operation", "eq", END)))
    ids = [entry.id for entry in entries]
    changes = everything(work.store.personal_changes, Cond("audit_id", "in", ids))
    told = emergencies.with_reasons(emergencies.told([*entries, *ended]), entries, changes)
    return tuple(reversed(told))


def _may_end(work: Work, emergency: Emergency) -> bool:
    return emergency.user == work.actor.user or work.may(Permission.AUDIT_READ)
