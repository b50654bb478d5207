"""Loads `orthocrm serve` with two workers, on PostgreSQL and on SQLite.

Eight clinics, ten API keys in each, and as many addresses behind one proxy, so that the limits of
`orthocrm serve` stay as they are. Captures, reads of one lead and pages of 50 are asked for as fast
as answers come, and then at half of that rate at set times, whether or not the answers before have
come. The generator shares the machine with server and database: how much of a processor the workers
and the database used for a request is told therefore beside each rate.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from time import monotonic, sleep
from urllib.parse import urlsplit

from attrs import frozen
from rich.console import Console
from rich.table import Table

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import people
from benchmarks.asking import Ask, Asked, at_times, closely
from benchmarks.engines import Engine, Sqlite, serving
from benchmarks.practice import desk, founded
from benchmarks.processes import Used, children, command, used
from orthocrm import Captured, OrthoCRM, Role, connect
from orthocrm.access.keys import NewKey
from orthocrm.core.actor import Permission
from orthocrm.core.ids import UserId
from orthocrm.privacy.keys import KEY_BYTES, VARIABLE
from orthocrm.services.access.users import NewUser

CLINICS = 8
KEYS = 10
KNOWN = 250
WORKERS = 2
TARGETS = {"captures": 250, "reads of one lead": 1_000, "pages of 50": 400}
_SCOPES = (Permission.LEAD_READ, Permission.LEAD_CREATE)
_START = "import sys; from orthocrm.cli import main; main(sys.argv[1:])"


@frozen
class Client:
    """One API key, at an address of its own, and the leads of its clinic."""

    token: str
    address: str
    leads: Sequence[str]

    def request(self, method: str, path: str, body: bytes = b"", more: str = "") -> bytes:
        """Give the bytes of a request."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
            f"X-Forwarded-For: {self.address}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@frozen
class Server:
    """A running `orthocrm serve`, and the processes that work for it."""

    host: str
    port: int
    workers: Sequence[int]
    database: int | None

    def used(self) -> tuple[Used, Used]:
        """Tell what the workers and the database have used."""
        serving_it = [] if self.database is None else [self.database, *children(self.database)]
        return used(self.workers), used(serving_it)


@frozen(kw_only=True)
class Line:
    """What one kind of request came to."""

    engine: str
    case: str
    full: Asked
    half: Asked
    before: tuple[Used, Used]
    between: tuple[Used, Used]
    after: tuple[Used, Used]


def main(given: Sequence[str] | None = None) -> int:
    """Measure, and show a table."""
    parser = argparse.ArgumentParser(prog="benchmarks/load.py", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="of each load; 600 for an hour")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--only", choices=("PostgreSQL", "SQLite"), help="one engine")
    asked = parser.parse_args(given)
    begun = os.getloadavg()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="orthocrm-load-") as name:
        directory = Path(name)
        os.environ[VARIABLE] = f"1 {b64encode(os.urandom(KEY_BYTES)).decode()}"
        with serving(directory) as postgres:
            for engine in (postgres, Sqlite(directory=directory)):
                if asked.only in (None, engine.name):
                    lines += _measured(engine, asked.seconds, asked.connections)
    _show(lines, begun)
    return int(any(line.full.errors or line.half.errors for line in lines))


def _measured(engine: Engine, seconds: float, connections: int) -> Iterator[Line]:
    url = engine.pair().url
    with connect(url, discover_plugins=False) as crm:
        crm.migrate()
        clients = _clients(crm)
    with _server(engine, url) as server:
        for case, ask in _cases(clients).items():
            asyncio.run(closely(server.host, server.port, connections, 3, ask))  # warms up
            before = server.used()
            full = asyncio.run(closely(server.host, server.port, connections, seconds, ask))
            between, rate = server.used(), max(1.0, full.rate / 2)
            half = asyncio.run(
                at_times(server.host, server.port, 2 * connections, seconds, rate, ask)
            )
            yield Line(
                engine=engine.name,
                case=case,
                full=full,
                half=half,
                before=before,
                between=between,
                after=server.used(),
            )


