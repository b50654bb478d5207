"""Costs as they are entered and changed: bad input first, then rows that leave the past alone."""

from datetime import date, datetime
from typing import Any

import pytest

from orthocrm import InvalidInput, Money, NewSpend
from orthocrm.core.marketing import Spend, SpendKind
from orthocrm.leads import spending
from orthocrm.testing.factories import a_source, a_spend
from tests.support.practices import a_practice

PRACTICE = a_practice()
SOURCE = PRACTICE.sources[0]
OTHER = a_source(PRACTICE.clinic, "Radio")
TODAY = date(2026, 11, 2)


def new(**fields: Any) -> NewSpend:
    usual: dict[str, Any] = {
        "source": SOURCE.id,
        "amount": Money(100_00, "USD"),
        "starts_on": TODAY,
    }
    return NewSpend(**{**usual, **fields})


def row(first: date, last: date | None = None, **fields: Any) -> Spend:
    return a_spend(SOURCE, kind=SpendKind.MONTHLY, starts_on=first, ends_on=last, **fields)


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"source": "nobody"}, ("source", "unknown_source")),
        ({"source": None}, ("source", "required")),
        ({"source": 7}, ("source", "wrong_type")),
        ({"amount": 100}, ("amount", "wrong_type")),
        ({"amount": None}, ("amount", "wrong_type")),
        ({"amount": Money(-1, "USD")}, ("amount", "negative")),
        ({"amount": Money(10**15 + 1, "USD")}, ("amount", "too_large")),
        ({"amount": Money(1.5, "USD")}, ("amount", "wrong_type")),  # type: ignore[arg-type] # the subject
        ({"amount": Money(1, "EUR")}, ("amount", "other_currency")),
        ({"starts_on": None}, ("starts_on", "required")),
        ({"starts_on": "2026-11-02"}, ("starts_on", "not_a_date")),
        ({"starts_on": datetime(2026, 11, 2)}, ("starts_on", "not_a_date")),  # noqa: DTZ001 - the subject
        ({"starts_on": date(226, 11, 2)}, ("starts_on", "out_of_range")),
        ({"kind": "YEARLY"}, ("kind", "unknown_value")),
        ({"ends_on": TODAY}, ("ends_on", "not_monthly")),
        ({"kind": "MONTHLY", "ends_on": date(2026, 11, 1)}, ("ends_on", "ends_before_start")),
        ({"kind": "MONTHLY", "ends_on": date.max}, ("ends_on", "out_of_range")),
        ({"campaign": "x" * 256}, ("campaign", "too_long")),
        ({"note": "\0"}, ("note", "bad_character")),
    ],
)
def test_a_cost_that_cannot_be_read_names_its_field(
    fields: dict[str, Any], problem: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        spending.read(new(**fields), PRACTICE)
    assert [(p.path, p.code) for p in refusal.value.problems] == [problem]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refusal:
        spending.read(new(source="?", amount=0, starts_on=0), PRACTICE)
    assert [p.path for p in refusal.value.problems] == ["source", "amount", "starts_on"]


@pytest.mark.parametrize("given", [None, {}, 7, a_spend(SOURCE)])
def test_only_a_cost_is_read(given: Any) -> None:
    with pytest.raises(InvalidInput):
        spending.read(given, PRACTICE)


def test_a_cost_names_its_source_by_id_or_by_name() -> None:
    read = [spending.read(new(source=s), PRACTICE) for s in (SOURCE.id, SOURCE.name.upper())]
    assert [each.source for each in read] == [SOURCE, SOURCE]
    assert (read[0].kind, read[0].amount) == (SpendKind.ONE_OFF, Money(100_00, "USD"))


@pytest.mark.parametrize(
    "first, last",
    [
        (date(2026, 10, 1), None),
        (date(2026, 10, 1), TODAY),
        (date(2027, 1, 1), None),
        (date(2027, 1, 1), date(2027, 1, 1)),
    ],
)
def test_two_monthly_costs_of_the_same_days_are_refused(first: date, last: date | None) -> None:
    read = spending.read(new(kind="MONTHLY"), PRACTICE)
    with pytest.raises(InvalidInput) as refusal:
        spending.ensure_free(read, [row(first, last)])
    assert [(p.path, p.code) for p in refusal.value.problems] == [("starts_on", "overlaps")]


def test_costs_of_other_days_sources_campaigns_and_kinds_do_not_overlap() -> None:
    read = spending.read(new(kind="MONTHLY", ends_on=date(2026, 11, 30)), PRACTICE)
    spending.ensure_free(
        read,
        [
            row(date(2026, 10, 1), date(2026, 11, 1)),
            row(date(2026, 12, 1)),
            row(TODAY, campaign="spring"),
            a_spend(SOURCE, starts_on=TODAY),
            a_spend(OTHER, kind=SpendKind.MONTHLY, starts_on=TODAY),
        ],
    )
    spending.ensure_free(spending.read(new(), PRACTICE), [row(TODAY)])


def test_ending_costs_leaves_alone_what_has_ended_and_what_is_paid_once() -> None:
    running, planned = row(date(2026, 10, 1)), row(date(2026, 11, 3))
    limited = row(date(2026, 10, 1), date(2026, 12, 31), campaign="spring")
    past = row(date(2026, 9, 1), date(2026, 9, 30))
    found = spending.ended([running, planned, limited, past, a_spend(SOURCE)], TODAY)
    assert [(r.id, r.ends_on) for r in found.saved] == [(running.id, TODAY), (limited.id, TODAY)]
    assert found.removed == (planned,)


def test_the_current_cost_is_that_of_the_open_row_of_the_source_itself() -> None:
    open_row = row(date(2026, 10, 1), amount=Money(7, "USD"))
    assert spending.current([row(date(2026, 9, 1), TODAY), open_row]) == Money(7, "USD")
    assert spending.current([row(TODAY, campaign="spring"), row(TODAY, TODAY)]) is None
