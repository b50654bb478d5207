"""The merge fields of templates: what they stand for, and which channels may carry them.

A field is written in braces: `Hello {contact_first_name}`. Braces have no other use, and what is
put in is never looked at for fields again.
"""

import re
from collections.abc import Collection, Mapping
from enum import IntEnum

from attrs import frozen

from orthocrm.core.notifying import MessageChannel


class Level(IntEnum):
    """How well what is sent is kept from others, so that a channel carries up to one of them.

    OPEN is what anybody may read who sees a locked telephone: practice, date, time, number, the
    first name of the person addressed. ADDRESSED adds names and the coordinator.
    """

    OPEN = 1
    ADDRESSED = 2


CARRIES: Mapping[MessageChannel, Level] = {
    MessageChannel.SMS: Level.OPEN,
    MessageChannel.PUSH: Level.OPEN,
    MessageChannel.EMAIL: Level.ADDRESSED,
}
"""The channels that templates are for, and what each of them may carry."""


@frozen(kw_only=True)
class MergeField:
    """A field: what it stands for, and an invented value for previews."""

    name: str
    level: Level
    meaning: str
    example: str


def _fields(level: Level, *rows: tuple[str, str, str]) -> dict[str, MergeField]:
    return {
        name: MergeField(name=name, level=level, meaning=meaning, example=example)
        for name, meaning, example in rows
    }


FIELDS: Mapping[str, MergeField] = {
    **_fields(
        Level.OPEN,
        ("practice", "the practice as it signs messages", "Bright Smiles Orthodontics"),
        ("practice_phone", "its telephone number", "(312) 555-0100"),
        ("practice_email", "its e-mail address", "hello@bright-smiles.example"),
        ("practice_website", "its website", "https://bright-smiles.example"),
        ("contact_first_name", "first name of the responsible party", "Guadalupe"),
        ("appointment_date", "local date of the next appointment", "Wednesday, September 23"),
        ("appointment_time", "local time of the next appointment", "10:30 AM"),
    ),
    **_fields(
        Level.ADDRESSED,
        ("contact_last_name", "last name of the responsible party", "Sandoval-Whitmore"),
        ("contact_name", "whole name of the responsible party", "Guadalupe Sandoval-Whitmore"),
        ("appointment_type", "kind of the next appointment, as it is booked", "Consultation"),
        ("patient_first_name", "first name of the patient", "Maximiliano"),
        ("patient_last_name", "last name of the patient", "Sandoval-Whitmore"),
        ("patient_name", "whole name of the patient", "Maximiliano Sandoval-Whitmore"),
        ("owner_name", "the treatment coordinator", "Dana Okafor"),
    ),
}
"""Every merge field by name. What is not here leaves by no channel."""

_WITHHELD = re.compile(
    "birth|born|dob|age|insur|member|carrier|note|interest|treat|health|medical|diagnos|allerg"
    "|address|street|city|postal|zip|phone|email|lost|objection|tag|source|custom"
)
_FIELD = re.compile(r"\{([^{}]*)\}")


def fields_of(text: str) -> tuple[str, ...]:
    """Give what stands in braces, in order, each once."""
    return tuple(dict.fromkeys(_FIELD.findall(text)))


def is_balanced(text: str) -> bool:
    """Whether every brace belongs to a field."""
    rest = _FIELD.sub("", text)
    return "{" not in rest and "}" not in rest


def is_withheld(name: str) -> bool:
    """Whether an unknown field asks for personal data that leaves by no channel."""
    return _WITHHELD.search(name.casefold()) is not None


def carried_by(channel: MessageChannel) -> tuple[str, ...]:
    """List the fields that a channel may carry."""
    level = CARRIES.get(channel, 0)
    return tuple(field.name for field in FIELDS.values() if field.level <= level)


@frozen(kw_only=True)
class Filled:
    """A text with its fields filled in, and the names of those for which there was no value."""

    text: str
    missing: tuple[str, ...] = ()


def filled(text: str, values: Mapping[str, str | None]) -> Filled:
    """Put values in for the fields of a text; a value is taken as it is, braces and all."""
    missing = tuple(name for name in fields_of(text) if not values.get(name))
    put_in = _FIELD.sub(lambda found: values.get(found[1]) or "", text)
    return Filled(text=put_in, missing=missing)


def examples(names: Collection[str]) -> Mapping[str, str]:
    """Give the invented values of fields; unknown ones are left out."""
    return {name: FIELDS[name].example for name in names if name in FIELDS}
