"""Histories of two real pipelines brought in whole, against reference figures, on every backend."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest

import orthocrm
from orthocrm import (
    Actor,
    Channel,
    CustomField,
    Desk,
    FieldKind,
    History,
    Intake,
    InvalidInput,
    OrthoCRM,
    Past,
    PastKind,
    Period,
    Reporting,
    Role,
    Settings,
)
from orthocrm.analytics.declaring import Figure
from orthocrm.core.lead import LostReason
from orthocrm.core.query import Aggregate, Cond, Measure
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import BACKENDS
from tests.flows.test_examples import example
from tests.support import postgres

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
LOANS, OPPORTUNITIES = SHARED / "bpi2012_loan_funnel", SHARED / "maven_crm_opportunities"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 24

pytestmark = pytest.mark.skipif(
    not LOANS.exists() or not OPPORTUNITIES.exists(), reason="the data are not beside the checkout"
)


@cache
def truth(folder: Path) -> Any:
    return json.loads((folder / "truth.json").read_text("utf-8"))


@attrs.frozen
class Brought:
    """Three clinics on one backend: loans, their first works, and opportunities."""

    crm: OrthoCRM
    loans: Desk
    works: Desk
    sales: Desk


def near(value: object) -> Any:
    return pytest.approx(value, abs=1e-6)


replay = example("bpi2012/replay.py")


def _loans(crm: OrthoCRM, past: Iterable[History]) -> Desk:
    desk = crm.acting_as(Actor.system(Role.OPERATOR, replay.practice(crm)))
    tally = desk.imports.backfill(past).tally
    assert (tally.refused, tally.problems) == (0, ())
    return desk


def _rows(name: str) -> list[dict[str, str]]:
    with (OPPORTUNITIES / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def _coded(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


def _choice(name: str, values: set[str]) -> CustomField:
    choices = tuple(sorted(_coded(value) for value in values))
    return CustomField(name=name, label=name, kind=FieldKind.CHOICE, choices=choices)


def _sales(crm: OrthoCRM) -> Desk:
    rows = _rows("sales_pipeline.csv")
    teams = {team["sales_agent"]: team for team in _rows("sales_teams.csv")}
    fields = (
        _choice("product", {row["product"] for row in rows}),
        _choice("manager", {team["manager"] for team in teams.values()}),
        _choice("region", {team["regional_office"] for team in teams.values()}),
        CustomField(name="fee", label="Fee", kind=FieldKind.NUMBER, decimals=2),
    )
    settings = Settings(custom_fields=fields, reporting=Reporting(revenue_field="fee"))
    clinic = crm.create_clinic(name="Sales", timezone="UTC", settings=settings)
    desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
    tally = desk.imports.backfill(
        _opportunity(row, teams[row["sales_agent"]]) for row in rows
    ).tally
    assert (tally.created, tally.problems) == (len(rows), ())
    return desk


def _day(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def _opportunity(row: Mapping[str, str], team: Mapping[str, str]) -> History:
    """Make a history; those that were never engaged came in when the set was made."""
    came, closed = (
        _day(row["engage_date"]) or datetime(2018, 1, 1, tzinfo=UTC),
        _day(row["close_date"]),
    )
    fee = {"fee": row["close_value"]} if row["deal_stage"] == "Won" else {}
    asked = Intake(
        channel=Channel.IMPORT,
        no_contact=True,
        external_ref=row["opportunity_id"],
        received_at=came,
        custom={
            "product": _coded(row["product"]),
            "manager": _coded(team["manager"]),
            "region": _coded(team["regional_office"]),
            **fee,
        },
    )
    events = [Past(kind=PastKind.ASSIGNED, at=came, owner=row["sales_agent"])]
    if closed is not None and row["deal_stage"] == "Won":
        events.append(Past(kind=PastKind.CONVERTED, at=closed))
    elif closed is not None:
        events.append(Past(kind=PastKind.LOST, at=closed, reason=LostReason.NO_RESPONSE))
    return History(intake=asked, events=tuple(events))


def _brought(url: str) -> Brought:
    crm = orthocrm.connect(url, keys=KEYS, clock=FrozenClock(NOW), discover_plugins=False)
    crm.migrate()
    applications = replay.histories(LOANS, with_work=url == "memory://")
    return Brought(
        crm, _loans(crm, applications), _loans(crm, replay.first_works(LOANS)), _sales(crm)
    )


@pytest.fixture(scope="module")
def everywhere(
    postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Brought]]:
    file = tmp_path_factory.mktemp("histories") / "histories.db"
    with postgres_server.database() as address:
        urls = {"memory": "memory://", "sqlite": f"sqlite:///{file}", "postgres": address}
        found = {backend: _brought(url) for backend, url in urls.items()}
        yield found
        for brought in found.values():
            brought.crm.close()


@pytest.fixture(params=BACKENDS)
def brought(request: pytest.FixtureRequest, everywhere: Mapping[str, Brought]) -> Brought:
    return everywhere[request.param]


def test_every_application_reaches_the_states_of_the_reference(brought: Brought) -> None:
    expected, funnel = truth(LOANS), brought.loans.analytics.funnel().total
    reached = {replay.STAGES[step.stage]: step.reached for step in funnel.steps}
    assert reached == expected["funnel_reached"]
    assert (funnel.won, funnel.open) == (
        expected["outcome"]["approved"],
        expected["outcome"].get("open", 0),
    )
    for variant in ("visited", "strict"):
        counts = brought.loans.analytics.visited(variant=variant)
        assert {replay.STAGES[one.stage]: one.leads for one in counts} == reached
    rates = {replay.STAGES[step.stage]: step.next_step for step in funnel.steps}
    for transition in expected["transitions"]:
        rate = rates[transition["frm"]]
        assert rate is not None
        assert (rate.numerator, rate.denominator) == (
            transition["reached_both"],
            transition["reached_from"],
        )


def test_applications_end_as_in_the_reference(brought: Brought) -> None:
    expected = truth(LOANS)["outcome"]
    reasons = {
        label: share.numerator for label, share in brought.loans.analytics.lost_reasons().groups
    }
    assert reasons == {
        "NOT_A_CANDIDATE": expected["declined"],
        "NO_RESPONSE": expected["cancelled"],
    }


def test_time_in_states_is_that_of_the_reference(brought: Brought) -> None:
    stays = {
        replay.STAGES[stay.stage]: stay.calendar for stay in brought.loans.analytics.stages().stages
    }
    assert stays.keys() == truth(LOANS)["time_in_stage_hours"].keys()
    for state, expected in truth(LOANS)["time_in_stage_hours"].items():
        days = stays[state]
        assert days.n == expected["n"]
        found = [(value or 0) * HOURS for value in (days.mean, days.median, days.p90)]
        assert found == near([expected["mean"], expected["median"], expected["p90"]])


def test_cohorts_and_conversions_of_months_are_those_of_the_reference(brought: Brought) -> None:
    """The clock of the practice was put back within the log, on 30 October 2011."""
    expected = truth(LOANS)
    desk, whole = brought.loans.analytics, Period(date(2011, 10, 1), date(2012, 3, 1))
    outcomes = desk.outcomes(whole, by="month")
    for cohort in expected["cohorts_by_submitted_month"]:
        one = outcomes[date.fromisoformat(f"{cohort['month']}-01")]
        lost = cohort["declined"] + cohort["cancelled"]
        assert (one.leads, one.won, one.lost) == (cohort["leads"], cohort["approved"], lost)
        assert one.conversion.value == near(cohort["approved_rate"])
    conversions = desk.measure("conversions", whole, by="month")
    found = {f"{label:%Y-%m}": figure.value for label, figure in conversions.groups}
    assert found == expected["approved_by_month"]
    days, took = expected["days_submitted_to_approved"], desk.time_to_convert().total
    assert took.n == days["n"]
    assert (took.mean, took.median, took.p90) == near((days["mean"], days["median"], days["p90"]))


def test_the_speed_of_the_first_work_is_that_of_the_reference(brought: Brought) -> None:
    expected, within = (
        truth(LOANS)["speed_to_first_work_minutes"],
        truth(LOANS)["share_started_within"],
    )
    speed = brought.works.analytics.measure("speed_to_lead").total
    assert (speed.n, speed.more["attempt_n"]) == (expected["n"], expected["n"])
    assert speed.more["in_time"] == near(within["m5"])
    assert (speed.more["attempt_median"], speed.more["attempt_p90"]) == near(
        (expected["median"], expected["p90"])
    )
    assert brought.works.analytics.measure("time_to_attempt").total.more["mean"] == near(
        expected["mean"]
    )


def test_the_share_begun_within_other_times_is_that_of_the_reference(brought: Brought) -> None:
    for name, minutes in (("m5", 5), ("m60", 60), ("m1440", 1440)):
        speed = brought.works.analytics.speed(target=timedelta(minutes=minutes)).total
        assert speed.in_time.value == near(truth(LOANS)["share_started_within"][name])
    for odd in (timedelta(), timedelta(days=31), 5):
        with pytest.raises(InvalidInput, match="target"):
            brought.works.analytics.speed(target=odd)  # type: ignore[arg-type]  # the fault


def test_calls_about_offers_are_all_there(everywhere: Mapping[str, Brought]) -> None:
    calls = Aggregate(
        "activities",
        (Measure("n"), Measure("leads", "distinct", "lead_id")),  # type: ignore[arg-type]  # a calculation by its value
        where=Cond("type", "eq", "PHONE_CALL"),
    )
    loans = everywhere["memory"].loans.office
    with loans.backend.begin(loans.actor.clinic) as store:
        (group,) = store.aggregate(calls)
    expected = truth(LOANS)["offer_calls"]
    assert group.values == {"n": expected["starts"], "leads": expected["cases"]}


METRICS = (
    "total_leads",
    "win_rate",
    "conversion_rate",
    "cohort_losses",
    "cohort_open",
    "cohort_revenue",
    "cohort_time_to_convert",
)


def _agrees(figures: Mapping[str, Figure], expected: Mapping[str, Any]) -> bool:
    """Compare one group's metrics with its reference."""
    found = (
        figures["total_leads"].value,
        figures["win_rate"].numerator,
        figures["cohort_losses"].value,
        figures["cohort_open"].value,
        int(figures["cohort_revenue"].value or 0),
    )
    wanted = tuple(expected[name] for name in ("opportunities", "won", "lost", "open", "revenue"))
    rates = figures["win_rate"].value, figures["conversion_rate"].value
    days = figures["cohort_time_to_convert"].value
    return bool(
        found == wanted
        and rates == near((expected["win_rate_of_closed"], expected["win_rate_of_all"]))
        and days == near(expected["median_days_to_close_won"])
    )


