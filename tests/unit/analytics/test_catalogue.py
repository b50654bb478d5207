"""Every metric of the catalogue by its definition, on cases small enough to count by hand."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from orthocrm.analytics.asking import Ask, By
from orthocrm.analytics.catalogue import METRICS
from orthocrm.analytics.declaring import Declared, Figure, Measured, measured
from orthocrm.analytics.metrics import answered
from orthocrm.analytics.reports import REPORTS, as_json
from orthocrm.analytics.velocity import PipelineVelocity
from orthocrm.analytics.visited import Snapshot, VisitedFunnel
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import StageSlug, UserId
from orthocrm.core.lead import Custom, Lead, LostReason, StageVisit, accepted_after
from orthocrm.core.marketing import Spend, SpendKind
from orthocrm.core.money import Money
from orthocrm.core.reporting import Reporting
from orthocrm.core.settings import Practice, Settings
from orthocrm.core.source import Source
from orthocrm.core.task import TaskStatus
from orthocrm.core.time import Period
from orthocrm.testing.factories import a_spend, a_task, a_visit, an_appointment
from tests.unit.analytics.practice import (
    CLINIC,
    DAY,
    MARCH,
    NOW,
    PRACTICE,
    UNKNOWN,
    WEBER,
    Engine,
    a_practice,
    an_ask,
    deleted,
    enquiry,
    local,
    lost,
    won,
)

MINUTE = timedelta(minutes=1)
NOON = local(2026, 3, 10, 12)


class Office:
    """A practice that is open from noon on, so that the morning does not count."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        return max(end, NOON) - max(start, NOON)

    def before(self, end: datetime, amount: timedelta) -> datetime:
        return end - amount


def measure(
    name: str,
    leads: Sequence[Lead] = (),
    period: Period | None = MARCH,
    by: str | None = None,
    practice: Practice = PRACTICE,
    now: datetime = NOW,
    **rows: Sequence[Any],
) -> Measured:
    declared = METRICS[name]
    ask = Ask(practice=practice, now=now, period=period, by=by, clock=Office())
    figures = answered(declared.metric, ask, Engine(leads, **rows))
    return measured(declared, figures, ask)


def reached(lead: Lead, **milestones: Any) -> Lead:
    known = evolve(lead.milestones, **milestones)
    return evolve(lead, milestones=accepted_after(known, CLINIC.timezone))


def tried(lead: Lead, after: timedelta) -> Lead:
    born, ms = lead.stamps.created_at, timedelta(milliseconds=1)
    return reached(
        lead,
        first_attempt_at=born + after,
        ms_to_attempt=after // ms,
        business_ms_to_attempt=Office().between(born, born + after) // ms,
    )


# --- speed to lead


def test_speed_to_lead_leaves_out_who_was_live_observed_or_has_time() -> None:
    born = NOON + timedelta(hours=1)
    leads = [
        tried(enquiry(born), 3 * MINUTE),
        tried(enquiry(born), 9 * MINUTE),
        enquiry(born),
        enquiry(NOW - 2 * MINUTE),
        reached(enquiry(born), first_contact_at=born, ms_to_contact=0),
        reached(enquiry(born), observed_at=born + MINUTE),
        tried(deleted(enquiry(born)), MINUTE),
    ]
    speed = measure("speed_to_lead", leads, None).total
    assert (speed.numerator, speed.denominator, speed.value) == (1, 3, 1 / 3)
    kinds = ("overdue", "waiting", "live", "observed", "attempt_n")
    assert [speed.more[kind] for kind in kinds] == [1, 1, 1, 1, 2]
    assert (speed.more["attempt_median"], speed.more["attempt_p90"]) == pytest.approx((6.0, 8.4))


def test_speed_to_lead_counts_open_hours_beside_the_elapsed_ones() -> None:
    early = tried(enquiry(NOON - 60 * MINUTE), 64 * MINUTE)
    speed = measure("speed_to_lead", [early]).total
    assert (speed.value, speed.more["in_time"]) == (1, 0)
    assert (speed.more["business_attempt_median"], speed.more["attempt_median"]) == (4.0, 64.0)


def test_speed_to_lead_of_a_group_without_attempts_is_all_failures() -> None:
    leads = [tried(enquiry(NOON), MINUTE), enquiry(NOON, source=None)]
    groups = measure("speed_to_lead", leads, by="source")
    assert (groups["weber"].value, groups[None].value) == (1, 0)


# --- consultations and acceptance


