"""Where the fast path of a reader and the general one have to agree."""

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput
from orthocrm.core.people import Phone
from orthocrm.leads.contact import read_email, read_phone

DIGITS = st.text("0123456789", min_size=6, max_size=12)
SIGNS = st.text("()-. +/1", max_size=3)


def by_the_library(text: str, region: str) -> Phone | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, number.extension or "")


def by_us(text: str, region: str) -> Phone | None:
    try:
        return read_phone(text, region, "phone")
    except InvalidInput:
        return None


def address_of(text: str) -> str | None:
    try:
        return read_email(text, "email").address
    except InvalidInput:
        return None


@given(
    prefix=SIGNS,
    area=st.text("0123456789", min_size=3, max_size=3),
    gap=SIGNS,
    exchange=st.text("0123456789", min_size=3, max_size=3),
    hyphen=SIGNS,
    line=st.text("0123456789", min_size=4, max_size=4),
)
def test_a_number_typed_in_the_usual_way_is_read_as_the_library_reads_it(
    prefix: str, area: str, gap: str, exchange: str, hyphen: str, line: str
) -> None:
    text = f"{prefix}{area}{gap}{exchange}{hyphen}{line}"

    assert by_us(text, "US") == by_the_library(text, "US")


@given(digits=DIGITS, region=st.sampled_from(["US", "CA", "GB", "DE", "MX", "IT"]))
def test_digits_are_read_as_the_library_reads_them_in_every_region(
    digits: str, region: str
) -> None:
    assert by_us(digits, region) == by_the_library(digits, region)


@given(digits=DIGITS)
def test_a_number_once_read_is_read_again_as_itself(digits: str) -> None:
    phone = by_us(digits, "US")

    if phone is not None:
        assert by_us(phone.number, "US") == phone


@given(st.one_of(st.emails(), st.text(max_size=40).map(lambda local: f"{local}@example.com")))
def test_an_address_once_folded_is_folded_again_to_itself(typed: str) -> None:
    address = address_of(typed)

    if address is not None:
        assert address_of(address) == address


@given(st.text(max_size=300))
def test_whatever_is_typed_the_answer_is_a_value_or_a_refusal(text: str) -> None:
    phone, email = by_us(text, "US"), address_of(text)

    assert phone is None or phone.number.startswith("+")
    assert email is None or email.count("@") == 1
