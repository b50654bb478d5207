"""Consent to be written to: what the ledger says, and what families mean by their answers.

Sources: 47 CFR 64.1200 (a text needs consent that was given, a revocation holds in any reasonable
wording, a clinic may write between 8 and 21 h), CAN-SPAM (e-mail may be sent until its recipient
objects). What a family prefers is no consent.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import ConsentId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.notifying import ConsentEntry, MessageChannel, Purpose
from orthocrm.core.ports import IdSource
from orthocrm.core.reading import Reading

NO_CONSENT, OPTED_OUT = "no_consent", "opted_out"
"""Why the ledger keeps a message back."""

_EMAIL, _SMS = MessageChannel.EMAIL, MessageChannel.SMS
_KINDS = {_EMAIL: "email", _SMS: "phone"}


class Intent(StrEnum):
    """What an answer says about being written to."""

    STOP = "STOP"
    START = "START"


@frozen(kw_only=True)
class NewConsent:
    """What somebody records: raw values, checked by `recorded`.

    Attributes:
        purpose: None for every purpose.
        at: When the family said so; now when missing.
        evidence: How it is known (a signed form, a call at a date); a grant needs it.
        address: Which of the lead's numbers or addresses; the main one when missing.
    """

    channel: MessageChannel
    granted: bool
    purpose: Purpose | None = None
    at: datetime | None = None
    evidence: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    address: str | None = field(default=None, repr=mask, metadata=PERSONAL)


def address_key(channel: MessageChannel, address: str) -> str | None:
    """Give the match key by which the ledger knows an address; push and webhooks have none."""
    kind = _KINDS.get(channel)
    return None if kind is None else f"{kind}:{address}"


def said(entries: Iterable[ConsentEntry], channel: MessageChannel, purpose: Purpose) -> bool | None:
    """Tell what the newest entry about a purpose says; None when there is none.

    The newest is that of the latest `at`, whenever it was written down; of two of the same instant
    the revocation holds.
    """
    about = [e for e in entries if e.channel is channel and e.purpose in (None, purpose)]
    return max(about, key=lambda e: (e.at, not e.granted)).granted if about else None


def refusal(
    entries: Iterable[ConsentEntry], channel: MessageChannel, purpose: Purpose
) -> str | None:
    """Say why a message must not go: `opted_out`, `no_consent`, or None when it may.

    Families get no text without having agreed, and e-mail until they object; staff chose their
    channels themselves, and may object like anybody.
    """
    told = said(entries, channel, purpose)
    if told is not None:
        return None if told else OPTED_OUT
    return NO_CONSENT if channel is _SMS and purpose is not Purpose.STAFF else None


def recorded(
    lead: Lead, given: NewConsent, *, now: datetime, by: UserId, ids: IdSource
) -> ConsentEntry:
    """Make the entry of what a family said.

    Raises:
        InvalidInput: names every field that is wrong; a grant without evidence is refused.
    """
    if not isinstance(given, NewConsent):
        raise InvalidInput.at("given", "wrong_type", "give a NewConsent")
    reading = Reading()
    channel = reading.choice("channel", given.channel, MessageChannel)
    reading.required("channel", channel)
    granted = reading.flag("granted", given.granted)
    reading.required("granted", granted)
    purpose = reading.choice("purpose", given.purpose, Purpose)
    at = reading.past("at", given.at, now)
    evidence = reading.prose("evidence", given.evidence)
    if granted:
        reading.required("evidence", evidence, "say how the consent is known")
    wanted = reading.text("address", given.address, limits.EMAIL)
    address = _address(reading, lead, channel, wanted)
    reading.finish()
    return ConsentEntry(
        id=ConsentId(ids()),
        clinic_id=lead.clinic_id,
        channel=channel or _EMAIL,
        address=address,
        granted=bool(granted),
        at=at or now,
        created_at=now,
        created_by=by,
        purpose=purpose,
        lead_id=lead.id,
        evidence=evidence,
    )


def _address(
    reading: Reading, lead: Lead, channel: MessageChannel | None, wanted: str | None
) -> str:
    if channel is None:
        return ""
    known = addresses(lead, channel)
    found = next((one for one in known if wanted in (None, one)), None)
    key = None if found is None else address_key(channel, found)
    if key is None:
        reading.refuse("address", "no_address", "the contact has no such address on this channel")
        return ""
    return key


def addresses(lead: Lead, channel: MessageChannel) -> Sequence[str]:
    """Give the addresses of a lead's contact on a channel, the main one first."""
    contact = lead.contact
    if channel is _EMAIL:
        return [contact.email.address] if contact.email else []
    if channel is _SMS:
        return [phone.number for phone in (contact.phone, contact.phone_alt) if phone]
    return []


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STOPPING = _words(
    "stop stopall stopp quit end revoke optout cancel unsubscribe unsub remove "
    "alto basta parar pare paren para detener detengan cancelar cancele baja fin desuscribir "
    "desuscribirme desuscribanme eliminar eliminenme"
)
"""Words that end it when they stand alone; 47 CFR 64.1200(a)(10) names the first ones."""

