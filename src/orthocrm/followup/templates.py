"""Templates filled in: which one a family gets, and what it says.

What families typed is never trusted: a first name that reads like an address or a sentence is not
sent on to somebody's telephone in the practice's name.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import evolve, field, frozen

from orthocrm.core.appointment import Appointment
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Incomplete, Lead
from orthocrm.core.limits import LABEL
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.merge_fields import FIELDS, Filled, examples, filled
from orthocrm.core.notifying import MessageChannel
from orthocrm.core.people import Contact, Patient, PreferredContact
from orthocrm.core.segments import Segments, segments
from orthocrm.core.settings import Practice
from orthocrm.core.template_checks import message_problems
from orthocrm.core.templates import Language, MessageTemplate, TaskTemplate

_EMAIL, _SMS = MessageChannel.EMAIL, MessageChannel.SMS

_ORDERS: Mapping[PreferredContact, tuple[MessageChannel, ...]] = {
    PreferredContact.TEXT: (_SMS, _EMAIL),
    PreferredContact.EMAIL: (_EMAIL, _SMS),
    PreferredContact.PHONE: (_EMAIL, _SMS),
    PreferredContact.ANY: (_EMAIL, _SMS),
}
"""By preference (C-31); who would rather be called is disturbed least by an e-mail."""

_NEUTRAL: Mapping[Language, str] = {Language.ENGLISH: "there", Language.SPANISH: "familia"}
"""How somebody is greeted whose first name is not known, or is none."""

_MOST_NAME = 40
_MOST_WORDS = 4
_PUNCTUATION = frozenset(" '\N{RIGHT SINGLE QUOTATION MARK}-.")
_DOMAIN = re.compile(r"\.[^ .]{2}")
"""A dot with more than an initial behind it: `evil.com`, and not `J.R.`"""

_DAYS: Mapping[Language, tuple[str, ...]] = {
    Language.ENGLISH: (
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ),
    Language.SPANISH: ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_MONTHS: Mapping[Language, str] = {
    Language.ENGLISH: "January February March April May June July August September October "
    "November December",
    Language.SPANISH: "enero febrero marzo abril mayo junio julio agosto septiembre octubre "
    "noviembre diciembre",
}
_NOON = 12


@frozen(kw_only=True)
class Rendered:
    """A message to one address; `missing` names the fields for which there was no value.

    Only a complete one may be sent.
    """

    template: MessageTemplate
    to: str = field(repr=mask, metadata=PERSONAL)
    body: str = field(repr=mask, metadata=PERSONAL)
    subject: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    missing: tuple[str, ...] = ()


@frozen(kw_only=True)
class Preview:
    """What an invented family would read; `segments` tells the size of an SMS."""

    body: str
    subject: str | None = None
    segments: Segments | None = None


def language_of(lead: Lead) -> Language | None:
    """Tell in which language a family is written to: that of a tag `es` or `en`, else unknown."""
    return next((language for language in Language if language.value in lead.tags), None)


def address_on(channel: MessageChannel, contact: Contact) -> str | None:
    """Give the address of a family on a channel; families have none for push."""
    if channel is _EMAIL:
        return contact.email.address if contact.email else None
    if channel is _SMS:
        return contact.phone.number if contact.phone else None
    return None


def channels_of(lead: Lead) -> tuple[MessageChannel, ...]:
    """Order the channels of a family by its preference."""
    return _ORDERS[lead.contact.preferred]


def chosen(name: str, lead: Lead, practice: Practice) -> MessageTemplate | None:
    """Choose among the templates of a name by channel and language.

    The channel is the first in the order of the family's preference that has a template, a carrier
    and an address; without one there is no message. Of several languages the family's is taken,
    else the one that stands first in the settings.
    """
    settings = practice.clinic.settings
    carried = {channel for channel, _ in settings.messaging.carriers}
    for channel in channels_of(lead):
        found = [t for t in settings.message_templates if (t.name, t.channel) == (name, channel)]
        if found and channel in carried and address_on(channel, lead.contact):
            return in_language(found, language_of(lead))
    return None


def in_language(
    templates: Iterable[MessageTemplate], language: Language | None
) -> MessageTemplate | None:
    """Take the template of a language, else the first."""
    known = list(templates)
    return next((t for t in known if t.language is language), known[0] if known else None)


def rendered(
    template: MessageTemplate,
    lead: Lead,
    practice: Practice,
    appointment: Appointment | None = None,
) -> Rendered:
    """Fill a template in for a lead, and for its next appointment where there is one.

    Raises:
        InvalidInput: the template is not fit to be sent, or the family has no such address.
    """
    problems = list(message_problems(template, "template"))
    if problems:
        raise InvalidInput(problems)
    to = address_on(template.channel, lead.contact)
    if to is None:
        raise InvalidInput.at("contact", "no_address", "the contact has no address on this channel")
    values = values_of(lead, practice, appointment, template.language)
    body = filled(template.body, values)
    subject = None if template.subject is None else _one_line(filled(template.subject, values))
    missing = (*body.missing, *(subject.missing if subject else ()))
    return Rendered(
        template=template,
        to=to,
        body=body.text,
        subject=subject.text if subject else None,
        missing=tuple(dict.fromkeys(missing)),
    )


def preview(template: MessageTemplate, practice: Practice) -> Preview:
    """Show what an invented family of this practice would read.

    Raises:
        InvalidInput: names everything that is wrong with the template.
    """
    problems = list(message_problems(template, "template"))
    if problems:
        raise InvalidInput(problems)
    own = {name: value for name, value in _of_practice(practice).items() if value}
    values = {**examples(FIELDS), **own}
    if template.language is Language.SPANISH:
        values |= {"appointment_date": "miércoles 23 de septiembre"}
    body = filled(template.body, values).text
    return Preview(
        body=body,
        subject=filled(template.subject, values).text if template.subject else None,
        segments=segments(body) if template.channel is _SMS else None,
    )


def title_words(title: str, lead: Lead, practice: Practice) -> str:
    """Give the title of a task in one line; a field without a value reads as `?`."""
    if "{" not in title:
        return title
    return _one_line(filled(title, _staff_values(lead, practice))).text[:LABEL]


def task_words(template: TaskTemplate, lead: Lead, practice: Practice) -> tuple[str, str | None]:
    """Give title and description of a task; a field without a value reads as `?`."""
    about = template.description
    return (
        title_words(template.title, lead, practice),
        None if about is None else filled(about, _staff_values(lead, practice)).text,
    )


def _staff_values(lead: Lead, practice: Practice) -> Mapping[str, str]:
    values = values_of(lead, practice, None, Language.ENGLISH)
    return {name: value or "?" for name, value in values.items()}


def values_of(
    lead: Lead, practice: Practice, appointment: Appointment | None, language: Language
) -> Mapping[str, str | None]:
    """Give the value of every merge field, None where there is none."""
    contact, patient, gaps = lead.contact, lead.patient, lead.enquiry.incomplete
    first, last = _names(contact, is_unknown=Incomplete.CONTACT_NAME in gaps)
    of_patient = _names(patient, is_unknown=Incomplete.PATIENT_NAME in gaps)
    owner = practice.coordinator_by_id.get(lead.ownership.owner or UserId(""))
    return {
        **_of_practice(practice),
        **_of_appointment(appointment, practice, language),
        "contact_first_name": first or _NEUTRAL[language],
        "contact_last_name": last,
        "contact_name": _joined(first, last),
        "patient_first_name": of_patient[0],
        "patient_last_name": of_patient[1],
        "patient_name": _joined(*of_patient),
        "owner_name": owner.name if owner else None,
    }


def _of_practice(practice: Practice) -> Mapping[str, str | None]:
    messaging = practice.clinic.settings.messaging
    return {
        "practice": messaging.sender_name or practice.clinic.name,
        "practice_phone": messaging.phone,
        "practice_email": messaging.email,
        "practice_website": messaging.website,
    }


def _of_appointment(
    appointment: Appointment | None, practice: Practice, language: Language
) -> Mapping[str, str | None]:
    if appointment is None:
        return {"appointment_date": None, "appointment_time": None, "appointment_type": None}
    types = practice.clinic.settings.visit_types
    local = appointment.wall_time
    return {
        "appointment_date": date_words(local, language),
        "appointment_time": time_words(local, language),
        "appointment_type": next((t.name for t in types if t.slug == appointment.type), None),
    }


def says_when(text: str, appointment: Appointment) -> bool:
    """Tell whether a text that names a date and a time names those of an appointment."""
    local = appointment.wall_time
    return any(
        date_words(local, language) in text and time_words(local, language) in text
        for language in Language
    )


def date_words(local: datetime, language: Language) -> str:
    """Write a local date: `Monday, November 2`, `lunes 2 de noviembre`.

    >>> date_words(datetime(2026, 11, 2), Language.SPANISH)
    'lunes 2 de noviembre'
    """
    day, month = _DAYS[language][local.weekday()], _MONTHS[language].split()[local.month - 1]
    if language is Language.SPANISH:
        return f"{day} {local.day} de {month}"
    return f"{day}, {month} {local.day}"


def time_words(local: datetime, language: Language) -> str:
    """Write a local time by the twelve-hour clock: `9:05 AM`, `9:05 a. m.`."""
    half = ("AM", "PM") if language is Language.ENGLISH else ("a. m.", "p. m.")
    hour = (local.hour - 1) % _NOON + 1
    return f"{hour}:{local.minute:02} {half[local.hour >= _NOON]}"


def _name(typed: str) -> str | None:
    """Take a name that reads like one; what else somebody typed in a form is not passed on."""
    name = " ".join(typed[: 2 * _MOST_NAME].split())
    is_short = len(name) <= _MOST_NAME and name.count(" ") < _MOST_WORDS
    is_plain = all(sign in _PUNCTUATION or unicodedata.category(sign)[0] in "LM" for sign in name)
    return name if name and is_short and is_plain and not _DOMAIN.search(name) else None


def _names(person: Contact | Patient, *, is_unknown: bool) -> tuple[str | None, str | None]:
    return (None, None) if is_unknown else (_name(person.first_name), _name(person.last_name))


def _joined(first: str | None, last: str | None) -> str | None:
    return " ".join(part for part in (first, last) if part) or None


def _one_line(text: Filled) -> Filled:
    return evolve(text, text=" ".join(text.text.split()))