def visit(lead: Lead, at: datetime, status: AppointmentStatus, **fields: Any) -> Appointment:
    return an_appointment(lead, at - DAY, status=status, **fields)


def test_the_show_rate_is_of_consultations_that_have_passed() -> None:
    lead, other = enquiry(), enquiry(source="search")
    kept, missed = AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW
    appointments = [
        visit(lead, NOON, kept),
        visit(lead, NOON, AppointmentStatus.ARRIVED),
        visit(other, NOON, missed),
        visit(lead, NOON, AppointmentStatus.CANCELLED),
        visit(lead, NOON, AppointmentStatus.BOOKED),
        visit(lead, NOON, missed, type="primary_care"),
        visit(lead, local(2026, 4, 1), missed),
        visit(lead, NOW + DAY, kept),
        visit(deleted(enquiry()), NOON, missed),
    ]
    rows: Any = {"appointments": appointments}
    show = measure("show_rate", [lead, other], **rows).total
    assert (show.numerator, show.denominator) == (2, 3)
    by_source = measure("show_rate", [lead, other], by="source", **rows)
    assert [(label, one.value) for label, one in by_source.groups] == [("search", 0), ("weber", 1)]
    assert measure("show_rate", [lead], None, **rows).total.denominator == 3
    assert measure("unrecorded_consultations", [lead], **rows).total.value == 1


def examined(accepted_after: timedelta | None = None, **milestones: Any) -> Lead:
    accepted = None if accepted_after is None else NOON + accepted_after
    return reached(enquiry(), completed_at=NOON, accepted_at=accepted, **milestones)


EXAMS = [
    examined(timedelta(hours=2)),
    examined(12 * timedelta(hours=1)),
    examined(),
    lost(examined(), DAY, LostReason.NOT_A_CANDIDATE),
    examined(observed_at=NOON),
    examined(60 * DAY, observed_at=NOON, recalled_at=NOON + 50 * DAY),
]


def test_acceptance_is_of_consultations_completed_and_recalls_are_another_pool() -> None:
    rates = {
        "acceptance_rate": (2, 6),
        "recommended_acceptance_rate": (2, 3),
        "same_day_acceptance_rate": (1, 6),
        "observation_rate": (2, 6),
    }
    for name, wanted in rates.items():
        figure = measure(name, EXAMS).total
        assert (figure.numerator, figure.denominator) == wanted, name
    started = won(EXAMS[-1], 61 * DAY)
    recalled = evolve(started, milestones=evolve(EXAMS[-1].milestones, ms_to_convert=1))
    may = measure("recall_starts", [recalled, won(enquiry(), 61 * DAY)], Period.month(2026, 5))
    assert (may.total.numerator, may.total.denominator) == (1, 2)


def test_the_same_day_is_one_of_the_clinic_and_needs_no_period() -> None:
    always, march = (measure("same_day_acceptance_rate", EXAMS, one) for one in (None, MARCH))
    assert always.total.numerator == march.total.numerator


# --- costs


def spend(
    minor: int, first: date, last: date | None = None, of: Source = WEBER, **fields: Any
) -> Spend:
    usual: dict[str, Any] = {"kind": SpendKind.MONTHLY, "starts_on": first, "ends_on": last}
    return a_spend(of, **{**usual, "amount": Money(minor, "USD"), **fields})


TENTH = spend(3100_00, date(2026, 3, 10))


@pytest.mark.parametrize(
    "row,period,wanted",
    [
        (TENTH, Period.days(date(2026, 3, 10), date(2026, 4, 9)), "3130.00"),
        (TENTH, Period.month(2026, 5), "3100.00"),
        (
            spend(2900_00, date(2028, 1, 1)),
            Period.days(date(2028, 2, 5), date(2028, 2, 5)),
            "100.00",
        ),
        (spend(3100_00, date(2026, 1, 1), date(2026, 3, 1)), MARCH, "100.00"),
        (spend(50_00, date(2026, 3, 31), kind=SpendKind.ONE_OFF), MARCH, "50.00"),
        (spend(50_00, date(2026, 4, 1), kind=SpendKind.ONE_OFF), MARCH, "0.00"),
    ],
)
def test_costs_accrue_by_the_day(row: Spend, period: Period, wanted: str) -> None:
    assert measure("cost", period=period, spend=[row]).total.value == Decimal(wanted)


FEE = CustomField(name="fee", label="Fee", kind=FieldKind.NUMBER, decimals=2)


def paying(**reporting: Any) -> Practice:
    settings = Settings(custom_fields=(FEE,), reporting=Reporting(**reporting))
    return a_practice(evolve(CLINIC, settings=settings))


