"""Rows joined with their leads, for aggregates that name fields of both."""

from collections.abc import Mapping
from typing import Any

import attrs
import sqlalchemy as sa
from attrs import frozen

from orthocrm.backends.sql.held import Held
from orthocrm.backends.sql.rows import OF
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core import beside_leads
from orthocrm.core.beside_leads import PREFIX


@frozen(kw_only=True, eq=False)
class ShapeBesideLeads(Shape[Any]):
    """A noun's table with the table of leads joined to it, each row with its own lead."""

    leads: Shape[Any]
    alone: Shape[Any]

    @property
    def made_of(self) -> tuple[Shape[Any], ...]:
        """Both tables."""
        return self.alone, self.leads

    @property
    def rows(self) -> sa.FromClause:
        """The join; both keys begin with the clinic."""
        mine, theirs = self.table.c, self.leads.table.c
        return self.table.join(
            self.leads.table,
            sa.and_(theirs.clinic_id == mine.clinic_id, theirs.id == mine.lead_id),
        )

    def column(self, name: str) -> sa.Column[Any] | Held:
        """Find the column of a field, of the lead where the name says so."""
        if name.startswith(PREFIX):
            return self.leads.column(name.removeprefix(PREFIX))
        return super().column(name)


def _beside(shape: Shape[Any], known: beside_leads.BesideLeads) -> ShapeBesideLeads:
    fields = {each.name: getattr(shape, each.name) for each in attrs.fields(Shape)}
    return ShapeBesideLeads(**{**fields, "schema": known.schema}, alone=shape, leads=OF["leads"])


BESIDE_LEADS: Mapping[str, ShapeBesideLeads] = {
    name: _beside(OF[known.table], known) for name, known in beside_leads.BESIDE_LEADS.items()
}
"""The shapes by the names that aggregates use."""
