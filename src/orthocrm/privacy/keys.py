"""Where the outermost keys come from: values, a file, or the environment.

In a file and in the environment a key is written as `id base64`, one on a line (in the environment
also between commas). The key with the highest id is active: it wraps from now on, the others still
unwrap. Errors name the place and never a key.
"""

import base64
import binascii
import os
import re
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from attrs import field, frozen

from orthocrm.core.errors import AlreadyExists, MissingKey
from orthocrm.core.ports import KeyProvider

KEY_BYTES: Final = 32
VARIABLE: Final = "ORTHOCRM_KEYS"
_LARGEST_ID: Final = 2**32 - 1
_TOO_OPEN: Final = stat.S_IRWXG | stat.S_IRWXO


def _copied(keys: Mapping[int, bytes]) -> Mapping[int, bytes]:
    return dict(keys)


@frozen(repr=False)
class StaticKeys:
    """A `KeyProvider` over keys of 32 bytes by id (0 to 2**32 - 1); the highest id is active."""

    _keys: Mapping[int, bytes] = field(converter=_copied)
    _place: str = "the given keys"

    def __attrs_post_init__(self) -> None:
        if not self._keys:
            raise MissingKey(f"{self._place}: no key")
        for key_id, key in self._keys.items():
            if not 0 <= key_id <= _LARGEST_ID or len(key) != KEY_BYTES:
                raise MissingKey(f"{self._place}: give ids of 32 bits and keys of 32 bytes")

    def active(self) -> int:
        """Give the id of the key that wraps from now on."""
        return max(self._keys)

    def key(self, key_id: int) -> bytes:
        """Give a live key; raises `MissingKey` when it is not there."""
        try:
            return self._keys[key_id]
        except KeyError:
            raise MissingKey(f"{self._place}: key {key_id} is not there") from None


class KeyFile:
    """A `KeyProvider` over a file that only its owner may read."""

    def __init__(self, path: str | Path) -> None:
        self._keys = _parsed(private_bytes(Path(path)).decode("ascii", "replace"), str(path))

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """Write a file with one new key and mode 0600; raises `AlreadyExists` when there is one.

        The file appears whole or not at all, and is on the disk before this returns.
        """
        write_private(Path(path), b"1 " + base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        return cls(path)

    def active(self) -> int:
        """Give the id of the key that wraps from now on."""
        return self._keys.active()

    def key(self, key_id: int) -> bytes:
        """Give a live key; raises `MissingKey` when the file does not hold it."""
        return self._keys.key(key_id)


class EnvironmentKeys:
    """A `KeyProvider` over an environment variable, read once."""

    def __init__(self, variable: str = VARIABLE) -> None:
        text = os.environ.get(variable)
        if text is None:
            raise MissingKey(f"set the environment variable {variable}")
        self._keys = _parsed(text, f"environment variable {variable}")

    def active(self) -> int:
        """Give the id of the key that wraps from now on."""
        return self._keys.active()

    def key(self, key_id: int) -> bytes:
        """Give a live key; raises `MissingKey` when the variable does not hold it."""
        return self._keys.key(key_id)


def private_bytes(path: Path) -> bytes:
    """Read a key file; raises `MissingKey` when it is not there, or others may read it too."""
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & _TOO_OPEN:
                raise MissingKey(f"{path}: others may read the key file; set its mode to 0600")
            return file.read()
    except OSError as error:
        raise MissingKey(f"{path}: the key file cannot be read ({error.strerror})") from None


def write_private(target: Path, content: bytes) -> None:
    """Write a new key file with mode 0600, whole or not at all, and bring it to the disk.

    Raises `AlreadyExists` at `path` when there is one, `MissingKey` when none can be made.
    """
    try:
        _write_new(target, content)
    except FileExistsError:
        raise AlreadyExists("key file", "path") from None
    except OSError as error:
        raise MissingKey(f"{target}: no key file can be made ({error.strerror})") from None


def _write_new(target: Path, content: bytes) -> None:
    """Write a private file beside the target and link it there, which fails when one exists."""
    handle, draft = tempfile.mkstemp(prefix=".", suffix=".keys", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, target)
    finally:
        Path(draft).unlink()
    _settle(target.parent)


def _settle(directory: Path) -> None:
    """Bring a directory's entries to the disk, where the system can."""
    if os.name == "posix":  # pragma: no branch - other systems have no handle of a directory
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _parsed(text: str, place: str) -> KeyProvider:
    keys: dict[int, bytes] = {}
    for line in filter(None, map(str.strip, re.split(r"[\r\n,]", text))):
        key_id, key = _entry(line, place)
        if key_id in keys:
            raise MissingKey(f"{place}: key {key_id} stands there twice")
        keys[key_id] = key
    return StaticKeys(keys, place)


def _entry(line: str, place: str) -> tuple[int, bytes]:
    match = re.fullmatch(r"([0-9]{1,10})[ \t]+([A-Za-z0-9+/=]+)", line)
    try:
        if match is not None:
            return int(match[1]), base64.b64decode(match[2], validate=True)
    except binascii.Error:
        pass
    raise MissingKey(f"{place}: a line is not of the form 'id base64'")
