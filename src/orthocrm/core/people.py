"""The people of an enquiry: the patient, and the responsible party who is contacted."""

from datetime import date
from enum import StrEnum

from attrs import field, frozen

from orthocrm.core.masking import PERSONAL, mask


class PatientRelationship(StrEnum):
    """What the patient is to the contact."""

    SELF = "SELF"
    CHILD = "CHILD"
    SPOUSE = "SPOUSE"
    OTHER = "OTHER"


class PreferredContact(StrEnum):
    """How the responsible party would like to be reached; a preference, never a consent."""

    PHONE = "PHONE"
    EMAIL = "EMAIL"
    TEXT = "TEXT"
    ANY = "ANY"


@frozen
class Phone:
    """A phone number: `number` in E.164, the extension apart."""

    number: str = field(repr=mask, metadata=PERSONAL)
    extension: str = field(default="", repr=mask, metadata=PERSONAL)


@frozen
class Email:
    """An e-mail address: `address` normalised for comparison, `typed` as it was given."""

    address: str = field(repr=mask, metadata=PERSONAL)
    typed: str = field(repr=mask, metadata=PERSONAL)


@frozen(kw_only=True)
class Address:
    """A postal address."""

    line1: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    line2: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    city: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    state: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    postal_code: str | None = field(default=None, repr=mask, metadata=PERSONAL)


@frozen(kw_only=True)
class Patient:
    """Who seeks treatment.

    `age_years` is what was said on `age_as_of`, when no birth date is known.
    """

    first_name: str = field(repr=mask, metadata=PERSONAL)
    last_name: str = field(repr=mask, metadata=PERSONAL)
    born_on: date | None = field(default=None, repr=mask, metadata=PERSONAL)
    age_years: int | None = field(default=None, repr=mask, metadata=PERSONAL)
    age_as_of: date | None = None
    relationship: PatientRelationship = PatientRelationship.SELF


@frozen(kw_only=True)
class Contact:
    """The responsible party: whom the coordinator calls."""

    first_name: str = field(repr=mask, metadata=PERSONAL)
    last_name: str = field(repr=mask, metadata=PERSONAL)
    email: Email | None = field(default=None, repr=mask, metadata=PERSONAL)
    phone: Phone | None = field(default=None, repr=mask, metadata=PERSONAL)
    phone_alt: Phone | None = field(default=None, repr=mask, metadata=PERSONAL)
    preferred: PreferredContact = PreferredContact.PHONE
    preferred_time: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    address: Address = field(factory=Address, repr=mask, metadata=PERSONAL)

    @property
    def name(self) -> str:
        """First and last name, for display."""
        return f"{self.first_name} {self.last_name}".strip()
