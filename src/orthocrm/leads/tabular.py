"""Tables as practices export them: CSV and its relatives, of any size, into numbered rows.

What cannot be read as a whole is refused by `InvalidInput` at `file`. What cannot be read in part
comes as a `BadRow` between the rows, in its place and with a reason: nothing is dropped silently.
No message holds anything that stands in a cell.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import BinaryIO

from attrs import define, evolve, field, frozen

from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.spreadsheet import SIGNS
from orthocrm.core.wording import counted
from orthocrm.leads.decoding import (
    DAMAGED,
    LINE_ENDS,
    LINE_LIMIT,
    Text,
    bytes_of,
    refuse_notation,
    refused,
    text_of,
)

CELL_LIMIT = 1 << 20
"""The most characters that one cell may hold."""

ROW_LIMIT = LINE_LIMIT
"""The most characters that one row may hold."""

_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"(?:[^"]++|"")*+(?:"|\Z)')
_DECLARED = re.compile(r'"?sep=([^"\r\n])"?', re.IGNORECASE)
_OPEN = re.compile(r'"(?:[^"]++|"")*+')
_CLOSING = re.compile(r'(?:[^"]++|"")*+"')
_ESCAPED = re.compile(f"'+[{SIGNS}]")
_FLAWED = re.compile(rf"\0|{DAMAGED.pattern}")
_PAIR = 2
_CELL_TOO_LONG = f"the cell is longer than {CELL_LIMIT} characters"
_ROW_TOO_LONG = f"the row is longer than {ROW_LIMIT} characters"
_UNTERMINATED = ("unterminated_quote", "a quote opens this cell and does not close")


@frozen
class Row:
    """One row: its ordinal below the header, the line of the file that it begins on, its cells."""

    number: int
    line: int
    cells: tuple[str, ...] = field(repr=mask, metadata=PERSONAL)


@frozen
class BadRow:
    """One thing that is wrong with one row; `column` is the header's name where one is to blame."""

    number: int
    line: int
    column: str | None
    code: str
    message: str


@frozen
class Table:
    """A table: its header, and its rows in the order of the file, to be read once."""

    columns: tuple[str, ...]
    rows: Iterator[Row | BadRow]
    encoding: str
    delimiter: str


def rows(stream: BinaryIO, *, encoding: str | None = None, delimiter: str | None = None) -> Table:
    r"""Read a table from a stream, in memory that does not grow with the file.

    The header is needed, and its names must differ. The delimiter is the one that is given, else
    the one of a first line `sep=;`, else the most frequent of `,` `;` tab `|` in the header. Line
    ends may be LF, CR or CRLF, and stand in quoted cells. Lines without anything are no rows. A
    quote that our export put before a formula sign is taken off again.

    >>> from io import BytesIO
    >>> table = rows(BytesIO(b"name;city\nAnn;'=Paris\nBob\n"))
    >>> table.columns
    ('name', 'city')
    >>> next(table.rows).cells
    ('Ann', '=Paris')
    >>> next(table.rows).message
    'the row has 1 cell, the header has 2'

    Raises:
        InvalidInput: at `file`, `encoding` or `delimiter`, when there is no table to read.
    """
    _check_delimiter(delimiter)
    text = text_of(stream, encoding)
    lines = _Lines(text.lines)
    first = _first_line(lines, text)
    declared = _DECLARED.fullmatch(first.rstrip("\r\n"))
    if declared:
        first = _first_line(lines, text)
    mark = delimiter or (declared and declared.group(1)) or _sniffed(first)
    records = _records(chain([first], lines), lines, _grammar(mark))
    columns = _named_columns(*next(records), lines)
    return Table(columns, _rows(records, columns, lines), text.encoding, mark)


@define
class _Lines:
    """The lines of a file, counted as they are taken."""

    _source: Iterator[str]
    count: int = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._source)
        self.count += 1
        return line


@frozen
class _Fault:
    """Why a record cannot be read, and the place of the cell to blame."""

    index: int | None
    code: str
    message: str

    def reason(self, swallowed: int) -> str:
        """Say what is wrong, and how many lines after the first went into the record."""
        if not swallowed:
            return self.message
        noun = "line was" if swallowed == 1 else "lines were"
        return f"{self.message}; {swallowed} more {noun} taken for a part of it"


