"""The pages over HTTP: the frame at every address, its files for good, and nothing that is not."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

import orthocrm
from orthocrm.pages import assets
from orthocrm.web.serving import standing_alone
from orthocrm.web.settings import WebSettings


@pytest.fixture(scope="module")
def browser() -> Iterator[TestClient[Any]]:
    with orthocrm.connect("memory://", discover_plugins=False) as crm:
        app = standing_alone(crm, WebSettings(secure_cookies=False, pages=True))
        with TestClient(app) as client:
            yield client


@pytest.mark.parametrize("path", ["/", "/pipeline", "/leads/a/b", "/<script>"])
def test_every_address_of_a_page_gives_the_frame_under_a_strict_policy(
    browser: TestClient[Any], path: str
) -> None:
    told = browser.get(path)
    policy = told.headers["content-security-policy"]
    assert told.status_code == 200
    assert "<ortho-app>" in told.text
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert (told.headers["cache-control"], told.headers["x-content-type-options"]) == (
        "no-cache",
        "nosniff",
    )


@pytest.mark.parametrize("path", ["/api/nothing", "/static/x", "/static/latest/__init__.py"])
def test_what_is_no_page_and_no_file_is_a_problem(browser: TestClient[Any], path: str) -> None:
    told = browser.get(path)
    assert (told.status_code, told.json()["status"]) == (404, 404)


def test_a_release_is_kept_for_good_and_the_latest_is_asked_for_anew(
    browser: TestClient[Any],
) -> None:
    known = assets()
    kept = browser.get(f"/static/{known.digest}/base/tree.js")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.headers["content-type"] == "text/javascript; charset=utf-8"
    latest = browser.get("/static/latest/base/tree.js")
    assert (latest.content, latest.headers["cache-control"]) == (kept.content, "no-cache")
    again = browser.get(
        "/static/latest/base/tree.js", headers={"if-none-match": latest.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert browser.get("/static/0123456789abcdef/base/tree.js").status_code == 404


def test_a_page_learns_of_its_session_and_only_of_its_own(browser: TestClient[Any]) -> None:
    assert browser.get("/api/session").json() == {"csrfToken": None}
    forged = browser.get("/api/session", headers={"cookie": "orthocrm=ocs_forged"})
    assert forged.json() == {"csrfToken": None}


def test_the_api_alone_has_no_pages() -> None:
    with (
        orthocrm.connect("memory://", discover_plugins=False) as crm,
        TestClient(standing_alone(crm)) as client,
    ):
        assert client.get("/").status_code == 404


def test_the_frame_names_all_scripts_that_it_starts_with(browser: TestClient[Any]) -> None:
    text = browser.get("/", headers={"accept-language": "es-MX,es;q=0.9"}).text
    assert "texts/es.json" in text
    for path in ("app/app.js", "base/tree.js", "texts/say.js"):
        assert f'<link rel="modulepreload" href="/static/{assets().digest}/{path}">' in text
    assert "%" not in text
