"""Bad input: every value refuses by the name of the field, and never shows what it was given."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.blocks import RecurringBlock
from orthocrm.scheduling.busy import Busy, State
from orthocrm.scheduling.hours import Away, DayWindow, Override, WeeklyHours
from orthocrm.scheduling.request import Align, Provider, Resource, ResourcePool, SlotRequest

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAIVE = datetime(2026, 11, 24, 12)  # noqa: DTZ001 - naive on purpose
LATER = NOW + timedelta(hours=1)
TODAY = date(2026, 11, 24)
MANY = object()

REQUEST = {"now": NOW, "duration": 30}
HOURS = {"weekday": 1, "start": "09:00", "end": "10:00"}
BUSY = {"start": NOW, "end": LATER}
BLOCK = {"start": NAIVE, "duration": 60, "rrule": "FREQ=DAILY"}


def refused(kind: Any, given: dict[str, Any], field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as raised:
        kind(**{**given, field: value})
    assert [problem.path for problem in raised.value.problems] == [field]
    if isinstance(value, str) and len(value) > 3:
        assert value not in str(raised.value)


@pytest.mark.parametrize(
    "field, value",
    [
        ("now", NAIVE),
        ("now", None),
        ("now", "2026-11-24"),
        ("now", datetime(1800, 1, 1, tzinfo=UTC)),
        ("now", datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-9)))),
        ("now", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9)))),
        ("duration", 0),
        ("duration", -5),
        ("duration", timedelta(days=3650)),
        ("duration", timedelta(seconds=90)),
        ("duration", 5_256_000),
        ("duration", 10**30),
        ("duration", True),
        ("duration", 30.0),
        ("duration", "30"),
        ("duration", None),
        ("zone", "Mars/Olympus"),
        ("zone", ""),
        ("zone", "../etc/passwd"),
        ("zone", "x" * 10_000),
        ("zone", None),
        ("zone", 5),
        ("viewer_zone", "Mars/Olympus"),
        ("providers", None),
        ("providers", "dr-lee"),
        ("providers", ["dr-lee"]),
        ("providers", [Provider(id="a"), Provider(id="a")]),
        ("mode", "some"),
        ("mode", None),
        ("from_", NAIVE),
        ("to", NAIVE),
        ("step", 0),
        ("step", timedelta(days=8)),
        ("align", "grid"),
        ("align", 5),
        ("offset", -1),
        ("offset", None),
        ("buffer_before", -1),
        ("buffer_after", timedelta(days=8)),
        ("buffer_scope", "nowhere"),
        ("notice", -1),
        ("notice", timedelta(days=400)),
        ("horizon", -1),
        ("horizon", 10_000),
        ("horizon", True),
        ("horizon", 1.5),
        ("horizon_days", "working"),
        ("date_range", TODAY),
        ("date_range", "20261124"),
        ("date_range", (TODAY,)),
        ("date_range", (TODAY, date(2026, 11, 23))),
        ("date_range", (NOW, None)),
        ("date_range", ("2026-11-24", None)),
        ("max_per_day", -1),
        ("max_per_day", "many"),
        ("capacity", 0),
        ("capacity", None),
        ("requests_block", "yes"),
        ("requests_block", 1),
        ("exclude", ""),
        ("exclude", 7),
        ("exclude", "x" * 300),
        ("pools", [Resource(id="c1")]),
        ("pools", [ResourcePool(id="a"), ResourcePool(id="a")]),
        ("patient_appointments", [NOW]),
        ("limit", 0),
        ("groups", [["a"]]),
        ("groups", "ab"),
    ],
)
def test_a_request_refuses(field: str, value: Any) -> None:
    refused(SlotRequest, REQUEST, field, value)


def test_a_request_refuses_groups_of_nobody() -> None:
    given = {**REQUEST, "mode": "groups", "providers": [Provider(id="a")]}

    refused(SlotRequest, given, "groups", ())
    refused(SlotRequest, given, "groups", [[]])
    refused(SlotRequest, given, "groups", [["b"]])
    refused(SlotRequest, given, "groups", ["a", 5])


def test_a_range_must_not_end_before_it_starts_or_after_ten_years() -> None:
    refused(SlotRequest, {**REQUEST, "from_": LATER}, "to", NOW)
    refused(SlotRequest, REQUEST, "to", NOW + timedelta(days=3700))


@pytest.mark.parametrize(
    "field, value",
    [
        ("weekday", 7),
        ("weekday", -1),
        ("weekday", "Monday"),
        ("weekday", None),
        ("start", "9:00 am"),
        ("start", "24:00"),
        ("start", "09:60"),
        ("start", "\uff19:00"),
        ("start", "09:0"),
        ("start", time(9, 0, 30)),
        ("start", time(9, tzinfo=UTC)),
        ("start", None),
        ("start", True),
        ("start", 9.0),
        ("start", NOW),
        ("end", "24:01"),
        ("end", "25:00"),
        ("end", ""),
        ("valid_from", NOW),
        ("valid_from", "2026-11-24"),
        ("every_weeks", 0),
        ("every_weeks", None),
        ("every_weeks", 60),
        ("anchor", NOW),
    ],
)
def test_weekly_hours_refuse(field: str, value: Any) -> None:
    refused(WeeklyHours, HOURS, field, value)


def test_weekly_hours_end_their_validity_after_it_starts_and_rotations_need_an_anchor() -> None:
    refused(WeeklyHours, {**HOURS, "valid_from": TODAY}, "valid_until", date(2026, 11, 23))
    with pytest.raises(InvalidInput, match="anchor: "):
        WeeklyHours(**HOURS, every_weeks=2)  # type: ignore[arg-type]


def test_wall_times_have_three_forms() -> None:
    assert WeeklyHours(weekday=1, start=time(9, 30), end="24:00") == WeeklyHours(
        weekday=1, start="9:30", end=1440
    )


def test_overrides_refuse() -> None:
    for value in (NOW, "2026-11-24", None):
        refused(Override, {}, "date", value)
    for windows in (None, "09:00-10:00", [("09:00",)], [5], [("09:00", "10:00", "11:00")]):
        refused(Override, {"date": TODAY}, "windows", windows)
    refused(DayWindow, {"start": "09:00"}, "end", "noon")


@pytest.mark.parametrize("kind", [Busy, Away])
def test_spans_refuse_an_end_before_their_start(kind: Any) -> None:
    refused(kind, {"start": NOW}, "end", NOW - timedelta(minutes=1))
    refused(kind, {"start": NOW}, "end", NAIVE)
    refused(kind, {"end": NOW}, "start", None)
    assert kind(start=NOW, end=NOW).end == NOW


@pytest.mark.parametrize(
    "field, value",
    [
        ("id", ""),
        ("id", 5),
        ("state", "scheduled"),
        ("state", None),
        ("state", "x" * 1000),
        ("expires_at", NAIVE),
        ("buffer_before", -1),
        ("buffer_after", None),
        ("buffer_after", timedelta(days=8)),
        ("capacity", 0),
        ("capacity", None),
    ],
)
def test_busy_time_refuses(field: str, value: Any) -> None:
    refused(Busy, BUSY, field, value)


@pytest.mark.parametrize(
    "field, value",
    [
        ("id", " "),
        ("id", None),
        ("zone", "Nowhere"),
        ("hours", [NOW]),
        ("hours", None),
        ("overrides", [TODAY]),
        ("closed_dates", [NOW]),
        ("closed_dates", ["2026-11-24"]),
        ("closed_dates", TODAY),
        ("time_off", [NOW]),
        ("time_off", "never"),
        ("time_off", None),
        ("blocks", [NOW]),
        ("busy", [(NOW, LATER, NOW)]),
    ],
)
def test_a_provider_refuses(field: str, value: Any) -> None:
    refused(Provider, {}, field, value)


def test_time_off_as_a_pair_must_not_end_before_it_starts() -> None:
    with pytest.raises(InvalidInput, match="end: "):
        Provider(time_off=[(LATER, NOW)])


def test_pools_refuse() -> None:
    refused(ResourcePool, {}, "members", ["c1"])
    refused(ResourcePool, {}, "members", [Resource(id="c1"), Resource(id="c1")])
    refused(Resource, {}, "id", None)
    refused(Resource, {"id": "c1"}, "busy", [NOW])


@pytest.mark.parametrize(
    "field, value",
    [
        ("start", NOW),
        ("start", TODAY),
        ("start", None),
        ("start", NAIVE.replace(second=1)),
        ("start", datetime(1500, 1, 1)),  # noqa: DTZ001 - a wall time
        ("end", NAIVE),
        ("duration", 0),
        ("duration", timedelta(days=3650)),
        ("exdate", "20261124"),
        ("exdate", ["20261124"]),
        ("exdate", None),
        ("rrule", ""),
        ("rrule", 5),
        ("rrule", "FREQ=FORTNIGHTLY"),
        ("rrule", "FREQ=HOURLY"),
        ("rrule", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"),
        ("rrule", "INTERVAL=2"),
        ("rrule", "FREQ=DAILY;INTERVAL=0"),
        ("rrule", "FREQ=DAILY;INTERVAL=-1"),
        ("rrule", "FREQ=DAILY;INTERVAL=99999999999999999999"),
        ("rrule", "FREQ=DAILY;COUNT=0"),
        ("rrule", "FREQ=DAILY;COUNT=2;UNTIL=20270101"),
        ("rrule", "FREQ=DAILY;COUNT=2;COUNT=3"),
        ("rrule", "FREQ=DAILY;UNTIL=20261341"),
        ("rrule", "FREQ=DAILY;UNTIL=tomorrow"),
        ("rrule", "FREQ=DAILY;UNTIL=20261123"),
        ("rrule", "FREQ=DAILY;BYHOUR=9"),
        ("rrule", "FREQ=DAILY;BYDAY=1FR"),
        ("rrule", "FREQ=WEEKLY;BYDAY=FRI"),
        ("rrule", "FREQ=WEEKLY;BYDAY="),
        ("rrule", "FREQ=WEEKLY;BYMONTHDAY=5"),
        ("rrule", "FREQ=WEEKLY;BYYEARDAY=5"),
        ("rrule", "FREQ=MONTHLY;BYDAY=0MO"),
        ("rrule", "FREQ=MONTHLY;BYDAY=6MO"),
        ("rrule", "FREQ=MONTHLY;BYDAY=54MO"),
        ("rrule", "FREQ=MONTHLY;BYWEEKNO=5"),
        ("rrule", "FREQ=MONTHLY;BYMONTHDAY=32"),
        ("rrule", "FREQ=MONTHLY;BYMONTHDAY=0"),
        ("rrule", "FREQ=MONTHLY;BYMONTHDAY=x"),
        ("rrule", "FREQ=MONTHLY;BYSETPOS=1"),
        ("rrule", "FREQ=YEARLY;BYMONTH=13"),
        ("rrule", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        ("rrule", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31"),
        ("rrule", "FREQ=YEARLY;WKST=XX"),
        ("rrule", "FREQ=YEARLY;COLOUR=RED"),
        ("rrule", "FREQ=DAILY;" * 100),
    ],
)
def test_a_recurring_block_refuses(field: str, value: Any) -> None:
    given = {**BLOCK, "duration": None} if field == "end" else BLOCK
    refused(RecurringBlock, given, field, value)


def test_a_block_has_either_an_end_or_a_duration() -> None:
    with pytest.raises(InvalidInput, match="end: give either"):
        RecurringBlock(start=NAIVE)
    with pytest.raises(InvalidInput, match="end: give either"):
        RecurringBlock(start=NAIVE, end=NAIVE + timedelta(hours=1), duration=60)


def test_lengths_are_minutes_or_timedeltas_and_choices_are_read_in_any_case() -> None:
    one = SlotRequest(now=NOW, duration=30, align="CLOCK", buffer_after=5)
    other = SlotRequest(
        now=NOW.astimezone(timezone(timedelta(hours=5))),
        duration=timedelta(minutes=30),
        align=Align.CLOCK,
        buffer_after=timedelta(minutes=5),
    )

    assert one == other
    assert one.now.tzinfo is UTC
    assert Busy(start=NOW, end=LATER, state="IN_PROGRESS").state is State.IN_PROGRESS


def test_zones_are_names_or_zone_infos() -> None:
    by_name = SlotRequest(now=NOW, duration=30, zone="Asia/Kathmandu", viewer_zone="Europe/London")
    by_info = SlotRequest(
        now=NOW,
        duration=30,
        zone=ZoneInfo("Asia/Kathmandu"),
        viewer_zone=ZoneInfo("Europe/London"),
    )

    assert by_name == by_info
    assert Provider(zone=ZoneInfo("Asia/Kathmandu")) == Provider(zone="Asia/Kathmandu")


def test_a_wall_time_may_be_written_as_times_write_themselves() -> None:
    written = WeeklyHours(weekday=1, start="09:00:00", end="24:00:00")

    assert written == WeeklyHours(weekday=1, start=time(9), end="24:00")
    for text in ("09:00:30", "09:00:00:00", "09:00:", ":00:00"):
        refused(WeeklyHours, HOURS, "start", text)


def test_pairs_of_instants_are_booked() -> None:
    pair = (NOW, LATER)

    assert Provider(busy=[pair, Busy(start=NOW, end=LATER, id="a")]).busy == (
        Busy(start=NOW, end=LATER),
        Busy(start=NOW, end=LATER, id="a"),
    )
    with pytest.raises(InvalidInput, match="end: "):
        Provider(busy=[(LATER, NOW)])
