"""How each field of an enquiry is read, whether a channel hands it over or somebody edits it.

Fields bear the names of `Intake`. A reader gives None for a missing value, and notes what is wrong
under the name of its field.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from attrs import frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import SourceId
from orthocrm.core.lead import Custom, Incomplete, Origin, TreatmentInterest
from orthocrm.core.people import (
    Contact,
    Email,
    Patient,
    PatientRelationship,
    Phone,
    PreferredContact,
)
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.core.source import LeadSourceCategory, Source
from orthocrm.core.time import zone
from orthocrm.leads import custom
from orthocrm.leads.contact import read_email, read_phone

OLDEST = 120
"""The largest age in years that is believed."""

_MOST_INTERESTS = 50


@frozen
class Asking:
    """What reading needs to know beside the value."""

    practice: Practice
    now: datetime

    @property
    def today(self) -> date:
        """The clinic's local date."""
        return self.now.astimezone(zone(self.practice.clinic.timezone)).date()


Reader = Callable[[Reading, str, Any, Asking], Any]


def _line(most: int) -> Reader:
    return lambda reading, path, raw, _: reading.text(path, raw, most)


def _notes(reading: Reading, path: str, raw: object, _: Asking) -> str | None:
    return reading.prose(path, raw)


def _email(reading: Reading, path: str, raw: object, _: Asking) -> Email | None:
    try:
        typed = raw.strip() if isinstance(raw, str) and len(raw) <= limits.EMAIL else raw
        return None if typed == "" else read_email(typed, path)
    except InvalidInput as error:
        reading.adopt(error)
        return None


def _phone(reading: Reading, path: str, raw: object, asking: Asking) -> Phone | None:
    if isinstance(raw, str) and (not raw or raw.isspace()):
        return None
    try:
        return read_phone(raw, asking.practice.clinic.settings.region, path)
    except InvalidInput as error:
        reading.adopt(error)
        return None


def _born_on(reading: Reading, path: str, raw: object, asking: Asking) -> date | None:
    born_on = reading.day(path, raw)
    if born_on is not None and born_on > asking.today:
        reading.refuse(path, "in_the_future", "give a date that has passed")
        return None
    return born_on


def _age(reading: Reading, path: str, raw: object, _: Asking) -> int | None:
    return reading.whole(path, raw, 0, OLDEST)


def _relationship(
    reading: Reading, path: str, raw: object, _: Asking
) -> PatientRelationship | None:
    return reading.choice(path, raw, PatientRelationship)


def _preferred(reading: Reading, path: str, raw: object, _: Asking) -> PreferredContact | None:
    return reading.choice(path, raw, PreferredContact)


def _source(reading: Reading, path: str, raw: object, asking: Asking) -> SourceId | None:
    named = reading.text(path, raw)
    if named is None:
        return None
    found = asking.practice.source_by_id.get(SourceId(named))
    found = found or asking.practice.source_by_name.get(named.casefold())
    if found is None:
        reading.refuse(path, "unknown_source", "give the name or id of one of the clinic's sources")
        return None
    return found.id


def _interests(
    reading: Reading, path: str, raw: object, _: Asking
) -> tuple[TreatmentInterest, ...] | None:
    if isinstance(raw, str | bytes | Mapping) or not isinstance(raw, Iterable):
        reading.refuse(path, "wrong_type", "give a list of interests")
        return None
    codes = list(raw)
    if len(codes) > _MOST_INTERESTS:
        reading.refuse(path, "too_long", f"give at most {_MOST_INTERESTS} interests")
        return None
    read = [reading.choice(path, code, TreatmentInterest) for code in codes]
    return tuple(dict.fromkeys(interest for interest in read if interest is not None)) or None


def _flag(reading: Reading, path: str, raw: object, _: Asking) -> bool | None:
    return reading.flag(path, raw)


_NAME = _line(limits.NAME)
_LABEL = _line(limits.LABEL)
_REFERENCE = _line(limits.REFERENCE)

READERS: Mapping[str, Reader] = {
    "first_name": _NAME,
    "last_name": _NAME,
    "patient_first_name": _NAME,
    "patient_last_name": _NAME,
    "patient_born_on": _born_on,
    "patient_age": _age,
    "relationship": _relationship,
    "email": _email,
    "phone": _phone,
    "phone_alt": _phone,
    "preferred_contact": _preferred,
    "preferred_time": _LABEL,
    "address_line1": _LABEL,
    "address_line2": _LABEL,
    "city": _LABEL,
    "state": _LABEL,
    "postal_code": _LABEL,
    "source": _source,
    "campaign": _LABEL,
    "source_detail": _LABEL,
    "referring_provider": _REFERENCE,
    "referring_patient": _REFERENCE,
    "interests": _interests,
    "insurance_carrier": _LABEL,
    "insurance_member_id": _LABEL,
    "notes": _notes,
    "external_ref": _REFERENCE,
    "no_contact": _flag,
}


def is_reachable(contact: Contact) -> bool:
    """Whether the family can be called or written to."""
    return not (contact.phone is None and contact.email is None and contact.phone_alt is None)


def missing_source_facts(
    origin: Origin, source: Source | None
) -> tuple[tuple[str, Incomplete], ...]:
    """Name what the source's category asks for and nobody gave: the field, and its flag (C-19)."""
    category = None if source is None else source.category
    if category is LeadSourceCategory.OTHER and origin.detail is None:
        return (("source_detail", Incomplete.SOURCE_DETAIL),)
    if category is LeadSourceCategory.DOCTOR_REFERRAL and origin.referring_provider_ref is None:
        return (("referring_provider", Incomplete.REFERRER),)
    if category is LeadSourceCategory.PATIENT_REFERRAL and origin.referring_patient_ref is None:
        return (("referring_patient", Incomplete.REFERRER),)
    return ()


def incomplete(
    patient: Patient, contact: Contact, origin: Origin, own: Custom, practice: Practice
) -> tuple[Incomplete, ...]:
    """List what staff should still ask for; `own` are the values of the clinic's own fields."""
    flags: list[Incomplete] = []
    if not (patient.first_name and patient.last_name):
        flags.append(Incomplete.PATIENT_NAME)
    if not (contact.first_name and contact.last_name):
        flags.append(Incomplete.CONTACT_NAME)
    if origin.source_id is not None:
        source = practice.source_by_id.get(origin.source_id)
        flags.extend(flag for _, flag in missing_source_facts(origin, source))
    if custom.missing(own, practice):
        flags.append(Incomplete.CUSTOM_FIELD)
    return tuple(flags)
