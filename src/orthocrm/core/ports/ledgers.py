"""What is kept beside the nouns: messages to send, consent, claims to a time, keys."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from orthocrm.core.audit import (
    Delivery,
    OutboxItem,
    OutboxState,
)
from orthocrm.core.claims import Claim
from orthocrm.core.ids import AppointmentId, LeadId
from orthocrm.core.keyring import ClinicKey, KeyLayer, KeysMoved, KeysStatus
from orthocrm.core.notifying import ConsentEntry


class Outbox(Protocol):
    """Events that wait for their notify hooks."""

    def add(self, items: Sequence[OutboxItem]) -> None:
        """Store items that are due at their `due_at`."""
        ...

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[OutboxItem]:
        """Take pending items that are due, oldest first, and hide them for `lease`.

        No two units of work get the same item; attempts and fence have grown by one.
        """
        ...

    def settle(self, item: OutboxItem, state: OutboxState, due_at: datetime) -> bool:
        """Record what became of a claimed item; False when its fence is no longer the newest.

        The item's `heard` is kept with it; nothing else of it changes.
        """
        ...

    def waiting(self, state: OutboxState = OutboxState.PENDING) -> int:
        """Count the items in a state."""
        ...


class Deliveries(Protocol):
    """Requests that have to have one effect only."""

    def claim(self, delivery: Delivery, since: datetime | None = None) -> Delivery | None:
        """Register a delivery, or give the one that holds its (operation, user, key) already.

        Waits for a concurrent unit of work that registers the same one. A holder created before
        `since` has expired and is replaced.
        """
        ...

    def known(self, delivery: Delivery) -> Delivery | None:
        """Give the delivery that holds its (operation, user, key), and register nothing."""
        ...

    def finish(self, delivery: Delivery, result: Mapping[str, Any]) -> None:
        """Record the ids of what came of a delivery that was claimed in this unit of work."""
        ...

    def forget(self, ids: Collection[str]) -> None:
        """Forget the deliveries whose result names one of these ids.

        One whose result holds the text `KEYED` stays known by its key, with an empty fingerprint
        and the result `ERASED` (`orthocrm.core.audit`).
        """
        ...


class Consents(Protocol):
    """The ledger of consent: it only grows, and outlives the leads that it names."""

    def add(self, entries: Sequence[ConsentEntry]) -> None:
        """Store entries; raises `AlreadyExists` when an id is taken."""
        ...

    def of(self, addresses: Collection[str]) -> Mapping[str, Sequence[ConsentEntry]]:
        """Give the entries of addresses (match keys), oldest `at` first; ids break ties.

        Unknown addresses are left out. The evidence of a lead that is gone may be missing.
        """
        ...

    def forget(self, leads: Collection[LeadId], addresses: Collection[str]) -> None:
        """Forget whose entries of leads are, and how they are known; what they say still holds.

        Of entries on `addresses` that name no lead only the evidence goes.
        """
        ...


class Claims(Protocol):
    """The time of people and things that appointments take: the guard against double booking.

    The storage itself refuses that two overlapping claims of one resource have the same lane, and
    that one of capacity 1 overlaps any other, whoever else writes at the same time.
    """

    def take(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Take time for an appointment, all of it or nothing; give the claims that are taken.

        An empty answer means that everything is the appointment's now. Waits for a concurrent
        unit of work that takes the same. A claim may be laid over several lanes, as
        `orthocrm.core.claims.laid_out` does, and an empty one takes nothing. What an appointment
        has already stands in its way too: a move releases it first. The appointment has to be
        stored when the unit of work ends.
        """
        ...

    def secure(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> None:
        """Take time as `take` does, or let the whole unit of work fail.

        A backend may leave it to its last writes, which saves an answer that nobody waits for.
        Whoever reads or changes claims afterwards in the same unit of work finds it done.

        Raises:
            SlotTaken: something of it is taken. It is raised here, or by the end of the unit of
                work, and is not to be caught within it.
        """
        ...

    def release(self, appointment_ids: Collection[AppointmentId]) -> None:
        """Give back everything that appointments have taken; unknown ones are ignored."""
        ...

    def of(
        self, appointment_ids: Collection[AppointmentId]
    ) -> Mapping[AppointmentId, Sequence[Claim]]:
        """Give what appointments have taken, by resource, start and lane.

        Appointments without a claim are left out.
        """
        ...

    def holders(
        self, resources: Collection[str], starts_at: datetime, ends_at: datetime
    ) -> Mapping[str, Sequence[AppointmentId]]:
        """Give the appointments that have some time of `[starts_at, ends_at)`, by resource.

        Those that start first come first, ids break ties; each is there once. Resources that
        nobody has are left out.
        """
        ...


class Keyring(Protocol):
    """The keys of the clinic, which are replaced while everybody reads and writes.

    A storage that encrypts nothing gives `orthocrm.core.keyring.NoKeyring`.
    """

    def begin(self, layer: KeyLayer, at: datetime) -> ClinicKey | None:
        """Make a new key that writes from now on; None for the outermost, which is the provider's.

        None too where nothing is encrypted. Raises `Conflict` when rows still wait for the key
        before it, or others hold the keys.
        """
        ...

    def status(self) -> KeysStatus:
        """Tell how the keys stand; it counts rows."""
        ...

    def waits(self) -> bool:
        """Whether there may be something to move; one cheap read."""
        ...

    def move(self, most: int, now: datetime) -> KeysMoved:
        """Bring at most so many rows under the keys that write, and destroy keys of no use.

        A row that changes meanwhile is left for the next time. Nothing happens while another unit
        of work does the same. Raises `Conflict` when others hold the keys for too long.
        """
        ...

    def alone(self) -> None:
        """Let nobody else work in the clinic until this unit of work ends.

        Call it before anything is locked or written; raises `Conflict` when others take too long.
        """
        ...

    def forget(self, leads: Collection[LeadId]) -> None:
        """Destroy the keys of leads: what was sealed with them is never read again.

        The leads get new keys, for what this unit of work stores of them from now on. Call it
        `alone`, when everything of them that is still needed has been read.
        """
        ...
