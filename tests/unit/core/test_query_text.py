"""Conditions as JSON: what is written is read again, and nothing else is read."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput
from orthocrm.core.facts import LEADS, SCHEMAS
from orthocrm.core.money import Money
from orthocrm.core.query import EVERYTHING, AllOf, AnyOf, Cond, Op, Sort, Where
from orthocrm.core.query_text import DEPTH, MOST, dumped, dumped_sort, loaded, loaded_sort
from orthocrm.core.stage import Step
from orthocrm.testing import strategies

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
STAGE = {"field": "stage", "op": "eq", "value": "contacted"}


def problem(error: pytest.ExceptionInfo[InvalidInput]) -> tuple[str, str]:
    [found] = error.value.problems
    return found.path, found.code


@given(table=st.sampled_from(sorted(SCHEMAS)), data=st.data())
def test_what_was_written_is_read(table: str, data: st.DataObject) -> None:
    where = data.draw(strategies.wheres(table))
    sort = data.draw(strategies.sorts(table))
    text = json.dumps([dumped(where), dumped_sort(sort)])
    conditions, order = json.loads(text)
    assert repr(loaded(conditions)) == repr(where)
    assert loaded_sort(order, SCHEMAS[table]) == sort
    assert loaded(conditions, SCHEMAS[table]) == SCHEMAS[table].checked(where)


def test_a_condition_reads_like_a_sentence() -> None:
    where = AllOf(
        (
            Cond("stage", "in", (Step.CONTACTED, "new_lead")),
            AnyOf((Cond("no_contact", "eq", value=True), Cond("owner", "absent"))),
            Cond("recall_due_on", "lt", date(2026, 11, 2)),
            Cond("created_at", "ge", NOON),
        )
    )
    assert dumped(where) == {
        "all": [
            {"field": "stage", "op": "in", "value": ["contacted", "new_lead"]},
            {
                "any": [
                    {"field": "no_contact", "op": "eq", "value": True},
                    {"field": "owner", "op": "absent"},
                ]
            },
            {"field": "recall_due_on", "op": "lt", "value": {"date": "2026-11-02"}},
            {"field": "created_at", "op": "ge", "value": {"instant": "2026-11-02T12:00:00+00:00"}},
        ]
    }
    assert dumped_sort([Sort("created_at", descending=True), Sort("stage")]) == [
        {"field": "created_at", "descending": True},
        {"field": "stage", "descending": False},
    ]
    assert (loaded({"all": []}), loaded_sort([{"field": "stage"}])) == (
        EVERYTHING,
        (Sort("stage"),),
    )


def test_an_instant_of_any_zone_is_read_in_utc() -> None:
    value = {"instant": "2026-11-02T13:00:00+01:00"}
    cond = loaded({"field": "created_at", "op": "eq", "value": value})
    assert repr(cond) == repr(Cond("created_at", "eq", NOON))
    local = NOON.astimezone(timezone(timedelta(hours=1)))
    assert loaded(dumped(Cond("created_at", "eq", local))) == cond


def test_a_number_without_a_fraction_is_whole() -> None:
    cond = loaded({"field": "age", "op": "eq", "value": 12.0})
    assert repr(cond) == repr(Cond("age", "eq", 12))


@pytest.mark.parametrize(
    "value,path,code",
    [
        (None, "where", "wrong_type"),
        ([STAGE], "where", "wrong_type"),
        ("stage", "where", "wrong_type"),
        ({}, "where.op", "unknown_operator"),
        ({"not": STAGE}, "where.op", "unknown_operator"),
        ({**STAGE, "op": "like"}, "where.op", "unknown_operator"),
        ({**STAGE, "op": ["eq"]}, "where.op", "unknown_operator"),
        ({**STAGE, "field": None}, "where.field", "wrong_type"),
        ({**STAGE, "field": "x" * 256}, "where.field", "too_long"),
        ({**STAGE, "more": 1}, "where", "unknown_field"),
        ({**STAGE, "op": "absent"}, "where", "unknown_field"),
        ({"field": "stage", "op": "eq"}, "where.value", "required"),
        ({**STAGE, "value": None}, "where.value", "wrong_type"),
        ({**STAGE, "value": 1.5}, "where.value", "wrong_type"),
        ({**STAGE, "value": ["contacted"]}, "where.value", "wrong_type"),
        ({**STAGE, "value": {"day": "2026-11-02"}}, "where.value", "wrong_type"),
        ({**STAGE, "value": {}}, "where.value", "wrong_type"),
        ({**STAGE, "value": "a\x00"}, "where.value", "bad_character"),
        ({**STAGE, "value": "a\ud800"}, "where.value", "bad_character"),
        ({**STAGE, "value": "x" * 256}, "where.value", "too_long"),
        ({**STAGE, "value": 2**63}, "where.value", "out_of_range"),
        ({**STAGE, "value": {"date": "20261102"}}, "where.value", "not_a_date"),
        ({**STAGE, "value": {"date": "2026-02-30"}}, "where.value", "bad_date"),
        ({**STAGE, "value": {"date": 5}}, "where.value", "wrong_type"),
        ({**STAGE, "value": {"instant": "today"}}, "where.value", "bad_instant"),
        ({**STAGE, "value": {"instant": "2026-11-02T12:00:00"}}, "where.value", "naive_datetime"),
        (
            {**STAGE, "value": {"instant": "0001-01-01T00:00:00+14:00"}},
            "where.value",
            "bad_instant",
        ),
        ({**STAGE, "op": "in", "value": "contacted"}, "where.value", "not_a_list"),
        ({**STAGE, "op": "in", "value": [None]}, "where.value", "wrong_type"),
        ({**STAGE, "op": "in", "value": ["a"] * (MOST + 1)}, "where.value", "too_long"),
        ({"all": STAGE}, "where.all", "not_a_list"),
        ({"all": [], "any": []}, "where", "unknown_field"),
        ({"any": [STAGE] * (MOST + 1)}, "where.any", "too_long"),
        ({"any": [STAGE, {"all": [{"op": 1}]}]}, "where.any[1].all[0].op", "unknown_operator"),
    ],
)
def test_what_is_no_condition_is_refused(value: object, path: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        loaded(value)
    assert problem(refusal) == (path, code)
    assert "contacted" not in str(refusal.value)


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = STAGE
    for _ in range(levels - 1):
        value = {"all": [value]}
    return value


def test_conditions_are_nested_so_deep_and_no_deeper() -> None:
    assert dumped(loaded(nested(DEPTH))) == nested(DEPTH)
    with pytest.raises(InvalidInput) as refusal:
        loaded(nested(DEPTH + 1))
    assert problem(refusal)[1] == "too_deep"


def test_a_schema_checks_fields_and_values() -> None:
    unknown = {**STAGE, "field": "first_name"}
    assert loaded(unknown) == Cond("first_name", "eq", "contacted")
    with pytest.raises(InvalidInput):
        loaded(unknown, LEADS)
    with pytest.raises(InvalidInput):
        loaded({**STAGE, "value": 5}, LEADS)
    with pytest.raises(InvalidInput):
        loaded_sort([{"field": "first_name"}], LEADS)


@pytest.mark.parametrize(
    "value,path,code",
    [
        ("stage", "sort", "not_a_list"),
        ([{"field": "stage"}] * (MOST + 1), "sort", "too_long"),
        ([["stage", True]], "sort[0]", "wrong_type"),
        ([{"field": "stage"}, {"descending": True}], "sort[1].field", "wrong_type"),
        ([{"field": "stage", "descending": 1}], "sort[0].descending", "wrong_type"),
        ([{"field": "stage", "nulls": "first"}], "sort[0]", "unknown_field"),
    ],
)
def test_what_is_no_order_is_refused(value: object, path: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        loaded_sort(value)
    assert problem(refusal) == (path, code)


@pytest.mark.parametrize(
    "where",
    [
        Cond("stage", Op.EQ, Money(5, "USD")),
        Cond("stage", Op.EQ),
        Cond("stage", Op.IN, 5),
        Cond("stage", Op.EQ, datetime(2026, 11, 2)),  # noqa: DTZ001 - naive on purpose
        Cond("", Op.EQ, 0.5),
    ],
)
def test_what_could_not_be_read_again_is_not_written(where: Where) -> None:
    with pytest.raises(InvalidInput):
        dumped(where)
