"""The unit of work over one transaction."""

from collections.abc import Sequence
from functools import cached_property

from orthocrm.backends.sql import aggregates, rows, texts
from orthocrm.backends.sql.access import SqlByLogin
from orthocrm.backends.sql.appointments import SqlAppointments
from orthocrm.backends.sql.audit import SqlAuditTrail
from orthocrm.backends.sql.claims import SqlClaims
from orthocrm.backends.sql.competing import SqlDeliveries, SqlOutbox
from orthocrm.backends.sql.inbox import SqlInbox
from orthocrm.backends.sql.keyring import SqlKeyring
from orthocrm.backends.sql.messages import SqlConsents, SqlMessages
from orthocrm.backends.sql.repositories import ClinicRepository, SqlLeadRepository, SqlRepository
from orthocrm.backends.sql.rows.beside_leads import BESIDE_LEADS
from orthocrm.backends.sql.transaction import Transaction
from orthocrm.core.access import ApiKey, Attempts, Session, User, UserSecrets
from orthocrm.core.activity import Activity
from orthocrm.core.answers import KeptAnswer
from orthocrm.core.appointment import TimeOff
from orthocrm.core.audit import Import, ImportChange, PersonalChange
from orthocrm.core.cadence import Enrollment
from orthocrm.core.coordinator import Coordinator, Rotation
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import ClinicId
from orthocrm.core.lead import StageVisit
from orthocrm.core.lead_link import LeadLink
from orthocrm.core.marketing import Campaign, ReferrerRecord, Spend, Touch
from orthocrm.core.merging import Merge
from orthocrm.core.notifying import Notice, StaffContact
from orthocrm.core.query import Aggregate, Group, in_order
from orthocrm.core.saved_view import SavedView
from orthocrm.core.schedule import Schedule
from orthocrm.core.settings import Clinic
from orthocrm.core.source import Source
from orthocrm.core.stage import Stage
from orthocrm.core.task import Task
from orthocrm.core.trained_model import TrainedModel
from orthocrm.core.waitlist import WaitlistEntry


