"""Columns of a table into fields: the part that mapping files for leads and for outcomes share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from attrs import evolve, field, frozen

from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.forms import own_field
from orthocrm.core.time import zone
from orthocrm.leads.cells import (
    Kind,
    Options,
    Read,
    Refusal,
    Unreadable,
    constant,
    folded,
    is_format,
    reader,
    tells_zone,
)
from orthocrm.leads.sections import Section
from orthocrm.leads.tabular import BadRow, Row, Table

Kinds = Mapping[str, Kind]
Values = dict[str, Any]
Filler = Callable[[Row], Values | list[BadRow]]


@frozen
class Column:
    """A column of the file, the field that it fills, and how its cells are read.

    `blank_is_missing` says that a blank cell means that nothing is known.
    """

    fills: str
    name: str
    read: Read = field(repr=False, eq=False)
    is_required: bool = False
    blank_is_missing: bool = False


@frozen
class FieldMapping:
    """Where the values of a row come from: columns, and constants for what they leave blank."""

    columns: tuple[Column, ...]
    constants: Mapping[str, object]

    def column_of(self, name: str) -> str | None:
        """Name the column that fills a field, to say where a refused value stands."""
        return next((column.name for column in self.columns if column.fills == name), None)

    def unused(self, table: Table) -> tuple[str, ...]:
        """Name the columns of a table that fill no field."""
        used = {column.name for column in self.columns}
        return tuple(name for name in table.columns if name not in used)

    def requiring(self, name: str) -> "FieldMapping":
        """Refuse rows whose column for this field is blank."""
        columns = [evolve(c, is_required=c.is_required or c.fills == name) for c in self.columns]
        return FieldMapping(tuple(columns), self.constants)

    def filler(self, header: Sequence[str]) -> Filler:
        """Build the function that reads one row below this header.

        Raises:
            InvalidInput: at the fields whose columns the header lacks.
        """
        places = {name: place for place, name in enumerate(header)}
        lacking = [column.fills for column in self.columns if column.name not in places]
        if lacking:
            message = "the file has no column of this name"
            problems = [Problem(f"columns.{name}", "no_such_column", message) for name in lacking]
            raise InvalidInput(problems)
        plan = [(places[column.name], column) for column in self.columns]
        return _filler(plan, self.constants)


def _filler(plan: Sequence[tuple[int, Column]], constants: Mapping[str, object]) -> Filler:
    # This is the inner loop of an import: what it needs of each column is unpacked beforehand.
    steps = [(place, column.fills, column.read, column) for place, column in plan]

    def fill(row: Row) -> Values | list[BadRow]:
        values, cells = dict(constants), row.cells
        bad: list[BadRow] = []
        for place, name, read, column in steps:
            cell = cells[place].strip()
            try:
                if type(cell) is Unreadable:
                    raise cell.refusal
                value = read(cell) if cell else None
            except Refusal as refusal:
                bad.append(bad_row(row, column.name, refusal))
                continue
            if value is not None:
                values[name] = value
            elif column.is_required:
                bad.append(bad_row(row, column.name, _BLANK))
        return bad or values

    return fill


_BLANK = Refusal("required", "the cell must not be blank")


def bad_row(row: Row, column: str | None, refusal: Refusal) -> BadRow:
    """Report what is wrong with one cell of a row."""
    return BadRow(row.number, row.line, column, refusal.code, refusal.message)


def field_mapping(document: Section, kinds: Kinds) -> FieldMapping:
    """Read the tables `columns` and `defaults` of a mapping file."""
    defaults = document.table("defaults")
    constants = dict(_constants(defaults, kinds))
    columns = tuple(_columns(document.table("columns"), kinds, frozenset(constants)))
    return FieldMapping(columns, constants)


def _constants(section: Section, kinds: Kinds) -> Iterator[tuple[str, object]]:
    for name, given in section.entries():
        kind = _kind(section, name, kinds)
        if kind is not None:
            value = _constant(section, name, kind, given)
            if value is not None:
                yield name, value


def _kind(section: Section, name: str, kinds: Kinds) -> Kind | None:
    kind = kinds.get(name)
    if kind is None:
        section.refuse(name, "unknown_field", "there is no such field")
    return kind


def _constant(section: Section, name: str, kind: Kind, given: object) -> object:
    try:
        return constant(kind, given)
    except Refusal as refusal:
        section.refuse(name, refusal.code, refusal.message)
        return None


def _columns(section: Section, kinds: Kinds, constants: frozenset[str]) -> Iterator[Column]:
    for name, given in section.entries():
        kind = _kind(section, name, kinds)
        spec = section.nested(name, {"column": given} if isinstance(given, str) else given)
        if kind is not None and spec is not None:
            column = _column(name, spec, kind)
            if column.blank_is_missing and name in constants:
                spec.refuse("blank", "contradiction", "the field has a default")
            yield column


def _column(name: str, spec: Section, kind: Kind) -> Column:
    if own_field(name) and "format" in spec:
        kind = Kind(date)
    header = spec.text("column", needed=True) or ""
    blank = spec.word("blank", "missing", "refuse")
    read = reader(kind, _options(spec, kind))
    spec.finish()
    return Column(name, header.strip(), read, blank == "refuse", blank == "missing")


def _options(spec: Section, kind: Kind) -> Options:
    """Take the options that make sense for a kind of field; others stay, and are refused."""
    form = _format(spec) if kind.is_timed else None
    values = _values(spec.table("values"), kind) if "values" in spec else None
    return Options(
        format=form or "",
        timezone=_timezone(spec, form) if kind.is_instant else None,
        values=values,
        keep_others=values is not None and spec.word("other", "refuse", "keep") == "keep",
        separator=(spec.text("separator") if kind.many else None) or ";",
        prefix=spec.text("prefix") or "",
        part=spec.word("part", "first", "last") if kind == Kind(str) else None,
    )


def _format(spec: Section) -> str | None:
    form = spec.text("format", needed=True)
    if form is None or is_format(form):
        return form
    spec.refuse("format", "bad_format", "give year, month and day, such as %Y-%m-%d")
    return None


def _timezone(spec: Section, form: str | None) -> str | None:
    """Take the zone of local times; a format with %z needs none."""
    name = spec.text("timezone", needed=not tells_zone(form or "%z"))
    known = name is not None and spec.check("timezone", lambda path: zone(str(name), path))
    return name if known else None


def _values(section: Section, kind: Kind) -> Mapping[str, object]:
    """Read a list of values; an empty text stands for a value that is not known."""
    values: dict[str, object] = {}
    for word, given in section.entries():
        if folded(word) in values:
            section.refuse(word, "duplicate_value", "this value is listed twice")
        value = None if given == "" else _constant(section, word, Kind(kind.type), given)
        values[folded(word)] = value
    return values
