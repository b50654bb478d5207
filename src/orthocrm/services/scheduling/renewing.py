"""Reminders that wait follow the rules when these are changed, batch by batch.

What the rules were when all had followed them is noted under a key of its own, so that a worker
sees by one question whether there is anything to do. Whoever is interrupted begins anew: what has
followed already is left as it is.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
from attrs import evolve, frozen

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.audit import Delivery
from orthocrm.core.ids import AppointmentId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import Message, MessageState
from orthocrm.core.query import Cond, Page, Where, both
from orthocrm.core.reading import Reading
from orthocrm.core.reminding import RULES_CHANGED, is_reminder, revision_of
from orthocrm.core.settings import Settings
from orthocrm.followup import sending
from orthocrm.scheduling import reminders
from orthocrm.scheduling.renewal import Renewal, renewal
from orthocrm.services.deliveries import TICK
from orthocrm.services.notifications import queueing
from orthocrm.services.scheduling import reaching, reminding
from orthocrm.services.work import Work, everything

BATCH: Final = 100
"""How many appointments one unit of work looks at."""

_COMING: Final = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
_WORDS: Final = ("due_at", "to", "body", "subject", "template", "purpose")


@frozen(kw_only=True)
class RemindersRenewed:
    """The appointments of a batch whose reminders are others now.

    `after` is what the next call is given; None: all have followed the rules.
    """

    appointments: tuple[AppointmentId, ...] = ()
    after: str | None = None


def renew(work: Work, after: str | None = None) -> RemindersRenewed:
    """Let the reminders of the next appointments within reach follow the rules that hold now."""
    mark = _mark(work.practice.clinic.settings)
    begun = _begun(after, mark)
    if begun is None and _have_followed(work, mark):
        return RemindersRenewed()
    found = work.store.appointments.find(_coming(work), page=Page(BATCH, begun))
    changed = _followed(work, [one.id for one in found.items])
    work.touch(changed)
    if found.after is not None:
        return RemindersRenewed(appointments=changed, after=f"{mark}/{found.items[-1].id}")
    if reaching.reaches_all(work):
        work.store.deliveries.claim(_delivery(work, mark), since=work.now + TICK)
    return RemindersRenewed(appointments=changed)


def _begun(after: object, mark: str) -> tuple[str] | None:
    """Read where a batch begins: at the beginning, if rules were changed since the one before."""
    reading = Reading()
    text = reading.text("after", after)
    reading.finish()
    known, _, last = (text or "").partition("/")
    return (last,) if known == mark and last else None


def _coming(work: Work) -> Where:
    return both(
        Cond("status", "in", _COMING),
        Cond("starts_at", "gt", work.now),
        Cond("lead_id", "present"),
        reaching.reach(work),
    )


def _mark(settings: Settings) -> str:
    """Give a digest of everything by which reminders are planned and written."""
    said = [
        settings.reminders,
        [(kind.slug, kind.name, kind.reminders) for kind in settings.visit_types],
        settings.reminding,
        settings.message_templates,
        evolve(settings.messaging, webhooks=(), calendars=()),
    ]
    values = json.dumps(said, default=_plain, sort_keys=True)
    return hashlib.sha256(values.encode()).hexdigest()


def _plain(value: Any) -> object:  # noqa: ANN401 - an attrs value, or what JSON knows no word for
    return attrs.asdict(value, recurse=False) if attrs.has(type(value)) else str(value)


def _delivery(work: Work, mark: str) -> Delivery:
    return Delivery(
        clinic_id=work.clinic_id,
        operation=work.operation,
        user=UserId("system:worker"),
        key="reminders",
        fingerprint=mark,
        created_at=work.now,
    )


def _have_followed(work: Work, mark: str) -> bool:
    known = work.store.deliveries.known(_delivery(work, mark))
    return known is not None and known.fingerprint == mark


def _followed(work: Work, ids: Sequence[AppointmentId]) -> tuple[AppointmentId, ...]:
    """Renew what waits for these appointments, which nobody moves or calls off meanwhile."""
    held = work.store.appointments.get(sorted(ids), lock=True) if ids else {}
    visits = [one for one in held.values() if queueing.is_coming(one, work.now)]
    leads = work.store.leads.get(sorted({one.lead_id for one in visits if one.lead_id}))
    present = _present(work, visits)
    done = []
    for visit in visits:
        lead = leads.get(visit.lead_id or "")
        if lead is not None and _renewed(work, visit, lead, present.get(visit.id, ())):
            done.append(visit.id)
    return tuple(sorted(done))


def _present(
    work: Work, visits: Sequence[Appointment]
) -> Mapping[AppointmentId, Sequence[Message]]:
    """Read the reminders that the visits have as they stand, and lock those that wait."""
    if not visits:
        return {}
    by_id = {one.id: one for one in visits}
    found = everything(work.store.messages, Cond("appointment_id", "in", sorted(by_id)))
    mine: dict[str, Message] = {one.id: one for one in found if is_reminder(one)}
    waiting = sorted(i for i, one in mine.items() if one.state is MessageState.PENDING)
    if waiting:
        mine.update(work.store.messages.get(waiting, lock=True))
    of_visits: defaultdict[AppointmentId, list[Message]] = defaultdict(list)
    for one in mine.values():
        visit = by_id[AppointmentId(one.appointment_id or "")]
        if revision_of(one) == visit.sequence:
            of_visits[visit.id].append(one)
    return of_visits


def _renewed(work: Work, visit: Appointment, lead: Lead, present: Sequence[Message]) -> bool:
    """Renew the reminders of one appointment; tells whether anything changed."""
    terms = reminding.terms(work, visit, lead)
    made_at = min((one.created_at for one in present), default=work.now)
    plan = reminders.planned(
        reminding.rules_for(work, visit), evolve(terms, made_at=min(made_at, work.now))
    )
    found = renewal(present, plan, work.now)
    added = [reminding.written(work, visit, lead, one) for one in found.added]
    saved = [*_rewritten(work, visit, lead, found), *_ended(work, found)]
    work.store.messages.add(added)
    work.store.messages.save(saved)
    return bool(added or saved)


def _rewritten(work: Work, visit: Appointment, lead: Lead, found: Renewal) -> list[Message]:
    """Give reminders the time and the words of today; the same ones are left alone."""
    return [
        after
        for message, plan in found.changed
        if (after := _like(message, reminding.written(work, visit, lead, plan))) != message
    ]


def _like(message: Message, new: Message) -> Message:
    """Give a reminder what a new one would say; one that had been left out is to come now."""
    words = {name: getattr(new, name) for name in _WORDS}
    return evolve(
        message,
        **words,
        state=new.state,
        because=new.because,
        settled_at=new.settled_at,
    )


def _ended(work: Work, found: Renewal) -> list[Message]:
    return [sending.cancelled(one, RULES_CHANGED, work.now) for one in found.ended]
