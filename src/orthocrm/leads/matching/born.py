"""Birth dates, and the ways in which they are written down wrong."""

from datetime import date

from orthocrm.leads.matching.agreement import Agreement

MOST_SLIPS = 2
"""Digits that may be wrong in a date that is still taken for a misspelt one."""

MONTH = 31
"""Days; siblings who are no twins are born many months apart."""

MISTAKEN_YEARS = (0, 1, 10)
"""Years by which people are out who know month and day roughly."""


def agreement(one: date | None, two: date | None) -> Agreement:
    """Compare two birth dates.

    SLIP: day and month swapped, or one digit wrong, or two neighbouring ones exchanged.
    NEAR: one of year, month and day is quite another, or two digits are wrong, or the dates are
    closer than siblings can be, be it in another year or decade.
    """
    if one is None or two is None:
        return Agreement.UNKNOWN
    if one == two:
        return Agreement.SAME
    return _misspelt(one, two)


def _misspelt(one: date, two: date) -> Agreement:
    if (one.year, one.month, one.day) == (two.year, two.day, two.month):
        return Agreement.SLIP
    here, there = one.isoformat(), two.isoformat()
    wrong = [at for at in range(len(here)) if here[at] != there[at]]
    if len(wrong) == 1 or _exchanged(here, there, wrong):
        return Agreement.SLIP
    kept = (one.year == two.year) + (one.month == two.month) + (one.day == two.day)
    near = len(wrong) <= MOST_SLIPS or kept == len(("year", "month", "day")) - 1
    return Agreement.NEAR if near or _close(one, two) else Agreement.DIFFERENT


def _close(one: date, two: date) -> bool:
    """Whether the dates are within a month, once the year is set right."""
    years = abs(one.year - two.year)
    days = abs(_day_of_year(one) - _day_of_year(two))
    if years <= 1 and abs((one - two).days) <= MONTH:
        return True
    return years in MISTAKEN_YEARS and days <= MONTH


def _day_of_year(day: date) -> int:
    return day.timetuple().tm_yday


def _exchanged(here: str, there: str, wrong: list[int]) -> bool:
    if len(wrong) != len(("first", "second")):
        return False
    first, second = wrong
    return (here[first], here[second]) == (there[second], there[first])
