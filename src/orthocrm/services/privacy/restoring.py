"""After a restore: what waited in the backup, and may have gone since, goes to nobody again."""

from datetime import timedelta
from typing import Final

from orthocrm.core.audit import OutboxState
from orthocrm.core.notifying import MessageState
from orthocrm.followup.sending import RESTORED, ended
from orthocrm.services.work import Work

_TOGETHER: Final = 200
_BRIEFLY: Final = timedelta(minutes=1)


def park(work: Work) -> None:
    """Park the messages and events that were due by now; a person looks which of them still go."""
    messages = work.store.messages
    while claimed := messages.claim(work.now, _BRIEFLY, _TOGETHER):
        for message in claimed:
            parked = ended(message, MessageState.PARKED, RESTORED, work.now)
            messages.settle(parked)
        work.touch(message.id for message in claimed)
    outbox = work.store.outbox
    while events := outbox.claim(work.now, _BRIEFLY, _TOGETHER):
        for event in events:
            outbox.settle(event, OutboxState.PARKED, event.due_at)
        work.touch(event.id for event in events)
