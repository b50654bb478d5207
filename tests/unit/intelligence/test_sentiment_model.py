import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import pytest

from orthocrm.core.errors import InvalidInput, MissingExtra, TooLittleHistory
from orthocrm.intelligence.sentiment import Tone
from orthocrm.intelligence.sentiment_lexicon import Topic
from orthocrm.intelligence.sentiment_model import LEAST_EXAMPLES, ToneModel, train_tone
from tests.unit.intelligence import sentences

UCI = Path(__file__).parents[4] / "shared" / "data" / "sentiment_uci_sentences"
FOLDS = 3

Examples = list[tuple[str, bool]]


@pytest.fixture(scope="module")
def model() -> ToneModel:
    pytest.importorskip("sklearn", reason="needs the extra ml")
    return train_tone(own_examples())


def own_examples() -> Examples:
    bad = [(text, False) for text in sentences.NEGATIVE]
    good = [(text, True) for text in sentences.POSITIVE]
    return [*bad * 4, *good * 6]


def folds(examples: Examples) -> list[tuple[Examples, Examples]]:
    """Cut every third example of each label out, in the order of the file."""
    apart = [[e for e in examples if e[1] is tone] for tone in (True, False)]
    return [
        (
            [e for half in apart for i, e in enumerate(half) if i % FOLDS != fold],
            [e for half in apart for i, e in enumerate(half) if i % FOLDS == fold],
        )
        for fold in range(FOLDS)
    ]


def accuracy(known: Examples, asked: Examples) -> float:
    learnt = train_tone(known)
    return fmean((learnt.chance(text) > 0.5) is label for text, label in asked)


@pytest.mark.skipif(not UCI.is_dir(), reason="needs the sentences in shared/data")
@pytest.mark.parametrize("name, least", [("amazon_cells", 0.84), ("imdb", 0.79)])
def test_reviews_are_told_apart(name: str, least: float) -> None:
    pytest.importorskip("sklearn", reason="needs the extra ml")
    with (UCI / f"{name}.csv").open() as lines:
        examples = [(row["text"], row["label"] == "1") for row in csv.DictReader(lines)]
    assert fmean(accuracy(known, asked) for known, asked in folds(examples)) >= least


def test_what_was_learnt_is_known(model: ToneModel) -> None:
    read = model("way too expensive, we chose another practice")
    assert read.tone is Tone.NEGATIVE
    assert Topic.PRICE in read.topics
    assert model("Wonderful visit, thank you!").tone is Tone.POSITIVE


def test_a_model_is_written_and_read_back(model: ToneModel) -> None:
    again = ToneModel.loads(model.dumps())
    assert again == model


def test_reading_needs_no_scikit_learn(model: ToneModel, monkeypatch: pytest.MonkeyPatch) -> None:
    written = model.dumps()
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    assert ToneModel.loads(written).chance("awful") == model.chance("awful")


def test_training_without_the_extra_says_which_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(MissingExtra, match=r"orthocrm\[ml\]"):
        train_tone(own_examples())


@pytest.mark.parametrize("good, bad", [(0, 0), (LEAST_EXAMPLES, 0), (99, LEAST_EXAMPLES)])
def test_few_examples_are_refused(good: int, bad: int) -> None:
    examples = [("good", True)] * good + [("bad", False)] * bad
    with pytest.raises(TooLittleHistory) as refusal:
        train_tone(examples)
    assert refusal.value.given == min(good, bad)


@pytest.mark.parametrize("spoilt", [(None, True), ("good", "yes"), ("x" * 10_001, True)])
def test_an_example_needs_a_text_and_a_label(spoilt: tuple) -> None:
    with pytest.raises(InvalidInput):
        train_tone([spoilt])


def _spoilt(**changed: object) -> str:
    known = {"version": 1, "bias": 0.0, "examples": 200, "features": {"w:bad": [1.0, -2.0]}}
    return json.dumps({**known, **changed})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "gASVIAAAAAAAAACMB2J1aWx0aW5z",
        _spoilt(version=2),
        _spoilt(bias="high"),
        _spoilt(features={"w:bad": [1.0]}),
        _spoilt(features={"w:bad": [1.0, float("nan")]}),
        _spoilt(features={"w:bad": [1.0, 1e300]}),
        _spoilt(features=["w:bad"]),
    ],
)
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="model"):
        ToneModel.loads(text)


def test_a_model_refuses_ten_megabytes(model: ToneModel) -> None:
    with pytest.raises(InvalidInput, match="text"):
        model("bad " * 2_500_000)


def test_texts_without_words_get_the_bias(model: ToneModel) -> None:
    chances: Sequence[float] = [model.chance(text) for text in ("", "?!", "\u4e2d")]
    assert all(0 < chance < 1 for chance in chances)
