"""The address with which somebody logs in, in the form in which it is compared."""

import re
import unicodedata
from typing import Final

from orthocrm.core import limits
from orthocrm.core.reading import Reading

_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def read_login(reading: Reading, raw: object, path: str = "email") -> str | None:
    """Read an e-mail address, case-folded; None where nothing or nothing good was given.

    >>> read_login(Reading(), " Ana@Bright.example ")
    'ana@bright.example'
    """
    text = reading.text(path, raw, limits.EMAIL)
    if text is None:
        return None
    address = unicodedata.normalize("NFKC", text).casefold()
    if len(address) > limits.EMAIL or not _ADDRESS.fullmatch(address):
        reading.refuse(path, "not_an_email", "give an address such as name@example.com")
        return None
    return address
