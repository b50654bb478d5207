"""R18 to R21: chairs, the patient, several providers, the viewer; next available."""

from datetime import date
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.busy import Busy
from orthocrm.scheduling.hours import WeeklyHours
from orthocrm.scheduling.request import Provider, Resource, ResourcePool, SlotRequest
from orthocrm.scheduling.slots import Slot, by_local_date, find_slots, next_available
from tests.unit.scheduling.asking import ask, at, busy, starts, week

DAY = "2026-11-24"
HOURS = week(("09:00", "12:00"))


def chair(name: str, *hours: int, **more: Any) -> Resource:
    taken = [busy(f"{DAY}T{hour:02d}:00", f"{DAY}T{hour + 1:02d}:00", **more) for hour in hours]
    return Resource(id=name, busy=taken)


def resources(
    *pools: ResourcePool, **more: Any
) -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    found = find_slots(ask(DAY, hours=HOURS, pools=pools, **more))
    return {f"{slot.start:%H:%M}": slot.resources for slot in found}


def test_r18_one_single_member_has_to_be_free_for_the_whole() -> None:
    chairs = ResourcePool(id="chairs", members=[chair("c1", 9), chair("c2", 10)])

    assert resources(chairs) == {
        "09:00": (("chairs", ("c2",)),),
        "10:00": (("chairs", ("c1",)),),
        "11:00": (("chairs", ("c1", "c2")),),
    }
    assert resources(chairs, duration=120, step=60) == {"10:00": (("chairs", ("c1",)),)}


def test_r18_a_member_is_free_for_the_whole_footprint_with_all_buffers() -> None:
    chairs = ResourcePool(id="chairs", members=[chair("c1", 9, buffer_after=5)])

    assert list(resources(chairs)) == ["11:00"]
    assert list(resources(chairs, buffer_before=56)) == []
    assert list(resources(ResourcePool(members=[chair("c1", 12)]), buffer_after=1)) == [
        "09:00",
        "10:00",
    ]


def test_r18_every_pool_gives_one() -> None:
    chairs = ResourcePool(id="chairs", members=[chair("c1", 9)])
    rooms = ResourcePool(id="rooms", members=[chair("r1", 11), chair("r2")])

    assert resources(chairs, rooms) == {
        "10:00": (("chairs", ("c1",)), ("rooms", ("r1", "r2"))),
        "11:00": (("chairs", ("c1",)), ("rooms", ("r2",))),
    }
    assert resources(chairs, ResourcePool(id="none")) == {}


def test_r18_no_member_serves_two_pools_at_once() -> None:
    both = [
        ResourcePool(id=name, members=[chair("c1"), chair("c2", 9)]) for name in ("first", "second")
    ]

    assert list(resources(*both)) == ["10:00", "11:00"]


def test_r18_only_what_blocks_takes_a_chair() -> None:
    gone = ResourcePool(members=[chair("c1", 9, state="cancelled"), chair("c2", 10, id="mine")])

    assert list(resources(gone, exclude="mine")) == ["09:00", "10:00", "11:00"]


def test_r18_a_chair_may_have_hours_of_its_own() -> None:
    early = Resource(id="c1", hours=week(("08:00", "10:00")))
    closed = Resource(id="c2", closed_dates=[date(2026, 11, 24)])
    repaired = Resource(id="c3", time_off=[(at(f"{DAY}T08:00"), at(f"{DAY}T11:00"))])

    assert resources(
        ResourcePool(id="chairs", members=[early, closed, repaired]), buffer_after=5
    ) == {
        "09:00": (("chairs", ("c1",)),),
        "11:00": (("chairs", ("c3",)),),
    }
    assert list(resources(ResourcePool(members=[early]), zone="America/Chicago")) == ["09:00"]
    london = evolve(early, zone="Europe/London", hours=week(("15:00", "16:00")))
    assert list(resources(ResourcePool(members=[london]))) == ["10:00"]


def patient(*taken: Busy, **more: Any) -> list[str]:
    return starts(ask(DAY, hours=HOURS, patient_appointments=taken, **more))


def test_r19_the_patient_s_own_appointments_must_not_overlap_the_event() -> None:
    own = busy(f"{DAY}T10:30", f"{DAY}T10:45", id="own")

    assert patient(own) == ["09:00", "11:00"]
    assert patient(own, exclude="own") == ["09:00", "10:00", "11:00"]


def test_r19_buffers_do_not_matter_to_the_patient() -> None:
    own = busy(f"{DAY}T10:00", f"{DAY}T11:00", buffer_before=30, buffer_after=30)

    assert patient(own, buffer_before=30, buffer_after=30) == ["09:00", "11:00"]


def people(*providers: Provider, **more: Any) -> dict[str, tuple[str, ...]]:
    found = find_slots(together(*providers, **more))
    return {f"{slot.start:%H:%M}": slot.providers for slot in found}


def together(*providers: Provider, **more: Any) -> SlotRequest:
    return ask(DAY, providers=providers, **more)


def who(name: str, start: str, end: str, *hours: int, **more: Any) -> Provider:
    return Provider(id=name, hours=week((start, end)), busy=chair(name, *hours).busy, **more)


