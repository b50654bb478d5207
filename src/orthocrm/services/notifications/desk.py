"""`desk.notifications`: what staff are told of, what families are written, and who may be."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from attrs import evolve, frozen

from orthocrm.core import limits
from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput, NotFound
from orthocrm.core.facts import MESSAGES, NOTICES, TASKS
from orthocrm.core.ids import LeadId, MessageId, NoticeId
from orthocrm.core.notifying import ConsentEntry, Message, MessageState, Notice, StaffContact
from orthocrm.core.query import Cond, Page, Sort, Where, both, predicate
from orthocrm.core.task import OPEN_TASKS, Task
from orthocrm.followup import noticing, sending
from orthocrm.privacy.consent import NewConsent
from orthocrm.services.gate import Area, verb
from orthocrm.services.notifications import (
    callbacks,
    centre,
    consenting,
    contacts,
    gating,
    settling,
)
from orthocrm.services.notifications.callbacks import Received
from orthocrm.services.notifications.consenting import Consent
from orthocrm.services.notifications.contacts import ContactDetails
from orthocrm.services.notifications.gating import BATCH, LEASE, Taken
from orthocrm.services.notifications.settling import Outcome, Settled
from orthocrm.services.work import Work, everything

BY_HAND = "by_hand"
"""Why somebody cancelled a message."""

_NEWEST_FIRST = (Sort("created_at", descending=True),)
_LONGEST_FIRST = (Sort("due_at"),)
_UNREAD = Cond("read_at", "absent")
_PARKED = Cond("state", "eq", MessageState.PARKED)


@frozen(kw_only=True)
class NoticePage:
    """Some of one's notices, newest first; `cursor` opens the next page, None at the end."""

    notices: tuple[Notice, ...]
    cursor: str | None = None


@frozen(kw_only=True)
class MessagePage:
    """Some messages; `cursor` opens the next page, None at the end."""

    messages: tuple[Message, ...]
    cursor: str | None = None


