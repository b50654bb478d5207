"""A form says what its definition allows, signed, and nothing else."""

import json
from datetime import date
from typing import Any
from urllib.parse import urlencode

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput, NotFound
from orthocrm.core.forms import FormField
from orthocrm.core.lead import Channel
from orthocrm.core.source import LeadSourceCategory
from orthocrm.leads.channels.delivery import (
    Delivered,
    Ignored,
    Reason,
    Reception,
    Unreadable,
    source_of,
)
from orthocrm.leads.channels.signatures import Unverified
from orthocrm.leads.channels.web_form import WebForm
from orthocrm.leads.intake import Intake
from orthocrm.testing.clock import MONDAY_MORNING
from tests.unit.leads.channels.arranged import CONTACT, POST, posted, reception, signed, unsigned

SECRET_WORD = "Xyzzy"
RECEPTION = reception()


def read(delivered: Delivered, told: Reception | None = None) -> Any:
    (item,) = WebForm().read(delivered, told or reception())
    return item


def problems(delivered: Delivered, told: Reception | None = None) -> list[tuple[str, str]]:
    item = read(delivered, told)
    assert isinstance(item, Unreadable)
    assert isinstance(item.error, InvalidInput)
    assert SECRET_WORD not in str(item.error)
    return [(problem.path, problem.code) for problem in item.error.problems]


def as_json(**fields: object) -> Delivered:
    body = json.dumps({**POST, **fields}).encode()
    return signed(body, content_type="application/json; charset=utf-8")


def test_a_post_becomes_an_enquiry() -> None:
    told = reception()
    assert read(posted(interests="INVISALIGN", school="Lincoln"), told) == Intake(
        channel=Channel.WEB_FORM,
        first_name="Maria",
        last_name="Lopez",
        patient_first_name="Sofia",
        patient_last_name="Lopez",
        relationship="CHILD",
        phone="312-555-0142",
        interests=("INVISALIGN",),
        notes="Which school?: Lincoln",
        source=source_of(told.practice, LeadSourceCategory.WEB_ORGANIC),
        campaign="autumn",
        received_at=MONDAY_MORNING,
        delivery_key="web_form:contact:msg_1",
    )


def test_json_and_form_encoded_posts_are_the_same() -> None:
    told = reception()
    assert read(as_json(), told) == read(posted(), told)


TYPED = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(name=TYPED, notes=TYPED, school=TYPED, utm_source=TYPED)
def test_whatever_is_typed_json_and_form_encoded_posts_are_the_same(**typed: str) -> None:
    assert read(as_json(**typed), RECEPTION) == read(posted(**typed), RECEPTION)


def test_a_field_may_be_chosen_several_times() -> None:
    several = urlencode([*POST.items(), ("interests", "RETAINER"), ("interests", "INVISALIGN")])
    assert read(signed(several.encode())).interests == ("RETAINER", "INVISALIGN")
    assert read(as_json(interests=["RETAINER", "INVISALIGN"])).interests == (
        "RETAINER",
        "INVISALIGN",
    )
    twice = urlencode([*POST.items(), ("phone", "1"), ("phone", "2")])
    assert problems(signed(twice.encode())) == [("phone", "wrong_type")]


def test_tags_and_referrer_tell_the_campaign_and_the_ad() -> None:
    told = read(
        posted(
            utm_source="google",
            utm_medium="cpc",
            utm_campaign="winter",
            referrer=f"https://example.com/braces?name={SECRET_WORD}#top",
        )
    )
    assert told.campaign == "winter"
    assert told.source_detail == "source=google; medium=cpc; referrer=https://example.com/braces"


def test_noise_in_tags_loses_no_lead() -> None:
    told = read(posted(utm_source="x" * 9_000, utm_medium="\x00\x1b", utm_term=" "))
    assert told.source_detail == ("source=" + "x" * 255)[:255]


def test_what_is_typed_stays_text() -> None:
    said = '=HYPERLINK("http://x")<script>alert(1)</script>'
    told = read(posted(name="محمد 🦷 علي", notes=said, school="@SUM(A1)"))
    assert (told.first_name, told.last_name) == ("محمد 🦷", "علي")
    assert told.notes == f"{said}\nWhich school?: @SUM(A1)"


