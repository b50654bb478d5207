"""The invitation that goes with an e-mail about an appointment, as iCalendar (RFC 6047)."""

from collections.abc import Mapping
from datetime import datetime

from attrs import evolve

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import InvalidInput
from orthocrm.core.notifying import Attachment, Message
from orthocrm.core.reminding import CONFIRMATION, is_reminder, rule_of
from orthocrm.core.settings import Clinic
from orthocrm.scheduling.ical.invites import InviteText, invite
from orthocrm.services.notifications import announcing

NAME = "invite.ics"

_INVITED = frozenset(
    {AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED, AppointmentStatus.CANCELLED}
)


def attachments(
    message: Message, appointments: Mapping[str, Appointment], clinic: Clinic, now: datetime
) -> tuple[Attachment, ...]:
    """Give the invitation of a message that confirms, moves or cancels an appointment.

    Reminders bring none, since the appointment is in the calendar by then. Without an e-mail
    address of the practice, to which answers go, nobody is invited.
    """
    visit = appointments.get(message.appointment_id or "")
    organizer = clinic.settings.messaging.email
    is_late = is_reminder(message) and rule_of(message) != CONFIRMATION
    if visit is None or organizer is None or is_late or visit.status not in _INVITED:
        return ()
    if message.template == announcing.DECLINED:  # nobody was invited to what was only asked for
        return ()
    names = {kind.slug: kind.name for kind in clinic.settings.visit_types}
    try:
        said = InviteText(
            practice=clinic.name,
            title=names.get(visit.type, visit.type),
            organizer=organizer,
            attendee=message.to,
        )
    except InvalidInput:  # an address that is none must not keep the e-mail back
        return ()
    made = invite(_as_told(message, visit), said, now)
    return (Attachment(name=NAME, content_type=made.content_type, text=made.text),)


def _as_told(message: Message, visit: Appointment) -> Appointment:
    """Take it out of the calendar of whoever takes no part any more."""
    if announcing.is_of_before(message):
        return evolve(visit, status=AppointmentStatus.CANCELLED)
    return visit
