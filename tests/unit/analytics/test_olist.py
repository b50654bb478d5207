"""The figures of a real funnel (Olist, 8,000 leads), against a reference computed elsewhere."""

import csv
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from orthocrm.analytics.asking import Ask
from orthocrm.analytics.metrics import OUTCOMES, TIME_TO_CONVERT
from orthocrm.analytics.reports import sources_report, summary_report
from orthocrm.core.lead import Lead
from orthocrm.testing.factories import a_clinic, a_source
from tests.unit.analytics.practice import (
    NOW,
    Engine,
    a_practice,
    answer,
    enquiry,
    won,
)

FOLDER = Path(__file__).parents[3] / ".." / "shared" / "data" / "olist_funnel"
pytestmark = pytest.mark.skipif(
    not (FOLDER / "truth.json").exists(), reason="the Olist data are not beside the checkout"
)

CLINIC = a_clinic(timezone="UTC")


@cache
def truth() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / "truth.json").read_text("utf-8"))
    return content


def table(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"olist_{name}_dataset.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def leads() -> tuple[Lead, ...]:
    deals = {row["mql_id"]: row["won_date"] for row in table("closed_deals")}
    return tuple(
        a_lead_of(row, deals.get(row["mql_id"])) for row in table("marketing_qualified_leads")
    )


def a_lead_of(row: dict[str, str], won_date: str | None) -> Lead:
    created_at = datetime.fromisoformat(row["first_contact_date"]).replace(tzinfo=UTC)
    lead = enquiry(created_at, row["origin"] or None)
    if won_date is None:
        return lead
    return won(lead, datetime.fromisoformat(won_date).replace(tzinfo=UTC) - created_at)


def ask() -> Ask:
    origins = sorted({row["key"] for row in truth()["by_origin"]} - {"(missing)"})
    sources = [a_source(CLINIC, origin, id=origin) for origin in origins]
    return Ask(practice=a_practice(CLINIC, sources), now=NOW)


def test_totals_are_those_of_the_reference() -> None:
    total = answer(OUTCOMES, ask(), leads()).total
    assert (total.leads, total.won, total.conversion.value) == (8000, 842, 0.10525)
    assert total.conversion.wilson() == pytest.approx(truth()["totals"]["wilson95"], abs=1e-6)
    assert total.open == 8000 - 842


def test_days_to_win_are_those_of_the_reference() -> None:
    expected, days = truth()["days_to_won"], answer(TIME_TO_CONVERT, ask(), leads()).total
    assert (days.n, days.data_errors) == (842, len(truth()["negative_days_to_won"]))
    assert days.mean == pytest.approx(expected["mean"], abs=1e-6)
    assert days.median == pytest.approx(expected["median"], abs=1e-6)
    assert days.p90 == pytest.approx(expected["p90"], abs=1e-6)


def test_sources_are_those_of_the_reference() -> None:
    (found,) = sources_report(ask(), Engine(leads())).tables
    keys = {row[0]: row for row in found.rows}
    assert len(keys) == len(truth()["by_origin"])
    for expected in truth()["by_origin"]:
        row = keys[None if expected["key"] == "(missing)" else expected["key"]]
        assert row[2:4] == (expected["leads"], expected["won"])
        wanted = (expected["rate"], *expected["wilson95"], expected["median_days_to_won"])
        assert row[4:] == pytest.approx(wanted, abs=1e-6)


def test_the_deal_that_was_won_before_its_first_contact_is_noted() -> None:
    assert summary_report(ask(), Engine(leads())).notes == (
        "1 lead was converted before it was created: a data error, counted",
    )
