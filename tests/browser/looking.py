"""What axe finds in a page, and pages that look at nothing until they have changed something."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, Route

_RULES = {"resultTypes": ["violations"]}


def findings(page: Page) -> list[tuple[str, str, str]]:
    """Give every finding of axe, of whatever level: the rule, how grave, and where."""
    told: dict[str, Any] = Axe().run(page, options=_RULES).response
    return [
        (found["id"], found["impact"], str(node["target"]) + " " + node.get("failureSummary", ""))
        for found in told["violations"]
        for node in found["nodes"]
    ]


def hears_nothing(page: Page, pattern: str) -> None:
    """Let nothing that others change come into a page before it has sent something itself."""
    sent: list[str] = []

    def listen(request: Request) -> None:
        if request.method != "GET":
            sent.append(request.url)

    def answer(route: Route) -> None:
        if sent:
            route.continue_()
        else:
            route.abort()

    page.on("request", listen)
    page.route(pattern, answer)
