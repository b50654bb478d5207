"""Live streams of real servers: two processes, lost connections, ended keys, and shutting down."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import define, frozen

import orthocrm
from orthocrm import Actor, OrthoCRM, Role
from orthocrm.access.keys import NewKey
from orthocrm.core.actor import Permission
from orthocrm.core.ids import ClinicId, KeyId, UserId
from orthocrm.services.access.users import NewUser
from tests.flows.conftest import KEYS
from tests.flows.practice import enquiry
from tests.web.live_server import served_here

ROOT = Path(__file__).parents[2]
follow = runpy.run_path(str(ROOT / "examples" / "follow_events.py"))["follow"]
SCOPES = (Permission.NOTICE_READ, Permission.LEAD_READ, Permission.LEAD_CREATE)


@define
class Listened:
    """What a stream has told so far; `until` reads on to something."""

    lines: Iterator[str]
    last: str | None = None

    def message(self) -> dict[str, str]:
        """Read the next message, heartbeats among them."""
        told: dict[str, str] = {}
        for line in self.lines:
            if not line and told:
                self.last = told.get("id", self.last)
                return told
            name, _, value = line.partition(":")
            if line:
                told[name or "beat"] = value.removeprefix(" ")
        return {"event": "closed"}

    def until(self, wanted: str) -> list[Any]:
        """Read to a kind of happening, or of message, and give all happenings on the way."""
        told = []
        while True:
            message = self.message()
            if "data" in message and "event" not in message:
                told.append({**json.loads(message["data"]), "sent": message["id"]})
            at = message.get("event") or (told[-1]["kind"] if "data" in message else "")
            if at == wanted:
                return told
            assert at != "closed", "the stream ended too early"


@frozen
class Site:
    """A database with a practice, and two servers over it: a process of its own, and this one."""

    crm: OrthoCRM
    clinic: ClinicId
    addresses: tuple[str, str]
    server: subprocess.Popen[str]

    def desk(self) -> orthocrm.Desk:
        """Give the administrator's desk, beside both servers."""
        return self.crm.acting_as(
            Actor(user=UserId("boss"), clinic=self.clinic, roles={Role.ADMIN})
        )

    def key(self, user: str) -> tuple[str, KeyId]:
        """Make a user with a key."""
        access = self.desk().access
        access.add_user(NewUser(id=UserId(user), name=user, roles=(Role.ADMIN,)))
        made = access.make_key(NewKey(name=user, user=UserId(user), scopes=SCOPES))
        return made.token, made.key.id


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)],
)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('live')}/practice.db"
        return
    with request.getfixturevalue("postgres_server").database() as found:
        yield found


@pytest.fixture(scope="module")
def site(url: str) -> Iterator[Site]:
    with orthocrm.connect(url, keys=KEYS, discover_plugins=False) as crm:
        crm.migrate()
        settings = orthocrm.Settings(fallback=UserId("boss"))
        clinic = crm.create_clinic(
            name="Bright Smiles", timezone="America/Chicago", settings=settings
        )
        command = [sys.executable, "-m", "tests.web.live_server", url]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), *sys.path]))}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as server:
            assert server.stdout is not None
            try:
                with served_here(crm) as second:
                    first = server.stdout.readline().strip()
                    yield Site(crm, clinic.id, (first, second), server)
            finally:
                server.terminate()
                server.wait(timeout=600)


@contextmanager
def following(address: str, token: str, last: str | None = None) -> Iterator[Listened]:
    """Open a stream."""
    headers = {"Authorization": f"Bearer {token}", **({"Last-Event-ID": last} if last else {})}
    path = f"{address}/api/events/stream"
    with httpx.stream("GET", path, headers=headers, timeout=600) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        listened = Listened(answer.iter_lines())
        listened.message()
        yield listened


def capture(address: str, token: str, phone: str) -> str:
    """Capture a lead over HTTP."""
    body = {"firstName": "Maria", "lastName": "Lopez", "phone": phone}
    headers = {"Authorization": f"Bearer {token}"}
    made = httpx.post(f"{address}/api/leads", json=body, headers=headers, timeout=600)
    return str(made.json()["lead"]["id"])


def test_two_browsers_at_two_servers_are_told_of_each_other_and_lose_nothing(site: Site) -> None:
    (first, second), (token, _) = site.addresses, site.key("ana")
    with following(first, token) as here, following(second, token) as there:
        lead = capture(first, token, "312-555-0142")
        told = [here.until("lead_captured"), there.until("lead_captured")]
        assert told[0] == told[1]
        assert told[0][-1]["leadIds"] == [lead]
        assert set(told[0][-1]["versions"]) == {lead}
        last = here.last
    missed = [capture(first, token, f"312-555-02{n}") for n in (10, 11, 12)]
    with following(second, token, last) as again:
        desk = site.desk()
        desk.pipeline.move(desk.leads.capture(enquiry()).lead.id, "contacted")
        heard = again.until("stage_changed")
    every = desk.live.since(last, size=500).happenings
    assert [one["id"] for one in heard] == [one["sent"] for one in heard]
    ids = [one.id for one in every]
    assert [one["id"] for one in heard] == ids[: len(heard)]
    captured = [one["leadIds"][0] for one in heard if one["kind"] == "lead_captured"]
    assert captured[:3] == missed


def test_a_stream_ends_with_the_key_that_opened_it_and_stands_on_the_trail_once(
    site: Site,
) -> None:
    token, key = site.key("ben")
    with following(site.addresses[0], token) as stream:
        for _ in range(3):
            assert "beat" in stream.message()
        site.desk().access.revoke_key(key)
        stream.until("end")
        assert stream.message() == {"event": "closed"}
    trail = site.desk().privacy.trail(size=500).entries
    mine = [entry.operation for entry in trail if entry.user == "ben"]
    assert mine.count("live.follow") == 1
    headers = {"Authorization": f"Bearer {token}"}
    refused = httpx.get(f"{site.addresses[0]}/api/events/stream", headers=headers, timeout=600)
    assert refused.status_code == 401


def test_a_caller_has_so_many_streams_and_an_unknown_mark_begins_with_a_reset(site: Site) -> None:
    token, _ = site.key("cleo")
    with following(site.addresses[0], token), following(site.addresses[0], token, "x") as other:
        assert other.message()["event"] == "reset"
        headers = {"Authorization": f"Bearer {token}"}
        more = httpx.get(f"{site.addresses[0]}/api/events/stream", headers=headers, timeout=600)
        assert (more.status_code, more.json()["code"]) == (429, "too_many_streams")
        with following(site.addresses[1], token):
            pass


def test_the_example_goes_on_after_what_it_heard_last(site: Site) -> None:
    token, _ = site.key("emil")
    last = site.desk().live.since().mark
    lead = capture(site.addresses[1], token, "312-555-0399")
    heard = follow(site.addresses[1], token, last)
    first = next(one for one in heard if one["kind"] == "lead_captured")
    heard.close()
    assert first["leadIds"] == [lead]


def test_a_server_ends_its_streams_when_it_is_told_to_end(site: Site) -> None:
    token, _ = site.key("dora")
    with following(site.addresses[0], token) as stream:
        site.server.terminate()
        while stream.message().get("event") != "closed":
            pass
    site.server.wait(timeout=600)
