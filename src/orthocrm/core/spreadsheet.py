"""Texts in files that people open with a spreadsheet."""

import re

SIGNS = "=+\\-@\t\uff1d\uff0b\uff0d\uff20"
"""Signs that begin a formula, for an expression; the last four are their full-width forms."""

_FORMULA = re.compile(f"'*[{SIGNS}]|[\r\n\0]")


def safe(text: str) -> str:
    """Put a quote before a text that a spreadsheet would take for a formula.

    An import takes that quote off again: E.164 phone numbers begin with a plus sign. So a text that
    has quotes before such a sign gets one more.

    >>> safe("+13125550142"), safe("'=1"), safe("Ann")
    ("'+13125550142", "''=1", 'Ann')
    """
    return "'" + text if _FORMULA.match(text) else text
