"""Masks personal data and secrets in texts that somebody else wrote.

The library logs no personal data itself. This is for drivers, servers and plug-ins: whatever they
write, telephone numbers, e-mail addresses, the values of known personal fields, of query strings
and of secrets become `***`. A name in the middle of a sentence cannot be told from other words, so
plug-ins have to leave it out.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from orthocrm.core import access, audit, notifying
from orthocrm.core.activity import Activity
from orthocrm.core.appointment import Appointment
from orthocrm.core.lead import Lead
from orthocrm.core.marketing import ReferrerRecord
from orthocrm.core.masking import personal_paths
from orthocrm.core.task import Task

MASK = "***"

_NOUNS: tuple[type, ...] = (
    Lead,
    Activity,
    Appointment,
    Task,
    ReferrerRecord,
    notifying.Message,
    notifying.ConsentEntry,
    notifying.StaffContact,
    notifying.PushTarget,
    access.User,
    access.UserSecrets,
    audit.PersonalChange,
)
_FURTHER = (
    "name surname given_name family_name full_name display_name patient_name "
    "patient_first_name patient_last_name patient_born_on patient_age dob date_of_birth "
    "birth_date birthdate ssn email_address mail from_email to_email phone_number mobile "
    "telephone fax from sender recipient address street address_line1 address_line2 line1 "
    "line2 zip zip_code postcode member_id insurance_carrier insurance_member_id text "
    "message_body note comment evidence authorization cookie set-cookie x-api-key password "
    "passwd pwd secret token access_token refresh_token api_key apikey private_key signature "
    "csrf session recovery totp"
)
"""What others call the same things, and what opens doors."""

_MOST = 20_000
"""Nobody reads a longer line; what is beyond is left out rather than searched."""

_DEEPEST = 4

_URL_LOGIN = re.compile(r"(\w://)[^\s/@]{1,300}@")
_BEARER = re.compile(r"\b(Bearer|Basic|Digest|Negotiate)\s+[^\s,'\"]+", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>\"'(),;:=/?&*]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(
    r"(?<![\w.:/-])(?:\+|%2B|00)[1-9](?:[ ().-]{0,2}\d){6,14}(?!\w)"
    r"|(?<![\w.:-])(?:1[ .-]?)?\(?[2-9]\d{2}\)?[ .-]{0,2}\d{3}[ .-]?\d{4}(?![\w-])"
)
_SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_QUERY = re.compile(r"([?&;][\w.\[\]%-]{1,100}=)[^&;\s\"'<>]+")
_TOKEN = re.compile(
    r"(?<![\w-])(?=[\w-]{0,200}\d)(?=[\w-]{0,200}[A-Z])(?=[\w-]{0,200}[a-z])[\w-]{40,}"
)


def masked(text: str) -> str:
    """Mask what may be personal, or a secret, in a text.

    >>> masked("POST /hooks?to=%2B13125550142 by maria@example.com, first_name='Maria'")
    'POST /hooks?to=*** by ***, first_name=***'
    """
    cut = text if len(text) <= _MOST else f"{text[:_MOST]} ..."
    cut = _URL_LOGIN.sub(rf"\1{MASK}@", cut)
    cut = _QUERY.sub(rf"\1{MASK}", cut)
    cut = _BEARER.sub(rf"\1 {MASK}", cut)
    for pattern in (_EMAIL, _SSN, _PHONE, _TOKEN):
        cut = pattern.sub(MASK, cut)
    return _fields().sub(rf"\g<key>{MASK}", cut)


def masked_value(name: str, value: object, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON value
    """Give a value under a name as JSON may hold it: personal fields are masked, texts searched."""
    if value is None or isinstance(value, bool | int | float):
        return MASK if value is not None and _is_personal(name) else value
    if _is_personal(name) or depth > _DEEPEST:
        return MASK
    if isinstance(value, Mapping):
        return {masked(str(k)): masked_value(str(k), v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked_value(name, one, depth + 1) for one in value]
    return masked(value if isinstance(value, str) else repr(value))


def _is_personal(name: str) -> bool:
    return _plain(name) in _names()


def _plain(name: str) -> str:
    """Write a name as no style does: firstName, first_name and First-Name are one."""
    return re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())


@cache
def _names() -> frozenset[str]:
    return frozenset(map(_plain, _known()))


def _known() -> Iterable[str]:
    """Give the names of every personal field, as nouns mark them, and of their parts."""
    for noun in _NOUNS:
        for path in personal_paths(noun):
            yield path.rpartition(".")[2]
    yield from _FURTHER.split()


@cache
def _fields() -> re.Pattern[str]:
    """Find personal fields with their values: name='...', "name": "...", name=..., name: ..."""
    styles = {style for name in _known() for style in _styles(name)}
    keys = "|".join(sorted(map(re.escape, styles), key=lambda key: (-len(key), key)))
    quoted = r"b?'(?:[^'\\\n]|\\.)*'|b?\"(?:[^\"\\\n]|\\.)*\""
    return re.compile(
        rf"(?P<key>(?<![\w-])['\"]?(?:{keys})['\"]?(?:\s?=\s?|:\s?|',\s*b?(?=')))"
        rf"(?:{quoted}|[^\s'\",;&)\]}}*][^\n,;&)\]}}]*)",
        re.IGNORECASE,
    )


def _styles(name: str) -> Iterable[str]:
    head, *rest = name.split("_")
    yield name
    if rest:
        yield head + "".join(part.title() for part in rest)
        yield "-".join((head, *rest))
