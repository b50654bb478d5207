"""Keys come from values, a private file or the environment, and are never shown."""

import base64
import stat
from pathlib import Path

import pytest

from orthocrm.core.errors import AlreadyExists, Conflict, MissingKey
from orthocrm.privacy.keys import EnvironmentKeys, KeyFile, StaticKeys

ONE, TWO = bytes(range(32)), bytes(range(100, 132))
ONE_TEXT, TWO_TEXT = base64.b64encode(ONE).decode(), base64.b64encode(TWO).decode()


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, "ascii")
    path.chmod(mode)
    return path


def test_the_highest_id_is_active_and_all_are_live() -> None:
    keys = StaticKeys({2: TWO, 1: ONE})
    assert (keys.active(), keys.key(1), keys.key(2)) == (2, ONE, TWO)


def test_a_key_that_is_not_there_is_named_by_id() -> None:
    with pytest.raises(MissingKey, match="the given keys: key 7 is not there"):
        StaticKeys({1: ONE}).key(7)


@pytest.mark.parametrize("keys", [{}, {1: ONE[:-1]}, {-1: ONE}, {2**32: ONE}])
def test_keys_that_cannot_work_are_refused(keys: dict[int, bytes]) -> None:
    with pytest.raises(MissingKey):
        StaticKeys(keys)


def test_later_changes_of_the_mapping_change_no_keys() -> None:
    given = {1: ONE}
    keys = StaticKeys(given)
    given[2] = TWO
    assert keys.active() == 1


def test_a_repr_shows_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORTHOCRM_KEYS", f"1 {ONE_TEXT}")
    file = KeyFile(written(tmp_path / "keys", f"1 {ONE_TEXT}\n"))
    for keys in (StaticKeys({1: ONE}), file, EnvironmentKeys()):
        assert ONE_TEXT not in repr(keys)
        assert repr(ONE)[2:-1] not in repr(keys)


def test_a_created_key_file_is_private_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "practice.keys"
    created = KeyFile.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert created.active() == 1
    assert KeyFile(str(path)).key(1) == created.key(1)
    assert [entry.name for entry in tmp_path.iterdir()] == ["practice.keys"]


def test_every_created_key_is_another(tmp_path: Path) -> None:
    assert KeyFile.create(tmp_path / "a").key(1) != KeyFile.create(tmp_path / "b").key(1)


def test_a_key_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "practice.keys"
    before = KeyFile.create(path).key(1)
    with pytest.raises(AlreadyExists):
        KeyFile.create(path)
    assert KeyFile(path).key(1) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["practice.keys"]


def test_a_key_file_in_no_directory_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(MissingKey, match="no key file can be made"):
        KeyFile.create(tmp_path / "nowhere" / "keys")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "keys", f"1 {ONE_TEXT}\n", mode)
    with pytest.raises(MissingKey, match="set its mode to 0600"):
        KeyFile(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingKey, match=r"practice\.keys: the key file cannot be read"):
        KeyFile(tmp_path / "practice.keys")


def test_a_file_may_hold_several_keys_and_empty_lines(tmp_path: Path) -> None:
    keys = KeyFile(written(tmp_path / "keys", f"1 {ONE_TEXT}\r\n\n 12\t{TWO_TEXT} \n"))
    assert (keys.active(), keys.key(1), keys.key(12)) == (12, ONE, TWO)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        ONE_TEXT,
        f"one {ONE_TEXT}",
        f"1 {ONE_TEXT[:-1]}",
        f"1 {ONE_TEXT[:-4]}",
        f"1 {ONE_TEXT} more",
        f"1 {ONE_TEXT}\n1 {TWO_TEXT}",
        f"99999999999 {ONE_TEXT}",
        f"1 {ONE_TEXT}\nsecret word",
    ],
)
def test_an_unreadable_file_is_named_and_not_shown(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "keys", text)
    with pytest.raises(MissingKey) as refused:
        KeyFile(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert ONE_TEXT[:8] not in str(refused.value)
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_the_environment_may_hold_keys_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRACTICE_KEYS", f"1 {ONE_TEXT}, 2 {TWO_TEXT}")
    keys = EnvironmentKeys("PRACTICE_KEYS")
    assert (keys.active(), keys.key(1), keys.key(2)) == (2, ONE, TWO)


def test_an_unset_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORTHOCRM_KEYS", raising=False)
    with pytest.raises(MissingKey, match="ORTHOCRM_KEYS"):
        EnvironmentKeys()


def test_an_unreadable_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORTHOCRM_KEYS", "hunter2")
    with pytest.raises(MissingKey, match="environment variable ORTHOCRM_KEYS") as refused:
        EnvironmentKeys()
    assert "hunter2" not in str(refused.value)


def test_a_key_is_added_to_a_file_and_read_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    running = KeyFile.create(path)
    first = running.key(1)
    assert (KeyFile.add(path), running.active()) == (2, 2)
    assert (running.key(1), len(running.key(2)), running.key(2) != first) == (first, 32, True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["keys"]
    KeyFile.drop(path, 1)
    assert (running.active(), KeyFile(path).key(2)) == (2, running.key(2))
    with pytest.raises(MissingKey, match="key 1 is not there"):
        running.key(1)


def test_the_key_that_wraps_and_one_that_is_not_there_are_not_dropped(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    KeyFile.create(path)
    content = path.read_bytes()
    with pytest.raises(Conflict):
        KeyFile.drop(path, 1)
    with pytest.raises(MissingKey, match="key 7 is not there"):
        KeyFile.drop(path, 7)
    assert path.read_bytes() == content
    with pytest.raises(MissingKey):
        KeyFile.add(tmp_path / "nothing")


def test_a_file_that_is_gone_for_a_while_is_read_again_when_it_is_back(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    keys = KeyFile.create(path)
    known = keys.key(1)
    path.rename(tmp_path / "elsewhere")
    for ask in (keys.active, lambda: keys.key(1)):
        with pytest.raises(MissingKey, match="cannot be read"):
            ask()
    (tmp_path / "elsewhere").rename(path)
    assert keys.key(1) == known
