"""Streets, cities and postal codes, however they are abbreviated."""

import re

from attrs import field, frozen
from rapidfuzz.distance import OSA

from orthocrm.core.masking import PERSONAL, mask
from orthocrm.leads.matching.agreement import Agreement
from orthocrm.leads.matching.names import alike, words_of

ALIKE = 0.9
"""Jaro-Winkler similarity from which two streets or cities count as one, misspelt."""

SIMILAR = 0.75
"""Similarity of streets that will do when the house number is the same."""

SLIPS = 2
"""Letters that may be wrong in the name of a city."""

_NUMBER = re.compile(r"\d+[a-z]?")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")


@frozen
class Street:
    """A street line: the house number, and the words that name the street."""

    number: str = field(default="", repr=mask, metadata=PERSONAL)
    name: str = field(default="", repr=mask, metadata=PERSONAL)


def street_of(line: str) -> Street:
    """Read a street line without its type, direction and flat."""
    words = [_plain_word(word) for word in words_of(line)]
    number = words.pop(0) if words and _NUMBER.fullmatch(words[0]) else ""
    for at, word in enumerate(words):
        if word in _ENDINGS and at:
            words = words[:at]
            break
    said = [word for word in words if word not in _UNSAID]
    return Street(number, " ".join(said or words))


def _plain_word(word: str) -> str:
    ordinal = _ORDINAL.fullmatch(word)
    return ordinal[1] if ordinal else _ORDINALS.get(word, word)


def streets_agree(one: Street, two: Street) -> Agreement:
    """Compare two streets; PART is the same street without a number that could be compared."""
    if not one.name or not two.name:
        return Agreement.UNKNOWN
    likeness = 1.0 if one.name == two.name else alike(one.name, two.name)
    if not one.number or not two.number:
        return Agreement.PART if likeness >= ALIKE else Agreement.DIFFERENT
    if one.number == two.number:
        return _same_number(likeness)
    slipped = OSA.distance(one.number, two.number, score_cutoff=1) <= 1
    return Agreement.NEAR if likeness >= ALIKE and slipped else Agreement.DIFFERENT


def _same_number(likeness: float) -> Agreement:
    if likeness >= ALIKE:
        return Agreement.SAME
    return Agreement.SLIP if likeness >= SIMILAR else Agreement.DIFFERENT


def cities_agree(one: str, two: str) -> Agreement:
    """Compare two folded cities; PART is a quarter or a longer name of the other."""
    if not one or not two:
        return Agreement.UNKNOWN
    if one == two:
        return Agreement.SAME
    if alike(one, two) >= ALIKE or OSA.distance(one, two, score_cutoff=SLIPS) <= SLIPS:
        return Agreement.SLIP
    return Agreement.PART if one in two or two in one else Agreement.DIFFERENT


def postal_codes_agree(one: str, two: str) -> Agreement:
    """Compare two folded postal codes of five signs at the most."""
    if not one or not two:
        return Agreement.UNKNOWN
    if one == two:
        return Agreement.SAME
    return Agreement.SLIP if OSA.distance(one, two, score_cutoff=1) <= 1 else Agreement.DIFFERENT


_LEFT_OUT = """
n s e w ne nw se sw north south east west northeast northwest southeast southwest
street st str avenue ave av road rd drive dr drv lane ln boulevard blvd blv court ct crt circle cir
crescent cres cr place pl plaza plz parkway pkwy pwy terrace ter terr trail trl way wy highway hwy
route rt rte square sq close cl grove gr the of
"""

_UNSAID = frozenset(_LEFT_OUT.split())
"""Words of a street line that are often left out or abbreviated, and tell few streets apart."""

_BEHIND = "apt apartment unit ste suite flat floor fl room rm villa lot between near off at po"

_ENDINGS = frozenset(_BEHIND.split())
"""Words behind which a street line tells no more about the street."""

_IN_ORDER = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"

_ORDINALS = {word: str(number) for number, word in enumerate(_IN_ORDER.split(), start=1)}
