"""What the core asks of the outside: storage, clock, ids, keys and the host application.

A backend implements `Backend` and proves itself with `orthocrm.testing.suite`.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar, runtime_checkable

from orthocrm.core.access import ApiKey, Attempts, Credentials, Session, User, UserSecrets
from orthocrm.core.activity import Activity
from orthocrm.core.actor import Actor
from orthocrm.core.appointment import Appointment, TimeOff
from orthocrm.core.audit import (
    AuditEntry,
    ChainHead,
    Checkpoint,
    Delivery,
    Import,
    ImportChange,
    OutboxItem,
    OutboxState,
    PersonalChange,
)
from orthocrm.core.cadence import Enrollment
from orthocrm.core.claims import Claim
from orthocrm.core.coordinator import Coordinator, Rotation
from orthocrm.core.ids import AppointmentId, ClinicId, LeadId
from orthocrm.core.keyring import ClinicKey, KeyLayer, KeyPurpose, KeysMoved, KeysStatus
from orthocrm.core.lead import Lead, StageVisit
from orthocrm.core.lead_link import LeadLink
from orthocrm.core.marketing import Campaign, ReferrerRecord, Spend, Touch
from orthocrm.core.merging import Merge
from orthocrm.core.notifying import ConsentEntry, Message, Notice, StaffContact
from orthocrm.core.occupied import Occupied, Whose
from orthocrm.core.query import EVERYTHING, Aggregate, Found, Group, Page, Sort, Where
from orthocrm.core.saved_view import SavedView
from orthocrm.core.schedule import Schedule
from orthocrm.core.settings import Clinic
from orthocrm.core.source import Source
from orthocrm.core.stage import Stage
from orthocrm.core.task import Task
from orthocrm.core.trained_model import TrainedModel
from orthocrm.core.waitlist import WaitlistEntry

T = TypeVar("T")

FIRST_PAGE = Page()


class Clock(Protocol):
    """Tells the time."""

    def __call__(self) -> datetime:
        """Give the present instant, aware and in UTC."""
        ...


class IdSource(Protocol):
    """Draws identities."""

    def __call__(self) -> str:
        """Give a new UUIDv7 in canonical text; ids of one source sort as they were drawn."""
        ...


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
        """Forget the deliveries whose result names one of these ids."""
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


class UnitOfWork(Protocol):
    """Everything that one verb reads and writes in one clinic, kept or dropped as a whole."""

    @property
    def clinic(self) -> ClinicId:
        """The clinic that every read and write is about."""
        ...

    @property
    def clinics(self) -> Repository[Clinic]:
        """The clinic itself, and no other."""
        ...

    @property
    def stages(self) -> Repository[Stage]:
        """The stages; slug and order are unique."""
        ...

    @property
    def sources(self) -> Repository[Source]:
        """The sources; the case-folded name is unique."""
        ...

    @property
    def coordinators(self) -> Repository[Coordinator]:
        """The coordinators, by user."""
        ...

    @property
    def rotations(self) -> Repository[Rotation]:
        """The rotations, by pool."""
        ...

    @property
    def time_off(self) -> Repository[TimeOff]:
        """Absences."""
        ...

    @property
    def schedules(self) -> Repository[Schedule]:
        """Hours, by user, resource or template."""
        ...

    @property
    def leads(self) -> LeadRepository:
        """The leads."""
        ...

    @property
    def visits(self) -> Repository[StageVisit]:
        """The stage intervals."""
        ...

    @property
    def activities(self) -> Repository[Activity]:
        """The activities; append-only for the verbs."""
        ...

    @property
    def tasks(self) -> Repository[Task]:
        """The tasks."""
        ...

    @property
    def appointments(self) -> AppointmentRepository:
        """The appointments; the claims of one that is removed go with it."""
        ...

    @property
    def claims(self) -> Claims:
        """The time that appointments take, which nobody takes twice."""
        ...

    @property
    def waitlist(self) -> Repository[WaitlistEntry]:
        """Who waits for a time."""
        ...

    @property
    def links(self) -> Repository[LeadLink]:
        """How leads belong together; the pair is unique."""
        ...

    @property
    def merges(self) -> Repository[Merge]:
        """Merges, done and undone."""
        ...

    @property
    def touches(self) -> Repository[Touch]:
        """The touches of leads."""
        ...

    @property
    def spend(self) -> Repository[Spend]:
        """What sources cost."""
        ...

    @property
    def campaigns(self) -> Repository[Campaign]:
        """Campaigns; the case-folded name is unique."""
        ...

    @property
    def referrers(self) -> Repository[ReferrerRecord]:
        """Who refers families; kind and ref are unique."""
        ...

    @property
    def messages(self) -> Messages:
        """Messages to families and staff; the key is unique."""
        ...

    @property
    def notices(self) -> Repository[Notice]:
        """The notification centre; user and key are unique."""
        ...

    @property
    def consents(self) -> Consents:
        """The ledger of consent."""
        ...

    @property
    def contacts(self) -> Repository[StaffContact]:
        """How staff are reached, by user."""
        ...

    @property
    def enrollments(self) -> Repository[Enrollment]:
        """Leads in sequences."""
        ...

    @property
    def views(self) -> Repository[SavedView]:
        """Saved views; owner and case-folded name are unique."""
        ...

    @property
    def models(self) -> Repository[TrainedModel]:
        """What the clinic learnt; purpose and number are unique."""
        ...

    @property
    def users(self) -> ByLogin[User]:
        """The people and programs of the clinic; the login is unique."""
        ...

    @property
    def user_secrets(self) -> Repository[UserSecrets]:
        """What users prove themselves by, by user."""
        ...

    @property
    def attempts(self) -> ByLogin[Attempts]:
        """Failures to log in; the login is unique."""
        ...

    @property
    def sessions(self) -> Repository[Session]:
        """Who is logged in, or was."""
        ...

    @property
    def api_keys(self) -> Repository[ApiKey]:
        """What programs come by."""
        ...

    @property
    def imports(self) -> Repository[Import]:
        """The import runs."""
        ...

    @property
    def import_changes(self) -> Repository[ImportChange]:
        """What imports changed, for their revert."""
        ...

    @property
    def audit(self) -> AuditTrail:
        """The audit entries; append-only."""
        ...

    @property
    def personal_changes(self) -> Repository[PersonalChange]:
        """Personal fields before and after, by audit entry."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Events on their way."""
        ...

    @property
    def deliveries(self) -> Deliveries:
        """Idempotency."""
        ...

    @property
    def keyring(self) -> Keyring:
        """The clinic's keys."""
        ...

    def revision(self) -> int | None:
        """Give the clinic's revision, None when there is no such clinic; one cheap read."""
        ...

    def aggregate(self, query: Aggregate) -> Sequence[Group]:
        """Compute measures over the nouns of one kind, or over them with their leads beside them.

        The pairs of `orthocrm.core.beside_leads` are what a backend without joins computes over.
        """
        ...


