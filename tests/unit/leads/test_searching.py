import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.core.people import Contact, Email, Patient, Phone
from orthocrm.leads.searching import wanted
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()
LEAD = evolve(
    a_lead_of(PRACTICE),
    patient=Patient(first_name="José María", last_name="García"),
    contact=Contact(
        first_name="Ana",
        last_name="O'Brien-Lee",
        phone=Phone(number="+13125550142"),
        email=Email(typed="Ana.Lee@Example.com", address="ana.lee@example.com"),
    ),
)


@pytest.mark.parametrize("text", ["", "  ", "?!", 7, "x" * 101])
def test_what_names_nobody_is_refused_without_its_value(text: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        wanted(text)  # type: ignore[arg-type]  # as callers without types do
    assert [problem.path for problem in refused.value.problems] == ["text"]
    assert "xxx" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "garcia",
        "GARCÍA jos",
        "mar",
        "obrien",
        "lee ana",
        "312555",
        "(312) 555-01",
        "0142",
        "ANA.LEE@ex",
    ],
)
def test_beginnings_of_names_numbers_and_addresses_find_a_lead(text: str) -> None:
    assert wanted(text).fits(LEAD)


@pytest.mark.parametrize("text", ["arcia", "garcia ben", "0143", "lee@example.com", "12"])
def test_whatever_begins_otherwise_finds_none(text: str) -> None:
    assert not wanted(text).fits(LEAD)


def test_what_was_typed_shows_in_no_repr() -> None:
    assert "garcia" not in repr(wanted("Garcia"))
