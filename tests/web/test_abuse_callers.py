"""Callers who are not who they say: other sites, forged tokens, addresses behind proxies."""

import base64
import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from attrs import evolve
from litestar import Request
from litestar.testing import RequestFactory, TestClient

import orthocrm
from orthocrm.access.passwords import HashCost
from orthocrm.core.actor import Role
from orthocrm.core.ids import UserId
from orthocrm.services.access.users import NewUser
from orthocrm.services.scheduling.links import NewLink
from orthocrm.testing.clock import FrozenClock
from orthocrm.web import application
from orthocrm.web.callers import address, asked_url
from orthocrm.web.limiting import Rate, Rates
from orthocrm.web.links import Links
from orthocrm.web.serving import standing_alone, without_values
from orthocrm.web.settings import WebSettings
from tests.flows.practice import House
from tests.flows.scheduling import open_the_diary
from tests.web.knocking import PATIENT, Knocking, knocking

EMAIL, PASSWORD = "ana@bright.example", "correct horse battery"
CHEAP = HashCost(memory=8, passes=1, lanes=1)
SETTINGS = evolve(PATIENT, secure_cookies=False)


@pytest.fixture
def practice() -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False, hash_cost=CHEAP) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        house = House(crm, clinic, clock)
        new = NewUser(id=UserId("ana"), name="Ana", email=EMAIL, roles=(Role.CLINIC_ADMIN,))
        invited = house.desk(Role.ADMIN).access.add_user(new)
        assert invited.invitation is not None
        crm.access.set_password(invited.invitation.token, PASSWORD)
        yield house


@pytest.fixture
def browser(practice: House) -> Iterator[TestClient[Any]]:
    with TestClient(standing_alone(practice.crm, SETTINGS), raise_server_exceptions=False) as one:
        yield one


def log_in(browser: TestClient[Any], headers: dict[str, str] | None = None, **said: Any) -> Any:
    body = {"email": EMAIL, "password": PASSWORD, **said}
    return browser.post("/api/session", json=body, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://["},
        {"Origin": "null"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://testserver.local@elsewhere.example"},
        {"Origin": "http://testserver.local.elsewhere.example"},
        {"Origin": "http://testserver.local:99999"},
        {"Origin": "testserver.local"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none, cross-site"},
    ],
)
def test_no_other_site_logs_a_browser_in_or_out(
    browser: TestClient[Any], headers: dict[str, str]
) -> None:
    refused = log_in(browser, headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "foreign_page")
    assert "set-cookie" not in refused.headers
    assert log_in(browser).status_code == 200
    assert browser.request("DELETE", "/api/session", headers=headers).status_code == 403
    assert browser.get("/api/leads").status_code == 200


def test_a_page_that_the_practice_has_named_may_ask(practice: House) -> None:
    named = evolve(SETTINGS, allow_origins=("https://pages.bright.example",))
    with TestClient(standing_alone(practice.crm, named)) as browser:
        asked = {"Origin": "https://pages.bright.example", "Sec-Fetch-Site": "same-site"}
        assert log_in(browser, asked).status_code == 200


def test_a_session_that_somebody_else_has_chosen_is_never_entered(
    browser: TestClient[Any],
) -> None:
    entered = log_in(browser, {"Cookie": "orthocrm=chosen"})
    assert entered.status_code == 200
    assert browser.cookies["orthocrm"] != "chosen"
    first = browser.cookies["orthocrm"]
    log_in(browser)
    assert browser.cookies["orthocrm"] != first
    browser.cookies.clear()
    assert browser.get("/api/leads", headers={"Cookie": f"orthocrm={first}"}).status_code == 401


COOKIES = ("abc", "%ED%A0%80", '"\\355\\240\\200"', "a" * 30_000, "=;=;;;", "\xff\xfe", "ocs_")
STATED = ("Bearer", "bearer \xff", "Basic eDp5", "Bearer \x00a", "Bearer " + "a" * 19_000)


def test_a_cookie_or_a_token_of_anything_is_nobody(browser: TestClient[Any]) -> None:
    brought = [(b"Cookie", f"orthocrm={cookie}") for cookie in COOKIES]
    for name, value in (*brought, *((b"Authorization", stated) for stated in STATED)):
        refused = browser.get("/api/leads", headers={name: value.encode("latin-1")})
        assert refused.status_code == 401, value[:20]


@pytest.mark.parametrize(
    "said", [{"email": "nobody@bright.example"}, {"password": "x"}, {"clinicId": "no such clinic"}]
)
def test_who_has_an_account_where_is_not_told(
    browser: TestClient[Any], said: dict[str, Any]
) -> None:
    wrong = log_in(browser, password="not the password")
    other = log_in(browser, **{"password": "not the password", **said})
    assert (other.status_code, other.json()) == (wrong.status_code, wrong.json())


@pytest.mark.parametrize(
    "said",
    [{"email": "a" * 5_000 + "@b.c"}, {"password": "x" * 9_999}, {"code": "٣٣٣٣٣٣"}],
)
def test_no_log_in_takes_long_or_shows_what_was_typed(
    browser: TestClient[Any], said: dict[str, Any]
) -> None:
    refused = log_in(browser, **said)
    assert refused.status_code == 422
    assert next(iter(said.values())) not in refused.text


def test_a_locked_address_is_told_when_to_come_back(practice: House) -> None:
    app = application(practice.crm, [], settings=SETTINGS, clock=practice.clock)
    with TestClient(app) as browser:
        for _ in range(5):
            log_in(browser, password="not the password")
        locked = log_in(browser)
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "60")


