"""Forms and mappings that a clinic saves."""

from typing import Any

import attrs
import pytest

from orthocrm import (
    InvalidInput,
    NotFound,
)
from orthocrm.leads.mapping import parse
from tests.flows.practice import House
from tests.flows.receiving import FORM, NO_TEXT, PROJECT


def test_forms_are_added_replaced_and_removed(house: House) -> None:
    other = attrs.evolve(FORM, slug="other", source="print ADVERTISING")
    saved = house.admin.settings.save_form(other)
    assert saved.settings.forms == (FORM, other)
    renamed = attrs.evolve(FORM, title="Ask us")
    assert house.admin.settings.save_form(renamed).settings.forms == (renamed, other)
    assert house.admin.settings.remove_form("contact").settings.forms == (other,)
    assert house.admin.settings.practice().clinic.settings.forms == (other,)
    with pytest.raises(NotFound):
        house.admin.settings.remove_form("contact")


@pytest.mark.parametrize(
    "form",
    [
        None,
        attrs.evolve(FORM, source="Radio"),
        attrs.evolve(FORM, source=NO_TEXT),
        attrs.evolve(FORM, slug=""),
    ],
)
def test_a_form_that_cannot_work_is_refused(bare: House, form: Any) -> None:
    with pytest.raises(InvalidInput):
        bare.admin.settings.save_form(form)
    assert bare.admin.settings.practice().clinic.settings.forms == (FORM,)


def test_mappings_are_saved_listed_and_removed(house: House) -> None:
    text = (PROJECT / "examples" / "meta_export.toml").read_text()
    house.admin.settings.save_mapping("Weekly", 'kind = "leads"\n[columns]\nemail = "e"\n')
    kept = house.admin.settings.save_mapping("WEEKLY", text)
    assert house.front.settings.mappings() == (kept,)
    assert parse(kept.text) == parse(text)
    house.admin.settings.remove_mapping("weekly")
    assert house.front.settings.mappings() == ()
    with pytest.raises(NotFound):
        house.admin.settings.remove_mapping("weekly")


@pytest.mark.parametrize(
    "name, text",
    [
        ("", 'kind = "leads"'),
        ("a", "kind = "),
        ("a", 'kind = "lead"'),
        ("a", 7),
        ("a", "#" * 65_537),
    ],
)
def test_a_mapping_that_cannot_be_read_is_not_saved(bare: House, name: str, text: Any) -> None:
    with pytest.raises(InvalidInput):
        bare.admin.settings.save_mapping(name, text)
    assert bare.admin.settings.mappings() == ()
