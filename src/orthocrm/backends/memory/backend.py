"""The memory backend and its units of work."""

import hmac
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from orthocrm.backends.memory.audit import MemoryAuditTrail
from orthocrm.backends.memory.claims import MemoryAppointments, MemoryClaims
from orthocrm.backends.memory.drafts import Session, Store
from orthocrm.backends.memory.inbox import MemoryInbox
from orthocrm.backends.memory.messages import MemoryConsents, MemoryMessages
from orthocrm.backends.memory.repositories import (
    MemoryByLogin,
    MemoryDeliveries,
    MemoryLeads,
    MemoryOutbox,
    MemoryRepository,
    candidates,
)
from orthocrm.core.access import ApiKey, Attempts, User, UserSecrets
from orthocrm.core.access import Session as LoggedIn
from orthocrm.core.activity import Activity
from orthocrm.core.answers import KeptAnswer
from orthocrm.core.appointment import TimeOff
from orthocrm.core.audit import Import, ImportChange, PersonalChange
from orthocrm.core.beside_leads import BESIDE_LEADS
from orthocrm.core.cadence import Enrollment
from orthocrm.core.coordinator import Coordinator, Rotation
from orthocrm.core.errors import NotFound
from orthocrm.core.facts import SCHEMAS
from orthocrm.core.ids import ClinicId
from orthocrm.core.keyring import NoKeyring
from orthocrm.core.lead import StageVisit
from orthocrm.core.lead_link import LeadLink
from orthocrm.core.marketing import Campaign, ReferrerRecord, Spend, Touch
from orthocrm.core.merging import Merge
from orthocrm.core.notifying import Notice, StaffContact
from orthocrm.core.query import Aggregate, Group, aggregate
from orthocrm.core.saved_view import SavedView
from orthocrm.core.schedule import Schedule
from orthocrm.core.settings import Clinic
from orthocrm.core.source import Source
from orthocrm.core.stage import Stage
from orthocrm.core.task import Task
from orthocrm.core.trained_model import TrainedModel
from orthocrm.core.waitlist import WaitlistEntry

PATIENCE = timedelta(seconds=30)
"""How long a writer waits for the one before it."""


class MemoryUnit:
    """A unit of work in memory."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.clinic = session.clinic
        self.clinics: MemoryRepository[Clinic] = MemoryRepository(session, "clinics")
        self.stages: MemoryRepository[Stage] = MemoryRepository(session, "stages")
        self.sources: MemoryRepository[Source] = MemoryRepository(session, "sources")
        self.coordinators: MemoryRepository[Coordinator] = MemoryRepository(session, "coordinators")
        self.rotations: MemoryRepository[Rotation] = MemoryRepository(session, "rotations")
        self.time_off: MemoryRepository[TimeOff] = MemoryRepository(session, "time_off")
        self.schedules: MemoryRepository[Schedule] = MemoryRepository(session, "schedules")
        self.leads = MemoryLeads(session, "leads")
        self.visits: MemoryRepository[StageVisit] = MemoryRepository(session, "visits")
        self.activities: MemoryRepository[Activity] = MemoryRepository(session, "activities")
        self.tasks: MemoryRepository[Task] = MemoryRepository(session, "tasks")
        self.appointments = MemoryAppointments(session)
        self.claims = MemoryClaims(session)
        self.waitlist: MemoryRepository[WaitlistEntry] = MemoryRepository(session, "waitlist")
        self.messages = MemoryMessages(session)
        self.inbox = MemoryInbox(session)
        self.answers: MemoryRepository[KeptAnswer] = MemoryRepository(session, "answers")
        self.notices: MemoryRepository[Notice] = MemoryRepository(session, "notices")
        self.consents = MemoryConsents(session)
        self.contacts: MemoryRepository[StaffContact] = MemoryRepository(session, "contacts")
        self.enrollments: MemoryRepository[Enrollment] = MemoryRepository(session, "enrollments")
        self.views: MemoryRepository[SavedView] = MemoryRepository(session, "views")
        self.models: MemoryRepository[TrainedModel] = MemoryRepository(session, "models")
        self.users: MemoryByLogin[User] = MemoryByLogin(session, "users")
        self.user_secrets: MemoryRepository[UserSecrets] = MemoryRepository(session, "user_secrets")
        self.attempts: MemoryByLogin[Attempts] = MemoryByLogin(session, "attempts")
        self.sessions: MemoryRepository[LoggedIn] = MemoryRepository(session, "sessions")
        self.api_keys: MemoryRepository[ApiKey] = MemoryRepository(session, "api_keys")
        self.links: MemoryRepository[LeadLink] = MemoryRepository(session, "links")
        self.merges: MemoryRepository[Merge] = MemoryRepository(session, "merges")
        self.touches: MemoryRepository[Touch] = MemoryRepository(session, "touches")
        self.spend: MemoryRepository[Spend] = MemoryRepository(session, "spend")
        self.campaigns: MemoryRepository[Campaign] = MemoryRepository(session, "campaigns")
        self.referrers: MemoryRepository[ReferrerRecord] = MemoryRepository(session, "referrers")
        self.imports: MemoryRepository[Import] = MemoryRepository(session, "imports")
        self.import_changes: MemoryRepository[ImportChange] = MemoryRepository(
            session, "import_changes"
        )
        self.audit = MemoryAuditTrail(session)
        self.personal_changes: MemoryRepository[PersonalChange] = MemoryRepository(
            session, "personal_changes"
        )
        self.outbox = MemoryOutbox(session)
        self.deliveries = MemoryDeliveries(session)
        self.keyring = NoKeyring()

    def secret(self, purpose: str) -> bytes:
        """Give 32 bytes that are the clinic's for one purpose, as long as the store lasts."""
        if self.revision() is None:
            raise NotFound("clinic")
        said = f"{len(purpose)}:{purpose}{self.clinic}"
        return hmac.digest(self._session.key, said.encode("utf-8", "surrogatepass"), "sha256")

    def revision(self) -> int | None:
        """Give the clinic's revision, None when there is no such clinic."""
        clinic = self._session.draft("clinics").one(self.clinic)
        return clinic.revision if clinic is not None else None

    def aggregate(self, query: Aggregate) -> Sequence[Group]:
        """Compute measures over leads, visits, activities, tasks or appointments."""
        if query.of in BESIDE_LEADS:
            beside = BESIDE_LEADS[query.of]
            leads = self._session.draft("leads")
            rows = beside.pairs(self._session.draft(beside.table).everything(), leads.one)
            return aggregate(query, rows, beside.schema)
        schema = SCHEMAS[query.of]
        draft = self._session.draft(query.of)
        return aggregate(query, candidates(draft, schema.checked(query.where)), schema)


