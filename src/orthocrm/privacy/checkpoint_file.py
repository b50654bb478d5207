"""Checkpoints in a file that only grows: the `CheckpointSink` that comes along."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from orthocrm.core.audit import Checkpoint
from orthocrm.core.errors import BackendError, InvalidInput
from orthocrm.core.ids import ClinicId
from orthocrm.privacy.checkpoints import read, written

VARIABLE: Final = "ORTHOCRM_CHECKPOINTS"
_PRIVATE: Final = 0o600


class CheckpointFile:
    """A file with one checkpoint on a line, those of all clinics together.

    It is only ever appended to, so that an append-only directory, a share or another machine's
    disk will do. A line that a crash tore is ended before the next one, and left out.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def add(self, checkpoint: Checkpoint) -> None:
        """Append a checkpoint and bring it to the disk; raises `BackendError` when that fails."""
        line = written(checkpoint).encode("ascii") + b"\n"
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, _PRIVATE)
            try:
                _append(handle, line)
            finally:
                os.close(handle)
        except OSError as error:
            raise _failed(error) from None

    def of(self, clinic: ClinicId) -> Sequence[Checkpoint]:
        """Give the checkpoints of a clinic, oldest first; without a file there are none."""
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _failed(error) from None
        return [one for one in _read(text) if one.clinic_id == clinic]


def _append(handle: int, line: bytes) -> None:
    if not _ends_a_line(handle):
        line = b"\n" + line
    while line:
        line = line[os.write(handle, line) :]
    os.fsync(handle)


def _ends_a_line(handle: int) -> bool:
    """Whether a file is empty or ends with the end of a line."""
    if os.fstat(handle).st_size == 0:
        return True
    os.lseek(handle, -1, os.SEEK_END)
    return os.read(handle, 1) == b"\n"


def _read(text: bytes) -> Iterator[Checkpoint]:
    for line in text.splitlines():
        try:
            yield read(line.decode("ascii", "replace"))
        except InvalidInput:
            continue


def _failed(error: OSError) -> BackendError:
    return BackendError(f"the file of checkpoints cannot be used ({error.strerror})")
