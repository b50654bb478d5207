"""What carriers made of letters, written down for the messages that were claimed."""

from collections.abc import Collection, Mapping, Sequence

from attrs import evolve, frozen

from orthocrm.core.ids import LeadId, MessageId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import (
    CarrierError,
    Message,
    MessageChannel,
    MessageState,
    Sent,
)
from orthocrm.followup import attempts, sending
from orthocrm.services import forwarding
from orthocrm.services.notifications import consenting, gating, reminded
from orthocrm.services.notifications.gating import Outgoing
from orthocrm.services.work import Work

GONE = "gone"
"""What carriers of push say of a subscription that is no more."""


@frozen(kw_only=True)
class Outcome:
    """What became of a letter: it was taken, it was not, or (None) nobody got round to it."""

    outgoing: Outgoing
    result: Sent | CarrierError | None = None


@frozen(kw_only=True)
class Settled:
    """How many letters were taken, will be tried again, were refused for good, or were parked.

    `late` are results of somebody whose claim was no longer the newest; they changed nothing.
    """

    sent: int = 0
    retried: int = 0
    refused: int = 0
    parked: int = 0
    late: int = 0

    def __add__(self, other: "Settled") -> "Settled":
        return Settled(
            sent=self.sent + other.sent,
            retried=self.retried + other.retried,
            refused=self.refused + other.refused,
            parked=self.parked + other.parked,
            late=self.late + other.late,
        )


def settle(work: Work, outcomes: Sequence[Outcome]) -> Settled:
    """Record results, each unless somebody else claimed, cancelled or settled the message since.

    Leads are locked before messages, and messages in the order of their ids, here as everywhere.
    """
    leads = _written_to(work, outcomes)
    refused = [o.outgoing.message for o in outcomes if _opted_out(o.result)]
    consenting.hold(work, [(message.channel, message.to) for message in refused])
    total, went = Settled(), list[Message]()
    for outcome in sorted(outcomes, key=lambda outcome: outcome.outgoing.message.id):
        after = _after(work, outcome)
        if work.store.messages.settle(after):
            total += _counted(after, outcome)
            _follow(work, after, outcome.result)
            went += [after] if after.state is MessageState.SENT else []
        else:
            total += Settled(late=1)
    _log(work, went, leads)
    work.touch(o.outgoing.message.lead_id for o in outcomes if o.outgoing.message.lead_id)
    return total


def _written_to(work: Work, outcomes: Sequence[Outcome]) -> Mapping[MessageId, Lead]:
    """Lock the leads whose families got something, by message: one may have been merged since."""
    went = [o.outgoing.message for o in outcomes if isinstance(o.result, Sent)]
    ids = {message.id: message.lead_id for message in went if message.lead_id is not None}
    stands = _standing(work, {*ids.values()})
    locked = work.store.leads.get(sorted({*stands.values()}), lock=True)
    found = {message: locked.get(stands[lead]) for message, lead in ids.items()}
    return {message: lead for message, lead in found.items() if lead is not None}


def _standing(work: Work, ids: Collection[LeadId]) -> Mapping[LeadId, LeadId]:
    """Say as which lead each one goes on; read first, so that leads are locked in one order."""
    found = work.store.leads.get(sorted(ids))
    gone = [lead.id for lead in found.values() if lead.merged_into is not None]
    ends = {i: forwarding.standing(work.store, i) for i in gone}
    return {i: i if (lead := ends.get(i)) is None else lead.id for i in ids}


def _log(work: Work, went: Sequence[Message], leads: Mapping[MessageId, Lead]) -> None:
    """Put what families got on the timelines of their leads."""
    logged = [
        attempts.of_message(
            leads[message.id], message, now=work.now, by=work.actor.user, ids=work.ids
        )
        for message in went
        if message.id in leads
    ]
    work.store.activities.add([activity for activity in logged if activity is not None])


def _after(work: Work, outcome: Outcome) -> Message:
    message, result = outcome.outgoing.message, outcome.result
    if isinstance(result, Sent):
        return sending.taken(message, outcome.outgoing.carrier, result, work.now)
    if isinstance(result, CarrierError):
        return sending.failed(message, result, work.now)
    return sending.released(message, work.now)


def _counted(after: Message, outcome: Outcome) -> Settled:
    if after.state is MessageState.SENT:
        return Settled(sent=1)
    if after.state is MessageState.PARKED:
        return Settled(parked=1)
    if after.state is MessageState.PENDING:
        return Settled(retried=1) if outcome.result is not None else Settled()
    return Settled(refused=1)


def _follow(work: Work, after: Message, result: Sent | CarrierError | None) -> None:
    """Do what a result asks for besides."""
    if after.state is MessageState.PARKED:
        work.record(gating.told_parked(work, after))
    if after.state is MessageState.SENT:
        reminded.tell(work, after)
    if not isinstance(result, CarrierError):
        return
    if _opted_out(result):
        consenting.carrier_objected(work, after.channel, after.to, result.reason, work.now)
    if after.channel is MessageChannel.PUSH and result.reason == GONE and after.user is not None:
        _forget_push(work, after.user, after.to)


def _opted_out(result: Sent | CarrierError | None) -> bool:
    return isinstance(result, CarrierError) and result.opted_out


def _forget_push(work: Work, user: UserId, address: str) -> None:
    contact = work.store.contacts.get([user], lock=True).get(user)
    if contact is not None:
        left = tuple(target for target in contact.push if target.address != address)
        if left != contact.push:
            work.store.contacts.save([evolve(contact, push=left)])
