"""What may be asked for: conditions, orders, pages and aggregates as plain values."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Generic, TypeVar

import attrs
from attrs import frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput

T = TypeVar("T")


class Op(StrEnum):
    """How a field is compared; `has` looks into a field that holds several values."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    IN = "in"
    HAS = "has"
    ABSENT = "absent"
    PRESENT = "present"


_OPS = {op.value: op for op in Op}


def _op(raw: object) -> Op:
    if isinstance(raw, str) and raw in _OPS:
        return _OPS[raw]
    raise InvalidInput.at("op", "unknown_op", f"give one of {', '.join(_OPS)}")


@frozen
class Cond:
    """One comparison: `Cond("stage", "eq", "contacted")`.

    Raises:
        InvalidInput: at `op`, there is no such comparison.
    """

    field: str
    op: Op = attrs.field(converter=_op)
    value: Any = None


@frozen
class AllOf:
    """Every part holds; true when there is none."""

    parts: tuple["Where", ...]


@frozen
class AnyOf:
    """At least one part holds; false when there is none."""

    parts: tuple["Where", ...]


Where = Cond | AllOf | AnyOf
EVERYTHING = AllOf(())


def both(*parts: Where | None) -> Where:
    """Join conditions, leaving out those that are None."""
    present = tuple(part for part in parts if part is not None and part != EVERYTHING)
    return present[0] if len(present) == 1 else AllOf(present)


@frozen
class Sort:
    """Order by a field."""

    field: str
    descending: bool = False


@frozen
class Page:
    """At most `size` rows, after the row whose sort values and id are `after`."""

    size: int = 50
    after: tuple[Any, ...] | None = None

    def __attrs_post_init__(self) -> None:
        if isinstance(self.size, bool) or not isinstance(self.size, int):
            raise InvalidInput.at("page.size", "not_a_number", "give a whole number")
        if not 1 <= self.size <= limits.PAGE:
            raise InvalidInput.at("page.size", "out_of_range", f"give 1 to {limits.PAGE}")


@frozen
class Found(Generic[T]):
    """One page of nouns, and where the next one starts (None: there is no more)."""

    items: tuple[T, ...]
    after: tuple[Any, ...] | None = None


class Calculation(StrEnum):
    """What a measure computes over the rows of a group."""

    COUNT = "count"
    DISTINCT = "distinct"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    QUANTILE = "quantile"


@frozen
class Measure:
    """One number per group. Rows outside `where`, and missing values of `field`, are left out.

    A quantile, of numbers or instants, interpolates linearly between the two closest ranks (numpy's
    default). DISTINCT counts how many different values there are.
    """

    name: str
    calculation: Calculation = Calculation.COUNT
    field: str | None = None
    where: Where | None = None
    q: float = 0.5


@frozen
class Bucket:
    """The index i with `edges[i] <= value < edges[i + 1]`; None outside of all of them."""

    field: str
    edges: tuple[Any, ...]


@frozen
class Classes:
    """The name of the class among whose codes the field's code is; None outside of all of them.

    Each class is its name with its codes; of two that hold the same code the first one counts.
    """

    field: str
    classes: tuple[tuple[str, tuple[str, ...]], ...]


Grouping = str | Bucket | Classes


@frozen
class Aggregate:
    """Measures over the rows of one kind that satisfy `where`, by fields, buckets and classes.

    A field that holds several values counts a row once for each of them. Over `lead_visits`,
    `lead_tasks`, `lead_activities`, `lead_appointments` and `lead_touches` the fields of the lead
    stand beside those of the row, as `lead.source`; rows without a lead are left out.

    `also` groups the same rows in further ways, in one pass: `Group.cut` tells of which way a
    group is, 0 of `by`. An empty way is all rows as one group.

    With `each`, the rows that are alike in those fields are first made one row of every group,
    whose numbers are their sums; measures and their conditions then name numbers only.
    """

    of: str
    measures: tuple[Measure, ...]
    by: tuple[Grouping, ...] = ()
    where: Where = EVERYTHING
    also: tuple[tuple[Grouping, ...], ...] = ()
    each: tuple[str, ...] = ()

    @property
    def ways(self) -> tuple[tuple[Grouping, ...], ...]:
        """Every way in which the rows are grouped."""
        return self.by, *self.also


@frozen
class Group:
    """One row of an aggregate: the key in the order of its way, the values by measure."""

    key: tuple[Any, ...]
    values: Mapping[str, Any]
    cut: int = 0
