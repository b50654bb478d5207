import json
from datetime import date
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput, MissingExtra, NotEnoughOutcomes
from orthocrm.intelligence import learners
from orthocrm.intelligence.drift import drifts
from orthocrm.intelligence.leakage import Sign
from orthocrm.intelligence.learners import Learner
from orthocrm.intelligence.reliability import auc, reliability
from orthocrm.intelligence.scorecard import scorecard_of
from orthocrm.intelligence.scoring import Plan, cross_validate, fit, report_of
from tests.unit.intelligence.learning import planted

PLAN = Plan(ignored=("chance",), when="at")
ROWS = planted(1200)


@pytest.mark.parametrize("learner", Learner)
def test_a_planted_truth_is_found(learner: Learner) -> None:
    trained = fit(ROWS, "won", evolve(PLAN, learner=learner))
    fresh = planted(1000, seed=2)
    said = trained.scorecard.probabilities(fresh)
    true = [float(str(row["chance"])) for row in fresh]
    assert sum(abs(a - b) for a, b in zip(said, true, strict=True)) / len(said) < 0.06
    assert trained.report.tested == "newest"
    assert trained.report.reliability.ece < 0.1


def test_reasons_are_signed_and_the_strongest_come_first() -> None:
    card = fit(ROWS, "won", evolve(PLAN, learner=Learner.BAYES)).scorecard
    good = card.contributions({"source": "Referral", "visits": 19, "noise": 0.5})
    bad = card.contributions({"source": "print", "visits": 0, "noise": 0.5})
    assert {c.column for c in good[:2]} == {c.column for c in bad[:2]} == {"source", "visits"}
    assert all(c.points > 0.5 for c in good[:2])
    assert all(c.points < -0.5 for c in bad[:2])
    assert [abs(c.points) for c in good] == sorted((abs(c.points) for c in good), reverse=True)


@pytest.mark.parametrize("learner", [Learner.BAYES, None])
def test_a_model_is_the_same_after_a_way_through_json(learner: Learner | None) -> None:
    trained = fit(ROWS, "won", evolve(PLAN, learner=learner))
    again = scorecard_of(json.loads(json.dumps(trained.scorecard.document())))
    mine, theirs = trained.scorecard.probabilities(ROWS), again.probabilities(ROWS)
    assert all(abs(a - b) < 1e-4 for a, b in zip(mine, theirs, strict=True))
    assert scorecard_of(json.loads(json.dumps(again.document()))) == again
    assert report_of(json.loads(json.dumps(trained.report.document()))) == trained.report


def test_the_same_rows_give_the_same_model() -> None:
    assert fit(ROWS, "won", PLAN) == fit(ROWS, "won", PLAN)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 99},
        {"format": None},
        {"points": []},
        {"points": "x"},
        {"intercept": float("nan")},
        {"intercept": "0"},
        {"intercept": True},
        {"columns": [{"kind": "python", "name": "os.system"}]},
        {"columns": None},
        {"pairs": [{"one": 0, "other": 99, "points": []}]},
        {"pairs": [{"one": True, "other": 0, "points": []}]},
        {"usual": [1.0]},
    ],
)
def test_a_document_that_does_not_fit_together_is_refused(change: dict[str, Any]) -> None:
    document = fit(ROWS, "won", evolve(PLAN, learner=Learner.BAYES)).scorecard.document()
    with pytest.raises(InvalidInput) as caught:
        scorecard_of({**document, **change})
    assert caught.value.problems[0].path == "model"


@pytest.mark.parametrize(
    "wins, losses, missing", [(0, 0, 100), (1, 0, 99), (0, 400, 50), (400, 30, 20), (49, 51, 1)]
)
def test_too_few_outcomes_are_refused_and_what_is_missing_is_told(
    wins: int, losses: int, missing: int
) -> None:
    rows = [{"a": n % 7, "won": True} for n in range(wins)]
    rows += [{"a": n % 7, "won": False} for n in range(losses)]
    with pytest.raises(NotEnoughOutcomes) as caught:
        fit(rows, "won")
    assert (caught.value.came, caught.value.not_came) == (wins, losses)
    assert caught.value.missing == missing


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), object(), [1], b"x", "x" * 300])
def test_a_value_that_cannot_be_read_is_named_and_not_shown(value: object) -> None:
    rows = [dict(row) for row in ROWS]
    rows[7]["visits"] = value
    with pytest.raises(InvalidInput) as caught:
        fit(rows, "won", PLAN)
    assert caught.value.problems[0].path == "rows[7].visits"
    assert "xxx" not in str(caught.value)


