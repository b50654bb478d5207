"""The composition root: `connect` wires a backend, keys, plug-ins and a clock to the verbs."""

import hashlib
import hmac
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from attrs import evolve, field, frozen

from orthocrm.access.passwords import OWASP, HashCost, checked_cost
from orthocrm.checking.survey import Place, Survey
from orthocrm.checking.waiting import Waiting, waiting
from orthocrm.core.actor import Actor, Permission, Role, Scope
from orthocrm.core.errors import (
    BackendError,
    ConfigurationError,
    Conflict,
    InvalidInput,
    MissingKey,
    NotFound,
    UnknownBackend,
)
from orthocrm.core.events import Event
from orthocrm.core.finding import Finding
from orthocrm.core.ids import ClinicId, UuidV7
from orthocrm.core.lead import Lead
from orthocrm.core.outside import NOTHING_OUTSIDE, NoSecrets, Outside
from orthocrm.core.ports import (
    AdmitsRoles,
    Backend,
    CheckpointSink,
    Clock,
    IdSource,
    KeyProvider,
    PatientRegistry,
    Signer,
    Vault,
)
from orthocrm.core.settings import Clinic, Practice, Settings
from orthocrm.hooks import Failure, Plugins
from orthocrm.rounds.carrying import Carriers, never
from orthocrm.rounds.clinic import Round
from orthocrm.rounds.worked import Worked
from orthocrm.scheduling.ical.feeds import no_feed
from orthocrm.services.access.desk import Access
from orthocrm.services.access.entrance import Entrance
from orthocrm.services.analytics import desk as analytics
from orthocrm.services.analytics.desk import Analytics, OurMetrics
from orthocrm.services.assignment.desk import Assignment
from orthocrm.services.cursors import Cursors
from orthocrm.services.followups.desk import FollowUps
from orthocrm.services.imports.desk import Imports
from orthocrm.services.intelligence import tones
from orthocrm.services.intelligence.desk import Intelligence
from orthocrm.services.intelligence.tones import OurReaders
from orthocrm.services.leads import receiving
from orthocrm.services.leads.desk import Leads
from orthocrm.services.leads.receiving import OurChannels
from orthocrm.services.notifications import delivery
from orthocrm.services.notifications.delivery import Post
from orthocrm.services.notifications.desk import Notifications
from orthocrm.services.pipeline.desk import Pipeline
from orthocrm.services.privacy.desk import Privacy
from orthocrm.services.privacy.keyrings import Keys
from orthocrm.services.privacy.witness import Witness
from orthocrm.services.scheduling import calendars, links
from orthocrm.services.scheduling.desk import Scheduling
from orthocrm.services.scheduling.glances import Glances
from orthocrm.services.scheduling.known import KnownHours
from orthocrm.services.settings import clinics
from orthocrm.services.settings.desk import ClinicSettings
from orthocrm.services.sources.desk import Sources
from orthocrm.services.work import Office

_LOG = logging.getLogger("orthocrm")
_MEMORY = "memory"
_SQLITE = "sqlite"
_SQL_SCHEMES = (_SQLITE, "postgresql", "postgresql+psycopg")


class LocalPatients:
    """The `PatientRegistry` of an installation without a host application: one patient per lead."""

    def register(self, lead: Lead) -> str:
        """Name the patient after the lead, so that a repeated call gives the same reference."""
        return f"patient-{lead.id}"


def utc_now() -> datetime:
    """Tell the time: the default `Clock`."""
    return datetime.now(UTC)


