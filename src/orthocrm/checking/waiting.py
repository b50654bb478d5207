"""How much waits in an installation, counted over all its clinics."""

from attrs import frozen

from orthocrm.core.audit import OutboxState
from orthocrm.core.inbox import InboundState
from orthocrm.core.notifying import MessageState
from orthocrm.core.ports import Backend
from orthocrm.core.query import Cond


@frozen(kw_only=True)
class Waiting:
    """Events for plug-ins, messages for carriers, and what others delivered.

    What is parked failed too often.
    """

    events: int = 0
    parked_events: int = 0
    messages: int = 0
    parked_messages: int = 0
    deliveries: int = 0
    parked_deliveries: int = 0


def waiting(backend: Backend) -> Waiting:
    """Count what waits in all clinics together."""
    found = Waiting()
    for clinic in backend.clinics():
        with backend.begin(clinic.id) as store:
            found = Waiting(
                events=found.events + store.outbox.waiting(),
                parked_events=found.parked_events + store.outbox.waiting(OutboxState.PARKED),
                messages=found.messages + store.messages.count(_in(MessageState.PENDING)),
                parked_messages=found.parked_messages
                + store.messages.count(_in(MessageState.PARKED)),
                deliveries=found.deliveries + store.inbox.count(_in(InboundState.PENDING)),
                parked_deliveries=found.parked_deliveries
                + store.inbox.count(_in(InboundState.PARKED)),
            )
    return found


def _in(state: MessageState | InboundState) -> Cond:
    return Cond("state", "eq", state)
