"""Each metric by its definition, on cases small enough to count by hand."""

from datetime import date, timedelta

import pytest
from attrs import evolve

from orthocrm.analytics.asking import Basis, By, Label
from orthocrm.analytics.grouping import facts_of
from orthocrm.analytics.measures import Tally
from orthocrm.analytics.metrics import (
    COHORT_CONVERSION,
    COHORT_TIME_TO_CONVERT,
    LEAD_MIX,
    LOSS_MIX,
    LOSSES,
    OUTCOMES,
    PERIOD_CONVERSION,
    TIME_TO_CONVERT,
    TOTAL_LEADS,
    CohortConversion,
    answered,
)
from orthocrm.analytics.results import Figures, Ratio, Spread
from orthocrm.core.errors import InvalidInput
from orthocrm.core.lead import LostReason
from orthocrm.core.query import Cond
from orthocrm.core.time import Period
from tests.unit.analytics.practice import (
    DAY,
    MARCH,
    NOW,
    Engine,
    a_practice,
    an_ask,
    answer,
    deleted,
    enquiry,
    local,
    lost,
    won,
)


def test_a_ratio_over_nothing_is_none() -> None:
    assert Ratio(0, 0).value is None
    assert Ratio(0, 0).wilson() is None
    assert Ratio(3, 2).wilson() is None
    assert Ratio(0, 4).value == 0


def test_the_wilson_interval_stays_within_zero_and_one() -> None:
    assert Ratio(0, 3).wilson() == pytest.approx((0.0, 0.561497), abs=1e-6)
    assert Ratio(3, 3).wilson() == pytest.approx((0.438503, 1.0), abs=1e-6)


def test_leads_count_by_their_local_day_in_a_half_open_period() -> None:
    leads = [
        enquiry(local(2026, 3, 1)),
        enquiry(local(2026, 3, 1) - timedelta(milliseconds=1)),
        enquiry(local(2026, 4, 1) - timedelta(hours=1)),  # midnight of 1 April in summer time
        enquiry(local(2026, 4, 1) - timedelta(hours=1, milliseconds=1)),
    ]
    assert answer(TOTAL_LEADS, an_ask(MARCH), leads) == Figures(2)
    assert answer(TOTAL_LEADS, an_ask(), leads) == Figures(4)


def test_deleted_leads_never_count() -> None:
    leads = [
        enquiry(),
        deleted(enquiry()),
        deleted(won(enquiry(), DAY)),
        deleted(lost(enquiry(), DAY)),
    ]
    assert answer(TOTAL_LEADS, an_ask(MARCH, "source"), leads) == Figures(1, (("weber", 1),))
    assert answer(PERIOD_CONVERSION, an_ask(MARCH), leads) == Figures(Ratio(0, 1))
    assert answer(LOSSES, an_ask(), leads) == Figures(0)


def test_leads_without_a_source_are_apart_from_a_source_named_unknown() -> None:
    leads = [enquiry(source=None), enquiry(source="unknown"), enquiry(source="unknown")]
    assert answer(TOTAL_LEADS, an_ask(by="source"), leads).groups == (("unknown", 2), (None, 1))


def test_a_category_takes_the_leads_of_all_its_sources() -> None:
    leads = [
        *(enquiry(source=name) for name in ("weber", "weber", "search", "gone")),
        enquiry(source=None),
    ]
    figures = answer(TOTAL_LEADS, an_ask(by="category"), leads)
    assert figures.groups == (("DOCTOR_REFERRAL", 2), ("WEB_ORGANIC", 1), (None, 2))


def test_a_practice_without_sources_has_one_category() -> None:
    ask = an_ask(by="category", practice=a_practice(sources=()))
    assert answer(TOTAL_LEADS, ask, [enquiry()]) == Figures(1, ((None, 1),))


