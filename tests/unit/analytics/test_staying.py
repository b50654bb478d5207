"""Time in stage, ages and bottlenecks, on cases small enough to count by hand."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.analytics.asking import Ask
from orthocrm.analytics.metrics import answered
from orthocrm.analytics.reports import stages_report
from orthocrm.analytics.reports.hiding import hidden
from orthocrm.analytics.results import Days, Funnel, FunnelStep, Ratio
from orthocrm.analytics.staying import STAGE_STAYS, Ages, Stay, Stays, bottlenecks, without_few
from orthocrm.core.beside_leads import BESIDE_LEADS
from orthocrm.core.errors import InvalidInput
from orthocrm.core.facts import SCHEMAS
from orthocrm.core.ids import LeadId, StageSlug
from orthocrm.core.lead import Lead, StageVisit
from orthocrm.core.query import Aggregate, Group, aggregate, predicate
from orthocrm.core.time import Period
from orthocrm.testing.factories import a_lead, a_position, a_task, a_visit
from tests.unit.analytics.practice import CLINIC, NOW, PRACTICE

DAY = timedelta(days=1)
DAY_MS = 86_400_000
ASK = Ask(practice=PRACTICE, now=NOW)
CONTACTED = StageSlug("contacted")
PENDING = StageSlug("pending_decision")


class Store:
    """Computes aggregates over what a practice has."""

    def __init__(self, **nouns: list[Any]) -> None:
        self.nouns = nouns

    def __call__(self, query: Aggregate) -> list[Group]:
        if query.of not in BESIDE_LEADS:
            return aggregate(query, self.nouns.get(query.of, []), SCHEMAS[query.of])
        beside = BESIDE_LEADS[query.of]
        pairs = beside.pairs(self.nouns.get(beside.table, []), self.lead)
        return aggregate(query, pairs, beside.schema)

    def lead(self, lead_id: LeadId) -> Lead:
        known = {lead.id: lead for lead in self.nouns.get("leads", [])}
        return known.get(lead_id) or a_lead(CLINIC, id=lead_id)


def standing(stage: str, days: float, **fields: Any) -> Lead:
    lead = a_lead(CLINIC, stage=stage, **fields)
    position = a_position(stage, lead.position.order, NOW - days * DAY)
    return evolve(lead, position=position)


def stayed(
    lead: str, days: float, stage: str = CONTACTED, left: float = 10, **fields: Any
) -> StageVisit:
    """Make a visit that ended so many days before now."""
    visit = a_visit(a_lead(CLINIC), id=f"{lead}{stage}{left}", lead_id=LeadId(lead), stage=stage)
    ms = round(days * DAY_MS)
    left_at = NOW - left * DAY
    over = {
        "left_at": left_at,
        "entered_at": left_at - days * DAY,
        "ms": ms,
        "business_ms": ms // 3,
    }
    return evolve(visit, **{**over, **fields})


def stays(ask: Ask = ASK, **nouns: list[Any]) -> Stays:
    return answered(STAGE_STAYS, ask, Store(**nouns))


def of(found: Stays, stage: str) -> Stay:
    (stay,) = [one for one in found.stages if one.stage == stage]
    return stay


# --- time in stage


def test_open_stages_are_told_in_order_and_final_ones_take_no_time() -> None:
    won = stayed("a", 5, "treatment_started")
    found = stays(visits=[won])
    assert [stay.stage for stay in found.stages] == [
        stage.slug for stage in PRACTICE.stages if not stage.is_terminal
    ]
    nothing = Days(n=0, mean=None, median=None, p90=None, data_errors=0)
    assert {stay.calendar for stay in found.stages} == {nothing}
    assert {stay.ages for stay in found.stages} == {Ages(n=0, median=None, p90=None, longest=None)}


def test_mean_median_and_p90_by_both_clocks() -> None:
    stay = of(stays(visits=[stayed(f"l{n}", n) for n in (1, 2, 3, 6)]), CONTACTED)
    assert evolve(stay.calendar, p90=5) == Days(n=4, mean=3, median=2.5, p90=5, data_errors=0)
    assert stay.calendar.p90 == pytest.approx(5.1)
    assert stay.business.mean == pytest.approx(1)
    assert stay.business.n == 4


def test_whoever_comes_back_adds_up() -> None:
    visits = [stayed("a", 2, left=20), stayed("a", 5, left=3), stayed("b", 1)]
    calendar = of(stays(visits=visits), CONTACTED).calendar
    assert (calendar.n, calendar.mean) == (2, 4)


def test_what_goes_on_and_observation_are_no_time() -> None:
    going_on = evolve(stayed("a", 5), left_at=None, ms=None, business_ms=None)
    watched = stayed("b", 90, observed=True)
    assert of(stays(visits=[going_on, watched]), CONTACTED).calendar.n == 0


def test_a_period_takes_the_visits_that_ended_in_it() -> None:
    visits = [stayed("a", 1, left=40), stayed("b", 3, left=10), stayed("a", 4, left=12)]
    may = evolve(ASK, period=Period.month(2026, 5))
    calendar = of(stays(may, visits=visits), CONTACTED).calendar
    assert (calendar.n, calendar.mean) == (2, 3.5)
    april = evolve(ASK, period=Period.month(2026, 4))
    assert of(stays(april, visits=visits), CONTACTED).calendar.n == 1


def test_deleted_leads_never_count() -> None:
    lead = a_lead(CLINIC, id="gone")
    gone = evolve(lead, stamps=evolve(lead.stamps, deleted_at=NOW))
    found = stays(visits=[stayed("gone", 9), stayed("b", 1)], leads=[gone])
    assert of(found, CONTACTED).calendar.n == 1


def test_a_stay_that_ended_before_it_began_is_a_data_error_and_counts() -> None:
    calendar = of(stays(visits=[stayed("a", -2), stayed("b", 4)]), CONTACTED).calendar
    assert (calendar.n, calendar.mean, calendar.data_errors) == (2, 1, 1)


# --- ages


def test_open_leads_have_an_age_and_those_beyond_the_limit_are_over_age() -> None:
    leads = [standing(PENDING, days) for days in (1, 7, 8, 20)]
    stay = of(stays(leads=leads), PENDING)
    assert evolve(stay.ages, p90=16) == Ages(n=4, median=7.5, p90=16, longest=20)
    assert stay.ages.p90 == pytest.approx(16.4)
    assert (stay.max_days, stay.over_age) == (7, 2)
    assert stay.held_up == pytest.approx(7.5 / 7)


def test_who_has_something_to_come_is_not_over_age() -> None:
    planned, late, free = (standing(PENDING, 20) for _ in range(3))
    tasks = [
        a_task(planned, due_at=NOW + DAY),
        a_task(planned, due_at=NOW - DAY),
        a_task(late, due_at=NOW - DAY),
    ]
    assert of(stays(leads=[planned, late, free], tasks=tasks), PENDING).over_age == 2


def test_who_waits_for_a_recall_stands_in_no_stage() -> None:
    today = NOW.date() - DAY  # Chicago is still in May
    waiting = standing(PENDING, 90, recall_due_on=today + DAY)
    due = standing(PENDING, 30, recall_due_on=today)
    found = stays(leads=[waiting, due])
    assert (of(found, PENDING).ages.n, found.observed) == (1, 1)


def test_the_leads_behind_a_number_are_those_that_are_counted() -> None:
    today = NOW.date() - DAY
    leads = [standing(PENDING, 1), standing(CONTACTED, 1)]
    leads.append(standing(PENDING, 1, recall_due_on=today + DAY))

    def behind(part: str) -> list[Lead]:
        where = STAGE_STAYS.drill(ASK, part)
        return list(filter(predicate(where, SCHEMAS["leads"]), leads))

    assert behind("open:pending_decision") == leads[:1]
    assert behind("observed") == leads[2:]
    for odd in ("open:lost", "open:nowhere", "late", ""):
        with pytest.raises(InvalidInput):
            behind(odd)


# --- bottlenecks


def a_stay(stage: str, median: float | None, max_days: int | None) -> Stay:
    empty = Days(n=0, mean=None, median=None, p90=None, data_errors=0)
    return Stay(
        stage=StageSlug(stage),
        name=stage,
        max_days=max_days,
        calendar=empty,
        business=empty,
        ages=Ages(n=1, median=median, p90=median, longest=median),
        over_age=0,
    )


def a_funnel(*reached: int) -> Funnel:
    pairs = [*zip(reached, [*reached[1:], None], strict=True)]
    return Funnel(
        steps=tuple(
            FunnelStep(
                stage=StageSlug(f"s{n}"),
                name=f"S{n}",
                reached=here,
                drop_off=0,
                still_open=0,
                cumulative=Ratio(here, reached[0]),
                next_step=None if following is None else Ratio(following, here),
            )
            for n, (here, following) in enumerate(pairs)
        ),
        leads=reached[0],
        won=0,
        lost=0,
        open=0,
    )


def test_the_slowest_stage_has_the_largest_median_age_over_its_limit() -> None:
    slow, slower, unlimited = a_stay("a", 8, 7), a_stay("b", 6, 3), a_stay("c", 900, None)
    empty = a_stay("d", None, 1)
    found = bottlenecks(Stays(stages=(slow, slower, unlimited, empty), observed=0), a_funnel(1))
    assert (found.slowest, found.held_up) == ("b", 2)


def test_within_its_limit_nothing_is_held_up() -> None:
    found = bottlenecks(Stays(stages=(a_stay("a", 7, 7),), observed=0), a_funnel(1))
    assert (found.slowest, found.held_up) == (None, None)


def test_the_narrowest_step_has_the_lowest_next_step_rate_among_enough_leads() -> None:
    nobody = Stays(stages=(), observed=0)
    found = bottlenecks(nobody, a_funnel(100, 90, 30, 20, 1), least=21)
    assert (found.narrowest, found.rate, found.least) == ("s1", 30 / 90, 21)
    assert bottlenecks(nobody, a_funnel(100, 90, 30, 20, 1), least=20).narrowest == "s3"
    few = bottlenecks(nobody, a_funnel(5, 1))
    assert (few.narrowest, few.rate) == (None, None)


# --- those who see no leads


def test_stages_with_few_leads_are_left_out_with_one_more() -> None:
    leads = [*[standing("contacted", 3)] * 2, *[standing("new_lead", 3)] * 5]
    known = stays(leads=[evolve(lead, id=LeadId(f"l{n}")) for n, lead in enumerate(leads)])
    shown = without_few(known, 3)
    assert shown.hidden == 2
    assert {stay.ages.n for stay in shown.stages} == {0}
    assert without_few(known, 2) == known
    assert without_few(known, None) is known


def test_few_under_observation_are_not_counted() -> None:
    known = Stays(stages=(), observed=2)
    assert without_few(known, 3).observed is None
    assert without_few(known, 2).observed == 2


def test_a_step_that_few_left_or_stayed_in_is_no_bottleneck_to_tell() -> None:
    funnel = a_funnel(40, 38, 19)
    nobody = Stays(stages=(), observed=0)
    assert bottlenecks(nobody, funnel, 20, 3).narrowest == bottlenecks(nobody, funnel, 20).narrowest
    few = bottlenecks(nobody, a_funnel(40, 38), 20, 3)
    assert (few.narrowest, few.rate) == (None, None)


def test_notes_that_speak_of_few_are_hidden() -> None:
    watched = evolve(standing("contacted", 3), recall_due_on=(NOW + 90 * DAY).date())
    made = stages_report(ASK, Store(leads=[watched]))
    assert made.notes == ("under observation, in no stage: 1",)
    assert hidden(made, 2).notes == ("groups of fewer than 2 are not shown",)
    assert hidden(made, None).notes == made.notes
