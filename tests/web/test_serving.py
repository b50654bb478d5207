"""`orthocrm serve`: a server of its own, over a database on disk, until it is told to end."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orthocrm import Actor, Role, connect
from orthocrm.access.keys import NewKey
from orthocrm.core.actor import Permission
from orthocrm.core.ids import UserId
from orthocrm.services.access.users import NewUser

START = "import sys; from orthocrm.cli import main; main(sys.argv[1:])"


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/practice.db"


@pytest.fixture
def key(database: str) -> str:
    """An API key of a practice on disk."""
    with connect(database) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        desk = crm.acting_as(Actor(user=UserId("boss"), clinic=clinic.id, roles={Role.ADMIN}))
        user = UserId("importer")
        desk.access.add_user(NewUser(id=user, name="Importer", roles=(Role.ADMIN,)))
        scopes = (Permission.LEAD_READ, Permission.LEAD_CREATE)
        return desk.access.make_key(NewKey(name="Import", user=user, scopes=scopes)).token


@pytest.fixture
def address(database: str, key: str) -> Iterator[str]:
    """Where a server listens on the loopback, as it prints it."""
    del key  # the database has to be there before
    command = [sys.executable, "-c", START, "serve", "--db", database, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip().removesuffix("/api/openapi.json")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=60)


def test_a_server_serves_its_database_until_it_is_ended(
    address: str, key: str, database: str
) -> None:
    with httpx.Client(base_url=address, timeout=60) as client:
        assert client.get("/api/health").json() == {"status": "ok"}
        refused = client.get("/api/leads")
        assert (refused.status_code, refused.headers.get("server")) == (401, None)
        client.headers["Authorization"] = f"Bearer {key}"
        made = client.post("/api/leads", json={"firstName": "Maria", "phone": "312-555-0142"})
        assert made.status_code == 201
        assert client.get("/api/users").status_code == 403
    with connect(database) as crm:
        desk = crm.acting_as(Actor.system(Role.OPERATOR, crm.clinics()[0].id))
        assert desk.leads.get(made.json()["lead"]["id"]).contact.first_name == "Maria"
