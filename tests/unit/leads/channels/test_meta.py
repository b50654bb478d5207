"""Meta announces leads by id, and tells them as questions and answers."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import attrs
import pytest

from orthocrm.core.errors import InvalidInput, MissingKey
from orthocrm.core.forms import FormChoice, FormDefinition, FormField
from orthocrm.core.lead import Channel
from orthocrm.core.source import LeadSourceCategory
from orthocrm.leads.channels.delivery import (
    Awaited,
    Delivered,
    Ignored,
    Item,
    Reason,
    Reception,
    Unreadable,
    source_of,
)
from orthocrm.leads.channels.meta import Meta, challenge
from orthocrm.leads.channels.signatures import Unverified
from orthocrm.leads.intake import Intake
from orthocrm.testing.clock import MONDAY_MORNING
from tests.unit.leads.channels.arranged import CHILD, reception, sample, truth, with_samples

SECRET_WORD = "Xyzzy"


def announced(payload: object, secret: bytes = b"test-app-secret") -> Delivered:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    told = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return Delivered(body=body, headers={"x-hub-signature-256": told})


def change(leadgen_id: object = 1, name: str = "leadgen") -> dict[str, object]:
    return {"field": name, "value": {"leadgen_id": leadgen_id}}


def page(*changes: object) -> dict[str, object]:
    return {"object": "page", "entry": [{"id": 1, "changes": [each]} for each in changes]}


def read(delivered: Delivered, told: Reception | None = None) -> list[Item]:
    return list(Meta().read(delivered, told or reception()))


def detail(**answers: object) -> dict[str, Any]:
    asked = {"full_name": "Joe Example", "email": "joe@example.com", **answers}
    data = [{"name": n, "values": v if isinstance(v, list) else [v]} for n, v in asked.items()]
    return {"id": "123", "form_id": "77", "field_data": data}


def lead(told: Reception | None = None, /, **answers: Any) -> Intake:
    (item,) = read(Delivered(body=detail(**answers)), told)
    assert isinstance(item, Intake)
    return item


@with_samples
def test_the_documented_notification_announces_its_leads() -> None:
    known = truth("meta")
    delivery = Delivered(body=sample(known["file"]), headers={known["header"]: known["value"]})
    expected = [Awaited(reference=i) for i in known["expect"]["leadgen_ids"]]
    assert read(delivery) == expected


@with_samples
def test_the_documented_detail_becomes_an_enquiry() -> None:
    told = reception()
    (item,) = read(Delivered(body=json.loads(sample("meta_lead_detail.json"))), told)
    assert item == Intake(
        channel=Channel.SOCIAL,
        first_name="Joe Q.",
        last_name="Example",
        email="Joe@Example.com",
        phone="+13125550142",
        postal_code="01960",
        patient_born_on=date(2013, 4, 9),
        notes="who is the treatment for?: my_child",
        source=source_of(told.practice, LeadSourceCategory.WEB_SOCIAL),
        source_detail="platform=ig; form=12312312312; ad=12312312312",
        external_ref="123123123123",
        received_at=datetime(2026, 7, 16, 0, 12, 13, tzinfo=UTC),
        delivery_key="meta:123123123123",
    )


def test_an_id_that_is_announced_twice_is_fetched_once() -> None:
    assert read(announced(page(change(5), change("5"), change(6)))) == [
        Awaited(reference="5"),
        Awaited(reference="6"),
    ]


def test_other_news_of_the_page_is_left_alone() -> None:
    assert read(announced(page(change(name="feed")))) == []


def test_an_id_beyond_the_precision_of_floats_survives() -> None:
    assert read(announced(page(change(9007199254740993)))) == [
        Awaited(reference="9007199254740993")
    ]


SHAPES: dict[str, object] = {
    "no JSON": b"<xml/>",
    "a list": [],
    "no entry": {},
    "an entry that is a text": {"entry": "x"},
    "an entry without changes that are a list": {"entry": [{"changes": "x"}]},
    "a change that is a number": {"entry": [{"changes": [7]}]},
    "a lead that is a text": {"entry": [{"changes": [{"field": "leadgen", "value": "x"}]}]},
    "no id": page({"field": "leadgen", "value": {}}),
    "an id that is true": page(change(leadgen_id=True)),
    "an id of letters": page(change(SECRET_WORD)),
    "an id that is a fraction": page(change(1.5)),
    "an id that is a list": page(change([1])),
    "a path for an id": page(change("../me")),
    "digits beyond ASCII": page(change("١٢٣")),
    "too many leads": page(*map(change, range(1_001))),
    "oversize": b" " * 1_048_577,
}


@pytest.mark.parametrize("case", SHAPES)
def test_a_notification_of_another_shape_is_refused(case: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(announced(SHAPES[case]))
    assert SECRET_WORD not in str(refusal.value)


TAMPERED: dict[str, Callable[[Delivered], Delivered]] = {
    "unsigned": lambda d: attrs.evolve(d, headers={}),
    "tampered": lambda d: attrs.evolve(d, body=d.raw(9_999).replace(b"1", b"2")),
    "signed the old way": lambda d: attrs.evolve(
        d, headers={"X-Hub-Signature": d.headers["x-hub-signature-256"]}
    ),
    "signed with SHA-1": lambda d: attrs.evolve(
        d, headers={"X-Hub-Signature-256": "sha1=" + "0" * 40}
    ),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_an_unsigned_or_tampered_notification_is_refused(case: str) -> None:
    with pytest.raises(Unverified):
        read(TAMPERED[case](announced(page(change()))))


def test_without_the_secret_of_the_app_nothing_is_accepted() -> None:
    with pytest.raises(MissingKey):
        read(announced(page(change()), secret=b""), reception(secrets={}))


def test_a_test_lead_is_ignored() -> None:
    dummy = detail(full_name="<test lead: dummy data for full_name>", email="test@meta.com")
    assert read(Delivered(body=dummy)) == [Ignored(Reason.TEST_LEAD)]


@pytest.mark.parametrize(
    "answer, field",
    [("phone_number", "phone"), ("work_phone_number", "phone_alt"), ("email", "email")],
)
def test_an_answer_that_does_not_fit_is_kept_in_the_notes(answer: str, field: str) -> None:
    said: dict[str, Any] = {answer: "call my mother"}
    told = lead(**said)
    assert getattr(told, field) is None
    assert told.notes == f"{answer.replace('_', ' ')}: call my mother"


def test_a_form_of_the_clinic_explains_the_questions() -> None:
    form = FormDefinition(
        slug="meta",
        title="Summer",
        fields=(
            FormField(name="for_whom?", fills="relationship", choices=(CHILD,), required=True),
            FormField(name="when", label="When?", choices=(FormChoice(value="a", label="Soon"),)),
        ),
        source="Print advertising",
        campaign="Summer smile",
        provider_ref="77",
    )
    told = lead(reception(form), **{"for_whom?": "my_child", "when": "a"})
    assert (told.relationship, told.notes) == ("CHILD", "When?: Soon")
    assert (told.source, told.campaign) == ("Print advertising", "Summer smile")
    assert lead(reception(form), **{"for_whom?": "my_dog"}).notes == "for_whom?: my_dog"
    other = attrs.evolve(form, provider_ref="78")
    assert lead(reception(other), when="a").notes == "when: a"


@pytest.mark.parametrize(
    "born, relationship, expected",
    [
        ("04/09/2013", "my_child", (date(2013, 4, 9), None)),
        ("04/09/1980", "my_child", (None, "date of birth: 04/09/1980")),
        ("04/09/1980", "myself", (date(1980, 4, 9), None)),
        ("31/12/2013", "my_child", (None, "date of birth: 31/12/2013")),
    ],
)
def test_a_birth_date_is_the_patients_unless_an_adult_asks_for_a_child(
    born: str, relationship: str, expected: tuple[date | None, str | None]
) -> None:
    choices = (CHILD, FormChoice(value="myself", means="SELF"))
    who = FormField(name="who", fills="relationship", choices=choices)
    form = FormDefinition(slug="meta", title="Summer", fields=(who,), provider_ref="77")
    told = lead(reception(form), date_of_birth=born, who=relationship)
    assert (told.patient_born_on, told.notes) == expected


@pytest.mark.parametrize(
    "created", ["2031-01-01T00:00:00+0000", "2026-01-01T00:00:00", "x", 7, None]
)
def test_an_instant_that_tells_nothing_or_lies_ahead_is_now(created: object) -> None:
    (item,) = read(Delivered(body={**detail(), "created_time": created}))
    assert isinstance(item, Intake)
    assert item.received_at == MONDAY_MORNING


@pytest.mark.parametrize(
    "field, value",
    [
        ("field_data", None),
        ("field_data", "x"),
        ("field_data", [SECRET_WORD]),
        ("field_data", [{"values": ["x"]}]),
        ("field_data", [{"name": "email", "values": SECRET_WORD}]),
        ("field_data", [{"name": "email", "values": [{"a": SECRET_WORD}]}]),
        ("id", None),
        ("id", SECRET_WORD),
    ],
)
def test_a_detail_of_another_shape_is_refused_by_itself(field: str, value: object) -> None:
    (item,) = read(Delivered(body={**detail(), field: value}))
    assert isinstance(item, Unreadable)
    assert SECRET_WORD not in str(item.error)


def test_the_question_of_a_new_webhook_is_answered() -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "ours", "hub.challenge": "1158201444"}
    assert challenge(asked, [b"old", b"ours"]) == "1158201444"
    for wrong in ({**asked, "hub.verify_token": "theirs"}, {**asked, "hub.mode": "x"}, {}):
        with pytest.raises(Unverified):
            challenge(wrong, [b"ours"])
