"""What sources cost: effective-dated rows, accrued day by day, exact until a sum is shown.

cost(source, period) = the sum over the days of the period of the monthly amount of the day over
the days of its month, and the one-off amounts of the period (metric 12).
"""

import math
from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from attrs import evolve, field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.marketing import Spend, SpendKind
from orthocrm.core.money import Money
from orthocrm.core.time import Period

_DAY = timedelta(days=1)


@frozen
class Cost:
    """An amount in exact fractions of minor units, so that parts add up to their total.

    `rounded` is what is shown of it in whole minor units, where it was rounded beside others.

    >>> Cost(Fraction(10000, 3), "USD").money
    Money(minor=3333, currency='USD')
    """

    minor: Fraction
    currency: str
    rounded: int | None = field(default=None, eq=False, repr=False)

    def __add__(self, other: "Cost") -> "Cost":
        if other.currency != self.currency:
            raise InvalidInput.at("currency", "other_currency", "add amounts of one currency")
        return Cost(self.minor + other.minor, self.currency)

    @property
    def money(self) -> Money:
        """The amount in whole minor units, halves to the even one."""
        whole = round(self.minor) if self.rounded is None else self.rounded
        return Money(whole, self.currency)

    def per(self, number: Fraction | int) -> Decimal | None:
        """Divide among leads or patients, in major units to the minor one; None among none.

        >>> Cost(Fraction(313000), "USD").per(Fraction(25, 2))
        Decimal('250.40')
        """
        if not number:
            return None
        return Money(round(self.minor / number), self.currency).amount


def shared_out(total: Cost, parts: Sequence[Cost]) -> tuple[Cost, ...]:
    """Round the parts of a total so that what is shown of them adds up to it.

    Each is rounded down, and what is missing goes to those that lost most by it (the method of the
    largest remainder); the amounts themselves stay exact.

    >>> third = Cost(Fraction(100, 3), "USD")
    >>> [part.money.minor for part in shared_out(Cost(Fraction(100), "USD"), [third] * 3)]
    [34, 33, 33]
    """
    lost = [part.minor - math.floor(part.minor) for part in parts]
    missing = total.money.minor - sum(math.floor(part.minor) for part in parts)
    if sum(part.minor for part in parts) != total.minor:
        return tuple(parts)
    rounded_up = set(sorted(range(len(parts)), key=lambda place: -lost[place])[:missing])
    return tuple(
        evolve(part, rounded=math.floor(part.minor) + (place in rounded_up))
        for place, part in enumerate(parts)
    )


@frozen(kw_only=True)
class Accrued:
    """What rows cost over a period, in the clinic's currency.

    `others` are amounts in currencies that the clinic used before.
    """

    cost: Cost
    others: tuple[Cost, ...] = field(default=())


def accrued(rows: Iterable[Spend], period: Period, currency: str) -> Accrued:
    """Add up what some rows cost over a period."""
    sums: dict[str, Fraction] = {currency: Fraction(0)}
    for row in rows:
        minor = accrual(row, period)
        if minor:
            sums[row.amount.currency] = sums.get(row.amount.currency, Fraction(0)) + minor
    own = Cost(sums.pop(currency), currency)
    return Accrued(cost=own, others=tuple(Cost(sums[code], code) for code in sorted(sums)))


def accrual(row: Spend, period: Period) -> Fraction:
    """Give what one row costs over a period, in exact minor units."""
    if row.kind is SpendKind.ONE_OFF:
        falls_in = period.first <= row.starts_on < period.until
        return Fraction(row.amount.minor if falls_in else 0)
    first = max(row.starts_on, period.first)
    until = period.until if row.ends_on is None else min(row.ends_on + _DAY, period.until)
    return row.amount.minor * _months_between(first, until)


@lru_cache(maxsize=1024)
def _months_between(first: date, until: date) -> Fraction:
    """Add up, of each month, the part of its days that lie in `[first, until)`."""
    if first >= until:
        return Fraction(0)
    parts = Period(first, until).months()
    return sum((Fraction((p.until - p.first).days, _days_of(p.first)) for p in parts), Fraction(0))


def _days_of(day: date) -> int:
    """Give the number of days of a month."""
    return monthrange(day.year, day.month)[1]
