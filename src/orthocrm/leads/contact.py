"""Reading phone numbers and e-mail addresses as people type them.

Phones follow the library `phonenumbers`: a number that could exist is accepted even where the
carriers' tables do not know it, because those tables are always behind. Letters are refused
although the library would dial them: `1-800-FLOWERS` on a form is a joke or a mistake.

E-mail addresses are plain ones, `local@domain.tld`, in any script. Refused although some standard
allows them: quoted local parts, display names, comments, addresses in brackets, host names.
"""

import re
import unicodedata

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.people import Email, Phone
from orthocrm.core.reading import undirected

_PLAIN_US = re.compile(
    r"(?:\+?1[-. ]?)?(?:\(([2-9][0-9]{2})\) ?|([2-9][0-9]{2})[-. ]?)([0-9]{3})[-. ]?([0-9]{4})"
)
"""The usual ways to write a number of the United States, which need no library."""

_LABEL = re.compile(r"[^\W\d_]{1,10}\.?:\s*")
"""What forms and address books put before a number: `Tel.:`, `p:`."""

_EXTENSION = re.compile(
    r"[\s,;-]*(?:ext(?:ensi[oó]n?)?|e?xtn?|xtensi[oó]n?|int|доб|x|#)"
    r"[\s.:,=]*[0-9]{1,20}#?\s*",
    re.IGNORECASE,
)

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_HOST = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(
    rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_HOST}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})"
)


def read_phone(text: object, region: str, path: str) -> Phone:
    """Read a phone number; `region` is the country of numbers that name none."""
    number = undirected(_short(text, limits.PHONE, path, "not_a_phone")).strip()
    plain = _PLAIN_US.fullmatch(number) if region == "US" else None
    if plain is not None:
        return Phone("+1" + "".join(group for group in plain.groups() if group))
    label = _LABEL.match(number)
    return _parsed(number[label.end() :] if label else number, region, path)


def _parsed(number: str, region: str, path: str) -> Phone:
    if any(_is_letter(sign) for sign in _without_extension(number)):
        raise _no_phone(path)
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        raise _no_phone(path) from None
    if not phonenumbers.is_possible_number(parsed):
        raise _no_phone(path)
    return Phone(phonenumbers.format_number(parsed, PhoneNumberFormat.E164), parsed.extension or "")


def _is_letter(sign: str) -> bool:
    """Tell letters from signs that only count as such, like the Japanese long dash."""
    return sign.isalpha() and unicodedata.category(sign) != "Lm"


def _without_extension(number: str) -> str:
    folded = unicodedata.normalize("NFKC", number)
    marks = [mark for mark in _EXTENSION.finditer(folded) if mark.end() == len(folded)]
    return folded[: marks[0].start()] if marks else folded


def _no_phone(path: str) -> InvalidInput:
    return InvalidInput.at(path, "not_a_phone", "give a phone number with its area code, in digits")


def read_email(text: object, path: str) -> Email:
    """Read an e-mail address; its `address` is case-folded for comparison."""
    typed = _short(text, limits.EMAIL, path, "not_an_email")
    address = _folded(typed)
    if len(address) > limits.EMAIL or not _ADDRESS.fullmatch(_shadow(address)):
        raise InvalidInput.at(path, "not_an_email", "give an address such as name@example.com")
    return Email(address, typed)


def _folded(typed: str) -> str:
    if typed.isascii():
        return typed.lower()
    folded = unicodedata.normalize("NFKC", typed).casefold()
    return unicodedata.normalize("NFKC", folded)


def _shadow(address: str) -> str:
    """Put an `x` for every letter, mark and digit beyond ASCII, so that one pattern serves all.

    A combining mark without a letter before it stays, and is refused by the pattern.
    """
    if address.isascii():
        return address
    shadow = ""
    for sign in address:
        kind = "" if sign.isascii() else unicodedata.category(sign)[0]
        is_letter = kind in ("L", "N") or (kind == "M" and shadow[-1:].isalnum())
        shadow += "x" if is_letter else sign
    return shadow


def _short(text: object, most: int, path: str, code: str) -> str:
    if not isinstance(text, str):
        raise InvalidInput.at(path, "wrong_type", "give a text")
    if len(text) > most:
        raise InvalidInput.at(path, code, f"give at most {most} characters")
    return text
