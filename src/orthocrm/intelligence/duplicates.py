"""Learning from a clinic's own merges how much each agreement of two leads counts there.

What the rule says stays the ground: each field's weight moves by half of itself at the most, and
two leads that the rule does not take for one person stay beneath even odds, whatever was learnt. So
no training can make one patient of two siblings.
"""

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from attrs import field, frozen

from orthocrm.core.errors import InvalidInput, NotEnoughOutcomes
from orthocrm.intelligence.newton import chance, fitted

LEAST_DECISIONS = 20
"""Merges, and as many pairs that somebody kept apart."""

MOST_MOVED = 0.5
MOST_SHIFTED = 2.0
BENEATH = 0.49
"""The most that a pair gets which the rule does not take for one person."""

_RIDGE = 10.0
_SURE = 1e-6


@frozen(kw_only=True)
class Decided:
    """A pair of which somebody decided: what the rule said of it, and by which fields."""

    probability: float
    contributions: Mapping[str, float]
    merged: bool


@frozen(kw_only=True)
class DuplicateWeights:
    """What was learnt: by how much of itself each field's weight moves, and a shift for all."""

    moved: Mapping[str, float] = field(factory=dict)
    shift: float = 0.0

    def probability(
        self, said: float, contributions: Mapping[str, float], *, may_be_one: bool
    ) -> float:
        """Give the chance that two leads are one person.

        Args:
            said: the chance by the rule alone.
            contributions: what each field adds to its log odds.
            may_be_one: whether the rule takes the two for one person.
        """
        more = sum(self.moved.get(name, 0.0) * points for name, points in contributions.items())
        found = chance(_log_odds(said) + more + self.shift)
        return found if may_be_one else min(found, said, BENEATH)

    def document(self) -> dict[str, Any]:
        """Give the weights as JSON values."""
        return {"moved": dict(self.moved), "shift": self.shift}


def weights_of(document: Mapping[str, Any]) -> DuplicateWeights:
    """Read weights from JSON values, which never leave their bounds.

    Raises:
        InvalidInput: they are no numbers.
    """
    try:
        moved = {str(n): _within(by, MOST_MOVED) for n, by in document["moved"].items()}
        return DuplicateWeights(moved=moved, shift=_within(document["shift"], MOST_SHIFTED))
    except (AttributeError, KeyError, TypeError):
        raise InvalidInput.at("model", "broken", "train again: it does not fit together") from None


def learnt_weights(decided: Sequence[Decided]) -> DuplicateWeights:
    """Learn from decisions.

    Raises:
        NotEnoughOutcomes: fewer than twenty merges, or pairs that were kept apart.
    """
    merged = sum(pair.merged for pair in decided)
    if min(merged, len(decided) - merged) < LEAST_DECISIONS:
        raise NotEnoughOutcomes(merged, len(decided) - merged, LEAST_DECISIONS)
    names = sorted({name for pair in decided for name in pair.contributions})
    columns = [[pair.contributions.get(name, 0.0) for pair in decided] for name in names]
    shift, moved = fitted(
        columns,
        [int(pair.merged) for pair in decided],
        ridge=_RIDGE,
        given=[_log_odds(pair.probability) for pair in decided],
    )
    return DuplicateWeights(
        moved={
            name: round(_within(by, MOST_MOVED), 6) for name, by in zip(names, moved, strict=True)
        },
        shift=round(_within(shift, MOST_SHIFTED), 6),
    )


def _log_odds(probability: float) -> float:
    held = max(_SURE, min(1 - _SURE, probability))
    return log(held / (1 - held))


def _within(number: object, most: float) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float) or number != number:  # noqa: PLR0124 - NaN
        raise TypeError
    return max(-most, min(most, float(number)))
