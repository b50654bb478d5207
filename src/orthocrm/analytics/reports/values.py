"""What a report is: tables of cells, charts that are drawn from them, and notes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from orthocrm.analytics.asking import Ask, Cut, Label
from orthocrm.core.query import Aggregate, Group
from orthocrm.core.settings import Practice
from orthocrm.core.time import Period, zone

Aggregator = Callable[[Aggregate], Sequence[Group]]
"""Computes aggregates: `UnitOfWork.aggregate`, for example."""

Cell = str | int | float | Decimal | None

NOT_RECORDED: Final = "(not recorded)"
"""The group of the leads without a source, apart from any source that is named unknown."""


class Kind(StrEnum):
    """What a column holds; a RATE is a share of 1 or a quotient, an ID need not be shown.

    A VALUE is of another kind in each row: the one that the row's column `unit` names.
    """

    ID = "id"
    TEXT = "text"
    COUNT = "count"
    RATE = "rate"
    DAYS = "days"
    MINUTES = "minutes"
    MONEY = "money"
    VALUE = "value"


NUMBERS: Final = frozenset({Kind.COUNT, Kind.RATE, Kind.DAYS, Kind.MINUTES, Kind.MONEY, Kind.VALUE})


@frozen
class Column:
    """A column: `name` is its key, `title` its heading."""

    name: str
    title: str
    kind: Kind


@frozen(kw_only=True)
class Table:
    """Rows of cells in the order of the columns, and a last row over all of them.

    `people` is the column that says how many leads a row is about: by it small rows are hidden.
    `onward` is the column that tells of the next row, and so is hidden with that one.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    people: str | None = None
    onward: str | None = None

    def place(self, name: str) -> int:
        """Find a column."""
        return [column.name for column in self.columns].index(name)


class ChartKind(StrEnum):
    """How numbers are drawn."""

    FUNNEL = "funnel"
    BARS = "bars"
    LINES = "lines"
    STACKED = "stacked"


@frozen(kw_only=True)
class Chart:
    """A drawing of columns of a table: `labels` names the rows, `values` what is drawn of them."""

    kind: ChartKind
    title: str
    table: str
    labels: str
    values: tuple[str, ...]


@frozen(kw_only=True)
class Report:
    """A report about a period, or about all time. `notes` say what a reader has to know.

    `few` tells of how many leads such a note speaks, by its text: by it notes are hidden.
    """

    name: str
    title: str
    period: Period | None
    timezone: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    currency: str = "USD"
    few: Mapping[str, int] = field(factory=dict)


Maker = Callable[[Ask, Aggregator], Report]


@frozen(kw_only=True)
class Recipe:
    """A report that can be asked for.

    `by` is the finest cut that it shows: who may not ask for that does not get the report. `usual`
    gives the period, from the clinic's date of today, of a report that needs one and was asked for
    without. With `for_marketing` marketing managers get it; what `is_of_the_clinic` is nobody's
    own.
    """

    name: str
    title: str
    make: Maker
    by: Cut | None = None
    usual: Callable[[date], Period] | None = None
    for_marketing: bool = False
    is_of_the_clinic: bool = False

    def __call__(self, ask: Ask, aggregate: Aggregator) -> Report:
        """Make the report; how the question is cut makes no difference."""
        if ask.period is None and self.usual is not None:
            today = ask.now.astimezone(zone(ask.timezone)).date()
            ask = ask.during(self.usual(today))
        return self.make(ask.cut(None), aggregate)


NOTHING: Final[Mapping[str, int]] = {}


def report_of(
    ask: Ask,
    name: str,
    title: str,
    tables: tuple[Table, ...],
    notes: tuple[str, ...] = (),
    charts: tuple[Chart, ...] = (),
    counted: Mapping[str, int] = NOTHING,
) -> Report:
    """Make a report of its parts; the notes `counted` speak of so many leads each."""
    return Report(
        name=name,
        title=title,
        period=ask.period,
        timezone=ask.timezone,
        tables=tables,
        notes=(*notes, *counted),
        charts=charts,
        few=counted,
        currency=ask.practice.clinic.settings.currency,
    )


def largest_first(rows: Iterable[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
    """Sort rows of key, name and count by count, the largest first, then by name."""
    return tuple(sorted(rows, key=lambda row: (-int(row[2] or 0), str(row[1]), str(row[0]))))


SOURCE: Final = (Column("source_id", "Key", Kind.ID), Column("source", "Source", Kind.TEXT))


def source_cells(practice: Practice, label: Label) -> tuple[Cell, Cell]:
    """Give a source's key and name."""
    if not isinstance(label, str):
        return None, NOT_RECORDED
    names = {str(source.id): source.name for source in practice.sources}
    return label, names.get(label, "(removed source)")
