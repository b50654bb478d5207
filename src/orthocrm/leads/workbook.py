"""Excel workbooks into numbered rows, as `tabular` does it for text.

Nothing is calculated: a cell with a formula gives the value that its program stored last. Cells
that have no value of their own, or one that cannot be trusted, become `Unreadable`; only a
mapping that asks for them refuses the row.
"""

import re
import warnings
import zlib
from collections.abc import Iterator, Sequence
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast
from zipfile import BadZipFile, ZipFile

from attrs import define, field, frozen

from orthocrm.core.errors import InvalidInput, MissingExtra
from orthocrm.core.wording import counted
from orthocrm.leads import package
from orthocrm.leads.cells import Moment, Refusal, Unreadable
from orthocrm.leads.decoding import CHUNK, refused
from orthocrm.leads.package import Flaw
from orthocrm.leads.tabular import CELL_LIMIT, BadRow, Row, Table, header, unescaped

if TYPE_CHECKING:
    from openpyxl import Workbook

_READ_ERRORS = (
    *(BadZipFile, zlib.error, EOFError, OSError, RuntimeError, SyntaxError),
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
)
"""What the parser raises for parts that contradict each other."""

_EXACT = 10**15
_ZEROS = re.compile("0{2,20}")
_ZIP_PLUS_4 = "00000\\-0000"
_CONTROL = re.compile("_x00([01][0-9A-Fa-f])_")
_FLAWED = re.compile("[\0\ud800-\udfff]")
_REFUSALS = {
    "formula_without_value": "the formula has no stored value; open the file in Excel and save it",
    "merged_cell": "the cell is merged with others; part them and fill each one",
    "cell_error": "the cell holds an error, or a number that is no date",
    "inexact_number": "the number has lost its last digits; format the column as text",
    "not_text": "the cell holds a NUL character",
    "cell_too_long": f"the cell is longer than {CELL_LIMIT} characters",
}


def rows(stream: BinaryIO, *, sheet: str | None = None) -> Table:
    """Read the rows of a workbook's sheet.

    The workbook itself is held in memory, its cells are not. Left open, the sheet is the only
    visible one that holds anything. Rows without anything are no rows; `Row.line` is the number
    that the program shows beside the row.

    Raises:
        InvalidInput: at `file` or `sheet`, when there is no table to read.
        MissingExtra: the extra `xlsx` is not installed.
    """
    data = _packed(stream)
    with package.opened(data) as archive:
        book = _loaded(data)
        chosen = _chosen(book, archive, sheet)
    lines = _Lines(_lines(chosen.sheet), _Flaws(list(chosen.outline.flaws)))
    columns = _columns(lines)
    lines.width = len(columns)
    return Table(columns, _rows(lines, len(columns), book), "utf-8", "")


def _packed(stream: BinaryIO) -> bytes:
    """Read the whole workbook, unless it is too large to be held."""
    pieces, size = [], 0
    while piece := stream.read(CHUNK):
        pieces.append(piece)
        size += len(piece)
        if size > package.PACKED_LIMIT:
            raise refused("too_large", f"the workbook has more than {package.PACKED_LIMIT} bytes")
    return b"".join(pieces)


class _Cell(Protocol):
    """A cell as it is read; one that is not there has no value."""

    @property
    def value(self) -> object: ...

    @property
    def data_type(self) -> str: ...

    @property
    def number_format(self) -> str | None: ...


_Cells = Sequence[_Cell]


class _Sheet(Protocol):
    """A sheet that is read row by row."""

    title: str
    sheet_state: str
    _worksheet_path: str

    @property
    def rows(self) -> Iterator[_Cells]: ...

    def reset_dimensions(self) -> None: ...


@frozen
class _Chosen:
    sheet: _Sheet
    outline: package.Outline


def _loaded(data: bytes) -> "Workbook":
    try:
        from openpyxl import load_workbook  # noqa: PLC0415 - optional dependency
    except ImportError:
        raise MissingExtra("xlsx", "reading workbooks") from None
    warnings.filterwarnings("ignore", module="openpyxl")  # its warnings quote cells
    try:
        return load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except _READ_ERRORS:
        raise package.broken() from None


