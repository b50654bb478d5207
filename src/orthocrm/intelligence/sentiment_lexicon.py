"""What a lexicon holds: words and turns of phrase with their feeling, and what changes it."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Self

from attrs import field, frozen

_STAR = "*"
_SHORTEST, _LONGEST = 3, 24


class Topic(StrEnum):
    """What a remark is about, where a turn of phrase tells."""

    PRICE = "price"
    PAIN = "pain"
    WAITING = "waiting"
    INSURANCE = "insurance"
    COMPETITOR = "competitor"
    COMPLAINT = "complaint"
    PRAISE = "praise"


@frozen
class Phrase:
    """A turn of phrase: what it carries, from -4 to 4, and what it is about."""

    weight: float
    topic: Topic


@frozen(kw_only=True)
class Lexicon:
    """The words of one language.

    `words` carry from -4 to 4, `stems` are the beginnings of such. `phrases` are found by their
    words, `longest` says of how many the longest consists; `patterns` are phrases with gaps, sought
    in a sentence of single spaces. `stronger` and `weaker` change the word
    that follows, `negations` turn it round, after one of the `turns` things count for more, and a
    sentence that begins with one of `asking` and ends with a question mark asks.
    """

    words: Mapping[str, float] = field(repr=False)
    stems: Mapping[str, float] = field(repr=False)
    phrases: Mapping[tuple[str, ...], Phrase] = field(repr=False)
    longest: int
    patterns: tuple[tuple[re.Pattern[str], Phrase], ...] = field(repr=False)
    stronger: frozenset[str] = field(repr=False)
    weaker: frozenset[str] = field(repr=False)
    negations: frozenset[str] = field(repr=False)
    turns: frozenset[str] = field(repr=False)
    asking: frozenset[str] = field(repr=False)

    @classmethod
    def of(
        cls,
        *,
        words: Mapping[int, str],
        phrases: Mapping[Topic, Mapping[int, str]],
        patterns: Sequence[tuple[Topic, int, str]],
        stronger: str,
        weaker: str,
        negations: str,
        turns: str,
        asking: str,
    ) -> Self:
        """Read a lexicon from its lists: words by spaces, phrases by semicolons."""
        listed = [(word, float(w)) for w, line in words.items() for word in line.split()]
        turned = {
            tuple(phrase.split()): Phrase(float(weight), topic)
            for topic, lines in phrases.items()
            for weight, line in lines.items()
            for phrase in line.split(";")
        }
        return cls(
            words={word: weight for word, weight in listed if not word.endswith(_STAR)},
            stems={w.rstrip(_STAR): weight for w, weight in listed if w.endswith(_STAR)},
            phrases=turned,
            longest=max(len(phrase) for phrase in turned),
            patterns=tuple((_with_gaps(p), Phrase(float(w), topic)) for topic, w, p in patterns),
            stronger=frozenset(stronger.split()),
            weaker=frozenset(weaker.split()),
            negations=frozenset(negations.split()),
            turns=frozenset(turns.split()),
            asking=frozenset(asking.split()),
        )

    def weight(self, word: str) -> float:
        """Give what a word carries: by itself, else by the longest beginning that is known."""
        found = self.words.get(word)
        return _by_stem(self, word) if found is None else found


def _by_stem(lexicon: Lexicon, word: str) -> float:
    for end in range(min(len(word), _LONGEST), _SHORTEST - 1, -1):
        found = lexicon.stems.get(word[:end])
        if found is not None:
            return found
    return 0.0


def _with_gaps(pattern: str) -> re.Pattern[str]:
    """Read a pattern: `_` is up to three words of any kind, `*` the end of a word."""
    gaps = pattern.replace(" _ ", r" (?:\S+ ){0,3}?").replace(_STAR, r"[^ ]*")
    return re.compile(rf"(?<![^ ])(?:{gaps})(?![^ ])")
