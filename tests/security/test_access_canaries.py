"""No password, token, code or secret is found anywhere but where it was handed out."""

import traceback
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import attrs
import pytest

import orthocrm
from orthocrm import OrthoCRMError, Role
from orthocrm.access import codes
from orthocrm.access.keys import NewKey
from orthocrm.core.access import Credentials
from orthocrm.core.ids import SessionId
from orthocrm.services.access.users import NewUser
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.security.entered import CHEAP
from tests.security.test_canaries import SQL, Log, dumped, log

__all__ = ["log"]

NAME, EMAIL, UNKNOWN = "Qzcanaryname", "qzcanaryuser@bright.example", "qzcanarynobody@x.example"
FIRST, SECOND, WRONG = "qzcanary first password", "qzcanary second password", "qzcanary wrong one"
DEVICE = "Qzcanarydevice"


@attrs.define
class Filled:
    """A practice in which somebody came in, and every secret that was handed out on the way."""

    house: House
    secrets: list[str]
    results: list[Any]
    errors: list[BaseException]


@pytest.fixture
def filled(url: str, clock: FrozenClock, log: Log) -> Iterator[Filled]:  # noqa: ARG001 - it listens from the start
    with orthocrm.connect(
        url, keys=KEYS, clock=clock, discover_plugins=False, hash_cost=CHEAP
    ) as crm:
        crm.migrate()
        yield _filled(House(crm, crm.create_clinic(name="Bright", timezone="UTC"), clock))


def _filled(house: House) -> Filled:
    access, clinic = house.crm.access, house.clinic.id
    desk = house.desk(Role.OPERATOR)
    invited = desk.access.add_user(NewUser(name=NAME, email=EMAIL, roles=[Role.ADMIN]))
    assert invited.invitation is not None
    access.set_password(invited.invitation.token, FIRST)
    came = access.log_in(clinic, EMAIL, FIRST, device=DEVICE)
    assert came.actor is not None
    assert came.token is not None
    own = house.crm.acting_as(came.actor).access
    proof = own.prove(FIRST)
    own.change_password(proof, SECOND)
    setup = own.begin_second_factor(own.prove(SECOND))
    recovery = own.confirm_second_factor(codes.code_at(setup.secret, house.clock()))
    key = own.make_key(NewKey(name="web", scopes=["lead:read"]))
    reset = own.reset_password(invited.user.id)
    house.clock.advance(timedelta(seconds=30))
    code = codes.code_at(setup.secret, house.clock())
    results = [
        *(invited, invited.invitation, came, proof, setup, recovery, key, reset),
        access.log_in(clinic, EMAIL, WRONG),
        access.log_in(clinic, UNKNOWN, WRONG),
        access.log_in(clinic, EMAIL, SECOND),
        access.log_in(clinic, EMAIL, SECOND, code),
        *(access.session(came.token), access.key(key.token)),
        *(own.account(), own.own_sessions(), desk.access.users(), desk.access.api_keys()),
        Credentials(bearer=key.token, session=came.token, host=came),
        NewUser(name="Zoe", roles=[Role.DOCTOR]),
    ]
    tokens = [token[-43:] for token in (came.token, key.token, invited.invitation.token)]
    told = [*tokens, reset.token[-43:], setup.secret, *recovery.codes]
    secrets = [*told, *(each.replace("-", "") for each in recovery.codes)]
    return Filled(house, secrets, results, list(_errors(house, came.token)))


def _errors(house: House, token: str) -> Iterator[BaseException]:
    access, clinic = house.crm.access, house.clinic.id
    actor = access.session(token)
    assert actor is not None
    own = house.crm.acting_as(actor).access
    for call in (
        lambda: access.log_in(clinic, "qzcanary@nothing", "qzcanary\0password", "qzcanarycode"),
        lambda: access.set_password(token, SECOND),
        lambda: own.prove("qzcanary wrong proof"),
        lambda: own.change_password(own.prove(SECOND), "qzcanary"),
        lambda: own.confirm_second_factor("qzcanarycode"),
        lambda: own.add_user(NewUser(name="Zoe", email=EMAIL, roles=[Role.DOCTOR])),
        lambda: own.make_key(NewKey(name="web", scopes=["qzcanaryscope"])),
        lambda: own.end_own_session(SessionId("qzcanarysession")),
    ):
        with pytest.raises(OrthoCRMError) as refusal:
            call()
        yield refusal.value


def found(filled: Filled, text: str) -> list[str]:
    """Give what a text holds of secrets, or of what was typed; the case of letters is ignored."""
    low = text.lower()
    known = [*filled.secrets, "qzcanary", b"qzcanary".hex()]
    return [secret for secret in known if secret.lower() in low]


@SQL
def test_no_database_holds_a_secret_in_clear(filled: Filled, url: str) -> None:
    assert found(filled, dumped(url)) == []
    with filled.house.crm._backend.begin(filled.house.clinic.id) as store:
        kept = everything(store.user_secrets)[0]
        name = everything(store.users)[0].name
    assert name == NAME
    content = dumped(url)
    for sealed in (kept.password, *kept.recovery, kept.reset):
        assert sealed is not None
        assert sealed not in content


@SQL
def test_without_encryption_passwords_and_tokens_are_hashed_all_the_same(
    url: str, clock: FrozenClock
) -> None:
    with orthocrm.connect(
        url, allow_plaintext=True, clock=clock, discover_plugins=False, hash_cost=CHEAP
    ) as crm:
        crm.migrate()
        filled = _filled(House(crm, crm.create_clinic(name="Bright", timezone="UTC"), clock))
        content = dumped(url).lower()
    passwords = [part.encode().hex() for part in (FIRST, SECOND, WRONG)]
    assert EMAIL in content or EMAIL.encode().hex() in content
    totp = next(each.secret for each in filled.results if hasattr(each, "secret"))
    hashed = [each.lower() for each in filled.secrets if each != totp]
    spelled = [each.encode().hex() for each in hashed]
    known = [FIRST, SECOND, WRONG, *passwords, *hashed, *spelled]
    assert [each for each in known if each in content] == []


def test_no_repr_error_or_log_shows_a_secret(filled: Filled, log: Log) -> None:
    house = filled.house
    with house.crm._backend.begin(house.clinic.id) as store:
        kinds = (store.users, store.user_secrets, store.sessions, store.api_keys, store.attempts)
        kept = [everything(kind) for kind in kinds]
        trail = everything(store.audit)
        items = store.outbox.claim(house.clock(), timedelta(minutes=1), 500)
    assert all([*kept, trail, items])
    shown = [*filled.results, *kept, house.crm.access]
    assert [found(filled, repr(each)) for each in shown] == [[]] * len(shown)
    written = repr([*map(attrs.asdict, trail), *map(attrs.asdict, items)])
    assert found(filled, written) == []
    assert len(filled.errors) == 8
    for error in filled.errors:
        told = traceback.TracebackException.from_exception(error).format_exception_only()
        assert found(filled, f"{error!r} {error.args!r} {''.join(told)}") == []
    assert [line for line in log.lines if found(filled, line)] == []
