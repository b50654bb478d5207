"""Free times worked out by hand from the rules alone (R1 to R21), asked for by public names."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orthocrm import (
    Busy,
    Override,
    Provider,
    RecurringBlock,
    Resource,
    ResourcePool,
    SlotRequest,
    WeeklyHours,
    by_local_date,
    find_slots,
)

CHICAGO = "America/Chicago"
MONDAY = date(2026, 11, 23)


def at(text: str, zone: str = CHICAGO) -> datetime:
    """Read a wall time of November 2026: `23 09:30`."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))


def on(weekday: int, start: str, end: str, **fields: Any) -> WeeklyHours:
    return WeeklyHours(weekday=weekday, start=start, end=end, **fields)


def slots(*providers: Provider, **fields: Any) -> list[Any]:
    zone = fields.get("zone", CHICAGO)
    usual = {"zone": zone, "duration": 30, "now": at("23 00:00", zone), "to": at("24 00:00", zone)}
    return list(find_slots(SlotRequest(**{**usual, "providers": providers, **fields})))


def walls(*providers: Provider, **fields: Any) -> str:
    """Give the wall times at which one may start."""
    return " ".join(f"{slot.start:%H:%M}" for slot in slots(*providers, **fields))


def lee(*hours: WeeklyHours, **fields: Any) -> Provider:
    return Provider(id="lee", hours=hours or (on(1, "09:00", "12:00"),), **fields)


DAYS = [
    ("America/New_York", (2026, 3, 8), "01:00", "04:00", ["01:00-05:00", "03:00-04:00"]),
    (
        *("America/New_York", (2026, 11, 1), "00:30", "02:30"),
        ["00:30-04:00", "01:30-04:00", "01:30-05:00"],
    ),
    ("Europe/London", (2026, 3, 29), "00:30", "02:30", ["00:30+00:00"]),
    ("Africa/Cairo", (2026, 4, 24), "00:00", "03:00", ["01:00+03:00", "02:00+03:00"]),
    (
        *("America/Havana", (2026, 11, 1), "00:00", "02:00"),
        ["00:00-04:00", "00:00-05:00", "01:00-05:00"],
    ),
    ("America/Nuuk", (2026, 3, 28), "22:00", "24:00", ["22:00-02:00"]),
    ("America/Sao_Paulo", (2018, 11, 4), "00:00", "02:00", ["01:00-02:00"]),
    (
        *("Africa/Casablanca", (2026, 2, 15), "02:00", "04:00"),
        ["02:00+01:00", "02:00+00:00", "03:00+00:00"],
    ),
    ("Pacific/Chatham", (2026, 9, 27), "02:00", "05:00", ["02:00+12:45", "04:00+13:45"]),
    ("Australia/Lord_Howe", (2026, 4, 5), "01:00", "02:30", ["01:00+11:00", "01:30+10:30"]),
    ("Asia/Kathmandu", (2026, 11, 23), "09:00", "11:00", ["09:00+05:45", "10:00+05:45"]),
    ("Pacific/Apia", (2011, 12, 30), "09:00", "12:00", []),
]


@pytest.mark.parametrize("zone,day,start,end,expected", DAYS, ids=[f"{d[0]} {d[1]}" for d in DAYS])
def test_r1_r2_r3_a_window_on_a_day_whose_clocks_change(
    zone: str, day: tuple[int, int, int], start: str, end: str, expected: list[str]
) -> None:
    wanted = date(*day)
    request = SlotRequest(
        now=datetime(*day, tzinfo=ZoneInfo(zone)) - timedelta(days=5),
        zone=zone,
        providers=[Provider(hours=[on(wanted.isoweekday() % 7, start, end)])],
        duration=60,
        date_range=(wanted, wanted),
    )
    assert [slot.start.isoformat()[11:16] + slot.start.isoformat()[19:]
            for slot in find_slots(request)] == expected  # fmt: skip


def test_r2_r5_a_night_ends_at_midnight_before_a_closed_date() -> None:
    night = [on(5, "22:00", "02:00"), on(6, "10:00", "11:00")]
    fields = {"now": at("27 12:00"), "to": at("28 12:00"), "duration": 60}
    assert walls(lee(*night), **fields) == "22:00 23:00 00:00 01:00 10:00"
    assert walls(lee(*night, closed_dates=[date(2026, 11, 28)]), **fields) == "22:00 23:00"


