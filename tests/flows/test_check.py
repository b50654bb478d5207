"""A check says what is in order and what to do about the rest, on every backend."""

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner

import orthocrm
from orthocrm import MessageChannel, MessageState
from orthocrm.cli import main
from orthocrm.core.finding import Finding, Health
from orthocrm.notifiers.twilio import Twilio
from orthocrm.privacy.keys import StaticKeys
from orthocrm.testing.clock import FrozenClock
from tests.flows.carrying import SMS, Bird, a_practice, put
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.notifiers.arranged import secrets
from tests.security.digest import digest

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be room, however little the machine of the tests has."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**12))


def told(found: tuple[Finding, ...], *healths: Health) -> list[str]:
    return [one.name for one in found if one.health in (healths or tuple(Health))]


def test_what_is_in_order_is_told_line_by_line(house: House) -> None:
    house.lead()
    house.crm.work()
    before = digest(house.crm)
    found = house.crm.check(audit=False)
    names = ["database", "schema", "clock", "zones", "configuration", "keys"]
    names += ["carriers", "queues", "visits"]
    assert [name for name in told(found) if name not in ("space", "files")] == names
    assert told(found, Health.FAILING) == []
    assert digest(house.crm) == before


def test_the_audit_trail_is_checked_unless_left_out(house: House) -> None:
    assert "audit" in told(house.crm.check())
    assert "audit" not in told(house.crm.check(audit=False))


def test_what_waits_for_a_worker_is_told_and_left_as_it_was(house: House) -> None:
    house.lead()
    house.clock.advance(HOUR)
    before = digest(house.crm)
    found = house.crm.check(audit=False)
    (line,) = [one for one in found if one.health is Health.FAILING]
    assert (line.name, line.do, line.clinic) == (
        "queues",
        "start a worker: orthocrm work",
        house.clinic.id,
    )
    assert digest(house.crm) == before
    house.crm.work()
    assert told(house.crm.check(audit=False), Health.FAILING) == []


def test_messages_that_wait_or_are_parked_are_counted(url: str) -> None:
    with a_practice(Bird(), url=url) as house:
        lead = house.lead()
        house.crm.work()
        put(house, lead, due_at=house.clock() - HOUR)
        put(house, lead, state=MessageState.PARKED, channel=SMS)
        says = [f.says for f in house.crm.check(audit=False) if f.name == "queues"]
    assert says == [
        "1 message and no event have been due for over 15 minutes",
        "1 message could not be sent",
    ]


def test_a_carrier_without_its_secret_and_one_that_is_gone_are_named(url: str) -> None:
    bare = Twilio(
        account="AC00000000000000000000000000000001",
        sender="+13125550100",
        secrets=secrets(other="x"),
    )
    carriers = ((SMS, "twilio"), (MessageChannel.EMAIL, "gone"))
    with a_practice(bare, url=url, carriers=carriers) as house:
        found = house.crm.check(audit=False)
    assert [one.says for one in found if one.name == "carriers"] == [
        "there is no carrier gone",
        "twilio has no secret twilio",
    ]


def test_other_keys_are_told(migrated_sqlite_url: str, clock: FrozenClock) -> None:
    with orthocrm.connect(migrated_sqlite_url, keys=KEYS, clock=clock) as crm:
        crm.create_clinic(name="A", timezone="UTC")
    other = StaticKeys({2: bytes(32)})
    with orthocrm.connect(migrated_sqlite_url, keys=other, clock=clock) as crm:
        found = crm.check(audit=False)
    assert "keys" in told(found, Health.FAILING)


def test_a_schema_of_another_release_is_told(postgres_url: str) -> None:
    with orthocrm.connect(postgres_url, keys=KEYS) as crm:
        found = crm.check()
    assert [(one.name, one.health, one.do) for one in found] == [
        ("schema", Health.FAILING, "orthocrm migrate")
    ]


def test_data_in_clear_are_warned_of() -> None:
    with orthocrm.connect("memory://", allow_plaintext=True) as crm:
        assert "keys" in told(crm.check(), Health.WARNING)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "practice.db"
    monkeypatch.setenv("ORTHOCRM_DB", f"sqlite:///{path}")
    run("clinic", "add", "Bright", "--timezone", "UTC")
    return path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def test_the_command_tells_one_line_each_and_what_to_do(database: Path) -> None:
    database.chmod(0o644)
    done = run("check")
    (files,) = [line for line in done.stdout.splitlines() if " files" in line]
    assert files.startswith("warning  files: others on this machine may read practice.db")
    assert "-> chmod 600 practice.db" in files
    assert done.exit_code == 0


def test_the_command_fails_when_something_does_not_work(database: Path) -> None:
    with orthocrm.connect(f"sqlite:///{database}") as crm:
        clinic = crm.clinics()[0]
        settings = evolve(
            clinic.settings,
            messaging=evolve(clinic.settings.messaging, carriers=((SMS, "gone"),)),
        )
        desk = crm.acting_as(orthocrm.Actor.system(orthocrm.Role.OPERATOR, clinic.id))
        desk.settings.change(settings)
    done = run("check", "--json", "--no-audit")
    (line,) = [one for one in json.loads(done.stdout) if one["health"] == "failing"]
    assert (done.exit_code, line["name"], line["clinic"]) == (1, "carriers", clinic.id)
