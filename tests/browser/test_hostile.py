"""What families write is shown as they wrote it: nothing of it runs, and nothing breaks."""

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Visits
from tests.browser.premises import Premises

NAMES = {
    "script": "<script>document.title='run'</script>",
    "handler": '"><img src=x onerror="document.title=1">',
    "template": "${alert(1)} {{7*7}} %3Cb%3E",
    "emoji": "Zoë 👩‍👩‍👧‍👦 🦷",
    "hebrew": "שָׂרָה כֹּהֵן",
    "long": ("Wolfeschlegelsteinhausenbergerdorff" * 3)[:100],
}


def test_hostile_names_are_text_on_the_board(visit: Visits, premises: Premises) -> None:
    leads = [
        premises.lead(f"Hostile{number} X", patient_first_name=name, patient_last_name="")
        for number, name in enumerate(NAMES.values())
    ]
    page = visit("/pipeline", **PHONE)
    for lead in leads:
        card = page.locator(f'ortho-lead-card[lead-id="{lead.id}"]')
        expect(card.get_by_role("link")).to_have_text(lead.patient.first_name)
        box, within = card.bounding_box(), page.locator(".column").first.bounding_box()
        assert box is not None
        assert within is not None
        assert box["width"] <= within["width"]
    expect(page).to_have_title("Pipeline · Bright Smiles")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
