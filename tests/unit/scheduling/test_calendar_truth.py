"""Days of change, transitions and recurrence rules as other programs know them."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orthocrm.scheduling.hours import Override
from orthocrm.scheduling.recurrence import parsed
from orthocrm.scheduling.slots import find_slots
from orthocrm.scheduling.zones import EPOCH, floor_minute, offsets
from tests.unit.scheduling.asking import ask

TRUTH = Path(__file__).parents[4] / "shared" / "data" / "calendar_truth"

needs_truth = pytest.mark.skipif(
    not TRUTH.is_dir(), reason="needs the calendar truth in shared/data"
)


def truth(name: str) -> Any:
    return json.loads((TRUTH / name).read_text())


@needs_truth
def test_every_day_of_change_has_the_slots_that_it_should() -> None:
    days = truth("dst_day_lengths.json")

    found = {}
    for day in days:
        whole = Override(date=date.fromisoformat(day["date"]), windows=[("00:00", "24:00")])
        request = ask(day["date"], zone=day["zone"], overrides=[whole], duration=30)
        slots = find_slots(request)
        seconds = (slots[-1].end - slots[0].start).total_seconds()
        found[day["zone"], day["date"]] = (seconds, len(slots))

    assert len(days) > 0
    assert found == {
        (day["zone"], day["date"]): (day["day_seconds"], day["slots_30min_whole_day"])
        for day in days
    }


@needs_truth
def test_every_transition_is_known_to_the_minute() -> None:
    zones = truth("dst_transitions.json")["zones"]
    first, last = datetime(2024, 1, 1, tzinfo=UTC), datetime(2032, 12, 31, tzinfo=UTC)

    for name, changes in zones.items():
        pieces = offsets(name, floor_minute(first), floor_minute(last)).pieces(
            floor_minute(first), floor_minute(last)
        )
        found = [
            (EPOCH + timedelta(minutes=start), before * 60, after * 60)
            for (_, _, before), (start, _, after) in pairwise(pieces)
        ]
        assert found == [
            (
                datetime.fromisoformat(change["utc"]),
                change["offset_before_s"],
                change["offset_after_s"],
            )
            for change in changes
            if change["offset_before_s"] != change["offset_after_s"]
        ], name


@needs_truth
def test_every_wall_time_around_a_transition_resolves_as_zoneinfo_says() -> None:
    zones = truth("dst_transitions.json")["zones"]
    asked = 0

    for name, changes in zones.items():
        for change in changes:
            at = datetime.fromisoformat(change["local_from"])
            table = offsets(
                name, floor_minute(at.replace(tzinfo=UTC)), floor_minute(at.replace(tzinfo=UTC))
            )
            for shift in range(-90, 150, 5):
                wall = at + timedelta(minutes=shift)
                found = table.instant(floor_minute(wall.replace(tzinfo=UTC)))
                assert found == floor_minute(wall.replace(tzinfo=ZoneInfo(name)))
                asked += 1

    assert asked > 0


OTHERWISE = {
    "FREQ=YEARLY;BYMONTHDAY=29;COUNT=3": "every month, as in dateutil; libical keeps to one",
    "FREQ=DAILY;BYMINUTE=1,2,3,4;INTERVAL=2;COUNT=3": "we always have a wall time",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=TU,SA;INTERVAL=6;UNTIL=20170101T000000Z": (
        "we count calendar years, libical years of weeks"
    ),
}
"""The few rules on which we differ from libical, and why."""


@needs_truth
def test_recurrence_rules_happen_as_libical_says() -> None:
    rules = [rule for rule in truth("rrule_instances.json") if rule["rrule"] not in OTHERWISE]

    found = [(rule["rrule"], instances(rule)) for rule in rules]

    assert len(rules) > 60
    assert found == [(rule["rrule"], rule["instances"]) for rule in rules]


def instances(rule: dict[str, Any]) -> list[str]:
    first = datetime.fromisoformat(rule["dtstart"].rstrip("Z"))
    form = "%Y%m%d" if "T" not in rule["dtstart"] else "%Y%m%dT%H%M%S"
    found = parsed(rule["rrule"]).occurrences(first, before=datetime(2100, 1, 1))  # noqa: DTZ001 - a wall time
    return [f"{wall:{form}}" + "Z" * rule["dtstart"].endswith("Z") for wall in found]
