"""What axe finds in a page."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_RULES = {"resultTypes": ["violations"]}


def findings(page: Page) -> list[tuple[str, str, str]]:
    """Give every finding of axe, of whatever level: the rule, how grave, and where."""
    told: dict[str, Any] = Axe().run(page, options=_RULES).response
    return [
        (found["id"], found["impact"], str(node["target"]) + " " + node.get("failureSummary", ""))
        for found in told["violations"]
        for node in found["nodes"]
    ]
