"""The examples that mount the API into a practice's own application, each as a process."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from attrs import frozen

from orthocrm import Actor, Role, connect

EXAMPLES = Path(__file__).parents[2] / "examples"
FAMILY = {"firstName": "Maria", "lastName": "Lopez", "phone": "312-555-0142"}


@frozen
class Site:
    """A running example: its address, its database, and the passwords that it printed."""

    address: str
    database: str
    passwords: dict[str, str]


@pytest.fixture(params=["fastapi", "django", "flask"], scope="module")
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    database = str(tmp_path_factory.mktemp(request.param) / "practice.db")
    command = [sys.executable, str(EXAMPLES / f"mounted_in_{request.param}.py"), database, "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            address = server.stdout.readline().strip().removesuffix("/crm/api/openapi.json")
            said = [server.stdout.readline().split() for _ in range(2)]
            yield Site(address, database, dict(said))
        finally:
            server.terminate()
            server.wait(timeout=60)


@pytest.fixture
def browser(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.address, timeout=60) as client:
        yield client


def login(browser: httpx.Client, site: Site, user: str) -> None:
    form = {"user": user, "password": site.passwords[user]}
    assert browser.post("/login", json=form).json() == {"user": user}


def test_nobody_is_let_in_without_the_login_of_the_practice(
    site: Site, browser: httpx.Client
) -> None:
    assert browser.get("/crm/api/health").json() == {"status": "ok"}
    assert browser.get("/crm/api/leads").status_code == 401
    assert browser.get("/api/health").status_code == 404
    wrong = browser.post("/login", json={"user": "dana", "password": "guessed"})
    assert wrong.status_code == 401
    assert browser.get("/crm/api/leads").status_code == 401
    del site


def test_a_user_of_the_practice_does_what_the_role_allows(
    site: Site, browser: httpx.Client
) -> None:
    login(browser, site, "rosa")
    made = browser.post("/crm/api/leads", json=FAMILY)
    assert made.status_code == 201
    lead = made.json()["lead"]
    read = browser.get(f"/crm/api/leads/{lead['id']}")
    assert (read.status_code, read.headers["etag"]) == (200, f'"{lead["version"]}"')
    assert browser.get("/crm/api/users").status_code == 403
    with connect(f"sqlite:///{site.database}") as crm:
        desk = crm.acting_as(Actor.system(Role.OPERATOR, crm.clinics()[0].id))
        trail = desk.privacy.trail()
        assert "rosa" in {entry.user for entry in trail.entries}


def test_a_cookie_that_the_practice_did_not_sign_is_nobodys(
    site: Site, browser: httpx.Client
) -> None:
    login(browser, site, "dana")
    assert browser.get("/crm/api/leads").status_code == 200
    (name,) = browser.cookies.keys()
    forged = {"Cookie": f"{name}={browser.cookies[name][:-3]}AAA"}
    refused = httpx.get(f"{site.address}/crm/api/leads", headers=forged, timeout=60)
    assert refused.status_code == 401


def test_the_document_says_where_it_is_mounted(site: Site, browser: httpx.Client) -> None:
    told = browser.get("/crm/api/openapi.json").json()
    assert told["servers"] == [{"url": "/crm"}]
    del site