def _clients(crm: OrthoCRM) -> list[Client]:
    clients: list[Client] = []
    for number in range(CLINICS):
        clinic = founded(crm)
        admin = desk(crm, clinic, Role.ADMIN, "adm")
        enquiries = [people.enquiry(number * KNOWN + each) for each in range(KNOWN)]
        made = admin.leads.capture_many(enquiries)
        leads = [one.lead.id for one in made if isinstance(one, Captured)]
        for key in range(KEYS):
            user = UserId(f"program-{key}")
            admin.access.add_user(NewUser(id=user, name="Program", roles=(Role.ADMIN,)))
            issued = admin.access.make_key(NewKey(name="Load", user=user, scopes=_SCOPES))
            clients.append(Client(issued.token, f"10.0.{number}.{key}", leads))
    return clients


def _cases(clients: Sequence[Client]) -> dict[str, Ask]:
    drawn, numbers = Random(0), count(CLINICS * KNOWN)

    def capture() -> tuple[bytes, int]:
        number = next(numbers)
        more = f"Content-Type: application/json\r\nIdempotency-Key: load-{number}\r\n"
        return drawn.choice(clients).request("POST", "/api/leads", _body(number), more), 201

    def read() -> tuple[bytes, int]:
        client = drawn.choice(clients)
        return client.request("GET", f"/api/leads/{drawn.choice(client.leads)}"), 200

    def page() -> tuple[bytes, int]:
        return drawn.choice(clients).request("GET", "/api/leads?size=50&mine=false"), 200

    return dict(zip(TARGETS, (capture, read, page), strict=True))


def _body(number: int) -> bytes:
    given = people.family(number)
    told = {
        "firstName": given.first_name,
        "lastName": given.last_name,
        "patientFirstName": given.child,
        "patientLastName": given.last_name,
        "patientDob": given.born_on.isoformat(),
        "patientRelationship": "CHILD",
        "phone": given.phone,
        "email": given.email,
        "addressLine1": given.street,
        "city": "Chicago",
        "postalCode": given.postal_code,
        "notes": "Asked for a time after school",
    }
    return json.dumps(told).encode()


@contextmanager
def _server(engine: Engine, url: str) -> Iterator[Server]:
    order = ["serve", "--db", url, "--port", "0", "--workers", str(WORKERS), "--proxies", "1"]
    with subprocess.Popen([sys.executable, "-c", _START, *order], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        try:
            address = urlsplit(run.stdout.readline().decode())
            assert address.hostname is not None
            assert address.port is not None
            yield Server(address.hostname, address.port, _workers(run.pid), _postmaster(engine))
        finally:
            run.send_signal(signal.SIGTERM)
            run.wait()


def _workers(parent: int) -> list[int]:
    end = monotonic() + 60
    while monotonic() < end:
        found = [child for child in children(parent) if "spawn_main" in command(child)]
        if len(found) == WORKERS and used(found).seconds > WORKERS:  # they have imported everything
            return found
        sleep(0.5)
    raise SystemExit("the workers do not start")


def _postmaster(engine: Engine) -> int | None:
    directory = getattr(engine, "socket_directory", None)
    if directory is None:
        return None
    (lock,) = Path(directory).glob(".s.PGSQL.*.lock")
    return int(lock.read_text().split()[0])


def _show(lines: Sequence[Line], begun: tuple[float, ...]) -> None:
    table = Table("on", "what", "per s", "wanted", "p50 ms", "p99 ms", "errors")
    for name in ("half: p50", "p99", "errors", "worker ms", "database ms", "MB at begin", "end"):
        table.add_column(name, justify="right")
    for line in lines:
        answers = len(line.full.took)
        costs = [
            (after.seconds - before.seconds) * 1_000 / answers
            for before, after in zip(line.before, line.between, strict=True)
        ]
        table.add_row(
            *(line.engine, line.case, f"{line.full.rate:,.0f}", f"{TARGETS[line.case]:,}"),
            *(f"{line.full.within(0.5):,.0f}", f"{line.full.within(0.99):,.0f}"),
            *(_errors(line.full), f"{line.half.within(0.5):,.0f}"),
            *(f"{line.half.within(0.99):,.0f}", _errors(line.half)),
            *(f"{cost:.2f}" for cost in costs),
            *(f"{one.memory:,.0f}" for one in (line.before[0], line.after[0])),
        )
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    loads = [", ".join(f"{one:.1f}" for one in load) for load in (begun, os.getloadavg())]
    console.print(f"load of the machine: {loads[0]} before, {loads[1]} after", highlight=False)


def _errors(asked: Asked) -> str:
    return ", ".join(f"{count} x {status}" for status, count in asked.refused.items()) or "none"


if __name__ == "__main__":
    sys.exit(main())
