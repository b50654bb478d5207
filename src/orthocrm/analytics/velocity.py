"""How much money the pipeline carries a day (the velocity of sales operations).

Pipeline velocity = open leads * win rate * average fee / average days to win. The win rate is that
of the leads that were closed in the period, the days those of its conversions, and the fee what
these brought in on average. It is None where one of them is unknown.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar, Final

from attrs import frozen

from orthocrm.analytics.asking import OPEN, WON, Ask, Basis, Choice, Label, Rows, Whole
from orthocrm.analytics.costing import Revenue
from orthocrm.analytics.costs import Cost
from orthocrm.analytics.grouping import Behind, Facts, facts_of
from orthocrm.analytics.measures import NUMERATOR, Durations, Tally, unknown_part
from orthocrm.analytics.results import Figures, Ratio
from orthocrm.core.query import Aggregate, AllOf, Cond, Op, Where
from orthocrm.core.time import DAY

_WON: Final = Tally(facts=facts_of(Basis.CONVERTED))
_LOST: Final = Tally(facts=facts_of(Basis.LOST))
_OPEN: Final = Tally(facts=Facts(at=None, where=AllOf((OPEN, Cond("archived_at", Op.ABSENT)))))
"""The leads that are worked on now, whatever the period."""
_DAYS: Final = Durations(took="ms_to_convert", unit=DAY, facts=facts_of(Basis.CONVERTED), where=WON)
_REVENUE: Final = Revenue(basis=Basis.CONVERTED)


@frozen(kw_only=True)
class Velocity:
    """What the pipeline carries a day, and what of: `per_day` is None where a part is unknown."""

    open: int
    win_rate: Ratio
    fee: Cost | None
    days: float | None

    @property
    def per_day(self) -> Cost | None:
        """The money that flows through the pipeline a day."""
        share, days = self.win_rate, self.days
        if self.fee is None or not share.denominator or days is None or days <= 0:
            return None
        rate = Fraction(share.numerator, share.denominator)
        return Cost(self.open * rate * self.fee.minor / Fraction(days), self.fee.currency)


@frozen(kw_only=True)
class PipelineVelocity:
    """The velocity of the pipeline. Parts: `open`, `won`, `lost`."""

    parts: ClassVar = ("open", "won", "lost")

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Ask for every part."""
        return tuple(query for part in self._asked for query in part.queries(ask))

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Velocity]:
        """Put the parts together."""
        size = len(answers) // len(self._asked)
        of = [answers[i * size : (i + 1) * size] for i in range(len(self._asked))]
        opened, won, lost = (t.read(ask, a) for t, a in zip((_OPEN, _WON, _LOST), of, strict=False))
        days, earned = _DAYS.read(ask, of[3]), _REVENUE.read(ask, of[4])
        known = [dict(figures.groups) for figures in (opened, won, lost)]
        took, brought = dict(days.groups), dict(earned.groups)

        def velocity(label: Label) -> Velocity:
            there, wins, losses = (counts.get(label, 0) for counts in known)
            fee = _fee(brought[label].money, wins) if label in brought else None
            return _velocity(there, wins, losses, fee, took[label].mean if label in took else None)

        total = _velocity(
            opened.total,
            won.total,
            lost.total,
            _fee(earned.total.money, won.total),
            days.total.mean,
        )
        labels = dict.fromkeys((*known[0], *known[1], *known[2]))
        return Figures(total, tuple((label, velocity(label)) for label in labels))

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where | Behind:
        """Give the leads of a part."""
        side = {"open": _OPEN, "won": _WON, "lost": _LOST}.get(part)
        if side is None:
            raise unknown_part(self.parts)
        return side.drill(ask, NUMERATOR, choice)

    @property
    def _asked(self) -> tuple[Tally | Durations | Revenue, ...]:
        return _OPEN, _WON, _LOST, _DAYS, _REVENUE


def _fee(money: Cost, number: int) -> Cost | None:
    return Cost(money.minor / number, money.currency) if number and money.minor else None


def _velocity(opened: int, won: int, lost: int, fee: Cost | None, days: float | None) -> Velocity:
    return Velocity(open=opened, win_rate=Ratio(won, won + lost), fee=fee, days=days)
