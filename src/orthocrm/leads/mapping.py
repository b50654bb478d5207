"""Mapping files: how a practice's own table becomes leads, or outcomes of leads.

`parse` reads a mapping file, with everything that is wrong in it at once. The mapping then turns
the rows of a table into typed rows, and what cannot be read into `BadRow`. Whether the values make
a lead is decided later, by `orthocrm.leads.intake`.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

import attrs
from attrs import field, frozen

from orthocrm.core.forms import own_field
from orthocrm.core.ids import UserId
from orthocrm.core.lead import LostReason, TreatmentInterest
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.people import PatientRelationship, PreferredContact
from orthocrm.core.reading import Reading
from orthocrm.core.source import LeadSourceCategory
from orthocrm.core.time import zone
from orthocrm.leads.cells import Kind, Refusal, constant, kind_of
from orthocrm.leads.columns import FieldMapping, Kinds, Values, bad_row, field_mapping
from orthocrm.leads.intake import Intake
from orthocrm.leads.sections import Section
from orthocrm.leads.tabular import BadRow, Row, Table

T = TypeVar("T")

KEYS = ("external_ref", "phone", "email")
"""Fields by which a row of leads may find the lead that it updates."""


class Outcome(StrEnum):
    """How an enquiry ended according to the file; OPEN rows are read and change nothing."""

    CONVERTED = "CONVERTED"
    LOST = "LOST"
    OPEN = "OPEN"


@frozen(kw_only=True)
class LeadRow:
    """One enquiry of the file; `stage` is the slug of the stage that it holds already."""

    number: int
    line: int
    intake: Intake
    stage: str | None = None


@frozen(kw_only=True)
class OutcomeRow:
    """How one enquiry ended; `reference` is the external reference of its lead.

    Converted and lost rows have `at`, lost ones `lost_reason` too.
    """

    number: int
    line: int
    reference: str = field(repr=mask, metadata=PERSONAL)
    outcome: Outcome
    at: datetime | None = None
    patient_ref: str | None = None
    lost_reason: LostReason | None = None
    lost_notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)


@frozen
class NewClinic:
    """The clinic to make when the database holds none."""

    name: str
    timezone: str


@frozen
class NewSource:
    """A source to make when the clinic has none of this name."""

    name: str
    category: LeadSourceCategory


@frozen
class FileFormat:
    """What the mapping knows about the file; None is found out by looking.

    Encoding and delimiter are of texts, the name of the sheet is of workbooks.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None


@frozen(kw_only=True)
class LeadMapping:
    """How a table becomes leads.

    `key` names the field by which a row finds the lead that it updates; without it every row is a
    new lead. `follow_up` tells whether the leads get the tasks of new leads, `assign` whether those
    without an owner are assigned by the clinic's rules. `stage` and `owner` are the defaults of
    these fields, which say nothing of leads that are there already.
    """

    fields: FieldMapping
    key: str | None = None
    follow_up: bool = False
    assign: bool = True
    stage: str | None = None
    owner: UserId | None = None
    sources: tuple[NewSource, ...] = ()
    clinic: NewClinic | None = None
    file: FileFormat = FileFormat()

    @property
    def blank_source_ok(self) -> bool:
        """Whether a blank source means that nobody recorded it, not the clinic's default one."""
        columns = self.fields.columns
        return any(column.blank_is_missing for column in columns if column.fills == "source")

    def read(self, table: Table) -> Iterator[LeadRow | BadRow]:
        """Give every row as a lead, or everything that is wrong with it, in the file's order.

        Raises:
            InvalidInput: at once, when the table lacks columns.
        """
        return _read(table, self.fields, _lead_row)


@frozen(kw_only=True)
class OutcomeMapping:
    """How a table becomes conversions and losses of leads known by their external reference."""

    fields: FieldMapping
    clinic: NewClinic | None = None
    file: FileFormat = FileFormat()

    def read(self, table: Table) -> Iterator[OutcomeRow | BadRow]:
        """Give every row as an outcome, or everything that is wrong with it, in the file's order.

        Raises:
            InvalidInput: at once, when the table lacks columns.
        """
        return _read(table, self.fields, _outcome_row)


def parse(text: str) -> LeadMapping | OutcomeMapping:
    """Read a mapping file.

    Raises:
        InvalidInput: with every problem, each at the path of its key.
    """
    reading = Reading()
    document = Section.document(text, reading)
    kind = document.word("kind", "leads", "outcomes")
    if kind is None and not reading.problems:
        document.refuse("kind", "required", "give leads or outcomes")
    reading.finish()
    mapping = _leads(document) if kind == "leads" else _outcomes(document)
    document.finish()
    reading.finish()
    return mapping


_CHOICES = {
    "relationship": PatientRelationship,
    "preferred_contact": PreferredContact,
    "interests": TreatmentInterest,
}
"""The fields that `Intake` takes as text because channels send what they like."""


_PLACES = ("stage", "owner")
"""Where a lead stands: what a default says of it holds for new leads only."""