def test_r4_validity_and_rotation() -> None:
    every_other = on(1, "09:00", "10:00", every_weeks=2, anchor=date(2026, 11, 25))
    until = on(1, "10:00", "11:00", valid_from=date(2026, 11, 24), valid_until=date(2026, 11, 30))
    found = slots(lee(every_other, until), duration=60, to=at("23 00:00") + timedelta(days=28))
    assert [f"{slot.start:%m-%d %H}" for slot in found] == ["11-23 09", "11-30 10", "12-07 09"]


def test_r5_an_override_replaces_and_a_closed_date_wins() -> None:
    override = Override(date=MONDAY, windows=[("13:00", "14:00"), ("15:00", "15:30")])
    assert walls(lee(overrides=[override])) == "13:00 13:30 15:00"
    assert walls(lee(overrides=[Override(date=MONDAY)])) == ""
    assert walls(lee(overrides=[override], closed_dates=[MONDAY])) == ""


def test_r6_time_off_and_blocks_take_away_and_no_hours_offer_nothing() -> None:
    block = RecurringBlock(
        start=datetime(2026, 11, 2, 10),  # noqa: DTZ001 - a wall time
        duration=30,
        rrule="FREQ=WEEKLY;BYDAY=MO;COUNT=4",
        exdate=[datetime(2026, 11, 9, 10)],  # noqa: DTZ001 - a wall time
    )
    off = [(at("23 11:00"), at("23 11:30"))]
    assert walls(lee(blocks=[block], time_off=off)) == "09:00 09:30 10:30 11:30"
    week_later = {"now": at("30 00:00"), "to": at("30 23:00")}
    assert walls(lee(blocks=[block]), **week_later) == "09:00 09:30 10:00 10:30 11:00 11:30"
    assert walls(Provider(id="nobody")) == ""


def test_r7_nothing_moves_the_grid_of_a_window() -> None:
    off, busy = [(at("23 09:00"), at("23 09:40"))], [(at("23 10:05"), at("23 10:20"))]
    day = lee(time_off=off, busy=busy)
    assert walls(day) == "10:30 11:00 11:30"
    assert walls(day, from_=at("23 10:40")) == "11:00 11:30"
    assert walls(day, offset=10) == "10:40 11:10"


def test_r8_r9_r10_the_other_grids() -> None:
    assert walls(lee(), align="midnight", step=45, offset=15) == "09:15 10:00 10:45 11:30"
    busy = [(at("23 09:50"), at("23 10:10"))]
    assert walls(lee(busy=busy), align="free") == "09:00 10:10 10:40 11:10"
    assert walls(lee(busy=busy), align="clock", duration=20) == (
        "09:00 09:20 10:20 10:40 11:00 11:20 11:40"
    )
    assert walls(lee(busy=busy), align="clock", step=25) == "09:00 10:10 10:35 11:00 11:25"
    late = {"now": at("23 09:07"), "notice": 5}
    assert walls(lee(), align="clock", **late) == "09:30 10:00 10:30 11:00 11:30"


def test_r11_buffers_add_up_and_may_spill_or_not() -> None:
    taken = Busy(start=at("23 10:00"), end=at("23 10:30"), buffer_before=5, buffer_after=10)
    fields = {"step": 10, "buffer_before": 10, "buffer_after": 5}
    assert walls(lee(busy=[taken]), **fields) == "09:00 09:10 09:20 10:50 11:00 11:10 11:20 11:30"
    inside = walls(lee(busy=[taken]), buffer_scope="hours", **fields)
    assert inside == "09:10 09:20 10:50 11:00 11:10 11:20"


def test_r12_what_blocks() -> None:
    def visit(start: str, **fields: Any) -> Busy:
        return Busy(start=at(start), end=at(start) + timedelta(minutes=30), **fields)

    day = [
        visit("23 09:00", state="held", expires_at=at("23 00:00")),
        visit("23 09:30", state="HELD", expires_at=at("23 00:01")),
        visit("23 10:00", state="requested"),
        visit("23 10:30", state="no_show"),
        visit("23 11:00", state="in_progress", id="a-1"),
        Busy(start=at("23 11:45"), end=at("23 11:45"), buffer_before=60, buffer_after=60),
    ]
    assert walls(lee(busy=day)) == "09:00 10:30 11:30"
    assert walls(lee(busy=day), requests_block=False) == "09:00 10:00 10:30 11:30"
    assert walls(lee(busy=day), exclude="a-1") == "09:00 10:30 11:00 11:30"


