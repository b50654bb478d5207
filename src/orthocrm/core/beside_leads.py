"""Rows with their lead beside them: what aggregates over visits or appointments by source need.

The fields of the lead are called `lead.source`, those of the row stay as they are. A backend that
cannot join computes over `pairs`; one that can must agree.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from orthocrm.core.custom_queries import custom_field
from orthocrm.core.facts import ACTIVITIES, APPOINTMENTS, LEADS, TASKS, TOUCHES, VISITS
from orthocrm.core.lead import Lead
from orthocrm.core.query import Queryable, Schema

PREFIX = "lead."


@frozen
class Pair:
    """A row and its lead."""

    row: Any
    lead: Lead


@frozen
class BesideLeads:
    """One kind of rows: the table they stand in, and the fields of both."""

    table: str
    schema: Schema

    def pairs(self, rows: Iterable[Any], lead_of: Callable[[Any], Lead | None]) -> Iterator[Pair]:
        """Put the leads beside rows; a row without one is left out."""
        for row in rows:
            lead = None if row.lead_id is None else lead_of(row.lead_id)
            if lead is not None:
                yield Pair(row, lead)


def _of_row(known: Queryable) -> Queryable:
    return evolve(known, read=lambda pair: known.read(pair.row))


def _of_lead(known: Queryable) -> Queryable:
    return evolve(known, name=PREFIX + known.name, read=lambda pair: known.read(pair.lead))


def _own(name: str) -> Queryable | None:
    known = custom_field(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
    return None if known is None else _of_lead(known)


def _beside(schema: Schema) -> BesideLeads:
    joined = Schema(f"lead_{schema.of}", _own)
    joined.fields = {
        **{name: _of_row(known) for name, known in schema.fields.items()},
        **{PREFIX + name: _of_lead(known) for name, known in LEADS.fields.items()},
    }
    return BesideLeads(schema.of, joined)


BESIDE_LEADS: Mapping[str, BesideLeads] = {
    beside.schema.of: beside
    for beside in map(_beside, (VISITS, ACTIVITIES, TASKS, APPOINTMENTS, TOUCHES))
}
"""What aggregates may name beside the tables themselves."""