def test_cost_per_lead_and_patient_and_the_return_by_source() -> None:
    leads = [won(enquiry(), DAY), enquiry(), lost(enquiry(source="search"), DAY), enquiry()]
    costs = [spend(310_00, date(2026, 1, 1)), spend(90_00, date(2026, 1, 1), of=UNKNOWN)]
    practice = paying(average_fee=Money(5000_00, "USD"))

    def of(name: str) -> Measured:
        return measure(name, leads, by="source", practice=practice, spend=costs)

    assert [(label, one.value) for label, one in of("cost_per_lead").groups] == [
        ("search", Decimal("0.00")),
        ("weber", Decimal("103.33")),
        ("unknown", None),
    ]
    assert of("cost_per_lead").total.value == Decimal("100.00")
    assert of("cost")["unknown"].value == Decimal("90.00")
    assert of("cost_per_acquisition").total.value == Decimal("400.00")
    assert of("period_cost_per_acquisition").total.value == Decimal("400.00")
    roi = of("roi")
    assert [(label, one.value) for label, one in roi.groups][-1] == ("unknown", -1)
    assert roi.total.value == pytest.approx((5000 - 400) / 400)
    total = of("cost")
    assert sum(Decimal(str(one.value)) for _, one in total.groups) == total.total.value


def test_revenue_is_what_is_recorded_and_else_the_average_fee() -> None:
    recorded = evolve(won(enquiry(), DAY), custom=Custom(shown={"fee": 1234_50}))
    leads = [recorded, won(enquiry(), DAY), enquiry()]
    only = paying(revenue_field="fee")
    assert measure("revenue", leads, practice=only).total.value == Decimal("1234.50")
    with_fee = paying(revenue_field="fee", average_fee=Money(1000_00, "USD"))
    assert measure("cohort_revenue", leads, practice=with_fee).total.value == Decimal("2234.50")
    assert measure("period_roi", leads, practice=with_fee).total.value is None


@pytest.mark.parametrize("name", ["revenue", "cohort_revenue", "roi", "period_roi"])
def test_revenue_that_nobody_knows_is_not_said_to_be_nothing(name: str) -> None:
    said = measure(name, [won(enquiry(), DAY)], by="source", spend=[TENTH])
    for figure in (said.total, *(one for _, one in said.groups)):
        assert (figure.value, figure.numerator, figure.more.get("revenue")) == (None, None, None)


def test_a_source_that_won_nobody_brought_nothing_where_that_is_known() -> None:
    leads = [won(enquiry(), DAY), enquiry(source="search")]
    known = paying(average_fee=Money(1000_00, "USD"))
    for practice, wanted in (
        (known, {"weber": "1000.00", "search": "0.00"}),
        (paying(), {"weber": None, "search": None}),
    ):
        report = REPORTS["roi"].make(an_ask(MARCH, practice=practice), Engine(leads))
        rows = json.loads(as_json(report))["tables"]["sources"]["rows"]
        assert {row["source_key"]: row["revenue"] for row in rows} == wanted


def test_costs_of_months_add_up_to_those_of_the_period() -> None:
    year = Period(date(2026, 1, 15), date(2026, 5, 20))
    cost = measure("cost", period=year, by="month", spend=[TENTH])
    assert [one.value for _, one in cost.groups][:3] == [
        Decimal("0.00"),
        Decimal("0.00"),
        Decimal("2200.00"),
    ]
    assert sum(Decimal(str(one.value)) for _, one in cost.groups) == cost.total.value


@pytest.mark.parametrize("by", ["source", "category", "campaign", "day", "week"])
def test_amounts_of_groups_add_up_to_their_total_to_the_cent(by: str) -> None:
    """A hundred dollars a month over three days of March, for each of three sources."""
    rows = [
        a_spend(
            source,
            id=f"spend-{source.id}",
            kind=SpendKind.MONTHLY,
            amount=Money(100_00, "USD"),
            starts_on=date(2026, 1, 1),
            campaign=source.name if by == "campaign" else None,
        )
        for source in PRACTICE.sources
    ]
    exact = Settings(
        custom_fields=(evolve(FEE, decimals=4),), reporting=Reporting(revenue_field="fee")
    )
    practice = a_practice(evolve(CLINIC, settings=exact))
    fee = Custom(shown={"fee": 33})
    leads = [
        evolve(won(enquiry(local(2026, 3, day), source=source), DAY), custom=fee)
        for day, source in ((3, "weber"), (4, "search"), (5, "unknown"))
    ]
    days = Period.days(date(2026, 3, 3), date(2026, 3, 8))
    for name in ("cost", "cohort_revenue", "roi"):
        said = measure(name, leads, period=days, by=by, practice=practice, spend=rows)
        parts = [one.numerator for _, one in said.groups]
        assert sum(map(Decimal, map(str, parts))) == said.total.numerator, name
        if name == "roi":
            brought = [one.more["revenue"] for _, one in said.groups]
            assert sum(map(Decimal, map(str, brought))) == said.total.more["revenue"]


