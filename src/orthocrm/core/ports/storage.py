"""A storage, and a unit of work over everything in it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from orthocrm.core.access import ApiKey, Attempts, Session, User, UserSecrets
from orthocrm.core.activity import Activity
from orthocrm.core.answers import KeptAnswer
from orthocrm.core.appointment import TimeOff
from orthocrm.core.audit import (
    Import,
    ImportChange,
    PersonalChange,
)
from orthocrm.core.cadence import Enrollment
from orthocrm.core.coordinator import Coordinator, Rotation
from orthocrm.core.ids import ClinicId
from orthocrm.core.lead import StageVisit
from orthocrm.core.lead_link import LeadLink
from orthocrm.core.marketing import Campaign, ReferrerRecord, Spend, Touch
from orthocrm.core.merging import Merge
from orthocrm.core.notifying import Notice, StaffContact
from orthocrm.core.ports.ledgers import Claims, Consents, Deliveries, Keyring, Outbox
from orthocrm.core.ports.repositories import (
    AppointmentRepository,
    AuditTrail,
    ByLogin,
    Inbox,
    LeadRepository,
    Messages,
    Repository,
)
from orthocrm.core.query import Aggregate, Group
from orthocrm.core.saved_view import SavedView
from orthocrm.core.schedule import Schedule
from orthocrm.core.settings import Clinic
from orthocrm.core.source import Source
from orthocrm.core.stage import Stage
from orthocrm.core.task import Task
from orthocrm.core.trained_model import TrainedModel
from orthocrm.core.waitlist import WaitlistEntry


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
    def inbox(self) -> Inbox:
        """What others delivered and is to be worked off."""
        ...

    @property
    def answers(self) -> Repository[KeptAnswer]:
        """Answers to requests that may come again; the key is unique."""
        ...

    @property
    def keyring(self) -> Keyring:
        """The clinic's keys."""
        ...

    def secret(self, purpose: str) -> bytes:
        """Give 32 bytes that are the clinic's for one purpose, and the same for as long as it is.

        No rotation of keys changes them, and nobody without the keys can tell them: cursors, links
        and pseudonyms are made of them. Raises `NotFound` where there is no such clinic.
        """
        ...

    def revision(self) -> int | None:
        """Give the clinic's revision, None when there is no such clinic; one cheap read."""
        ...

    def aggregate(self, query: Aggregate) -> Sequence[Group]:
        """Compute measures over the nouns of one kind, or over them with their leads beside them.

        The pairs of `orthocrm.core.beside_leads` are what a backend without joins computes over.
        """
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


class Watch(Protocol):
    """Waits for commits, for one thread."""

    def wait(self, seconds: float) -> None:
        """Return when something may have been committed since the last time, or time is over.

        It may return early, and for nothing; what is committed in other processes may go unnoticed.
        """
        ...


@runtime_checkable
class TellsOfCommits(Protocol):
    """A backend by which one learns of commits without asking again and again."""

    def watch(self) -> AbstractContextManager[Watch]:
        """Watch for commits from now on."""
        ...

    def announce(self) -> None:
        """Wake those who watch, in every process: something was committed. It never fails."""
        ...


@runtime_checkable
class AdmitsRoles(Protocol):
    """A backend whose database has roles of its own, and keeps clinics apart for them."""

    def admit(self, role: str) -> None:
        """Let a role work with the tables, behind the wall between clinics.

        Raises `ConfigurationError` when it would see past the wall.
        """
        ...
