"""What a workbook has to be before anybody parses it: a small, honest package of plain XML.

A workbook is a ZIP archive, and may unpack to far more than it seems to hold. So its sizes are
checked first, then every part is read once in chunks: well-formed, without a document type, and
for the chosen sheet where cells stand that have no value of their own.
"""

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import IO
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from attrs import define, field, frozen

from orthocrm.leads.decoding import refused

PACKED_LIMIT = 1 << 26
"""The most bytes that a workbook may have: it is held in memory."""

UNPACKED_LIMIT = 1 << 29
"""The most bytes to which all parts of a workbook may unpack."""

PART_LIMIT = 1 << 27
"""The most bytes to which a part that is no sheet may unpack: the texts of a workbook are held."""

RATIO_LIMIT = 200
"""How many times its packed size a part of more than a megabyte may have."""

PARTS_LIMIT = 10_000
ROWS_LIMIT = 1 << 20
"""The most rows that a sheet may have, as in Excel itself."""

FLAWS_LIMIT = 100_000

_SMALL = 1 << 20
_CHUNK = 1 << 16
_ENCRYPTED = 0x1
_SHEETS = "xl/worksheets/"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RANGE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6}):([A-Z]{1,3})([1-9][0-9]{0,6})")
_CELL = re.compile(r"([A-Z]{1,3})[0-9]+")

_BROKEN = "the workbook is damaged; open it in its own program and save it again"
_TOO_LARGE = "the workbook holds more than is read at once; part it, or save the sheet as CSV"


@frozen(order=True)
class Flaw:
    """Cells of one column, from the first row to the last, that have no value of their own."""

    first: int
    last: int
    column: int
    code: str


@frozen
class Outline:
    """What is known of a sheet before its rows are read; `flaws` come in the order of rows."""

    has_cells: bool
    flaws: tuple[Flaw, ...]


def opened(data: bytes) -> ZipFile:
    """Open a package whose sizes are within the limits and whose parts are sound.

    Raises:
        InvalidInput: at `file`, with the reason.
    """
    try:
        archive = ZipFile(BytesIO(data))
    except (BadZipFile, ValueError, OSError, NotImplementedError):
        raise broken() from None
    parts = archive.infolist()
    _check_sizes(parts)
    if "[Content_Types].xml" not in archive.NameToInfo:
        raise refused("not_a_table", "this is a ZIP archive, not a workbook; unpack it first")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            _read(archive, part.filename, _parser())
    return archive


def outline(archive: ZipFile, path: str) -> Outline:
    """Read a sheet once, without its values.

    Raises:
        InvalidInput: at `file`, when it has too many rows or is no sheet of the usual kind.
    """
    walk = _Walk(_parser())
    _read(archive, path, walk.parser)
    return Outline(has_cells=walk.has_cells, flaws=walk.flaws())


def broken() -> Exception:
    """Build the refusal of a workbook that cannot be read."""
    return refused("broken_workbook", _BROKEN)


def _check_sizes(parts: list[ZipInfo]) -> None:
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise refused("encrypted", "the file is protected by a password; save it without one")
    if len({part.filename for part in parts}) < len(parts):
        raise broken()
    if len(parts) > PARTS_LIMIT or sum(part.file_size for part in parts) > UNPACKED_LIMIT:
        raise refused("too_large", _TOO_LARGE)
    for part in parts:
        if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise broken()
        is_bomb = part.file_size > max(_SMALL, part.compress_size * RATIO_LIMIT)
        if is_bomb or (part.file_size > PART_LIMIT and not part.filename.startswith(_SHEETS)):
            raise refused("too_large", _TOO_LARGE)


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _no_document_type
    return parser


def _no_document_type(*_: object) -> None:
    raise broken()


def _read(archive: ZipFile, path: str, parser: expat.XMLParserType) -> None:
    """Unpack a part chunk by chunk into a parser, down to its last byte and checksum."""
    try:
        with archive.open(path) as part:
            for chunk in _chunks(part):
                parser.Parse(chunk, False)  # noqa: FBT003 - expat takes no keywords
            parser.Parse(b"", True)  # noqa: FBT003 - as above
    except (expat.ExpatError, BadZipFile, zlib.error, EOFError, KeyError, OSError, RuntimeError):
        raise broken() from None


