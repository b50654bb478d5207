"""The file of checkpoints: it only grows, and outlives a torn line."""

import stat
from pathlib import Path

import pytest

from orthocrm.core.audit import ChainHead
from orthocrm.core.errors import BackendError
from orthocrm.core.ids import ClinicId
from orthocrm.privacy.checkpoint_file import CheckpointFile
from orthocrm.privacy.checkpoints import written
from tests.unit.privacy.chains import CLINIC
from tests.unit.privacy.signers import a_checkpoint

FIRST = a_checkpoint(ChainHead(position=1, seal="one"))
SECOND = a_checkpoint(ChainHead(position=2, seal="two"), FIRST)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


def test_checkpoints_stand_in_the_file_line_by_line(path: Path) -> None:
    sink = CheckpointFile(path)
    assert sink.of(CLINIC) == ()
    sink.add(FIRST)
    CheckpointFile(str(path)).add(SECOND)
    assert path.read_text() == f"{written(FIRST)}\n{written(SECOND)}\n"
    assert sink.of(CLINIC) == [FIRST, SECOND]
    assert sink.of(ClinicId("other")) == []


def test_only_the_owner_reads_the_file(path: Path) -> None:
    CheckpointFile(path).add(FIRST)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_torn_line_is_ended_and_left_out(path: Path) -> None:
    path.write_text(written(FIRST) + "\n" + written(SECOND)[:40])
    sink = CheckpointFile(path)
    assert sink.of(CLINIC) == [FIRST]
    sink.add(SECOND)
    assert sink.of(CLINIC) == [FIRST, SECOND]
    assert path.read_text().splitlines()[1:] == [written(SECOND)[:40], written(SECOND)]


def test_bytes_that_are_no_text_are_left_out(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\n\n" + written(FIRST).encode() + b"\n")
    assert CheckpointFile(path).of(CLINIC) == [FIRST]


def test_an_empty_file_gets_no_empty_line(path: Path) -> None:
    path.touch()
    CheckpointFile(path).add(FIRST)
    assert path.read_text() == written(FIRST) + "\n"


def test_a_sink_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    sink = CheckpointFile(tmp_path)
    for use in (lambda: sink.add(FIRST), lambda: sink.of(CLINIC)):
        with pytest.raises(BackendError, match="checkpoints"):
            use()
    with pytest.raises(BackendError):
        CheckpointFile(tmp_path / "gone" / "file").add(FIRST)
