"""Authenticators: each looks at its own part of the credentials, and lets nobody else in."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

import orthocrm
from orthocrm import Actor, BackendError, ConfigurationError, OrthoCRM, Role
from orthocrm.access.keys import NewKey
from orthocrm.authenticators import ApiKeys, HostUser, Sessions, Tokens
from orthocrm.core.access import Credentials
from orthocrm.core.ids import ClinicId, UserId
from orthocrm.core.ports import Authenticator
from orthocrm.services.access.users import NewUser
from orthocrm.testing.clock import FrozenClock
from tests.security.entered import CHEAP, PASSWORD

ISSUER, AUDIENCE = "https://login.bright.example", "orthocrm"
HERE, THERE = ClinicId("clinic-1"), ClinicId("clinic-2")
ROLES = {"Front": Role.FRONT_DESK, "Boss": Role.CLINIC_ADMIN}
CLOCK = FrozenClock()
NOW = int(CLOCK().timestamp())
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "ana",
    "exp": NOW + 300,
    "clinic": HERE,
    "roles": ["Front", "Gardener"],
}


@cache
def a_pair(name: str) -> RSAPrivateKey:
    assert name
    return generate_private_key(65537, 2048)


@cache
def key_set() -> str:
    public = json.loads(RSAAlgorithm.to_jwk(a_pair("issuer").public_key()))
    return json.dumps({"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]})


class Known:
    """The key set of the issuer, at hand."""

    def get_signing_key_from_jwt(self, token: str) -> Any:
        wanted = jwt.get_unverified_header(token).get("kid")
        for key in jwt.PyJWKSet.from_json(key_set()).keys:
            if key.key_id == wanted:
                return key
        raise jwt.PyJWKClientError("no such key")


class Unknown(Known):
    """A key set that does not have the key."""

    def get_signing_key_from_jwt(self, token: str) -> Any:
        raise jwt.PyJWKClientError(f"no key for {len(token)}")


class Away(Known):
    """An issuer that does not answer."""

    def get_signing_key_from_jwt(self, token: str) -> Any:
        raise jwt.exceptions.PyJWKClientConnectionError(f"no answer for {len(token)}")


def tokens(**fields: Any) -> Tokens:
    usual = {"issuer": ISSUER, "audience": AUDIENCE, "roles": ROLES, "keys": Known()}
    return Tokens(**{**usual, "clock": CLOCK, **fields})


def signed(by: str = "issuer", kid: str = "k1", **claims: Any) -> str:
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(said, a_pair(by), algorithm="RS256", headers={"kid": kid})


def come(token: str | None, by: Authenticator | None = None, **fields: Any) -> Actor | None:
    return (by or tokens()).authenticate(Credentials(bearer=token, **fields))


# --- bad input


def _unsigned() -> str:
    parts = ({"alg": "none", "kid": "k1"}, CLAIMS)
    return ".".join(_part(json.dumps(part).encode()) for part in parts) + "."


def _with_the_public_key() -> str:
    """Sign with what everybody knows, as if it were a shared secret."""
    import hashlib  # noqa: PLC0415 - for this trick only
    import hmac  # noqa: PLC0415 - as above

    head = _part(json.dumps({"alg": "HS256", "kid": "k1"}).encode())
    body = f"{head}.{_part(json.dumps(CLAIMS).encode())}"
    return f"{body}.{_part(hmac.digest(key_set().encode(), body.encode(), hashlib.sha256))}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


BAD: tuple[Callable[[], str | None], ...] = (
    lambda: None,
    lambda: "",
    lambda: "a.b",
    lambda: "a.b.c",
    lambda: "." * 2,
    lambda: "x" * 20_000,
    lambda: signed() + "x",
    lambda: signed().rpartition(".")[0] + ".",
    lambda: signed("stranger"),
    lambda: signed(kid="k2"),
    _unsigned,
    _with_the_public_key,
    lambda: signed(iss="https://evil.example"),
    lambda: signed(iss=None),
    lambda: signed(aud="another"),
    lambda: signed(aud=None),
    lambda: signed(sub=None),
    lambda: signed(sub=""),
    lambda: signed(sub="system:operator"),
    lambda: signed(sub="a" * 300),
    lambda: signed(exp=None),
    lambda: signed(exp=NOW - 30),
    lambda: signed(nbf=NOW + 31),
    lambda: signed(iat=NOW + 31),
    lambda: signed(roles=None),
    lambda: signed(roles=[]),
    lambda: signed(roles={"Front": True}),
    lambda: signed(roles=["Gardener", 7, None]),
    lambda: signed(roles=["system:operator", "admin"]),
    lambda: signed(clinic=None),
    lambda: signed(clinic=""),
    lambda: signed(clinic=7),
    lambda: signed(clinic=[HERE, THERE]),
)


@pytest.mark.parametrize("token", BAD)
def test_a_token_that_is_not_good_lets_nobody_in(token: Callable[[], str | None]) -> None:
    assert come(token()) is None


@pytest.mark.parametrize("at", [True, "soon", [NOW], 1e400])
def test_times_are_numbers(at: object) -> None:
    assert not tokens()._is_timely({"exp": at})
    assert not tokens()._is_timely({"exp": NOW + 300, "nbf": at})


@pytest.mark.parametrize(
    "fields",
    [
        {"algorithms": ()},
        {"algorithms": ("none",)},
        {"algorithms": ("RS256", "HS256")},
        {"issuer": ""},
        {"audience": ""},
        {"roles": {"Root": Role.OPERATOR}},
        {"roles": {"Anybody": Role.PATIENT}},
        {"leeway": timedelta(hours=1)},
        {"leeway": timedelta(seconds=-1)},
    ],
)
def test_what_would_let_too_many_in_is_refused_at_the_start(fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        tokens(**fields)


@pytest.mark.parametrize("url", [None, "http://login.bright.example/keys", "file:///etc/keys"])
def test_keys_come_by_https(url: str | None) -> None:
    with pytest.raises(ConfigurationError):
        Tokens(issuer=ISSUER, audience=AUDIENCE, jwks_url=url)


# --- tokens


def test_a_good_token_lets_its_user_in_with_the_roles_that_are_known() -> None:
    assert come(signed()) == Actor(user="ana", clinic=HERE, roles=[Role.FRONT_DESK])


def test_clocks_may_differ_by_the_leeway() -> None:
    assert come(signed(exp=NOW - 29, nbf=NOW + 30, iat=NOW + 30)) is not None


def test_of_several_clinics_the_request_chooses_one() -> None:
    token = signed(clinic=[HERE, THERE])
    found = [come(token, clinic=clinic) for clinic in (HERE, THERE, ClinicId("clinic-3"))]
    assert [None if one is None else one.clinic for one in found] == [HERE, THERE, None]
    assert come(signed(), clinic=THERE) is None


def test_the_only_clinic_needs_no_claim() -> None:
    only = tokens(clinic=THERE)
    came = come(signed(clinic=HERE), only)
    assert came is not None
    assert came.clinic == THERE
    assert come(signed(), only, clinic=HERE) is None


@pytest.mark.parametrize("roles", [["Boss"], "Boss", "openid Boss"])
def test_roles_may_stand_deeper_and_in_one_text(roles: object) -> None:
    deep = tokens(roles_claim="realm_access.roles")
    came = come(signed(realm_access={"roles": roles}), deep)
    assert came is not None
    assert came.roles == {Role.CLINIC_ADMIN}
    assert come(signed(realm_access="Boss"), deep) is None


def test_an_issuer_that_does_not_answer_is_told_apart_from_a_bad_token() -> None:
    assert come(signed(), tokens(keys=Unknown())) is None
    with pytest.raises(BackendError):
        come(signed(), tokens(keys=Away()))


class Issuer(BaseHTTPRequestHandler):
    """The issuer's key set."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(key_set().encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the library
        pass


