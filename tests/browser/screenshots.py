"""`make screenshots`: every page of the demo in both themes and three widths, to be looked at."""

import argparse
import re
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

import orthocrm.pages
from orthocrm import OrthoCRM, connect
from orthocrm.access.passwords import HashCost
from orthocrm.core.actor import Actor, Role
from orthocrm.crm import utc_now
from orthocrm.demo import PASSWORD, PEOPLE, SetClock, SetIds, fill, let_in
from orthocrm.web.serving import standing_alone
from orthocrm.web.settings import WebSettings
from tests.browser.conftest import CHROMIUM, SWITCHES
from tests.browser.premises import RATES, listening

WIDTHS = {"wide": (1440, 900), "tablet": (820, 1180), "phone": (390, 844)}
THEMES = ("light", "dark")
ROUTES = Path(orthocrm.pages.__file__).parent / "app" / "routes.js"
CHEAP = HashCost(memory=8, passes=1, lanes=1)


def main() -> None:
    """Make them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--only", default="", help="pages whose name holds this")
    asked.add_argument("--leads", type=int, default=300)
    given = asked.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    clock = SetClock(utc_now())
    with connect(
        "memory://",
        clock=clock,
        ids=SetIds(clock, 1),
        discover_plugins=False,
        hash_cost=CHEAP,
    ) as crm:
        let_in(crm, fill(crm, clock, leads=given.leads))
        people = [(one.email, one.name, one.role.value, PASSWORD) for one in PEOPLE]
        settings = WebSettings(secure_cookies=False, pages=True, rates=RATES, demo=people)
        pages = {name: path for name, path in paths(crm).items() if given.only in name}
        with listening(standing_alone(crm, settings)) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
            for theme in THEMES:
                for width in WIDTHS:
                    shoot(browser, address, pages, given.folder, theme, width)
            browser.close()


def paths(crm: OrthoCRM) -> dict[str, str]:
    """Give the address of every page, of the first lead where it is about one."""
    (clinic,) = crm.clinics()
    desk = crm.acting_as(Actor(user=PEOPLE[0].user, clinic=clinic.id, roles={Role.ADMIN}))
    (lead,) = desk.leads.find(size=1).leads
    script = ROUTES.read_text(encoding="utf-8")
    found = re.findall(r'name: "([\w-]+)",\s+path: "([^"]+)"', script)
    return {name: re.sub(r"{\w+}", lead.id, path) for name, path in found}


def shoot(
    browser: Browser, address: str, pages: dict[str, str], folder: Path, theme: str, width: str
) -> None:
    """Log in, and look at every page."""
    across, down = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": across, "height": down},
        color_scheme="dark" if theme == "dark" else "light",
        locale="en-US",
        reduced_motion="reduce",
        has_touch=width != "wide",
    )
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name=PEOPLE[0].name).wait_for()
    keep(page, folder / f"login-{theme}-{width}.png")
    page.get_by_role("button", name=PEOPLE[0].name).click()
    page.get_by_role("navigation").first.wait_for()
    for name, path in pages.items():
        page.goto(address + path)
        keep(page, folder / f"{name}-{theme}-{width}.png")
    context.close()


def keep(page: Page, path: Path) -> None:
    """Keep a picture of a page that has come to rest."""
    page.wait_for_load_state("load")
    page.wait_for_timeout(600)
    page.screenshot(path=path)


if __name__ == "__main__":
    main()
