"""Questions about the same table are asked in one statement, and answered as if asked alone."""

from copy import copy
from datetime import UTC, datetime

import pytest

from orthocrm.analytics.asking import By
from orthocrm.analytics.catalogue import METRICS
from orthocrm.analytics.metrics import answered
from orthocrm.analytics.together import together
from orthocrm.core.query import Cond
from orthocrm.core.time import Period
from tests.unit.analytics.practice import DAY, MARCH, Engine, an_ask, enquiry, lost, won

ASKED = (
    "total_leads",
    "conversions",
    "losses",
    "conversion_rate",
    "time_to_convert",
    "cohort_time_to_convert",
    "consultations_scheduled",
    "open_leads",
    "speed_to_lead",
    "roi",
)
APRIL = datetime(2026, 4, 10, 15, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 10, 15, tzinfo=UTC)
LEADS = [
    enquiry(),
    enquiry(source=None, owner="anna"),
    enquiry(created_at=APRIL, source="unknown"),
    lost(enquiry(source="search"), 3 * DAY),
    won(enquiry(created_at=FEBRUARY, source="search", owner="ben"), 30 * DAY),
    won(enquiry(owner="anna"), 5 * DAY),
]


@pytest.mark.parametrize("by", [None, By.SOURCE, By.CATEGORY, By.MONTH])
def test_each_answer_is_what_the_question_says_alone(by: By | None) -> None:
    ask, engine = an_ask(MARCH, by), Engine(LEADS)
    is_over_time = by is By.MONTH
    names = [name for name in ASKED if not (is_over_time and name == "open_leads")]
    metrics = [METRICS[name].metric for name in names]

    found = together([(metric, ask) for metric in metrics], engine)

    assert list(found) == [answered(metric, ask, Engine(LEADS)) for metric in metrics]


def test_ten_metrics_are_one_statement_about_leads() -> None:
    engine = Engine(LEADS)
    names = [name for name in ASKED if name not in ("speed_to_lead", "roi")]

    together([(METRICS[name].metric, an_ask(MARCH)) for name in names], engine)

    assert [query.of for query in engine.asked] == ["leads"]


def test_no_statement_becomes_too_wide() -> None:
    engine, metrics = Engine(LEADS), [one.metric for one in METRICS.values()]

    together([(metric, an_ask(MARCH)) for metric in 20 * metrics], engine)
    alone = len(engine.asked)
    together([(copy(metric), an_ask(MARCH)) for metric in 20 * metrics], engine)

    assert len(engine.asked) > 2 * alone
    assert max(len(query.measures) for query in engine.asked) <= 200


def test_what_is_about_all_rows_is_asked_beside_what_is_cut() -> None:
    april = an_ask(Period.month(2026, 4))
    asked = [
        (METRICS["conversion_rate"].metric, an_ask(MARCH, By.SOURCE)),
        (METRICS["losses"].metric, april),
        (METRICS["total_leads"].metric, april),
        (METRICS["open_leads"].metric, april),
    ]
    engine = Engine(LEADS)

    found = together(asked, engine)

    assert len(engine.asked) == 1
    assert list(found) == [answered(metric, ask, Engine(LEADS)) for metric, ask in asked]


def test_conditions_that_follow_from_others_are_left_out() -> None:
    engine = Engine(LEADS)

    together(
        [(METRICS[n].metric, an_ask(MARCH)) for n in ("conversions", "time_to_convert")], engine
    )

    (query,) = engine.asked
    assert Cond("converted_at", "present") not in query.where.parts  # type: ignore[union-attr]  # it is AllOf
    assert "AnyOf" not in str(query)


def test_a_group_of_one_question_is_none_of_another() -> None:
    metrics = METRICS["total_leads"].metric, METRICS["conversions"].metric
    ask = an_ask(MARCH, By.SOURCE)

    leads, conversions = together([(metric, ask) for metric in metrics], Engine(LEADS))

    assert dict(leads.groups) == {"search": 1, "weber": 2, None: 1}
    assert set(dict(conversions.groups)) == {"search", "weber"}


def test_what_questions_have_in_common_is_asked_of_the_rows_once() -> None:
    engine = Engine(LEADS)

    together([(METRICS[n].metric, an_ask(MARCH)) for n in ("total_leads", "losses")], engine)

    (query,) = engine.asked
    assert Cond("deleted_at", "absent") in query.where.parts  # type: ignore[union-attr]  # it is AllOf
    assert "deleted_at" not in str(query.measures)