def _chosen(book: "Workbook", archive: ZipFile, name: str | None) -> _Chosen:
    """Find the sheet of a name, whatever its case, else the only visible one with cells."""
    sheets = cast("list[_Sheet]", book.worksheets)
    if name is not None:
        sheets = [each for each in sheets if each.title.casefold() == name.strip().casefold()]
        if not sheets:
            raise InvalidInput.at(
                "sheet", "no_such_sheet", "the workbook has no sheet of this name"
            )
    else:
        sheets = [each for each in sheets if each.sheet_state == "visible"]
    outlines = [(each, package.outline(archive, each._worksheet_path)) for each in sheets]  # noqa: SLF001 - its part has no public name
    filled = [_Chosen(each, outline) for each, outline in outlines if outline.has_cells]
    if not filled:
        raise refused("empty_file", "no sheet of the workbook holds anything")
    if len(filled) > 1:
        message = "several sheets of the workbook hold something; name one by [file] sheet"
        raise InvalidInput.at("sheet", "several_sheets", message)
    return filled[0]


def _lines(sheet: _Sheet) -> Iterator[_Cells]:
    """Give every row of a sheet; the size that it claims to have may be wrong, so it is ignored."""
    sheet.reset_dimensions()
    lines = iter(sheet.rows)
    while True:
        try:
            line = next(lines, None)
        except _READ_ERRORS:
            raise package.broken() from None
        if line is None:
            return
        yield line


@define
class _Flaws:
    """The cells without a value of their own, row by row."""

    _pending: list[Flaw]
    _next: int = 0
    _active: dict[int, Flaw] = field(factory=dict)

    def at(self, line: int) -> dict[int, Flaw]:
        """Give the flaws of a row, by column; rows are asked for in order."""
        while self._next < len(self._pending) and self._pending[self._next].first <= line:
            flaw = self._pending[self._next]
            self._active[flaw.column] = flaw
            self._next += 1
        for column in [c for c, flaw in self._active.items() if flaw.last < line]:
            del self._active[column]
        return self._active


@define
class _Lines:
    """The rows of a sheet that hold anything, as text, with their numbers in the sheet."""

    _source: Iterator[_Cells]
    _flaws: _Flaws
    count: int = 0
    width: int | None = None

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return self

    def __next__(self) -> tuple[int, list[str]]:
        for cells in self._source:
            self.count += 1
            flaws = self._flaws.at(self.count)
            texts = [_text(cell) for cell in cells]
            for column, flaw in flaws.items():
                if self.width is None or column <= self.width:
                    texts.extend([""] * (column - len(texts)))
                    texts[column - 1] = _unreadable(flaw.code)
            if any(map(_says_something, texts)):
                return self.count, texts
        raise StopIteration


def _columns(lines: _Lines) -> tuple[str, ...]:
    for _, texts in lines:
        if any(type(text) is Unreadable for text in texts):
            message = "the header has cells that are merged, or formulas without a value"
            raise refused("no_header", message)
        return header([*map(str, _trimmed(texts))])
    raise refused("empty_file", "no sheet of the workbook holds anything")


def _says_something(text: str) -> bool:
    """Tell whether a cell holds anything: those that a merged one covers do not by themselves."""
    if isinstance(text, Unreadable):
        return text.refusal.code != "merged_cell"
    return bool(text.strip())


def _trimmed(texts: list[str]) -> list[str]:
    while texts and not texts[-1].strip():
        texts.pop()
    return texts


def _rows(lines: _Lines, width: int, book: "Workbook") -> Iterator[Row | BadRow]:
    for number, (line, texts) in enumerate(lines, 1):
        if any(map(_says_something, texts[width:])):
            message = f"the row has a cell beyond the {counted(width, 'column')} of the header"
            yield BadRow(number, line, None, "wrong_cell_count", message)
        else:
            blank = [""] * (width - len(texts))
            yield Row(number, line, (*texts[:width], *blank))
    book.close()


def _text(cell: _Cell) -> str:
    """Give what a cell holds as text, as its program shows it where that matters."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "e":
        return _unreadable("cell_error")
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(cell, value)
    return Moment(value) if isinstance(value, date) else str(value)


def _plain(text: str) -> str:
    if "_x00" in text:
        text = _CONTROL.sub(lambda found: chr(int(found.group(1), 16)), text)
    if len(text) > CELL_LIMIT:
        return _unreadable("cell_too_long")
    if _FLAWED.search(text):
        return _unreadable("not_text")
    return unescaped(text)


def _number(cell: _Cell, value: float) -> str:
    """Write a number in full: phones, references and postal codes are numbers to a spreadsheet."""
    if not abs(value) < _EXACT:
        return _unreadable("inexact_number")
    if value != int(value):
        return f"{value:.15g}"
    whole = str(int(value))
    form = cell.number_format if value >= 0 else None
    if form == _ZIP_PLUS_4:
        digits = whole.zfill(9)
        return f"{digits[:5]}-{digits[5:]}"
    return whole.zfill(len(form)) if form and _ZEROS.fullmatch(form) else whole


def _unreadable(code: str) -> Unreadable:
    return Unreadable(Refusal(code, _REFUSALS[code]))
