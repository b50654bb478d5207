"""Browsers log in and keep a cookie that no other site can use, until it ends."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from litestar.testing import TestClient

import orthocrm
from orthocrm.access.passwords import HashCost
from orthocrm.core.actor import Role
from orthocrm.core.ids import UserId
from orthocrm.services.access.users import NewUser
from orthocrm.testing.clock import FrozenClock
from orthocrm.web.serving import standing_alone
from orthocrm.web.settings import WebSettings
from tests.flows.practice import House

EMAIL, PASSWORD = "ana@bright.example", "correct horse battery"
CHEAP = HashCost(memory=8, passes=1, lanes=1)


@pytest.fixture
def practice() -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False, hash_cost=CHEAP) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        yield House(crm, clinic, clock)


@pytest.fixture
def browser(practice: House) -> Iterator[TestClient[Any]]:
    new = NewUser(id=UserId("ana"), name="Ana", email=EMAIL, roles=(Role.CLINIC_ADMIN,))
    invited = practice.desk(Role.ADMIN).access.add_user(new)
    assert invited.invitation is not None
    practice.crm.access.set_password(invited.invitation.token, PASSWORD)
    app = standing_alone(practice.crm, WebSettings(secure_cookies=False))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def log_in(browser: TestClient[Any], password: str = PASSWORD) -> Any:
    return browser.post("/api/session", json={"email": EMAIL, "password": password})


def test_a_browser_logs_in_works_and_logs_out(browser: TestClient[Any]) -> None:
    assert browser.get("/api/leads").status_code == 401
    entered = log_in(browser)
    assert (entered.status_code, entered.json()["outcome"]) == (200, "IN")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    token = {"X-CSRF-Token": entered.json()["csrfToken"]}
    assert browser.get("/api/leads").status_code == 200
    made = browser.post("/api/coordinators", json={"user": "ana", "name": "Ana"}, headers=token)
    assert made.status_code == 201
    assert browser.request("DELETE", "/api/session").status_code == 204
    assert browser.get("/api/leads").status_code == 401


@pytest.mark.parametrize(
    "headers, with_token",
    [
        ({}, False),
        ({"X-CSRF-Token": "0" * 64}, False),
        ({"Origin": "https://elsewhere.example"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
    ],
)
def test_another_site_changes_nothing(
    browser: TestClient[Any], headers: dict[str, str], *, with_token: bool
) -> None:
    token = log_in(browser).json()["csrfToken"]
    sent = {"X-CSRF-Token": token, **headers} if with_token else headers
    refused = browser.post("/api/coordinators", json={"user": "ben", "name": "Ben"}, headers=sent)
    assert (refused.status_code, refused.json()["code"]) == (403, "foreign_page")
    assert browser.get("/api/coordinators").json() == []


def test_whatever_is_wrong_is_answered_alike_and_then_locked(browser: TestClient[Any]) -> None:
    wrong = log_in(browser, "not the password")
    unknown = browser.post(
        "/api/session", json={"email": "nobody@bright.example", "password": "not the password"}
    )
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    for _ in range(4):
        log_in(browser, "not the password")
    locked = log_in(browser)
    assert (locked.status_code, locked.json()["code"]) == (429, "locked")


def test_a_session_ends_by_itself(browser: TestClient[Any], practice: House) -> None:
    log_in(browser)
    practice.clock.advance(timedelta(minutes=16))
    assert browser.get("/api/leads").status_code == 401


def test_an_open_stream_is_no_use_of_a_session(browser: TestClient[Any], practice: House) -> None:
    log_in(browser)
    token = browser.cookies["orthocrm"]
    looked = []
    for _ in range(4):
        practice.clock.advance(timedelta(minutes=4))
        looked.append(practice.crm.access.standing(token) is not None)
    assert looked == [True, True, True, False]
    log_in(browser)
    assert practice.crm.access.standing(browser.cookies["orthocrm"]) is not None
    browser.request("DELETE", "/api/session")
    assert practice.crm.access.standing(token) is None
    assert practice.crm.access.standing("ocs_nothing") is None


def test_cookies_keep_to_https_unless_told_otherwise(
    practice: House, browser: TestClient[Any]
) -> None:
    del browser
    with TestClient(standing_alone(practice.crm), base_url="https://testserver.local") as client:
        cookie = log_in(client).headers["set-cookie"]
    assert cookie.startswith("__Host-orthocrm=")
    assert "secure" in cookie.lower()


def test_a_program_comes_by_its_key_within_its_scopes(
    browser: TestClient[Any], practice: House
) -> None:
    token = {"X-CSRF-Token": log_in(browser).json()["csrfToken"]}
    body = {"name": "Import", "user": "ana", "scopes": ["lead:read"]}
    key = browser.post("/api/keys", json=body, headers=token).json()["token"]
    browser.cookies.clear()
    bearer = {"Authorization": f"Bearer {key}"}
    assert browser.get("/api/leads", headers=bearer).status_code == 200
    assert browser.get("/api/users", headers=bearer).status_code == 403
    assert browser.get("/api/leads", headers={"Authorization": "Bearer ock_x"}).status_code == 401
    del practice
