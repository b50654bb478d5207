"""Reminders of appointments: made with them, voided when they move or end, sent by hand.

A reminder is a message whose key is the appointment, its revision, the channel and the rule. It is
made in the unit of work that fixes or moves the appointment, and waits in our own storage until it
is due; whether it may go is asked when a worker claims it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

from orthocrm.core.appointment import Appointment
from orthocrm.core.errors import AppointmentClosed, InvalidInput, RemindedTooOften
from orthocrm.core.ids import AppointmentId, MessageId
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import Message, MessageChannel, MessageState, Purpose
from orthocrm.core.query import Cond, both
from orthocrm.core.reading import Reading
from orthocrm.core.reminding import (
    BY_HAND,
    CONFIRMATION,
    ORIGIN,
    Reminder,
    Reminders,
    is_reminder,
    key_of,
)
from orthocrm.core.templates import MessageTemplate
from orthocrm.core.time import DAY
from orthocrm.core.visit_type import ReminderRule
from orthocrm.followup import quiet, sending, templates
from orthocrm.scheduling import reminders
from orthocrm.scheduling.reminders import Planned, Terms
from orthocrm.services.notifications import queueing
from orthocrm.services.scheduling import reaching
from orthocrm.services.work import Work, everything

USUAL, DETAILED, CONFIRMING = (
    "appointment_reminder",
    "appointment_reminder_details",
    "appointment_confirmation",
)
"""The templates of rules that name none."""

NO_ADDRESS, NO_TEMPLATE, NO_VALUE = "no_address", "no_template", "no_value"
"""Why a reminder is skipped that cannot be written."""

_WAITING = (MessageState.PENDING, MessageState.PARKED)
_WITHOUT_EFFECT = (MessageState.SKIPPED, MessageState.CANCELLED)
_CHANNELS: Final = (MessageChannel.EMAIL, MessageChannel.SMS)


@frozen(kw_only=True)
class _Text:
    """What a family reads and where, or `because` of what it reads nothing."""

    to: str = ""
    body: str = ""
    subject: str | None = None
    template: str | None = None
    purpose: Purpose = Purpose.CARE
    because: str | None = None


def plan(work: Work, appointments: Sequence[Appointment]) -> None:
    """Make the reminders of appointments that are fixed, by the rules of their types.

    Only channels with a carrier are used, and only leads are written to: of other patients the
    host application alone knows an address.
    """
    wanted = {one.id: rules for one in appointments if (rules := rules_for(work, one))}
    if not wanted:
        return
    leads = work.store.leads.get({one.lead_id for one in appointments if one.lead_id})
    several = [one for one in appointments if one.id in wanted and one.lead_id in leads]
    pairs = [
        (one, each)
        for one in several
        for each in reminders.planned(wanted[one.id], terms(work, one, _lead(leads, one)))
    ]
    told = _confirmed(work, [one for one, each in pairs if each.rule.name == CONFIRMATION])
    work.store.messages.add(
        [
            written(work, one, _lead(leads, one), each)
            for one, each in pairs
            if each.rule.name != CONFIRMATION or (one.id, each.rule.channel) not in told
        ]
    )


def _lead(leads: Mapping[str, Lead], appointment: Appointment) -> Lead:
    return leads[appointment.lead_id or ""]


def rules_for(work: Work, appointment: Appointment) -> tuple[ReminderRule, ...]:
    """Give the rules that hold for an appointment, of channels that have a carrier."""
    if appointment.lead_id is None or not queueing.is_coming(appointment, work.now):
        return ()
    settings = work.practice.clinic.settings
    carried = {channel for channel, _ in settings.messaging.carriers}
    rules = reminders.rules_of(settings, appointment.type)
    return tuple(rule for rule in rules if rule.channel in carried)


def terms(work: Work, appointment: Appointment, lead: Lead) -> Terms:
    """Give what the reminders of an appointment go by, as of now."""
    clinic = work.practice.clinic
    number = lead.contact.phone.number if lead.contact.phone else None
    state = lead.contact.address.state
    return Terms(
        made_at=work.now,
        starts_at=appointment.starts_at,
        zone=quiet.zone_of(number, clinic.timezone),
        zones=quiet.zones_of(number, clinic.timezone, state),
        quiet=quiet.hours_of(
            clinic.settings.messaging.quiet, work.plugins.quiet_hours, number, state
        ),
        reminding=clinic.settings.reminding,
    )


def _confirmed(
    work: Work, appointments: Sequence[Appointment]
) -> Collection[tuple[AppointmentId, MessageChannel]]:
    """Tell for which appointments a message that says when they are is on its way already."""
    if not appointments:
        return ()
    by_id = {one.id: one for one in appointments}
    waiting = both(
        Cond("appointment_id", "in", sorted(by_id)), Cond("state", "eq", MessageState.PENDING)
    )
    return {
        (message.appointment_id, message.channel)
        for message in everything(work.store.messages, waiting)
        if message.appointment_id is not None
        and not is_reminder(message)
        and templates.says_when(message.body, by_id[message.appointment_id])
    }


def written(work: Work, appointment: Appointment, lead: Lead, planned: Planned) -> Message:
    """Write a reminder; of what is skipped nothing is kept but that, and why."""
    rule = planned.rule
    text = _Text(because=planned.because)
    if planned.because is None:
        name = CONFIRMING if rule.name == CONFIRMATION else rule.template
        text = _written(work, appointment, lead, rule.channel, name)
    made = _message(work, appointment, text, rule.channel, rule.name)
    dated = evolve(made, due_at=planned.due_at)
    if text.because is None:
        return dated
    return sending.ended(dated, MessageState.SKIPPED, text.because, work.now)


def _message(
    work: Work, appointment: Appointment, text: _Text, channel: MessageChannel, rule: str
) -> Message:
    return Message(
        id=MessageId(work.ids()),
        clinic_id=work.clinic_id,
        key=key_of(appointment, channel, rule),
        channel=channel,
        purpose=text.purpose,
        due_at=work.now,
        created_at=work.now,
        created_by=work.actor.user,
        to=text.to,
        body=text.body,
        subject=text.subject,
        lead_id=appointment.lead_id,
        template=text.template,
        about=f"{ORIGIN}{rule.partition(':')[0]}",
        appointment_id=appointment.id,
        not_after=appointment.starts_at,
    )


def _written(
    work: Work, appointment: Appointment, lead: Lead, channel: MessageChannel, name: str | None
) -> _Text:
    """Write what a family reads: by the template of a name, else the usual one."""
    to = templates.address_on(channel, lead.contact)
    if to is None:
        return _Text(because=NO_ADDRESS)
    because = NO_TEMPLATE
    for template in _templates(work, lead, channel, name):
        filled = templates.rendered(template, lead, work.practice, appointment)
        if not filled.missing:
            return _Text(
                to=to,
                body=filled.body,
                subject=filled.subject,
                template=template.name,
                purpose=template.purpose,
            )
        because = NO_VALUE
    return _Text(because=because)


def _templates(
    work: Work, lead: Lead, channel: MessageChannel, name: str | None
) -> Iterator[MessageTemplate]:
    """Give the templates to try: with details for clinics that want them, by e-mail only."""
    settings = work.practice.clinic.settings
    names = [name or USUAL]
    if name is None and settings.reminding.details and channel is MessageChannel.EMAIL:
        names.insert(0, DETAILED)
    for wanted in names:
        found = [t for t in settings.message_templates if (t.name, t.channel) == (wanted, channel)]
        template = templates.in_language(found, templates.language_of(lead))
        if template is not None:
            yield template


def void(work: Work, appointments: Collection[AppointmentId]) -> None:
    """Cancel the reminders that wait; what a worker that holds one says of it is refused."""
    waiting = both(
        Cond("appointment_id", "in", sorted(appointments)), Cond("state", "in", _WAITING)
    )
    ids = [m.id for m in everything(work.store.messages, waiting) if is_reminder(m)]
    if not ids:
        return
    locked = work.store.messages.get(sorted(ids), lock=True).values()
    work.store.messages.save(
        [
            sending.cancelled(message, sending.APPOINTMENT_CHANGED, work.now)
            for message in locked
            if message.state in _WAITING
        ]
    )


def renew(work: Work, appointment: Appointment) -> None:
    """Void the reminders of what an appointment was, and make those of what it is now."""
    void(work, [appointment.id])
    plan(work, [appointment])


def status(work: Work, appointment_id: AppointmentId) -> Reminders:
    """Tell how the reminders of an appointment stand."""
    appointment = reaching.appointment(work, appointment_id)
    about = Cond("appointment_id", "eq", appointment.id)
    return reminders.told(appointment, everything(work.store.messages, about))


def send_now(
    work: Work, appointment_id: AppointmentId, channel: MessageChannel | None = None
) -> Reminder:
    """Queue a reminder that is due now; the gate decides about it as about any other (S2-16).

    Raises:
        AppointmentClosed: the appointment is not fixed, or is over.
        RemindedTooOften: so many were sent by hand in the last 24 hours.
    """
    wanted = _channel(channel)
    present = reaching.appointment(work, appointment_id, lock=True)
    _ensure_coming(work, present)
    lead = _reached(work, present)
    number = _counted(work, present)
    text, way = _text_now(work, present, lead, wanted)
    message = _message(work, present, text, way, f"{BY_HAND}:{number}")
    work.store.messages.add([message])
    return reminders.shown(message)


def _channel(raw: object) -> MessageChannel | None:
    reading = Reading()
    channel = reading.choice("channel", raw, MessageChannel)
    if channel is not None and channel not in _CHANNELS:
        reading.refuse("channel", "unknown_value", "families are reached by e-mail and SMS")
    reading.finish()
    return channel


def _ensure_coming(work: Work, appointment: Appointment) -> None:
    if queueing.is_coming(appointment, work.now):
        return
    if appointment.starts_at <= work.now:
        raise InvalidInput.at("appointment_id", "has_begun", "its start has passed")
    raise AppointmentClosed(appointment.status)


def _reached(work: Work, appointment: Appointment) -> Lead:
    ids = [] if appointment.lead_id is None else [appointment.lead_id]
    found = [*work.store.leads.get(ids).values()]
    if not found:
        message = "only leads are written to; of this patient no address is known here"
        raise InvalidInput.at("appointment_id", "no_lead", message)
    work.touch([appointment.id])
    return found[0]


def _counted(work: Work, appointment: Appointment) -> int:
    """Number a reminder by hand, unless there were as many of late as the clinic allows."""
    by_hand = both(
        Cond("appointment_id", "eq", appointment.id), Cond("about", "eq", f"{ORIGIN}{BY_HAND}")
    )
    earlier = everything(work.store.messages, by_hand)
    of_late = [
        one
        for one in earlier
        if one.created_at > work.now - DAY and one.state not in _WITHOUT_EFFECT
    ]
    if len(of_late) >= work.practice.clinic.settings.reminding.by_hand_a_day:
        raise RemindedTooOften
    return len(earlier) + 1


def _text_now(
    work: Work, appointment: Appointment, lead: Lead, wanted: MessageChannel | None
) -> tuple[_Text, MessageChannel]:
    """Write by the channel that is asked for, else by the first that the family prefers."""
    carried = {channel for channel, _ in work.practice.clinic.settings.messaging.carriers}
    ways = templates.channels_of(lead) if wanted is None else (wanted,)
    because = "no_carrier"
    for way in (way for way in ways if way in carried):
        text = _written(work, appointment, lead, way, None)
        if text.because is None:
            return text, way
        because = text.because
    message = "there is no carrier, address, template or value of a merge field for this"
    raise InvalidInput.at("channel", because, message)