def connect(  # noqa: PLR0913 - everything but the address has a default
    url: str,
    *,
    keys: KeyProvider | None = None,
    allow_plaintext: bool = False,
    plugins: Iterable[object] = (),
    discover_plugins: bool = True,
    patients: PatientRegistry | None = None,
    outside: Outside = NOTHING_OUTSIDE,
    checkpoints: CheckpointSink | None = None,
    signer: Signer | None = None,
    clock: Clock = utc_now,
    ids: IdSource | None = None,
    hash_cost: HashCost = OWASP,
) -> "OrthoCRM":
    """Open an installation.

    Args:
        url: `memory://`, `sqlite:///practice.db`, `postgresql+psycopg://user@host/name`, or the
            scheme of a backend that a plug-in registers.
        keys: the outermost keys of the encryption at rest; left open, they are read from the
            environment variable `ORTHOCRM_KEYS`. An embedded SQLite database without either gets
            a key file of its own beside it, readable by its owner only.
        allow_plaintext: store personal data unencrypted instead of asking for keys.
        plugins: plug-ins beside those that are installed under `orthocrm.plugins`.
        discover_plugins: whether to load the installed ones.
        patients: the host application's patients, for conversions.
        outside: what channels ask of the host application: secrets, caller ID, leads that Meta
            announces. Secrets that nobody gives are read from the environment variable
            `ORTHOCRM_SECRETS`; without it nothing signed is accepted.
        checkpoints: where signed checkpoints of the audit trail go; left open, the file that the
            environment variable `ORTHOCRM_CHECKPOINTS` names, and without it none are made.
        signer: who signs them; left open, the key file that `ORTHOCRM_SIGNING_KEY` names, else a
            key that follows from `keys`.
        clock: tells the time; tests give their own.
        ids: draws identities; tests give their own.
        hash_cost: what hashing a password costs; tests make it cheap. Passwords that were hashed at
            another cost open, and are hashed anew when their owner logs in.

    Raises:
        UnknownBackend: no backend for the scheme.
        MissingKey: no key, or a key file that others may read.
        PluginError: a plug-in cannot be loaded or implements a hook that does not exist.

    >>> crm = connect("memory://")
    >>> clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
    >>> clinic.name
    'Bright Smiles'
    """
    ours = (OurChannels(), OurMetrics(), OurReaders())
    found = Plugins([*ours, *plugins], discover=discover_plugins)
    receiving.check(found)
    analytics.check(found)
    tones.check(found)
    provider = None if allow_plaintext else keys
    backend, secret = _backend(url, provider, found, allow_plaintext=allow_plaintext)
    sink = checkpoints or _found_sink()
    if sink is not None and signer is None:
        signer = _found_signer(url, provider, allow_plaintext=allow_plaintext)
    return OrthoCRM(
        backend=backend,
        plugins=found,
        patients=patients or LocalPatients(),
        clock=clock,
        ids=ids or UuidV7(),
        cursors=Cursors(secret),
        outside=_with_secrets(outside),
        hash_cost=checked_cost(hash_cost),
        witness=Witness(sink=sink, signer=signer) if sink and signer else None,
        place=Place(file=_file_of(url), is_plain=allow_plaintext),
    )


def _file_of(url: str) -> Path | None:
    """Name the file of an embedded database; None for any other."""
    name = unquote(url.removeprefix("sqlite:///").partition("?")[0])
    is_file = url.startswith("sqlite:///") and name not in ("", ":memory:")
    return Path(name) if is_file else None


def _found_sink() -> CheckpointSink | None:
    """Give the file of checkpoints that the environment names."""
    from orthocrm.privacy import checkpoint_file  # noqa: PLC0415 - slow import

    path = os.environ.get(checkpoint_file.VARIABLE)
    return checkpoint_file.CheckpointFile(path) if path else None


def _found_signer(url: str, keys: KeyProvider | None, *, allow_plaintext: bool) -> Signer:
    """Find a key for checkpoints that nobody gave: a file of its own, else out of the others."""
    from orthocrm.privacy import signing  # noqa: PLC0415 - slow import

    path = os.environ.get(signing.VARIABLE)
    if path:
        return signing.SigningKeyFile(path)
    if allow_plaintext:
        raise MissingKey(f"give a signer for the checkpoints, or set {signing.VARIABLE}")
    return signing.DerivedSigner(keys or _found_keys(url, url.partition(":")[0]))


def _with_secrets(outside: Outside) -> Outside:
    if not isinstance(outside.secrets, NoSecrets):
        return outside
    from orthocrm.privacy.secrets import environment_secrets  # noqa: PLC0415 - slow import

    return evolve(outside, secrets=environment_secrets())


