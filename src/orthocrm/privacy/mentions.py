"""Whether a text that nobody could read speaks of somebody, by their numbers and addresses."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_plus

_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_LEAST_DIGITS: Final = 7


def mentions(body: bytes, addresses: Iterable[str]) -> bool:
    """Tell whether one of some match keys (`phone:+1…`, `email:…`) stands in a body.

    Numbers are compared by their last ten digits, however they are grouped; addresses whatever
    their case. Forms and JSON may have escaped them.

    >>> mentions(b"email=Ann%40Example.com&phone=(312)+555-0142", ["email:ann@example.com"])
    True
    >>> mentions(b"phone=(312)+555-0142", ["phone:+13125550142"])
    True
    >>> mentions(b"phone=(312)+555-0143", ["phone:+13125550142", "email:"])
    False
    """
    written = body.decode("utf-8", "replace")
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), written)
    texts = [text.casefold() for text in (plain, unquote_plus(plain))]
    digits = ["".join(filter(str.isdigit, text)) for text in texts]
    return any(_stands(address, texts, digits) for address in addresses)


def _stands(address: str, texts: Iterable[str], digits: Iterable[str]) -> bool:
    kind, _, own = address.partition(":")
    if kind == "phone":
        number = "".join(filter(str.isdigit, own))[-10:]
        return len(number) >= _LEAST_DIGITS and any(number in text for text in digits)
    return bool(own) and any(own.casefold() in text for text in texts)
