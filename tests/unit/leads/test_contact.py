import json
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

from orthocrm.core.errors import InvalidInput
from orthocrm.core.people import Email, Phone
from orthocrm.leads.contact import read_email, read_phone

FIXTURES = Path(__file__).parents[4] / "shared" / "data" / "contact_fixtures"

needs_fixtures = pytest.mark.skipif(
    not FIXTURES.is_dir(), reason="the collected contact lists are not beside the repository"
)


def listed(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def phone_or_none(text: str, region: str | None) -> tuple[str, str | None] | None:
    try:
        phone = read_phone(text, region or "ZZ", "phone")
    except InvalidInput:
        return None
    return phone.number, phone.extension or None


def address_or_none(text: str) -> str | None:
    try:
        return read_email(text, "email").address
    except InvalidInput:
        return None


def code_of(call: Any, *args: Any) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as caught:
        call(*args)
    (problem,) = caught.value.problems
    return problem.path, problem.code


@pytest.mark.parametrize(
    "typed",
    [
        "(312) 555-0142",
        "312-555-0142",
        "312.555.0142",
        "3125550142",
        "1-312-555-0142",
        "+1 (312) 555-0142",
        "p:+13125550142",
        "Tel.: 312/555-0142",
        "011 1 312 555 0142",
        "  312 555 0142 ",
    ],
)
def test_a_number_of_the_clinics_region_is_read_however_it_is_typed(typed: str) -> None:
    assert read_phone(typed, "US", "phone") == Phone("+13125550142")


@pytest.mark.parametrize("typed", ["312-555-0142 x12", "+13125550142;ext=12", "3125550142 ext. 12"])
def test_an_extension_is_kept_apart(typed: str) -> None:
    assert read_phone(typed, "US", "phone") == Phone("+13125550142", "12")


def test_a_number_with_a_country_code_keeps_its_country() -> None:
    assert read_phone("+49 30 901820", "US", "phone") == Phone("+4930901820")


def test_a_number_that_no_table_knows_is_accepted_when_it_could_exist() -> None:
    number = phonenumbers.parse("+1 312 155 0142", None)

    assert not phonenumbers.is_valid_number(number)
    assert read_phone("312 155 0142", "US", "phone") == Phone("+13121550142")


@pytest.mark.parametrize(
    "typed",
    [
        "1-800-FLOWERS",
        "800 six-flag",
        "312-555-O142",
        "call me",
        "call 3125550142",
        "",
        "12",
        "312555014231255501423125",
        "312-555-0142 or 312-555-0143",
        "3" * 41,
    ],
)
def test_letters_and_impossible_numbers_are_no_phone(typed: str) -> None:
    assert code_of(read_phone, typed, "US", "phone_alt") == ("phone_alt", "not_a_phone")


def test_a_number_that_is_no_text_is_refused() -> None:
    assert code_of(read_phone, 3125550142, "US", "phone") == ("phone", "wrong_type")


def test_an_email_is_folded_for_comparison_and_kept_as_typed() -> None:
    assert read_email("Maria.LOPEZ@Example.com", "email") == Email(
        "maria.lopez@example.com", "Maria.LOPEZ@Example.com"
    )


def test_an_email_in_another_script_is_normalised() -> None:
    assert read_email("Jürgen@Bücher.example", "email").address == "jürgen@bücher.example"
    assert read_email("Ju\u0308rgen@bücher.example", "email").address == "jürgen@bücher.example"


@pytest.mark.parametrize(
    "typed",
    [
        "maria@home@example.com",
        "maria@localhost",
        "maria lopez@example.com",
        " maria@example.com",
        "maria@example.com\n",
        "maria\x00@example.com",
        "Maria <maria@example.com>",
        '"maria"@example.com',
        "maria@[127.0.0.1]",
        "maria@example.123",
        "maria..l@example.com",
        "@example.com",
        "maria@",
        "",
        "a" * 65 + "@example.com",
        "m@" + "a" * 250 + ".com",
        "\u0300@example.com",
        "maria\uff20home@example.com",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    assert code_of(read_email, typed, "email") == ("email", "not_an_email")


def test_an_email_that_is_no_text_is_refused() -> None:
    assert code_of(read_email, ["maria@example.com"], "email") == ("email", "wrong_type")


def test_refusals_never_repeat_the_value() -> None:
    with pytest.raises(InvalidInput) as phone:
        read_phone("secret-phone", "US", "phone")
    with pytest.raises(InvalidInput) as email:
        read_email("secret mail", "email")

    assert "secret" not in str(phone.value) + repr(phone.value)
    assert "secret" not in str(email.value) + repr(email.value)


@needs_fixtures
def test_typed_variants_of_a_number_are_read_as_the_list_says() -> None:
    wanted = {
        case["input"]: (case["e164"], case["extension"]) if case["possible"] else None
        for case in listed("phones.json")["us_typed_variants"]
    }

    assert {typed: phone_or_none(typed, "US") for typed in wanted} == wanted


REFUSED_ON_PURPOSE = {
    "+1800 six-flag",
    "001800 six-flag",
    "(0xx) 1187654321",
    "(212)123-1234 x508/ x1234",
    "(212)123-1234 x508/x1234",
    "(212)123-1234 x508\\x1234",
    "011xx5481429712",
    "03 3316005 extension\t12345678901234567890",
    "03 3316005 xtensión, 12345678901234567890#",
    "0800 DDA 005",
    "0900 332 6005a",
    "0900 332 600A5",
    "0900 332 600a5",
    "0900 DDA 6005",
    "0900 a332 600A5",
    "1800 six-flag",
    "800 SIX-flag ext. 1234",
    "tel:+64-3-331-6005;isub=12345",
}
"""Letters among the digits, two extensions, or longer than 40 characters."""


@needs_fixtures
def test_the_librarys_own_numbers_are_read_as_it_does_save_letters() -> None:
    cases = [c for c in listed("phones.json")["java_test_inputs"] if "context" not in c["input"]]
    differing = {
        case["input"]
        for case in cases
        if phone_or_none(case["input"], case["region"])
        != ((case["e164"], case["extension"]) if case.get("possible") else None)
    }

    assert differing == REFUSED_ON_PURPOSE


@needs_fixtures
def test_valid_plain_addresses_of_the_lists_are_accepted() -> None:
    lists = listed("emails.json")
    valid = [case[0] for case in lists["test_email_valid_intl_local_part"]]
    valid += [case[0] for case in lists["test_email_valid"]]
    valid += [text for text, verdict in lists["test_pyisemail_tests"] if verdict == "ISEMAIL_VALID"]
    plain = [text for text in valid if not {'"', "<", "\uff20"} & set(text)]

    assert [text for text in plain if address_or_none(text) is None] == []
    assert len(plain) > 20


NORMALISED_BY_US = {"me@⒈wouldbeinvalid.com"}
"""The digit with a full stop becomes two signs, and then it is a plain address."""

NAMES_THAT_ONLY_REGISTRIES_REFUSE = {"me@xn--0.tld", "me@yy--0.tld", "me@yy\uff0d\uff0d0.tld"}


@needs_fixtures
def test_invalid_addresses_of_the_lists_are_refused() -> None:
    lists = listed("emails.json")
    invalid = [text for text, _ in lists["test_email_invalid_syntax"] if text.isascii()]
    invalid += [
        "me@⒈wouldbeinvalid.com",
        "me@yy\uff0d\uff0d0.tld",
        "my@\uff0eleadingfwdot.com",
        "me@\u037e.com",
    ]
    invalid += [f"{sign}@example.com" for sign, _ in lists["test_email_unsafe_character"]]
    invalid += [text for text, kind in lists["test_pyisemail_tests"] if kind != "ISEMAIL_VALID"]

    accepted = {text for text in invalid if address_or_none(text) is not None}

    assert accepted == NORMALISED_BY_US | NAMES_THAT_ONLY_REGISTRIES_REFUSE


def test_signs_that_an_address_book_puts_around_a_number_are_left_out() -> None:
    assert read_phone("\u202a+1 312-555-0142\u202c", "US", "phone") == Phone("+13125550142")
