"""A trained model: points for each bin of each column, added up and turned into a probability.

However it was trained, a model is nothing but tables of numbers: it is kept as JSON, scores
without any library, and can say of every row which column added how much.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from attrs import evolve, field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.intelligence.columns import Codes, Column, Numbers
from orthocrm.intelligence.newton import chance
from orthocrm.intelligence.table import Row, cells, checked_rows

FORMAT = 1
"""Grows when a document of this release could not be read by the one before."""

_SMALLEST_REASON = 0.05


@frozen(kw_only=True)
class PairPoints:
    """Points for two columns together: `points[bin of one][bin of other]`."""

    one: int
    other: int
    points: tuple[tuple[float, ...], ...]


@frozen(kw_only=True)
class Contribution:
    """What one column adds to the log odds of a row, beyond what it adds on the average.

    `value` says in words into which bin the row falls. A contribution of 0.7 doubles the odds.
    """

    column: str
    value: str
    points: float


@frozen(kw_only=True)
class Scorecard:
    """A model. `points[i]` belong to the bins of `columns[i]`, `usual[i]` is their mean.

    The sum of the points and `intercept` is the log odds of the outcome. `shares[i]` is how the
    rows of the training fell into the bins.
    """

    columns: tuple[Column, ...]
    points: tuple[tuple[float, ...], ...]
    intercept: float
    pairs: tuple[PairPoints, ...] = ()
    usual: tuple[float, ...] = ()
    shares: tuple[tuple[float, ...], ...] = field(default=(), repr=False)

    def probabilities(self, rows: Sequence[Row]) -> list[float]:
        """Give the probability of the outcome for each row.

        Raises:
            InvalidInput: a value of a column that the model uses cannot be read.
        """
        return [chance(odds) for odds in self.log_odds(self.bins(rows), len(rows))]

    def bins(self, rows: Sequence[Row]) -> list[list[int]]:
        """Give the bin of each row, by column."""
        read = cells(checked_rows(rows), (column.name for column in self.columns))
        return [column.bins(read[column.name]) for column in self.columns]

    def log_odds(self, bins: Sequence[Sequence[int]], rows: int | None = None) -> list[float]:
        """Add the points of rows up from their bins."""
        total = [self.intercept] * (len(bins[0]) if bins else rows or 0)
        for points, column in zip(self.points, bins, strict=True):
            total = [sum_ + points[bin_] for sum_, bin_ in zip(total, column, strict=True)]
        for pair in self.pairs:
            points2, sides = pair.points, (bins[pair.one], bins[pair.other])
            total = [sum_ + points2[a][b] for sum_, a, b in zip(total, *sides, strict=True)]
        return total

    def contributions(self, row: Row) -> tuple[Contribution, ...]:
        """Say which column moved a row's score, the strongest first; what two share is halved."""
        bins = [column[0] for column in self.bins([row])]
        added = self._added(bins)
        usual = self.usual or (0.0,) * len(added)
        found = [
            Contribution(
                column=column.name,
                value=column.label(bin_),
                points=round(points - mean, 4),
            )
            for column, bin_, points, mean in zip(self.columns, bins, added, usual, strict=True)
        ]
        telling = [each for each in found if abs(each.points) >= _SMALLEST_REASON]
        return tuple(sorted(telling, key=lambda each: (-abs(each.points), each.column)))

    def _added(self, bins: Sequence[int]) -> list[float]:
        added = [points[bin_] for points, bin_ in zip(self.points, bins, strict=True)]
        for pair in self.pairs:
            half = pair.points[bins[pair.one]][bins[pair.other]] / 2
            added[pair.one] += half
            added[pair.other] += half
        return added

    def document(self) -> dict[str, Any]:
        """Give the model as JSON values."""
        return {
            "format": FORMAT,
            "columns": [_column_document(column) for column in self.columns],
            "points": [_short(points) for points in self.points],
            "pairs": [
                {
                    "one": pair.one,
                    "other": pair.other,
                    "points": [_short(points) for points in pair.points],
                }
                for pair in self.pairs
            ],
            "intercept": self.intercept,
            "usual": _short(self.usual),
            "shares": [_short(shares) for shares in self.shares],
        }


def _short(numbers: Sequence[float]) -> list[float]:
    """Keep six places: what is left out moves no probability by more than a hundred-thousandth."""
    return [round(number, 6) for number in numbers]


