"""Gathers what the rules judge: asks the database, the files beside it, and every clinic."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from attrs import frozen

from orthocrm.checking import rules
from orthocrm.checking.place import Place
from orthocrm.checking.rules import OLD, Queues
from orthocrm.core.audit import OutboxItem, OutboxState
from orthocrm.core.errors import BackendError, MigrationNeeded, MissingKey, OrthoCRMError
from orthocrm.core.finding import Finding, failing, fine, warning
from orthocrm.core.ids import ClinicId
from orthocrm.core.inbox import InboundState
from orthocrm.core.messaging import CalendarTarget, Messaging, WebhookTarget
from orthocrm.core.notifying import MessageChannel, MessageState, Notifier, SecretKeeping
from orthocrm.core.ports import Backend, Clock, TellsTime
from orthocrm.core.query import Cond, Page, both
from orthocrm.core.settings import Clinic
from orthocrm.hooks import Plugins
from orthocrm.privacy.verdicts import Verdict
from orthocrm.services.scheduling import keeping

_ANY_KEY = "phone:+10000000000"
"""Nobody's: to look for it, the clinic's own keys have to open."""


class Auditor(Protocol):
    """The part of a desk that checks the audit trail."""

    def verify(self) -> Verdict:
        """Check the whole trail."""
        ...


@frozen(kw_only=True)
class Survey:
    """What is looked at: an installation, as `crm.check()` opens it."""

    backend: Backend
    plugins: Plugins
    clock: Clock
    place: Place
    auditor: Callable[[ClinicId], Auditor]

    def run(self, *, audit: bool) -> Iterator[Finding]:
        """Look at everything; where the database does not answer, there is no more to see."""
        yield from self._files()
        try:
            clinics = self.backend.clinics()
        except MigrationNeeded:
            yield failing("schema", "the schema is not that of this release", "orthocrm migrate")
            return
        except BackendError as error:
            yield failing("database", str(error), "see that it runs and can be reached")
            return
        yield fine("database", "it answers")
        yield fine("schema", "it is that of this release")
        yield rules.clock(datetime.now(UTC), _database_time(self.backend))
        names = {one.timezone for one in clinics if rules.known_zone(one.timezone)}
        yield from rules.zones(clinics, names, _zones_released(), self.clock().date())
        yield from rules.configuration(clinics)
        yield from self._keys(clinics)
        for clinic in clinics:
            yield from self._clinic(clinic, audit=audit)

    def _clinic(self, clinic: Clinic, *, audit: bool) -> Iterator[Finding]:
        lacking = {
            name: _lacking(notifier, clinic.id, clinic.settings.messaging)
            for name, notifier in self.plugins.notifiers.items()
        }
        yield from rules.carriers(clinic, self.plugins.notifiers, lacking)
        try:
            yield from rules.queues(clinic.id, self._queues(clinic.id))
            with self.backend.begin(clinic.id) as store:
                found = keeping.astray(store, clinic.id, self.clock())
            yield from rules.wall_times(clinic.id, found)
            if audit:
                yield _audited(clinic.id, self.auditor(clinic.id).verify())
        except OrthoCRMError as error:
            do = "see the line about keys or the database"
            yield failing("clinic", f"it cannot be read: {error.code}", do, clinic.id)

    def _files(self) -> Iterator[Finding]:
        file = self.place.file
        if file is None or not file.exists():
            return
        beside = sorted(file.parent.glob(f"{file.name}*"))
        yield rules.space(shutil.disk_usage(file.parent).free, file.stat().st_size)
        if os.name == "posix":
            yield from rules.modes({path.name: path.stat().st_mode for path in beside})

    def _keys(self, clinics: Sequence[Clinic]) -> Iterator[Finding]:
        if self.place.is_plain:
            do = "give keys and import anew: personal data belong encrypted"
            yield warning("keys", "personal data are kept in clear", do)
            return
        try:
            for clinic in clinics:
                with self.backend.begin(clinic.id) as store:
                    store.leads.sharing_key([_ANY_KEY])
                    store.leads.find(page=Page(1))
        except MissingKey as error:
            yield failing("keys", str(error), "bring the keys back: nothing opens without them")
        except OrthoCRMError as error:
            yield failing("keys", f"data could not be opened: {error.code}", "look at the database")
        else:
            yield fine("keys", "what is stored opens")

    def _queues(self, clinic: ClinicId) -> Queues:
        old = self.clock() - OLD
        late = both(Cond("state", "eq", MessageState.PENDING), Cond("due_at", "lt", old))
        with self.backend.begin(clinic) as store:
            parked = store.outbox.waiting(OutboxState.PARKED)
            parked_messages = store.messages.count(Cond("state", "eq", MessageState.PARKED))
            late_messages = store.messages.count(late)
            parked_deliveries = store.inbox.count(Cond("state", "eq", InboundState.PARKED))
            late_deliveries = store.inbox.count(late)
        return Queues(
            parked_events=parked,
            late_events=_has_late_events(self.backend, clinic, old),
            parked_messages=parked_messages,
            late_messages=late_messages,
            parked_deliveries=parked_deliveries,
            late_deliveries=late_deliveries,
        )


class _Seen(Exception):
    """Ends a unit of work of which nothing is to be kept."""


def _has_late_events(backend: Backend, clinic: ClinicId, old: datetime) -> bool:
    """Whether an event has been due since before `old`: it is claimed, and given back at once."""
    found: list[OutboxItem] = []
    with suppress(_Seen), backend.begin(clinic) as store:
        found += store.outbox.claim(old, timedelta(minutes=1), 1)
        raise _Seen
    return bool(found)


def _database_time(backend: Backend) -> datetime | None:
    return backend.instant() if isinstance(backend, TellsTime) else None


def _zones_released() -> date | None:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow import

    try:
        return rules.released_on(version("tzdata"))
    except PackageNotFoundError:
        return None


def _lacking(notifier: Notifier, clinic: ClinicId, messaging: Messaging) -> Sequence[str]:
    if not isinstance(notifier, SecretKeeping):
        return ()
    targets: Sequence[WebhookTarget | CalendarTarget] = ()
    if notifier.channel is MessageChannel.WEBHOOK:
        targets = messaging.webhooks
    elif notifier.channel is MessageChannel.CALENDAR:
        targets = messaging.calendars
    return notifier.missing_secrets(clinic, [one.name for one in targets if one.is_active])


def _audited(clinic: ClinicId, verdict: Verdict) -> Finding:
    if verdict.is_sound:
        return fine("audit", f"the trail is sound: {verdict.entries} entries", clinic)
    place = "" if verdict.first_bad is None else f" from position {verdict.first_bad}"
    do = "run orthocrm audit verify, and compare with a backup"
    return failing("audit", f"the trail was tampered with{place}", do, clinic)
