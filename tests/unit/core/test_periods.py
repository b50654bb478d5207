"""Periods stay within the calendar: what is reckoned from one is refused by name, never broken."""

from collections.abc import Callable
from datetime import date

import pytest

from orthocrm import InvalidInput
from orthocrm.core.time import Period


@pytest.mark.parametrize(
    "make",
    [
        lambda: Period.month(1, 1),
        lambda: Period.month(9999, 12),
        lambda: Period.month(2026, 13),
        lambda: Period.year(0),
        lambda: Period.year(9999),
        lambda: Period.days(date(1, 1, 1), date(1, 1, 2)),
        lambda: Period.days(date(2026, 1, 1), date.max),
        lambda: Period.days(date(2026, 1, 2), date(2026, 1, 1)),
        lambda: Period.days(date(1000, 1, 1), date(8999, 1, 1)).previous(),
        lambda: Period.month(1000, 1).previous(),
        lambda: Period.year(1000).previous(),
    ],
)
def test_a_period_beyond_the_calendar_is_refused_by_name(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput) as refused:
        make()
    assert [problem.path for problem in refused.value.problems] == ["period"]


def test_periods_within_it_have_their_windows_before() -> None:
    assert Period.month(2026, 1).previous() == Period.month(2025, 12)
    assert Period.year(2026).previous() == Period.year(2025)
    assert Period.days(date(2026, 3, 1), date(2026, 3, 31)).previous() == Period.month(2026, 2)
    assert Period(date(2026, 1, 1), date(2027, 1, 1)).previous() == Period.year(2025)
    assert Period.days(date(2026, 1, 8), date(2026, 1, 14)).previous() == Period.days(
        date(2026, 1, 1), date(2026, 1, 7)
    )
