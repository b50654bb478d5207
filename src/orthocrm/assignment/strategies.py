"""The links of the chain that decides who gets a lead.

A link either decides, by naming one of the candidates, or narrows them for the links behind it, or
leaves the matter as it is. The clinic's settings name the links in order.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from attrs import frozen

from orthocrm.assignment.eligibility import AT_CAPACITY, is_full
from orthocrm.assignment.territory import Places, territory_of
from orthocrm.core.coordinator import Coordinator
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead
from orthocrm.core.routing import Pool
from orthocrm.core.settings import Practice

STICKY = "sticky"
SOURCE = "source"
TERRITORY = "territory"
SCHEDULE = "schedule"
CAPACITY = "capacity"
ROUND_ROBIN = "round_robin"
LEAST_LOADED = "least_loaded"
FALLBACK = "fallback"

OFF_SHIFT = "off_shift"


@frozen(kw_only=True)
class Choice:
    """What a link may look at: one lead, and who could take it.

    `next_in_turn` is whose turn it is among the candidates; `loads` counts open leads, those given
    earlier in the same batch included, and is empty where nobody has a capacity and only our own
    links decide. `family` names the coordinators of the family's other leads, those of open leads
    first, newest first. `at_work_from` says when each one's shift begins, `now` for who works
    already; it is filled where the chain names `schedule` or a plug-in.
    """

    lead: Lead
    practice: Practice
    candidates: tuple[Coordinator, ...]
    now: datetime
    next_in_turn: UserId | None = None
    loads: Mapping[UserId, int] = MappingProxyType({})
    family: tuple[UserId, ...] = ()
    at_work_from: Mapping[UserId, datetime] = MappingProxyType({})
    places: Places = MappingProxyType({})


@frozen(kw_only=True)
class Narrowed:
    """Who is left for the links behind, and for what reason the others are passed over.

    With `pool` turns are taken in the rotation of that pool. With `absent` the others are not
    there at all: they miss their turns, and nobody may be left. Otherwise those left out keep
    their turns, and a choice that leaves nobody is passed.
    """

    users: frozenset[UserId]
    reason: str
    pool: str | None = None
    absent: bool = False


class Strategy(Protocol):
    """One link of the chain."""

    def __call__(self, choice: Choice) -> UserId | Narrowed | None:
        """Name one of the candidates, narrow them, or leave it to the next link (None).

        The name of somebody who is not among the candidates counts as None.
        """
        ...


def sticky(choice: Choice) -> UserId | None:
    """Give the lead of a sibling or a returning family to their coordinator, if available."""
    available = {one.id for one in choice.candidates}
    return next((user for user in choice.family if user in available), None)


def source(choice: Choice) -> Narrowed | None:
    """Ask the pool of the lead's source, else of the source's category."""
    source_id = choice.lead.origin.source_id
    if source_id is None:
        return None
    known = choice.practice.source_by_id.get(source_id)
    routes = choice.practice.clinic.settings.routing.sources
    own = [route.pool for route in routes if route.source_id == source_id]
    wide = [route.pool for route in routes if known and route.category is known.category]
    return _pool(choice, next(iter([*own, *wide]), None), SOURCE)


def territory(choice: Choice) -> Narrowed | None:
    """Ask the pool of the territory in which the family lives."""
    routing = choice.practice.clinic.settings.routing
    found = territory_of(choice.lead, routing, choice.places)
    return _pool(choice, found.pool if found else None, TERRITORY)


def schedule(choice: Choice) -> Narrowed | None:
    """Ask those who work now; when nobody does, who works next."""
    shifts = [choice.at_work_from.get(one.id) for one in choice.candidates]
    soonest = min((at for at in shifts if at is not None), default=None)
    if soonest is None:
        return None
    users = [one.id for one in choice.candidates if choice.at_work_from.get(one.id) == soonest]
    return Narrowed(users=frozenset(users), reason=OFF_SHIFT, absent=True)


def capacity(choice: Choice) -> Narrowed | None:
    """Pass over who has as many open leads as allowed."""
    if all(one.capacity is None for one in choice.candidates):
        return None
    free = [one.id for one in choice.candidates if not is_full(one, choice.loads)]
    return Narrowed(users=frozenset(free), reason=AT_CAPACITY, absent=True)


def round_robin(choice: Choice) -> UserId | None:
    """Give leads in turn, in proportion to the weights."""
    return choice.next_in_turn


def least_loaded(choice: Choice) -> UserId | None:
    """Give the lead to whoever has the fewest open leads for their weight, ties in turn."""
    candidates = [one for one in choice.candidates if one.weight > 0]
    if not candidates:
        return None
    return min(
        candidates,
        key=lambda one: (
            choice.loads.get(one.id, 0) / one.weight,
            one.id != choice.next_in_turn,
            one.id,
        ),
    ).id


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {
        STICKY: sticky,
        SOURCE: source,
        TERRITORY: territory,
        SCHEDULE: schedule,
        CAPACITY: capacity,
        ROUND_ROBIN: round_robin,
        LEAST_LOADED: least_loaded,
    }
)
"""The links that come with the library, by the name that settings use; `fallback` ends a chain."""


def _pool(choice: Choice, name: str | None, reason: str) -> Narrowed | None:
    pools: tuple[Pool, ...] = choice.practice.clinic.settings.routing.pools
    pool = next((pool for pool in pools if pool.name == name), None)
    if pool is None:
        return None
    return Narrowed(users=frozenset(pool.members), reason=reason, pool=pool.name)
