"""Leads as the rows of a table, under the names by which a mapping file brings them in again."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.core.errors import InvalidInput
from orthocrm.core.lead import Lead
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.people import Phone
from orthocrm.core.settings import Practice
from orthocrm.core.spreadsheet import safe
from orthocrm.leads.custom import PREFIX

Cell = str | int | bool | None
Read = Callable[[Lead, Practice], Any]

SEPARATOR = ";"
"""What stands between several values of one cell, as mapping files expect it."""


def _source(lead: Lead, practice: Practice) -> str | None:
    if lead.origin.source_id is None:
        return None
    found = practice.source_by_id.get(lead.origin.source_id)
    return lead.origin.source_id if found is None else found.name


_COLUMNS: Mapping[str, Read] = {
    "id": lambda lead, _: lead.id,
    "external_ref": lambda lead, _: lead.origin.external_ref,
    "status": lambda lead, _: lead.status.value,
    "stage": lambda lead, _: lead.position.stage,
    "owner": lambda lead, _: lead.ownership.owner,
    "channel": lambda lead, _: lead.origin.channel.value,
    "source": _source,
    "campaign": lambda lead, _: lead.origin.campaign,
    "source_detail": lambda lead, _: lead.origin.detail,
    "referring_provider": lambda lead, _: lead.origin.referring_provider_ref,
    "referring_patient": lambda lead, _: lead.origin.referring_patient_ref,
    "received_at": lambda lead, _: lead.stamps.created_at,
    "first_name": lambda lead, _: lead.contact.first_name,
    "last_name": lambda lead, _: lead.contact.last_name,
    "email": lambda lead, _: lead.contact.email and lead.contact.email.typed,
    "phone": lambda lead, _: _dialled(lead.contact.phone),
    "phone_alt": lambda lead, _: _dialled(lead.contact.phone_alt),
    "preferred_contact": lambda lead, _: lead.contact.preferred.value,
    "preferred_time": lambda lead, _: lead.contact.preferred_time,
    "address_line1": lambda lead, _: lead.contact.address.line1,
    "address_line2": lambda lead, _: lead.contact.address.line2,
    "city": lambda lead, _: lead.contact.address.city,
    "state": lambda lead, _: lead.contact.address.state,
    "postal_code": lambda lead, _: lead.contact.address.postal_code,
    "no_contact": lambda lead, _: lead.enquiry.no_contact,
    "patient_first_name": lambda lead, _: lead.patient.first_name,
    "patient_last_name": lambda lead, _: lead.patient.last_name,
    "patient_born_on": lambda lead, _: lead.patient.born_on,
    "patient_age": lambda lead, _: lead.patient.age_years,
    "relationship": lambda lead, _: lead.patient.relationship.value,
    "interests": lambda lead, _: [interest.value for interest in lead.enquiry.interests],
    "insurance_carrier": lambda lead, _: lead.enquiry.insurance.carrier,
    "insurance_member_id": lambda lead, _: lead.enquiry.insurance.member_id,
    "notes": lambda lead, _: lead.enquiry.notes,
    "tags": lambda lead, _: lead.tags,
    "lost_reason": lambda lead, _: lead.loss and lead.loss.reason.value,
    "lost_at": lambda lead, _: lead.loss and lead.loss.at,
    "patient_ref": lambda lead, _: lead.conversion and lead.conversion.patient_ref,
    "converted_at": lambda lead, _: lead.conversion and lead.conversion.at,
}

EXPORTED = tuple(_COLUMNS)
"""The columns that every clinic has; its own fields come behind, as `custom.NAME`."""


@frozen
class LeadTable:
    """Leads as rows below the names of their columns. The rows are read as they are asked for.

    Dates and instants are texts of ISO 8601 (instants in UTC), several values one text.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[Cell, ...]] = field(repr=mask, metadata=PERSONAL)

    def csv(self) -> Iterator[str]:
        """Write CSV (RFC 4180), a row at a time, that an import reads again.

        A text that a spreadsheet would take for a formula gets a quote in front.
        """
        yield _line(self.columns)
        for row in self.rows:
            yield _line([_text(cell) for cell in row])

    def json(self) -> Iterator[str]:
        """Write one JSON list of objects, a row at a time."""
        before = "[\n"
        for row in self.rows:
            told = dict(zip(self.columns, row, strict=True))
            yield before + json.dumps(told, ensure_ascii=False)
            before = ",\n"
        yield "[]\n" if before == "[\n" else "\n]\n"


def table_reader(
    columns: Iterable[str] | None, practice: Practice
) -> tuple[tuple[str, ...], Callable[[Lead], tuple[Cell, ...]]]:
    """Give the names of the columns, and what makes a row of a lead.

    Raises:
        InvalidInput: at `columns`, there is none, none of this name, or one of them is named twice.
    """
    own = {f"{PREFIX}{each.name}": each for each in practice.clinic.settings.custom_fields}
    known = {**_COLUMNS, **{name: _own(each) for name, each in own.items()}}
    names = tuple(known) if columns is None else _asked(columns, known)
    reads = [known[name] for name in names]
    return names, lambda lead: tuple(_cell(read(lead, practice)) for read in reads)


def _asked(columns: Iterable[str], known: Mapping[str, Read]) -> tuple[str, ...]:
    if isinstance(columns, str) or not isinstance(columns, Sequence) or not columns:
        raise InvalidInput.at("columns", "not_a_list", "give the names of columns")
    if not all(isinstance(name, str) and name in known for name in columns):
        raise InvalidInput.at("columns", "unknown_column", "leads have no such column")
    if len(set(columns)) < len(columns):
        raise InvalidInput.at("columns", "repeated", "give each column once")
    return tuple(columns)


def _own(known: CustomField) -> Read:
    def read(lead: Lead, _: Practice) -> object:
        held = lead.custom.personal if known.is_encrypted else lead.custom.shown
        value = held.get(known.name)
        if known.kind is FieldKind.NUMBER and known.decimals and isinstance(value, int):
            return f"{Decimal(value).scaleb(-known.decimals):f}"
        return value

    return read


def _dialled(phone: Phone | None) -> str | None:
    if phone is None:
        return None
    return f"{phone.number} ext. {phone.extension}" if phone.extension else phone.number


def _cell(value: object) -> Cell:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return SEPARATOR.join(value) or None
    return value if isinstance(value, str | int) and value != "" else None


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        return safe(cell)
    return "" if cell is None else str(cell)


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
