"""Entries of calendars elsewhere: which calendars hear of an appointment, and one push at a time.

A push is a message, so it is claimed, tried again and parked like any other. What it writes is the
appointment as it stands when the push goes: of several that wait only the newest is needed, and it
waits while an older one is with a carrier.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orthocrm.core.appointment import Appointment
from orthocrm.core.ids import AppointmentId, MessageId, UserId
from orthocrm.core.messaging import CalendarTarget, Messaging
from orthocrm.core.notifying import Message, MessageChannel, MessageState, Purpose
from orthocrm.core.ports import IdSource, UnitOfWork
from orthocrm.core.query import Cond, both
from orthocrm.core.settings import Clinic
from orthocrm.followup import sending
from orthocrm.scheduling.ical.feeds import Feed, FeedDetail, is_shown, single
from orthocrm.scheduling.ical.invites import uid_of
from orthocrm.services.work import everything

_CALENDAR = MessageChannel.CALENDAR
_BLANK = "."


@frozen(kw_only=True)
class Push:
    """A wish to have an appointment written anew in a calendar; `item` makes its key."""

    appointment: Appointment
    target: CalendarTarget
    item: str
    by: UserId

    def message(self, now: datetime, ids: IdSource) -> Message:
        """Make the message; what it says is written when it goes."""
        about = about_of(self.target)
        return Message(
            id=MessageId(ids()),
            clinic_id=self.appointment.clinic_id,
            key=f"{about}:{self.appointment.id}:{self.item}",
            channel=_CALENDAR,
            purpose=Purpose.STAFF,
            due_at=now,
            created_at=now,
            created_by=self.by,
            to=self.target.url,
            body=_BLANK,
            about=about,
            appointment_id=self.appointment.id,
        )


def about_of(target: CalendarTarget) -> str:
    """Say what messages to a calendar are about."""
    return f"{sending.CALENDAR}{target.name}"


def targets(
    messaging: Messaging, appointment: Appointment, before: Collection[str | None]
) -> Iterator[CalendarTarget]:
    """Give the calendars of those who take part, and those that heard of it before."""
    for target in messaging.calendars:
        takes_part = target.user in appointment.providers or about_of(target) in before
        is_served = sending.carrier_of(_CALENDAR, messaging, target) is not None
        if takes_part and target.is_active and is_served:
            yield target


def entry(
    appointment: Appointment, target: CalendarTarget, clinic: Clinic, now: datetime
) -> tuple[str, str]:
    """Give the UID of an appointment's entry and its text, empty where it should not be there."""
    uid = uid_of(appointment)
    if target.user not in appointment.providers or not is_shown(appointment):
        return uid, ""
    names = {kind.slug: kind.name for kind in clinic.settings.visit_types}
    about = Feed(
        name=clinic.name,
        timezone=appointment.timezone,
        detail=FeedDetail.TYPES if target.with_types else FeedDetail.BUSY,
        title=lambda slug: names.get(slug, slug),
    )
    return uid, single(appointment, about, now)


@frozen
class Waiting:
    """The pushes that wait, by calendar and appointment."""

    found: Mapping[tuple[str | None, AppointmentId | None], Sequence[Message]]

    @classmethod
    def beside(cls, store: UnitOfWork, messages: Sequence[Message]) -> "Waiting":
        """Find what else waits for the entries that are about to be written."""
        ids = {m.appointment_id for m in messages if m.channel is _CALENDAR and m.appointment_id}
        if not ids:
            return cls({})
        where = both(
            Cond("appointment_id", "in", sorted(ids)),
            Cond("channel", "eq", _CALENDAR),
            Cond("state", "eq", MessageState.PENDING),
        )
        found: dict[tuple[str | None, AppointmentId | None], list[Message]] = {}
        for message in everything(store.messages, where):
            found.setdefault((message.about, message.appointment_id), []).append(message)
        return cls(found)

    def is_overtaken(self, message: Message) -> bool:
        """Whether a newer push will write the same entry."""
        return any(one.id > message.id for one in self._of(message))

    def is_held_up(self, message: Message, now: datetime, mine: Collection[MessageId]) -> bool:
        """Whether another worker has an older push of the same entry in hand."""
        return any(
            one.id < message.id and one.id not in mine and sending.is_in_hand(one, now)
            for one in self._of(message)
        )

    def _of(self, message: Message) -> Sequence[Message]:
        return self.found.get((message.about, message.appointment_id), ())
