"""The clinic's own fields: definitions, values, and conditions by their public names."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.custom_field_checks import changed_kinds, custom_field_problems
from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.core.errors import InvalidInput
from orthocrm.core.lead import Custom
from orthocrm.core.query import AllOf, AnyOf, Cond, Sort
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Settings
from orthocrm.leads import custom
from tests.support.practices import a_practice

COLOUR = CustomField(
    name="brace_colour", label="Colour", kind=FieldKind.CHOICE, choices=("blue", "Red")
)
SIBLINGS = CustomField(name="siblings", label="Siblings", kind=FieldKind.NUMBER)
DEPOSIT = CustomField(name="deposit", label="Deposit", kind=FieldKind.NUMBER, decimals=2)
SINCE = CustomField(name="member_since", label="Member since", kind=FieldKind.DATE)
VIP = CustomField(name="vip", label="VIP", kind=FieldKind.FLAG)
SCHOOL = CustomField(name="school", label="School", kind=FieldKind.TEXT)
CODE = CustomField(
    name="case_code", label="Case", kind=FieldKind.CHOICE, choices=("A",), is_personal=True
)
OLD = CustomField(name="old", label="Old", kind=FieldKind.FLAG, is_active=False)
FIELDS = (COLOUR, SIBLINGS, DEPOSIT, SINCE, VIP, SCHOOL, CODE, OLD)
YES = True
PRACTICE = a_practice(settings=Settings(custom_fields=FIELDS))


def problems(given: Any) -> list[tuple[str, str]]:
    reading = Reading()
    custom.read_custom(reading, given, PRACTICE)
    return [(problem.path, problem.code) for problem in reading.problems]


def read(**given: Any) -> dict[str, Any]:
    reading = Reading()
    values = custom.read_custom(reading, given, PRACTICE)
    reading.finish()
    return values


# --- definitions


def odd(field: CustomField, **changes: Any) -> CustomField:
    """Give a field of which the type checker would not hear."""
    return evolve(field, **changes)


@pytest.mark.parametrize(
    "fields, paths",
    [
        (None, ["custom_fields"]),
        ([VIP], ["custom_fields"]),
        ((VIP, "siblings"), ["custom_fields"]),
        (tuple(evolve(VIP, name=f"f{n}") for n in range(101)), ["custom_fields"]),
        ((VIP, VIP), ["custom_fields.name"]),
        ((evolve(VIP, name="VIP"),), ["custom_fields[0].name"]),
        ((evolve(VIP, name="a" * 41),), ["custom_fields[0].name"]),
        ((evolve(VIP, name="code.x"),), ["custom_fields[0].name"]),
        ((odd(VIP, name=None),), ["custom_fields[0].name"]),
        ((odd(VIP, name=["vip"]),), ["custom_fields[0].name"]),
        ((evolve(VIP, label=""),), ["custom_fields[0].label"]),
        ((evolve(VIP, label="a\nb"),), ["custom_fields[0].label"]),
        ((odd(VIP, kind="FLAG "),), ["custom_fields[0].kind"]),
        ((odd(VIP, is_required=1),), ["custom_fields[0]"]),
        ((evolve(VIP, choices=("yes",)),), ["custom_fields[0].choices"]),
        ((evolve(COLOUR, choices=()),), ["custom_fields[0].choices"]),
        ((evolve(COLOUR, choices=("blue", "BLUE")),), ["custom_fields[0].choices"]),
        ((evolve(COLOUR, choices=("blue", "")),), ["custom_fields[0].choices"]),
        ((odd(COLOUR, choices=["blue"]),), ["custom_fields[0].choices"]),
        ((evolve(COLOUR, choices=(" blue",)),), ["custom_fields[0].choices"]),
        ((evolve(COLOUR, decimals=1),), ["custom_fields[0].decimals"]),
        ((evolve(SIBLINGS, decimals=7),), ["custom_fields[0].decimals"]),
        ((evolve(SIBLINGS, decimals=True),), ["custom_fields[0].decimals"]),
    ],
)
def test_a_definition_that_is_not_sound_is_refused(fields: Any, paths: list[str]) -> None:
    assert [problem.path for problem in custom_field_problems(fields)] == paths


def test_sound_definitions_have_no_problem() -> None:
    assert list(custom_field_problems(FIELDS)) == []


def test_a_field_that_is_gone_or_of_another_kind_would_change_what_values_mean() -> None:
    after = (
        evolve(COLOUR, choices=("green",), label="Shade", is_active=False),
        evolve(SIBLINGS, decimals=1),
        evolve(DEPOSIT, kind=FieldKind.TEXT, decimals=0),
        evolve(SINCE, is_personal=True),
        SCHOOL,
        evolve(CODE, is_required=True),
        OLD,
    )
    assert changed_kinds(FIELDS, after) == [SIBLINGS, DEPOSIT, SINCE, VIP]


# --- values


@pytest.mark.parametrize(
    "given, wrong",
    [
        (None, [("custom", "wrong_type")]),
        ("blue", [("custom", "wrong_type")]),
        ([("vip", True)], [("custom", "wrong_type")]),
        ({"unheard_of": 1}, [("custom.unheard_of", "unknown_field")]),
        ({"Maria Lopez": 1}, [("custom", "unknown_field")]),
        ({7: 1}, [("custom", "unknown_field")]),
        ({"old": True}, [("custom.old", "unknown_field")]),
        ({"brace_colour": "green"}, [("custom.brace_colour", "unknown_value")]),
        ({"brace_colour": 7}, [("custom.brace_colour", "wrong_type")]),
        ({"brace_colour": "a" * 101}, [("custom.brace_colour", "too_long")]),
        ({"siblings": True}, [("custom.siblings", "wrong_type")]),
        ({"siblings": 1.0}, [("custom.siblings", "wrong_type")]),
        ({"siblings": "two"}, [("custom.siblings", "wrong_type")]),
        ({"siblings": "1e3"}, [("custom.siblings", "wrong_type")]),
        ({"siblings": "٣"}, [("custom.siblings", "wrong_type")]),
        ({"siblings": "1.5"}, [("custom.siblings", "too_precise")]),
        ({"siblings": 2**53}, [("custom.siblings", "out_of_range")]),
        ({"siblings": -(10**5000)}, [("custom.siblings", "out_of_range")]),
        ({"deposit": Decimal("1.005")}, [("custom.deposit", "too_precise")]),
        ({"deposit": Decimal("NaN")}, [("custom.deposit", "wrong_type")]),
        ({"deposit": Decimal("1e9999")}, [("custom.deposit", "wrong_type")]),
        ({"deposit": Decimal("-Infinity")}, [("custom.deposit", "wrong_type")]),
        ({"member_since": "02.11.2026"}, [("custom.member_since", "not_a_date")]),
        ({"member_since": "2026-02-30"}, [("custom.member_since", "not_a_date")]),
        (
            {"member_since": datetime(2026, 1, 1, tzinfo=UTC)},
            [("custom.member_since", "not_a_date")],
        ),
        ({"vip": "maybe"}, [("custom.vip", "wrong_type")]),
        ({"vip": 1}, [("custom.vip", "wrong_type")]),
        ({"school": 7}, [("custom.school", "wrong_type")]),
        ({"school": "a\0b"}, [("custom.school", "bad_character")]),
        ({"school": "a" * 10_001}, [("custom.school", "too_long")]),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(given: Any, wrong: Any) -> None:
    assert problems(given) == wrong


def test_every_problem_is_told_at_once() -> None:
    assert problems({"vip": 2, "nothing": 1, "siblings": "x"}) == [
        ("custom.vip", "wrong_type"),
        ("custom.nothing", "unknown_field"),
        ("custom.siblings", "wrong_type"),
    ]


def test_values_are_read_from_what_they_are_and_from_texts() -> None:
    typed = {
        "brace_colour": "Red",
        "siblings": 2,
        "deposit": Decimal("12.5"),
        "member_since": date(2020, 2, 29),
        "vip": False,
        "school": "St. Mary's\nLower School",
    }
    texts = {
        "brace_colour": " RED ",
        "siblings": " 2 ",
        "deposit": "12.50",
        "member_since": "2020-02-29",
        "vip": "No",
        "school": "St. Mary's\nLower School ",
    }
    assert read(**typed) == read(**texts) == {**typed, "deposit": 1250}
    assert read(deposit=12) == {"deposit": 1200}
    assert read(vip=None, school="  ", siblings="") == {
        "vip": None,
        "school": None,
        "siblings": None,
    }


def test_texts_and_personal_values_are_sealed_and_the_others_stand_in_clear() -> None:
    values = read(brace_colour="blue", school="St. Mary's", case_code="a", vip=True)
    held = custom.with_values(Custom(), values, PRACTICE)
    assert (dict(held.shown), dict(held.personal)) == (
        {"brace_colour": "blue", "vip": True},
        {"school": "St. Mary's", "case_code": "A"},
    )
    changed = custom.with_values(held, read(vip=None, school=None, siblings=1), PRACTICE)
    assert (dict(changed.shown), dict(changed.personal)) == (
        {"brace_colour": "blue", "siblings": 1},
        {"case_code": "A"},
    )


def test_what_is_required_and_not_there_is_missing() -> None:
    fields = (evolve(VIP, is_required=True), evolve(SCHOOL, is_required=True), SIBLINGS)
    gone = evolve(OLD, is_required=True)
    practice = a_practice(settings=Settings(custom_fields=(*fields, gone)))
    assert custom.missing(Custom(), practice) == ("vip", "school")
    assert custom.missing(Custom(shown={"vip": False}), practice) == ("school",)
    assert custom.missing(Custom(shown={"vip": True}, personal={"school": "x"}), practice) == ()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1, max_value=10**9))
def test_a_number_is_kept_in_units_of_its_last_place(amount: Decimal) -> None:
    assert read(deposit=amount) == {"deposit": int(amount * 100)}
    assert read(deposit=f"{amount:f}") == {"deposit": int(amount * 100)}


@given(
    st.dictionaries(
        st.sampled_from([each.name for each in FIELDS]) | st.text(max_size=5),
        st.none()
        | st.text(max_size=12)
        | st.integers()
        | st.booleans()
        | st.dates()
        | st.floats()
        | st.decimals()
        | st.binary(max_size=3),
        max_size=4,
    )
)
def test_whatever_is_given_is_read_or_refused_by_a_path_that_shows_nothing(given: Any) -> None:
    known = {f"custom.{each.name}" for each in FIELDS}
    for path, _ in problems(given):
        assert path in known or path == "custom" or path.removeprefix("custom.") in given


# --- conditions


def asked(where: Any) -> Any:
    return custom.in_query(where, PRACTICE)


@pytest.mark.parametrize(
    "where, path, code",
    [
        (Cond("custom.nothing", "present"), "custom.nothing", "unknown_field"),
        (Cond("custom.Maria Lopez", "present"), "custom", "unknown_field"),
        (Cond("custom.school", "eq", "x"), "custom.school", "not_filterable"),
        (Cond("custom.school", "present"), "custom.school", "not_filterable"),
        (Cond("custom.case_code", "eq", "A"), "custom.case_code", "not_filterable"),
        (Cond("custom.siblings", "eq", "many"), "custom.siblings", "wrong_type"),
        (Cond("custom.siblings", "in", "12"), "custom.siblings", "not_a_list"),
        (Cond("custom.siblings", "in", 12), "custom.siblings", "not_a_list"),
        (Cond("custom.siblings", "eq", None), "custom.siblings", "required"),
        (Cond("custom.deposit", "lt", Decimal("1.001")), "custom.deposit", "too_precise"),
        (Cond("custom.member_since", "lt", 2020), "custom.member_since", "not_a_date"),
        (Cond("custom.vip", "eq", "perhaps"), "custom.vip", "wrong_type"),
        ("custom.vip", "where", "wrong_type"),
        (None, "where", "wrong_type"),
    ],
)
def test_a_condition_that_cannot_be_asked_is_refused(where: Any, path: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        asked(where)
    assert [(p.path, p.code) for p in refusal.value.problems] == [(path, code)]


def test_a_condition_gets_the_typed_name_and_a_value_as_it_is_kept() -> None:
    where = AllOf(
        (
            Cond("stage", "eq", "contacted"),
            AnyOf((Cond("custom.deposit", "ge", Decimal("99.5")), Cond("custom.vip", "eq", YES))),
            Cond("custom.brace_colour", "in", ["BLUE", "gone"]),
            Cond("custom.member_since", "absent"),
            Cond("custom.siblings", "ne", "3"),
        )
    )
    assert asked(where) == AllOf(
        (
            Cond("stage", "eq", "contacted"),
            AnyOf((Cond("custom.number.deposit", "ge", 9950), Cond("custom.flag.vip", "eq", YES))),
            Cond("custom.code.brace_colour", "in", ("blue", "gone")),
            Cond("custom.date.member_since", "absent"),
            Cond("custom.number.siblings", "ne", 3),
        )
    )


def test_what_is_in_typed_names_already_stays() -> None:
    where = AllOf((Cond("custom.code.brace_colour", "eq", "blue"), Cond("tag", "has", "vip")))
    assert asked(where) == where == asked(asked(where))


def test_an_order_gets_the_typed_name_too() -> None:
    order = (Sort("custom.deposit", descending=True), Sort("created_at"))
    assert custom.in_order(order, PRACTICE) == (
        Sort("custom.number.deposit", descending=True),
        Sort("created_at"),
    )
    with pytest.raises(InvalidInput):
        custom.in_order([Sort("custom.school")], PRACTICE)


def test_a_condition_to_be_kept_has_texts_in_the_place_of_decimals() -> None:
    where = AllOf(
        (
            Cond("custom.deposit", "eq", Decimal("12.50")),
            Cond("custom.deposit", "in", (Decimal("1E+2"), 3)),
            Cond("custom.vip", "present"),
        )
    )
    kept = custom.portable(where)
    assert kept == AllOf(
        (
            Cond("custom.deposit", "eq", "12.50"),
            Cond("custom.deposit", "in", ("100", 3)),
            Cond("custom.vip", "present"),
        )
    )
    assert asked(kept) == asked(where)
