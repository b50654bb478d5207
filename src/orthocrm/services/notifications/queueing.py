"""Messages to families: made of templates and queued, once for each effect, and withdrawn.

Whether a queued message may be sent (consent, quiet hours, caps) is asked when it is sent.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.ids import LeadId, MessageId
from orthocrm.core.lead import Lead
from orthocrm.core.merge_fields import fields_of
from orthocrm.core.notifying import Message, MessageState
from orthocrm.core.query import Cond, Sort, both
from orthocrm.core.templates import MessageTemplate
from orthocrm.followup import automation, rules, sending, templates
from orthocrm.followup.templates import Rendered
from orthocrm.services.work import Work, everything

_COMING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
_OF_APPOINTMENTS = frozenset({"appointment_date", "appointment_time", "appointment_type"})


@frozen(kw_only=True)
class Wanted:
    """A message that is wanted for a lead.

    `template` is a name; channel and language follow from the lead. `key` is the effect: it is
    queued once however often it is asked for. `about` says in codes who asks for it. The lead's
    next appointment is looked up where the template speaks of one and none is given.
    """

    lead: Lead
    template: str
    key: str
    about: str
    due_at: datetime
    not_after: datetime | None = None
    appointment: Appointment | None = None


def queue(work: Work, wanted: Sequence[Wanted]) -> list[Message | None]:
    """Queue messages, each once for its key.

    There is none where the clinic has no carrier or template, the family no address, or a merge
    field no value; what was queued before is given again.
    """
    picked = [templates.chosen(wish.template, wish.lead, work.practice) for wish in wanted]
    pairs = [(wish, t) for wish, t in zip(wanted, picked, strict=True) if t is not None]
    if not pairs:
        return [None] * len(wanted)
    visits = _appointments(work, pairs)
    present = _present(work, [wish.key for wish, _ in pairs])
    made: dict[str, Message] = {}
    for wish, template in pairs:
        if wish.key in present or wish.key in made:
            continue
        appointment = wish.appointment or visits.get(wish.lead.id)
        filled = templates.rendered(template, wish.lead, work.practice, appointment)
        if not filled.missing:
            spoken_of = appointment if speaks_of_visit(template) else None
            made[wish.key] = _message(work, wish, filled, spoken_of)
    work.store.messages.add([*made.values()])
    return [
        None if template is None else present.get(wish.key) or made.get(wish.key)
        for wish, template in zip(wanted, picked, strict=True)
    ]


def withdraw(work: Work, leads: Sequence[Lead], ended: Mapping[LeadId, Collection[str]]) -> None:
    """Cancel waiting messages that have become needless, and those of sequences that `ended`."""
    if not leads or not work.practice.clinic.settings.messaging.carriers:
        return
    by_id = {lead.id: lead for lead in leads}
    waiting = both(Cond("lead_id", "in", [*by_id]), Cond("state", "eq", MessageState.PENDING))
    needless = [
        message.id
        for message in everything(work.store.messages, waiting)
        if message.lead_id
        and is_needless(work, message, by_id[message.lead_id], ended.get(message.lead_id, ()))
    ]
    if needless:
        locked = work.store.messages.get(needless, lock=True).values()
        work.store.messages.save(
            [
                sending.cancelled(m, sending.NOT_NEEDED, work.now)
                for m in locked
                if m.state is MessageState.PENDING
            ]
        )


def is_needless(work: Work, message: Message, lead: Lead, ended: Collection[str]) -> bool:
    """Tell whether what a message is about is settled, or belongs to something that `ended`."""
    about = message.about or ""
    if about.startswith(automation.ORIGIN):
        return not lead.is_open and about != f"{automation.ORIGIN}{lead.position.stage}"
    if about.startswith(rules.ORIGIN):
        name = about.removeprefix(rules.ORIGIN)
        waits = not lead.is_open or lead.recall_due_on is not None
        return waits or rules.is_settled(name, lead, work.practice)
    return about in ended


def _appointments(
    work: Work, pairs: Sequence[tuple[Wanted, MessageTemplate]]
) -> Mapping[LeadId, Appointment]:
    """Find the next appointment of every lead whose message speaks of one."""
    asking = [
        wish.lead.id
        for wish, template in pairs
        if wish.appointment is None and speaks_of_visit(template)
    ]
    return coming(work, asking) if asking else {}


def speaks_of_visit(template: MessageTemplate) -> bool:
    """Tell whether a template names the date or the time of an appointment."""
    return not _OF_APPOINTMENTS.isdisjoint(fields_of(template.body + (template.subject or "")))


def is_coming(appointment: Appointment, now: datetime) -> bool:
    """Tell whether an appointment is booked or confirmed, and has not begun."""
    return appointment.status in _COMING and appointment.starts_at > now


def coming(work: Work, leads: Sequence[LeadId]) -> Mapping[LeadId, Appointment]:
    """Find the next appointment of each lead."""
    ahead = both(
        Cond("lead_id", "in", leads),
        Cond("status", "in", _COMING),
        Cond("starts_at", "gt", work.now),
    )
    found = everything(work.store.appointments, ahead, [Sort("starts_at", descending=True)])
    return {visit.lead_id: visit for visit in found if visit.lead_id}


def _present(work: Work, keys: Sequence[str]) -> Mapping[str, Message]:
    found = everything(work.store.messages, Cond("key", "in", keys))
    return {message.key: message for message in found}


def _message(
    work: Work, wish: Wanted, filled: Rendered, appointment: Appointment | None
) -> Message:
    template = filled.template
    return Message(
        id=MessageId(work.ids()),
        clinic_id=work.clinic_id,
        key=wish.key,
        channel=template.channel,
        purpose=template.purpose,
        due_at=wish.due_at,
        created_at=work.now,
        created_by=work.actor.user,
        to=filled.to,
        body=filled.body,
        subject=filled.subject,
        lead_id=wish.lead.id,
        template=template.name,
        about=wish.about,
        appointment_id=appointment.id if appointment is not None else None,
        not_after=wish.not_after,
    )