def _backend(
    url: str, keys: KeyProvider | None, plugins: Plugins, *, allow_plaintext: bool
) -> tuple[Backend, bytes]:
    """Open the backend of a URL, and give the secret that signs cursors."""
    scheme = url.partition(":")[0] if isinstance(url, str) else ""
    brought = plugins.collect("register_backends")
    if scheme in brought:
        return brought[scheme](url), os.urandom(32)
    if scheme == _MEMORY:
        from orthocrm.backends.memory import MemoryBackend  # noqa: PLC0415 - slow import

        return MemoryBackend(), os.urandom(32)
    if scheme not in _SQL_SCHEMES:
        raise UnknownBackend(scheme)
    return _sql(url, scheme, keys, allow_plaintext=allow_plaintext)


def _sql(
    url: str, scheme: str, keys: KeyProvider | None, *, allow_plaintext: bool
) -> tuple[Backend, bytes]:
    from orthocrm.backends.sql import SqlBackend  # noqa: PLC0415 - slow import

    vault, secret = _vault(url, scheme, keys, allow_plaintext=allow_plaintext)
    backend = SqlBackend(url, vault)
    if scheme == _SQLITE:
        backend.migrate()
    return backend, secret


def _vault(
    url: str, scheme: str, keys: KeyProvider | None, *, allow_plaintext: bool
) -> tuple[Vault, bytes]:
    from orthocrm.privacy import cipher  # noqa: PLC0415 - slow import

    if allow_plaintext:
        return cipher.PlainVault(), os.urandom(32)
    provider = keys or _found_keys(url, scheme)
    secret = hmac.digest(provider.key(provider.active()), b"orthocrm cursors", hashlib.sha256)
    return cipher.EnvelopeVault(provider), secret


def _found_keys(url: str, scheme: str) -> KeyProvider:
    """Find the keys that nobody gave: in the environment, or beside an embedded database."""
    from orthocrm.privacy import keys  # noqa: PLC0415 - slow import

    if keys.VARIABLE in os.environ:
        return keys.EnvironmentKeys()
    if scheme == _MEMORY:
        return keys.StaticKeys({1: os.urandom(keys.KEY_BYTES)})
    if scheme != _SQLITE:
        raise MissingKey(f"give keys, set {keys.VARIABLE}, or allow plaintext")
    database = unquote(url.removeprefix("sqlite:///").partition("?")[0])
    if url in ("sqlite://", "sqlite:///") or database == ":memory:":
        return keys.StaticKeys({1: os.urandom(keys.KEY_BYTES)})
    return _key_file(Path(database))


def _key_file(database: Path) -> KeyProvider:
    from orthocrm.privacy import keys  # noqa: PLC0415 - slow import

    path = database.with_name(database.name + ".keys")
    if path.exists():
        return keys.KeyFile(path)
    if database.exists() and database.stat().st_size:
        raise MissingKey(f"{path}: the key file of this database is gone; bring it back")
    made = keys.KeyFile.create(path)
    _LOG.warning("a key file was made; keep a copy, nothing can be read without it: %s", path)
    return made


