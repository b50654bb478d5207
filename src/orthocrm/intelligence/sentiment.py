"""The tone of a message: what its words carry, with what turns them round and makes them stronger.

A lexicon instead of a model is the default, as it needs no data, says why, and is the same for
everybody. A trained model (`sentiment_model`) may stand in its place.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import sqrt, tanh

from attrs import frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.intelligence.sentiment_english import ENGLISH
from orthocrm.intelligence.sentiment_lexicon import Lexicon, Topic
from orthocrm.intelligence.sentiment_spanish import SPANISH, is_spanish, plain

MOST = limits.NOTES
"""The longest text that is read."""

CLEARLY = 0.45
"""From this value on, up or down, a tone is clear."""

_NOTICEABLE = 0.15
_SCALE = 4.0

_NEAR = 3
_TURNED = -0.75
_STRONGER, _WEAKER = 1.3, 0.6
_BEFORE_TURN, _AFTER_TURN = 0.5, 1.25
_ASKED = 0.25
_LOUD = 1.2
_DECIDED, _POLITE = -3.0, 0.4
_LEAST_LOUD = 3

_SENTENCES = re.compile(r"[^.!?;\n]+[.!?;]*")
_TITLES = re.compile(r"\b([Dd]r|[Mm]rs?|[Mm]s|[Ss]ra?)\.")
_TOKENS = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u00b4": "'", "`": "'"})


class Tone(StrEnum):
    """How a message sounds."""

    POSITIVE = "POSITIVE"
    NEUTRAL = "NEUTRAL"
    NEGATIVE = "NEGATIVE"


@frozen(kw_only=True)
class Sentiment:
    """The tone of a message: `value` from -1 to 1, and what it is about where its words tell."""

    value: float
    topics: tuple[Topic, ...] = ()

    @property
    def tone(self) -> Tone:
        """The tone in one word."""
        if abs(self.value) < _NOTICEABLE:
            return Tone.NEUTRAL
        return Tone.POSITIVE if self.value > 0 else Tone.NEGATIVE

    @property
    def is_clearly_negative(self) -> bool:
        """Whether somebody should look at it at once."""
        return self.value <= -CLEARLY


def read_tone(text: str) -> Sentiment:
    """Read the tone of a message in English or Spanish, by the lexicon.

    Args:
        text: up to 10,000 characters.

    Raises:
        InvalidInput: no text, or a longer one; it is refused before anything looks at it.

    >>> read_tone("too expensive, we went with another orthodontist").tone
    <Tone.NEGATIVE: 'NEGATIVE'>
    """
    words = _TITLES.sub(r"\1", checked(text).translate(_QUOTES))
    lexicon = ENGLISH
    if is_spanish(tokens(words)):
        words, lexicon = plain(words), SPANISH
    found = [_sentence(sentence, lexicon) for sentence in _SENTENCES.findall(words)]
    felt = [weight for weight, _ in found if weight]
    total = sum(felt) / sqrt(len(felt)) if felt else 0.0
    about = {topic for _, topics in found for topic in topics}
    return Sentiment(
        value=tanh(total / _SCALE), topics=tuple(topic for topic in Topic if topic in about)
    )


def checked(text: object) -> str:
    """Take a text that is not too long to be read."""
    if not isinstance(text, str):
        raise InvalidInput.at("text", "wrong_type", "give a text")
    if len(text) > MOST:
        raise InvalidInput.at("text", "too_long", f"give at most {MOST} characters")
    return text


def tokens(text: str) -> list[str]:
    """Cut a text into its words, in lower case; what is no word is left out."""
    return _TOKENS.findall(text.lower())


def _sentence(text: str, lexicon: Lexicon) -> tuple[float, list[Topic]]:
    raw = _TOKENS.findall(text)
    words = [word.lower() for word in raw]
    if not words:
        return 0.0, []
    weights, topics = _weights(raw, words, lexicon)
    if min(weights) <= _DECIDED:
        weights = [w * _POLITE if w > 0 else w for w in weights]
    turn = next((i for i, word in enumerate(words) if i and word in lexicon.turns), None)
    if turn is not None and any(weights[turn:]):
        weights = [w * (_BEFORE_TURN if i < turn else _AFTER_TURN) for i, w in enumerate(weights)]
    total = sum(weights)
    if "?" in text and words[0] in lexicon.asking:
        return total * _ASKED, []
    return total * (_LOUD if "!" in text else 1.0), topics


def _weights(
    raw: Sequence[str], words: Sequence[str], lexicon: Lexicon
) -> tuple[list[float], list[Topic]]:
    """Give what each word of a sentence carries; a turn of phrase carries it at its first word."""
    weights, taken, topics = _patterned(words, lexicon)
    place = 0
    while place < len(words):
        if place in taken:
            place += 1
            continue
        length = _phrase_at(words, place, lexicon)
        if length:
            phrase = lexicon.phrases[tuple(words[place : place + length])]
            weight = phrase.weight * _stressed(words, place, lexicon)
            is_turned = _is_turned(words, place, lexicon, phrase.topic)
            weights[place] = weight * _TURNED if is_turned else weight
            topics += [] if is_turned else [phrase.topic]
            place += length
            continue
        weights[place] = _word(raw, words, place, lexicon)
        place += 1
    return weights, topics


def _patterned(words: Sequence[str], lexicon: Lexicon) -> tuple[list[float], set[int], list[Topic]]:
    """Find the phrases with gaps: what they carry, the words that they take, their topics."""
    weights, taken, topics = [0.0] * len(words), set[int](), []
    line = " ".join(words)
    for pattern, phrase in lexicon.patterns:
        found = pattern.search(line)
        if found is None:
            continue
        first = line.count(" ", 0, found.start())
        places = range(first, first + found.group().strip().count(" ") + 1)
        if not taken.intersection(places):
            weights[first] = phrase.weight
            taken.update(places)
            topics.append(phrase.topic)
    return weights, taken, topics


def _phrase_at(words: Sequence[str], place: int, lexicon: Lexicon) -> int:
    most = min(lexicon.longest, len(words) - place)
    lengths = range(most, 0, -1)
    return next((n for n in lengths if tuple(words[place : place + n]) in lexicon.phrases), 0)


def _word(raw: Sequence[str], words: Sequence[str], place: int, lexicon: Lexicon) -> float:
    weight = lexicon.weight(words[place])
    if not weight or _is_stress(words, place, lexicon):
        return 0.0
    weight *= _stressed(words, place, lexicon)
    if (
        raw[place].isupper()
        and len(raw[place]) >= _LEAST_LOUD
        and not all(w.isupper() for w in raw)
    ):
        weight *= _LOUD
    return weight * _TURNED if _is_turned(words, place, lexicon, None) else weight


def _is_stress(words: Sequence[str], place: int, lexicon: Lexicon) -> bool:
    """Tell whether a word only makes the next one stronger: "terribly nice"."""
    follows = place + 1 < len(words) and lexicon.weight(words[place + 1]) != 0
    return words[place] in lexicon.stronger and follows


def _stressed(words: Sequence[str], place: int, lexicon: Lexicon) -> float:
    before = words[place - 1] if place else ""
    if before in lexicon.stronger:
        return _STRONGER
    return _WEAKER if before in lexicon.weaker else 1.0


def _is_turned(words: Sequence[str], place: int, lexicon: Lexicon, topic: Topic | None) -> bool:
    """Tell whether a negation stands shortly before; a turn of phrase brings its own with it."""
    near = words[max(0, place - _NEAR) : place]
    turned = sum(word in lexicon.negations for word in near) % 2 == 1
    return turned and (topic is None or words[place] not in lexicon.negations)


TOPIC_WORDS: Mapping[Topic, str] = {
    Topic.PRICE: "the price",
    Topic.PAIN: "pain",
    Topic.WAITING: "waiting",
    Topic.INSURANCE: "insurance",
    Topic.COMPETITOR: "another practice",
    Topic.COMPLAINT: "a complaint",
    Topic.PRAISE: "praise",
}
"""The topics in the words of a reason."""
