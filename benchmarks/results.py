"""What was measured, what was wanted, and whether it was met."""

from collections.abc import Sequence
from enum import StrEnum

from attrs import frozen

QUICK_TOLERANCE = 2.0
"""A quick run forgives ratios that much: its databases are small and its medians rough."""


class Unit(StrEnum):
    """What a figure is in."""

    MS = "ms"
    ROWS = "rows/s"
    MB = "MB"
    CAPTURES = "captures/s"
    READS = "reads/s"

    @property
    def more_is_better(self) -> bool:
        """Whether the figure is a rate."""
        return self in (Unit.ROWS, Unit.CAPTURES, Unit.READS)


class Verdict(StrEnum):
    """What a result says about its target."""

    MET = "met"
    MISSED = "MISSED"
    STATED = "stated"
    NOT_JUDGED = "not judged"


@frozen(kw_only=True)
class Target:
    """A bound: on the ratio to the floor, or on our own figure."""

    limit: float
    of_ratio: bool = False

    def text(self, unit: Unit) -> str:
        """Say the bound."""
        if self.of_ratio:
            return f"<= {self.limit:g} x"
        return f"{'>=' if unit.more_is_better else '<='} {self.limit:,g} {unit}"


@frozen(kw_only=True)
class Result:
    """One line of the table: `leads` is how many there were in the database."""

    case: str
    on: str
    leads: int | None = None
    unit: Unit = Unit.MS
    ours: float
    floor: float | None = None
    target: Target | None = None
    remark: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the floor's time we take."""
        if not self.floor:
            return None
        return self.floor / self.ours if self.unit.more_is_better else self.ours / self.floor

    def verdict(self, *, quick: bool = False) -> Verdict:
        """Compare with the target; a quick run judges ratios alone, and forgives a little."""
        if self.target is None:
            return Verdict.STATED
        if not self.target.of_ratio:
            return Verdict.NOT_JUDGED if quick else self._of_figure(self.target.limit)
        assert self.ratio is not None
        limit = self.target.limit * (QUICK_TOLERANCE if quick else 1)
        return Verdict.MET if self.ratio <= limit else Verdict.MISSED

    def _of_figure(self, limit: float) -> Verdict:
        good = self.ours >= limit if self.unit.more_is_better else self.ours <= limit
        return Verdict.MET if good else Verdict.MISSED


@frozen(kw_only=True)
class Growth:
    """How a figure changes from a small database to a large one."""

    case: str
    on: str
    unit: Unit
    small: Result
    large: Result

    @property
    def ours(self) -> float:
        """How many times as long we take in the large database."""
        return _times(self.unit, self.small.ours, self.large.ours)

    @property
    def floor(self) -> float | None:
        """How many times as long the floor takes there."""
        if not self.small.floor or not self.large.floor:
            return None
        return _times(self.unit, self.small.floor, self.large.floor)


def _times(unit: Unit, small: float, large: float) -> float:
    return small / large if unit.more_is_better else large / small


def growth(results: Sequence[Result]) -> list[Growth]:
    """Pair the results of each case at its smallest and its largest database."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        if result.leads is not None:
            groups.setdefault((result.case, result.on), []).append(result)
    return [
        Growth(case=case, on=on, unit=group[0].unit, small=group[0], large=group[-1])
        for (case, on), group in groups.items()
        if len(group) > 1
    ]
