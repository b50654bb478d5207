"""In which states of the USA somebody may be: by the address, and by where a number was given out.

States are named by their two letters (USPS), as in addresses.
"""

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException

from orthocrm.core.states import state_code

_EASTERN, _CENTRAL = "America/New_York", "America/Chicago"
_MOUNTAIN, _PACIFIC = "America/Denver", "America/Los_Angeles"
_IN_ZONES = (
    (_EASTERN, "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC TN VA VT WV"),
    (_CENTRAL, "AL AR FL IA IL IN KS KY LA MI MN MO MS ND NE OK SD TN TX WI"),
    (_MOUNTAIN, "AZ CO ID KS MT ND NE NM NV OR SD TX UT WY"),
    (_PACIFIC, "CA ID NV OR WA"),
    ("America/Phoenix", "AZ"),
    ("America/Anchorage", "AK"),
    ("America/Adak", "AK"),
    ("Pacific/Honolulu", "HI"),
    ("America/Puerto_Rico", "PR"),
)
"""Which zones a state has a part in (49 CFR 71), one for all that keep the same time."""


def states_of(number: str | None, said: str | None) -> frozenset[str]:
    """Give the states of a number, in E.164, and of an address, as far as they are known."""
    of_address = None if said is None else state_code(said)
    of_number = None if number is None else _given_out(number)
    return frozenset(state for state in (of_address, of_number) if state is not None)


def zones_of_state(said: str | None) -> tuple[str, ...]:
    """Give every zone in which an address may lie of which the state is known."""
    code = None if said is None else state_code(said)
    return tuple(name for name, states in _IN_ZONES if code in states.split())


@lru_cache(maxsize=4096)
def _given_out(number: str) -> str | None:
    """Give the state of an area code; many numbers name a city before it."""
    from phonenumbers import geocoder  # noqa: PLC0415 - slow import

    try:
        place = geocoder.description_for_number(phonenumbers.parse(number), "en")
    except NumberParseException:
        return None
    return state_code(place.rpartition(", ")[2])