@runtime_checkable
class TellsTime(Protocol):
    """A storage with a clock of its own, which a check compares with ours."""

    def instant(self) -> datetime:
        """Tell the time by it, aware and in UTC."""
        ...


class Backend(Protocol):
    """A storage: opens units of work, and knows its own schema."""

    def begin(self, clinic: ClinicId) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work. A clean exit commits, an exception drops everything.

        Units of work of several threads may be open at once; they are isolated from each other
        at least as "read committed", and a lost update is always refused.
        """
        ...

    def clinics(self) -> Sequence[Clinic]:
        """List every clinic, oldest first: for operators and workers, never for an actor."""
        ...

    def migrate(self) -> None:
        """Bring the schema to this release; safe when several processes do so at once."""
        ...

    def close(self) -> None:
        """Give back connections and files."""
        ...


@runtime_checkable
class AdmitsRoles(Protocol):
    """A backend whose database has roles of its own, and keeps clinics apart for them."""

    def admit(self, role: str) -> None:
        """Let a role work with the tables, behind the wall between clinics.

        Raises `ConfigurationError` when it would see past the wall.
        """
        ...


class Box(Protocol):
    """Seals the personal data of one lead, or of the clinic's own rows."""

    @property
    def heads(self) -> Sequence[bytes]:
        """What sealed values begin with, by key, the newest first; none without encryption."""
        ...

    def seal(self, table: str, row: str, clear: bytes) -> bytes:
        """Encrypt; the result opens only for the same clinic, table and row."""
        ...

    def open(self, table: str, row: str, sealed: bytes) -> bytes:
        """Decrypt; raises `MissingKey` when key, table or row are not the ones that sealed."""
        ...


