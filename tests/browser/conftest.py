"""A browser, a served practice, and pages in which nothing may run that is not ours.

Debian's Chromium is driven by Playwright. Where there is none these tests are left out, except
where everything has to be tested (the variable CI is set).
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    sync_playwright,
)

from orthocrm import Role
from tests.browser.premises import Premises, served
from tests.support import migrated, postgres

HERE = Path(__file__).parent
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave all of them out where there is no browser."""
    missing = CHROMIUM is None and not os.environ.get("CI")
    for item in items:
        if missing and item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.skip(reason="needs Chromium: apt-get install chromium"))


@pytest.fixture(scope="package")  # as long as it is there, no other event loop can run
def browser() -> Iterator[Browser]:
    """The one browser of these tests."""
    assert CHROMIUM is not None, "install Debian's chromium, or name one by CHROMIUM"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield found
        found.close()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def premises(request: pytest.FixtureRequest) -> Iterator[Premises]:
    """The practice of a file: each test makes leads of its own, and looks at those alone."""
    if request.param == "sqlite":
        with migrated.directory() as directory, served(f"sqlite:///{directory / 'p.db'}") as made:
            yield made
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    with server.database() as url:
        migrated.migrate(url)
        with served(url) as made:
            yield made


@attrs.define(slots=False)  # Playwright marks the objects whose methods it calls
class Visits:
    """Opens pages as somebody, and holds what must not happen in any of them."""

    browser: Browser
    premises: Premises
    wrongs: list[str] = attrs.field(factory=list)
    contexts: list[BrowserContext] = attrs.field(factory=list)

    def __call__(self, path: str, role: Role | None = Role.CLINIC_ADMIN, **options: Any) -> Page:
        """Open a page in a browser of its own; without a role nobody is logged in.

        `options` are those of a context of Playwright: `PHONE`, color_scheme, locale.
        """
        usual = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"}
        context = self.browser.new_context(**{**usual, **options})
        context.set_default_timeout(15_000)
        self.contexts.append(context)
        if role is not None:
            token = self.premises.session(role)
            context.add_cookies(
                [{"name": "orthocrm", "value": token, "url": self.premises.address}]
            )
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.wrongs.append(f"{error.name}: {error.message}"))
        page.goto(self.premises.address + path)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Trusted" in message.text:
            self.wrongs.append(message.text)


@pytest.fixture
def visit(browser: Browser, premises: Premises) -> Iterator[Visits]:
    """Open pages; a breach of their policy, or an error of a script, fails the test."""
    visits = Visits(browser, premises)
    yield visits
    for context in visits.contexts:
        context.close()
    assert visits.wrongs == []