@pytest.fixture
def key_url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Issuer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/keys"
    server.shutdown()
    thread.join()
    server.server_close()


def test_keys_are_fetched_from_the_issuer(key_url: str) -> None:
    fetched = Tokens(issuer=ISSUER, audience=AUDIENCE, jwks_url=key_url, roles=ROLES, clock=CLOCK)
    assert come(signed(), fetched) is not None
    assert come(signed("stranger"), fetched) is None
    assert come(signed(kid="k2"), fetched) is None


# --- ours


@pytest.fixture
def crm() -> Iterator[OrthoCRM]:
    with orthocrm.connect("memory://", clock=CLOCK, discover_plugins=False, hash_cost=CHEAP) as crm:
        yield crm


def _a_member(crm: OrthoCRM) -> tuple[ClinicId, UserId, Callable[[], Any]]:
    clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC")
    desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id)).access
    invited = desk.add_user(NewUser(name="Ana", email="ana@x.example", roles=["admin"], id="ana"))  # type: ignore[arg-type]  # text is an id
    assert invited.invitation is not None
    crm.access.set_password(invited.invitation.token, PASSWORD)
    return clinic.id, invited.user.id, lambda: desk.change_roles("ana", ["admin", "doctor"])  # type: ignore[arg-type]  # as above


