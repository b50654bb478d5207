"""A client is generated from the whole document without a complaint, and works with a server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from attrs import frozen

from orthocrm import Actor, Role, connect
from orthocrm.access.keys import NewKey
from orthocrm.core.actor import Permission
from orthocrm.core.ids import UserId
from orthocrm.services.access.users import NewUser
from orthocrm.web.endpoints import ENDPOINTS
from orthocrm.web.openapi.document import document
from orthocrm.web.serving import standing_alone

MORNING = Path(__file__).parents[2] / "examples" / "http_client" / "morning.py"
RUN = "import sys, runpy; runpy.run_path(sys.argv[1])['main'](*sys.argv[2:])"


@frozen
class Running:
    """A server on a port of its own, and a key that it knows."""

    address: str
    key: str


@pytest.fixture
def running() -> Iterator[Running]:
    with connect("memory://", discover_plugins=False) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        desk = crm.acting_as(Actor(user=UserId("boss"), clinic=clinic.id, roles={Role.ADMIN}))
        desk.access.add_user(NewUser(id=UserId("morning"), name="Morning", roles=(Role.ADMIN,)))
        scopes = (Permission.LEAD_READ, Permission.LEAD_CREATE, Permission.LEAD_UPDATE)
        made = desk.access.make_key(NewKey(name="Morning", user=UserId("morning"), scopes=scopes))
        config = uvicorn.Config(standing_alone(crm), port=0, log_config=None, lifespan="off")
        listening = config.bind_socket()
        listening.listen()
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        yield Running(f"http://127.0.0.1:{listening.getsockname()[1]}", made.token)
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that holds the generated package."""
    where = tmp_path_factory.mktemp("client")
    (where / "openapi.json").write_text(json.dumps(document(ENDPOINTS)))
    (where / "config.yml").write_text("post_hooks: []\n")
    command = [
        *(sys.executable, "-c", "from openapi_python_client.cli import app; app()", "generate"),
        *("--path", "openapi.json", "--meta", "none", "--output-path", "practice_api"),
        *("--config", "config.yml", "--fail-on-warning"),
    ]
    told = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    return where


def test_every_endpoint_is_in_the_generated_client(client: Path) -> None:
    modules = (client / "practice_api" / "api").glob("*/[!_]*.py")
    assert len(list(modules)) == len(ENDPOINTS)


def test_the_generated_client_works_with_a_running_server(client: Path, running: Running) -> None:
    told = subprocess.run(
        [sys.executable, "-c", RUN, str(MORNING), running.address, running.key],
        env={**os.environ, "PYTHONPATH": str(client)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stderr == ""
    assert told.stdout.splitlines() == [
        "captured as NEW and not twice",
        "changed",
        "refused: stale_version",
        "email: give an address such as name@example.com",
        "1 lead",
    ]
