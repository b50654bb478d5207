"""A record made ready for comparison: everything folded once, compared often."""

from datetime import date

from attrs import field, frozen

from orthocrm.core.masking import PERSONAL, mask
from orthocrm.leads.matching.agreement import Agreement
from orthocrm.leads.matching.names import Name, agreement, folded, name_of
from orthocrm.leads.matching.places import Street, street_of
from orthocrm.leads.matching.record import PersonName, Record

POSTAL_SIGNS = 5
"""Signs of a postal code that are compared: ZIP without the four digits behind it."""


@frozen
class Household:
    """Who answers the phone: folded names, and those that are not the patient's own."""

    names: tuple[tuple[Name, Name], ...] = field(repr=mask, metadata=PERSONAL)
    others: tuple[tuple[Name, Name], ...] = field(repr=mask, metadata=PERSONAL)
    is_self: bool


@frozen(kw_only=True)
class Profile:
    """A folded record."""

    id: str
    first: Name = field(repr=mask, metadata=PERSONAL)
    last: Name = field(repr=mask, metadata=PERSONAL)
    born_on: date | None = field(repr=mask, metadata=PERSONAL)
    phones: frozenset[str] = field(repr=mask, metadata=PERSONAL)
    emails: frozenset[str] = field(repr=mask, metadata=PERSONAL)
    street: Street = field(repr=mask, metadata=PERSONAL)
    city: str = field(repr=mask, metadata=PERSONAL)
    postal_code: str = field(repr=mask, metadata=PERSONAL)
    household: Household = field(repr=mask, metadata=PERSONAL)
    ref: str | None = field(repr=mask, metadata=PERSONAL)


def profile_of(record: Record) -> Profile:
    """Fold a record."""
    first, last = name_of(record.first), name_of(record.last)
    return Profile(
        id=record.id,
        first=first,
        last=last,
        born_on=record.born_on,
        phones=frozenset(filter(None, map(_digits, record.phones))),
        emails=frozenset(email.casefold() for email in record.emails if email),
        street=street_of(record.line1),
        city=folded(record.city),
        postal_code=folded(record.postal_code)[:POSTAL_SIGNS],
        household=_household(first, last, record.contacts),
        ref=record.ref,
    )


def _digits(phone: str) -> str:
    return "".join(sign for sign in phone if sign in "0123456789")


def _household(first: Name, last: Name, contacts: tuple[PersonName, ...]) -> Household:
    names = [(name_of(contact.first), name_of(contact.last)) for contact in contacts]
    said = tuple(name for name in names if name[0].text)
    others = tuple(name for name in said if not _is_one(first, last, *name))
    is_self = not contacts or len(others) < len(said)
    return Household(said or ((first, last),) if is_self else said, others, is_self)


def _is_one(first: Name, last: Name, other_first: Name, other_last: Name) -> bool:
    return agreement(first, other_first) in _ALIKE and agreement(last, other_last) not in (
        Agreement.DIFFERENT,
        Agreement.NEAR,
    )


_ALIKE = (Agreement.SAME, Agreement.NICKNAME, Agreement.SLIP, Agreement.PART)
