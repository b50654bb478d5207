"""An element in a bare page of another origin, which comes by a token of its own."""

from playwright.sync_api import Browser, Page, Route, expect

from orthocrm import Role
from tests.browser.premises import OTHER_ORIGIN, Premises

BARE = """<!doctype html><html lang="en"><title>Our own software</title>
<script type="module">
  import {{ client }} from "{address}/static/latest/base/client.js";
  client.configure({{ token: async () => "{key}" }});
</script>
<script type="module" src="{address}/static/latest/elements/lead-card.js"></script>
<main><h1>Today</h1><ortho-lead-card lead-id="{lead}"></ortho-lead-card></main></html>"""


def test_a_card_shows_its_lead_in_the_page_of_another_origin(
    browser: Browser, premises: Premises
) -> None:
    lead = premises.lead("Emba Edded")
    page = browser.new_page()
    page.context.grant_permissions(["local-network-access"])
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    html = BARE.format(address=premises.address, key=premises.key(Role.FRONT_DESK), lead=lead.id)
    answer(page, html)
    page.goto(f"{OTHER_ORIGIN}/patients/today")
    expect(page.locator("ortho-lead-card").get_by_role("link", name="Emba Edded")).to_be_visible()
    colour = page.locator("ortho-lead-card").evaluate(
        "card => getComputedStyle(card.shadowRoot.querySelector('article')).backgroundColor"
    )
    assert colour == "rgb(255, 255, 255)"
    assert [text for text in told if "403" not in text] == []  # a key may not ask who it is
    page.close()


def answer(page: Page, html: str) -> None:
    """Be the server of the other origin."""

    def fulfil(route: Route) -> None:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")

    page.route(f"{OTHER_ORIGIN}/patients/**", fulfil)
    page.route(f"{OTHER_ORIGIN}/favicon.ico", lambda route: route.fulfill(status=204))
