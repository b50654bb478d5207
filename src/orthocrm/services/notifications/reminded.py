"""Telling that a family was reminded of an appointment."""

from orthocrm.core.events import ReminderSent
from orthocrm.core.notifying import Message
from orthocrm.core.reminding import is_reminder, rule_of
from orthocrm.services.work import Work


def tell(work: Work, message: Message) -> None:
    """Tell of a message that its carrier took, if it is a reminder."""
    if message.appointment_id is None or not is_reminder(message):
        return
    work.record(
        ReminderSent(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            appointment_id=message.appointment_id,
            message_id=message.id,
            channel=message.channel,
            rule=rule_of(message),
            lead_id=message.lead_id,
        )
    )
