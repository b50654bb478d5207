"""One query language: conditions, sorting, pages and aggregates as values.

The same values serve list filters, saved views, permission scope and reports. Here they are
interpreted in Python; a backend may compile them to its own language, and must then agree:

- a missing value satisfies only `absent` and `ne`;
- text compares by code point, instants by time, missing values sort last in both directions;
- every order is total: the id breaks ties, ascending.
"""

from orthocrm.core.query.asked import (
    EVERYTHING,
    Aggregate,
    AllOf,
    AnyOf,
    Bucket,
    Calculation,
    Classes,
    Cond,
    Found,
    Group,
    Grouping,
    Measure,
    Op,
    Page,
    Sort,
    Where,
    both,
)
from orthocrm.core.query.finding import (
    page_of,
    predicate,
)
from orthocrm.core.query.grouping import (
    aggregate,
    bucket_index,
    class_names,
    fields_measured,
    in_order,
    summed,
)
from orthocrm.core.query.quantiles import (
    interpolate,
    quantile,
    ranks,
)
from orthocrm.core.query.schema import (
    Kind,
    Queryable,
    Schema,
)

__all__ = [
    "EVERYTHING",
    "Aggregate",
    "AllOf",
    "AnyOf",
    "Bucket",
    "Calculation",
    "Classes",
    "Cond",
    "Found",
    "Group",
    "Grouping",
    "Kind",
    "Measure",
    "Op",
    "Page",
    "Queryable",
    "Schema",
    "Sort",
    "Where",
    "aggregate",
    "both",
    "bucket_index",
    "class_names",
    "fields_measured",
    "in_order",
    "interpolate",
    "page_of",
    "predicate",
    "quantile",
    "ranks",
    "summed",
]