_Cells = list[str]
_Record = tuple[int, _Cells | _Fault]


@frozen
class _Grammar:
    """How cells follow one another for one delimiter, each with the delimiter behind it."""

    delimiter: str
    cell: re.Pattern[str]
    cells: re.Pattern[str]


def _grammar(delimiter: str) -> _Grammar:
    sign = re.escape(delimiter)
    cell = rf'("(?:[^"]++|"")*+"|[^"{sign}][^{sign}]*+|){sign}'
    return _Grammar(delimiter, re.compile(cell), re.compile(rf"(?:{cell})*+"))


def _check_delimiter(delimiter: str | None) -> None:
    if delimiter is None:
        return
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in "\"'\r\n\0":
        raise InvalidInput.at("delimiter", "bad_delimiter", "give one sign such as ; or a tab")


def _first_line(lines: _Lines, text: Text) -> str:
    """Find the header: the first line with anything in it, which has to be text."""
    for line in lines:
        if line.strip(" \r\n"):
            refuse_notation(line)
            _check_text(line, text)
            return line
    raise refused("empty_file", "the file holds no text")


def _check_text(line: str, text: Text) -> None:
    flaw = _FLAWED.search(line)
    if flaw:
        at = text.mark + bytes_of(line[: flaw.start()], text.encoding)
        message = f"the header is not {text.encoding} text from its byte {at} on"
        raise refused("not_text", f"{message}; save the file as UTF-8, or give its encoding")


def _sniffed(line: str) -> str:
    outside = _QUOTED.sub("", line)
    return max(_DELIMITERS, key=outside.count)


def _named_columns(line: int, cells: _Cells | _Fault, lines: _Lines) -> tuple[str, ...]:
    if isinstance(cells, _Fault):
        reason = cells.reason(lines.count - line)
        raise refused("no_header", f"the header cannot be read: {reason}")
    return header(cells)


def header(cells: Sequence[str]) -> tuple[str, ...]:
    """Take the names of columns, each of which has to be there and to differ from the others.

    Raises:
        InvalidInput: at `file`, with every column that has no name of its own.
    """
    names = tuple(cell.strip() for cell in cells)
    if not any(names):
        raise refused("no_header", "the header names no column")
    problems = [*_blank(names), *_repeated(names)]
    if problems:
        raise InvalidInput(problems)
    return names


def _blank(names: tuple[str, ...]) -> Iterator[Problem]:
    for number, name in enumerate(names, 1):
        if not name:
            message = f"column {number} has no name in the header"
            yield Problem("file", "blank_column", message)


def _repeated(names: tuple[str, ...]) -> Iterator[Problem]:
    for name, times in Counter(filter(None, names)).items():
        if times > 1:
            places = [str(number) for number, other in enumerate(names, 1) if other == name]
            message = f"columns {', '.join(places)} have the same name in the header"
            yield Problem("file", "duplicate_column", message)


def _rows(
    records: Iterator[_Record], columns: tuple[str, ...], lines: _Lines
) -> Iterator[Row | BadRow]:
    """Number the records, and tell rows from what is none."""
    for number, (line, cells) in enumerate(records, 1):
        checked = cells if isinstance(cells, _Fault) else _checked(cells, len(columns))
        if isinstance(checked, _Fault):
            reason = checked.reason(lines.count - line)
            yield BadRow(number, line, _named(columns, checked.index), checked.code, reason)
        else:
            yield Row(number, line, checked)


def _named(columns: tuple[str, ...], index: int | None) -> str | None:
    return None if index is None or index >= len(columns) else columns[index]


def _checked(cells: _Cells, width: int) -> tuple[str, ...] | _Fault:
    """Give the cells of a sound row without the quotes before formula signs."""
    joined = "".join(cells)
    if len(cells) != width:
        message = f"the row has {counted(len(cells), 'cell')}, the header has {width}"
        return _Fault(None, "wrong_cell_count", message)
    if not joined:
        return _Fault(None, "blank_row", "every cell of the row is blank")
    if _FLAWED.search(joined):
        return _damage(cells)
    return tuple(map(unescaped, cells)) if "'" in joined else tuple(cells)