# --- velocity


def scheduled(at: datetime) -> Lead:
    return reached(enquiry(at - DAY), scheduled_at=at)


def test_lead_velocity_compares_months_and_of_one_that_runs_equal_days() -> None:
    leads = [scheduled(local(2026, 5, day)) for day in (1, 2, 20, 30)]
    leads += [scheduled(local(2026, 4, day)) for day in (1, 2)]
    whole = measure("lead_velocity", leads, Period.month(2026, 5)).total
    assert (whole.value, whole.denominator) == (1.0, 2)
    third = measure("lead_velocity", leads, Period.month(2026, 5), now=local(2026, 5, 3, 9)).total
    assert (third.value, third.denominator) == (0.0, 2)
    assert measure("lead_velocity", leads, Period.month(2026, 4)).total.value is None
    with pytest.raises(InvalidInput, match="period"):
        measure("lead_velocity", leads, None)
    with pytest.raises(InvalidInput, match="by"):
        measure("lead_velocity", leads, by="day")


def test_pipeline_velocity_is_what_flows_a_day() -> None:
    leads = [won(enquiry(), 10 * DAY), lost(enquiry(), DAY), enquiry(), enquiry()]
    velocity = measure(
        "pipeline_velocity", leads, practice=paying(average_fee=Money(6000_00, "USD"))
    )
    assert velocity.total.value == Decimal("600.00")
    assert velocity.total.more == {
        "open": 2,
        "win_rate": 0.5,
        "fee": Decimal("6000.00"),
        "days": 10.0,
    }
    assert measure("pipeline_velocity", leads).total.value is None
    assert isinstance(METRICS["pipeline_velocity"].metric, PipelineVelocity)


# --- the pipeline as it stood, and what was really visited


def stays(lead: Lead, *entered: tuple[str, float, float | None]) -> list[StageVisit]:
    born = lead.stamps.created_at
    return [
        a_visit(
            lead,
            stage=StageSlug(stage),
            entered_at=born + start * DAY,
            left_at=None if end is None else born + end * DAY,
        )
        for stage, start, end in entered
    ]


def test_snapshot_flow_and_visited_funnels() -> None:
    first, second = enquiry(), enquiry()
    visits = [
        *stays(first, ("new_lead", 0, 1), ("contacted", 1, 5), ("pending_decision", 5, None)),
        *stays(second, ("new_lead", 0, 2), ("pending_decision", 2, None)),
        *stays(deleted(enquiry()), ("new_lead", 0, None)),
    ]
    engine = Engine([first, second], visits=visits)
    ask = Ask(practice=PRACTICE, now=NOW, period=MARCH)

    def counts(metric: Any) -> dict[str, int]:
        found = metric.read(ask, [engine(query) for query in metric.queries(ask)])
        return {str(one.stage): one.leads for one in found if one.leads}

    born = first.stamps.created_at
    assert counts(Snapshot(at=born + 3 * DAY)) == {"contacted": 1, "pending_decision": 1}
    assert counts(Snapshot(at=born + DAY)) == {"new_lead": 1, "contacted": 1}
    assert counts(Snapshot(at=born - DAY)) == {}
    assert counts(VisitedFunnel()) == {"new_lead": 2, "contacted": 1, "pending_decision": 2}
    assert counts(VisitedFunnel(strict=True)) == {"new_lead": 2, "contacted": 1}
    flow = measure("stage_entries", [first, second], by="stage", visits=visits)
    assert {label: one.value for label, one in flow.groups} == {
        "new_lead": 2,
        "contacted": 1,
        "pending_decision": 2,
    }
    with pytest.raises(InvalidInput, match="at"):
        Snapshot(at=datetime(2026, 3, 3))  # noqa: DTZ001 - the fault


# --- workload


