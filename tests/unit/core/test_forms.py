"""Forms that contradict themselves are refused when they are saved."""

from typing import Any

import attrs
import pytest

from orthocrm.backends.sql.rows.settings import put_settings, take_settings
from orthocrm.core.errors import InvalidInput
from orthocrm.core.forms import (
    FORM_FIELDS,
    FormChoice,
    FormDefinition,
    FormField,
    SavedMapping,
)
from orthocrm.core.settings import Settings, checked_settings
from orthocrm.leads.intake import Intake

PHONE = FormField(name="phone")
FORM = FormDefinition(slug="contact", title="Contact", fields=(PHONE,))


def problems(**settings: Any) -> set[str]:
    with pytest.raises(InvalidInput) as refusal:
        checked_settings(Settings(**settings))
    assert {problem.code for problem in refusal.value.problems} == {"bad_setting"}
    return {problem.path for problem in refusal.value.problems}


def form(**fields: Any) -> tuple[FormDefinition, ...]:
    return (attrs.evolve(FORM, **fields),)


def asking(**fields: Any) -> tuple[FormDefinition, ...]:
    return form(fields=(attrs.evolve(PHONE, **fields),))


def test_forms_fill_fields_of_an_enquiry_that_are_the_familys_own_affair() -> None:
    names = {each.name for each in attrs.fields(Intake)}
    assert set(FORM_FIELDS) - names == {"full_name", "patient_full_name"}
    own = {"channel", "source", "owner", "received_at", "delivery_key", "live", "no_contact"}
    assert own & set(FORM_FIELDS) == set()


@pytest.mark.parametrize(
    "forms, paths",
    [
        (None, {"forms"}),
        ([FORM], {"forms"}),
        (("contact",), {"forms"}),
        ((FORM,) * 101, {"forms"}),
        ((FORM, FORM), {"forms.slug"}),
        (form(slug="Contact"), {"forms.slug"}),
        (form(slug=""), {"forms.slug"}),
        (form(slug=7), {"forms.slug"}),
        (form(title=""), {"forms.title"}),
        (form(title=None), {"forms.title"}),
        (form(source=""), {"forms.source"}),
        (form(campaign="x" * 256), {"forms.campaign"}),
        (form(provider_ref="\n"), {"forms.provider_ref"}),
        (form(fields=()), {"forms.fields"}),
        (form(fields=(PHONE, PHONE)), {"forms.fields", "forms.fields.fills"}),
        (form(honeypot="phone"), {"forms.fields"}),
        (form(honeypot="two words"), {"forms.honeypot"}),
        (asking(name="utm_source"), {"forms.fields"}),
        (asking(name="a b"), {"forms.fields.name"}),
        (asking(fills="owner"), {"forms.fields.fills"}),
        (asking(label="x" * 256), {"forms.fields.label"}),
        (asking(choices=("a",)), {"forms.fields.choices"}),
        (asking(choices=(FormChoice(value="a"),) * 2), {"forms.fields.choices"}),
    ],
)
def test_a_form_that_contradicts_itself_is_refused(forms: Any, paths: set[str]) -> None:
    assert problems(forms=forms) == paths


def test_two_forms_do_not_explain_the_same_form_of_a_provider() -> None:
    forms = (*form(provider_ref="1"), *form(slug="other", provider_ref="1"))
    assert problems(forms=forms) == {"forms.provider_ref"}


@pytest.mark.parametrize(
    "mappings, path",
    [
        (("x",), "mappings"),
        ((SavedMapping(name="a", text=""), SavedMapping(name="A", text="")), "mappings.name"),
        ((SavedMapping(name="a", text="x" * 65_537),), "mappings.text"),
    ],
)
def test_mappings_have_names_of_their_own(mappings: Any, path: str) -> None:
    assert problems(mappings=mappings) == {path}


def test_forms_and_mappings_are_stored_as_they_are() -> None:
    choice = FormChoice(value="a", label="é", means="CHILD")
    asked = FormField(name="who", fills="relationship", required=True, choices=(choice,))
    saved = SavedMapping(name="Weekly", text='kind = "leads"')
    settings = Settings(forms=form(fields=(asked,), signed=False), mappings=(saved,))
    assert take_settings(put_settings(settings)) == settings


def test_settings_that_were_stored_before_there_were_forms_have_none() -> None:
    assert take_settings("{}").forms == ()
