"""Numbers that must agree: parts with totals, charts with their drill-down, all with a recount."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.analytics.asking import TIMES, Ask, Basis, By, Choice, Whole
from orthocrm.analytics.catalogue import METRICS
from orthocrm.analytics.declaring import Unit, measured
from orthocrm.analytics.funnel import COHORT_FUNNEL, steps_of
from orthocrm.analytics.grouping import facts_of
from orthocrm.analytics.metrics import (
    COHORT_CONVERSION,
    LEAD_MIX,
    LOSSES,
    OUTCOMES,
    PERIOD_CONVERSION,
    TIME_TO_CONVERT,
    TOTAL_LEADS,
    CohortConversion,
    Metric,
    answered,
)
from orthocrm.analytics.reports import REPORTS, as_csv, as_json
from orthocrm.analytics.results import Figures, Funnel, Outcomes, Ratio, Speed, Spread
from orthocrm.analytics.speed import SpeedToLead
from orthocrm.analytics.together import together
from orthocrm.core.ids import StageSlug
from orthocrm.core.lead import Lead, LostReason
from orthocrm.core.marketing import Spend, SpendKind
from orthocrm.core.money import Money
from orthocrm.core.settings import MONDAY_TO_FRIDAY, BusinessHours, Opening, Settings
from orthocrm.core.time import Period
from orthocrm.followup.due import Calendar, business_between
from orthocrm.services.analytics.clocks import PracticeClock
from orthocrm.testing.factories import a_spend
from tests.unit.analytics.practice import (
    ORDERS,
    PRACTICE,
    SEARCH,
    UNKNOWN,
    WEBER,
    Engine,
    an_ask,
    deleted,
    enquiry,
    lost,
    won,
)

OPEN_STAGES = [stage.slug for stage in PRACTICE.stages if not stage.is_terminal]
START, END = date(2026, 1, 20), date(2026, 5, 10)
"""Around the spring change of clocks in Chicago, on 8 March 2026."""

spans = st.integers(min_value=-3, max_value=60 * 24).map(lambda hours: timedelta(hours=hours))
instants = st.integers(min_value=0, max_value=125 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 15, tzinfo=UTC) + timedelta(minutes=minutes)
)


@st.composite
def leads(draw: st.DrawFn) -> Lead:
    """Draw a lead of any fate, also one whose stage or source is gone."""
    stage = draw(st.sampled_from([*OPEN_STAGES, "a_removed_stage"]))
    lead = enquiry(
        draw(instants),
        draw(st.sampled_from(["weber", "search", "unknown", "gone", None])),
        stage,
        ORDERS.get(StageSlug(stage)) or draw(st.integers(min_value=0, max_value=9)),
        draw(st.sampled_from(["tc-1", "tc-2", None])),
    )
    fate = draw(st.sampled_from(["open", "won", "lost", "deleted"]))
    if fate == "won":
        return won(lead, draw(spans))
    if fate == "lost":
        return lost(lead, draw(spans), draw(st.sampled_from(LostReason)))
    return deleted(lead) if fate == "deleted" else lead


cohorts = st.lists(leads(), max_size=30)
periods = st.builds(
    lambda first, length: Period(first, first + timedelta(days=length)),
    st.dates(START, END),
    st.integers(min_value=1, max_value=90),
) | st.builds(Period.month, st.just(2026), st.integers(min_value=1, max_value=5))


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    by = draw(st.none() | st.sampled_from(By))
    period = draw(periods) if by in TIMES else draw(st.none() | periods)
    return an_ask(period, by)


@given(leads=cohorts, ask=asks())
def test_the_parts_of_a_funnel_add_up_and_it_never_widens(leads: list[Lead], ask: Ask) -> None:
    figures = answered(COHORT_FUNNEL, ask, Engine(leads))
    for funnel in (figures.total, *(group for _, group in figures.groups)):
        reached = [step.reached for step in funnel.steps]
        assert reached[0] == funnel.leads
        assert reached == sorted(reached, reverse=True)
        drop_offs = sum(step.drop_off for step in funnel.steps)
        assert funnel.won is not None
        assert funnel.open is not None
        assert drop_offs + funnel.open + funnel.won == funnel.leads
        assert (drop_offs, reached[-1]) == (funnel.lost, funnel.won)
        assert sum(step.still_open for step in funnel.steps) == funnel.open


Parts = Callable[[Any], Mapping[str, int]]
"""Gives the numbers of a result by the name under which it can be drilled into."""


def _outcome_parts(outcomes: Outcomes) -> Mapping[str, int]:
    return {
        "leads": outcomes.leads,
        "won": outcomes.won,
        "lost": outcomes.lost,
        "open": outcomes.open,
        **_days_parts(outcomes.days),
    }


def _days_parts(days: Spread) -> Mapping[str, int]:
    return {"timed": days.n, "data_errors": days.data_errors}


def _ratio_parts(ratio: Ratio) -> Mapping[str, int]:
    return {"won": ratio.numerator, "leads": ratio.denominator}


def _quotient_parts(ratio: Ratio) -> Mapping[str, int]:
    return {"numerator": ratio.numerator, "denominator": ratio.denominator}


def _durations_parts(spread: Spread) -> Mapping[str, int]:
    return {"numerator": spread.n, "data_errors": spread.data_errors}


def _speed_parts(speed: Speed) -> Mapping[str, int]:
    kinds = ("overdue", "waiting", "live", "observed")
    return {
        "tried": speed.attempt.n,
        "reached": speed.contact.n,
        **{kind: getattr(speed, kind) for kind in kinds},
        "elapsed": speed.in_time.numerator,
        **_quotient_parts(speed.in_business_time),
    }


def _funnel_parts(funnel: Funnel) -> Mapping[str, int]:
    steps = {
        f"{kind}:{step.stage}": getattr(step, kind)
        for step in funnel.steps
        for kind in ("reached", "drop_off", "still_open")
    }
    whole = {name: getattr(funnel, name) for name in ("leads", "won", "lost", "open")}
    return {**steps, **whole}


PARTS: list[tuple[str, Metric[Figures[Any]], Parts]] = [
    ("total_leads", TOTAL_LEADS, lambda count: {"numerator": count}),
    ("losses", LOSSES, lambda count: {"numerator": count}),
    ("lead_mix", LEAD_MIX, lambda share: {"numerator": share.numerator}),
    ("cohort_conversion", COHORT_CONVERSION, _ratio_parts),
    ("within", CohortConversion(within_days=20), _ratio_parts),
    ("period_conversion", PERIOD_CONVERSION, _quotient_parts),
    ("time_to_convert", TIME_TO_CONVERT, _durations_parts),
    ("speed_to_lead", SpeedToLead(), _speed_parts),
    ("outcomes", OUTCOMES, _outcome_parts),
    ("funnel", COHORT_FUNNEL, _funnel_parts),
]


@pytest.mark.parametrize(
    "metric,parts", [parts for _, *parts in PARTS], ids=[name for name, *_ in PARTS]
)
@given(leads=cohorts, ask=asks())
def test_groups_add_up_to_the_total(
    metric: Metric[Figures[Any]], parts: Parts, leads: list[Lead], ask: Ask
) -> None:
    figures = answered(metric, ask, Engine(leads))
    if ask.by is not None:
        groups = Counter[str]()
        for _, group in figures.groups:
            groups.update(parts(group))
        assert {part: groups[part] for part in parts(figures.total)} == parts(figures.total)


@pytest.mark.parametrize(
    "metric,parts", [parts for _, *parts in PARTS], ids=[name for name, *_ in PARTS]
)
@given(leads=cohorts, ask=asks())
def test_a_chart_and_its_drill_down_agree(
    metric: Metric[Figures[Any]], parts: Parts, leads: list[Lead], ask: Ask
) -> None:
    engine = Engine(leads)
    figures = answered(metric, ask, engine)
    everything: list[tuple[Choice, Any]] = [(Whole.TOTAL, figures.total), *figures.groups]
    for choice, result in everything:
        shown = parts(result)
        behind = {part: len(engine.behind(metric.drill(ask, part, choice))) for part in shown}
        assert behind == shown


@given(leads=cohorts, period=periods)
def test_the_days_are_those_of_a_recount(leads: list[Lead], period: Period) -> None:
    start, end = period.instants("America/Chicago")
    took = [
        (lead.conversion.at - lead.stamps.created_at) / timedelta(days=1)
        for lead in leads
        if lead.conversion is not None and start <= lead.conversion.at < end
    ]
    days = answered(TIME_TO_CONVERT, an_ask(period), Engine(leads)).total
    assert (days.n, days.data_errors) == (len(took), sum(length < 0 for length in took))
    if took:
        assert days.median == pytest.approx(median(took), abs=1e-6)
        assert days.mean == pytest.approx(sum(took) / len(took), abs=1e-6)
    else:
        assert (days.mean, days.median, days.p90) == (None, None, None)


@given(leads=cohorts, period=periods)
def test_months_share_no_lead_and_leave_none_out(leads: list[Lead], period: Period) -> None:
    ask, engine = an_ask(period, By.MONTH), Engine(leads)
    figures = answered(TOTAL_LEADS, ask, engine)
    months = list(period.months())
    assert [label for label, _ in figures.groups] == [month.first for month in months]
    for month, (_, count) in zip(months, figures.groups, strict=True):
        assert answered(TOTAL_LEADS, an_ask(month), engine).total == count


@given(leads=cohorts, period=periods)
def test_a_period_and_the_one_before_it_meet_without_overlap(
    leads: list[Lead], period: Period
) -> None:
    ask, engine = an_ask(period), Engine(leads)
    before = ask.previous().period
    assert before is not None
    assert before.until == period.first
    both = an_ask(Period(before.first, period.until))
    parts = [answered(TOTAL_LEADS, a, engine).total for a in (ask.previous(), ask)]
    assert sum(parts) == answered(TOTAL_LEADS, both, engine).total


@given(leads=cohorts)
def test_renaming_and_moving_stages_leaves_the_funnel_as_it_was(leads: list[Lead]) -> None:
    kept = [lead for lead in leads if lead.position.furthest != "a_removed_stage"]
    stages = [evolve(s, name=s.name.upper(), order=s.order * 10) for s in PRACTICE.stages]
    before = answered(COHORT_FUNNEL, an_ask(), Engine(kept)).total
    ask = evolve(an_ask(), practice=evolve(PRACTICE, stages=tuple(stages)))
    after = answered(COHORT_FUNNEL, ask, Engine(kept)).total
    assert [evolve(step, name="") for step in after.steps] == [
        evolve(step, name="") for step in before.steps
    ]
    assert [stage.slug for stage in steps_of(ask.practice)] == [s.stage for s in after.steps]


@given(leads=cohorts, ask=asks())
def test_every_report_can_be_rendered(leads: list[Lead], ask: Ask) -> None:
    for report in REPORTS.values():
        made = report(ask, Engine(leads))
        assert as_json(made).endswith("\n")
        assert as_csv(made).count("\r\n") >= len(made.tables)


@given(ask=asks(), basis=st.sampled_from(Basis))
def test_no_leads_give_no_numbers_and_no_error(ask: Ask, basis: Basis) -> None:
    assert answered(PERIOD_CONVERSION, ask, Engine([])).total == Ratio(0, 0)
    metric = evolve(TIME_TO_CONVERT, facts=facts_of(basis))
    assert answered(metric, ask, Engine([])).total.median is None


CUTS = [By.SOURCE, By.CATEGORY, By.OWNER, By.FIRST_OWNER, By.STAGE, *TIMES]

ADDING = sorted(
    name
    for name, declared in METRICS.items()
    if declared.unit is Unit.COUNT
    and not declared.metric.queries(an_ask(Period.month(2026, 3)))[0].of.startswith("lead_")
)
"""Metrics of leads that are counts: their groups add up to their total."""


@given(leads=cohorts, period=periods, by=st.sampled_from(CUTS))
def test_the_groups_of_every_count_add_up_whatever_the_cut(
    leads: list[Lead], period: Period, by: By
) -> None:
    engine, ask = Engine(leads), an_ask(period, by)
    for name in ADDING:
        declared = METRICS[name]
        if by in TIMES and declared.is_of_now:
            continue
        found = measured(declared, answered(declared.metric, ask, engine), ask)
        assert sum(int(one.value or 0) for _, one in found.groups) == found.total.value


@given(leads=cohorts, ask=asks())
def test_questions_asked_together_have_the_answers_that_each_has(
    leads: list[Lead], ask: Ask
) -> None:
    engine = Engine(leads)
    asked = [(metric, ask) for _, metric, _ in PARTS]
    assert together(asked, engine) == tuple(answered(metric, ask, engine) for metric, _ in asked)


spends = st.lists(
    st.builds(
        lambda source, minor, first, length: a_spend(
            source,
            kind=SpendKind.MONTHLY,
            amount=Money(minor, "USD"),
            starts_on=first,
            ends_on=None if length is None else first + timedelta(days=length),
        ),
        st.sampled_from([WEBER, SEARCH, UNKNOWN]),
        st.integers(1, 500_000),
        st.dates(START - timedelta(days=60), END),
        st.none() | st.integers(0, 80),
    ),
    max_size=5,
)


@given(
    spent=spends, period=periods, by=st.sampled_from([By.SOURCE, By.CATEGORY, By.MONTH, By.WEEK])
)
def test_costs_add_up_exactly_whatever_the_cut(spent: list[Spend], period: Period, by: By) -> None:
    engine = Engine([], spend=spent)
    prices = answered(METRICS["cost"].metric, an_ask(period, by), engine)
    assert sum(price.cost.minor for _, price in prices.groups) == prices.total.cost.minor
    parts = [
        answered(METRICS["cost"].metric, an_ask(each), engine).total for each in period.months()
    ]
    assert sum(part.cost.minor for part in parts) == prices.total.cost.minor


moments = st.integers(-135 * 24 * 60, 20 * 24 * 60).map(
    lambda minutes: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(pairs=st.lists(st.tuples(moments, moments), min_size=1, max_size=8), always=st.booleans())
def test_business_time_of_many_pairs_is_that_of_each(
    pairs: list[tuple[datetime, datetime]], *, always: bool
) -> None:
    """Over both changes of clocks, a holiday and a day that is open late."""
    hours = BusinessHours(
        week=() if always else (*MONDAY_TO_FRIDAY, Opening(6, time(22), time(2))),
        closed=frozenset({date(2026, 3, 5)}),
        special={date(2026, 3, 8): (Opening(0, time(1), time(4)),)},
    )
    clinic = evolve(PRACTICE.clinic, settings=Settings(hours=hours))
    clock, calendar = PracticeClock(clinic), Calendar.of_clinic(clinic)
    for start, end in pairs:
        assert clock.between(start, end) == business_between(calendar, start, end)
