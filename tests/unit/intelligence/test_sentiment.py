from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput
from orthocrm.intelligence.sentiment import MOST, Tone, read_tone
from orthocrm.intelligence.sentiment_lexicon import Topic
from tests.unit.intelligence import sentences


def test_there_are_sixty_english_sentences_and_more() -> None:
    table = (*sentences.NEGATIVE, *sentences.POSITIVE, *sentences.NEUTRAL)
    assert len(set(table)) == len(table) >= 60


@pytest.mark.parametrize("text", [*sentences.NEGATIVE, *sentences.SPANISH_NEGATIVE])
def test_what_complains_or_leaves_is_clearly_negative(text: str) -> None:
    assert read_tone(text).is_clearly_negative


@pytest.mark.parametrize("text", [*sentences.POSITIVE, *sentences.SPANISH_POSITIVE])
def test_what_praises_or_agrees_is_positive(text: str) -> None:
    assert read_tone(text).tone is Tone.POSITIVE


@pytest.mark.parametrize("text", [*sentences.NEUTRAL, *sentences.SPANISH_NEUTRAL])
def test_what_asks_or_tells_is_neutral(text: str) -> None:
    assert read_tone(text).tone is Tone.NEUTRAL


@pytest.mark.parametrize(
    "text, topics",
    [
        ("too expensive, we went with another orthodontist", (Topic.PRICE, Topic.COMPETITOR)),
        ("She is in so much pain.", (Topic.PAIN,)),
        ("Nobody called.", (Topic.WAITING,)),
        ("They won't cover it.", (Topic.INSURANCE,)),
        ("I want a refund.", (Topic.COMPLAINT,)),
        ("How much is it?", ()),
    ],
)
def test_a_tone_says_what_it_is_about(text: str, topics: tuple[Topic, ...]) -> None:
    assert read_tone(text).topics == topics


@pytest.mark.parametrize(
    "more, less",
    [
        ("It was very bad.", "It was bad."),
        ("It was bad.", "It was slightly bad."),
        ("It was BAD for us.", "It was bad for us."),
        ("It was bad!", "It was bad."),
        ("It was bad.", "It was not bad."),
        ("It was nice, but slow.", "It was slow, but nice."),
    ],
    ids=["stronger", "weaker", "loud", "called out", "turned round", "after a turn"],
)
def test_words_around_change_what_a_word_carries(more: str, less: str) -> None:
    assert read_tone(more).value < read_tone(less).value


def test_typographic_quotes_are_quotes() -> None:
    assert read_tone("We can\u2019t afford it").value == read_tone("We can't afford it").value


@pytest.mark.parametrize("text", ["", "   ", "?!", "12345", "\u4e2d\u6587", "\U0001f600"])
def test_a_text_without_words_that_are_known_is_neutral(text: str) -> None:
    assert read_tone(text).value == 0.0


@pytest.mark.parametrize("text", [None, 5, b"bad", ["bad"]])
def test_what_is_no_text_is_refused(text: Any) -> None:
    with pytest.raises(InvalidInput, match="text"):
        read_tone(text)


def test_ten_megabytes_are_refused_before_anything_looks_at_them() -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_tone("secret bad " * 1_000_000)
    assert refusal.value.problems[0].code == "too_long"
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "sign", ["a", "a ", "not ", "!", ".", "'", "-", "a-", "a'", "\u0301", "bad "]
)
def test_the_longest_text_of_any_kind_is_read(sign: str) -> None:
    assert -1 <= read_tone((sign * MOST)[:MOST]).value <= 1


@given(st.text(max_size=300))
def test_any_text_has_a_value(text: str) -> None:
    assert -1 <= read_tone(text).value <= 1


@given(st.sampled_from(sentences.NEGATIVE), st.sampled_from(sentences.NEGATIVE))
def test_two_complaints_are_clear_as_well(first: str, second: str) -> None:
    assert read_tone(f"{first}\n{second}").is_clearly_negative
