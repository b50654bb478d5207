"""Whether a clinic's own fields are sound, and may follow on those that it had."""

import re
from collections.abc import Iterable, Iterator

from orthocrm.core import limits
from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.core.errors import Problem

MOST_FIELDS = 100
MOST_CHOICES = 100
MOST_DECIMALS = 6
_PATH = "custom_fields"
_NAME = re.compile("[a-z][a-z0-9_]{0,39}")


def custom_field_problems(fields: object) -> Iterator[Problem]:
    """Name everything that is wrong with the definitions of fields."""
    sound = isinstance(fields, tuple) and all(isinstance(each, CustomField) for each in fields)
    if not isinstance(fields, tuple) or not sound or len(fields) > MOST_FIELDS:
        yield Problem(_PATH, "bad_setting", f"give at most {MOST_FIELDS} fields")
        return
    names = [each.name for each in fields]
    if len(set(map(repr, names))) < len(names):
        yield Problem(f"{_PATH}.name", "repeated", "give each field a name of its own")
    for place, each in enumerate(fields):
        yield from _field(each, f"{_PATH}[{place}]")


def changed_kinds(before: Iterable[CustomField], after: Iterable[CustomField]) -> list[CustomField]:
    """Give the fields that would mean something else to values that leads hold already.

    Those are the ones that are gone, and those whose kind, decimals or secrecy is another.
    """
    now = {each.name: each for each in after}
    return [
        each for each in before if each.name not in now or _means(each) != _means(now[each.name])
    ]


def _means(each: CustomField) -> tuple[object, ...]:
    return each.kind, each.decimals, each.is_encrypted


def _field(each: CustomField, path: str) -> Iterator[Problem]:
    if not isinstance(each.name, str) or not _NAME.fullmatch(each.name):
        message = "give small letters, digits and underscores, 40 at most"
        yield Problem(f"{path}.name", "not_a_name", message)
    if not _is_short(each.label):
        message = f"give 1 to {limits.NAME} printable characters"
        yield Problem(f"{path}.label", "bad_setting", message)
    if not isinstance(each.kind, FieldKind):
        yield Problem(f"{path}.kind", "unknown_value", "give a FieldKind")
    flags = (each.is_required, each.is_personal, each.is_active)
    if not all(isinstance(flag, bool) for flag in flags):
        yield Problem(path, "wrong_type", "give true or false for what a field is")
    yield from _choices(each, f"{path}.choices")
    yield from _decimals(each, f"{path}.decimals")


def _choices(each: CustomField, path: str) -> Iterator[Problem]:
    if each.kind is not FieldKind.CHOICE:
        if each.choices != ():
            yield Problem(path, "not_for_this_kind", "only a CHOICE has choices")
        return
    several = isinstance(each.choices, tuple) and 0 < len(each.choices) <= MOST_CHOICES
    if not several or not all(_is_short(choice) for choice in each.choices):
        message = f"give 1 to {MOST_CHOICES} codes of at most {limits.NAME} characters"
        yield Problem(path, "bad_setting", message)
    elif len({choice.casefold() for choice in each.choices}) < len(each.choices):
        yield Problem(path, "repeated", "give each choice once, whatever its case")


def _decimals(each: CustomField, path: str) -> Iterator[Problem]:
    if type(each.decimals) is not int or not 0 <= each.decimals <= MOST_DECIMALS:
        yield Problem(path, "out_of_range", f"give 0 to {MOST_DECIMALS}")
    elif each.decimals and each.kind is not FieldKind.NUMBER:
        yield Problem(path, "not_for_this_kind", "only a NUMBER has decimals")


def _is_short(text: object) -> bool:
    """Whether a text is shown as it is: not blank at its ends, and printable."""
    if not isinstance(text, str) or not 0 < len(text) <= limits.NAME:
        return False
    return text.isprintable() and text == text.strip()