@pytest.mark.parametrize(
    "by,group",
    [
        ("coordinator", "by_agent"),
        ("custom.manager", "by_manager"),
        ("custom.region", "by_region"),
        ("custom.product", "by_product"),
    ],
)
def test_groups_of_opportunities_are_those_of_the_reference(
    brought: Brought, by: str, group: str
) -> None:
    measured = brought.sales.analytics.measure_all(METRICS, by=by)
    expected = truth(OPPORTUNITIES)[group]
    known = [dict(one.groups) for one in measured]
    assert len(known[0]) == len(expected)
    for name, wanted in expected.items():
        label = name if by == "coordinator" else _coded(name)
        figures = {metric: known[i][label] for i, metric in enumerate(METRICS)}
        assert _agrees(figures, wanted), name


def test_months_of_opportunities_are_those_of_the_reference(brought: Brought) -> None:
    expected, desk = truth(OPPORTUNITIES), brought.sales.analytics
    whole = Period(date(2016, 10, 1), date(2018, 1, 1))
    leads, won, lost, revenue = desk.measure_all(
        ["total_leads", "conversions", "losses", "revenue"], whole, by="month"
    )
    engaged = {f"{label:%Y-%m}": figure.value for label, figure in leads.groups}
    assert engaged == expected["monthly_engaged"]
    for month, wanted in expected["monthly_closed"].items():
        first = date.fromisoformat(f"{month}-01")
        assert (won[first].value, lost[first].value) == (wanted["won"], wanted["lost"])
        assert revenue[first].value == wanted["revenue"]


def test_the_load_of_agents_is_that_of_the_reference(brought: Brought) -> None:
    load = brought.sales.analytics.measure("open_leads", by="coordinator")
    assert {label: one.value for label, one in load.groups} == truth(OPPORTUNITIES)[
        "open_agents_load"
    ]


@pytest.mark.parametrize("name", ["coordinators", "agents", "losses", "stages", "funnel"])
def test_every_backend_reports_the_same(everywhere: Mapping[str, Brought], name: str) -> None:
    said = [brought.sales.analytics.report(name) for brought in everywhere.values()]
    assert said[0].tables == said[1].tables == said[2].tables