@frozen(kw_only=True, slots=False)
class Desk:
    """Every verb, on behalf of one actor; each call is one unit of work."""

    office: Office = field(repr=False)

    def rights(self) -> Mapping[Permission, frozenset[Scope]]:
        """Tell what the actor may do, and how far each permission reaches."""
        return self.office.rights()

    def expecting(self, version: int) -> "Desk":
        """Give a desk whose next verb changes a lead, task or appointment of this version only.

        Raises `StaleVersion` when it changed since, and `InvalidInput` when the verb changes none
        of them: nothing is done then.
        """
        return Desk(office=evolve(self.office, expected=version))

    @cached_property
    def leads(self) -> Leads:
        """Capture, look up, edit."""
        return Leads(self.office)

    @cached_property
    def sources(self) -> Sources:
        """Where leads come from."""
        return Sources(self.office)

    @cached_property
    def pipeline(self) -> Pipeline:
        """Move, lose, convert, reopen; the board."""
        return Pipeline(self.office)

    @cached_property
    def assignment(self) -> Assignment:
        """Who takes care of which lead."""
        return Assignment(self.office)

    @cached_property
    def followups(self) -> FollowUps:
        """Activities and tasks."""
        return FollowUps(self.office)

    @cached_property
    def scheduling(self) -> Scheduling:
        """Schedules, free times, appointments."""
        return Scheduling(self.office)

    @cached_property
    def analytics(self) -> Analytics:
        """Numbers and reports."""
        return Analytics(self.office)

    @cached_property
    def intelligence(self) -> Intelligence:
        """What the clinic's own past says, and what to do next."""
        return Intelligence(self.office)

    @cached_property
    def imports(self) -> Imports:
        """Files of leads and of outcomes."""
        return Imports(self.office)

    @cached_property
    def notifications(self) -> Notifications:
        """Notices, consent, and messages on their way."""
        return Notifications(self.office)

    @cached_property
    def privacy(self) -> Privacy:
        """The audit trail."""
        return Privacy(self.office)

    @cached_property
    def access(self) -> Access:
        """Users, API keys and sessions; the own account."""
        return Access(self.office)

    @cached_property
    def keys(self) -> Keys:
        """The keys of the clinic's data, and their replacement."""
        return Keys(self.office)

    @cached_property
    def settings(self) -> ClinicSettings:
        """What the practice decides for itself."""
        return ClinicSettings(self.office)


