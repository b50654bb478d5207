"""What every change of a clinic's configuration has in common."""

from collections.abc import Collection
from enum import StrEnum
from typing import TypeVar

from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.core.events import ClinicConfigured
from orthocrm.core.settings import Clinic
from orthocrm.services.work import Work

E = TypeVar("E", bound=StrEnum)


def changed(
    work: Work,
    subject: str,
    object_id: str | None = None,
    *,
    clinic: Clinic | None = None,
    fields: Collection[str] = (),
) -> Clinic:
    """Let the clinic's revision grow, so that every process reads the practice anew.

    Two changes at once are told apart by the clinic's version: the later one is `StaleVersion`.
    """
    present = work.practice.clinic if clinic is None else clinic
    (saved,) = work.store.clinics.save([evolve(present, revision=present.revision + 1)])
    work.touch([object_id or work.clinic_id])
    work.record(
        ClinicConfigured(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            subject=subject,
            object_id=object_id,
            fields=tuple(fields),
        )
    )
    return saved


def label(value: object, path: str, most: int) -> str:
    """Take a short text: trimmed, not empty, not too long, without control characters."""
    if not isinstance(value, str):
        raise InvalidInput.at(path, "wrong_type", "give a text")
    if len(value) > most:
        raise InvalidInput.at(path, "too_long", f"give at most {most} characters")
    text = value.strip()
    if not text or not text.isprintable():
        raise InvalidInput.at(path, "required", "give a text of printable characters")
    return text


def member(enum: type[E], value: str, path: str) -> E:
    """Take a member of an enum, or its value."""
    try:
        return enum(value)
    except ValueError:
        raise InvalidInput.at(path, "unknown_value", "give one of the documented values") from None