class ClinicVault(Protocol):
    """The keys of one clinic: those of the highest number write, all of them read."""

    @property
    def own(self) -> Box:
        """The box for rows that belong to no lead."""
        ...

    @property
    def heads(self) -> Sequence[bytes]:
        """What data keys begin with, by the key that wraps them, as `Box.heads`."""
        ...

    def new_lead(self, lead: str) -> tuple[bytes, Box]:
        """Draw a data key for a lead, wrapped for storage beside it, and the box over it."""
        ...

    def new_lead_key(self, lead: str) -> bytes:
        """Draw the data key alone."""
        ...

    def lead_box(self, lead: str, wrapped: bytes) -> Box:
        """Unwrap a lead's data key."""
        ...

    def rewrapped(self, lead: str, wrapped: bytes) -> bytes:
        """Wrap a lead's data key as new ones are wrapped now."""
        ...

    def index(self, key: str) -> str:
        """Give the blind index of a match key (its kind stands before the first colon)."""
        ...

    def indexes(self, key: str) -> Sequence[str]:
        """Give every index by which a match key may be stored, the newest first."""
        ...

    @property
    def endings(self) -> Sequence[str]:
        """What indexes end with, by key, the newest first; none without encryption."""
        ...

    def mac(self, message: bytes) -> bytes:
        """Give the HMAC-SHA256 of a message under the clinic's own key for its audit trail."""
        ...


class Vault(Protocol):
    """Encryption at rest, as a backend uses it."""

    def new_clinic_key(self, clinic: str, purpose: KeyPurpose, number: int) -> bytes:
        """Draw a key for a clinic, wrapped for storage."""
        ...

    def clinic(self, clinic: str, keys: Sequence[ClinicKey]) -> ClinicVault:
        """Unwrap a clinic's keys; raises `MissingKey` when the provider lacks the outer one."""
        ...

    def active(self) -> int | None:
        """Give the id of the outermost key that wraps now; None without encryption."""
        ...

    def outer_id(self, key: ClinicKey) -> int | None:
        """Give the id of the outermost key that wraps a key of a clinic."""
        ...

    def rewrapped(self, clinic: str, key: ClinicKey) -> bytes:
        """Wrap a clinic's key with the outermost key that wraps now."""
        ...


class KeyProvider(Protocol):
    """Keeps the outermost keys: a file, the environment, a key-management service."""

    def active(self) -> int:
        """Give the id of the key that wraps from now on."""
        ...

    def key(self, key_id: int) -> bytes:
        """Give the 32 bytes of a live key; raises `MissingKey` when it is not there."""
        ...


class CheckpointSink(Protocol):
    """Keeps checkpoints of audit trails where whoever writes to the database cannot reach."""

    def add(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint for good, after those that are there; it is kept when this returns.

        Raises `BackendError` when it cannot be kept.
        """
        ...

    def of(self, clinic: ClinicId) -> Sequence[Checkpoint]:
        """Give the checkpoints of a clinic as they were added; what cannot be read is left out.

        Raises `BackendError` when nothing can be read at all.
        """
        ...


class Signer(Protocol):
    """Signs checkpoints with Ed25519 (RFC 8032); several keys may be live while one is replaced."""

    def active(self) -> int:
        """Give the id of the key that signs from now on."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign with the active key: 64 bytes."""
        ...

    def public(self, key_id: int) -> bytes:
        """Give the 32 bytes of a public key; raises `MissingKey` when it is not there."""
        ...


class PatientRegistry(Protocol):
    """The host application's patients: where a converted lead lives on."""

    def register(self, lead: Lead) -> str:
        """Create (or find) the patient of a lead and give the host's reference.

        It is called inside the converting transaction and may be called again for the same lead
        when that transaction is repeated: answer with the same reference for the same lead id.
        """
        ...


class Authenticator(Protocol):
    """Tells who a request comes from. Several threads use it at once."""

    def authenticate(self, credentials: Credentials) -> Actor | None:
        """Give the actor, or None: the credentials are nothing of its own, or prove nothing.

        It decides anew for every request, so that a role that was revoked is gone at the next
        one. What is wrong is never told: all that does not open looks alike.
        """
        ...
