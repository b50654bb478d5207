"""Tables of metrics: a row for each group, a column for each number."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from attrs import frozen

from orthocrm.analytics.asking import TIMES, Ask, By, Cut, Label
from orthocrm.analytics.catalogue import METRICS
from orthocrm.analytics.declaring import Declared, Figure, Number, Unit
from orthocrm.analytics.metrics import Metric
from orthocrm.analytics.reports.values import (
    NOT_RECORDED,
    Aggregator,
    Cell,
    Column,
    Kind,
    Table,
    source_cells,
)
from orthocrm.analytics.results import Figures
from orthocrm.analytics.together import together
from orthocrm.core.settings import Practice

T_co = TypeVar("T_co", covariant=True)

_KINDS: Final[Mapping[Unit, Kind]] = {
    Unit.COUNT: Kind.COUNT,
    Unit.SHARE: Kind.RATE,
    Unit.RATE: Kind.RATE,
    Unit.DAYS: Kind.DAYS,
    Unit.MINUTES: Kind.MINUTES,
    Unit.MONEY: Kind.MONEY,
}

NOBODY: Final = "(nobody)"


@frozen(kw_only=True)
class Shown:
    """One column: a number of a metric. `of` is a field of `Figure`, or a name in its `more`.

    `by` cuts the metric by something else than the rows of the table, for a second credit. A group
    that the metric does not have shows `nothing`; a count is 0 there.
    """

    metric: str
    name: str
    title: str
    of: str = "value"
    kind: Kind | None = None
    by: Cut | None = None
    nothing: Cell = None

    @property
    def declared(self) -> Declared:
        """The metric."""
        return METRICS[self.metric]

    @property
    def column(self) -> Column:
        """The column that shows it."""
        return Column(self.name, self.title, self.kind or _KINDS[self.declared.unit])

    def cell(self, figure: Figure | None) -> Cell:
        """Read the number."""
        if figure is None:
            return 0 if self.column.kind is Kind.COUNT else self.nothing
        if self.of in figure.more:
            return figure.more[self.of]
        number: Number = getattr(figure, self.of, None)
        return number


def value(metric: str, title: str | None = None, name: str | None = None, **more: Any) -> Shown:  # noqa: ANN401 - fields of Shown
    """Show the value of a metric."""
    return Shown(metric=metric, name=name or metric, title=title or METRICS[metric].title, **more)


def interval(metric: str, name: str) -> tuple[Shown, ...]:
    """Show a share with its n and its 95 % interval (Wilson)."""
    return (
        value(metric, "n", f"{name}_n", of="n", kind=Kind.COUNT),
        value(metric, METRICS[metric].title, name),
        value(metric, "95 % from", f"{name}_low", of="low"),
        value(metric, "95 % to", f"{name}_high", of="high"),
    )


Asked = list[tuple[Metric[Figures[Any]], Ask]]


class Part(Protocol[T_co]):
    """A part of a report: what it asks, and what it makes of the answers."""

    def asked(self, ask: Ask) -> Asked:
        """Give the questions."""
        ...

    def made(self, ask: Ask, answers: Sequence[Figures[Any]]) -> T_co:
        """Make the part of their answers, in the same order."""
        ...


def made_of(ask: Ask, aggregate: Aggregator, parts: Sequence[Part[T_co]]) -> tuple[T_co, ...]:
    """Ask for all parts in one pass, and make each."""
    wanted = [part.asked(ask) for part in parts]
    answers = iter(together([one for some in wanted for one in some], aggregate))
    return tuple(
        part.made(ask, [next(answers) for _ in some])
        for part, some in zip(parts, wanted, strict=True)
    )


def _figures(columns: Sequence[Shown], answers: Sequence[Figures[Any]]) -> list[Figures[Figure]]:
    return [
        Figures(
            shown.declared.figure(answer.total),
            tuple((label, shown.declared.figure(one)) for label, one in answer.groups),
        )
        for shown, answer in zip(columns, answers, strict=True)
    ]


@frozen(kw_only=True)
class Grid:
    """A table with a row for each group, the largest first, and a total.

    Pieces of time stand in their order.
    """

    name: str
    title: str
    by: Cut
    columns: Sequence[Shown]
    people: str

    def asked(self, ask: Ask) -> Asked:
        """Ask for every column."""
        cut = ask.cut(self.by)
        return [
            (shown.declared.metric, cut if shown.by is None else ask.cut(shown.by))
            for shown in self.columns
        ]

    def made(self, ask: Ask, answers: Sequence[Figures[Any]]) -> Table:
        """Make the table."""
        figures = _figures(self.columns, answers)
        known = [dict(one.groups) for one in figures]
        labels: dict[Label, None] = {}
        for groups in known:
            labels.update(dict.fromkeys(groups))
        table = Table(
            name=self.name,
            title=self.title,
            columns=(*label_columns(self.by), *(shown.column for shown in self.columns)),
            rows=tuple(self._row(ask, label, known) for label in labels),
            total=(
                None,
                "Total",
                *(shown.cell(one.total) for shown, one in zip(self.columns, figures, strict=True)),
            ),
            people=self.people,
        )
        return table if self.by in TIMES else _sorted(table, self.people)

    def _row(
        self, ask: Ask, label: Label, known: Sequence[Mapping[Label, Figure]]
    ) -> tuple[Cell, ...]:
        cells = (
            shown.cell(groups.get(label)) for shown, groups in zip(self.columns, known, strict=True)
        )
        return (*label_cells(ask.practice, self.by, label), *cells)


def grouped(ask: Ask, aggregate: Aggregator, grid: Grid) -> Table:
    """Make one table."""
    return made_of(ask, aggregate, [grid])[0]


def _sorted(table: Table, people: str) -> Table:
    place = table.place(people)
    rows = sorted(table.rows, key=lambda row: (-_size(row[place]), str(row[1]), str(row[0])))
    return Table(
        name=table.name,
        title=table.title,
        columns=table.columns,
        rows=tuple(rows),
        total=table.total,
        people=people,
    )


def _size(cell: Cell) -> float:
    return 0 if cell is None or isinstance(cell, str) else float(cell)


@frozen(kw_only=True)
class Comparison:
    """A table with a row for each metric: the period, the one before, and the change."""

    name: str
    title: str
    metrics: Sequence[str]

    @property
    def columns(self) -> list[Shown]:
        """What is shown of each metric."""
        return [value(metric) for metric in self.metrics]

    def asked(self, ask: Ask) -> Asked:
        """Ask for every metric, and again for the period before of what is not about now."""
        asked: Asked = [(shown.declared.metric, ask) for shown in self.columns]
        if ask.period is None:
            return asked
        before = ask.previous()
        return asked + [(shown.declared.metric, before) for shown in self._compared]

    @property
    def _compared(self) -> list[Shown]:
        return [shown for shown in self.columns if not shown.declared.is_of_now]

    def made(self, ask: Ask, answers: Sequence[Figures[Any]]) -> Table:
        """Make the table."""
        columns = self.columns
        now = _figures(columns, answers[: len(columns)])
        compared = [] if ask.period is None else self._compared
        figures = _figures(compared, answers[len(columns) :])
        before = {
            shown.metric: former.total for shown, former in zip(compared, figures, strict=True)
        }
        return Table(
            name=self.name,
            title=self.title,
            columns=(
                Column("metric", "Key", Kind.ID),
                Column("name", "Metric", Kind.TEXT),
                Column("unit", "Unit", Kind.ID),
                Column("now", "This period", Kind.VALUE),
                Column("before", "Before", Kind.VALUE),
                Column("change", "Change", Kind.RATE),
                Column("n", "n", Kind.COUNT),
                Column("n_before", "n before", Kind.COUNT),
            ),
            rows=tuple(
                _beside(shown, one.total, before.get(shown.metric))
                for shown, one in zip(columns, now, strict=True)
            ),
        )


def _beside(shown: Shown, figure: Figure, former: Figure | None) -> tuple[Cell, ...]:
    return (
        shown.metric,
        shown.title,
        shown.column.kind.value,
        shown.cell(figure),
        None if former is None else shown.cell(former),
        change(figure.value, None if former is None else former.value),
        figure.n,
        None if former is None else former.n,
    )


def change(now: Number, before: Number) -> float | None:
    """Give how much a number changed, as a part of what it was before."""
    if now is None or before is None or not before:
        return None
    return float(now - before) / abs(float(before))  # type: ignore[operator]  # both are of the metric's one type


def label_columns(by: Cut) -> tuple[Column, Column]:
    """Give the columns that name a group."""
    name = by.value
    return Column(f"{name}_key", "Key", Kind.ID), Column(name, _HEADINGS.get(by, name), Kind.TEXT)


_HEADINGS: Final[Mapping[Cut, str]] = {
    By.SOURCE: "Source",
    By.CATEGORY: "Category",
    By.CAMPAIGN: "Campaign",
    By.OWNER: "Coordinator",
    By.FIRST_OWNER: "First coordinator",
    By.STAGE: "Stage",
    By.LOST_REASON: "Reason",
    By.LOST_STAGE: "Lost in",
    By.MONTH: "Month",
    By.WEEK: "Week from",
    By.DAY: "Day",
}


def label_cells(practice: Practice, by: Cut, label: Label) -> tuple[Cell, Cell]:
    """Name a group, for machines and for people."""
    if by is By.SOURCE:
        return source_cells(practice, label)
    if label is None:
        return None, NOBODY if by in (By.OWNER, By.FIRST_OWNER) else NOT_RECORDED
    key = str(label)
    if by in (By.OWNER, By.FIRST_OWNER):
        known = {str(one.id): one.name for one in practice.coordinators}
        return key, known.get(key, key)
    if by in (By.STAGE, By.FURTHEST, By.LOST_STAGE):
        stage = practice.stage_by_slug.get(key)
        return key, key if stage is None else stage.name
    if by in TIMES:
        return key, key[:7] if by is By.MONTH else key
    return key, key.replace("_", " ").capitalize()