class MemoryWatch:
    """Waits for announcements."""

    def __init__(self) -> None:
        self._told = threading.Event()

    def wake(self) -> None:
        """Let whoever waits go on."""
        self._told.set()

    def wait(self, seconds: float) -> None:
        """Wait until something was announced since the last time, or time is over."""
        self._told.wait(seconds)
        self._told.clear()


class MemoryBackend:
    """Everything in this process, gone when it ends; many threads may work at once.

    `patience` is how long a writer waits for another one of its clinic before `BackendError`.
    """

    def __init__(self, patience: timedelta = PATIENCE) -> None:
        self._patience = patience
        self._stores: dict[ClinicId, Store] = {}
        self._guard = threading.Lock()
        self._watching: set[MemoryWatch] = set()

    @contextmanager
    def begin(self, clinic: ClinicId) -> Iterator[MemoryUnit]:
        """Open a unit of work. A clean exit commits, an exception drops everything."""
        session = Session(clinic, self._store(clinic), self._patience)
        try:
            yield MemoryUnit(session)
            session.commit()
        finally:
            session.end()

    def _store(self, clinic: ClinicId) -> Store:
        with self._guard:
            if clinic not in self._stores:
                self._stores[clinic] = Store()
            return self._stores[clinic]

    def clinics(self) -> Sequence[Clinic]:
        """List every clinic, oldest first."""
        with self._guard:
            stores = dict(self._stores)
        found = [self._clinic(clinic, store) for clinic, store in stores.items()]
        there = [clinic for clinic in found if clinic is not None]
        return sorted(there, key=lambda clinic: (clinic.created_at, clinic.id))

    def _clinic(self, clinic: ClinicId, store: Store) -> Clinic | None:
        reader: MemoryRepository[Clinic] = MemoryRepository(
            Session(clinic, store, self._patience), "clinics"
        )
        return reader.get([clinic]).get(clinic)

    @contextmanager
    def watch(self) -> Iterator[MemoryWatch]:
        """Watch for commits from now on."""
        watch = MemoryWatch()
        with self._guard:
            self._watching.add(watch)
        try:
            yield watch
        finally:
            with self._guard:
                self._watching.discard(watch)

    def announce(self) -> None:
        """Wake those who watch."""
        with self._guard:
            watching = tuple(self._watching)
        for watch in watching:
            watch.wake()

    def migrate(self) -> None:
        """Do nothing: there is no schema."""

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""
