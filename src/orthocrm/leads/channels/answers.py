"""Answers to questions into fields of an enquiry: what forms, Meta and Google have in common.

What fills no field goes to the notes under its question, so that nothing a family said is lost.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from attrs import define, field

from orthocrm.core import limits
from orthocrm.core.custom_fields import CustomField
from orthocrm.core.errors import InvalidInput
from orthocrm.core.forms import FormField, own_field
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.leads.contact import read_email, read_phone
from orthocrm.leads.custom import is_readable

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AGE = re.compile("[0-9]{1,3}")
_MOST_VALUES = 50
_FULL_NAMES = (("full_name", ""), ("patient_full_name", "patient_"))


@define
class Answers:
    """What was said so far: values by field, lines for the notes, and what cannot be read.

    A family can mend a form of the practice, and is told what to mend. It never sees again what it
    left with a provider: there an answer that fits no field goes to the notes, too.
    """

    provided_in: str | None = None
    own: Mapping[str, CustomField] = field(factory=dict)
    reading: Reading = field(factory=Reading)
    values: dict[str, Any] = field(factory=dict, repr=False)
    lines: list[str] = field(factory=list, repr=False)

    @classmethod
    def of_a_provider(cls, practice: Practice) -> "Answers":
        """Collect answers that nobody can mend any more."""
        return cls(provided_in=practice.clinic.settings.region, own=practice.custom_field_by_name)

    def take(self, asked: FormField, raw: object) -> None:
        """Read the answer to a question that the form is known to ask."""
        told = self._texts(asked, raw)
        if asked.required and not told and self.provided_in is None:
            self.reading.required(asked.name, None)
        try:
            self._keep(asked, self._chosen(asked, told))
        except _Unfit as unfit:
            if self.provided_in is None:
                self.reading.refuse(asked.name, unfit.code, unfit.message)
            else:
                self.note(asked.shown, told)

    def _keep(self, asked: FormField, told: Sequence[str]) -> None:
        if asked.target is None:
            self.note(asked.shown, told)
        elif asked.target == "interests":
            self.values.update({"interests": tuple(told)} if told else {})
        elif len(told) > 1:
            raise _Unfit("wrong_type", "give one value")
        elif told:
            self.values[asked.target] = self._read(asked.target, told[0])

    def note(self, question: str, told: Sequence[str]) -> None:
        """Keep an answer that fills no field."""
        if told:
            self.lines.append(f"{question}: {', '.join(told)}")

    def finished(self) -> Mapping[str, Any]:
        """Give the fields of the enquiry, or raise everything that is wrong."""
        self.reading.finish()
        for full, prefix in _FULL_NAMES:
            first, last = split_name(self.values.pop(full, ""))
            for name, part in (("first_name", first), ("last_name", last)):
                if part and not self.values.get(prefix + name):
                    self.values[prefix + name] = part
        own = {own_field(name): self.values.pop(name) for name in [*self.values] if own_field(name)}
        notes = "\n".join(filter(None, (self.values.pop("notes", None), *self.lines)))
        return {**self.values, "custom": own, "notes": notes or None}

    def _texts(self, asked: FormField, raw: object) -> list[str]:
        """Give what was said as texts, blank ones left out; a whole number may be an age."""
        if asked.target == "patient_age" and isinstance(raw, int) and not isinstance(raw, bool):
            raw = str(raw)
        told = list(raw) if isinstance(raw, list | tuple) else [raw]
        texts = [text for text in told if isinstance(text, str)]
        if raw is None:
            return []
        if len(told) > _MOST_VALUES or len(texts) < len(told):
            self.reading.refuse(asked.name, "wrong_type", "give a text")
            return []
        if any(len(text) > limits.NOTES for text in texts):
            self.reading.refuse(asked.name, "too_long", f"give at most {limits.NOTES} characters")
            return []
        return [text.strip() for text in texts if text.strip()]

    def _read(self, target: str, text: str) -> object:
        if own_field(target) and self.provided_in is not None:
            _check_own(self.own.get(own_field(target) or ""), text)
        if target == "patient_born_on":
            return _day(text)
        if target == "patient_age":
            return _age(text)
        if self.provided_in is not None and target in _REACHING:
            _check_reach(target, text, self.provided_in)
        return text

    @staticmethod
    def _chosen(asked: FormField, told: Sequence[str]) -> Sequence[str]:
        """Give what the answers on offer stand for."""
        known = {choice.value: choice for choice in asked.choices}
        if not known:
            return told
        if any(text not in known for text in told):
            raise _Unfit("unknown_value", "give one of the answers on offer")
        if asked.target is None:
            return [known[text].label or known[text].stored for text in told]
        return [known[text].stored for text in told]


class _Unfit(Exception):
    """An answer does not fit its field."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


_REACHING = {"phone", "phone_alt", "email"}


def _check_own(known: CustomField | None, text: str) -> None:
    if known is None or not known.is_active or not is_readable(text, known):
        raise _Unfit("unknown_value", "give a value that fits the field")


def _check_reach(target: str, text: str, region: str) -> None:
    try:
        if target == "email":
            read_email(text, target)
        else:
            read_phone(text, region, target)
    except InvalidInput as error:
        raise _Unfit(error.problems[0].code, error.problems[0].message) from None


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _Unfit("not_a_date", "give a date as year-month-day")


def _age(text: str) -> int:
    if not _AGE.fullmatch(text):
        raise _Unfit("wrong_type", "give a whole number of years")
    return int(text)


def split_name(full: str) -> tuple[str, str]:
    """Part a full name at its last space; a single word is a first name."""
    words = full.split()
    return (" ".join(words[:-1]), words[-1]) if len(words) > 1 else (full.strip(), "")
