"""Where a family lives, and whose territory that is: by postal prefix, else by distance."""

from collections.abc import Iterable, Mapping
from math import asin, cos, radians, sin, sqrt

from orthocrm.core.lead import Lead
from orthocrm.core.routing import Routing, Territory

Point = tuple[float, float]
"""Degrees north and east."""

Places = Mapping[str, Point]
"""Where postal codes lie; codes in the form of `postal`."""

EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""

_SHORTEST_AREA = 3


def territory_of(lead: Lead, routing: Routing, places: Places) -> Territory | None:
    """Find the territory in which a lead's family lives; None when that cannot be told.

    The longest prefix of the postal code goes first, then the nearest centre within its reach;
    ties are decided by the order of the settings.
    """
    code = postal(lead.contact.address.postal_code or "")
    if not code:
        return None
    return _by_prefix(code, routing) or _by_distance(code, routing, places)


def postal(code: str) -> str:
    """Give a postal code without spaces and hyphens, in capitals."""
    return "".join(sign for sign in code.upper() if sign.isalnum())


def located(code: str, routing: Routing, places: Places) -> Point | None:
    """Find where a postal code lies, else the area with which it begins (ZIP+4: the ZIP)."""
    own = {postal(place.postal_code): place for place in routing.places}
    for end in range(len(code), _SHORTEST_AREA - 1, -1):
        area = code[:end]
        if area in own:
            return own[area].latitude, own[area].longitude
        if area in places:
            return places[area]
    return None


def kilometres(one: Point, two: Point) -> float:
    """Measure the great-circle distance (haversine)."""
    north, south = radians(one[0]), radians(two[0])
    rise, turn = north - south, radians(one[1] - two[1])
    chord = sin(rise / 2) ** 2 + cos(north) * cos(south) * sin(turn / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, chord)))


def places_of(rows: Iterable[Mapping[str, str]], code: str, north: str, east: str) -> Places:
    """Read places from the rows of a table, by the names of its columns.

    >>> places_of([{"zip": "60601", "lat": "41.8858", "lon": "-87.6229"}], "zip", "lat", "lon")
    {'60601': (41.8858, -87.6229)}
    """
    return {postal(row[code]): (float(row[north]), float(row[east])) for row in rows}


def _by_prefix(code: str, routing: Routing) -> Territory | None:
    found = [
        (len(prefix), part)
        for part in routing.territories
        if part.prefix is not None and code.startswith(prefix := postal(part.prefix))
    ]
    return max(found, key=lambda one: one[0])[1] if found else None


def _by_distance(code: str, routing: Routing, places: Places) -> Territory | None:
    around = [part for part in routing.territories if part.centre is not None]
    home = located(code, routing, places) if around else None
    if home is None:
        return None
    far = [(_distance(home, part, routing, places), part) for part in around]
    near = [(km, part) for km, part in far if km is not None and km <= _reach(part)]
    return min(near, key=lambda one: one[0])[1] if near else None


def _distance(home: Point, part: Territory, routing: Routing, places: Places) -> float | None:
    centre = located(postal(part.centre or ""), routing, places)
    return None if centre is None else kilometres(home, centre)


def _reach(part: Territory) -> float:
    return float("inf") if part.within_km is None else part.within_km