@pytest.mark.parametrize("rows", ["rows", {"a": 1}, 7, [1], [None], ["row"]])
def test_rows_are_mappings(rows: Any) -> None:
    with pytest.raises(InvalidInput):
        fit(rows, "won")


@pytest.mark.parametrize("said", [None, "perhaps", 2, ""])
def test_an_outcome_came_or_did_not(said: object) -> None:
    rows = [*ROWS, {**ROWS[0], "won": said}]
    with pytest.raises(InvalidInput) as caught:
        fit(rows, "won", PLAN)
    assert caught.value.problems[0].path == f"rows[{len(ROWS)}].won"


def test_what_is_missing_is_a_bin_of_its_own() -> None:
    gone = [float("nan"), None, "", "Select", "N/A", " none "]
    rows = [
        {**row, "visits": gone[n % len(gone)] if n % 3 == 0 else row["visits"]}
        for n, row in enumerate(ROWS)
    ]
    card = fit(rows, "won", evolve(PLAN, learner=Learner.BAYES)).scorecard
    blank = [card.probabilities([{**ROWS[0], "visits": value}]) for value in gone]
    assert all(said == blank[0] for said in blank)
    (visits,) = [c for c in card.columns if c.name == "visits"]
    assert visits.label(0) == "not known"


def test_numbers_may_be_texts_and_dates() -> None:
    rows = [
        {**row, "visits": f" {row['visits']}.0 ", "day": date(2026, 1, 1 + n % 28)}
        for n, row in enumerate(ROWS)
    ]
    plan = evolve(PLAN, learner=Learner.BAYES)
    texts, numbers = fit(rows, "won", plan).scorecard, fit(ROWS, "won", plan).scorecard
    assert [c for c in texts.columns if c.name == "visits"] == [
        c for c in numbers.columns if c.name == "visits"
    ]


def test_columns_of_one_value_and_identities_are_left_out() -> None:
    rows = [{**row, "one": "same", "id": f"id-{n}", "none": None} for n, row in enumerate(ROWS)]
    report = fit(rows, "won", evolve(PLAN, learner=Learner.BAYES)).report
    assert report.left_out == ("id", "none", "one")


def test_where_no_column_says_anything_everybody_gets_the_usual_chance() -> None:
    rows = [{"one": 1, "won": n % 4 == 0} for n in range(400)]
    trained = fit(rows, "won")
    assert trained.scorecard.probabilities([{}, {"one": 2}]) == pytest.approx([0.25] * 2, abs=0.01)
    assert trained.report.columns == ()


def test_leaks_are_found_and_kept_out() -> None:
    rows = [
        {
            **row,
            "contract": "yes" if row["won"] else "no",
            "lost_note": None if row["won"] else "late" if n % 2 else "early",
            "treatment_plan": f"plan {n % 4}" if row["won"] and n % 3 == 0 else None,
            "tag": "x" if n % 2 else "y",
        }
        for n, row in enumerate(ROWS)
    ]
    report = fit(rows, "won", evolve(PLAN, late=("tag",), learner=Learner.BAYES)).report
    assert {leak.column: leak.sign for leak in report.leaks} == {
        "contract": Sign.NEARLY_PERFECT,
        "lost_note": Sign.NEARLY_PERFECT,
        "treatment_plan": Sign.FILLED_BY_OUTCOME,
        "tag": Sign.DECLARED,
    }
    assert set(report.columns) == {"source", "visits", "noise"}
    assert report.with_leaks is not None
    assert (report.with_leaks.auc or 0) > 0.95 > (report.reliability.auc or 0)


