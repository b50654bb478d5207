"""Every operation on notices, consent and messages, and what it is tried on."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from orthocrm import Callback, Desk, Letter, MessageChannel, Sent
from orthocrm.core.ids import LeadId, MessageId, NoticeId
from orthocrm.core.notifying import MessageState, Reported
from orthocrm.privacy.consent import NewConsent
from orthocrm.services.notifications.contacts import ContactDetails
from orthocrm.testing.factories import a_message, a_notice
from tests.flows.practice import House

ME = "me"


class Owl:
    """A carrier that reports nothing of interest."""

    channel = MessageChannel.EMAIL
    seconds = 1.0

    def send(self, letter: Letter) -> Sent:
        return Sent(ref=letter.key)

    def reports(self, callback: Callback) -> Sequence[Reported]:
        assert callback.body == b"hoo"
        return ()


@attrs.frozen(kw_only=True)
class Box:
    """What an operation is tried on: messages to the family of a lead, and somebody's notice."""

    lead: LeadId
    waiting: MessageId
    parked: MessageId
    notice: NoticeId


Call = Callable[[Desk, Box], Any]

ON_LEADS: dict[str, Call] = {
    "notifications.record_consent": lambda desk, b: desk.notifications.record_consent(
        b.lead, NewConsent(channel=MessageChannel.EMAIL, granted=False)
    ),
    "notifications.consent": lambda desk, b: desk.notifications.consent(b.lead),
    "notifications.messages": lambda desk, b: desk.notifications.messages(b.lead),
    "notifications.cancel": lambda desk, b: desk.notifications.cancel(b.waiting),
}
"""Operations on a lead, or on a message to its family: out of reach they answer `NotFound`."""

OF_ONESELF: dict[str, Call] = {
    "live.since": lambda desk, _: desk.live.since("1"),
    "live.follow": lambda desk, _: desk.live.follow(),
    "notifications.unread": lambda desk, _: desk.notifications.unread(),
    "notifications.notices": lambda desk, _: desk.notifications.notices(),
    "notifications.mark_read": lambda desk, b: desk.notifications.mark_read([b.notice]),
    "notifications.contact": lambda desk, _: desk.notifications.contact(),
    "notifications.set_contact": lambda desk, _: desk.notifications.set_contact(
        ContactDetails(email="me@practice.example", channels=(MessageChannel.EMAIL,))
    ),
}

OF_THE_CLINIC: dict[str, Call] = {
    "notifications.parked": lambda desk, _: desk.notifications.parked(),
    "notifications.retry": lambda desk, b: desk.notifications.retry(b.parked),
}

OF_WORKERS: dict[str, Call] = {
    "notifications.take": lambda desk, _: desk.notifications.take(),
    "notifications.settle": lambda desk, _: desk.notifications.settle([]),
    "notifications.tell_overdue": lambda desk, _: desk.notifications.tell_overdue(),
    "analytics.mail_reports": lambda desk, _: desk.analytics.mail_reports(),
    "notifications.reports": lambda desk, _: desk.notifications.reports("owl", {}, b"hoo", "x"),
}

NOTIFYING = {**ON_LEADS, **OF_ONESELF, **OF_THE_CLINIC, **OF_WORKERS}


def boxed(house: House, lead: LeadId) -> Box:
    """Store messages and a notice; a lead that is not there has none."""
    house.crm._plugins.__dict__["notifiers"] = {"owl": Owl()}
    nothing = Box(
        lead=lead,
        waiting=MessageId("nothing"),
        parked=MessageId("nothing"),
        notice=NoticeId("nothing"),
    )
    with house.crm._backend.begin(house.clinic.id) as store:
        if store.revision() is None or lead not in store.leads.get([lead]):
            return nothing
        found = store.leads.get([lead])[lead]
        waiting = a_message(house.clinic, found, house.clock())
        parked = a_message(house.clinic, found, house.clock(), state=MessageState.PARKED)
        notice = a_notice(house.clinic, ME)
        store.messages.add([waiting, parked])
        store.notices.add([notice])
    return Box(lead=lead, waiting=waiting.id, parked=parked.id, notice=notice.id)
