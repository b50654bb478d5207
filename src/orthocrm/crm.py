"""The composition root: `connect` wires a backend, keys, plug-ins and a clock to the verbs."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from attrs import evolve

from orthocrm import opening
from orthocrm.access.passwords import OWASP, HashCost, checked_cost
from orthocrm.checking.place import Place
from orthocrm.checking.waiting import Waiting, waiting
from orthocrm.core.actor import Actor, Role
from orthocrm.core.errors import (
    BackendError,
    ConfigurationError,
    Conflict,
    InvalidInput,
    NotFound,
)
from orthocrm.core.events import Event
from orthocrm.core.finding import Finding
from orthocrm.core.ids import ClinicId, UuidV7
from orthocrm.core.lead import Lead
from orthocrm.core.outside import NOTHING_OUTSIDE, Outside
from orthocrm.core.ports import (
    AdmitsRoles,
    Backend,
    CheckpointSink,
    Clock,
    IdSource,
    KeyProvider,
    PatientRegistry,
    Signer,
    TellsOfCommits,
    Watch,
)
from orthocrm.core.settings import Clinic, Practice, Settings
from orthocrm.core.tracing import NO_TRACES, Tracer
from orthocrm.desk import Desk
from orthocrm.hooks import Failure, Plugins
from orthocrm.rounds.worked import Worked, never
from orthocrm.services.analytics import brought
from orthocrm.services.analytics.brought import OurMetrics
from orthocrm.services.answers import KeptAnswers
from orthocrm.services.intelligence import tones
from orthocrm.services.intelligence.tones import OurReaders
from orthocrm.services.leads import receiving
from orthocrm.services.leads.receiving import OurChannels
from orthocrm.services.live.marks import MOST, Mark
from orthocrm.services.office import Office
from orthocrm.services.privacy import sealing
from orthocrm.services.privacy.witness import Witness
from orthocrm.services.scheduling import links
from orthocrm.services.scheduling.glances import Glances
from orthocrm.services.scheduling.known import KnownHours
from orthocrm.services.settings import clinics

if TYPE_CHECKING:
    from orthocrm.rounds.carrying import Carriers
    from orthocrm.services.access.entrance import Entrance
    from orthocrm.services.inbox.desk import Processed
    from orthocrm.services.live.reading import News

_LOG = logging.getLogger("orthocrm")


class Ticking:
    """The watch over a backend that tells of no commits: one looks twice a second."""

    def wait(self, seconds: float) -> None:
        """Wait for half a second, or less."""
        time.sleep(min(seconds, 0.5))


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
    tracer: Tracer = NO_TRACES,
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
        tracer: is told of verbs, units of work and rounds, such as `orthocrm.observing.Spans`.

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
    brought.check(found)
    tones.check(found)
    provider = None if allow_plaintext else keys
    backend = opening.backend(url, provider, found, allow_plaintext=allow_plaintext)
    sink = checkpoints or opening.found_sink()
    if sink is not None and signer is None:
        signer = opening.found_signer(url, provider, allow_plaintext=allow_plaintext)
    return OrthoCRM(
        backend=backend,
        plugins=found,
        patients=patients or LocalPatients(),
        clock=clock,
        ids=ids or UuidV7(),
        outside=opening.with_secrets(outside),
        hash_cost=checked_cost(hash_cost),
        witness=Witness(sink=sink, signer=signer) if sink and signer else None,
        place=Place(file=opening.file_of(url), is_plain=allow_plaintext),
        tracer=tracer,
    )


class OrthoCRM:
    """An open installation: its clinics, and desks for actors. Close it, or use it in a `with`.

    `access` lets people and programs in before there is an actor; `answers` knows requests that
    come again.
    """

    def __init__(  # noqa: PLR0913 - the parts that `connect` has found
        self,
        *,
        backend: Backend,
        plugins: Plugins,
        patients: PatientRegistry,
        clock: Clock,
        ids: IdSource,
        outside: Outside = NOTHING_OUTSIDE,
        witness: Witness | None = None,
        hash_cost: HashCost = OWASP,
        place: Place | None = None,
        tracer: Tracer = NO_TRACES,
    ) -> None:
        self._place = place or Place()
        self._backend = backend
        self._units = units = opening.traced(backend, tracer)
        self.tracer = tracer
        self._plugins = plugins
        self._patients = patients
        self._clock = clock
        self._ids = ids
        self._outside = outside
        self._witness = witness
        self._witnessed: set[ClinicId] = set()
        self._practices: dict[ClinicId, Practice] = {}
        self._glances = Glances()
        self._hours = KnownHours()
        self._hash_cost = hash_cost
        self.answers = KeptAnswers(backend=units, clock=clock, ids=ids)

    def __enter__(self) -> Self:
        return self

    @cached_property
    def access(self) -> "Entrance":
        """What lets people and programs in, before there is an actor."""
        from orthocrm.services.access.entrance import Entrance  # noqa: PLC0415 - slow import

        return Entrance(backend=self._units, clock=self._clock, ids=self._ids, cost=self._hash_cost)

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
                backend=self._units,
                actor=actor,
                clock=self._clock,
                ids=self._ids,
                plugins=self._plugins,
                patients=self._patients,
                practices=self._practices,
                after_commit=self._after_commit,
                outside=self._outside,
                witness=self._witness,
                glances=self._glances,
                hours=self._hours,
                hash_cost=self._hash_cost,
                tracer=self.tracer,
            )
        )

    def with_link(self, token: str) -> Desk:
        """Give the desk of the patient whom a link of `desk.scheduling.make_link` lets in.

        Raises:
            InvalidInput: nobody here has written this token. Each verb refuses once the link has
                run out or was revoked.
        """
        return self.acting_as(links.read(self._units, self._outside.secrets, token))

    def calendar_feed(self, token: str) -> str:
        """Give the iCalendar text of the feed that a token of `desk.scheduling.feed` opens.

        Raises:
            InvalidInput: the token opens nothing: revoked, replaced, or never one.
        """
        from orthocrm.scheduling.ical.feeds import no_feed  # noqa: PLC0415 - slow import
        from orthocrm.services.scheduling import calendars  # noqa: PLC0415 - slow import

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
        from orthocrm.rounds.clinic import Round  # noqa: PLC0415 - slow import

        total = Worked()
        for clinic in self._backend.clinics():
            if stop():
                break
            actor = Actor.system(Role.WORKER, clinic.id)
            office = evolve(self.acting_as(actor).office, idle=[])
            with self.tracer.span("round", {"orthocrm.clinic": clinic.id}):
                total += Round(
                    clinic=clinic,
                    desk=Desk(office=office),
                    carriers=self._carriers,
                    tell=self._deliver,
                    stop=stop,
                    account=office.account,
                    tracer=self.tracer,
                    tends_trail=partial(self._tends_trail, clinic.id),
                    keys_wait=partial(self._keys_wait, clinic.id),
                    is_as_witnessed=partial(self._is_as_witnessed, clinic.id),
                ).run()
        return total

    def process_inbox(
        self, clinic: ClinicId | None = None, stop: Callable[[], bool] = never
    ) -> "Processed":
        """Work off what others delivered, in one clinic or in all; `work` does so too."""
        from orthocrm.services.inbox.desk import Processed  # noqa: PLC0415 - slow import

        clinics = [one.id for one in self._backend.clinics()] if clinic is None else [clinic]
        total = Processed()
        for one in clinics:
            if stop():
                break
            total += self.acting_as(Actor.system(Role.WORKER, one)).inbox.process(stop)
        return total

    @cached_property
    def _carriers(self) -> "Carriers":
        from orthocrm.rounds.carrying import Carriers  # noqa: PLC0415 - slow import

        return Carriers(self._plugins.notifiers)

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
        from orthocrm.checking.survey import Survey  # noqa: PLC0415 - slow import

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

    def news(self, clinic: ClinicId, after: Mark | None, most: int = MOST) -> "News":
        """Read what happened in a clinic after a mark, whoever may see it, and leave no entry.

        This is for faces that tell it on, to each actor what `Desk.sight` lets them see; everybody
        else asks `desk.live.since`. Without a mark it gives the one to begin from.
        """
        from orthocrm.services.live import reading  # noqa: PLC0415 - slow import

        with self._backend.begin(clinic) as store:
            return reading.news(store, after, most)

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """Watch for commits, for one thread that reads the news after each."""
        if isinstance(self._backend, TellsOfCommits):
            with self._backend.watch() as watch:
                yield watch
        else:
            yield Ticking()

    def close(self) -> None:
        """Give back connections and files."""
        self._backend.close()

    def _after_commit(self, clinic: ClinicId, events: Sequence[Event]) -> None:
        """Tell the plug-ins; should that fail, the verb is done and its events wait for `work`."""
        if events and isinstance(self._backend, TellsOfCommits):
            self._backend.announce()
        if not any(self._plugins.listens(event.kind) for event in events):
            return
        try:
            self._deliver(clinic)
        except (BackendError, Conflict):  # causes may quote personal data, so they are not logged
            _LOG.warning("the events of clinic %s could not be told yet", clinic)

    def _is_as_witnessed(self, clinic: ClinicId) -> bool:
        """Whether a trail agrees with its last checkpoint; who has agreed once is not asked again.

        A backup is put back while no process works with the database.
        """
        if self._witness is None or clinic in self._witnessed:
            return True
        with self._units.begin(clinic) as store:
            agrees = sealing.is_as_witnessed(store, self._witness)
        if agrees:
            self._witnessed.add(clinic)
        return agrees

    def _deliver(self, clinic: ClinicId) -> tuple[Failure, ...]:
        if not self._is_as_witnessed(clinic):
            _LOG.error("clinic %s: events wait, the trail does not agree with its witness", clinic)
            return ()
        from orthocrm.services.notifications import delivery  # noqa: PLC0415 - slow import

        post = delivery.Post(
            backend=self._units,
            plugins=self._plugins,
            clock=self._clock,
            ids=self._ids,
            practices=self._practices,
        )
        failures = delivery.deliver(post, clinic)
        for failure in failures:
            _LOG.error("plug-in %s: %s raised %s", failure.plugin, failure.kind, failure.error)
        return failures
