"""The query language as `core.query` interprets it."""

from datetime import UTC, date, datetime, timedelta, timezone
from operator import attrgetter
from typing import Any

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput
from orthocrm.core.facts import LEADS, SCHEMAS
from orthocrm.core.lead import Lead
from orthocrm.core.masking import personal_paths
from orthocrm.core.query import (
    EVERYTHING,
    Aggregate,
    AllOf,
    AnyOf,
    Bucket,
    Calculation,
    Cond,
    Found,
    Group,
    Kind,
    Measure,
    Op,
    Page,
    Schema,
    Sort,
    Where,
    aggregate,
    both,
    bucket_index,
    page_of,
    predicate,
    quantile,
)
from orthocrm.testing import strategies
from orthocrm.testing.factories import a_clinic
from orthocrm.testing.suite.samples import samples

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@frozen(kw_only=True)
class Part:
    code: str | None = None


@frozen(kw_only=True)
class Row:
    id: str = "1"
    code: str | None = None
    at: datetime | None = None
    day: date | None = None
    number: int | None = None
    flag: bool = False
    several: tuple[str, ...] = ()
    part: Part | None = field(factory=Part)


ROWS = Schema(
    "rows",
    code=(Kind.CODE, "code"),
    at=(Kind.INSTANT, "at"),
    day=(Kind.DATE, "day"),
    number=(Kind.NUMBER, "number"),
    flag=(Kind.FLAG, "flag"),
    several=(Kind.CODE, "several", True),
    deep=(Kind.CODE, "part.code"),
)


def satisfied(row: Row, value: Any, *, of: str) -> set[str]:
    """Name the comparisons that a row satisfies."""
    known = [op for op in Op if op is not Op.HAS]
    given = {op: (value,) if op is Op.IN else value for op in known}
    return {op.value for op in known if predicate(Cond(of, op, given[op]), ROWS)(row)}


@pytest.mark.parametrize(
    "number,wanted",
    [
        (None, {"ne", "absent"}),
        (4, {"ne", "lt", "le", "present"}),
        (5, {"eq", "le", "ge", "in", "present"}),
        (6, {"ne", "gt", "ge", "present"}),
    ],
)
def test_each_comparison_means_what_it_says(number: int | None, wanted: set[str]) -> None:
    assert satisfied(Row(number=number), 5, of="number") == wanted


def test_a_field_of_several_values_has_each_of_them() -> None:
    row = Row(several=("a", "b"))
    hits = [
        value
        for value in ("a", "b", "ab", "")
        if predicate(Cond("several", "has", value), ROWS)(row)
    ]
    assert hits == ["a", "b"]


def test_a_field_of_several_values_is_absent_when_it_has_none() -> None:
    assert predicate(Cond("several", "absent"), ROWS)(Row()) is True
    assert predicate(Cond("several", "present"), ROWS)(Row()) is False


def test_a_missing_part_has_no_values() -> None:
    assert predicate(Cond("deep", "absent"), ROWS)(Row(part=None)) is True
    assert predicate(Cond("deep", "eq", "x"), ROWS)(Row(part=Part(code="x"))) is True


def test_instants_are_compared_in_utc() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=-7)))
    assert ROWS.checked(Cond("at", "eq", there)) == Cond("at", "eq", NOON)
    assert predicate(Cond("at", "le", there), ROWS)(Row(at=NOON)) is True


def test_all_of_nothing_holds_and_any_of_nothing_does_not() -> None:
    assert predicate(EVERYTHING, ROWS)(Row()) is True
    assert predicate(AnyOf(()), ROWS)(Row()) is False


def test_joining_leaves_out_what_says_nothing() -> None:
    one, two = Cond("code", "present"), Cond("flag", "eq", value=True)
    assert both(None, EVERYTHING) == EVERYTHING
    assert both(None, one, EVERYTHING) == one
    assert both(one, None, two) == AllOf((one, two))


