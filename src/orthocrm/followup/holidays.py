"""Public holidays as closed days, by the library `holidays` of the extra `calendar`.

Days on which a holiday is observed instead (a Monday after a Sunday) are closed as well.
"""

from datetime import date
from functools import lru_cache

from orthocrm.core.errors import InvalidInput, MissingExtra

_FIRST_YEAR, _LAST_YEAR = 1900, 2200


@lru_cache(maxsize=512)
def public_holidays(place: str, year: int) -> frozenset[date]:
    """Give the public holidays of a country (`US`) or a part of it (`US-TX`) in a year.

    Raises:
        MissingExtra: the extra `calendar` is not installed.
        InvalidInput: nobody knows the holidays of that place.
    """
    try:
        import holidays  # noqa: PLC0415 - optional dependency
    except ImportError as error:
        raise MissingExtra("calendar", "a calendar with public holidays") from error
    country, _, part = place.partition("-")
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return frozenset()
    try:
        found = holidays.country_holidays(country, subdiv=part or None, years=year)
    except (NotImplementedError, KeyError):
        message = "no holidays are known for this place"
        raise InvalidInput.at("holidays", "unknown_place", message) from None
    return frozenset(day for day in found if day.year == year)


def check(place: str | None, year: int) -> None:
    """Refuse a place of which no holidays are known, and one that needs what is not installed."""
    if place is not None:
        public_holidays(place, year)
