"""Searching leads as somebody types: by the beginnings of names, by number or by address."""

from attrs import field, frozen

from orthocrm.core import limits
from orthocrm.core.lead import Lead
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.people import Phone
from orthocrm.core.reading import Reading
from orthocrm.leads.matching.names import words_of

FEWEST_DIGITS = 3
"""Fewer digits than these are taken for a part of a name or an address."""

_SEPARATORS = " +-./()"


@frozen(kw_only=True)
class Wanted:
    """What was typed: folded words, the digits of a number, or the beginning of an address."""

    words: tuple[str, ...] = field(default=(), repr=mask, metadata=PERSONAL)
    digits: str = field(default="", repr=mask, metadata=PERSONAL)
    address: str = field(default="", repr=mask, metadata=PERSONAL)

    def fits(self, lead: Lead) -> bool:
        """Whether a lead is one of those that are looked for."""
        if self.digits:
            numbers = (lead.contact.phone, lead.contact.phone_alt)
            return any(self.digits in _digits(phone) for phone in numbers)
        if self.address:
            email = lead.contact.email
            return email is not None and email.address.startswith(self.address)
        known = _names(lead)
        return all(any(name.startswith(word) for name in known) for word in self.words)


def wanted(text: str) -> Wanted:
    """Read what was typed.

    Digits alone, however they are separated, are looked for in both numbers; a text with an `@`
    is the beginning of an address; else each word has to begin one of the names of the patient
    or of the contact, whatever the case and the accents, in any order.

    Raises:
        InvalidInput: at `text`, when there is nothing to look for.
    """
    reading = Reading()
    typed = reading.text("text", text, limits.QUERY) or ""
    plain = typed.translate(dict.fromkeys(map(ord, _SEPARATORS)))
    if plain.isdecimal() and len(plain) >= FEWEST_DIGITS:
        return Wanted(digits=plain)
    if "@" in typed:
        return Wanted(address=typed.strip().casefold())
    words = tuple(words_of(typed))
    if not words:
        reading.required("text", None, "type a name, a number or an address")
    reading.finish()
    return Wanted(words=words)


def _names(lead: Lead) -> list[str]:
    patient, contact = lead.patient, lead.contact
    named = (patient.first_name, patient.last_name, contact.first_name, contact.last_name)
    return [word for name in named for word in words_of(name)]


def _digits(phone: Phone | None) -> str:
    return "" if phone is None else phone.number.removeprefix("+")