def mixed(cards: Sequence[Scorecard], factors: Sequence[float], offset: float) -> Scorecard:
    """Add models of the same columns up, each stretched by its factor."""
    parts = list(zip(cards, factors, strict=True))
    pairs: dict[tuple[int, int], list[tuple[float, ...]]] = {}
    for card, factor in parts:
        for pair in card.pairs:
            more = [tuple(factor * each for each in points) for points in pair.points]
            held = pairs.get((pair.one, pair.other))
            pairs[pair.one, pair.other] = more if held is None else _sums(held, more)
    return evolve(
        cards[0],
        points=tuple(
            _weighed([card.points[place] for card in cards], factors)
            for place in range(len(cards[0].columns))
        ),
        pairs=tuple(
            PairPoints(one=one, other=other, points=tuple(points))
            for (one, other), points in sorted(pairs.items())
        ),
        intercept=offset + sum(factor * card.intercept for card, factor in parts),
        usual=_weighed([card.usual for card in cards], factors),
    )


def _weighed(rows: Sequence[Sequence[float]], factors: Sequence[float]) -> tuple[float, ...]:
    return tuple(
        sum(factor * value for factor, value in zip(factors, values, strict=True))
        for values in zip(*rows, strict=True)
    )


def _sums(
    one: Sequence[Sequence[float]], other: Sequence[Sequence[float]]
) -> list[tuple[float, ...]]:
    rows = zip(one, other, strict=True)
    return [tuple(a + b for a, b in zip(*row, strict=True)) for row in rows]


def _column_document(column: Column) -> dict[str, Any]:
    if isinstance(column, Numbers):
        return {"kind": "numbers", "name": column.name, "edges": list(column.edges)}
    return {"kind": "codes", "name": column.name, "codes": list(column.codes)}


def scorecard_of(document: Mapping[str, Any]) -> Scorecard:
    """Read a model from JSON values; nothing of it is ever run.

    Raises:
        InvalidInput: another release wrote it, or something in it does not fit together.
    """
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise InvalidInput.at("model", "other_format", "train again: another release wrote it")
    try:
        card = _read(document)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _broken() from None
    if not _fits_together(card):
        raise _broken()
    return card


def _broken() -> InvalidInput:
    return InvalidInput.at("model", "broken", "train again: it does not fit together")


def _read(document: Mapping[str, Any]) -> Scorecard:
    return Scorecard(
        columns=tuple(map(_column, document["columns"])),
        points=tuple(map(_numbers, document["points"])),
        pairs=tuple(
            PairPoints(
                one=pair["one"],
                other=pair["other"],
                points=tuple(map(_numbers, pair["points"])),
            )
            for pair in document["pairs"]
        ),
        intercept=_number(document["intercept"]),
        usual=_numbers(document["usual"]),
        shares=tuple(map(_numbers, document["shares"])),
    )


def _column(document: Mapping[str, Any]) -> Column:
    name = document["name"]
    if not isinstance(name, str):
        raise TypeError
    if document["kind"] == "numbers":
        return Numbers(name=name, edges=_numbers(document["edges"]))
    if document["kind"] != "codes" or not all(isinstance(c, str) for c in document["codes"]):
        raise ValueError
    return Codes(name=name, codes=tuple(document["codes"]))


def _number(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not isfinite(raw):
        raise ValueError
    return float(raw)


def _numbers(raw: Sequence[object]) -> tuple[float, ...]:
    return tuple(_number(each) for each in raw)


def _fits_together(card: Scorecard) -> bool:
    sizes = [column.size for column in card.columns]
    widths = [len(points) for points in card.points]
    return (
        widths == sizes
        and [len(shares) for shares in card.shares] in (sizes, [])
        and len(card.usual) in (len(sizes), 0)
        and all(_pair_fits(pair, sizes) for pair in card.pairs)
    )


def _pair_fits(pair: PairPoints, sizes: Sequence[int]) -> bool:
    places = range(len(sizes))
    if type(pair.one) is not int or type(pair.other) is not int:
        return False
    if pair.one not in places or pair.other not in places:
        return False
    rows = len(pair.points) == sizes[pair.one]
    return rows and all(len(points) == sizes[pair.other] for points in pair.points)
