"""The public form, in a bare page of another origin: nobody is logged in, everybody may write."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve
from playwright.sync_api import Browser, Page, expect

from orthocrm.core.forms import FormChoice, FormDefinition, FormField
from orthocrm.core.lead import Lead
from tests.browser.conftest import PHONE
from tests.browser.looking import findings
from tests.browser.premises import OTHER_ORIGIN, Premises
from tests.browser.test_embedding import answer
from tests.browser.test_hostile import NAMES

BARE = """<!doctype html><html lang="en"><title>Our practice</title>
<meta name="viewport" content="width=device-width">
<script type="module" src="{address}/static/latest/elements/lead-web-form.js"></script>
<main><h1>Write to us</h1><ortho-lead-web-form clinic="{clinic}" form="{form}">
<p slot="consent">We use this to answer you. <a href="/privacy">How we keep it</a></p>
</ortho-lead-web-form></main></html>"""

CONSENT = FormField(
    name="texts",
    label="Text messages",
    required=True,
    choices=(FormChoice(value="yes", label="You may send me text messages"),),
)
CONTACT = FormDefinition(
    slug="contact",
    title="Contact form of the site",
    signed=False,
    fields=(
        FormField(name="name", fills="full_name", required=True),
        FormField(name="email"),
        FormField(name="phone"),
        FormField(name="who", fills="relationship", required=True),
        FormField(name="interests"),
        FormField(name="notes"),
        CONSENT,
    ),
)


@pytest.fixture
def site(browser: Browser, premises: Premises) -> Iterator[Any]:
    """Open a form in the practice's own site, on a phone; no script may fail there."""
    wrongs: list[str] = []
    pages: list[Page] = []

    def opened(form: FormDefinition, path: str = "/patients/new", **options: Any) -> Page:
        premises.admin.settings.save_form(form)
        page = browser.new_page(**{"locale": "en-US", **PHONE, **options})
        pages.append(page)
        page.set_default_timeout(15_000)
        page.context.grant_permissions(["local-network-access"])
        page.on("pageerror", lambda error: wrongs.append(error.message))
        html = BARE.format(address=premises.address, clinic=premises.clinic.id, form=form.slug)
        answer(page, html)
        page.goto(OTHER_ORIGIN + path)
        return page

    yield opened
    for page in pages:
        page.close()
    assert wrongs == []


def test_a_family_writes_and_the_practice_has_a_lead(site: Any, premises: Premises) -> None:
    page = site(CONTACT, "/patients/new?utm_campaign=autumn")
    page.get_by_label("Your name").fill("Webb Former")
    page.get_by_label("E-mail").fill("webb.former@example.com")
    page.get_by_role("radio", name="My child").check()
    page.get_by_role("checkbox", name="Clear braces").check()
    page.get_by_role("checkbox", name="Invisalign").check()
    page.get_by_label("You may send me text messages").check()
    assert findings(page) == []
    page.get_by_role("button", name="Send").click()
    thanks = page.get_by_role("status")
    expect(thanks).to_contain_text("Thank you. We have your message")
    expect(thanks).to_be_focused()
    assert findings(page) == []
    (lead,) = worked_off(page, premises)
    assert lead.contact.name == "Webb Former"
    assert lead.origin.campaign == "autumn"
    assert sorted(lead.enquiry.interests) == ["BRACES_CLEAR", "INVISALIGN"]
    assert lead.enquiry.notes == "Text messages: You may send me text messages"


def worked_off(page: Page, premises: Premises) -> tuple[Lead, ...]:
    """Wait for the lead, which is made when the page has its answer already."""
    for _ in range(600):
        if found := premises.admin.leads.search("Former"):
            return found
        page.wait_for_timeout(50)
    return ()


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_sent(site: Any) -> None:
    page = site(CONTACT, color_scheme="dark")  # which a site need not be made for
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.method))
    send = page.get_by_role("button", name="Send")
    send.click()
    expect(page.get_by_label("Your name")).to_be_focused()
    expect(page.get_by_label("Your name")).to_have_accessible_description("This is needed")
    expect(page.get_by_label("E-mail")).to_have_accessible_description(
        "Give a phone number or an e-mail"
    )
    box = page.get_by_label("You may send me text messages")
    expect(box).to_have_accessible_description("Text messages This is needed")
    assert findings(page) == []
    page.get_by_label("E-mail").fill("nobody at home")
    page.get_by_label("Phone").fill("555-01")
    send.click()
    expect(page.get_by_label("E-mail")).to_have_accessible_description("This is no e-mail address")
    expect(page.get_by_label("Phone")).to_have_accessible_description(
        "Give the number with its area code"
    )
    assert "POST" not in sent


def test_hostile_labels_are_text_and_the_trap_is_out_of_the_way(
    site: Any, premises: Premises
) -> None:
    labels = [text for text in NAMES.values() if text.isprintable()]
    fields = tuple(FormField(name=f"q{n}", label=text) for n, text in enumerate(labels))
    who = (FormField(name="__proto__", label="Name", fills="full_name"), FormField(name="phone"))
    page = site(evolve(CONTACT, slug="hostile", fields=(*who, *fields)))
    for text in labels:
        expect(page.get_by_label(text, exact=True)).to_be_visible()
    expect(page).to_have_title("Our practice")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Name", exact=True).fill("Trapped Machine")
    page.get_by_label("Phone").fill("312-555-0142")
    for _ in range(len(fields)):
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="How we keep it")).to_be_focused()
    page.locator("[name=website]").evaluate(
        "box => { box.value = 'http://x'; box.dispatchEvent(new Event('input')); }"
    )
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you. We have your message")).to_be_visible()
    premises.crm.process_inbox()
    assert premises.admin.leads.search("Trapped") == ()


def test_a_closed_form_and_a_lost_connection_are_said_in_spanish(site: Any) -> None:
    page = site(evolve(CONTACT, slug="over", is_active=False), locale="es-MX")
    expect(page.get_by_role("alert")).to_have_text(
        "Este formulario no está abierto. Llame al consultorio"
    )
    page = site(evolve(CONTACT, slug="corto", fields=CONTACT.fields[:2]), locale="es-MX")
    page.get_by_label("Su nombre completo").fill("Inés Perdida")
    page.get_by_label("Correo electrónico").fill("ines@example.com")
    page.route("**/api/forms/**", lambda route: route.abort())
    page.get_by_role("button", name="Enviar").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Se perdió la conexión. Sus respuestas siguen aquí; inténtelo de nuevo"
    )
    expect(page.get_by_label("Su nombre completo")).to_have_value("Inés Perdida")
    page.unroute("**/api/forms/**")
    page.get_by_role("button", name="Enviar").click()
    expect(page.get_by_text("Gracias. Recibimos su mensaje")).to_be_visible()
