"""Bytes of a file into lines of text: which encoding it is, and what is no text at all.

The file is read in chunks, so its size does not matter. Line ends are kept as they are: inside a
quoted cell they are data.
"""

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from attrs import frozen

from orthocrm.core.errors import InvalidInput

CHUNK = 1 << 16
LINE_LIMIT = 1 << 23
"""A line longer than this many characters is handed on in pieces; only the last has a line end."""

LINE_ENDS = ("\n", "\r")
DAMAGED = re.compile(r"[\ud800-\udfff]")
"""What stands for bytes that are not text in the file's encoding: no text holds these by right."""

_HALF_A_CHARACTER = "\udcff"
_PAIR = 2
_SAMPLE = 256
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAVE_AS_CSV = "open it in its own program and save the sheet as CSV"
_SAVE_AS_XLSX = "save it as .xlsx or CSV, without a password"
_UNPACK = "unpack it first"
_SIGNATURES = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive", _SAVE_AS_CSV),
    (b"PK\x05\x06", "an empty ZIP archive", "choose the file that holds the table"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook, or one with a password", _SAVE_AS_XLSX),
    (b"\x1f\x8b", "compressed with gzip", _UNPACK),
    (b"BZh91AY", "compressed with bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "compressed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"%PDF-", "a PDF document", "export the table as CSV"),
    (b"{\\rtf", "a text document with formats", "export the table as CSV"),
    (b"\x89PNG", "a picture", "choose the file that holds the table"),
    (b"\xff\xd8\xff", "a picture", "choose the file that holds the table"),
    (b"GIF8", "a picture", "choose the file that holds the table"),
    (b"SQLite format 3\x00", "a database", "export the table as CSV"),
)
_NOTATIONS = (
    (re.compile(r'\s*(?:\{\s*(?:["}]|\Z)|\[\s*(?:[\[{"\]]|\Z))'), "JSON"),
    (re.compile(r"\s*<(?:!|\?|(?:html|head|body|table|div|script|svg)\b)", re.IGNORECASE), "HTML"),
    (re.compile(r"\s*BEGIN:V(?:CARD|CALENDAR)", re.IGNORECASE), "a card or a calendar"),
)


@frozen
class Text:
    """A file as text: its lines with their ends, and the encoding that they were read by."""

    lines: Iterator[str]
    encoding: str
    mark: int
    """How many bytes of byte order mark stood before the text."""


def text_of(stream: BinaryIO, encoding: str | None = None) -> Text:
    """Read a file as lines of text.

    The encoding is the one that is given, else the one that the byte order mark tells, else
    UTF-16 where every second byte is NUL, else UTF-8.

    Raises:
        InvalidInput: at `encoding` when nobody knows it; at `file` when there is nothing to read
            (`empty_file`) or the file is of another format (`not_a_table`).
    """
    head = _head(stream)
    if not head:
        raise refused("empty_file", "the file is empty")
    _refuse_formats(head)
    mark, name = _marked(head)
    name = name or _guessed(head)
    if encoding is not None:
        mark, name = _told(encoding, mark, name)
    decoder = _Decoder(name)
    return Text(_lines(decoder.pieces(head[mark:], stream)), name, mark)


def refuse_notation(line: str) -> None:
    """Refuse text that is written in another notation than a table."""
    for pattern, name in _NOTATIONS:
        if pattern.match(line):
            raise refused("not_a_table", f"this is {name}, not a table; export the table as CSV")


def refused(code: str, message: str) -> InvalidInput:
    """Build the refusal of a whole file."""
    return InvalidInput.at("file", code, message)


def bytes_of(text: str, encoding: str) -> int:
    """Tell how many bytes a decoded text took in the file."""
    return len(text.encode(encoding, _handler(encoding)))


def _head(stream: BinaryIO) -> bytes:
    head = b""
    while len(head) < CHUNK:
        chunk = stream.read(CHUNK - len(head))
        if not chunk:
            break
        head += chunk
    return head


def _refuse_formats(head: bytes) -> None:
    for signature, name, advice in _SIGNATURES:
        if head.startswith(signature):
            raise refused("not_a_table", f"this is {name}, not a table of text; {advice}")


def _marked(head: bytes) -> tuple[int, str | None]:
    for mark, name in _MARKS:
        if head.startswith(mark):
            return len(mark), name
    return 0, None


def _guessed(head: bytes) -> str:
    """Tell UTF-16 without a mark by its NULs: western text fills only every second byte."""
    sample = head[:_SAMPLE]
    half = len(sample) // _PAIR
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if half and odd * _PAIR > half and not even:
        return "utf-16-le"
    if half and even * _PAIR > half and not odd:
        return "utf-16-be"
    return "utf-8"


def _told(encoding: str, mark: int, found: str) -> tuple[int, str]:
    """Take the encoding that was given; a byte order mark knows better, and tells the order."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, ValueError):
        raise InvalidInput.at("encoding", "unknown_encoding", "give one such as cp1252") from None
    plain = name.removesuffix("-sig")
    if mark or found.startswith(plain):
        return mark, found
    return 0, f"{plain}-le" if plain in ("utf-16", "utf-32") else plain


def _handler(encoding: str) -> str:
    if encoding.startswith(("utf-16", "utf-32")):
        return "surrogatepass"
    return "surrogateescape"


class _Decoder:
    """Chunks of bytes into chunks of text; what cannot be decoded stays as `DAMAGED` marks."""

    def __init__(self, encoding: str) -> None:
        plain = codecs.getincrementaldecoder(encoding)(_handler(encoding))
        self._decoder = io.IncrementalNewlineDecoder(plain, translate=False)
        self._encoding = encoding
        self._lines = 0

    def pieces(self, chunk: bytes, stream: BinaryIO) -> Iterator[str]:
        """Decode the first chunk, then the rest; CR and LF of one line end stay together."""
        while chunk:
            yield self._text(chunk)
            chunk = stream.read(CHUNK)
        yield self._text(b"", final=True)

    def _text(self, chunk: bytes, *, final: bool = False) -> str:
        try:
            text = self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            if final:
                return _HALF_A_CHARACTER
            message = f"not {self._encoding} text; nothing was read after line {self._lines}"
            raise refused("not_text", message) from None
        self._lines += text.count("\n")
        return text


def _lines(pieces: Iterator[str]) -> Iterator[str]:
    """Cut text after LF, CR or CRLF, as they come; the last line may have no end."""
    waiting: list[str] = []
    size = 0
    for piece in pieces:
        for line in io.StringIO(piece, newline=""):
            waiting.append(line)
            size += len(line)
            if size > LINE_LIMIT or line.endswith(LINE_ENDS):
                yield "".join(waiting)
                waiting, size = [], 0
    yield from filter(None, ["".join(waiting)])
