"""Messages count and speak of things as people do."""

import pytest

from orthocrm.core.errors import AlreadyExists, StageInUse
from orthocrm.core.wording import counted, with_article


@pytest.mark.parametrize(
    "count, said", [(0, "0 families"), (1, "1 family"), (2, "2 families"), (-1, "-1 families")]
)
def test_one_of_a_thing_is_told_from_several(count: int, said: str) -> None:
    assert counted(count, "family", "families") == said


@pytest.mark.parametrize(
    "noun, said", [("lead", "a lead"), ("enrollment", "an enrollment"), ("", "a ")]
)
def test_the_article_goes_by_the_first_letter(noun: str, said: str) -> None:
    assert with_article(noun) == said


def test_errors_speak_of_one_and_of_several() -> None:
    assert str(AlreadyExists("enrollment")).startswith("an enrollment with this ")
    assert str(StageInUse("contacted", 1)) == "1 lead stands in contacted; change that first"
    assert str(StageInUse("contacted", 2)) == "2 leads stand in contacted; change that first"
