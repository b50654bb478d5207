"""What the models are worth on public sets; the figures are those that the documentation gives."""

import pytest

from orthocrm.intelligence.leakage import Sign
from orthocrm.intelligence.learners import Learner
from orthocrm.intelligence.reliability import reliability
from orthocrm.intelligence.scoring import Plan, cross_validate, fit
from tests.unit.intelligence.learning import WRITTEN_LATER, visits, xeducation

IDENTITIES = ("Prospect ID", "Lead Number")


def test_enquiries_are_ranked_by_what_is_known_when_they_come_in() -> None:
    plan = Plan(late=WRITTEN_LATER, ignored=IDENTITIES, learner=Learner.BOOSTED)
    found = cross_validate(xeducation(), "Converted", plan)
    assert (found.auc or 0) >= 0.865
    assert found.ece <= 0.05


def test_columns_that_are_written_later_are_shown_to_leak() -> None:
    plan = Plan(late=WRITTEN_LATER, ignored=IDENTITIES, learner=Learner.LOGISTIC)
    report = fit(xeducation(), "Converted", plan).report
    assert {leak.column for leak in report.leaks} == set(WRITTEN_LATER)
    assert report.with_leaks is not None
    assert (report.with_leaks.auc or 0) > 0.95
    assert 0.85 < (report.reliability.auc or 0) < 0.88
    assert report.reliability.ece <= 0.05


def test_the_worst_of_them_is_found_without_being_told() -> None:
    rows = [{"Tags": row["Tags"], "Converted": row["Converted"]} for row in xeducation()]
    (leak,) = fit(rows, "Converted", Plan(learner=Learner.BAYES)).report.leaks
    assert (leak.column, leak.sign) == ("Tags", Sign.NEARLY_PERFECT)


def test_missed_visits_are_foretold_and_same_day_bookings_are_told_apart() -> None:
    """Learnt from the earlier days, measured on the later ones."""
    rows = visits()
    cut = len(rows) * 7 // 10
    plan = Plan(when="at", group="patient", learner=Learner.LOGISTIC)
    card = fit(rows[:cut:2], "missed", plan).scorecard
    later = rows[cut:]
    said = card.probabilities(later)
    came = [int(bool(row["missed"])) for row in later]
    ahead = [place for place, row in enumerate(later) if not row["same_day"]]
    everything = reliability(said, came)
    without = reliability([said[place] for place in ahead], [came[place] for place in ahead])
    assert (everything.auc or 0) >= 0.72
    assert everything.ece <= 0.05
    assert 0.58 <= (without.auc or 0) < 0.65


@pytest.mark.bench
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_way_of_dealing_out_gives_about_the_same(seed: int) -> None:
    plan = Plan(late=WRITTEN_LATER, ignored=IDENTITIES)
    found = cross_validate(xeducation(), "Converted", plan, seed=seed)
    assert (found.auc or 0) >= 0.865
    assert found.ece <= 0.05
