"""A column of thousands draws what is in view, and reads on where somebody scrolls."""

import json
import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.premises import Premises

COUNT = 3_000


def one(template: dict[str, object], number: int) -> dict[str, object]:
    return {**template, "leadId": f"lead-{number}", "patient": f"Patient {number}"}


def crowded(page: Page, asked: list[str]) -> None:
    """Answer for the first column as if thousands stood in it."""

    def whole(route: Route) -> None:
        board = route.fetch().json()
        column = board["columns"][0]
        template = column["cards"][0]
        column |= {"count": COUNT, "cursor": "50", "cards": [one(template, n) for n in range(50)]}
        page.board = board  # type: ignore[attr-defined] # for the pages that follow
        route.fulfill(body=json.dumps(board), content_type="application/json")

    def further(route: Route) -> None:
        (start,) = map(int, re.findall(r"cursor=(\d+)", route.request.url))
        asked.append(str(start))
        column = page.board["columns"][0]  # type: ignore[attr-defined] # as above
        end = min(start + 100, COUNT)
        cards = [one(column["cards"][0], n) for n in range(start, end)]
        told = {**column, "cards": cards, "cursor": str(end) if end < COUNT else None}
        route.fulfill(body=json.dumps(told), content_type="application/json")

    page.route("**/api/board?*", whole)
    page.route("**/api/board/new_lead?*", further)


def test_a_column_of_thousands_is_drawn_in_view_only(visit: Visits, premises: Premises) -> None:
    premises.lead("Thora Thousand")
    page = visit("/no/such/page")
    asked: list[str] = []
    crowded(page, asked)
    page.get_by_role("navigation").get_by_role("link", name="Pipeline").click()
    column = page.get_by_role("region", name=f"New Lead {COUNT:,}")
    expect(column.get_by_text("Patient 0", exact=True)).to_be_visible()
    assert column.locator("li").count() < 30
    column.locator(".list").evaluate("list => list.scrollTop = 60 * 104")
    expect(column.get_by_text("Patient 62", exact=True)).to_be_visible()
    assert column.locator("li").count() < 30
    assert asked == ["50"]