def test_the_users_of_the_clinic_decide_where_it_is_asked_for(crm: OrthoCRM) -> None:
    clinic, user, promote = _a_member(crm)
    by = tokens(members=crm.access)
    assert come(signed(clinic=clinic, roles=["Front"]), by) == crm.access.member(clinic, user)
    promote()
    came = come(signed(clinic=clinic), by)
    assert came is not None
    assert came.roles == {Role.ADMIN, Role.DOCTOR}
    assert come(signed(clinic=clinic, sub="stranger"), by) is None


def test_keys_come_as_bearer_and_sessions_by_cookie(crm: OrthoCRM) -> None:
    clinic, user, _ = _a_member(crm)
    session = crm.access.log_in(clinic, "ana@x.example", PASSWORD)
    assert session.actor is not None
    desk = crm.acting_as(session.actor)
    key = desk.access.make_key(NewKey(name="web", scopes=["lead:read"])).token
    keys, sessions = ApiKeys(crm.access), Sessions(crm.access)
    assert sessions.authenticate(Credentials(session=session.token)) == session.actor
    assert sessions.authenticate(Credentials(bearer=session.token)) is None
    assert sessions.authenticate(Credentials(session=key)) is None
    assert sessions.authenticate(Credentials()) is None
    came = keys.authenticate(Credentials(bearer=key))
    assert came is not None
    assert (came.user, came.clinic) == (user, clinic)
    assert keys.authenticate(Credentials(session=key)) is None
    assert keys.authenticate(Credentials(bearer=session.token)) is None
    assert keys.authenticate(Credentials()) is None
    assert come(key) is None


def test_the_host_application_answers_for_its_users() -> None:
    ana = Actor(user="ana", clinic=HERE, roles=[Role.DOCTOR])
    hosts = HostUser({"ana": ana, "nobody": None, "odd": "ana"}.get)  # type: ignore[arg-type]
    assert hosts.authenticate(Credentials(host="ana")) == ana
    assert hosts.authenticate(Credentials(host="nobody")) is None
    assert hosts.authenticate(Credentials(bearer="ana")) is None
    with pytest.raises(ConfigurationError):
        hosts.authenticate(Credentials(host="odd"))


def test_without_the_extra_tokens_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jwt", None)
    with pytest.raises(orthocrm.MissingExtra) as missing:
        Tokens(issuer=ISSUER, audience=AUDIENCE, jwks_url="https://login.bright.example/keys")
    assert missing.value.extra == "web"
