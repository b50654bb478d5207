"""What belongs to leads, of every kind: read as a whole, and given to another lead."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from attrs import evolve, frozen

from orthocrm.core.activity import Activity
from orthocrm.core.appointment import Appointment
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import StageVisit
from orthocrm.core.marketing import Touch
from orthocrm.core.notifying import Message
from orthocrm.core.ports import Repository
from orthocrm.core.query import Cond
from orthocrm.core.task import Task
from orthocrm.core.waitlist import WaitlistEntry
from orthocrm.services.work import Work, everything

N = TypeVar("N", bound="Belonging")


class Belonging(Protocol):
    """Something that belongs to a lead."""

    @property
    def id(self) -> str:
        """Its identity."""
        ...

    @property
    def lead_id(self) -> LeadId | None:
        """Whose it is."""
        ...


AS_THEY_ARE = ("activities", "touches", "appointments", "waitlist")
"""Kinds that go to another lead and change in no other way."""


@frozen(kw_only=True)
class Belongings:
    """Everything that hangs on some leads, but for sequences."""

    activities: tuple[Activity, ...]
    tasks: tuple[Task, ...]
    visits: tuple[StageVisit, ...]
    touches: tuple[Touch, ...]
    appointments: tuple[Appointment, ...]
    waitlist: tuple[WaitlistEntry, ...]
    messages: tuple[Message, ...]


def of(work: Work, leads: Collection[LeadId]) -> Belongings:
    """Read what hangs on leads; messages are locked, since carriers' workers lock no lead."""
    where, store = Cond("lead_id", "in", [*leads]), work.store
    messages = everything(store.messages, where)
    locked = store.messages.get([message.id for message in messages], lock=True)
    return Belongings(
        activities=everything(store.activities, where),
        tasks=everything(store.tasks, where),
        visits=everything(store.visits, where),
        touches=everything(store.touches, where),
        appointments=everything(store.appointments, where),
        waitlist=everything(store.waitlist, where),
        messages=tuple(locked[message.id] for message in messages if message.id in locked),
    )


def only(nouns: Iterable[N], lead_id: LeadId) -> list[N]:
    """Keep what belongs to one lead."""
    return [noun for noun in nouns if noun.lead_id == lead_id]


def ids(nouns: Iterable[Belonging]) -> tuple[str, ...]:
    """Give the ids of nouns, in a lasting order."""
    return tuple(sorted(noun.id for noun in nouns))


def given(nouns: Iterable[N], lead_id: LeadId) -> list[N]:
    """Give nouns to a lead."""
    return [evolve(noun, lead_id=lead_id) for noun in nouns]  # type: ignore[misc]  # all are attrs nouns


def kept(repository: Repository[N], before: Iterable[N], after: Iterable[N]) -> None:
    """Save those nouns that differ from what they were."""
    known: Mapping[str, Any] = {noun.id: noun for noun in before}
    repository.save([noun for noun in after if noun != known[noun.id]])


def visited(work: Work, before: Iterable[StageVisit], after: Iterable[StageVisit]) -> None:
    """Store changed visits as new ones: a lead rebuilds its open visit as it was when it began."""
    known = {visit.id: visit for visit in before}
    anew = [evolve(visit, version=known[visit.id].version) for visit in after]
    changed = [visit for visit in anew if visit != known[visit.id]]
    work.store.visits.remove([visit.id for visit in changed])
    work.store.visits.add([evolve(visit, version=1) for visit in changed])
