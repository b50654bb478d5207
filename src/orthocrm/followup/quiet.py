"""In which zones somebody may be: their quiet hours all count.

A number says where it was given out, not where its owner is: all of its zones count, those of the
state in the address, and that of the practice.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException
from phonenumbers.timezone import (
    time_zones_for_geographical_number,
    time_zones_for_number,
)

from orthocrm.core.messaging import QuietHours
from orthocrm.core.people import Contact
from orthocrm.core.quiet import is_quiet
from orthocrm.core.settings import Clinic
from orthocrm.followup.states import states_of, zones_of_state

_UNKNOWN = "Etc/Unknown"


@lru_cache(maxsize=4096)
def zones_of(number: str | None, own: str, said: str | None = None) -> tuple[str, ...]:
    """Give the zones in which the owner of a number may be, that of the practice among them.

    Args:
        number: in E.164; None for recipients of whom no number is known.
        own: the zone of the practice.
        said: the state of their address, if it is known.
    """
    return tuple(sorted({own, *_zones(number), *zones_of_state(said)} - {_UNKNOWN}))


def _zones(number: str | None) -> tuple[str, ...]:
    if number is None:
        return ()
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return ()
    found: tuple[str, ...] = time_zones_for_number(parsed)
    return found if _UNKNOWN not in found else time_zones_for_geographical_number(parsed)


def hours_of(
    own: QuietHours, by_state: Mapping[str, QuietHours], number: str | None, said: str | None
) -> tuple[QuietHours, ...]:
    """Give all quiet hours that hold for somebody: the clinic's, and those of their states.

    Args:
        own: those of the clinic's settings.
        by_state: by two letters, as plug-ins know them.
        number: in E.164; None for recipients of whom no number is known.
        said: the state of their address, if it is known.
    """
    states = sorted(states_of(number, said)) if by_state else []
    return (own, *(by_state[state] for state in states if state in by_state))


def is_quiet_for(
    contact: Contact, at: datetime, clinic: Clinic, by_state: Mapping[str, QuietHours]
) -> bool:
    """Whether a family would be disturbed: by the clinic's quiet hours, or those of its states.

    `by_state` holds the hours of states by two letters, as plug-ins know them.
    """
    number = contact.phone.number if contact.phone else None
    hours = hours_of(clinic.settings.messaging.quiet, by_state, number, contact.address.state)
    return is_quiet(at, hours, zones_of(number, clinic.timezone, contact.address.state))


@lru_cache(maxsize=4096)
def zone_of(number: str | None, own: str) -> str:
    """Give the zone by whose clocks somebody lives: the only one of a number, else the practice's.

    Args:
        number: in E.164; None for recipients of whom no number is known.
        own: the zone of the practice.
    """
    found = {*_zones(number)} - {_UNKNOWN}
    return found.pop() if len(found) == 1 else own