def test_what_a_browser_calls_itself_is_kept_or_refused_but_never_breaks(
    browser: TestClient[Any],
) -> None:
    body = json.dumps({"email": EMAIL, "password": PASSWORD})
    headers = {b"User-Agent": b"\x80\x1f\xff" * 300, b"Content-Type": b"application/json"}
    assert browser.post("/api/session", content=body, headers=headers).status_code == 200


def asking(headers: list[tuple[bytes, bytes]], peer: str = "10.0.0.1") -> Request[Any, Any, Any]:
    request = RequestFactory().get("/api/hooks")
    scope = {**request.scope, "client": (peer, 1), "headers": [(b"host", b"crm.example"), *headers]}
    scope.pop("litestar_connection_state", None)
    scope.pop("_ls_connection_state", None)
    return Request(scope)  # type: ignore[arg-type] # a scope made by hand


FORWARDED = b"x-forwarded-for"


@pytest.mark.parametrize(
    "proxies, headers, counted",
    [
        (0, [(FORWARDED, b"1.2.3.4")], "10.0.0.1"),
        (1, [], "10.0.0.1"),
        (1, [(FORWARDED, b"1.2.3.4")], "1.2.3.4"),
        (1, [(FORWARDED, b"6.6.6.6, 1.2.3.4")], "1.2.3.4"),
        (1, [(FORWARDED, b"6.6.6.6"), (FORWARDED, b"1.2.3.4")], "1.2.3.4"),
        (2, [(FORWARDED, b"6.6.6.6, 1.2.3.4"), (FORWARDED, b"10.0.0.2")], "1.2.3.4"),
        (2, [(FORWARDED, b"1.2.3.4")], "10.0.0.1"),
        (1, [(FORWARDED, b"anything, " + b"x" * 5_000)], "10.0.0.1"),
        (1, [(FORWARDED, b"2001:db8:1:2:3:4:5:6")], "2001:db8:1:2::/64"),
        (1, [(FORWARDED, b"[2001:db8:1:2::9]")], "2001:db8:1:2::/64"),
        (1, [(FORWARDED, b"::ffff:1.2.3.4")], "1.2.3.4"),
    ],
)
def test_nobody_chooses_the_address_by_which_they_are_counted(
    proxies: int, headers: list[tuple[bytes, bytes]], counted: str
) -> None:
    assert address(asking(headers), WebSettings(proxies=proxies)) == counted


@pytest.mark.parametrize(
    "proxies, said, scheme",
    [
        (0, b"https", "http"),
        (1, b"https", "https"),
        (1, b"file", "http"),
        (1, b"a, https", "https"),
    ],
)
def test_a_proxy_says_how_it_was_asked(proxies: int, said: bytes, scheme: str) -> None:
    url = asked_url(asking([(b"x-forwarded-proto", said)]), WebSettings(proxies=proxies))
    assert url.startswith(f"{scheme}://crm.example/")


def test_whoever_asks_too_often_is_not_even_read(here: House) -> None:
    rates = Rates(address=Rate(per_minute=1, burst=1), visitor=Rate(per_minute=1, burst=1))
    desk = knocking(here, WebSettings(rates=rates))
    assert desk.ask("GET", "/api/leads").status_code == 200
    big = desk.ask(
        "POST", "/api/leads", {"notes": "x" * 6_000_000}, headers={"X-Forwarded-For": "1"}
    )
    assert (big.status_code, "retry-after" in big.headers) == (429, True)


FORGED = [
    "[" * 2_900,
    '{"a":' * 500,
    "9" * 2_900,
    "{}",
    "null",
    '{"clinic":"\\ud800","id":"a","types":[],"until":1,"user":"a"}',
]
CHANGES: list[dict[str, object]] = [
    {"user": "other"},
    {"until": 10**12},
    {"until": 10**30},
    {"types": ["x"]},
    {"clinic": "other"},
]


def test_a_link_that_nobody_has_written_is_nobody(here: House) -> None:
    written = [base64.urlsafe_b64encode(body.encode()).decode().rstrip("=") for body in FORGED]
    assert by_links(here, [f"{token}.YWFh" for token in written]) == [401] * len(FORGED)


def test_a_link_is_believed_as_it_was_written_only(here: House) -> None:
    open_the_diary(here)
    token = here.front.scheduling.make_link(NewLink(lead_id=here.lead().id)).token
    body, _, signature = token.partition(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = [json.dumps({**said, **each}, separators=(",", ":")).encode() for each in CHANGES]
    written = [base64.urlsafe_b64encode(each).decode().rstrip("=") for each in forged]
    tried = [*(f"{each}.{signature}" for each in written), f"{token}=", body, f"{body}."]
    assert by_links(here, [token, *tried]) == [200, *[401] * len(tried)]


def by_links(here: House, tokens: Sequence[str]) -> list[int]:
    app = application(here.crm, [Links(here.crm)], settings=PATIENT, clock=here.clock)
    with TestClient(app, raise_server_exceptions=False) as client:
        path = "/api/appointments/history"
        stated = [{"Authorization": f"Bearer {token}"} for token in tokens]
        return [client.get(path, headers=headers).status_code for headers in stated]


def test_the_log_of_the_server_names_kinds_only(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("uvicorn.error.tried")
    log.addFilter(without_values)
    log.error("Exception in ASGI application", exc_info=ValueError("hush 312 555 0142"))
    assert "hush" not in caplog.text
    assert "Exception in ASGI application: ValueError" in caplog.text


def test_another_clinic_is_reached_by_no_header(desk: Knocking, here: House) -> None:
    lead = here.lead().id
    other = here.crm.create_clinic(name="Other", timezone="America/Chicago")
    for name in ("X-Clinic-Id", "X-Tenant", "Clinic"):
        found = desk.ask("GET", f"/api/leads/{lead}", headers={name: other.id})
        assert found.json()["clinicId"] == here.clinic.id
