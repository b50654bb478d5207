"""The notification centre and the outgoing webhooks, made from events as they leave the outbox.

It happens in the unit of work that claims an event, and is noted with it: whatever plug-ins make of
the event, and however often it is told, each notice and each webhook comes once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from json import dumps

from attrs import evolve, frozen

from orthocrm.core import events
from orthocrm.core.actor import Role
from orthocrm.core.appointment import Appointment
from orthocrm.core.audit import OutboxItem
from orthocrm.core.events import Event
from orthocrm.core.ids import MessageId, NoticeId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.messaging import WebhookTarget
from orthocrm.core.notifying import Message, MessageChannel, Notice, Purpose
from orthocrm.core.ports import IdSource, UnitOfWork
from orthocrm.core.query import Aggregate, Cond, Measure, both
from orthocrm.core.settings import Clinic, Practice
from orthocrm.followup import noticing, sending
from orthocrm.followup.noticing import Known, Told
from orthocrm.services.notifications import digests
from orthocrm.services.work import everything

NAME = "orthocrm"
"""What stands among those who have `heard` an event."""

_OF_OWNERS = (
    events.LostSuggested,
    events.UpsetNoticed,
    events.LeadRecalled,
    events.LeadCaptured,
    events.ActivityLogged,
)


@frozen(kw_only=True)
class Arrival:
    """An event beside its row of the outbox."""

    item: OutboxItem
    event: Event


def concerns(clinic: Clinic, kind: str) -> bool:
    """Whether an event of a kind becomes a notice or a webhook in a clinic."""
    return noticing.concerns(kind) or bool(_targets(clinic, kind))


def take_in(
    store: UnitOfWork, practice: Practice, arrivals: Sequence[Arrival], now: datetime, ids: IdSource
) -> None:
    """Make the notices and the outgoing webhooks of events, and the messages about notices."""
    clinic = practice.clinic
    tell(store, clinic, _told(store, practice, arrivals, now), now, ids)
    store.messages.add(
        [
            _webhook(clinic, arrival, target, now, ids)
            for arrival in arrivals
            for target in _targets(clinic, arrival.event.kind)
        ]
    )


def _told(
    store: UnitOfWork, practice: Practice, arrivals: Sequence[Arrival], now: datetime
) -> list[Told]:
    clinic = practice.clinic
    is_silent = any(noticing.leaves_silent(a.event) for a in arrivals)
    is_alarming = any(isinstance(a.event, events.EmergencyBegun) for a in arrivals)
    contacts = everything(store.contacts) if is_silent else ()
    known = Known(
        leads=_leads(store, arrivals),
        fallback=clinic.settings.fallback,
        window=clinic.settings.messaging.digest_after,
        imported=_imported(store, arrivals),
        visits=appointments(store, arrivals),
        others=noticing.standing_in(practice, contacts, now) if is_silent else (),
        administrators=_administrators(store) if is_alarming else (),
    )
    return [one for a in arrivals for one in noticing.told(a.event, a.item.id, known)]


def _administrators(store: UnitOfWork) -> tuple[UserId, ...]:
    """Name the users who administer the clinic."""
    administering = {Role.CLINIC_ADMIN, Role.ADMIN}
    return tuple(
        user.id
        for user in everything(store.users)
        if user.is_active and not administering.isdisjoint(user.roles)
    )


def _leads(store: UnitOfWork, arrivals: Iterable[Arrival]) -> Mapping[str, Lead]:
    """Read the leads of those events that are told to a lead's coordinator."""
    wanted = {
        a.event.lead_id
        for a in arrivals
        if isinstance(a.event, _OF_OWNERS) and not _concerns_nobody(a.event)
    }
    return store.leads.get(sorted(wanted)) if wanted else {}


def appointment_of(event: Event) -> str | None:
    """Name the appointment of an event, if it is about one."""
    named: str | None = getattr(event, "appointment_id", None)
    return named


def appointments(store: UnitOfWork, arrivals: Iterable[Arrival]) -> Mapping[str, Appointment]:
    """Read the appointments of events."""
    ids = {named for a in arrivals if (named := appointment_of(a.event))}
    return store.appointments.get(sorted(ids)) if ids else {}


def _concerns_nobody(event: Event) -> bool:
    if isinstance(event, events.LeadCaptured):
        return not event.duplicates
    return isinstance(event, events.ActivityLogged) and not noticing.is_answer(event)


