"""A process to be killed: it says `ready`, does one kind of work, and tells what is done.

Run as `python victim.py WORK URL [ARGUMENT …]`, with the keys in the environment.
"""

import os
import signal
import sys
import threading
import time
import urllib.request
import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import sqlalchemy as sa

import orthocrm
from orthocrm import (
    Actor,
    Desk,
    Intake,
    Letter,
    MessageChannel,
    NewAppointment,
    OrthoCRM,
    Role,
    Sent,
    hook,
)
from orthocrm.backends.sql import migrations
from orthocrm.core.errors import BackendError, Conflict
from orthocrm.core.ids import ClinicId, LeadId, UserId
from orthocrm.core.notifying import Notifier
from orthocrm.leads.mapping import LeadMapping, parse
from orthocrm.services.followups import daily, sequences, timed
from orthocrm.services.imports import desk as imports
from orthocrm.services.work import everything

BATCH = 50
PAUSE_SECONDS = 0.05
"""How long a worker rests between rounds; on SQLite one that never does keeps others away."""

MAPPING = """
kind = "leads"
key = "external_ref"
follow_up = true
[columns]
external_ref = "ref"
first_name = "first"
last_name = "last"
phone = "phone"
email = "email"
"""


def tell(text: str) -> None:
    """Say something that outlives us."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def enquiry(number: int) -> Intake:
    """Give an enquiry that shares its phone with the one before or after it."""
    return Intake(
        first_name="Ann",
        last_name=f"Lee{number}",
        phone=f"+1 312 555 {number // 2 % 10_000:04}",
        email=f"ann{number}@example.com",
    )


def desk(url: str, clinic: str) -> Desk:
    """Open the installation as somebody who may do everything."""
    crm = orthocrm.connect(url, discover_plugins=False)
    return crm.acting_as(Actor.system(Role.OPERATOR, ClinicId(clinic)))


def capture(url: str, clinic: str, pause: str = "0") -> None:
    """Capture one lead after the other, and tell the id of each; rest for so many seconds."""
    here = desk(url, clinic)
    tell("ready")
    number = 0
    while True:
        tell(here.leads.capture(enquiry(number)).lead.id)
        number += 1
        time.sleep(float(pause))


def persist(url: str, clinic: str, name: str) -> None:
    """Capture one lead after the other under keys of its own, each again until it is taken."""
    here = desk(url, clinic)
    tell("ready")
    number = 0
    while True:
        try:
            given = attrs.evolve(enquiry(number), delivery_key=f"{name}-{number}")
            captured = here.leads.capture(given).lead.id
        except (BackendError, Conflict):
            time.sleep(PAUSE_SECONDS)
            continue
        tell(captured)
        number += 1


class Rows:
    """A file of leads that is made while it is read."""

    def __init__(self, rows: int) -> None:
        self._lines = self._made(rows)
        self._held = b""

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        while size < 0 or len(self._held) < size:
            line = next(self._lines, b"")
            if not line:
                break
            self._held += line
        given, self._held = (self._held, b"") if size < 0 else self._cut(size)
        return given

    def _cut(self, size: int) -> tuple[bytes, bytes]:
        return self._held[:size], self._held[size:]

    def _made(self, rows: int) -> Iterator[bytes]:
        yield b"ref,first,last,phone,email\n"
        for i in range(rows):
            yield f"r-{i},Ann,Lee{i},+1312{5_550_000 + i},ann{i}@example.com\n".encode()


def leads() -> LeadMapping:
    """Give the mapping of the rows."""
    mapping = parse(MAPPING)
    assert isinstance(mapping, LeadMapping)
    return mapping


def load(url: str, clinic: str, rows: str, batch: str = str(BATCH)) -> None:
    """Import a file in batches, and tell how many rows are done after each."""
    imports.BATCH = int(batch)
    here = desk(url, clinic)
    stream: Any = Rows(int(rows))
    tell("ready")
    here.imports.run(stream, leads(), progress=lambda done: tell(str(done)))


def measure(url: str, clinic: str, rows: str) -> None:
    """Import a file, and tell the most memory that the process ever held, in megabytes."""
    import resource  # noqa: PLC0415 - not on every system

    load(url, clinic, rows, "1000")
    tell(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))


def follow_up(url: str, batch: str) -> None:
    """Do what waits, in small batches, again and again, also when the database was too busy."""
    timed.BATCH = sequences.BATCH = daily.BATCH = int(batch)
    tell("ready")
    while True:
        try:
            with orthocrm.connect(url, discover_plugins=False) as crm:
                crm.work()
        except BackendError:
            continue


class Post:
    """A carrier that takes a moment, and names each letter to the server as idempotency keys do."""

    channel = MessageChannel.EMAIL
    seconds = 10.0

    def __init__(self, server: str) -> None:
        self._server = server

    @hook
    def register_notifiers(self) -> dict[str, Notifier]:
        return {"post": self}

    def send(self, letter: Letter) -> Sent:
        """Hand a letter over."""
        time.sleep(0.02)
        headers = {"Idempotency-Key": letter.identity}
        request = urllib.request.Request(self._server, b"letter", headers)  # noqa: S310 - our own server
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return Sent(ref=str(answer.status))


def sender(url: str, server: str, later: str) -> OrthoCRM:
    """Open the installation with the carrier, so many seconds later than it is."""
    shift = timedelta(seconds=int(later))
    return orthocrm.connect(
        url,
        discover_plugins=False,
        plugins=[Post(server)],
        clock=lambda: datetime.now(UTC) + shift,
    )


def nursery(url: str, server: str, later: str) -> None:
    """Bear a worker for each line that is read, and tell its process; none outlives this one.

    They begin to work at once, since everything that takes time to import is there already.
    """
    sa.make_url(url).get_dialect().import_dbapi()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    mother = os.getpid()
    tell("ready")
    while sys.stdin.readline():
        child = os.fork()
        if child == 0:
            crm = sender(url, server, later)
            while os.getppid() == mother:
                crm.work()
                time.sleep(PAUSE_SECONDS)
            os._exit(0)
        tell(str(child))


def work(url: str, server: str, later: str) -> None:
    """Work without end, so many seconds later than it is."""
    crm = sender(url, server, later)
    crm.clinics()
    tell("ready")
    sys.stdin.readline()
    while True:
        crm.work()
        time.sleep(PAUSE_SECONDS)


def rotate(url: str, clinic: str) -> None:
    """Bring rows under new keys, a few at a time, without end."""
    here = desk(url, clinic)
    tell("ready")
    while True:
        with suppress(Conflict):
            here.keys.move(most=3)
        time.sleep(PAUSE_SECONDS / 10)


def migrate(url: str, statement: str = "0") -> None:
    """Migrate, and be killed before the statement of that number (from 1) reaches the database."""
    wanted, seen = int(statement), 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    assert migrations.scripts().get_heads()
    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    tell("ready")
    sys.stdin.readline()
    with orthocrm.connect(url, discover_plugins=False) as crm:
        crm.migrate()
    tell(str(seen))


class Teller:
    """A carrier that says which letters it was given."""

    channel = MessageChannel.EMAIL
    seconds = 10.0

    @hook
    def register_notifiers(self) -> dict[str, Notifier]:
        return {"post": self}

    def send(self, letter: Letter) -> Sent:
        """Say the key."""
        tell(f"letter {letter.key}")
        return Sent(ref=letter.key)


def elsewhen(url: str, later: str, zones: str = "") -> None:
    """Work one round so many seconds later, with other zone data; tell letters and local times."""
    if zones:
        zoneinfo.reset_tzpath([zones])
    shift = timedelta(seconds=int(later))
    with orthocrm.connect(
        url, discover_plugins=False, plugins=[Teller()], clock=lambda: datetime.now(UTC) + shift
    ) as crm:
        tell("ready")
        crm.work()
        for clinic in crm.clinics():
            with crm._backend.begin(clinic.id) as store:
                for one in sorted(everything(store.appointments), key=lambda one: one.starts_at):
                    tell(f"visit {one.starts_at.isoformat()} {one.wall_time.isoformat()}")


class Deadly:
    """A plug-in that ends the process, or never comes back, at a hook of its choice."""

    def __init__(self, at: str, how: str) -> None:
        self._at, self._how = at, how

    def _strike(self, hook_name: str) -> None:
        if hook_name != self._at:
            return
        tell("struck")
        if self._how == "exit":
            os._exit(3)
        threading.Event().wait()

    @hook
    def before_stage_change(self) -> None:
        self._strike("before_stage_change")

    @hook
    def before_booking(self) -> None:
        self._strike("before_booking")

    @hook
    def stage_changed(self) -> None:
        self._strike("stage_changed")


def struck(url: str, clinic: str, lead: str, at: str, how: str) -> None:
    """Move a lead and book for it while a plug-in strikes."""
    plugins = [Deadly(at, how)]
    with orthocrm.connect(url, discover_plugins=False, plugins=plugins) as crm:
        here = crm.acting_as(Actor.system(Role.OPERATOR, ClinicId(clinic)))
        tell("ready")
        here.pipeline.move(LeadId(lead), "contacted")
        starts_at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=1)
        here.scheduling.book(
            NewAppointment(
                type="consultation",
                lead_id=LeadId(lead),
                starts_at=starts_at,
                provider=UserId("dr"),
                is_manual=True,
            )
        )
        tell("survived")


WORKS: dict[str, Callable[..., None]] = {
    "capture": capture,
    "elsewhen": elsewhen,
    "follow_up": follow_up,
    "load": load,
    "measure": measure,
    "migrate": migrate,
    "nursery": nursery,
    "persist": persist,
    "rotate": rotate,
    "struck": struck,
    "work": work,
}

if __name__ == "__main__":
    WORKS[sys.argv[1]](*sys.argv[2:])
