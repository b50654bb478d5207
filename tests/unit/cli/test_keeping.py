"""`orthocrm keys`, `person` and `retain`: what they do to a database, and what they refuse."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from orthocrm import Desk, OrthoCRM, Retention, Role, crm
from orthocrm.cli import main
from orthocrm.core.actor import Actor
from orthocrm.core.ids import LeadId, UserId
from orthocrm.privacy.keys import KeyFile
from tests.flows.practice import enquiry

Run = Callable[..., Result]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/practice.db"


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    """The file of keys beside the database."""
    return tmp_path / "practice.db.keys"


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("ORTHOCRM_DB", url)

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=typed, catch_exceptions=False)

    run("clinic", "add", "Bright Smiles", "--timezone", "UTC")
    return run


@contextmanager
def desk(url: str, ago: timedelta = timedelta()) -> Iterator[Desk]:
    """Open the database in what stands for another process, now or some time ago."""
    with crm.connect(url, clock=lambda: crm.utc_now() - ago, discover_plugins=False) as opened:
        yield _operator(opened)


def _operator(opened: OrthoCRM) -> Desk:
    (clinic,) = opened.clinics()
    return opened.acting_as(Actor.system(Role.OPERATOR, clinic.id))


@pytest.fixture
def lead(run: Run, url: str) -> LeadId:
    del run  # the clinic is made first
    with desk(url) as operator:
        operator.settings.add_coordinator(UserId("tc-1"), "Ana")
        return operator.leads.capture(enquiry()).lead.id


def test_keys_are_replaced_layer_by_layer_until_the_old_one_can_go(
    run: Run, url: str, ring: Path, lead: LeadId
) -> None:
    old = KeyFile(ring).active()
    assert "nothing waits" in run("keys", "status").output
    added = run("keys", "add", str(ring))
    assert (added.exit_code, "wraps from now on" in added.output) == (0, True)
    refused = run("keys", "drop", str(ring), str(old))
    assert (refused.exit_code, "rotate outermost first" in refused.output) == (2, True)
    for layer in ("leads", "index", "outermost"):
        done = run("keys", "rotate", layer)
        assert (done.exit_code, "keys destroyed" in done.output) == (0, True), done.output
    assert "nothing waits" in run("keys", "status").output
    assert run("keys", "drop", str(ring), str(old)).exit_code == 0
    with desk(url) as operator:
        assert operator.leads.get(lead).contact.last_name == "Lopez"
        assert len(operator.leads.duplicates(enquiry()).found) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("keys", "rotate", "teeth"),
        ("keys", "rotate", "clinic", "--batch", "0"),
        ("keys", "drop", "nowhere", "x"),
        ("person", "export", "nobody"),
        ("retain", "--when", "now"),
    ],
)
def test_what_is_no_such_command_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_person_is_given_out_held_and_erased(
    run: Run, url: str, tmp_path: Path, lead: LeadId
) -> None:
    target = tmp_path / "given"
    assert run("person", "export", lead, str(target)).exit_code == 0
    given = json.loads((target / "person.json").read_text())
    assert "Lopez" in json.dumps(given)
    assert (target / "person.html").stat().st_size > 0
    assert run("person", "hold", lead).output == "on hold: 1\n"
    refused = run("person", "erase", lead, "--yes")
    assert (refused.exit_code, "Lopez" in refused.output) == (2, False)
    assert run("person", "hold", lead, "--lift").output == "on hold: 0\n"
    assert run("person", "erase", lead, typed="n\n").exit_code == 1
    with desk(url) as operator:
        assert operator.leads.get(lead).contact.last_name == "Lopez"
    kept = tmp_path / "kept"
    erased = run("person", "erase", lead, "--yes", "--export", str(kept))
    assert (erased.exit_code, "rows went with the lead" in erased.output) == (0, True)
    assert (kept / "person.json").exists()
    gone = run("person", "export", lead, str(target / "again"))
    assert (gone.exit_code, (target / "again").exists()) == (2, False)


def test_lost_leads_are_archived_when_it_is_really_meant(run: Run, url: str, lead: LeadId) -> None:
    with desk(url, ago=timedelta(days=800)) as operator:
        settings = operator.settings.practice().clinic.settings
        kept = Retention(archive_after=12)
        operator.settings.change(evolve(settings, retention=kept))
        operator.pipeline.lose(lead, "RELOCATED")
    for _ in range(2):  # telling what would be done does nothing
        told = run("retain")
        assert told.output.startswith("would be archived: 1, ")
    assert run("retain", "--really").output.startswith("archived: 1, ")
    with desk(url) as operator:
        assert operator.leads.get(lead).stamps.archived_at is not None
