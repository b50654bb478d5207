"""Files and mappings for the flows that import."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO

from orthocrm import Desk
from orthocrm.leads.mapping import LeadMapping, OutcomeMapping, parse
from orthocrm.services.imports.ledger import Tally
from orthocrm.services.imports.runs import ImportReport

LEADS = """
kind = "leads"
key = "{key}"
follow_up = {follow_up}
[defaults]
channel = "IMPORT"
[columns]
external_ref = "ref"
first_name = "first"
last_name = "last"
phone = "phone"
phone_alt = "other"
email = "email"
source = "source"
stage = "stage"
owner = "owner"
notes = "notes"
no_contact = "anonymous"
received_at = {{ column = "at", format = "%Y-%m-%d", timezone = "UTC" }}
"""
DELIVERED = '[columns]\ndelivery_key = "delivery"\n'

OUTCOMES = """
kind = "outcomes"
[columns]
reference = "ref"
outcome = "outcome"
patient_ref = "patient"
lost_reason = "reason"
lost_notes = "notes"
at = { column = "at", format = "%Y-%m-%d", timezone = "UTC" }
"""

LEAD_COLUMNS = [
    *("ref", "first", "last", "phone", "other", "email"),
    *("source", "stage", "owner", "notes", "anonymous", "at", "delivery"),
]
OUTCOME_COLUMNS = ["ref", "outcome", "patient", "reason", "notes", "at"]

Row = Mapping[str, str]


def leads(
    key: str = "external_ref", *, follow_up: bool = False, delivered: bool = False, more: str = ""
) -> LeadMapping:
    """Give the mapping of `a_row`; without a key every row is a new lead."""
    text = LEADS.format(key=key, follow_up=str(follow_up).lower())
    text = text.replace("[columns]\n", DELIVERED) if delivered else text
    mapping = parse((text if key else text.replace('key = ""', "")) + more)
    assert isinstance(mapping, LeadMapping)
    return mapping


def outcomes() -> OutcomeMapping:
    """Give the mapping of outcome rows."""
    mapping = parse(OUTCOMES)
    assert isinstance(mapping, OutcomeMapping)
    return mapping


def a_row(number: int, **cells: str) -> Row:
    """Give a row that makes a lead of its own."""
    usual = {
        "ref": f"r-{number}",
        "first": "Ann",
        "last": f"Lee{number}",
        "phone": f"+1 312 555 {1000 + number:04}",
        "email": f"ann{number}@example.com",
        "at": "2026-10-01",
    }
    return {**usual, **cells}


def table(rows: Sequence[Row], columns: Sequence[str] = LEAD_COLUMNS) -> BytesIO:
    """Write rows as a file."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return BytesIO(out.getvalue().encode())


def run(
    desk: Desk,
    rows: Sequence[Row],
    mapping: LeadMapping | OutcomeMapping | None = None,
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Import rows."""
    chosen = leads() if mapping is None else mapping
    columns = LEAD_COLUMNS if isinstance(chosen, LeadMapping) else OUTCOME_COLUMNS
    return desk.imports.run(table(rows, columns), chosen, dry_run=dry_run, progress=progress)


def counts(tally: Tally) -> dict[str, int]:
    """Give what a tally counts, without what is nothing."""
    names = ("created", "updated", "unchanged", "refused")
    return {name: getattr(tally, name) for name in names if getattr(tally, name)}


def said(tally: Tally) -> list[tuple[int, int, str | None, str]]:
    """Give the number, line, column and code of every problem."""
    return [(p.number, p.line, p.column, p.code) for p in tally.problems]
