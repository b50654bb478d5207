"""Rows that a subquery has made of others: only the sums of their numbers are known."""

from collections.abc import Mapping
from typing import Any

import attrs
import sqlalchemy as sa
from attrs import frozen

from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.query import Schema


@frozen(kw_only=True, eq=False)
class Summed(Shape[Any]):
    """The columns of a subquery, by the names of the fields whose sums they hold."""

    sums: Mapping[str, sa.ColumnElement[Any]]

    @classmethod
    def of(
        cls, shape: Shape[Any], schema: Schema, sums: Mapping[str, sa.ColumnElement[Any]]
    ) -> "Summed":
        """Put sums in the place of the columns of a table."""
        fields = {each.name: getattr(shape, each.name) for each in attrs.fields(Shape)}
        return cls(**{**fields, "schema": schema}, sums=sums)

    def column(self, name: str) -> Any:  # noqa: ANN401 - a column of the subquery
        """Find the column of a sum."""
        return self.sums[name]