ANNE = who("anne", "09:00", "12:00", 10)
BOB = who("bob", "10:30", "13:00", 11)
CLEO = who("cleo", "09:30", "12:30")


def test_r20_any_is_the_union_with_all_who_are_able() -> None:
    assert people(ANNE, BOB, duration=30) == {
        "09:00": ("anne",),
        "09:30": ("anne",),
        "10:30": ("bob",),
        "11:00": ("anne",),
        "11:30": ("anne",),
        "12:00": ("bob",),
        "12:30": ("bob",),
    }
    assert people(CLEO, ANNE, duration=30)["09:30"] == ("cleo", "anne")


def test_r20_all_begin_their_grid_where_their_windows_meet() -> None:
    assert people(ANNE, CLEO, mode="all", step=45, duration=30) == {
        "09:30": ("anne", "cleo"),
        "11:00": ("anne", "cleo"),
    }


def test_r20_everybody_s_busy_time_and_time_off_count() -> None:
    away = evolve(CLEO, time_off=[(at(f"{DAY}T11:00"), at(f"{DAY}T11:10"))])

    assert list(people(ANNE, away, mode="all", step=15, duration=30)) == ["09:30", "11:15", "11:30"]


def test_r20_three_windows_meet_pairwise() -> None:
    first = Provider(id="a", hours=week(("08:00", "10:00"), ("10:00", "14:00")))
    second = Provider(id="b", hours=week(("09:10", "11:00")))
    third = Provider(id="c", hours=week(("09:20", "12:00")))

    found = people(first, second, third, mode="all", duration=30)
    assert list(found) == ["09:20", "09:50", "10:00", "10:30"]


def test_r20_a_full_day_of_one_is_a_full_day_of_all() -> None:
    assert people(ANNE, CLEO, mode="all", duration=30, max_per_day=1) == {}
    assert set(people(ANNE, CLEO, duration=30, max_per_day=1).values()) == {("cleo",)}


def test_r20_somebody_of_every_group() -> None:
    groups = {"mode": "groups", "groups": [["anne", "cleo"], ["bob"]], "duration": 30}

    assert people(ANNE, BOB, CLEO, **groups) == {
        "10:30": ("bob", "cleo"),
        "12:00": ("bob", "cleo"),
    }
    two = {**groups, "groups": [["anne"], ["cleo"]]}
    assert people(ANNE, BOB, CLEO, **two) == {
        "09:30": ("anne", "cleo"),
        "11:00": ("anne", "cleo"),
        "11:30": ("anne", "cleo"),
    }


def test_r20_everybody_has_hours_in_their_own_zone() -> None:
    london = who("london", "14:00", "17:00", zone="Europe/London")

    assert people(ANNE, london) == {
        "09:00": ("anne", "london"),
        "10:00": ("london",),
        "11:00": ("anne", "london"),
    }
    assert people(ANNE, london, mode="all") == {
        "09:00": ("anne", "london"),
        "11:00": ("anne", "london"),
    }


def test_answers_carry_the_offset_of_the_viewer() -> None:
    (slot, *_) = find_slots(ask(DAY, hours=HOURS, viewer_zone="Asia/Kathmandu"))

    assert slot == Slot(at(f"{DAY}T09:00"), at(f"{DAY}T10:00"), ("dr-lee",))
    assert slot.start.isoformat() == "2026-11-24T19:45:00+05:45"
    assert slot.end.isoformat() == "2026-11-24T20:45:00+05:45"


def test_start_and_end_each_have_the_offset_of_their_instant() -> None:
    hours = [WeeklyHours(weekday=0, start="00:30", end="04:00")]

    found = find_slots(ask("2026-03-08", hours=hours, duration=120, step=30))

    assert [(f"{one.start:%H:%M%z}", f"{one.end:%H:%M%z}") for one in found] == [
        ("00:30-0500", "03:30-0400"),
        ("01:00-0500", "04:00-0400"),
    ]


def test_r21_a_viewer_s_dates_group_the_same_instants() -> None:
    found = find_slots(ask(DAY, hours=week(("17:00", "21:00"))))

    grouped = by_local_date(found, "Europe/London")

    assert grouped == {date(2026, 11, 24): found[:2], date(2026, 11, 25): found[2:]}
    assert by_local_date((), "Europe/London") == {}


def test_r21_the_viewer_s_zone_has_to_exist() -> None:
    with pytest.raises(InvalidInput, match="zone: "):
        by_local_date((), "Mars/Olympus")


def test_next_available_finds_the_first_however_far() -> None:
    later = week(("09:00", "10:00"), valid_from=date(2027, 6, 1))
    request = ask(DAY, hours=later, date_range=None)

    found = next_available(request)

    assert found is not None
    assert found.start == at("2027-06-01T09:00")
    assert next_available(evolve(request, horizon=30)) is None
    assert next_available(evolve(request, providers=())) is None


def test_limit_gives_the_earliest() -> None:
    assert starts(ask(DAY, hours=HOURS, limit=2)) == ["09:00", "10:00"]