def test_owners_make_groups() -> None:
    leads = [enquiry(owner="tc-1"), enquiry(owner="tc-1"), enquiry()]
    assert answer(TOTAL_LEADS, an_ask(by="owner"), leads).groups == (("tc-1", 2), (None, 1))


def test_every_month_of_the_period_is_there() -> None:
    leads = [enquiry(local(2026, 1, 31, 23)), enquiry(local(2026, 3, 1))]
    period = Period.days(date(2026, 1, 15), date(2026, 3, 10))
    assert answer(TOTAL_LEADS, an_ask(period, "month"), leads).groups == (
        (date(2026, 1, 15), 1),
        (date(2026, 2, 1), 0),
        (date(2026, 3, 1), 1),
    )


def test_a_month_without_leads_has_no_rate_and_no_days() -> None:
    period = Period.days(date(2026, 1, 1), date(2026, 2, 28))
    leads = [won(enquiry(local(2026, 1, 2)), DAY)]
    ask = an_ask(period, "month")
    assert answer(COHORT_CONVERSION, ask, leads)[date(2026, 2, 1)].value is None
    assert answer(TIME_TO_CONVERT, ask, leads)[date(2026, 2, 1)] == Spread(
        n=0, mean=None, median=None, p90=None, data_errors=0
    )


def test_months_need_a_period() -> None:
    with pytest.raises(InvalidInput, match="months need a period"):
        an_ask(by="month")


def test_a_month_in_words_is_no_period() -> None:
    with pytest.raises(InvalidInput, match="period: give a Period"):
        an_ask("2026-03")  # type: ignore[arg-type]  # what is refused


def test_an_unknown_grouping_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        an_ask(by="shoe size")
    assert "shoe" not in str(refused.value)


def test_the_cohort_rate_follows_the_leads_whenever_they_were_won() -> None:
    leads = [
        won(enquiry(local(2026, 3, 5)), 40 * DAY),
        enquiry(local(2026, 3, 6)),
        won(enquiry(local(2026, 2, 1)), 40 * DAY),
    ]
    assert answer(COHORT_CONVERSION, an_ask(MARCH), leads) == Figures(Ratio(1, 2))


def test_the_rate_within_days_asks_only_leads_that_had_so_many() -> None:
    metric = CohortConversion(within_days=30)
    leads = [
        won(enquiry(NOW - 90 * DAY), 30 * DAY),
        won(enquiry(NOW - 90 * DAY), 30 * DAY + timedelta(milliseconds=1)),
        won(enquiry(NOW - 90 * DAY), -DAY),
        enquiry(NOW - 30 * DAY),
        won(enquiry(NOW - 30 * DAY + timedelta(seconds=1)), DAY),
    ]
    assert answer(metric, an_ask(), leads) == Figures(Ratio(2, 4))


@pytest.mark.parametrize("days", [0, -1, True, 3651, "30", 1.5])
def test_a_window_is_a_number_of_whole_days(days: int) -> None:
    with pytest.raises(InvalidInput, match="within_days"):
        CohortConversion(within_days=days)


def test_the_period_rate_counts_wins_and_leads_apart() -> None:
    leads = [
        won(enquiry(local(2026, 2, 1), "search"), 40 * DAY),
        won(enquiry(local(2026, 2, 2), "weber"), 40 * DAY),
        enquiry(local(2026, 3, 6), "weber"),
    ]
    assert answer(PERIOD_CONVERSION, an_ask(MARCH, "source"), leads) == Figures(
        Ratio(2, 1), (("weber", Ratio(1, 1)), ("search", Ratio(1, 0)))
    )


def test_days_to_convert_count_a_negative_one_and_report_it() -> None:
    leads = [won(enquiry(), days * DAY) for days in (-1, 2, 4, 10, 20)]
    assert answer(TIME_TO_CONVERT, an_ask(), leads).total == Spread(
        n=5, mean=7.0, median=4.0, p90=16.0, data_errors=1
    )


