"""Slots: the sweep agrees with asking every minute, and what is offered can be booked."""

from datetime import timedelta

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from orthocrm.scheduling.busy import Blocking
from orthocrm.scheduling.refusals import explain
from orthocrm.scheduling.request import SlotRequest
from orthocrm.scheduling.slots import find_slots, next_available
from tests.properties import minutes
from tests.properties.schedules import MINUTE, requests

DAY = timedelta(days=1)
ZONES = [None, None, "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
NUDGES = [timedelta(minutes=minutes) for minutes in (-61, -5, -1, 1, 7, 60)]


@settings(max_examples=60)
@given(request=requests())
def test_the_sweep_agrees_with_asking_every_minute(request: SlotRequest) -> None:
    around = (request.to or request.now).date()
    days = [around + DAY * number for number in range(-9, 4)]

    found = [slot.start for slot in find_slots(request)]

    assert found == minutes.starts(request, days)


@settings(max_examples=60)
@given(
    request=requests(people=2),
    zones=st.lists(st.sampled_from(ZONES), min_size=2, max_size=2),
)
def test_all_together_agrees_with_asking_every_minute(
    request: SlotRequest, zones: list[str | None]
) -> None:
    """Each of two people may have a zone of their own; dates and grid are then the clinic's."""
    people = [evolve(one, zone=zone) for one, zone in zip(request.providers, zones, strict=True)]
    request = evolve(request, providers=people, mode="all")
    around = (request.to or request.now).date()

    found = [slot.start for slot in find_slots(request)]

    assert found == minutes.starts(request, [around + DAY * number for number in range(-9, 4)])


@settings(max_examples=60)
@given(request=requests(people=2, pools=True), mode=st.sampled_from(["any", "all", "groups"]))
def test_every_offered_slot_is_accepted_and_every_refused_minute_is_not_offered(
    request: SlotRequest, mode: str
) -> None:
    groups = [["dr-0"], ["dr-1", "dr-0"]] if mode == "groups" else []
    request = evolve(request, mode=mode, groups=groups)

    offered = {slot.start for slot in find_slots(request)}

    assert {start: explain(request, start) for start in offered} == dict.fromkeys(offered)
    near = {start + shift for start in list(offered)[:5] for shift in NUDGES} - offered
    refused = {start: explain(request, start) for start in near}
    assert {start for start, refusal in refused.items() if refusal is None} == set()


@settings(max_examples=60)
@given(request=requests(people=2, pools=True))
def test_no_offered_slot_conflicts(request: SlotRequest) -> None:
    request = evolve(request, capacity=1)
    blocking = Blocking(request.now, request.exclude, request.requests_block)
    people = {one.id: one.busy for one in request.providers}
    chairs = {one.id: one.busy for pool in request.pools for one in pool.members}

    for slot in find_slots(request):
        footprint = slot.start - request.buffer_before, slot.end + request.buffer_after
        free = [people[one] for one in slot.providers]
        free += [chairs[one] for _, members in slot.resources for one in members]
        assert slot.providers
        assert all(members for _, members in slot.resources)
        assert not any(
            one.start - one.buffer_before < footprint[1]
            and footprint[0] < one.end + one.buffer_after
            for busy in free
            for one in busy
            if blocking.counts(one)
        )
        assert not any(
            one.start < slot.end and slot.start < one.end
            for one in request.patient_appointments
            if blocking.counts(one)
        )


@settings(max_examples=100)
@given(
    request=requests(people=2, pools=True),
    cut=st.integers(0, 6000),
    length=st.integers(0, 3000),
)
def test_moving_the_queried_range_never_moves_the_grid(
    request: SlotRequest, cut: int, length: int
) -> None:
    whole = find_slots(request)
    from_ = (request.from_ or request.now) + cut * MINUTE
    to = max(from_, min(from_ + length * MINUTE, request.to or from_))

    part = find_slots(evolve(request, from_=from_, to=to))

    assert part == tuple(slot for slot in whole if from_ <= slot.start < to)


@settings(max_examples=40)
@given(request=requests(people=2))
def test_any_is_the_union_and_groups_of_one_the_meeting_of_what_each_can_take(
    request: SlotRequest,
) -> None:
    alone = [
        {slot.start for slot in find_slots(evolve(request, providers=[one]))}
        for one in request.providers
    ]
    each = evolve(request, mode="groups", groups=[["dr-0"], ["dr-1"]])

    assert [slot.start for slot in find_slots(request)] == sorted(alone[0] | alone[1])
    assert [slot.start for slot in find_slots(each)] == sorted(alone[0] & alone[1])


@settings(max_examples=60)
@given(request=requests(people=2))
def test_all_together_take_what_each_could_take_where_grids_do_not_depend_on_windows(
    request: SlotRequest,
) -> None:
    request = evolve(request, align="midnight")
    alone = [
        {slot.start for slot in find_slots(evolve(request, providers=[one]))}
        for one in request.providers
    ]

    together = find_slots(evolve(request, mode="all"))

    assert [slot.start for slot in together] == sorted(alone[0] & alone[1])


@settings(max_examples=60)
@given(request=requests(pools=True))
def test_only_a_patient_or_chairs_that_are_taken_hold_a_start_back(request: SlotRequest) -> None:
    request = evolve(request, capacity=1)
    blocking = Blocking(request.now, request.exclude, request.requests_block)
    without = find_slots(evolve(request, pools=(), patient_appointments=()))

    missing = {slot[:2] for slot in without} - {slot[:2] for slot in find_slots(request)}

    for start, end in missing:
        opens, closes = start - request.buffer_before, end + request.buffer_after
        patient_is_busy = any(
            one.start < end and start < one.end
            for one in request.patient_appointments
            if blocking.counts(one)
        )
        chairs_are_taken = all(
            any(
                one.start - one.buffer_before < closes and opens < one.end + one.buffer_after
                for one in chair.busy
                if blocking.counts(one)
            )
            for chair in request.pools[0].members
        )
        assert patient_is_busy or chairs_are_taken


@settings(max_examples=60)
@given(request=requests(people=2, pools=True))
def test_the_next_available_is_the_first_of_all(request: SlotRequest) -> None:
    slots = find_slots(request)

    assert next_available(request) == (slots[0] if slots else None)
    assert find_slots(evolve(request, limit=3)) == slots[:3]
