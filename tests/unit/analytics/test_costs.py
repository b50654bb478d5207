"""Costs by the day: the vectors of metric 12, and real advertising costs."""

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm import InvalidInput, Money, Period
from orthocrm.analytics.attributed import Attributed
from orthocrm.analytics.costs import Accrued, Cost, accrual, accrued, shared_out
from orthocrm.core.marketing import Spend, SpendKind
from orthocrm.testing.factories import a_clinic, a_source, a_spend

SOURCE = a_source(a_clinic())
ADS = Path(__file__).parents[3] / ".." / "shared" / "data" / "facebook_ads_cost"


def monthly(dollars: int, first: date, last: date | None = None, **fields: Any) -> Spend:
    return a_spend(
        SOURCE,
        kind=SpendKind.MONTHLY,
        amount=Money(dollars * 100, "USD"),
        starts_on=first,
        ends_on=last,
        **fields,
    )


def cost(rows: list[Spend], period: Period) -> Money:
    return accrued(rows, period, "USD").cost.money


def test_a_monthly_cost_from_10_march_to_9_april_costs_3130() -> None:
    row = monthly(3100, date(2026, 3, 10), date(2026, 4, 9))
    assert cost([row], Period.year(2026)) == Money(3130_00, "USD")
    whole = monthly(3100, date(2020, 1, 1))
    assert cost([whole], Period.days(date(2026, 3, 10), date(2026, 4, 9))) == Money(3130_00, "USD")


@pytest.mark.parametrize("month", range(1, 13))
def test_a_whole_month_is_exact(month: int) -> None:
    row = monthly(3100, date(2026, 1, 1))
    assert accrual(row, Period.month(2026, month)) == 3100_00


def test_a_day_of_a_leap_february() -> None:
    row = monthly(2900, date(2028, 1, 1))
    days = [Period.days(day, day) for day in (date(2028, 2, 1), date(2028, 2, 29))]
    assert [accrual(row, day) for day in days] == [100_00, 100_00]
    assert accrual(row, Period.month(2028, 2)) == 2900_00


def test_a_cost_that_changes_accrues_what_was_in_force_on_each_day() -> None:
    rows = [
        monthly(3000, date(2026, 1, 1), date(2026, 11, 15)),
        monthly(6000, date(2026, 11, 16)),
    ]
    assert cost(rows, Period.month(2026, 11)) == Money(4500_00, "USD")
    assert cost(rows, Period.month(2026, 10)) == Money(3000_00, "USD")


def test_an_ended_cost_accrues_through_its_last_day_and_no_further() -> None:
    row = monthly(3000, date(2026, 1, 1), date(2026, 11, 10))
    assert cost([row], Period.month(2026, 11)) == Money(1000_00, "USD")
    assert cost([row], Period.month(2026, 12)) == Money(0, "USD")
    assert cost([row], Period.days(date(2026, 11, 10), date(2026, 11, 11))) == Money(100_00, "USD")


def test_a_one_off_cost_falls_on_its_day() -> None:
    row = a_spend(SOURCE, starts_on=date(2026, 11, 30), amount=Money(500_00, "USD"))
    assert cost([row], Period.month(2026, 11)) == Money(500_00, "USD")
    assert cost([row], Period.month(2026, 12)) == Money(0, "USD")
    assert cost([row], Period.days(date(2026, 11, 1), date(2026, 11, 29))) == Money(0, "USD")


def test_former_currencies_stand_beside_the_clinics_own() -> None:
    swiss = a_spend(SOURCE, amount=Money(100_00, "CHF"))
    euros = a_spend(SOURCE, amount=Money(70_00, "EUR"))
    found = accrued([euros, swiss, a_spend(SOURCE)], Period.month(2026, 11), "USD")
    assert found == Accrued(
        cost=Cost(Fraction(500_00), "USD"),
        others=(Cost(Fraction(100_00), "CHF"), Cost(Fraction(70_00), "EUR")),
    )


