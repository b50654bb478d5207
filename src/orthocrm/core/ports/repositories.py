"""Where the nouns of a clinic are kept and found."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from orthocrm.core.appointment import Appointment
from orthocrm.core.audit import (
    AuditEntry,
    ChainHead,
)
from orthocrm.core.ids import LeadId
from orthocrm.core.inbox import Inbound
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import Message
from orthocrm.core.occupied import Occupied, Whose
from orthocrm.core.query import EVERYTHING, Found, Page, Sort, Where

T = TypeVar("T")
FIRST_PAGE = Page()


class Repository(Protocol[T]):
    """The nouns of one kind in one clinic; nothing of another clinic is ever visible.

    Writes may be collected until the unit of work reads them or ends; a refusal
    (`AlreadyExists`, `StaleVersion`) is raised at the latest when the unit of work commits, and
    then nothing of it is kept. Reads see the unit's own writes.
    """

    def add(self, nouns: Sequence[T]) -> None:
        """Store new nouns; raises `AlreadyExists` when an id or a unique name is taken."""
        ...

    def get(self, ids: Collection[str], *, lock: bool = False) -> Mapping[str, T]:
        """Give the nouns by id; unknown ids are left out.

        With `lock`, no other unit of work can lock or save them until this one ends.
        """
        ...

    def save(self, nouns: Sequence[T]) -> tuple[T, ...]:
        """Replace nouns, and give them back with their version grown by one.

        Raises `StaleVersion` when a noun is gone or its stored version is not the given one.
        """
        ...

    def find(
        self, where: Where = EVERYTHING, sort: Sequence[Sort] = (), page: Page = FIRST_PAGE
    ) -> Found[T]:
        """Give one page of the nouns that satisfy `where`, in a total order.

        Raises `InvalidInput` for a field or comparison that the noun's schema does not know.
        """
        ...

    def count(self, where: Where = EVERYTHING) -> int:
        """Count the nouns that satisfy `where`."""
        ...

    def remove(self, ids: Collection[str]) -> None:
        """Forget nouns; unknown ids are ignored."""
        ...


class LeadRepository(Repository[Lead], Protocol):
    """Leads, which can also be found by match key."""

    def sharing_key(
        self, keys: Collection[str], most: int = 20
    ) -> Mapping[str, tuple[LeadId, ...]]:
        """Give the ids of the leads that carry a key, by key, oldest id first.

        Keys without a lead are left out; at most `most + 1` ids come for one key, so that a
        caller can tell a crowd from a family.
        """
        ...


class ByLogin(Repository[T], Protocol[T]):
    """Nouns of whoever logs in with an address; no two of them share one."""

    def by_login(self, logins: Collection[str], *, lock: bool = False) -> Mapping[str, T]:
        """Give the nouns by login (`orthocrm.core.access.login_of`); unknown ones are left out.

        `lock` does as in `get`.
        """
        ...


class Messages(Repository[Message], Protocol):
    """Messages, which carriers' workers claim as they claim the outbox."""

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[Message]:
        """Take pending messages that are due, oldest first, and hide them for `lease`.

        No two units of work get the same message; attempts, fence and version have grown by one.
        """
        ...

    def settle(self, message: Message) -> bool:
        """Record what became of a claimed message; False when its fence is no longer the newest.

        Its state, reason, attempts, `due_at`, carrier, `carrier_ref`, `sent_at` and `settled_at`
        are kept as given; nothing else of it changes, but that its version grows.
        """
        ...


class Inbox(Repository[Inbound], Protocol):
    """What others delivered, which workers claim as they claim messages."""

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[Inbound]:
        """Take pending deliveries that are due, oldest first, and hide them for `lease`.

        No two units of work get the same one, and nobody gets one before those of its line that
        came earlier are settled; attempts, fence and version have grown by one.
        """
        ...

    def settle(self, inbound: Inbound) -> bool:
        """Record what became of a claimed delivery; False when its fence is no longer the newest.

        Its state, reason, attempts, `due_at` and `settled_at` are kept as given; nothing else of
        it changes, but that its version grows.
        """
        ...


class AppointmentRepository(Repository[Appointment], Protocol):
    """Appointments, of which thousands decide about free times."""

    def occupying(
        self, low: datetime, high: datetime, whose: Whose | None = None
    ) -> Sequence[Occupied]:
        """Give what of the appointments that start in `[low, high)` decides about free times.

        Those that `whose` has, else all of them in whatever state; by start and id, in one read.
        Nothing of it is personal.
        """
        ...


class AuditTrail(Repository[AuditEntry], Protocol):
    """The audit entries. They only grow: a save gives an entry its place in the chain, no more."""

    @property
    def seals_at_once(self) -> bool:
        """Whether entries are to be sealed as they are added.

        That asks for writers of a clinic who follow each other: until the unit of work ends,
        nobody else adds or seals an entry once `head` was asked.
        """
        ...

    def head(self, *, lock: bool = False) -> ChainHead:
        """Tell where the clinic's chain ends: at 0 with an empty seal before the first entry.

        With `lock`, nobody else can ask so until this unit of work ends.
        """
        ...

    def mac(self, message: bytes) -> bytes:
        """Give the HMAC-SHA256 of a message under the clinic's own key for its trail."""
        ...
