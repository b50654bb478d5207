"""Files of practices into tables: text or a workbook, told apart by how they begin."""

from typing import BinaryIO, cast

from attrs import define

from orthocrm.leads import tabular
from orthocrm.leads.mapping import FileFormat
from orthocrm.leads.tabular import Table

SIGNATURE = b"PK\x03\x04"
"""How workbooks begin, and no text does."""


def table(stream: BinaryIO, shape: FileFormat) -> Table:
    """Read a file as a table, whichever of the known formats it has.

    Raises:
        InvalidInput: at `file`, `encoding`, `delimiter` or `sheet`, when there is none to read.
        MissingExtra: the file is a workbook, and the extra `xlsx` is not installed.
    """
    begun = _beginning(stream, len(SIGNATURE))
    whole = cast("BinaryIO", _Begun(begun, stream))
    if begun == SIGNATURE:
        from orthocrm.leads import workbook  # noqa: PLC0415 - slow import

        return workbook.rows(whole, sheet=shape.sheet)
    return tabular.rows(whole, encoding=shape.encoding, delimiter=shape.delimiter)


def _beginning(stream: BinaryIO, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data


@define
class _Begun:
    """A stream of which the first bytes were read already."""

    _begun: bytes
    _rest: BinaryIO

    def read(self, size: int = -1) -> bytes:
        """Read on, from the beginning."""
        begun, self._begun = self._begun, b""
        return begun or self._rest.read(size)
