"""Google sends one lead at a time, with the key that the practice chose."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from orthocrm.core.errors import InvalidInput, MissingKey
from orthocrm.core.forms import FormDefinition, FormField
from orthocrm.core.lead import Channel
from orthocrm.core.source import LeadSourceCategory
from orthocrm.leads.channels.delivery import (
    Delivered,
    Ignored,
    Item,
    Reason,
    Reception,
    Unreadable,
    source_of,
)
from orthocrm.leads.channels.google import Google
from orthocrm.leads.channels.signatures import Unverified
from orthocrm.leads.intake import Intake
from tests.unit.leads.channels.arranged import CHILD, reception, sample, truth, with_samples

SECRET_WORD = "Xyzzy"


def payload(*columns: tuple[str, object], **fields: object) -> dict[str, Any]:
    answers = (("FULL_NAME", "Ana Ruiz"), ("EMAIL", "ana@example.com"), *columns)
    return {
        "lead_id": "lead-1",
        "google_key": "another key",
        "form_id": 77,
        "user_column_data": [{"column_id": n, "string_value": v} for n, v in answers],
        **fields,
    }


def read(body: Any, told: Reception | None = None) -> Item:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    (item,) = Google().read(Delivered(body=raw), told or reception())
    return item


def lead(told: Reception, body: dict[str, Any]) -> Intake:
    item = read(body, told)
    assert isinstance(item, Intake)
    return item


@with_samples
def test_a_documented_lead_becomes_an_enquiry() -> None:
    known = truth("google")[1]
    told = reception()
    assert read(sample(known["file"]), told) == Intake(
        channel=Channel.SOCIAL,
        first_name="Ana",
        last_name="Ruiz",
        phone="1-305-555-0123",
        email="Ana@Example.com",
        notes="Who is the treatment for?: My child",
        source=source_of(told.practice, LeadSourceCategory.WEB_PAID),
        campaign="20000000001",
        source_detail=(
            f"form={known['expect']['form_id']}; ad group=20000000000; ad=30000000000; "
            "click=Cj0KCQjw-test"
        ),
        external_ref="EAIaIQobChMI-example",
        received_at=datetime(2026, 7, 16, 18, 2, 11, tzinfo=UTC),
        delivery_key="google:EAIaIQobChMI-example",
    )


@with_samples
def test_the_documented_test_lead_is_ignored() -> None:
    assert read(sample(truth("google")[0]["file"])) == Ignored(Reason.TEST_LEAD)


@with_samples
def test_the_columns_of_the_documented_test_lead_are_known() -> None:
    known = truth("google")[0]
    item = read({**json.loads(sample(known["file"])), "is_test": False})
    assert isinstance(item, Intake)
    assert f"{item.first_name} {item.last_name}" == known["expect"]["name"]
    assert (item.phone, item.email) == (known["expect"]["phone"], known["expect"]["email"])
    assert item.postal_code == known["expect"]["postal_code"]
    assert (item.city, item.state, item.notes) == ("Mountain View", "California", None)


@pytest.mark.parametrize("key", [None, "", SECRET_WORD, 7, ["another key"], "another key "])
def test_another_key_is_refused(key: object) -> None:
    with pytest.raises(Unverified):
        read(payload(google_key=key))


def test_a_test_lead_needs_the_key_too() -> None:
    with pytest.raises(Unverified):
        read(payload(google_key="x", is_test=True))


def test_without_a_key_of_ours_nothing_is_accepted() -> None:
    with pytest.raises(MissingKey):
        read(payload(), reception(secrets={}))


@pytest.mark.parametrize("is_test", ["true", 1, None, False])
def test_only_true_is_a_test(is_test: object) -> None:
    assert isinstance(read(payload(is_test=is_test)), Intake)


def test_older_forms_name_their_columns_by_title() -> None:
    body = payload()
    body["user_column_data"].append({"column_name": "School", "string_value": "Lincoln"})
    assert lead(reception(), body).notes == "School: Lincoln"


def test_a_form_of_the_clinic_explains_the_columns() -> None:
    who = FormField(name="who?", fills="relationship", choices=(CHILD,))
    form = FormDefinition(slug="google", title="Search", fields=(who,), provider_ref="77")
    assert lead(reception(form), payload(("who?", "my_child"))).relationship == "CHILD"


def test_a_number_that_is_none_is_kept_in_the_notes() -> None:
    told = lead(reception(), payload(("PHONE_NUMBER", "none")))
    assert (told.phone, told.notes) == (None, "PHONE_NUMBER: none")


@pytest.mark.parametrize(
    "fields",
    [
        {"lead_id": None},
        {"lead_id": " "},
        {"lead_id": SECRET_WORD * 60},
        {"user_column_data": None},
        {"user_column_data": SECRET_WORD},
        {"user_column_data": [SECRET_WORD]},
        {"user_column_data": [{"string_value": SECRET_WORD}]},
        {"user_column_data": [{"column_id": "EMAIL", "string_value": {"a": SECRET_WORD}}]},
    ],
)
def test_a_lead_of_another_shape_is_refused(fields: dict[str, object]) -> None:
    item = read(payload(**fields))
    assert isinstance(item, Unreadable)
    assert SECRET_WORD not in str(item.error)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b" " * 65_537])
def test_a_body_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read(body)
