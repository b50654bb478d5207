"""Addresses and lines of text as carriers may get them: nothing in them can become a header."""

import re
import unicodedata

from orthocrm.core.errors import ConfigurationError
from orthocrm.core.limits import EMAIL
from orthocrm.core.notifying import CarrierError

_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[^\s@<>()\[\]\\,;:\"]{1,253}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_LINK = re.compile(r"https://[!#-;=?-~]{1,800}")
_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})


def mailbox(text: str) -> str:
    """Check an e-mail address; the domain is written in ASCII."""
    if len(text) <= EMAIL and text.isprintable() and _ADDRESS.fullmatch(text):
        local, _, domain = text.rpartition("@")
        try:
            return f"{local}@{domain.encode('idna').decode()}"
        except UnicodeError:
            pass
    raise CarrierError("bad_address", permanent=True)


def number(text: str) -> str:
    """Check a telephone number in E.164."""
    if _NUMBER.fullmatch(text) is None:
        raise CarrierError("bad_address", permanent=True)
    return text


def line(text: str, reason: str) -> str:
    """Check a text that becomes a header."""
    if not is_one_line(text):
        raise CarrierError(reason, permanent=True)
    return text


def link(url: str) -> str:
    """Check an address that becomes a header between angle brackets."""
    if _LINK.fullmatch(url) is None:
        raise CarrierError("bad_link", permanent=True)
    return url


def is_one_line(text: str) -> bool:
    """Tell whether a text has no control characters, line breaks of any kind or half pairs."""
    return not any(unicodedata.category(sign) in _BREAKING for sign in text)


def check_sender(sender: str, name: str | None) -> None:
    """Refuse a sender of the installation's that cannot be one."""
    try:
        mailbox(sender)
        line(name or "", "")
    except CarrierError:
        raise ConfigurationError("sender: give an e-mail address, and a name of one line") from None


def check_seconds(seconds: float) -> None:
    """Refuse a time limit that is none."""
    if not 0 < seconds <= 120:  # noqa: PLR2004 - said in the message
        raise ConfigurationError("seconds: give more than 0 and at most 120")