class Notifications(Area, area="notifications"):
    """The centre of notices, the ledger of consent, and messages on their way."""

    @verb(Permission.NOTICE_READ)
    def unread(self, work: Work) -> int:
        """Count one's own notices that are unread."""
        return work.store.notices.count(_mine(work, _UNREAD))

    @verb(Permission.NOTICE_READ)
    def notices(
        self, work: Work, *, unread: bool = False, size: int = 50, cursor: str | None = None
    ) -> NoticePage:
        """List one's own notices, newest first; `unread` leaves out those that were read."""
        where = NOTICES.checked(_mine(work, _UNREAD if unread else None))
        cursors, after = work.cursors, None
        if cursor is not None:
            after = cursors.read(work.clinic_id, where, _NEWEST_FIRST, cursor, NOTICES)
        found = work.store.notices.find(where, _NEWEST_FIRST, Page(size, after))
        following = None
        if found.after is not None:
            following = cursors.write(work.clinic_id, where, _NEWEST_FIRST, found.after)
        return NoticePage(notices=found.items, cursor=following)

    @verb(Permission.NOTICE_READ)
    def mark_read(self, work: Work, notice_ids: Collection[NoticeId] | None = None) -> int:
        """Mark one's own notices as read, all of them unless some are named; counts the new ones.

        Raises:
            NotFound: one of them does not exist or is somebody else's.
        """
        if notice_ids is None:
            wanted = {notice.id for notice in everything(work.store.notices, _mine(work, _UNREAD))}
        else:
            wanted = _known_ids(notice_ids)
        locked = work.store.notices.get(sorted(wanted), lock=True) if wanted else {}
        mine = [notice for notice in locked.values() if notice.user == work.actor.user]
        if len(mine) != len(wanted):
            raise NotFound("notice")
        new = [evolve(notice, read_at=work.now) for notice in mine if notice.read_at is None]
        work.store.notices.save(new)
        return len(new)

    @verb(Permission.NOTICE_READ)
    def contact(self, work: Work, user: str | None = None) -> StaffContact:
        """Read how somebody of the practice is reached, oneself unless told otherwise."""
        return contacts.read(work, user)

    @verb(Permission.NOTICE_READ)
    def set_contact(
        self, work: Work, details: ContactDetails, user: str | None = None
    ) -> StaffContact:
        """Choose how one wants to be reached; for others, who configures the clinic does.

        Raises:
            InvalidInput: names every field that is wrong; a channel needs an address.
        """
        return contacts.change(work, details, user)

    @verb(Permission.LEAD_UPDATE)
    def record_consent(self, work: Work, lead_id: LeadId, given: NewConsent) -> ConsentEntry:
        """Record that a family may be written to, or may not.

        A revocation holds at once for every lead that shares the address. One that is older than
        what the ledger says already changes nothing.

        Raises:
            InvalidInput: names every field that is wrong; to agree needs evidence.
        """
        return consenting.record(work, lead_id, given)

    @verb(Permission.LEAD_READ, in_emergency=True)
    def consent(self, work: Work, lead_id: LeadId) -> Consent:
        """Tell what a family agreed to, for each of its addresses and purposes."""
        return consenting.of_lead(work, lead_id)

    @verb(Permission.LEAD_READ, in_emergency=True)
    def messages(
        self, work: Work, lead_id: LeadId, *, size: int = 50, cursor: str | None = None
    ) -> MessagePage:
        """List the messages to a family, newest first, whatever became of them."""
        work.leads([lead_id], lock=False)
        where = Cond("lead_id", "eq", lead_id)
        return self._messages(work, where, _NEWEST_FIRST, size, cursor)

    @verb(Permission.LEAD_CONFIGURE)
    def parked(self, work: Work, *, size: int = 50, cursor: str | None = None) -> MessagePage:
        """List the messages that failed too often, the longest waiting first."""
        found = self._messages(work, _PARKED, _LONGEST_FIRST, size, cursor)
        work.touch(message.lead_id for message in found.messages if message.lead_id)
        return found

    @verb(Permission.LEAD_CONFIGURE)
    def retry(self, work: Work, message_id: MessageId) -> Message:
        """Let a parked message be tried again from the beginning, under the same key."""
        message = _message(work, message_id)
        if message.state is not MessageState.PARKED:
            raise InvalidInput.at("message_id", "not_parked", "only a parked message is retried")
        (saved,) = work.store.messages.save([sending.again(message, work.now)])
        return saved

    @verb(Permission.LEAD_UPDATE)
    def cancel(self, work: Work, message_id: MessageId) -> Message:
        """Cancel a message that waits or is parked.

        What a worker has handed over already cannot be called back: should the carrier report it,
        the message says so. Messages to staff and webhooks are for who configures the clinic.
        """
        message = _message(work, message_id)
        if message.state not in (MessageState.PENDING, MessageState.PARKED):
            raise InvalidInput.at("message_id", "not_waiting", "the message does not wait any more")
        (saved,) = work.store.messages.save([sending.cancelled(message, BY_HAND, work.now)])
        return saved

    @verb(Permission.MESSAGE_SEND)
    def take(self, work: Work, lease: timedelta = LEASE, most: int = BATCH) -> Taken:
        """Claim messages that are due, for a worker; whoever takes them settles them.

        Each is asked at the gate whether it may go: what it says still holds, the ledger of
        consent allows it, it is not disturbing at this hour, and not too many. What a worker does
        not settle within the lease is taken by another one.
        """
        return gating.take(work, lease, most)

    @verb(Permission.MESSAGE_SEND)
    def settle(self, work: Work, outcomes: Sequence[Outcome]) -> Settled:
        """Record what carriers made of messages; a result that comes too late changes nothing."""
        return settling.settle(work, outcomes)

    @verb(Permission.MESSAGE_SEND)
    def tell_overdue(self, work: Work) -> int:
        """Tell whoever has tasks that became overdue or whose reminder has come, once for each.

        Gives how many notices are new.
        """
        told = [noticing.overdue(task) for task in _since_a_day(work, "due_at")]
        told += [
            noticing.reminder(task, task.reminder_at)
            for task in _since_a_day(work, "reminder_at")
            if task.reminder_at is not None
        ]
        clinic = work.practice.clinic
        return centre.tell(work.store, clinic, told, work.now, work.ids)

    @verb(Permission.MESSAGE_SEND)
    def reports(
        self, work: Work, carrier: str, headers: Mapping[str, str], body: bytes, url: str
    ) -> Received:
        """Take in a webhook of a carrier: what became of letters, answers, objections.

        It may come more than once and in any order. `carrier` names the notifier, `body` are the
        bytes as they arrived, and `url` is the address as the carrier knows it, with its query.

        Raises:
            Unverified: it is not signed as it has to be.
            InvalidInput: it cannot be read.
            NotFound: there is no such carrier, or it reports nothing.
        """
        return callbacks.reports(work, carrier, headers, body, url)

    def _messages(
        self, work: Work, where: Where, sort: Sequence[Sort], size: int, cursor: str | None
    ) -> MessagePage:
        cursors, after = work.cursors, None
        checked = MESSAGES.checked(where)
        if cursor is not None:
            after = cursors.read(work.clinic_id, checked, sort, cursor, MESSAGES)
        found = work.store.messages.find(checked, sort, Page(size, after))
        following = None
        if found.after is not None:
            following = cursors.write(work.clinic_id, checked, sort, found.after)
        return MessagePage(messages=found.items, cursor=following)


def _since_a_day(work: Work, name: str) -> list[Task]:
    """Give the open tasks of which an instant lies in the last day."""
    due = both(
        Cond("status", "in", OPEN_TASKS),
        Cond(name, "lt", work.now),
        Cond(name, "ge", work.now - centre.OVERDUE_SINCE),
    )
    return list(filter(predicate(due, TASKS), everything(work.store.tasks, due)))


def _mine(work: Work, where: Where | None) -> Where:
    return both(Cond("user", "eq", work.actor.user), where)


def _known_ids(given: object) -> set[NoticeId]:
    if isinstance(given, str) or not isinstance(given, Collection):
        raise InvalidInput.at("notice_ids", "not_a_list", "give several ids")
    if len(given) > limits.PAGE:
        raise InvalidInput.at("notice_ids", "too_many", f"give at most {limits.PAGE}")
    if not all(isinstance(one, str) for one in given):
        raise InvalidInput.at("notice_ids", "wrong_type", "give ids")
    return set(given)


def _message(work: Work, message_id: MessageId) -> Message:
    """Load a message for a change: through its lead, so that the lead's rights hold for it."""
    work.seek([message_id])
    found = work.store.messages.get([message_id]).get(message_id)
    if found is None:
        raise NotFound("message")
    if found.lead_id is None:
        work.demand(Permission.LEAD_CONFIGURE)
    elif found.lead_id not in work.reachable([found.lead_id]):
        raise NotFound("message")
    return work.store.messages.get([message_id], lock=True)[message_id]
