"""Reports that come by e-mail: to staff, of the period that is over, once, and numbers only."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

import pytest

from orthocrm import Every, InvalidInput, Reporting, ScheduledReport
from orthocrm.core.ids import UserId
from orthocrm.testing.suite.arranged import together
from tests.flows.carrying import Bird, a_practice, configure, reach
from tests.flows.practice import House, enquiry

SIX, SEVEN = datetime(2026, 11, 3, 12, tzinfo=UTC), datetime(2026, 11, 3, 13, tzinfo=UTC)
"""On Tuesday, the day after the enquiries, by the wall of Chicago."""

DOCTOR, STRANGER = UserId("dr-1"), UserId("dr-2")


@pytest.fixture
def pigeon() -> Bird:
    return Bird()


@pytest.fixture
def house(url: str, pigeon: Bird) -> Iterator[House]:
    with a_practice(pigeon, url=url) as opened:
        schedule(opened)
        reach(opened, DOCTOR)
        for number in range(3):
            opened.front.leads.capture(enquiry(phone=f"+1312555014{number}", email=None))
        yield opened


def schedule(house: House, **fields: Any) -> None:
    usual: dict[str, Any] = {"report": "daily", "every": Every.DAY, "users": (DOCTOR, STRANGER)}
    configure(house, reporting=Reporting(schedules=(ScheduledReport(**{**usual, **fields}),)))


def work_at(house: House, at: datetime) -> int:
    house.clock.set(at)
    done = house.crm.work()
    assert done.errors == ()
    return done.reports


def test_a_report_comes_once_when_its_time_has_come(house: House, pigeon: Bird) -> None:
    assert [work_at(house, at) for at in (SIX, SEVEN, SEVEN)] == [0, 1, 0]
    (letter,) = [one for one in pigeon.letters if one.to == f"{DOCTOR}@practice.example"]
    assert letter.subject == "Bright Smiles: Daily lead summary, 2026-11-02"
    assert "Leads: This period 3" in letter.body
    assert work_at(house, SEVEN.replace(day=4)) == 1


def test_a_report_holds_numbers_and_no_family(house: House, pigeon: Bird) -> None:
    work_at(house, SEVEN)
    (letter,) = [one for one in pigeon.letters if one.to == f"{DOCTOR}@practice.example"]
    for word in ("Lopez", "Maria", "Sofia", "312555", "3125550"):
        assert word not in letter.body


def test_two_workers_send_one(house: House, pigeon: Bird) -> None:
    house.clock.set(SEVEN)
    together(house.crm.work, house.crm.work)
    assert [one.to for one in pigeon.letters].count(f"{DOCTOR}@practice.example") == 1


@pytest.mark.parametrize(
    "every,at,title",
    [
        (Every.WEEK, datetime(2026, 11, 9, 13, tzinfo=UTC), "Weekly lead summary, 2026-11-02"),
        (Every.MONTH, datetime(2026, 12, 1, 13, tzinfo=UTC), "Weekly lead summary, 2026-11-01"),
    ],
)
def test_weeks_and_months_come_when_they_are_over(
    house: House, pigeon: Bird, every: Every, at: datetime, title: str
) -> None:
    schedule(house, report="weekly", every=every)
    work_at(house, at)
    subjects = [one.subject for one in pigeon.letters if one.subject and "summary" in one.subject]
    assert subjects == [f"Bright Smiles: {title}"]


def test_small_groups_are_left_out_of_the_mail(house: House, pigeon: Bird) -> None:
    usual = ScheduledReport(report="daily", every=Every.DAY, users=(DOCTOR,), at=time(7))
    configure(house, reporting=Reporting(schedules=(usual,), smallest_group=10))
    work_at(house, SEVEN)
    (letter,) = [one for one in pigeon.letters if one.to == f"{DOCTOR}@practice.example"]
    assert "Leads: This period -" in letter.body
    assert "groups of fewer than 10 are not shown" in letter.body


@pytest.mark.parametrize("fields", [{"report": "Qz"}, {"users": ()}, {"at": time(7, tzinfo=UTC)}])
def test_a_schedule_that_cannot_be_kept_is_refused(house: House, fields: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        schedule(house, **fields)
    assert [problem.path for problem in refusal.value.problems] == ["reporting.schedules"]
    assert "Qz" not in str(refusal.value)