def unescaped(cell: str) -> str:
    """Take off the quote that an export put before a formula sign."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def _damage(cells: _Cells) -> _Fault:
    index = next(place for place, cell in enumerate(cells) if _FLAWED.search(cell))
    if "\0" in cells[index]:
        return _Fault(index, "not_text", "the cell holds a NUL character")
    message = "the cell is not text in the encoding of the file; give the right one"
    return _Fault(index, "undecodable", message)


def _records(source: Iterator[str], lines: _Lines, grammar: _Grammar) -> Iterator[_Record]:
    """Cut lines into cells. A line without quotes needs no grammar: nearly all have none."""
    delimiter = grammar.delimiter
    for line in source:
        began = lines.count
        if '"' in line or len(line) > CELL_LIMIT:
            yield began, _Quoting(source, grammar).record(line)
        elif bare := line.rstrip("\r\n"):
            yield began, bare.split(delimiter)


@define
class _Quoting:
    """One record that has quotes, or is very long: it may go over many lines."""

    _source: Iterator[str]
    _grammar: _Grammar
    _cells: _Cells = field(factory=list)
    _size: int = 0
    _quotes: int = 0
    _ended: bool = True

    def record(self, line: str) -> _Cells | _Fault:
        """Read cells up to the end of the line on which no quoted cell is open any more."""
        self._take(line)
        text: str | _Fault = line
        while isinstance(text, str):
            if self._size > ROW_LIMIT:
                return self._overlong(text)
            body = text.rstrip("\r\n") + self._grammar.delimiter
            if self._complete(body):
                return self._within_limits()
            text = self._open_cell(text, body)
        return text

    def _take(self, line: str) -> None:
        self._size += len(line)
        self._quotes += line.count('"')
        self._ended = line.endswith(LINE_ENDS)

    def _complete(self, body: str) -> bool:
        """Take the cells of the body, unless something stands between them."""
        raw = self._grammar.cell.findall(body)
        if sum(map(len, raw)) + len(raw) != len(body):
            return False
        self._cells.extend([_unquoted(cell) if cell[:1] == '"' else cell for cell in raw])
        return True

    def _open_cell(self, text: str, body: str) -> str | _Fault:
        """Take the cells before the one that does not end, and give that one with its end."""
        whole = self._grammar.cells.match(body)
        end = whole.end() if whole else 0
        self._complete(body[:end])
        if _OPEN.fullmatch(text, end):
            return self._closed(text[end:])
        return self._fault("bad_quotes", "text follows the closing quote; double a quote in a text")

    def _closed(self, begun: str) -> str | _Fault:
        """Take lines up to the one that holds the closing quote."""
        pieces, size = [begun], len(begun)
        for line in self._source:
            self._take(line)
            pieces.append(line)
            size += len(line)
            if _CLOSING.match(line):
                return "".join(pieces)
            if size > CELL_LIMIT:
                return self._skipped("cell_too_long", _CELL_TOO_LONG)
        return self._fault(*_UNTERMINATED)

    def _within_limits(self) -> _Cells | _Fault:
        if self._size > CELL_LIMIT:
            for index, cell in enumerate(self._cells):
                if len(cell) > CELL_LIMIT:
                    return _Fault(index, "cell_too_long", _CELL_TOO_LONG)
        return self._cells

    def _overlong(self, text: str) -> _Fault:
        """Blame the first cell that is too long, else the row."""
        whole = self._grammar.cells.match(text)
        end = whole.end() if whole else 0
        self._complete(text[:end])
        fault = self._within_limits()
        if isinstance(fault, _Fault):
            self._cells = self._cells[: fault.index]
        elif len(text) - end <= CELL_LIMIT:
            return evolve(self._skipped("row_too_long", _ROW_TOO_LONG), index=None)
        return self._skipped("cell_too_long", _CELL_TOO_LONG)

    def _skipped(self, code: str, message: str) -> _Fault:
        """Pass over the rest of the record: it ends with a line whose quotes are all in pairs."""
        while self._quotes % _PAIR or not self._ended:
            line = next(self._source, None)
            if line is None:
                break
            self._take(line)
        if self._quotes % _PAIR:
            return self._fault(*_UNTERMINATED)
        return self._fault(code, message)

    def _fault(self, code: str, message: str) -> _Fault:
        return _Fault(len(self._cells), code, message)


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"')