@pytest.mark.parametrize(
    "where,path,code",
    [
        (Cond("nothing", "absent"), "field", "unknown_field"),
        (Cond("several", "eq", "a"), "several", "bad_operator"),
        (Cond("code", "has", "a"), "code", "bad_operator"),
        (Cond("code", "eq", 1), "code", "wrong_type"),
        (Cond("code", "eq", None), "code", "wrong_type"),
        (Cond("number", "eq", value=True), "number", "wrong_type"),
        (Cond("number", "eq", 1.0), "number", "wrong_type"),
        (Cond("flag", "eq", 1), "flag", "wrong_type"),
        (Cond("day", "eq", NOON), "day", "wrong_type"),
        (Cond("at", "eq", "2026-11-02"), "at", "not_an_instant"),
        (Cond("at", "eq", NOON.replace(tzinfo=None)), "at", "naive_datetime"),
        (Cond("code", "in", "abc"), "code", "not_a_list"),
        (Cond("code", "in", 5), "code", "not_a_list"),
        (Cond("code", "in", ["a", 5]), "code", "wrong_type"),
        (AllOf((AnyOf((Cond("nothing", "eq", 1),)),)), "field", "unknown_field"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_by_name(where: Where, path: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        predicate(where, ROWS)
    assert [(problem.path, problem.code) for problem in caught.value.problems] == [(path, code)]


def test_an_unknown_operator_cannot_be_written() -> None:
    with pytest.raises(InvalidInput) as refusal:
        Cond("name", "resembles", "x")
    assert [(p.path, p.code) for p in refusal.value.problems] == [("op", "unknown_op")]


@pytest.mark.parametrize("size", [0, -1, 501])
def test_a_page_holds_one_to_five_hundred_rows(size: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        Page(size)
    assert caught.value.problems[0].code == "out_of_range"


@pytest.mark.parametrize("size", [True, 5.0, "5", None])
def test_the_size_of_a_page_is_a_whole_number(size: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Page(size)
    assert caught.value.problems[0].code == "not_a_number"


@pytest.mark.parametrize("descending", [False, True])
def test_missing_values_sort_last_in_both_directions(descending: bool) -> None:  # noqa: FBT001 - a parameter
    rows = [Row(id="1"), Row(id="2", number=1), Row(id="3", number=2), Row(id="4")]
    found = page_of(rows, [Sort("number", descending)], Page(), ROWS)
    wanted = ("3", "2", "1", "4") if descending else ("2", "3", "1", "4")
    assert tuple(row.id for row in found.items) == wanted


def test_the_id_breaks_ties_upwards_in_both_directions() -> None:
    rows = [Row(id="2", number=1), Row(id="1", number=1)]
    for descending in (False, True):
        found = page_of(rows, [Sort("number", descending)], Page(), ROWS)
        assert [row.id for row in found.items] == ["1", "2"]


def test_a_page_that_ends_the_list_says_so() -> None:
    rows = [Row(id="1"), Row(id="2")]
    assert page_of(rows, (), Page(2), ROWS) == Found(tuple(rows))
    assert page_of(rows, (), Page(1), ROWS) == Found((rows[0],), ("1",))


def test_a_page_of_another_order_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        page_of([Row()], [Sort("number")], Page(1, ("1",)), ROWS)
    assert [problem.code for problem in caught.value.problems] == ["other_order"]


@st.composite
def leads_and_sorts(draw: st.DrawFn) -> tuple[list[Lead], tuple[Sort, ...], int]:
    leads = draw(st.lists(strategies.leads(a_clinic()), max_size=8))
    return leads, draw(strategies.sorts("leads")), draw(st.integers(1, 4))


@given(leads_and_sorts())
def test_pages_add_up_to_the_sorted_list(given: tuple[list[Lead], tuple[Sort, ...], int]) -> None:
    leads, sort, size = given
    walked: list[Lead] = []
    page: Page | None = Page(size)
    while page is not None:
        found = page_of(leads, sort, page, LEADS)
        walked.extend(found.items)
        page = Page(size, found.after) if found.after is not None else None
    assert walked == list(page_of(leads, sort, Page(500), LEADS).items)
    assert sorted(lead.id for lead in walked) == sorted(lead.id for lead in leads)


@given(st.data())
def test_a_condition_and_its_negation_part_the_rows(data: st.DataObject) -> None:
    """`ne` is the opposite of `eq` and `absent` of `present`, for every field and value."""
    leads = data.draw(st.lists(strategies.leads(a_clinic()), max_size=6))
    known = data.draw(st.sampled_from([known for known in LEADS.fields.values() if not known.many]))
    value = data.draw(strategies.values_of(known, leads))
    for one, other in ((Op.EQ, Op.NE), (Op.ABSENT, Op.PRESENT)):
        keep = predicate(Cond(known.name, one, value), LEADS)
        drop = predicate(Cond(known.name, other, value), LEADS)
        assert [keep(lead) for lead in leads] == [not drop(lead) for lead in leads]


def test_groups_come_in_order_with_missing_last() -> None:
    rows = [Row(code=code) for code in ("b", None, "a", "b")]
    groups = aggregate(Aggregate("rows", (Measure("n"),), by=("code",)), rows, ROWS)
    assert groups == [Group(("a",), {"n": 1}), Group(("b",), {"n": 2}), Group((None,), {"n": 1})]


def test_measures_leave_out_missing_values_and_filtered_rows() -> None:
    rows = [Row(number=n, flag=n is not None and n > 1) for n in (None, 1, 2, 4)]
    flagged = Cond("flag", "eq", value=True)
    measures = (
        Measure("rows"),
        Measure("present", Calculation.COUNT, "number"),
        Measure("sum", Calculation.SUM, "number"),
        Measure("flagged", Calculation.SUM, "number", flagged),
        Measure("least", Calculation.MIN, "number", flagged),
        Measure("most", Calculation.MAX, "number"),
        Measure("median", Calculation.QUANTILE, "number"),
    )
    [group] = aggregate(Aggregate("rows", measures), rows, ROWS)
    assert group.values == {
        "rows": 4,
        "present": 3,
        "sum": 7,
        "flagged": 6,
        "least": 2,
        "most": 4,
        "median": 2.0,
    }


def test_of_nothing_there_is_no_number_but_zero_rows() -> None:
    measures = tuple(Measure(c.value, c, "number") for c in Calculation)
    [group] = aggregate(Aggregate("rows", measures), [], ROWS)
    nothing = {"sum": None, "min": None, "max": None, "quantile": None}
    assert group.values == {"count": 0, "distinct": 0, **nothing}
    assert aggregate(Aggregate("rows", measures, by=("code",)), [], ROWS) == []


def test_a_row_counts_once_for_each_of_its_values() -> None:
    rows = [Row(several=("a", "b")), Row(several=("b",)), Row()]
    groups = aggregate(Aggregate("rows", (Measure("n"),), by=("several",)), rows, ROWS)
    assert groups == [Group(("a",), {"n": 1}), Group(("b",), {"n": 2}), Group((None,), {"n": 1})]


@pytest.mark.parametrize(
    "value,wanted", [(None, None), (-1, None), (0, 0), (4, 0), (5, 1), (9, 1), (10, None)]
)
def test_buckets_are_half_open(value: int | None, wanted: int | None) -> None:
    assert bucket_index(value, (0, 5, 10)) == wanted


def test_rows_are_grouped_by_bucket() -> None:
    rows = [Row(number=n) for n in (None, 0, 4, 5, 99)]
    query = Aggregate("rows", (Measure("n"),), by=(Bucket("number", (0, 5, 10)),))
    assert aggregate(query, rows, ROWS) == [
        Group((0,), {"n": 2}),
        Group((1,), {"n": 1}),
        Group((None,), {"n": 2}),
    ]


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1), st.floats(0, 1))
def test_a_quantile_lies_between_its_neighbours(values: list[int], q: float) -> None:
    ordered = sorted(values)
    found = quantile(ordered, q)
    assert found is not None
    below = sum(1 for value in ordered if value <= found)
    assert ordered[0] <= found <= ordered[-1]
    assert below >= int((len(ordered) - 1) * q)


@pytest.mark.parametrize("table", SCHEMAS)
def test_no_personal_field_can_be_queried(table: str) -> None:
    for noun in samples()[table]:
        hidden = [
            attrgetter(path)(noun) for path in personal_paths(type(noun)) if reaches(noun, path)
        ]
        shown = [known.read(noun) for known in SCHEMAS[table].fields.values()]
        assert [value for value in hidden if value and value in shown] == []


def reaches(noun: Any, path: str) -> bool:
    """Tell whether every part on the way to a field is there."""
    *parts, _ = path.split(".")
    for part in parts:
        noun = getattr(noun, part)
        if noun is None:
            return False
    return True


def test_every_schema_is_known_by_its_name() -> None:
    assert {name: schema.of for name, schema in SCHEMAS.items()} == {name: name for name in SCHEMAS}