_STARTING = _words(
    "start unstop resume optin subscribe resubscribe alta iniciar reanudar suscribir suscribirme"
)

_FILLING = _words(
    "please pls plz now ok okay thanks thank you hi hello hey hola the all any it this these "
    "your my text texts texting message messages messaging msg msgs sms email emails mail mails "
    "immediately again por favor ya gracias todo todos los las el la de mensaje mensajes correo "
    "correos texto textos ahora mi me ahorita"
)
"""Words that change nothing about a word that stands alone."""

_SEND = "text|texting|message|messaging|msg|sms|send|sending|contact|contacting|write|writing|email"
_SPAM = "texts?|messages?|msgs?|sms|emails?|spam|contact"
_ESCRIBIR = "escrib\\w*|envi\\w*|mand\\w*|contact\\w*|molest\\w*|text\\w*"
_PHRASES = re.compile(
    rf"\bstop (?:all )?(?:the |these |those |your |this |any |with )?(?:{_SEND}|{_SPAM}|bothering|"
    r"harassing|it|this)\b"
    rf"|\b(?:do not|dont|never) (?:ever )?(?:{_SEND}) (?:to )?(?:me|us|this|here|again|any|"
    r"anything|more)\b"
    rf"|\b(?:no more |no further |not want (?:any )?(?:more )?(?:of )?(?:your |these |to get |to "
    rf"receive )*|dont want (?:any )?(?:more )?(?:of )?(?:your |these |to get |to receive )*)"
    rf"(?:any )?(?:more )?(?:{_SPAM})\b"
    r"|\bunsubscribe\b|\bopt(?:ing|ed)? (?:me |us )?out\b|\bopt-?out\b"
    r"|\b(?:remove|take|delete) (?:me|us|my number|this number|my name)\b"
    r"|\bleave (?:me|us) alone\b|\blose (?:my|this) number\b"
    r"|\b(?:revoke|withdraw) (?:my |our )?consent\b"
    rf"|\bno (?:me|nos) (?:\w+ )?(?:{_ESCRIBIR})"
    rf"|\bno (?:{_ESCRIBIR}) mas\b|\bno mas (?:mensajes?|textos?|correos?|sms)\b"
    rf"|\bdej(?:e|en|a) de (?:{_ESCRIBIR}|molestar\w*)"
    r"|\b(?:darme|deme|denme|dar|date|dense) de baja\b|\bquit(?:eme|enme|ame)\b"
    r"|\b(?:borr|elimin)(?:eme|enme|e|en|ame)\b.* (?:numero|lista)"
    r"|\bno quiero (?:recibir )?(?:mas )?(?:sus )?(?:mensajes?|textos?|correos?|sms)\b"
    r"|\bno (?:deseo|quiero) (?:que (?:me|nos) |recibir)"
)
"""Wordings that mean it wherever they stand in an answer."""

_MOST_READ = 1_000
"""Nobody reads an essay for a keyword; what comes later is read by people."""


def intent_of(text: str) -> Intent | None:
    """Read from an answer whether the family wants to hear no more, or to hear again.

    In doubt about a revocation it is one; nobody is taken to agree who does not say just that.

    >>> intent_of("Please STOP."), intent_of("I'll stop by at 3"), intent_of("Start")
    (<Intent.STOP: 'STOP'>, None, <Intent.START: 'START'>)
    """
    folded = _folded(text)
    words = [word for word in folded.split() if word not in _FILLING]
    together = folded.replace(" ", "")
    if together in _STOPPING or (words and _STOPPING.issuperset(words)):
        return Intent.STOP
    if _PHRASES.search(folded):
        return Intent.STOP
    if together in _STARTING or (words and _STARTING.issuperset(words)):
        return Intent.START
    return None


def _folded(text: str) -> str:
    """Give the words in lower case, without accents and signs; apostrophes join, others part."""
    joined = re.sub("['`\N{RIGHT SINGLE QUOTATION MARK}]", "", text[:_MOST_READ].casefold())
    plain = unicodedata.normalize("NFKD", joined)
    kept = (sign for sign in plain if not unicodedata.combining(sign))
    return " ".join("".join(sign if sign.isalnum() else " " for sign in kept).split())