def test_r13_the_least_capacity_of_those_who_share_a_minute_decides() -> None:
    group = Busy(start=at("23 09:00"), end=at("23 10:00"), capacity=3)
    pair = Busy(start=at("23 09:30"), end=at("23 10:00"), capacity=2)
    day = lee(on(1, "09:00", "10:30"), busy=[group, group, pair])
    assert walls(day, capacity=3) == "09:00 10:00"
    assert walls(day) == "10:00"


def test_r14_r15_r17_notice_horizon_and_range() -> None:
    week = [on(day, "09:00", "10:00") for day in range(7)]
    fields = {"duration": 60, "now": at("20 08:00"), "to": None}
    days = lambda **more: [  # noqa: E731 - short, and used here only
        f"{slot.start:%a}" for slot in slots(lee(*week), **{**fields, **more})
    ]
    assert days(horizon=2) == ["Fri", "Sat", "Sun"]
    assert days(horizon=2, horizon_days="business") == ["Fri", "Sat", "Sun", "Mon", "Tue"]
    assert days(horizon=1, notice=60) == ["Fri", "Sat"]
    assert days(horizon=1, notice=61) == ["Sat"]
    assert days(date_range=(date(2026, 11, 21), date(2026, 11, 22))) == ["Sat", "Sun"]
    assert days(from_=at("21 09:00"), to=at("22 09:00")) == ["Sat"]


def test_r16_a_full_date_is_empty() -> None:
    busy = [(at("23 09:00"), at("23 09:30")), (at("23 11:00"), at("23 11:30"))]
    assert walls(lee(busy=busy), max_per_day=3) == "09:30 10:00 10:30 11:30"
    assert walls(lee(busy=busy), max_per_day=2) == ""


def test_r18_one_chair_for_the_whole_footprint() -> None:
    chairs = ResourcePool(
        id="chairs",
        members=[
            Resource(id="1", busy=[(at("23 09:00"), at("23 10:00"))]),
            Resource(id="2", busy=[(at("23 10:30"), at("23 12:00"))]),
        ],
    )
    found = slots(lee(), pools=[chairs], duration=60, step=30)
    assert [(f"{one.start:%H:%M}", one.resources) for one in found] == [
        ("09:00", (("chairs", ("2",)),)),
        ("09:30", (("chairs", ("2",)),)),
        ("10:00", (("chairs", ("1",)),)),
        ("10:30", (("chairs", ("1",)),)),
        ("11:00", (("chairs", ("1",)),)),
    ]
    later = slots(lee(), pools=[chairs], duration=60, step=30, buffer_before=15)
    assert [f"{one.start:%H:%M}" for one in later] == ["09:00", "09:30", "10:30", "11:00"]


def test_r19_the_patient_is_elsewhere() -> None:
    own = [Busy(start=at("23 09:30"), end=at("23 10:00"), buffer_before=60, buffer_after=60)]
    found = walls(lee(), patient_appointments=own, buffer_before=15)
    assert found == "09:00 10:00 10:30 11:00 11:30"


def test_r20_any_all_and_groups() -> None:
    kim = Provider(id="kim", hours=[on(1, "09:15", "11:00")])
    ray = Provider(id="ray", hours=[on(1, "10:00", "11:30")])
    anybody = slots(lee(on(1, "09:00", "10:30")), ray)
    assert [(f"{one.start:%H:%M}", one.providers) for one in anybody] == [
        ("09:00", ("lee",)),
        ("09:30", ("lee",)),
        ("10:00", ("lee", "ray")),
        ("10:30", ("ray",)),
        ("11:00", ("ray",)),
    ]
    assert walls(lee(), kim, mode="all") == "09:15 09:45 10:15"
    groups = {"mode": "groups", "groups": [["lee", "kim"], ["ray"]]}
    assert walls(lee(), kim, ray, **groups) == "10:00 10:30 11:00"


def test_r21_dates_are_those_of_the_viewer() -> None:
    evening = lee(on(1, "19:00", "22:00"))
    found = slots(evening, duration=60, viewer_zone="Asia/Kathmandu")
    assert [slot.start.isoformat() for slot in found] == [
        "2026-11-24T06:45:00+05:45", "2026-11-24T07:45:00+05:45", "2026-11-24T08:45:00+05:45",
    ]  # fmt: skip
    grouped = by_local_date(found, "America/New_York")
    assert {day: len(those) for day, those in grouped.items()} == {MONDAY: 3}
    assert walls(evening, duration=60, align="clock", viewer_zone="Asia/Kathmandu") == (
        "06:45 07:45 08:45"
    )
