"""How long deliveries and answers are kept, and what an erasure takes of them."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from orthocrm.core.answers import AnswerState, lost
from orthocrm.core.errors import RuleViolated
from orthocrm.core.ids import InboundId
from orthocrm.core.inbox import Inbound, InboundState
from orthocrm.core.ports import UnitOfWork
from orthocrm.core.query import Cond, Page, Sort, Where, both
from orthocrm.core.retention import Retention
from orthocrm.privacy.mentions import mentions
from orthocrm.services.inbox.arriving import digest
from orthocrm.services.work import Work, everything

KEPT_PARKED: Final = timedelta(days=90)
"""How long a delivery waits for a person, before it is forgotten as well."""

_AT_ONCE: Final = 200
_OLDEST: Final = (Sort("settled_at"),)


class DeliveriesWait(RuleViolated):
    """Somebody is spoken of in deliveries about others too, which are not worked off yet."""

    code = "deliveries_wait"

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(f"{count} deliveries speak of them and of others: process or drop them")


def is_due(store: UnitOfWork, rules: Retention, now: datetime) -> bool:
    """Whether there is anything to forget."""
    first = Page(1)
    inbox = any(store.inbox.find(where, (), first).items for where in _over(rules, now))
    return inbox or bool(store.answers.find(_past(now), (), first).items)


def forget(work: Work) -> int:
    """Forget what has been kept long enough, a few hundred at once; gives how many went."""
    store, page = work.store, Page(_AT_ONCE)
    rules = work.practice.clinic.settings.retention
    inbox = [
        one.id
        for where in _over(rules, work.now)
        for one in store.inbox.find(where, _OLDEST, page).items
    ]
    answers = [one.id for one in store.answers.find(_past(work.now), (), page).items]
    store.inbox.remove(inbox)
    store.answers.remove(answers)
    work.touch(inbox)
    return len(inbox) + len(answers)


def _over(rules: Retention, now: datetime) -> Iterator[Where]:
    kept = timedelta(days=rules.deliveries_for)
    for state, lasts in ((InboundState.DONE, kept), (InboundState.PARKED, KEPT_PARKED)):
        yield both(Cond("state", "eq", state), Cond("settled_at", "lt", now - lasts))


def _past(now: datetime) -> Where:
    return Cond("until", "lt", now)


def forget_person(work: Work, addresses: Collection[str]) -> int:
    """Take from the inbox whatever speaks of a person, and every answer that is kept.

    What was worked off goes as a whole, whomever it is about: nothing is needed of it any more.

    Raises:
        DeliveriesWait: what is not worked off speaks of others too.
    """
    digests = {digest(work, address) for address in addresses}
    waiting = everything(work.store.inbox, Cond("state", "ne", InboundState.DONE))
    theirs = [one for one in waiting if _is_about(one, digests, addresses)]
    shared = [one for one in theirs if not digests.issuperset(one.whose)]
    if shared:
        raise DeliveriesWait(len(shared))
    done = everything(work.store.inbox, Cond("state", "eq", InboundState.DONE))
    gone: list[InboundId] = [one.id for one in (*theirs, *done)]
    work.store.inbox.remove(gone)
    return len(gone) + _forget_answers(work)


def _is_about(one: Inbound, digests: Collection[str], addresses: Collection[str]) -> bool:
    """Tell by the digests of who stands in it, or by its text where nobody could read that."""
    if one.whose:
        return not set(digests).isdisjoint(one.whose)
    return mentions(one.body, addresses)


def _forget_answers(work: Work) -> int:
    """Forget every answer, since any may speak of anybody; that there was one stays known."""
    kept = everything(work.store.answers, Cond("state", "eq", AnswerState.KEPT))
    work.store.answers.save([lost(answer) for answer in kept])
    return len(kept)
