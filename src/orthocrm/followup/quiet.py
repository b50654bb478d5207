"""In which zones somebody may be whose number is known: their quiet hours all count.

A number says where it was given out, not where its owner is: all of its zones count, and that of
the practice.
"""

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException
from phonenumbers.timezone import (
    time_zones_for_geographical_number,
    time_zones_for_number,
)

_UNKNOWN = "Etc/Unknown"


@lru_cache(maxsize=4096)
def zones_of(number: str | None, own: str) -> tuple[str, ...]:
    """Give the zones in which the owner of a number may be, that of the practice among them.

    Args:
        number: in E.164; None for recipients of whom no number is known.
        own: the zone of the practice.
    """
    return tuple(sorted({own, *_zones(number)} - {_UNKNOWN}))


def _zones(number: str | None) -> tuple[str, ...]:
    if number is None:
        return ()
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return ()
    found: tuple[str, ...] = time_zones_for_number(parsed)
    return found if _UNKNOWN not in found else time_zones_for_geographical_number(parsed)


@lru_cache(maxsize=4096)
def zone_of(number: str | None, own: str) -> str:
    """Give the zone by whose clocks somebody lives: the only one of a number, else the practice's.

    Args:
        number: in E.164; None for recipients of whom no number is known.
        own: the zone of the practice.
    """
    found = {*_zones(number)} - {_UNKNOWN}
    return found.pop() if len(found) == 1 else own
