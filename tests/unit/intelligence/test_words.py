import pytest

from orthocrm.intelligence.drift import WARN, Drift, stability
from orthocrm.intelligence.scorecard import Contribution
from orthocrm.intelligence.words import reason


@pytest.mark.parametrize(
    "column, value, points, text",
    [
        ("source", "walk-in", 0.6931, "source: walk-in (raises the odds 2.0 times)"),
        ("stage", "contacted", -1.0986, "stage: contacted (lowers the odds 3.0 times)"),
        ("custom.jaw", "open_bite", 0.01, "jaw: open bite (hardly changes the odds)"),
        ("age", "not known", 0.5, "patient's age: not known (raises the odds 1.6 times)"),
    ],
)  # fmt: skip
def test_a_contribution_is_said_in_words(column: str, value: str, points: float, text: str) -> None:
    said = reason(Contribution(column=column, value=value, points=points))
    assert (said.column, said.value, said.points, said.text) == (column, value, points, text)


def test_what_stays_the_same_is_stable_and_what_turns_round_is_not() -> None:
    assert stability([0.2, 0.8], [0.2, 0.8]) == 0
    assert stability([0.2, 0.8], [0.3, 0.7]) == pytest.approx(0.0539, abs=1e-4)
    assert stability([0.2, 0.8], [0.8, 0.2]) > WARN
    assert stability([0.0, 1.0], [0.0, 1.0]) == 0


@pytest.mark.parametrize("index, warns", [(0.24, False), (0.25, True)])
def test_a_column_warns_from_a_quarter_on(index: float, *, warns: bool) -> None:
    assert Drift(column="source", index=index).warns is warns
