"""A visit that is moved asks for what it takes itself, whatever its type takes by now.

The search for another time and the move itself go by the same kind of visit, so that what is
offered is accepted.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from attrs import evolve

from orthocrm.core.appointment import Appointment
from orthocrm.core.visit_type import BookableResource, VisitType

_FAR: Final = 730
"""How many days ahead a visit may be moved whose type is gone, and with it the type's horizon."""


def as_it_is(
    visit: Appointment, types: Mapping[str, VisitType], resources: Sequence[BookableResource]
) -> VisitType:
    """Give the kind of visit by which a visit is moved: the rules of its type, its own time.

    Length, buffers and capacity are the visit's. Nothing is asked anew: what was answered stands.
    Of a type that is gone no rule is left; the same people and the like of its chairs are needed.
    """
    present = types.get(visit.type)
    kind = _gone(visit, resources) if present is None else present
    step = kind.step
    if step is None and visit.length != kind.duration:
        step = kind.duration
    return evolve(
        kind,
        is_active=True,
        duration=visit.length,
        step=step,
        buffer_before=visit.buffer_before,
        buffer_after=visit.buffer_after,
        capacity=visit.capacity,
        questions=(),
    )


def _gone(visit: Appointment, resources: Sequence[BookableResource]) -> VisitType:
    team = visit.providers if len(visit.providers) > 1 else ()
    return VisitType(
        slug=visit.type,
        name=visit.type,
        duration=visit.length,
        horizon=_FAR,
        providers=team,
        all_providers=bool(team),
        pools=tuple(_pools(visit.resources, resources)),
        cancel_notice=timedelta(),
    )


def _pools(taken: Iterable[str], resources: Sequence[BookableResource]) -> Iterable[str]:
    """Name the pools of what a visit takes; a place of something is `id/number`."""
    pools = {one.id: one.pool for one in resources if one.is_active}
    names = (pools.get(one) or pools.get(one.rpartition("/")[0]) for one in taken)
    return dict.fromkeys(name for name in names if name)


def person_of(visit: Appointment, kind: VisitType) -> str | None:
    """Stay with the same person unless told otherwise; teams are put together anew."""
    return None if kind.all_providers or kind.groups else visit.provider