def test_what_says_that_it_was_written_after_the_outcome_is_kept_out() -> None:
    rows = [
        {**row, "mood": "good" if n % 2 else "bad", "mood_at": 10.0 + n % 5, "decided": 9.0}
        for n, row in enumerate(ROWS)
    ]
    plan = evolve(PLAN, written={"mood": "mood_at"}, decided="decided", learner=Learner.BAYES)
    (leak,) = fit(rows, "won", plan).report.leaks
    assert (leak.column, leak.sign) == ("mood", Sign.WRITTEN_AFTER)
    before = [{**row, "mood_at": 3.0} for row in rows]
    assert fit(before, "won", plan).report.leaks == ()


@pytest.mark.parametrize("plan", [Plan(when="gone"), Plan(group="gone"), Plan(decided="gone")])
def test_a_plan_that_names_what_is_not_there_is_refused(plan: Plan) -> None:
    with pytest.raises(InvalidInput) as caught:
        fit(ROWS, "won", plan)
    assert caught.value.problems[0].code == "unknown_column"


def test_rows_of_one_thing_are_never_on_both_sides() -> None:
    """A person who comes thirty times is recognised by what belongs to them alone."""
    rows = [
        {"person": n // 30, "shade": f"s{n // 30}", "won": (n * 7919 % 100 < 75) == (n // 30 % 2)}
        for n in range(1800)
    ]
    plan = Plan(learner=Learner.BAYES)
    known = cross_validate(rows, "won", evolve(plan, ignored=("person",)))
    apart = cross_validate(rows, "won", evolve(plan, group="person"))
    assert (known.auc or 0) > 0.65
    assert (apart.auc or 0) < 0.6


def test_without_the_extra_naive_bayes_learns_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learners, "find_spec", lambda _: None)
    assert fit(ROWS, "won", PLAN).report.learners == (Learner.BAYES,)
    with pytest.raises(MissingExtra):
        fit(ROWS, "won", evolve(PLAN, learner=Learner.BOOSTED))


def test_what_was_learnt_with_the_extra_scores_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    card = fit(ROWS, "won", evolve(PLAN, learner=Learner.BOOSTED)).scorecard
    said = card.probabilities(ROWS[:50])
    monkeypatch.setattr(learners, "find_spec", lambda _: None)
    assert scorecard_of(card.document()).probabilities(ROWS[:50]) == pytest.approx(said, abs=1e-4)


def test_codes_that_came_up_later_are_rare_ones() -> None:
    card = fit(ROWS, "won", evolve(PLAN, learner=Learner.BAYES)).scorecard
    found = card.contributions({"source": "podcast", "visits": 10, "noise": 0.5})
    assert all(abs(each.points) < 0.6 for each in found if each.column == "source")


def test_reliability_is_what_the_formulas_say() -> None:
    found = reliability([0.1, 0.1, 0.8, 0.8], [0, 1, 1, 1])
    assert found.brier == pytest.approx((0.01 + 0.81 + 0.04 + 0.04) / 4)
    assert found.ece == pytest.approx((2 * 0.4 + 2 * 0.2) / 4)
    assert found.auc == pytest.approx(5 / 6)
    assert found.base_brier == pytest.approx(0.1875)
    assert [(b.rows, round(b.said, 9), b.came) for b in found.bins] == [(2, 0.1, 0.5), (2, 0.8, 1)]


def test_nothing_gives_a_report_of_zeros() -> None:
    found = reliability([], [])
    assert (found.rows, found.brier, found.ece, found.auc, found.skill) == (0, 0.0, 0.0, None, 0.0)
    assert auc([0.3, 0.2], [1, 1]) is None


def test_drift_names_the_column_that_moved() -> None:
    card = fit(ROWS, "won", evolve(PLAN, learner=Learner.BAYES)).scorecard
    assert drifts(card, ROWS) == ()
    moved = [{**row, "source": "web"} for row in ROWS]
    (drift,) = drifts(card, moved)
    assert (drift.column, drift.warns) == ("source", True)
    assert drifts(card, moved[:99]) == ()