class SqlUnitOfWork:
    """Everything that one verb reads and writes in one clinic, kept or dropped as a whole."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @property
    def clinic(self) -> ClinicId:
        """The clinic that every read and write is about."""
        return self._transaction.session.clinic

    @cached_property
    def clinics(self) -> SqlRepository[Clinic]:
        """The clinic itself, and no other."""
        return ClinicRepository(self._transaction, rows.CLINIC)

    @cached_property
    def stages(self) -> SqlRepository[Stage]:
        """The stages; slug and order are unique."""
        return SqlRepository(self._transaction, rows.STAGE)

    @cached_property
    def sources(self) -> SqlRepository[Source]:
        """The sources; the case-folded name is unique."""
        return SqlRepository(self._transaction, rows.SOURCE)

    @cached_property
    def coordinators(self) -> SqlRepository[Coordinator]:
        """The coordinators, by user."""
        return SqlRepository(self._transaction, rows.COORDINATOR)

    @cached_property
    def rotations(self) -> SqlRepository[Rotation]:
        """The rotations, by pool."""
        return SqlRepository(self._transaction, rows.ROTATION)

    @cached_property
    def time_off(self) -> SqlRepository[TimeOff]:
        """Absences."""
        return SqlRepository(self._transaction, rows.ABSENCE)

    @cached_property
    def schedules(self) -> SqlRepository[Schedule]:
        """Hours, by user, resource or template."""
        return SqlRepository(self._transaction, rows.SCHEDULE)

    @cached_property
    def leads(self) -> SqlLeadRepository:
        """The leads."""
        return SqlLeadRepository(self._transaction)

    @cached_property
    def visits(self) -> SqlRepository[StageVisit]:
        """The stage intervals."""
        return SqlRepository(self._transaction, rows.VISIT)

    @cached_property
    def activities(self) -> SqlRepository[Activity]:
        """The activities; append-only for the verbs."""
        return SqlRepository(self._transaction, rows.ACTIVITY)

    @cached_property
    def tasks(self) -> SqlRepository[Task]:
        """The tasks."""
        return SqlRepository(self._transaction, rows.TASK)

    @cached_property
    def appointments(self) -> SqlAppointments:
        """The appointments."""
        return SqlAppointments(self._transaction)

    @cached_property
    def claims(self) -> SqlClaims:
        """The time that appointments take, which nobody takes twice."""
        return SqlClaims(self._transaction)

    @cached_property
    def waitlist(self) -> SqlRepository[WaitlistEntry]:
        """Who waits for a time."""
        return SqlRepository(self._transaction, rows.WAITING)

    @cached_property
    def messages(self) -> SqlMessages:
        """Messages to families and staff; the key is unique."""
        return SqlMessages(self._transaction)

    @cached_property
    def notices(self) -> SqlRepository[Notice]:
        """The notification centre; user and key are unique."""
        return SqlRepository(self._transaction, rows.NOTICE)

    @cached_property
    def consents(self) -> SqlConsents:
        """The ledger of consent."""
        return SqlConsents(self._transaction)

    @cached_property
    def contacts(self) -> SqlRepository[StaffContact]:
        """How staff are reached, by user."""
        return SqlRepository(self._transaction, rows.CONTACT)

    @cached_property
    def enrollments(self) -> SqlRepository[Enrollment]:
        """Leads in sequences."""
        return SqlRepository(self._transaction, rows.ENROLLMENT)

    @cached_property
    def views(self) -> SqlRepository[SavedView]:
        """Saved views; owner and case-folded name are unique."""
        return SqlRepository(self._transaction, rows.VIEW)

    @cached_property
    def models(self) -> SqlRepository[TrainedModel]:
        """What the clinic learnt; purpose and number are unique."""
        return SqlRepository(self._transaction, rows.MODEL)

    @cached_property
    def users(self) -> SqlByLogin[User]:
        """The people and programs of the clinic; the login is unique."""
        return SqlByLogin(self._transaction, rows.USER)

    @cached_property
    def user_secrets(self) -> SqlRepository[UserSecrets]:
        """What users prove themselves by, by user."""
        return SqlRepository(self._transaction, rows.SECRETS)

    @cached_property
    def attempts(self) -> SqlByLogin[Attempts]:
        """Failures to log in; the login is unique."""
        return SqlByLogin(self._transaction, rows.ATTEMPT)

    @cached_property
    def sessions(self) -> SqlRepository[Session]:
        """Who is logged in, or was."""
        return SqlRepository(self._transaction, rows.SESSION)

    @cached_property
    def api_keys(self) -> SqlRepository[ApiKey]:
        """What programs come by."""
        return SqlRepository(self._transaction, rows.API_KEY)

    @cached_property
    def links(self) -> SqlRepository[LeadLink]:
        """How leads belong together; the pair is unique."""
        return SqlRepository(self._transaction, rows.LINK)

    @cached_property
    def merges(self) -> SqlRepository[Merge]:
        """Merges, done and undone."""
        return SqlRepository(self._transaction, rows.MERGE)

    @cached_property
    def touches(self) -> SqlRepository[Touch]:
        """The touches of leads."""
        return SqlRepository(self._transaction, rows.TOUCH)

    @cached_property
    def spend(self) -> SqlRepository[Spend]:
        """What sources cost."""
        return SqlRepository(self._transaction, rows.SPENDING)

    @cached_property
    def campaigns(self) -> SqlRepository[Campaign]:
        """Campaigns; the case-folded name is unique."""
        return SqlRepository(self._transaction, rows.CAMPAIGN)

    @cached_property
    def referrers(self) -> SqlRepository[ReferrerRecord]:
        """Who refers families; kind and ref are unique."""
        return SqlRepository(self._transaction, rows.REFERRER)

    @cached_property
    def imports(self) -> SqlRepository[Import]:
        """The import runs."""
        return SqlRepository(self._transaction, rows.IMPORT)

    @cached_property
    def import_changes(self) -> SqlRepository[ImportChange]:
        """What imports changed, for their revert."""
        return SqlRepository(self._transaction, rows.IMPORT_CHANGE)

    @cached_property
    def audit(self) -> SqlAuditTrail:
        """The audit entries; append-only."""
        return SqlAuditTrail(self._transaction)

    @cached_property
    def personal_changes(self) -> SqlRepository[PersonalChange]:
        """Personal fields before and after, by audit entry."""
        return SqlRepository(self._transaction, rows.PERSONAL_CHANGE)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """Events on their way."""
        return SqlOutbox(self._transaction)

    @cached_property
    def deliveries(self) -> SqlDeliveries:
        """Idempotency."""
        return SqlDeliveries(self._transaction)

    @cached_property
    def inbox(self) -> SqlInbox:
        """What others delivered and is to be worked off."""
        return SqlInbox(self._transaction)

    @cached_property
    def answers(self) -> SqlRepository[KeptAnswer]:
        """Answers to requests that may come again; the key is unique."""
        return SqlRepository(self._transaction, rows.ANSWER)

    @cached_property
    def keyring(self) -> SqlKeyring:
        """The clinic's keys."""
        return SqlKeyring(self._transaction)

    def secret(self, purpose: str) -> bytes:
        """Give 32 bytes that are the clinic's for one purpose."""
        self._transaction.flush_for(rows.CLINIC)
        return self._transaction.keys.clinic.secret(purpose)

    def revision(self) -> int | None:
        """Give the clinic's revision, None when there is no such clinic."""
        self._transaction.flush_for(rows.CLINIC)
        session = self._transaction.session
        found = session.rows(texts.revision(session.language), {})
        if not found:
            return None
        [(revision, live)] = found
        self._transaction.keys.live = live
        return int(revision)

    def aggregate(self, query: Aggregate) -> Sequence[Group]:
        """Compute measures in the database; only a quantile's last step is done here."""
        shape = rows.OF.get(query.of) or BESIDE_LEADS.get(query.of)
        if shape is None:
            raise InvalidInput.at("of", "unknown_table", "there is no such kind of noun")
        for kind in shape.made_of:
            self._transaction.flush_for(kind)
        return in_order(aggregates.groups(query, shape, self._transaction.session))
