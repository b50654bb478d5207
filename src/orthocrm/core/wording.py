"""Words of messages that depend on what they speak of: how many, and which article."""

_VOWELS = frozenset("aeiouAEIOU")


def counted(count: int, one: str, several: str | None = None) -> str:
    """Say a number with its noun; `several` is the noun with an s unless it is given.

    >>> counted(1, "lead"), counted(2, "lead"), counted(0, "family", "families")
    ('1 lead', '2 leads', '0 families')
    """
    noun = one if count == 1 else several or f"{one}s"
    return f"{count} {noun}"


def with_article(noun: str) -> str:
    """Put the indefinite article before a noun, by its first letter.

    >>> with_article("lead"), with_article("enrollment")
    ('a lead', 'an enrollment')
    """
    return f"{'an' if noun[:1] in _VOWELS else 'a'} {noun}"
