"""What is compared of a lead: plain values, as they were typed."""

from datetime import date

from attrs import field, frozen

from orthocrm.core.lead import Lead
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.people import Contact, Patient


@frozen
class PersonName:
    """The name of somebody in the household."""

    first: str = field(default="", repr=mask, metadata=PERSONAL)
    last: str = field(default="", repr=mask, metadata=PERSONAL)


@frozen(kw_only=True)
class Record:
    """One person or organisation to be compared; whatever is not known stays empty.

    An organisation, or anybody with one name only, has it in `first`.
    `contacts` are those who answer the phone and the e-mail; empty when it is the person itself.
    `ref` identifies one enquiry in the system that it came from.
    """

    id: str
    first: str = field(default="", repr=mask, metadata=PERSONAL)
    last: str = field(default="", repr=mask, metadata=PERSONAL)
    born_on: date | None = field(default=None, repr=mask, metadata=PERSONAL)
    phones: tuple[str, ...] = field(default=(), repr=mask, metadata=PERSONAL)
    emails: tuple[str, ...] = field(default=(), repr=mask, metadata=PERSONAL)
    line1: str = field(default="", repr=mask, metadata=PERSONAL)
    city: str = field(default="", repr=mask, metadata=PERSONAL)
    postal_code: str = field(default="", repr=mask, metadata=PERSONAL)
    contacts: tuple[PersonName, ...] = field(default=(), repr=mask, metadata=PERSONAL)
    ref: str | None = field(default=None, repr=mask, metadata=PERSONAL)


def record_of(lead: Lead) -> Record:
    """Take from a lead what says who it is."""
    return record_of_people(lead.patient, lead.contact, lead.origin.external_ref, lead.id)


def record_of_people(
    patient: Patient, contact: Contact, external_ref: str | None, id_: str = ""
) -> Record:
    """Take what says who somebody is, be it a lead already or not."""
    address = contact.address
    phones = (contact.phone, contact.phone_alt)
    return Record(
        id=id_,
        first=patient.first_name,
        last=patient.last_name,
        born_on=patient.born_on,
        phones=tuple([phone.number for phone in phones if phone is not None]),
        emails=(contact.email.address,) if contact.email is not None else (),
        line1=address.line1 or "",
        city=address.city or "",
        postal_code=address.postal_code or "",
        contacts=(PersonName(contact.first_name, contact.last_name),),
        ref=external_ref,
    )