def _lead_kinds() -> Kinds:
    hints = get_type_hints(Intake)
    names = [each.name for each in attrs.fields(Intake) if each.name != "custom"]
    kinds = {name: kind_of(hints[name]) for name in names}
    coded = {name: Kind(choices, kinds[name].many) for name, choices in _CHOICES.items()}
    return _LeadKinds({**kinds, **coded, "stage": Kind(str)})


class _LeadKinds(dict[str, Kind]):
    """Every field of a row; the clinic's own are texts, which its definitions make sense of."""

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as that of a dictionary
        """Give the kind of a field, one of the clinic's own among them."""
        return Kind(str) if own_field(name) else super().get(name, default)


def _outcome_kinds() -> Kinds:
    hints = get_type_hints(OutcomeRow)
    names = [each.name for each in attrs.fields(OutcomeRow)]
    return {name: kind_of(hints[name]) for name in names if name not in ("number", "line")}


LEAD_KINDS = _lead_kinds()
OUTCOME_KINDS = _outcome_kinds()


def _leads(document: Section) -> LeadMapping:
    key = document.word("key", *KEYS)
    fields = _needing(document, field_mapping(document, LEAD_KINDS), *filter(None, [key]))
    others = {name: told for name, told in fields.constants.items() if name not in _PLACES}
    places: dict[str, Any] = {
        name: fields.constants[name] for name in _PLACES if name in fields.constants
    }
    return LeadMapping(
        **places,
        fields=attrs.evolve(fields, constants=others),
        key=key,
        follow_up=document.take("follow_up", bool) or False,
        assign=document.take("assign", bool) is not False,
        sources=tuple(_sources(document.table("sources"))),
        clinic=_clinic(document),
        file=_file(document.table("file")),
    )


def _outcomes(document: Section) -> OutcomeMapping:
    fields = _needing(document, field_mapping(document, OUTCOME_KINDS), "reference")
    for name in ("outcome", "at"):
        if fields.column_of(name) is None and name not in fields.constants:
            document.refuse(f"columns.{name}", "required", "give its column, or a default")
    if "outcome" not in fields.constants:
        fields = fields.requiring("outcome")
    return OutcomeMapping(
        fields=fields, clinic=_clinic(document), file=_file(document.table("file"))
    )


def _needing(document: Section, fields: FieldMapping, *names: str) -> FieldMapping:
    """Demand columns by which rows are told apart: a constant cannot do that."""
    for name in names:
        if fields.column_of(name) is None:
            document.refuse(f"columns.{name}", "required", "rows are told apart by this column")
        fields = fields.requiring(name)
    if not fields.columns:
        document.refuse("columns", "required", "name the columns to read")
    return fields


def _sources(section: Section) -> Iterator[NewSource]:
    for name, given in section.entries():
        spec = section.nested(name, given)
        if spec is not None:
            category = _category(spec)
            spec.finish()
            yield NewSource(name, category)


def _category(spec: Section) -> LeadSourceCategory:
    named = spec.text("category", needed=True)
    if named is not None:
        try:
            return LeadSourceCategory(str(constant(Kind(LeadSourceCategory), named)))
        except Refusal as refusal:
            spec.refuse("category", refusal.code, refusal.message)
    return LeadSourceCategory.OTHER


def _clinic(document: Section) -> NewClinic | None:
    if "clinic" not in document:
        return None
    section = document.table("clinic")
    name = section.text("name", needed=True) or ""
    timezone = section.text("timezone", needed=True) or "UTC"
    section.check("timezone", lambda path: zone(timezone, path))
    section.finish()
    return NewClinic(name, timezone)


def _file(section: Section) -> FileFormat:
    shape = FileFormat(section.text("encoding"), section.text("delimiter"), section.text("sheet"))
    section.finish()
    return shape


def _read(
    table: Table,
    fields: FieldMapping,
    build: Callable[[Row, Values, FieldMapping], T | list[BadRow]],
) -> Iterator[T | BadRow]:
    fill = fields.filler(table.columns)

    def results() -> Iterator[T | BadRow]:
        for row in table.rows:
            if isinstance(row, BadRow):
                yield row
                continue
            filled = fill(row)
            built = filled if isinstance(filled, list) else build(row, filled, fields)
            if isinstance(built, list):
                yield from built
            else:
                yield built

    return results()


def _lead_row(row: Row, values: Values, _: FieldMapping) -> LeadRow:
    stage = values.pop("stage", None)
    own = {own_field(name): values.pop(name) for name in [*values] if "." in name}
    intake = Intake(**values, custom=own)
    return LeadRow(number=row.number, line=row.line, intake=intake, stage=stage)


def _outcome_row(row: Row, values: Values, fields: FieldMapping) -> OutcomeRow | list[BadRow]:
    needed = _NEEDED[values["outcome"]]
    lacking = [name for name in needed if name not in values]
    if lacking:
        return [bad_row(row, fields.column_of(name), _LACKING) for name in lacking]
    return OutcomeRow(number=row.number, line=row.line, **values)


_LACKING = Refusal("required", "this outcome needs a value here")
_NEEDED: Mapping[object, tuple[str, ...]] = {
    Outcome.CONVERTED: ("at",),
    Outcome.LOST: ("at", "lost_reason"),
    Outcome.OPEN: (),
}
