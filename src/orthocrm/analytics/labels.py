"""The names of groups: as texts spell them, and which of them a practice knows."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from orthocrm.analytics.asking import TIMES, Ask, By, Choice, Cut, Label, Own
from orthocrm.core.errors import InvalidInput
from orthocrm.core.lead import Channel, LostReason
from orthocrm.core.query import Kind
from orthocrm.core.settings import Practice

_FLAGS: Final = {"true": True, "false": False}

_READ: Final[Mapping[str, Callable[[str], Label]]] = {
    Kind.NUMBER.value: int,
    Kind.DATE.value: date.fromisoformat,
    Kind.FLAG.value: _FLAGS.__getitem__,
}

_KNOWN: Final[Mapping[Cut, Callable[[Practice], frozenset[str]]]] = {
    By.SOURCE: lambda practice: frozenset(practice.source_by_id),
    By.CHANNEL: lambda _: frozenset(Channel),
    By.OWNER: lambda practice: frozenset(one.id for one in practice.coordinators),
    By.FIRST_OWNER: lambda practice: frozenset(one.id for one in practice.coordinators),
    By.STAGE: lambda practice: frozenset(practice.stage_by_slug),
    By.FURTHEST: lambda practice: frozenset(practice.stage_by_slug),
    By.LOST_STAGE: lambda practice: frozenset(practice.stage_by_slug),
    By.LOST_REASON: lambda _: frozenset(LostReason),
}
"""The groups that there are, whether they hold a lead or not."""


def unknown_group() -> InvalidInput:
    """Say that a question has no such group."""
    return InvalidInput.at("group", "unknown_group", "the question has no such group")


def label_of(ask: Ask, choice: Choice) -> Choice:
    """Read the name of a group: dates, numbers and flags may be spelt as texts.

    Raises:
        InvalidInput: at `group`, the text spells none.
    """
    if not isinstance(choice, str) or ask.by is None:
        return choice
    try:
        return _read(ask.by, choice)
    except (ValueError, KeyError):
        raise unknown_group() from None


def _read(by: Cut, text: str) -> Label:
    if by in TIMES:
        return date.fromisoformat(text)
    if isinstance(by, Own):
        kind = by.value.split(".")[1]
        return _READ[kind](text) if kind in _READ else text
    return text


def is_known(ask: Ask, label: Label) -> bool:
    """Whether the practice knows of a group, so that it may be asked for even if it is empty."""
    if label is None:
        return True
    known = None if ask.by is None else _KNOWN.get(ask.by)
    if known is not None:
        return label in known(ask.practice)
    if isinstance(ask.by, Own):
        own = ask.practice.custom_field_by_name.get(ask.by.value.split(".", 2)[2])
        return own is not None and label in own.choices
    return ask.by in TIMES or ask.by is By.CATEGORY
