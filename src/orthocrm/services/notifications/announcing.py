"""Appointments that are made, moved, called off or declined: told to whom they concern.

Those are families, providers and calendars.

It happens in the unit of work that takes an event from the outbox, and so once. The invitation that
goes with an e-mail, and the entry of a calendar, are written only when they go: from the
appointment as it stands then.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orthocrm.core import events
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.events import Event
from orthocrm.core.ids import AppointmentId, MessageId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import Message, MessageChannel, NoticeKind, Purpose, StaffContact
from orthocrm.core.ports import IdSource, UnitOfWork
from orthocrm.core.query import Cond
from orthocrm.core.reminding import CONFIRMATION, is_reminder, revision_of, rule_of
from orthocrm.core.settings import Practice
from orthocrm.core.templates import Language, MessageTemplate
from orthocrm.core.time import zone
from orthocrm.followup import noticing, sending, templates
from orthocrm.services.notifications import calendar_pushes, queueing
from orthocrm.services.notifications.calendar_pushes import Push
from orthocrm.services.notifications.centre import Arrival, appointment_of, appointments
from orthocrm.services.work import everything

_S = AppointmentStatus
_EMAIL, _SMS = MessageChannel.EMAIL, MessageChannel.SMS


@frozen(kw_only=True)
class Announced:
    """How an event is told: by the template to families, by these words to providers.

    Without a notice it is nothing new to providers.
    """

    template: str
    words: str = ""
    notice: NoticeKind | None = None


DECLINED = "appointment_declined"

_ANNOUNCED: Mapping[str, Announced] = {
    events.AppointmentBooked.kind: Announced(
        template="appointment_confirmation",
        words="New appointment",
        notice=NoticeKind.APPOINTMENT_BOOKED,
    ),
    events.AppointmentMoved.kind: Announced(
        template="appointment_moved",
        words="Moved appointment",
        notice=NoticeKind.APPOINTMENT_MOVED,
    ),
    events.AppointmentCancelled.kind: Announced(
        template="appointment_cancelled",
        words="Cancelled appointment",
        notice=NoticeKind.APPOINTMENT_CANCELLED,
    ),
    events.AppointmentDeclined.kind: Announced(template=DECLINED),
}

_TURNED_DOWN = Announced(template=DECLINED)
"""A request that the practice called off instead of declining it."""

_ENDED: Mapping[str, AppointmentStatus] = {
    events.AppointmentCancelled.kind: _S.CANCELLED,
    events.AppointmentDeclined.kind: _S.DECLINED,
}
"""What an appointment is for as long as the news of its end is true."""

WITHDRAWN = "withdrawn"
"""In place of a kind of event: the appointment has gone over to somebody else."""

_IN_CALENDARS = frozenset(
    {
        *_ANNOUNCED,
        events.AppointmentRequested.kind,
        events.AppointmentNoShow.kind,
        events.AppointmentShifted.kind,
    }
)
"""Events after which an entry of a calendar may be another one, or none."""


@frozen(kw_only=True)
class Happened:
    """An event about an appointment; `item` is its own name in the outbox."""

    event: Event
    item: str
    appointment: Appointment


def concerns(kind: str) -> bool:
    """Whether events of a kind are told to families, providers or calendars."""
    return kind in _IN_CALENDARS


def announce(
    store: UnitOfWork, practice: Practice, arrivals: Sequence[Arrival], now: datetime, ids: IdSource
) -> None:
    """Queue what is to be told of events about appointments."""
    if not practice.clinic.settings.messaging.carriers:
        return
    visits = appointments(store, arrivals)
    happened = [
        Happened(event=a.event, item=a.item.id, appointment=visits[named])
        for a in arrivals
        if concerns(a.event.kind) and (named := appointment_of(a.event) or "") in visits
    ]
    if happened:
        told = Announcing.of(store, practice, happened, now, ids)
        store.messages.add([message for one in happened for message in told.messages(one)])


@frozen(kw_only=True)
class Announcing:
    """Makes the messages of a batch of events; `earlier` are those that their visits have."""

    practice: Practice
    now: datetime
    ids: IdSource
    leads: Mapping[str, Lead]
    contacts: Mapping[str, StaffContact]
    earlier: Mapping[AppointmentId, Sequence[Message]]
    new: frozenset[AppointmentId]

    @classmethod
    def of(
        cls,
        store: UnitOfWork,
        practice: Practice,
        happened: Sequence[Happened],
        now: datetime,
        ids: IdSource,
    ) -> "Announcing":
        """Read what the messages of these events need."""
        several = [one.appointment for one in happened]
        leads = {one.lead_id for one in several if one.lead_id}
        users = {user for one in several for user in one.providers}
        earlier: dict[AppointmentId, list[Message]] = {one.id: [] for one in several}
        for message in everything(store.messages, Cond("appointment_id", "in", sorted(earlier))):
            earlier[AppointmentId(message.appointment_id or "")].append(message)
            users |= {message.user} if message.user is not None else set()
        return cls(
            practice=practice,
            now=now,
            ids=ids,
            leads=store.leads.get(sorted(leads)) if leads else {},
            contacts=store.contacts.get(sorted(users)),
            earlier=earlier,
            new=frozenset(
                one.appointment.id
                for one in happened
                if isinstance(one.event, events.AppointmentBooked)
            ),
        )

    def messages(self, one: Happened) -> Iterator[Message]:
        """Make the messages that an event asks for."""
        yield from self._to_calendars(one)
        is_told = one.event.kind in _ANNOUNCED and one.appointment.starts_at > self.now
        if not is_told or not noticing.is_promised(one.event, one.appointment):
            return
        if self._is_overtaken(one):
            return
        yield from self._to_family(one)
        yield from self._to_providers(one)

    def _is_overtaken(self, one: Happened) -> bool:
        """Whether another event tells the same: of several moves the last, of a new one that."""
        if not isinstance(one.event, events.AppointmentMoved):
            return False
        visit = one.appointment
        return visit.id in self.new or one.event.sequence != visit.sequence

    def _to_family(self, one: Happened) -> Iterator[Message]:
        lead = self.leads.get(one.appointment.lead_id or "")
        if lead is None or self._is_told_already(one):
            return
        template = self._template(_how(one).template, lead)
        if template is None:
            return
        filled = templates.rendered(template, lead, self.practice, one.appointment)
        if filled.missing:
            return
        yield self._message(
            one,
            kind=one.event.kind,
            who="family",
            channel=template.channel,
            purpose=template.purpose,
            to=filled.to,
            body=filled.body,
            subject=filled.subject,
            lead=lead,
            template=template.name,
        )

    def _is_told_already(self, one: Happened) -> bool:
        """Whether a rule, or a confirmation in place of a reminder, tells of the same by e-mail."""
        if isinstance(one.event, events.AppointmentCancelled | events.AppointmentDeclined):
            return False
        is_new = isinstance(one.event, events.AppointmentBooked)
        return any(
            message.channel is _EMAIL
            and message.lead_id is not None
            and (
                _confirms(message, one.appointment.sequence)
                or (is_new and not is_reminder(message))
            )
            for message in self.earlier[one.appointment.id]
        )

    def _template(self, name: str, lead: Lead) -> MessageTemplate | None:
        """Choose an e-mail, which carries the invitation, before a text."""
        settings = self.practice.clinic.settings
        carried = {channel for channel, _ in settings.messaging.carriers}
        for channel in (_EMAIL, _SMS):
            found = [
                t for t in settings.message_templates if (t.name, t.channel) == (name, channel)
            ]
            if found and channel in carried and templates.address_on(channel, lead.contact):
                return templates.in_language(found, templates.language_of(lead))
        return None

    def _to_providers(self, one: Happened) -> Iterator[Message]:
        """Write to those who want e-mails and did not do it themselves."""
        if _how(one).notice is None:
            return
        present = one.appointment.providers
        before = {m.user for m in self.earlier[one.appointment.id] if m.user is not None}
        for user in present:
            yield from self._to_provider(one, user, one.event.kind)
        if isinstance(one.event, events.AppointmentMoved):
            for user in sorted(before.difference(present)):
                yield from self._to_provider(one, user, WITHDRAWN)

    def _to_provider(self, one: Happened, user: UserId, kind: str) -> Iterator[Message]:
        contact, told = self.contacts.get(user), _ANNOUNCED[one.event.kind]
        carried = {channel for channel, _ in self.practice.clinic.settings.messaging.carriers}
        if contact is None or user == one.event.by or told.notice in contact.muted:
            return
        if contact.email is None or _EMAIL not in carried.intersection(contact.channels):
            return
        words = "No longer with you" if kind == WITHDRAWN else told.words
        at = one.event.before if isinstance(one.event, events.AppointmentMoved) else None
        when = at if kind == WITHDRAWN and at else one.appointment.starts_at
        said = f"{words}: {_when(when, one.appointment.timezone)}"
        yield self._message(
            one,
            kind=kind,
            who=user,
            channel=_EMAIL,
            purpose=Purpose.STAFF,
            to=contact.email,
            body=said,
            subject=f"{self.practice.clinic.name}: {said}",
            user=user,
        )

    def _to_calendars(self, one: Happened) -> Iterator[Message]:
        """Have the entry written in the calendars of those who take part, or took part."""
        before = {message.about for message in self.earlier[one.appointment.id]}
        messaging = self.practice.clinic.settings.messaging
        for target in calendar_pushes.targets(messaging, one.appointment, before):
            push = Push(appointment=one.appointment, target=target, item=one.item, by=one.event.by)
            yield push.message(self.now, self.ids)

    def _message(  # noqa: PLR0913 - fields of the message
        self,
        one: Happened,
        *,
        kind: str,
        who: str,
        channel: MessageChannel,
        purpose: Purpose,
        to: str,
        body: str,
        subject: str | None,
        lead: Lead | None = None,
        user: UserId | None = None,
        template: str | None = None,
    ) -> Message:
        return Message(
            id=MessageId(self.ids()),
            clinic_id=self.practice.clinic.id,
            key=f"{sending.ANNOUNCED}{one.item}/{who}",
            channel=channel,
            purpose=purpose,
            due_at=self.now,
            created_at=self.now,
            created_by=one.event.by,
            to=to,
            body=body,
            subject=subject,
            lead_id=None if lead is None else lead.id,
            user=user,
            template=template,
            about=f"{sending.ANNOUNCED}{kind}",
            appointment_id=one.appointment.id,
            not_after=one.appointment.starts_at,
        )


def _how(one: Happened) -> Announced:
    if noticing.is_turned_down(one.event, one.appointment):
        return _TURNED_DOWN
    return _ANNOUNCED[one.event.kind]


def _confirms(message: Message, revision: int) -> bool:
    return rule_of(message) == CONFIRMATION and revision_of(message) == revision


def _when(at: datetime, timezone: str) -> str:
    local = at.astimezone(zone(timezone))
    language = Language.ENGLISH
    date, time = templates.date_words(local, language), templates.time_words(local, language)
    return f"{date} at {time}"


def still_holds(message: Message, appointment: Appointment | None, now: datetime) -> bool:
    """Whether what a message tells of an appointment is still so, when it is about to go."""
    if appointment is None:
        return False
    kind = (message.about or "").removeprefix(sending.ANNOUNCED)
    if kind == WITHDRAWN:
        return message.user not in appointment.providers
    if kind in _ENDED:
        return appointment.status is _ENDED[kind]
    return queueing.is_coming(appointment, now) and (
        message.user is None or message.user in appointment.providers
    )


def is_announcement(message: Message) -> bool:
    """Whether a message tells what became of an appointment."""
    return (message.about or "").startswith(sending.ANNOUNCED)


def is_of_before(message: Message) -> bool:
    """Whether a message speaks of a time that the appointment had."""
    return message.about == f"{sending.ANNOUNCED}{WITHDRAWN}"