def test_dates_and_ages_are_read() -> None:
    told = read(posted(patient_born_on="2014-02-28", patient_age="12"))
    assert (told.patient_born_on, told.patient_age) == (date(2014, 2, 28), 12)
    assert read(as_json(patient_age=12)).patient_age == 12


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({"stage": SECRET_WORD}, [("stage", "unknown_field")]),
        (
            {"owner": "tc-1", "clinic_id": "2"},
            [("owner", "unknown_field"), ("clinic_id", "unknown_field")],
        ),
        ({f"<b>{SECRET_WORD}</b>": "x"}, [("(a field)", "unknown_field")]),
        ({"312-555-0142": "x"}, [("(a field)", "unknown_field")]),
        ({"who": SECRET_WORD}, [("who", "unknown_value")]),
        ({"who": " "}, [("who", "required")]),
        ({"patient_born_on": "28.02.2014"}, [("patient_born_on", "not_a_date")]),
        ({"patient_born_on": "2014-02-30"}, [("patient_born_on", "not_a_date")]),
        ({"patient_age": "twelve"}, [("patient_age", "wrong_type")]),
        ({"patient_age": "٣"}, [("patient_age", "wrong_type")]),
        ({"notes": SECRET_WORD * 2_001}, [("notes", "too_long")]),
    ],
)
def test_what_the_form_does_not_allow_is_refused_by_name(
    fields: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    assert problems(posted(**fields)) == expected


@pytest.mark.parametrize("value", [7, True, {"a": 1}, [["x"]], ["x", 1], 3125550142])
def test_json_of_another_type_is_refused(value: object) -> None:
    assert problems(as_json(phone=value)) == [("phone", "wrong_type")]


def test_a_filled_honeypot_is_ignored_before_anything_is_looked_at() -> None:
    assert read(posted(website="http://spam.example", who="x", nonsense="1")) == Ignored(
        Reason.HONEYPOT
    )
    assert isinstance(read(posted(website="  ")), Intake)


def test_a_form_has_its_own_honeypot_source_and_key() -> None:
    form = attrs.evolve(CONTACT, honeypot="url", source="Print advertising", campaign=None)
    told = read(posted(), reception(form))
    assert (told.source, told.campaign) == ("Print advertising", None)
    assert read(posted(url="x"), reception(form)) == Ignored(Reason.HONEYPOT)
    assert problems(posted(website="x"), reception(form)) == [("website", "unknown_field")]


BODIES = {
    "no JSON": (b"{", "application/json", "not_json"),
    "a list": (b"[]", "application/json", "not_json"),
    "NaN": (b'{"phone": NaN}', "application/json", "not_json"),
    "a name twice": (b'{"phone": "1", "phone": "2"}', "application/json", "not_json"),
    "deep": (b'{"a":' + b"[" * 60_000, "application/json", "not_json"),
    "a number of many digits": (b'{"a": ' + b"9" * 6_000 + b"}", "application/json", "not_json"),
    "UTF-16": ('{"phone": "1"}'.encode("utf-16"), "application/json", "not_json"),
    "Latin-1": (b'{"name": "M\xfcller"}', "application/json", "not_json"),
    "Latin-1 in a form": (b"name=M%FCller", "application/x-www-form-urlencoded", "not_a_form"),
    "many fields": (b"a=1&" * 300, "application/x-www-form-urlencoded", "not_a_form"),
    "raw bytes in a form": (b"name=M\xc3\xbc", "application/x-www-form-urlencoded", "not_a_form"),
    "XML": (b"<a/>", "text/xml", "wrong_type"),
    "another encoding": (b"{}", "application/json; charset=latin-1", "wrong_encoding"),
    "oversize": (b"a=" + b"x" * 65_536, "application/x-www-form-urlencoded", "too_long"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_that_cannot_be_read_is_refused(case: str) -> None:
    body, kind, code = BODIES[case]
    with pytest.raises(InvalidInput) as refusal:
        read(signed(body, content_type=kind))
    assert [(p.path, p.code) for p in refusal.value.problems] == [("body", code)]


def test_what_is_too_long_is_refused_before_it_is_verified() -> None:
    with pytest.raises(InvalidInput):
        read(Delivered(body=b"x" * 70_000, form="contact"))


@pytest.mark.parametrize("body", [b"name=Maria", b"", b"not even a form \xff"])
def test_an_unsigned_post_of_a_signed_form_is_refused(body: bytes) -> None:
    with pytest.raises(Unverified):
        read(Delivered(body=body, form="contact"))


@pytest.mark.parametrize("body", [POST, "name=Maria", None, bytearray(b"x"), [POST]])
def test_a_signed_form_takes_bytes_only(body: Any) -> None:
    with pytest.raises(InvalidInput):
        read(Delivered(body=body, form="contact"))


def test_a_form_that_is_not_signed_takes_bytes_and_mappings() -> None:
    told = reception(unsigned())
    plain = read(Delivered(body=urlencode(POST).encode(), form="contact"), told)
    assert plain.delivery_key is None
    assert read(Delivered(body=POST, form="contact"), told) == plain


def test_a_mapping_with_names_that_are_no_texts_is_refused() -> None:
    odd: Any = {1: "x"}
    with pytest.raises(InvalidInput):
        read(Delivered(body=odd, form="contact"), reception(unsigned()))


@pytest.mark.parametrize("slug", ["other", None, "", 7])
def test_an_unknown_or_resting_form_is_not_found(slug: Any) -> None:
    with pytest.raises(NotFound):
        read(attrs.evolve(posted(), form=slug))
    with pytest.raises(NotFound):
        read(posted(), reception(attrs.evolve(CONTACT, is_active=False)))


def test_answers_without_a_field_are_shown_by_their_labels() -> None:
    choices = FormField(name="when", label="When?", choices=CONTACT.fields[1].choices)
    form = attrs.evolve(CONTACT, fields=(*CONTACT.fields, choices))
    assert read(posted(when="my_child"), reception(form)).notes == "When?: My child"


def test_a_delivery_shows_nothing_of_its_body() -> None:
    assert SECRET_WORD not in repr(posted(name=SECRET_WORD))
    assert SECRET_WORD not in repr(read(posted(name=SECRET_WORD)))
