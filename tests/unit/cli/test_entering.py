"""`orthocrm user` and `orthocrm key`: what they print, and what they ask for."""

import re
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from orthocrm import OrthoCRM, crm
from orthocrm.cli import main
from orthocrm.core.settings import Clinic
from orthocrm.services.access.results import LogInOutcome
from tests.security.entered import CHEAP, PASSWORD

Run = Callable[..., Result]
EMAIL = "ana@bright.example"


@pytest.fixture
def run(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("ORTHOCRM_DB", sqlite_url)

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=typed, catch_exceptions=False)

    run("clinic", "add", "Bright Smiles", "--timezone", "UTC")
    return run


@pytest.fixture
def opened(run: Run, sqlite_url: str) -> Iterator[OrthoCRM]:  # noqa: ARG001 - the clinic is made first
    with crm.connect(sqlite_url, discover_plugins=False, hash_cost=CHEAP) as opened:
        yield opened


def _clinic(opened: OrthoCRM) -> Clinic:
    (clinic,) = opened.clinics()
    return clinic


def _said(result: Result, name: str) -> str:
    assert result.exit_code == 0, result.output
    found = re.search(rf"^{name} (\S+)$", result.output, re.MULTILINE)
    assert found is not None, result.output
    return found[1]


def _added(run: Run, *more: str, typed: str | None = None) -> Result:
    return run(
        *("user", "add", "--name", "Ana", "--email", EMAIL, "--role", "admin"), *more, typed=typed
    )


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("user", "add", "--name", "Ana", "--role", "boss"), "roles.0"),
        (("user", "add", "--name", "Ana", "--email", "ana", "--role", "admin"), "email"),
        (("user", "add", "--name", "Ana"), "Missing option '--role'"),
        (("user", "roles", "nobody", "--role", "admin"), "no such user"),
        (("user", "deactivate", "nobody"), "no such user"),
        (("user", "reset-password", "nobody"), "no such user"),
        (("key", "add", "web", "--user", "nobody", "--scope", "lead:read"), "no such user"),
        (("key", "rotate", "nothing"), "no such API key"),
        (("key", "revoke", "nothing"), "no such API key"),
        (("key", "add", "web", "--user", "x", "--scope", "lead:read", "--days", "0"), "--days"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    run: Run, arguments: tuple[str, ...], told: str
) -> None:
    failed = run(*arguments)
    assert failed.exit_code == 2
    assert told in failed.output


def test_no_command_takes_a_password_as_an_argument() -> None:
    for group in ("user", "key"):
        commands = main.commands[group].commands  # type: ignore[attr-defined]  # a group of ours
        options = [p for command in commands.values() for p in command.params]
        named = [p for p in options if any("password" in name for name in p.opts)]
        assert [p.is_flag for p in named] == [True] * len(named)


def test_an_added_user_sets_the_password_by_the_token(run: Run, opened: OrthoCRM) -> None:
    added = _added(run)
    opened.access.set_password(_said(added, "token"), PASSWORD)
    came = opened.access.log_in(_clinic(opened).id, EMAIL, PASSWORD)
    assert came.actor is not None
    assert came.actor.user == _said(added, "user")
    listed = run("user", "list").output.split()
    assert listed == [came.actor.user, "active", "admin", "Ana", EMAIL]


def test_a_password_is_asked_for_twice_and_not_shown(run: Run, opened: OrthoCRM) -> None:
    added = _added(run, "--ask-password", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert added.exit_code == 0
    assert PASSWORD not in added.output
    assert "token" not in added.output
    came = opened.access.log_in(_clinic(opened).id, EMAIL, PASSWORD)
    assert came.outcome is LogInOutcome.IN


def test_roles_change_and_users_go(run: Run) -> None:
    _added(run)
    assert run("user", "roles", EMAIL.upper(), "--role", "doctor", "--role", "admin").output == (
        "admin,doctor\n"
    )
    last = run("user", "deactivate", EMAIL)
    assert last.exit_code == 2
    assert "nobody else administers users" in last.output
    run("user", "add", "--name", "Ben", "--role", "admin", "--id", "ben")
    assert run("user", "deactivate", EMAIL).output == "deactivated\n"
    assert "deactivated" in run("user", "list").output


def test_a_password_is_reset(run: Run, opened: OrthoCRM) -> None:
    _added(run)
    opened.access.set_password(
        _said(run("user", "reset-password", EMAIL, "--drop-second-factor"), "token"), PASSWORD
    )
    came = opened.access.log_in(_clinic(opened).id, EMAIL, PASSWORD)
    assert came.outcome is LogInOutcome.IN


def test_keys_are_made_listed_rotated_and_revoked(run: Run, opened: OrthoCRM) -> None:
    _added(run)
    made = run("key", "add", "website", "--user", EMAIL, "--scope", "lead:create", "--days", "30")
    own, first = _said(made, "key"), _said(made, "token")
    assert opened.access.key(first) is not None
    second = _said(run("key", "rotate", own, "--overlap-hours", "0"), "token")
    assert (opened.access.key(first), opened.access.key(second) is None) == (None, False)
    listed = run("key", "list").output
    assert own in listed
    assert "lead:create  website" in listed
    assert first not in listed
    assert run("key", "revoke", own).output == "revoked\n"
    assert opened.access.key(second) is None
    assert "revoked" in run("key", "list").output
