"""The decision about one start: who takes it and what it takes, or the rule that refuses (R26)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from attrs import evolve

from orthocrm.core.errors import InPast, NotOffered, OrthoCRMError, OutsideHours, SlotTaken
from orthocrm.core.ids import UserId
from orthocrm.scheduling.asking import Diary, Question, by_hand, request_for
from orthocrm.scheduling.booking import Taken, Wanted
from orthocrm.scheduling.pools import members_for
from orthocrm.scheduling.refusals import Refusal, Why, explain
from orthocrm.scheduling.request import ProviderMode, SlotRequest
from orthocrm.scheduling.slots import Slot, find_slots

_MINUTE: Final = timedelta(minutes=1)

_CLOSED: Final = (
    Why.NO_HOURS,
    Why.CLOSED_DATE,
    Why.OUTSIDE_OVERRIDE,
    Why.OUTSIDE_HOURS,
    Why.TIME_OFF,
    Why.RECURRING_BLOCK,
    Why.BUFFER_OUTSIDE_HOURS,
)
_TAKEN: Final = (Why.BUSY, Why.BUFFER, Why.FULL, Why.PATIENT_BUSY, Why.NO_RESOURCE)

_ERRORS: Final[Mapping[Why, Callable[[Refusal], OrthoCRMError]]] = MappingProxyType(
    {
        Why.IN_PAST: lambda refusal: InPast(refusal.code, refusal.rule),
        **dict.fromkeys(_CLOSED, lambda refusal: OutsideHours(refusal.code, refusal.rule)),
        **dict.fromkeys(_TAKEN, lambda refusal: SlotTaken(refusal.rule)),
    }
)


def error_of(refusal: Refusal) -> OrthoCRMError:
    """Give the error of a refusal, with its rule."""
    make = _ERRORS.get(refusal.code)
    return make(refusal) if make else NotOffered(refusal.code, refusal.rule)


def blurred(refusal: Refusal) -> OrthoCRMError:
    """Give the error that a patient sees: nothing of why others are not there."""
    if refusal.code in _CLOSED:
        return OutsideHours(Why.OUTSIDE_HOURS, "R2")
    if refusal.code in _TAKEN or refusal.code is Why.DAY_FULL:
        return SlotTaken()
    return error_of(refusal)


def chosen(wanted: Wanted, question: Question, diary: Diary) -> Taken | Refusal:
    """Decide about a start as the search does; of several people, the first who is free.

    Raises:
        InvalidInput: the provider takes no part in this kind of visit.
    """
    start = wanted.starts_at
    end = wanted.ends_at if wanted.is_manual else start + _MINUTE
    asked = _asked(wanted, evolve(question, from_=start, to=end, limit=1), diary)
    found = find_slots(asked)
    if found and found[0].start == start:
        return _taken(asked, found[0])
    whole = _asked(wanted, evolve(question, from_=None, to=None), diary)
    return explain(whole, start) or Refusal(code=Why.BUSY, rule="R26")


def _asked(wanted: Wanted, question: Question, diary: Diary) -> SlotRequest:
    asked = request_for(question, diary)
    return by_hand(asked, wanted.starts_at, wanted.length) if wanted.is_manual else asked


def _taken(request: SlotRequest, slot: Slot) -> Taken:
    people = slot.providers
    if request.mode is ProviderMode.ANY:
        people = people[:1]
    elif request.mode is ProviderMode.GROUPS:
        able = set(people)
        first = (next(one for one in group if one in able) for group in request.groups)
        people = tuple(dict.fromkeys(first))
    zones = {one.id: one.zone for one in request.providers}
    return Taken(
        providers=tuple(UserId(one) for one in people),
        resources=members_for(slot.resources),
        zone=zones[people[0]] or request.zone,
    )
