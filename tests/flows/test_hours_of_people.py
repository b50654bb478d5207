"""Hours as they are typed, time off and public holidays of people, on every backend."""

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from orthocrm import DateHours, DateWindow, Forbidden, InvalidInput, Role, WeeklyWindow
from orthocrm.core.schedule import Schedule
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, WEEK, open_the_diary, search

TRUTH = Path(__file__).parents[3] / "shared" / "data" / "calendar_truth"


def starts(house: House, **fields: Any) -> list[datetime]:
    asked = search(providers=(LEE,), **fields)
    return [slot.start for slot in house.front.scheduling.slots(asked)]


def test_wall_times_may_be_typed(house: House) -> None:
    open_the_diary(house)
    typed = WeeklyWindow(weekday=2, start="22:00", end="24:00")
    hours = DateHours(
        on=date(2026, 11, 4),
        windows=(DateWindow(start="09:00:00", end="10:00"),),
    )
    house.admin.scheduling.set_week(LEE, [typed])
    house.admin.scheduling.set_date(LEE, hours)

    (schedule,) = [one for one in house.admin.scheduling.schedules() if one.id == LEE]
    assert schedule.windows == (WeeklyWindow(weekday=2, start=time(22), end=time()),)
    assert schedule.dates[0].windows == (DateWindow(start=time(9), end=time(10)),)
    assert starts(house, to=TUESDAY + 2 * timedelta(days=1)) == [
        TUESDAY + 13 * HOUR,
        TUESDAY + 14 * HOUR,
        TUESDAY + 24 * HOUR,
    ]


@pytest.mark.parametrize("wall", ["24:00", "9:00", "25:00", "09:60", "09:00:30", "", 540, None])
def test_what_is_no_wall_time_is_refused_and_not_stored(house: House, wall: Any) -> None:
    before = house.admin.scheduling.schedules()

    with pytest.raises(InvalidInput) as refused:
        house.admin.scheduling.set_week(LEE, [WeeklyWindow(weekday=1, start=wall, end=time(12))])

    assert [problem.path for problem in refused.value.problems] == ["windows.0.start"]
    assert house.admin.scheduling.schedules() == before


def test_a_provider_is_away_and_comes_back(house: House) -> None:
    open_the_diary(house)
    own = house.desk(Role.PROVIDER, LEE)
    whole = starts(house)

    absence = own.settings.add_absence(LEE, TUESDAY + HOUR, TUESDAY + 3 * HOUR, reason="a course")
    assert starts(house) == [
        at for at in whole if at != TUESDAY + HOUR and at != TUESDAY + 2 * HOUR
    ]
    own.settings.remove_absence(absence.id)
    assert starts(house) == whole

    with pytest.raises(Forbidden):
        own.settings.add_absence(KIM, TUESDAY, TUESDAY + HOUR)
    with pytest.raises(InvalidInput, match="user: no such coordinator or provider"):
        house.admin.settings.add_absence("dr-nobody", TUESDAY, TUESDAY + HOUR)
    with pytest.raises(InvalidInput, match="ends_at: "):
        own.settings.add_absence(LEE, TUESDAY + HOUR, TUESDAY)


def test_public_holidays_are_closed_for_all_who_share_a_template(house: House) -> None:
    open_the_diary(house)
    shared = Schedule(id="usual", clinic_id=house.clinic.id, windows=WEEK, is_template=True)
    house.admin.scheduling.save_schedule(shared)
    house.admin.scheduling.save_schedule(
        Schedule(id=LEE, clinic_id=house.clinic.id, template="usual")
    )
    thanksgiving = TUESDAY + timedelta(days=23)
    day = {"from_": thanksgiving, "to": thanksgiving + 8 * HOUR}
    assert starts(house, **day) != []

    closed = house.admin.scheduling.close_holidays("usual", 2026, "US")

    assert starts(house, **day) == []
    if TRUTH.is_dir():
        known = json.loads((TRUTH / "us_federal_holidays.json").read_text())
        assert [f"{one}" for one in closed.closed] == [one for one in known if one[:4] == "2026"]
    settings = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(settings, holidays="US"))
    again = house.admin.scheduling.close_holidays("usual", 2027)
    assert len(again.closed) > len(closed.closed)


@pytest.mark.parametrize(
    "year, place, path",
    [
        (2026, None, "place"),
        (2026, "Atlantis", "place"),
        (2026, 5, "place"),
        (1500, "US", "year"),
        (None, "US", "year"),
        ("2026", "US", "year"),
    ],
)
def test_holidays_of_nowhere_and_of_no_year_are_refused(
    house: House, year: Any, place: Any, path: str
) -> None:
    open_the_diary(house)
    with pytest.raises(InvalidInput) as refused:
        house.admin.scheduling.close_holidays(LEE, year, place)
    assert [problem.path for problem in refused.value.problems] == [path]