class OrthoCRM:
    """An open installation: its clinics, and desks for actors. Close it, or use it in a `with`.

    `access` lets people and programs in before there is an actor.
    """

    def __init__(  # noqa: PLR0913 - the parts that `connect` has found
        self,
        *,
        backend: Backend,
        plugins: Plugins,
        patients: PatientRegistry,
        clock: Clock,
        ids: IdSource,
        cursors: Cursors,
        outside: Outside = NOTHING_OUTSIDE,
        witness: Witness | None = None,
        hash_cost: HashCost = OWASP,
        place: Place | None = None,
    ) -> None:
        self._place = place or Place()
        self._backend = backend
        self._plugins = plugins
        self._patients = patients
        self._clock = clock
        self._ids = ids
        self._cursors = cursors
        self._outside = outside
        self._witness = witness
        self._practices: dict[ClinicId, Practice] = {}
        self._glances = Glances()
        self._hours = KnownHours()
        self._carriers = Carriers(plugins.notifiers)
        self._hash_cost = hash_cost
        self.access = Entrance(backend=backend, clock=clock, ids=ids, cost=hash_cost)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def create_clinic(
        self, *, name: str, timezone: str, settings: Settings | None = None
    ) -> Clinic:
        """Set up a practice with the eight default stages and the default sources.

        Args:
            name: up to 100 characters.
            timezone: an IANA zone; reports and business hours follow it.
            settings: what differs from the defaults.
        """
        clinic, event = clinics.create(
            self._backend,
            self._clock,
            self._ids,
            name=name,
            timezone=timezone,
            settings=settings or Settings(),
        )
        self._after_commit(clinic.id, [event])
        return clinic

    def clinics(self) -> tuple[Clinic, ...]:
        """List all clinics of the installation, oldest first: for operators, not for actors."""
        return tuple(self._backend.clinics())

    def acting_as(self, actor: Actor) -> Desk:
        """Give the desk of an actor: every verb within the actor's clinic and rights."""
        if not isinstance(actor, Actor):
            raise InvalidInput.at("actor", "wrong_type", "give an Actor")
        return Desk(
            office=Office(
                backend=self._backend,
                actor=actor,
                clock=self._clock,
                ids=self._ids,
                plugins=self._plugins,
                patients=self._patients,
                practices=self._practices,
                cursors=self._cursors,
                after_commit=self._after_commit,
                outside=self._outside,
                witness=self._witness,
                glances=self._glances,
                hours=self._hours,
                hash_cost=self._hash_cost,
            )
        )

    def with_link(self, token: str) -> Desk:
        """Give the desk of the patient whom a link of `desk.scheduling.make_link` lets in.

        Raises:
            InvalidInput: nobody here has written this token. Each verb refuses once the link has
                run out or was revoked.
        """
        return self.acting_as(links.read(self._cursors.secret, self._outside.secrets, token))

    def calendar_feed(self, token: str) -> str:
        """Give the iCalendar text of the feed that a token of `desk.scheduling.feed` opens.

        Raises:
            InvalidInput: the token opens nothing: revoked, replaced, or never one.
        """
        desk = self.acting_as(calendars.reader(token))
        try:
            return desk.scheduling.read_feed(token)
        except NotFound:
            raise no_feed() from None

    def migrate(self, *, role: str | None = None) -> None:
        """Bring the database schema to this release; embedded databases do so by themselves.

        Args:
            role: on PostgreSQL, the role as which the application connects: it is made when it is
                not there, and may read and write rows of the clinic that a verb is about.

        Raises:
            ConfigurationError: the role would see every clinic, or the backend has no roles.
        """
        self._backend.migrate()
        if role is None:
            return
        if not isinstance(self._backend, AdmitsRoles):
            raise ConfigurationError("role: this backend has no roles")
        self._backend.admit(role)

    def work(self, stop: Callable[[], bool] = never) -> Worked:
        """Do what waits, in every clinic: one round.

        Rules speak whose time has come, sequences go on, what is overdue is told and escalated,
        plug-ins hear of events, and messages go to their carriers. Any number of processes may do
        so at once, as often as they like, and be killed at any time: each effect comes once. What
        fails is logged, counted and left for the next round; other steps and clinics have their
        turn.

        Args:
            stop: asked again and again whether to end early; nothing is left half done.
        """
        total = Worked()
        for clinic in self._backend.clinics():
            if stop():
                break
            total += Round(
                clinic=clinic,
                desk=self.acting_as(Actor.system(Role.WORKER, clinic.id)),
                carriers=self._carriers,
                tell=self._deliver,
                stop=stop,
                tends_trail=partial(self._tends_trail, clinic.id),
                keys_wait=partial(self._keys_wait, clinic.id),
            ).run()
        return total

    def _keys_wait(self, clinic: ClinicId) -> bool:
        """Whether rows of a clinic wait to come under new keys."""
        with self._backend.begin(clinic) as store:
            return store.keyring.waits()

    def _tends_trail(self, clinic: ClinicId) -> bool:
        """Whether there is anything to do for the audit trail: to seal, or to state."""
        if self._witness is not None:
            return True
        with self._backend.begin(clinic) as store:
            return not store.audit.seals_at_once

    def check(self, *, audit: bool = True) -> tuple[Finding, ...]:
        """Look whether all is in order: files, database, keys, clocks, queues, carriers, audit.

        Nothing is changed, and nothing that is told is personal.

        Args:
            audit: whether to check the whole audit trail of every clinic, which takes its time.
        """
        survey = Survey(
            backend=self._backend,
            plugins=self._plugins,
            clock=self._clock,
            place=self._place,
            auditor=lambda clinic: self.acting_as(Actor.system(Role.OPERATOR, clinic)).privacy,
        )
        return tuple(survey.run(audit=audit))

    def waiting(self) -> Waiting:
        """Count the events and messages that wait, in all clinics together: for operators."""
        return waiting(self._backend)

    def close(self) -> None:
        """Give back connections and files."""
        self._backend.close()

    def _after_commit(self, clinic: ClinicId, events: Sequence[Event]) -> None:
        """Tell the plug-ins; should that fail, the verb is done and its events wait for `work`."""
        if not any(self._plugins.listens(event.kind) for event in events):
            return
        try:
            self._deliver(clinic)
        except (BackendError, Conflict):  # causes may quote personal data, so they are not logged
            _LOG.warning("the events of clinic %s could not be told yet", clinic)

    @property
    def _post(self) -> Post:
        return Post(
            backend=self._backend,
            plugins=self._plugins,
            clock=self._clock,
            ids=self._ids,
            practices=self._practices,
        )

    def _deliver(self, clinic: ClinicId) -> tuple[Failure, ...]:
        failures = delivery.deliver(self._post, clinic)
        for failure in failures:
            _LOG.error("plug-in %s: %s raised %s", failure.plugin, failure.kind, failure.error)
        return failures