def test_workload_counts_what_is_to_be_done_now_by_whom() -> None:
    mine, theirs = enquiry(owner="tc-1"), enquiry(owner="tc-2")
    gone = [won(enquiry(owner="tc-1"), DAY), lost(enquiry(owner="tc-1"), DAY)]
    tasks = [
        a_task(mine, assigned_to=UserId("tc-2"), due_at=NOW - DAY),
        a_task(mine, assigned_to=UserId("tc-2"), due_at=NOW + DAY),
        a_task(mine, assigned_to=UserId("tc-2"), due_at=NOW - DAY, status=TaskStatus.COMPLETED),
    ]
    appointments = [visit(mine, NOW + timedelta(hours=3), AppointmentStatus.BOOKED)]
    rows: Any = {"tasks": tasks, "appointments": appointments}

    def by_owner(name: str) -> dict[Any, Any]:
        found = measure(name, [mine, theirs, *gone], by="coordinator", **rows).groups
        return {label: one.value for label, one in found}

    assert by_owner("open_leads") == {"tc-1": 1, "tc-2": 1}
    assert by_owner("open_tasks") == {"tc-2": 2}
    assert {label: n for label, n in by_owner("overdue_tasks").items() if n} == {"tc-2": 1}
    assert by_owner("consultations_this_week") == {"tc-1": 1}
    with pytest.raises(InvalidInput, match="by"):
        measure("open_leads", [mine], by="month")


# --- bad input, and next to nothing


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("by", [None, By.SOURCE, By.CATEGORY])
def test_every_metric_of_an_empty_clinic_is_nothing_and_no_error(name: str, by: By | None) -> None:
    figure = measure(name, by=by).total
    assert figure.value in (None, 0)
    assert figure.n == 0


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize(
    "leads",
    [[enquiry()], [lost(enquiry(), DAY)] * 1, [won(enquiry(), -DAY)]],
    ids=["one lead", "all lost", "won before it came"],
)
def test_every_metric_of_one_lead_has_a_value_or_none(name: str, leads: list[Lead]) -> None:
    for period in (MARCH, Period.month(2030, 1)):
        assert isinstance(measure(name, leads, period).total, Figure)
    assert measure(name, leads, Period.month(2030, 1), by="source").total.value in (
        None,
        0,
        *([1] if name == "open_leads" else []),
    )


@pytest.mark.parametrize(
    "by", ["Qz", "custom.Qz", "custom.", "custom.code.colour", 7, "custom.secret"]
)
def test_a_cut_that_does_not_exist_is_refused(by: Any) -> None:
    secret = CustomField(name="secret", label="Secret", kind=FieldKind.TEXT)
    settings = Settings(custom_fields=(secret,))
    practice = a_practice(evolve(CLINIC, settings=settings))
    with pytest.raises(InvalidInput) as refusal:
        measure("total_leads", by=by, practice=practice)
    assert [problem.path for problem in refusal.value.problems] == ["by"]
    assert "Qz" not in str(refusal.value)


def test_a_period_of_too_many_days_is_not_cut_by_the_day() -> None:
    with pytest.raises(InvalidInput, match="400"):
        measure("total_leads", period=Period(date(2020, 1, 1), date(2026, 1, 1)), by="day")


def test_costs_by_people_are_refused() -> None:
    with pytest.raises(InvalidInput, match="costs are known by"):
        measure("cost_per_lead", by="owner")
    with pytest.raises(InvalidInput, match="period"):
        measure("roi", period=None)


def test_weeks_begin_on_mondays_and_days_are_those_of_the_clinic() -> None:
    """Clocks were put forward on 8 March: 23 hours by the old time is midnight by the new."""
    leads = [enquiry(local(2026, 3, day, 23)) for day in (1, 2, 8, 9)]
    weeks = measure("total_leads", leads, by="week").groups
    assert [(label, one.value) for label, one in weeks][:3] == [
        (date(2026, 3, 1), 1),
        (date(2026, 3, 2), 1),
        (date(2026, 3, 9), 2),
    ]
    days = dict(measure("total_leads", leads, by="day").groups)
    known = [date(2026, 3, day) for day in (1, 2, 9, 10)]
    assert [day for day, one in days.items() if one.value] == known
    assert len(days) == 31


@pytest.mark.parametrize("declared", METRICS.values(), ids=METRICS)
def test_the_parts_of_every_metric_are_told_and_have_leads_behind_them(declared: Declared) -> None:
    engine, ask = Engine([won(enquiry(), DAY), enquiry()]), an_ask(MARCH)
    assert declared.parts
    for part in declared.parts:
        engine.behind(declared.metric.drill(ask, part))
    with pytest.raises(InvalidInput, match=f"give one of {declared.parts[0]}"):
        declared.metric.drill(ask, "Qz")
