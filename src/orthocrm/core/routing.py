"""Which coordinators are asked for which leads: pools, and what leads to them."""

from collections.abc import Callable
from math import isfinite

from attrs import frozen

from orthocrm.core import limits
from orthocrm.core.ids import SourceId, UserId
from orthocrm.core.source import LeadSourceCategory

EVERYBODY = "default"
"""The rotation of all coordinators; no pool may take its name."""


@frozen(kw_only=True)
class Pool:
    """Coordinators who share leads among themselves, in a rotation of their own."""

    name: str
    members: tuple[UserId, ...]


@frozen(kw_only=True)
class SourceRoute:
    """Leads of one source, or of a whole category, go to a pool; the source goes first."""

    pool: str
    source_id: SourceId | None = None
    category: LeadSourceCategory | None = None


@frozen(kw_only=True)
class Territory:
    """Families whose postal code begins with `prefix`, or who live around `centre`, go to a pool.

    `centre` is a postal code whose place is known; without `within_km` no distance is too far.
    """

    pool: str
    prefix: str | None = None
    centre: str | None = None
    within_km: float | None = None


@frozen(kw_only=True)
class Place:
    """Where a postal code lies, in degrees north and east."""

    postal_code: str
    latitude: float
    longitude: float


@frozen(kw_only=True)
class Routing:
    """A clinic's pools, and which leads they get. `places` go before those of plug-ins."""

    pools: tuple[Pool, ...] = ()
    sources: tuple[SourceRoute, ...] = ()
    territories: tuple[Territory, ...] = ()
    places: tuple[Place, ...] = ()


def has_pools(routing: Routing) -> bool:
    """Whether every pool has a name of its own and members, each named once."""
    names = [pool.name for pool in routing.pools]
    taken = {*names, EVERYBODY}
    return len(taken) == len(names) + 1 and all(
        _is_label(pool.name)
        and bool(pool.members)
        and len(set(pool.members)) == len(pool.members)
        and all(_is_label(member) for member in pool.members)
        for pool in routing.pools
    )


def has_sources(routing: Routing) -> bool:
    """Whether every route names a known pool, and either a source or a category, once."""
    known = {pool.name for pool in routing.pools}
    given = [(route.source_id, route.category) for route in routing.sources]
    return (
        len(set(given)) == len(given)
        and all(route.pool in known for route in routing.sources)
        and all((source is None) is not (category is None) for source, category in given)
    )


def has_territories(routing: Routing) -> bool:
    """Whether every territory names a known pool, and either a prefix or a centre."""
    known = {pool.name for pool in routing.pools}
    return all(part.pool in known and _has_one_place(part) for part in routing.territories)


def has_places(routing: Routing) -> bool:
    """Whether every place lies on the earth."""
    return all(
        _is_label(place.postal_code)
        and _is_within(place.latitude, 90)
        and _is_within(place.longitude, 180)
        for place in routing.places
    )


def _has_one_place(part: Territory) -> bool:
    if part.prefix is not None:
        return _is_label(part.prefix) and part.centre is None and part.within_km is None
    far = part.within_km
    return _is_label(part.centre) and (far is None or (_is_number(far) and far > 0))


def _is_label(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= limits.REFERENCE


def _is_within(value: object, most: int) -> bool:
    return _is_number(value) and isinstance(value, int | float) and abs(value) <= most


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


ROUTING_CHECKS: tuple[tuple[str, str, Callable[[Routing], bool]], ...] = (
    ("pools", "give each pool a name of its own and members, each of them once", has_pools),
    ("sources", "name a pool, and a source or a category, each of them once", has_sources),
    ("territories", "name a pool, and a prefix or a centre", has_territories),
    ("places", "give degrees of latitude and longitude", has_places),
)
"""What has to hold of each part, and what to say when it does not."""