def test_amounts_of_two_currencies_are_not_added() -> None:
    with pytest.raises(InvalidInput):
        Cost(Fraction(1), "USD") + Cost(Fraction(1), "EUR")


def test_money_is_rounded_only_at_the_end_and_halves_to_even() -> None:
    assert [Cost(Fraction(n, 2), "USD").money.minor for n in (1, 3, 5)] == [0, 2, 2]
    third = Cost(Fraction(100, 3), "USD")
    assert (third.money.minor, (third + third + third).money.minor) == (33, 100)


@given(parts=st.lists(st.fractions(-1000, 1000, max_denominator=31), max_size=20))
def test_what_is_shown_of_parts_adds_up_to_what_is_shown_of_their_total(
    parts: list[Fraction],
) -> None:
    total = Cost(sum(parts, Fraction(0)), "USD")
    shown = shared_out(total, [Cost(part, "USD") for part in parts])
    assert sum(one.money.minor for one in shown) == total.money.minor
    assert [one.minor for one in shown] == parts
    assert all(abs(one.money.minor - one.minor) < 1 for one in shown)


def test_parts_of_something_else_are_rounded_by_themselves() -> None:
    half = Cost(Fraction(3, 2), "USD")
    assert shared_out(Cost(Fraction(100), "USD"), [half]) == (half,)
    assert shared_out(Cost(Fraction(100), "USD"), [half])[0].money.minor == 2


def test_nothing_is_divided_by_nothing_and_the_cost_is_still_shown() -> None:
    spent = Attributed(leads=Fraction(0), conversions=Fraction(0), cost=Cost(Fraction(5), "USD"))
    assert (spent.cost_per_lead, spent.cost_per_acquisition) == (None, None)
    assert (spent.conversion_rate, spent.cost) == (None, Cost(Fraction(5), "USD"))


def test_fractions_of_leads_have_their_cost() -> None:
    found = Attributed(
        leads=Fraction(25, 2), conversions=Fraction(5, 4), cost=Cost(Fraction(3130_00), "USD")
    )
    assert found.cost_per_lead == Decimal("250.40")
    assert found.cost_per_acquisition == Decimal("2504.00")
    assert found.conversion_rate == Fraction(1, 10)


def test_a_currency_without_decimals_is_divided_to_whole_units() -> None:
    assert Cost(Fraction(1000), "JPY").per(3) == Decimal(333)


@pytest.mark.skipif(not ADS.exists(), reason="the advertising costs are not beside the checkout")
def test_cost_per_lead_and_acquisition_of_real_campaigns() -> None:
    with (ADS / "KAG_conversion_data.csv").open(encoding="utf-8", newline="") as lines:
        ads = list(csv.DictReader(lines))
    rows: dict[str, list[Spend]] = defaultdict(list)
    cents: dict[str, int] = defaultdict(int)
    leads: dict[str, int] = defaultdict(int)
    for ad in ads:
        spent = Decimal(ad["Spent"]).quantize(Decimal("0.01"))
        name = ad["xyz_campaign_id"]
        rows[name].append(a_spend(SOURCE, amount=Money.of(spent, "USD"), campaign=name))
        cents[name] += int(spent * 100)
        leads[name] += int(ad["Total_Conversion"])
    found = {name: accrued(some, Period.month(2026, 11), "USD").cost for name, some in rows.items()}

    assert len(ads) == 1143
    assert {name: cost.money.minor for name, cost in found.items()} == cents
    assert {name: found[name].per(leads[name]) for name in found} == {
        "916": Decimal("2.58"),
        "936": Decimal("5.39"),
        "1178": Decimal("20.86"),
    }
    nobody = [ad for ad in ads if ad["Total_Conversion"] == "0" and Decimal(ad["Spent"])]
    assert [Cost(Fraction(ad["Spent"]), "USD").per(0) for ad in nobody] == [None] * 5
