"""Columns as a model sees them: each value falls into one bin, what is missing into one of its own.

Numbers are cut at quantiles, and rare codes are one bin together.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from orthocrm.intelligence.table import Cell, as_code, as_number

MISSING = 0
"""The bin of what is not known."""

OTHER = 1
"""The bin of codes that are rare, or that came up after the training."""

LEAST_IN_A_BIN = 10
MOST_BINS = 16
MOST_CODES = 60
_MOST_DISTINCT_SHARE = 0.5
_FEWEST_NUMBERS = 8
"""A column with fewer different numbers is one of codes: 0 and 1, grades, counts."""


@frozen(kw_only=True)
class Numbers:
    """A column of numbers, cut at `edges`: bin `i + 1` holds what is below `edges[i]`."""

    name: str
    edges: tuple[float, ...]

    @property
    def size(self) -> int:
        """How many bins there are."""
        return len(self.edges) + 2

    def bins(self, cells: Sequence[Cell]) -> list[int]:
        """Give the bin of each value."""
        edges = self.edges
        numbers = map(as_number, cells)
        return [MISSING if n is None else bisect_right(edges, n) + 1 for n in numbers]

    def label(self, bin_: int) -> str:
        """Say what a bin holds."""
        if bin_ == MISSING:
            return "not known"
        low = f"{self.edges[bin_ - 2]:g}" if bin_ > 1 else None
        high = f"{self.edges[bin_ - 1]:g}" if bin_ <= len(self.edges) else None
        if low is None:
            return "any number" if high is None else f"below {high}"
        return f"{low} or more" if high is None else f"{low} to below {high}"


@frozen(kw_only=True)
class Codes:
    """A column of codes; `codes[i]` is bin `i + 2`."""

    name: str
    codes: tuple[str, ...]
    _bin_by_code: Mapping[str | None, int] = field(init=False, eq=False, repr=False)

    @_bin_by_code.default
    def _numbered(self) -> Mapping[str | None, int]:
        return {None: MISSING, **{code: place for place, code in enumerate(self.codes, OTHER + 1)}}

    @property
    def size(self) -> int:
        """How many bins there are."""
        return len(self.codes) + 2

    def bins(self, cells: Sequence[Cell]) -> list[int]:
        """Give the bin of each value."""
        known = self._bin_by_code
        return [known.get(as_code(cell), OTHER) for cell in cells]

    def label(self, bin_: int) -> str:
        """Say what a bin holds."""
        if bin_ == MISSING:
            return "not known"
        return "something rare" if bin_ == OTHER else self.codes[bin_ - OTHER - 1]


Column = Numbers | Codes


def column_of(name: str, cells: Sequence[Cell]) -> Column | None:
    """Decide how a column is cut; None when it says nothing: one value, or an identity."""
    known = [cell for cell in cells if cell is not None]
    numbers = [as_number(cell) for cell in known]
    counted = Counter(numbers)
    if None not in counted and len(counted) >= _FEWEST_NUMBERS:
        return Numbers(name=name, edges=_edges(sorted(n for n in numbers if n is not None)))
    return _codes(name, known, len(cells))


def _codes(name: str, known: Sequence[Cell], rows: int) -> Codes | None:
    counted = Counter(map(as_code, known))
    if len(counted) > max(_MOST_DISTINCT_SHARE * len(known), LEAST_IN_A_BIN):
        return None
    if len(counted) == 1 and len(known) == rows:
        return None
    ranked = sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))[:MOST_CODES]
    often = tuple(str(code) for code, count in ranked if count >= LEAST_IN_A_BIN)
    return Codes(name=name, codes=often) if often else None


def _edges(numbers: Sequence[float]) -> tuple[float, ...]:
    """Cut at quantiles, so that each bin holds about as many; equal values stay together."""
    bins = min(MOST_BINS, max(len(numbers) // (2 * LEAST_IN_A_BIN), 2))
    cuts = sorted({numbers[len(numbers) * place // bins] for place in range(1, bins)})
    return tuple(cut for cut in cuts if cut > numbers[0])