def _imported(store: UnitOfWork, arrivals: Iterable[Arrival]) -> Mapping[str, Mapping[UserId, int]]:
    """Count for finished imports how many of their leads everybody got."""
    runs = {a.event.import_id for a in arrivals if isinstance(a.event, events.ImportFinished)}
    found: dict[str, dict[UserId, int]] = {run: {} for run in runs}
    for run in sorted(runs):
        mine = both(Cond("import_id", "eq", run), Cond("deleted_at", "absent"))
        groups = store.aggregate(Aggregate("leads", (Measure("n"),), by=("owner",), where=mine))
        found[run] = {g.key[0]: g.values["n"] for g in groups if g.key[0] is not None}
    return found


def tell(
    store: UnitOfWork, clinic: Clinic, told: Sequence[Told], now: datetime, ids: IdSource
) -> int:
    """Store notices, each once for user and key, and see that messages tell of them.

    Gives how many are new.
    """
    if not told:
        return 0
    present = _present(store, told)
    made: dict[tuple[UserId, str], Notice] = {}
    grown: dict[tuple[UserId, str], Notice] = {}
    for one in told:
        place = (one.user, one.key)
        if place in made:
            made[place] = _grown(made[place], one)
        elif place not in present:
            made[place] = _notice(clinic, one, now, ids)
        elif one.gathers:
            grown[place] = _grown(grown.get(place, present[place]), one)
    made = _of_known_leads(store, made)
    store.notices.add([*made.values()])
    store.notices.save([*grown.values()])
    store.messages.add(digests.gather(store, clinic, [*made.values()], ids))
    return len(made)


def _present(store: UnitOfWork, told: Sequence[Told]) -> Mapping[tuple[UserId, str], Notice]:
    where = both(
        Cond("user", "in", sorted({one.user for one in told})),
        Cond("key", "in", sorted({one.key for one in told})),
    )
    return {(notice.user, notice.key): notice for notice in everything(store.notices, where)}


def _of_known_leads(
    store: UnitOfWork, made: Mapping[tuple[UserId, str], Notice]
) -> dict[tuple[UserId, str], Notice]:
    """Leave out notices of leads that are gone for good."""
    wanted = sorted({notice.lead_id for notice in made.values() if notice.lead_id})
    there = (
        {
            lead.key[0]
            for lead in store.aggregate(
                Aggregate("leads", (Measure("n"),), by=("id",), where=Cond("id", "in", wanted))
            )
        }
        if wanted
        else set()
    )
    return {p: n for p, n in made.items() if n.lead_id is None or n.lead_id in there}


def _grown(notice: Notice, one: Told) -> Notice:
    return evolve(notice, count=notice.count + one.count, read_at=None) if one.gathers else notice


def _notice(clinic: Clinic, one: Told, now: datetime, ids: IdSource) -> Notice:
    return Notice(
        id=NoticeId(ids()),
        clinic_id=clinic.id,
        user=one.user,
        kind=one.kind,
        key=one.key,
        created_at=now,
        lead_id=one.lead_id,
        object_id=one.object_id,
        count=one.count,
    )


def _targets(clinic: Clinic, kind: str) -> list[WebhookTarget]:
    messaging = clinic.settings.messaging
    return [
        target
        for target in messaging.webhooks
        if target.is_active
        and (not target.kinds or kind in target.kinds)
        and sending.carrier_of(MessageChannel.WEBHOOK, messaging, target) is not None
    ]


def _webhook(
    clinic: Clinic, arrival: Arrival, target: WebhookTarget, now: datetime, ids: IdSource
) -> Message:
    """Make the message that brings an event to a target: its kind, its instant, its own fields."""
    event, item = arrival.event, arrival.item
    content = {"type": event.kind, "timestamp": event.at.isoformat(), "data": dict(item.payload)}
    return Message(
        id=MessageId(ids()),
        clinic_id=clinic.id,
        key=f"{sending.WEBHOOK}{target.name}:{item.id}",
        channel=MessageChannel.WEBHOOK,
        purpose=Purpose.STAFF,
        due_at=now,
        created_at=now,
        created_by=event.by,
        to=target.url,
        body=dumps(content, separators=(",", ":"), ensure_ascii=False),
        about=f"{sending.WEBHOOK}{target.name}",
    )


OVERDUE_SINCE = timedelta(days=1)
"""How long a task is looked at for being overdue; then it is escalated instead."""
