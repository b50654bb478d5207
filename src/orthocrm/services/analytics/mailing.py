"""Reports by e-mail: to staff, about the period that is over, each exactly once.

What was sent is known by the delivery that is claimed in the same unit of work in which the message
is queued, so that any number of workers send one.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

from attrs import evolve

from orthocrm.analytics.reports import REPORTS, as_text
from orthocrm.analytics.reports.hiding import hidden
from orthocrm.analytics.reports.periods import last_month, last_week, yesterday
from orthocrm.core.audit import Delivery
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import MessageId, UserId
from orthocrm.core.notifying import Message, MessageChannel, Purpose, StaffContact
from orthocrm.core.reporting import Every, ScheduledReport
from orthocrm.core.time import Period, zone
from orthocrm.followup import sending
from orthocrm.services.analytics import scope
from orthocrm.services.work import Work

ABOUT = "report"
_OPERATION = "analytics.mail_reports"
_EMAIL = MessageChannel.EMAIL

_OVER: Mapping[Every, Callable[[date], Period]] = {
    Every.DAY: yesterday,
    Every.WEEK: last_week,
    Every.MONTH: last_month,
}


def queue(work: Work) -> tuple[Message, ...]:
    """Queue the reports whose time has come; one that was missed is not made up for later."""
    settings = work.practice.clinic.settings
    if _EMAIL not in dict(settings.messaging.carriers):
        return ()
    due = [
        (schedule, period)
        for schedule in settings.reporting.schedules
        if schedule.report in REPORTS and (period := _due(work, schedule)) is not None
    ]
    users = {user for schedule, _ in due for user in schedule.users}
    contacts = work.store.contacts.get(users) if users else {}
    messages = [
        message
        for schedule, period in due
        for message in _messages(work, schedule, period, contacts)
    ]
    work.store.messages.add(messages)
    return tuple(messages)


def _due(work: Work, schedule: ScheduledReport) -> Period | None:
    """Give the period that is over, once the wall time of the report has come on its last day."""
    local = work.now.astimezone(zone(work.practice.clinic.timezone))
    period = _OVER[schedule.every](local.date())
    comes = datetime.combine(period.until, schedule.at)
    return period if local.replace(tzinfo=None) >= comes else None


def _messages(
    work: Work,
    schedule: ScheduledReport,
    period: Period,
    contacts: Mapping[str, StaffContact],
) -> Iterator[Message]:
    wanted = [(user, _address(contacts.get(user))) for user in dict.fromkeys(schedule.users)]
    fresh = [(user, to) for user, to in wanted if to and _claimed(work, schedule, period, user)]
    if not fresh:
        return
    subject, body = _written(work, schedule, period)
    for user, to in fresh:
        yield Message(
            id=MessageId(work.ids()),
            clinic_id=work.clinic_id,
            key=_key(schedule, period, user),
            channel=_EMAIL,
            purpose=Purpose.STAFF,
            due_at=work.now,
            created_at=work.now,
            created_by=work.actor.user,
            to=to,
            subject=subject,
            body=body,
            user=user,
            about=f"{ABOUT}:{schedule.report}",
        )


def _address(contact: StaffContact | None) -> str | None:
    """Give the address of somebody of the practice who takes e-mail."""
    if contact is None or _EMAIL not in contact.channels:
        return None
    return next(iter(sending.reached_at(contact, _EMAIL)), None)


def _claimed(work: Work, schedule: ScheduledReport, period: Period, user: UserId) -> bool:
    """Claim a report for somebody; False when it was sent, or is being sent, already."""
    key = _key(schedule, period, user)
    mine = Delivery(
        clinic_id=work.clinic_id,
        operation=_OPERATION,
        user=user,
        key=key,
        fingerprint=hashlib.sha256(key.encode()).hexdigest(),
        created_at=work.now,
    )
    return work.store.deliveries.claim(mine) is None


def _key(schedule: ScheduledReport, period: Period, user: UserId) -> str:
    return f"{ABOUT}:{schedule.report}:{schedule.every}:{period.first}:{user}"


def _written(work: Work, schedule: ScheduledReport, period: Period) -> tuple[str, str]:
    """Make the report as doctors may see it: of the whole clinic, without small groups."""
    clinic = work.practice.clinic
    ask = evolve(scope.asked_by_clinic(work), period=period)
    made = REPORTS[schedule.report](ask, work.store.aggregate)
    shown = hidden(made, clinic.settings.reporting.smallest_group)
    name = clinic.settings.messaging.sender_name or clinic.name
    return f"{name}: {shown.title}, {period.first}", as_text(shown)


def ensure_known(schedules: tuple[ScheduledReport, ...]) -> None:
    """Refuse a schedule of a report that there is not."""
    if any(schedule.report not in REPORTS for schedule in schedules):
        raise InvalidInput.at(
            "reporting.schedules", "unknown_report", f"give one of {', '.join(REPORTS)}"
        )
