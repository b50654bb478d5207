"""A tone model that learns from sentences that a person labelled; training needs the extra `ml`.

Logistic regression over words, pairs of words and pieces of words, weighted by how rare they are,
beside what the lexicon says. What was learnt is a table of numbers: it is stored as JSON and read
back without scikit-learn, and nothing in it can run.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import exp, log, sqrt
from typing import Any

from attrs import field, frozen

from orthocrm.core.errors import InvalidInput, MissingExtra, TooLittleHistory
from orthocrm.intelligence.sentiment import Sentiment, checked, read_tone, tokens

LEAST_EXAMPLES = 100
"""Of each tone: with fewer the lexicon is better."""

MOST_EXAMPLES = 100_000

_VERSION = 1
_PIECES = range(2, 6)
_LEAST_SEEN = 2
_LEXICON = ("lexicon", "lexicon_up", "lexicon_down")
_LEXICON_WEIGHT = 1.0
_REGULARITY = 6.0


@frozen(kw_only=True)
class ToneModel:
    """What was learnt: for each feature its rarity and its weight.

    It reads a text like `read_tone`; the topics are those of the lexicon.
    """

    bias: float
    rarity: Mapping[str, float] = field(repr=False)
    weights: Mapping[str, float] = field(repr=False)
    examples: int

    def __call__(self, text: str) -> Sentiment:
        """Read the tone of a text of up to 10,000 characters."""
        return Sentiment(value=2 * self.chance(text) - 1, topics=read_tone(text).topics)

    def chance(self, text: str) -> float:
        """Give the chance that a text is positive."""
        found = _vector(checked(text), self.rarity)
        score = self.bias + sum(self.weights.get(name, 0.0) * v for name, v in found.items())
        return 1 / (1 + exp(-max(-30.0, min(30.0, score))))

    def dumps(self) -> str:
        """Write the model as JSON."""
        features = {name: [self.rarity.get(name, 0.0), w] for name, w in self.weights.items()}
        known = {"version": _VERSION, "bias": self.bias, "examples": self.examples}
        return json.dumps({**known, "features": features}, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> "ToneModel":
        """Read a model that `dumps` wrote.

        Raises:
            InvalidInput: it is none, or one of another release.
        """
        try:
            return cls._of(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise InvalidInput.at("model", "bad_model", "give what `dumps` wrote") from None

    @classmethod
    def _of(cls, known: Any) -> "ToneModel":  # noqa: ANN401 - any JSON value
        if known["version"] != _VERSION:
            raise ValueError
        features = {str(name): (float(r), float(w)) for name, (r, w) in known["features"].items()}
        if not all(-1e6 < number < 1e6 for pair in features.values() for number in pair):  # noqa: PLR2004 - far beyond any weight, and NaN fails it
            raise ValueError
        return cls(
            bias=float(known["bias"]),
            examples=int(known["examples"]),
            rarity={name: r for name, (r, _) in features.items() if name not in _LEXICON},
            weights={name: w for name, (_, w) in features.items()},
        )


def train_tone(examples: Iterable[tuple[str, bool]]) -> ToneModel:
    """Learn from texts and whether each is positive.

    Raises:
        InvalidInput: an example is no text with a label, or too long.
        TooLittleHistory: fewer than 100 examples of a tone.
        MissingExtra: the extra `ml` is not installed.
    """
    known = _checked(examples)
    rarity = _rarity([text for text, _ in known])
    vectors = [_vector(text, rarity) for text, _ in known]
    bias, weights = _learnt(vectors, [label for _, label in known])
    return ToneModel(bias=bias, rarity=rarity, weights=weights, examples=len(known))


def _checked(examples: Iterable[tuple[str, bool]]) -> list[tuple[str, bool]]:
    known = list(examples)
    if len(known) > MOST_EXAMPLES:
        raise InvalidInput.at("examples", "too_many", f"give at most {MOST_EXAMPLES}")
    for place, (text, label) in enumerate(known):
        checked(text)
        if not isinstance(label, bool):
            path = f"examples[{place}]"
            raise InvalidInput.at(path, "wrong_type", "give a text, and whether it is positive")
    fewest = min(sum(label is tone for _, label in known) for tone in (True, False))
    if fewest < LEAST_EXAMPLES:
        raise TooLittleHistory(LEAST_EXAMPLES, fewest, "examples of each tone")
    return known


def _rarity(texts: Sequence[str]) -> Mapping[str, float]:
    """Weigh every feature of at least two texts by how few of them have it."""
    seen: Counter[str] = Counter()
    for text in texts:
        words, pieces = _features(text)
        seen.update({*words, *pieces})
    return {
        name: 1 + log((1 + len(texts)) / (1 + count))
        for name, count in seen.items()
        if count >= _LEAST_SEEN
    }


def _features(text: str) -> tuple[Counter[str], Counter[str]]:
    """Count words with their pairs, and pieces of words."""
    words = tokens(text)
    pieces: Counter[str] = Counter()
    for word in words:
        padded = f" {word} "
        pieces.update(f"p:{padded[i : i + n]}" for n in _PIECES for i in range(len(padded) - n + 1))
    pairs = (f"w:{first} {second}" for first, second in pairwise(words))
    return Counter([*(f"w:{word}" for word in words), *pairs]), pieces


def _vector(text: str, rarity: Mapping[str, float]) -> Mapping[str, float]:
    """Give the features of a text: each kind of them is of length one, whatever the text's."""
    found: dict[str, float] = {}
    for counted in _features(text):
        raw = {n: (1 + log(c)) * rarity[n] for n, c in counted.items() if n in rarity}
        size = sqrt(sum(value * value for value in raw.values())) or 1.0
        found.update((name, value / size) for name, value in raw.items())
    value = read_tone(text).value
    said = (value, float(value > 0), float(value < 0))
    found.update(zip(_LEXICON, (_LEXICON_WEIGHT * one for one in said), strict=True))
    return found


def _learnt(
    vectors: Sequence[Mapping[str, float]], labels: Sequence[bool]
) -> tuple[float, Mapping[str, float]]:
    try:
        from scipy.sparse import csr_matrix  # noqa: PLC0415 - optional dependency
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - optional dependency
    except ImportError:
        raise MissingExtra("ml", "a tone model of your own") from None
    names = sorted({name for vector in vectors for name in vector})
    place = {name: i for i, name in enumerate(names)}
    starts = [0]
    for vector in vectors:
        starts.append(starts[-1] + len(vector))
    columns = [place[name] for vector in vectors for name in vector]
    values = [value for vector in vectors for value in vector.values()]
    rows = csr_matrix((values, columns, starts), shape=(len(vectors), len(names)))
    fitted = LogisticRegression(C=_REGULARITY, max_iter=1000).fit(rows, list(labels))
    weights = {name: float(w) for name, w in zip(names, fitted.coef_[0], strict=True)}
    return float(fitted.intercept_[0]), weights