def test_days_to_convert_are_asked_by_conversion_or_by_cohort() -> None:
    leads = [won(enquiry(local(2026, 2, 1)), 40 * DAY), won(enquiry(local(2026, 3, 5)), 60 * DAY)]
    assert answer(TIME_TO_CONVERT, an_ask(MARCH), leads).total.median == 40
    assert answer(COHORT_TIME_TO_CONVERT, an_ask(MARCH), leads).total.median == 60


def test_losses_count_by_the_date_of_loss_or_by_cohort() -> None:
    leads = [
        lost(enquiry(local(2026, 2, 1)), 40 * DAY, LostReason.COST_FINANCIAL),
        lost(enquiry(local(2026, 3, 5)), 60 * DAY),
        lost(enquiry(local(2026, 3, 5), furthest="contacted"), DAY),
    ]
    ask = an_ask(MARCH, "lost_reason")
    assert answer(LOSSES, ask, leads) == Figures(2, (("COST_FINANCIAL", 1), ("NO_RESPONSE", 1)))
    assert answer(LOSSES, ask.cut("lost_stage"), leads).groups == (
        ("contacted", 1),
        ("new_lead", 1),
    )
    outcomes = answer(OUTCOMES, ask, leads)
    assert [(label, group.lost) for label, group in outcomes.groups] == [("NO_RESPONSE", 2)]


def test_shares_add_up_to_one() -> None:
    leads = [
        *(lost(enquiry(source=s), DAY) for s in ("weber", None, "search")),
        enquiry(source="search"),
    ]
    mix = answer(LEAD_MIX, an_ask(by="source"), leads)
    assert mix == Figures(
        Ratio(4, 4), (("search", Ratio(2, 4)), ("weber", Ratio(1, 4)), (None, Ratio(1, 4)))
    )
    assert answer(LOSS_MIX, an_ask(by="source"), leads).total == Ratio(3, 3)
    assert answer(LEAD_MIX, an_ask(by="source"), []) == Figures(Ratio(0, 0))


def test_an_archived_lead_that_was_neither_won_nor_lost_counts_as_open() -> None:
    archived = enquiry()
    outcomes = answer(OUTCOMES, an_ask(), [archived, lost(enquiry(), DAY), won(enquiry(), DAY)])
    total = outcomes.total
    assert (total.leads, total.won, total.lost, total.open) == (3, 1, 1, 1)


def test_a_question_may_be_narrowed_to_what_the_actor_may_count() -> None:
    ask = evolve(an_ask(by="source"), within=Cond("owner", "eq", "tc-1"))
    leads = [enquiry(owner="tc-1"), enquiry(owner="tc-2"), enquiry(source="search")]
    assert answer(TOTAL_LEADS, ask, leads) == Figures(1, (("weber", 1),))


def test_the_comparison_window_of_a_question_is_as_long_or_the_month_before() -> None:
    assert an_ask(MARCH).previous().period == Period.month(2026, 2)
    days = Period.days(date(2026, 3, 10), date(2026, 3, 16))
    assert an_ask(days).previous().period == Period.days(date(2026, 3, 3), date(2026, 3, 9))
    assert an_ask().previous().period is None


@pytest.mark.parametrize(
    "part,choice,by",
    [
        ("shoes", "weber", "source"),
        ("median", "weber", "source"),
        ("leads", "weber", None),
        ("leads", "weber", "category"),
        ("leads", date(2026, 4, 1), "month"),
    ],
)
def test_drilling_into_what_is_not_there_is_refused(
    part: str, choice: Label, by: str | None
) -> None:
    with pytest.raises(InvalidInput):
        OUTCOMES.drill(an_ask(MARCH, by), part, choice)


@pytest.mark.parametrize("by", [None, *By])
def test_a_question_is_one_query_also_where_it_is_grouped(by: By | None) -> None:
    for basis in Basis:
        engine = Engine([enquiry()])
        answered(Tally(facts=facts_of(basis)), an_ask(MARCH, by), engine)
        assert len(engine.asked) == 1
