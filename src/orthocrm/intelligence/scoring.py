"""Learning the chance of an outcome from plain rows: mappings from column to value.

The same machinery scores leads and appointments. Columns that know the outcome are kept out,
probabilities are calibrated on rows that the model did not see, and the report says what they are
worth on such rows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import log
from typing import Any
from zlib import crc32

from attrs import asdict, evolve, field, frozen

from orthocrm.core.errors import InvalidInput, NotEnoughOutcomes
from orthocrm.intelligence.columns import column_of
from orthocrm.intelligence.leakage import Leak, Sign, alone, detected, written_after
from orthocrm.intelligence.learners import FOLDS, Binned, Learner, best, learnt, positive
from orthocrm.intelligence.newton import chance
from orthocrm.intelligence.reliability import Reliability, reliability, reliability_of
from orthocrm.intelligence.scorecard import Scorecard, mixed
from orthocrm.intelligence.table import Cell, Row, cells, checked_rows, names_of

__all__ = [
    "LEAST_OUTCOMES",
    "Learner",
    "Plan",
    "Report",
    "Trained",
    "cross_validate",
    "fit",
    "report_of",
]

LEAST_OUTCOMES = 50
"""Of each kind; fewer teach coincidences. Ten for each telling column is the usual rule of thumb
(Peduzzi and others, 1996), and a score has about five."""

_NEWEST = 0.2
_LEAST_TESTED = 10
_MOST_SEARCHED = 20_000
_BOTH = (0, 1)
_CALIBRATION_FOLDS = 3
_YES = frozenset({"yes", "y", "true", "t", "1", "1.0"})
_NO = frozenset({"no", "n", "false", "f", "0", "0.0"})


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


@frozen(kw_only=True)
class Plan:
    """How to read rows.

    Attributes:
        late: Columns that are written after the outcome, or because of it: never used.
        ignored: Columns that are no use for another reason: identities, whatever is unfair.
        when: The column that tells when a row was known; the newest fifth then tests the model.
        group: The column that names what a row is about, where several rows are about one thing:
            they are never divided between learning and testing.
        written: For some columns, the column that tells when their value was written.
        decided: The column that tells when the outcome was known.
        learner: None takes the best that is installed.
        least: How many rows with, and how many without the outcome are needed.
    """

    late: tuple[str, ...] = field(default=(), converter=_names)
    ignored: tuple[str, ...] = field(default=(), converter=_names)
    when: str | None = None
    group: str | None = None
    written: Mapping[str, str] = field(factory=dict)
    decided: str | None = None
    learner: Learner | None = None
    least: int = LEAST_OUTCOMES

    @property
    def aside(self) -> frozenset[str]:
        """Columns that say how to read rows, and nothing about them."""
        named = {self.when, self.group, self.decided, *self.written.values()}
        return frozenset({*self.ignored, *(name for name in named if name is not None)})


@frozen(kw_only=True)
class Report:
    """What was learnt from how many rows, and what it is worth.

    `reliability` was measured on rows that the model had not seen: on the newest fifth (`tested`
    is "newest"), or on five folds where nothing says when rows were known, or too little came of
    late (`tested` is "folds"). `with_leaks` is how good the model would have looked with the
    columns in `leaks`; `left_out` names columns that say nothing.
    """

    learners: tuple[Learner, ...]
    rows: int
    came: int
    columns: tuple[str, ...]
    left_out: tuple[str, ...]
    leaks: tuple[Leak, ...]
    tested: str
    reliability: Reliability
    with_leaks: Reliability | None = None

    def document(self) -> dict[str, Any]:
        """Give the report as JSON values."""
        return asdict(self)


@frozen(kw_only=True)
class Trained:
    """A model and what it is worth."""

    scorecard: Scorecard
    report: Report


def report_of(document: Mapping[str, Any]) -> Report:
    """Read a report from JSON values."""
    leaks = [Leak(**{**leak, "sign": Sign(leak["sign"])}) for leak in document["leaks"]]
    with_leaks = document["with_leaks"]
    parts = {
        "learners": tuple(map(Learner, document["learners"])),
        "columns": tuple(document["columns"]),
        "left_out": tuple(document["left_out"]),
        "leaks": tuple(leaks),
        "reliability": reliability_of(document["reliability"]),
        "with_leaks": None if with_leaks is None else reliability_of(with_leaks),
    }
    return Report(**{**document, **parts})


def fit(rows: Sequence[Row], outcome: str, plan: Plan | None = None) -> Trained:
    """Learn how likely an outcome is.

    Args:
        rows: mappings from column to value; a column that a row lacks is missing there. A text
            that is a number is read as one where all of its column are; NaN and texts such as
            "Select" and "N/A" are missing.
        outcome: the column that says whether it came: a truth value, 0 or 1, yes or no.
        plan: which columns come too late, when rows were known, and so on.

    Raises:
        InvalidInput: a value cannot be read; the row and the column are named.
        NotEnoughOutcomes: fewer than `plan.least` rows with, or without, the outcome.
        MissingExtra: the plan names a learner of the extra `ml`, which is not installed.

    >>> rows = [
    ...     {"asked_for": "braces" if n % 3 else "retainer", "started": n % 3 == 0}
    ...     for n in range(300)
    ... ]
    >>> fit(rows, "started", Plan(late=())).report.leaks[0].sign.value
    'NEARLY_PERFECT'
    """
    how = plan or Plan()
    read = _read(checked_rows(rows), outcome, how)
    leaks = _leaks(read, how)
    kept = read.without({leak.column for leak in leaks})
    card = _calibrated(_binned(kept), how.learner)
    tested, worth = _tested(kept, how.learner)
    report = Report(
        learners=(how.learner,) if how.learner is not None else best(),
        rows=len(read.outcomes),
        came=sum(read.outcomes),
        columns=tuple(column.name for column in card.columns),
        left_out=tuple(sorted(set(kept.cells) - {column.name for column in card.columns})),
        leaks=leaks,
        tested=tested,
        reliability=worth,
        with_leaks=_tested(read, best()[0])[1] if leaks else None,
    )
    return Trained(scorecard=card, report=report)


def cross_validate(
    rows: Sequence[Row], outcome: str, plan: Plan | None = None, *, folds: int = 5, seed: int = 1
) -> Reliability:
    """Tell what models are worth on rows that they did not see: each row is in one fold.

    Everything is learnt anew for each fold: which columns leak, how they are cut, the points and
    their calibration. Other `seed`s deal the rows out differently.
    """
    how = plan or Plan()
    read = _read(checked_rows(rows), outcome, how)
    dealt = [crc32(f"{seed}:{key}".encode()) % folds for key in read.keys]
    said = [0.0] * len(dealt)
    for fold in range(folds):
        inside = [place for place, of in enumerate(dealt) if of != fold]
        outside = [place for place, of in enumerate(dealt) if of == fold]
        learning = read.some(inside)
        leaks = {leak.column for leak in _leaks(learning, how)}
        card = _calibrated(_binned(learning.without(leaks)), how.learner)
        for place, odds in zip(
            outside, card.log_odds(_bins(card, read.some(outside)), len(outside)), strict=True
        ):
            said[place] = chance(odds)
    return reliability(said, read.outcomes)


@frozen(kw_only=True)
class _Rows:
    """Rows by column, with what came of them; `keys` name what each row is about."""

    cells: Mapping[str, Sequence[Cell]]
    outcomes: Sequence[int]
    keys: Sequence[str]
    when: Sequence[float] | None
    aside: Mapping[str, Sequence[Cell]]

    def without(self, names: Collection[str]) -> "_Rows":
        return evolve(self, cells={n: c for n, c in self.cells.items() if n not in names})

    def some(self, places: Sequence[int]) -> "_Rows":
        return _Rows(
            cells={name: [values[p] for p in places] for name, values in self.cells.items()},
            outcomes=[self.outcomes[p] for p in places],
            keys=[self.keys[p] for p in places],
            when=None if self.when is None else [self.when[p] for p in places],
            aside={name: [values[p] for p in places] for name, values in self.aside.items()},
        )

    @property
    def folds(self) -> list[int]:
        return [crc32(key.encode()) % FOLDS for key in self.keys]


def _read(rows: Sequence[Row], outcome: str, plan: Plan) -> _Rows:
    outcomes = _outcomes(rows, outcome)
    came = sum(outcomes)
    if min(came, len(rows) - came) < plan.least:
        raise NotEnoughOutcomes(came, len(rows) - came, plan.least)
    names = names_of(rows)
    for name in plan.aside - set(names) - set(plan.ignored):
        raise InvalidInput.at(f"plan.{name}", "unknown_column", "no row has this column")
    aside = cells(rows, plan.aside - set(plan.ignored))
    return _Rows(
        cells=cells(rows, (n for n in names if n != outcome and n not in plan.aside)),
        outcomes=outcomes,
        keys=[str(n) for n in range(len(rows))]
        if plan.group is None
        else [str(key) for key in aside[plan.group]],
        when=None if plan.when is None else _instants(aside[plan.when], plan.when),
        aside=aside,
    )


def _outcomes(rows: Sequence[Row], outcome: str) -> list[int]:
    read = []
    for index, row in enumerate(rows):
        text = str(row.get(outcome)).strip().casefold()
        if text not in _YES and text not in _NO:
            message = "say whether it came: true or false, 0 or 1, yes or no"
            raise InvalidInput.at(f"rows[{index}].{outcome}", "not_an_outcome", message)
        read.append(int(text in _YES))
    return read


def _instants(values: Sequence[Cell], name: str) -> list[float]:
    for index, value in enumerate(values):
        if not isinstance(value, float):
            raise InvalidInput.at(
                f"rows[{index}].{name}", "not_an_instant", "give when it was known"
            )
    return [value for value in values if isinstance(value, float)]


def _leaks(read: _Rows, plan: Plan) -> tuple[Leak, ...]:
    """Find the columns that know the outcome, those that are declared first."""
    step = -(-len(read.outcomes) // _MOST_SEARCHED)
    some = read.some(range(0, len(read.outcomes), step)) if step > 1 else read
    folds = some.folds
    found = []
    for name, values in some.cells.items():
        leak = None
        if name in plan.late:
            ranked = alone(name, values, some.outcomes, folds)
            leak = Leak(column=name, sign=Sign.DECLARED, auc=ranked)
        elif _is_late(name, some, plan):
            ranked = alone(name, values, some.outcomes, folds)
            leak = Leak(column=name, sign=Sign.WRITTEN_AFTER, auc=ranked)
        else:
            leak = detected(name, values, some.outcomes, folds)
        if leak is not None:
            found.append(leak)
    return tuple(sorted(found, key=lambda leak: (leak.sign is not Sign.DECLARED, leak.column)))


def _is_late(name: str, read: _Rows, plan: Plan) -> bool:
    if name not in plan.written or plan.decided is None:
        return False
    return written_after(read.aside[plan.written[name]], read.aside[plan.decided])


def _binned(read: _Rows) -> Binned:
    found = [(name, column_of(name, values)) for name, values in read.cells.items()]
    columns = tuple(column for _, column in found if column is not None)
    return Binned(
        columns=columns,
        bins=tuple(column.bins(read.cells[column.name]) for column in columns),
        outcomes=read.outcomes,
        folds=read.folds,
    )


def _bins(card: Scorecard, read: _Rows) -> list[list[int]]:
    return [column.bins(read.cells[column.name]) for column in card.columns]


def _calibrated(binned: Binned, learner: Learner | None) -> Scorecard:
    """Learn, and stretch the log odds so that they fit rows which were not learnt from.

    Where several learners are at hand their models are added up, each weighed by what it adds to
    the others on rows that it did not see (stacking, Wolpert 1992; Platt 1999 where it is one).
    """
    if not binned.columns:
        share = (sum(binned.outcomes) + 0.5) / (len(binned.outcomes) + 1)
        return Scorecard(columns=(), points=(), intercept=log(share / (1 - share)))
    learners = [learner] if learner is not None else best()
    unseen = [_unseen(binned, each) for each in learners]
    offset, factors = positive(unseen, binned.outcomes, ridge=1.0)
    return mixed([learnt(each, binned) for each in learners], factors, offset)


def _unseen(binned: Binned, learner: Learner) -> list[float]:
    """Give the raw log odds of each row from a model that did not see it."""
    told = [0.0] * len(binned.outcomes)
    for fold in range(_CALIBRATION_FOLDS):
        inside = [p for p, of in enumerate(binned.folds) if of % _CALIBRATION_FOLDS != fold]
        outside = [p for p, of in enumerate(binned.folds) if of % _CALIBRATION_FOLDS == fold]
        if not outside or len({binned.outcomes[p] for p in inside}) < len(_BOTH):
            continue
        card = learnt(learner, binned.some(inside))
        for place, raw in zip(outside, card.log_odds(binned.some(outside).bins), strict=True):
            told[place] = raw
    return told


def _tested(read: _Rows, learner: Learner | None) -> tuple[str, Reliability]:
    """Measure a model on rows that it did not see: the newest ones, where that is possible."""
    if read.when is not None:
        old, new = _by_time(read)
        if _can_test(old, LEAST_OUTCOMES // 2) and _can_test(new, _LEAST_TESTED):
            return "newest", _worth(old, new, learner)
    folds = read.folds
    said: list[float] = [0.0] * len(folds)
    for fold in range(_CALIBRATION_FOLDS):
        inside = [p for p, of in enumerate(folds) if of % _CALIBRATION_FOLDS != fold]
        outside = [p for p, of in enumerate(folds) if of % _CALIBRATION_FOLDS == fold]
        card = _calibrated(_binned(read.some(inside)), learner)
        bins = _bins(card, read.some(outside))
        for place, odds in zip(outside, card.log_odds(bins, len(outside)), strict=True):
            said[place] = chance(odds)
    return "folds", reliability(said, read.outcomes)


def _by_time(read: _Rows) -> tuple[_Rows, _Rows]:
    """Part rows at the instant from which the newest fifth is known; groups stay whole."""
    first: dict[str, float] = {}
    for key, when in zip(read.keys, read.when or (), strict=True):
        first[key] = min(when, first.get(key, when))
    known = sorted(first[key] for key in read.keys)
    cut = known[int(len(known) * (1 - _NEWEST))]
    old = [p for p, key in enumerate(read.keys) if first[key] < cut]
    new = [p for p, key in enumerate(read.keys) if first[key] >= cut]
    return read.some(old), read.some(new)


def _can_test(read: _Rows, least: int) -> bool:
    came = sum(read.outcomes)
    return min(came, len(read.outcomes) - came) >= least


def _worth(old: _Rows, new: _Rows, learner: Learner | None) -> Reliability:
    card = _calibrated(_binned(old), learner)
    said = [chance(odds) for odds in card.log_odds(_bins(card, new), len(new.outcomes))]
    return reliability(said, new.outcomes)