def _chunks(part: IO[bytes]) -> Iterator[bytes]:
    while chunk := part.read(_CHUNK):
        yield chunk


@define
class _Walk:
    """A sheet on its way through the parser: its rows are counted, its flaws noted."""

    parser: expat.XMLParserType
    has_cells: bool = False
    _prefix: str | None = None
    _row: int = 0
    _column: int = 0
    _type: str | None = None
    _depth: str = ""
    _value: str = ""
    _runs: dict[int, list[list[int]]] = field(factory=dict)
    _merged: list[Flaw] = field(factory=list)
    _count: int = 0

    def __attrs_post_init__(self) -> None:
        self.parser.StartElementHandler = self._start

    def flaws(self) -> tuple[Flaw, ...]:
        """Give what was noted, in the order of rows."""
        hollow = [
            Flaw(first, last, column, "formula_without_value")
            for column, runs in self._runs.items()
            for first, last in runs
        ]
        return tuple(sorted([*hollow, *self._merged]))

    def _start(self, tag: str, given: dict[str, str]) -> None:
        if self._prefix is None:
            self._root(tag, given)
            return
        name = tag.removeprefix(self._prefix)
        if name == "c":
            self._cell(given)
        elif name == "row":
            self._begin_row(given)
        elif name == "f":
            self._formula()
        elif name == "mergeCell":
            self._merge(given)
        self._depth = name

    def _root(self, tag: str, given: dict[str, str]) -> None:
        """Demand a sheet of the usual kind: others would read as if they were empty."""
        prefix, _, name = tag.rpartition(":")
        space = given.get(f"xmlns:{prefix}" if prefix else "xmlns")
        if (name, space) != ("worksheet", _MAIN):
            message = "the sheet is of an unusual kind; save the file as an Excel workbook (.xlsx)"
            raise refused("not_a_table", message)
        self._prefix = f"{prefix}:" if prefix else ""

    def _begin_row(self, given: dict[str, str]) -> None:
        number = given.get("r", str(self._row + 1))
        if not (number.isascii() and number.isdigit()) or int(number[:9]) <= self._row:
            raise broken()
        self._row, self._column = int(number[:9]), 0
        if self._row > ROWS_LIMIT:
            raise refused("too_many_rows", f"the sheet has more than {ROWS_LIMIT} rows")

    def _cell(self, given: dict[str, str]) -> None:
        self.has_cells = True
        place = given.get("r")
        found = _CELL.fullmatch(place) if place else None
        if place and not found:
            raise broken()
        self._column = _number(found.group(1)) if found else self._column + 1
        self._type = given.get("t")

    def _formula(self) -> None:
        """Listen for the value beside a formula, which other programs may have left out."""
        self._value = ""
        self.parser.CharacterDataHandler = self._text
        self.parser.EndElementHandler = self._end

    def _text(self, data: str) -> None:
        if self._depth == "v":
            self._value = data

    def _end(self, tag: str) -> None:
        if tag.removeprefix(self._prefix or "") != "c":
            self._depth = ""
            return
        self.parser.CharacterDataHandler = None
        self.parser.EndElementHandler = None
        if not self._value and self._type != "str":
            self._hollow()

    def _hollow(self) -> None:
        runs = self._runs.setdefault(self._column, [])
        if runs and runs[-1][1] == self._row - 1:
            runs[-1][1] = self._row
        else:
            self._note()
            runs.append([self._row, self._row])

    def _merge(self, given: dict[str, str]) -> None:
        """Note all cells of a merged range but its first, which holds the value."""
        found = _RANGE.fullmatch(given.get("ref", ""))
        if found is None:
            return
        left, right = _number(found.group(1)), _number(found.group(3))
        top, bottom = int(found.group(2)), int(found.group(4))
        for column in range(left, right + 1):
            first = top + 1 if column == left else top
            if first <= bottom:
                self._note()
                self._merged.append(Flaw(first, bottom, column, "merged_cell"))

    def _note(self) -> None:
        self._count += 1
        if self._count > FLAWS_LIMIT:
            raise refused("too_large", _TOO_LARGE)


def _number(letters: str) -> int:
    """Give the number of a column, from 1 on."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
