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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from attrs import field, frozen

from orthocrm.core.errors import AlreadyExists, Conflict, MissingKey
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
    """A `KeyProvider` over a file that only its owner may read.

    A file that has changed is read again. While it cannot be read nothing is unwrapped; it goes on
    when the file is back.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._read_at: tuple[int, ...] = ()
        self._keys: KeyProvider
        self._now()

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """Write a file with one new key and mode 0600; raises `AlreadyExists` when there is one.

        The file appears whole or not at all, and is on the disk before this returns.
        """
        write_private(Path(path), _written({1: os.urandom(KEY_BYTES)}))
        return cls(path)

    @classmethod
    def add(cls, path: str | Path) -> int:
        """Write a new key into a file, and give its id; it wraps from then on.

        Raises:
            MissingKey: the file is not there, or others may read it.
        """
        target = Path(path)
        keys = _file_keys(target)
        fresh = max(keys) + 1
        _replace(target, _written({**keys, fresh: os.urandom(KEY_BYTES)}))
        return fresh

    @classmethod
    def drop(cls, path: str | Path, key_id: int) -> None:
        """Take an old key out of a file: what is still wrapped with it can never be read again.

        Raises:
            MissingKey: the file does not hold the key.
            Conflict: it is the key that wraps now.
        """
        target = Path(path)
        keys = _file_keys(target)
        if key_id not in keys:
            raise MissingKey(f"{path}: key {key_id} is not there")
        if key_id == max(keys):
            raise Conflict("the key that wraps now stays: add another one first")
        _replace(target, _written({number: keys[number] for number in keys if number != key_id}))

    def active(self) -> int:
        """Give the id of the key that wraps from now on."""
        return self._now().active()

    def key(self, key_id: int) -> bytes:
        """Give a live key; raises `MissingKey` when the file does not hold it."""
        return self._now().key(key_id)

    def _now(self) -> KeyProvider:
        """Read the file again when it is another one than before."""
        stamp = _stamp(self._path)
        if stamp != self._read_at:
            self._keys = StaticKeys(_file_keys(self._path), str(self._path))
            self._read_at = stamp
        return self._keys


def _file_keys(path: Path) -> dict[int, bytes]:
    keys = _entries(private_bytes(path).decode("ascii", "replace"), str(path))
    if not keys:
        raise MissingKey(f"{path}: no key")
    return keys


def _written(keys: Mapping[int, bytes]) -> bytes:
    lines = [f"{number} {base64.b64encode(key).decode()}\n" for number, key in keys.items()]
    return "".join(lines).encode()


def _stamp(path: Path) -> tuple[int, ...]:
    """Tell one state of a file from another."""
    try:
        found = path.stat()
    except OSError as error:
        raise MissingKey(f"{path}: the key file cannot be read ({error.strerror})") from None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


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
    """Write a private file, which fails when one exists."""
    with _drafted(target, content) as draft:
        os.link(draft, target)
    _settle(target.parent)


def _replace(target: Path, content: bytes) -> None:
    """Put another private file in the place of one; it is the old or the new one at any time."""
    with _drafted(target, content) as draft:
        draft.replace(target)
    _settle(target.parent)


@contextmanager
def _drafted(target: Path, content: bytes) -> Iterator[Path]:
    """Write a private file beside the target, on the disk before anything is done with it."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".keys", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _settle(directory: Path) -> None:
    """Bring a directory's entries to the disk, where the system can."""
    if os.name == "posix":  # pragma: no branch - other systems have no handle of a directory
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _parsed(text: str, place: str) -> KeyProvider:
    return StaticKeys(_entries(text, place), place)


def _entries(text: str, place: str) -> dict[int, bytes]:
    keys: dict[int, bytes] = {}
    for line in filter(None, map(str.strip, re.split(r"[\r\n,]", text))):
        key_id, key = _entry(line, place)
        if key_id in keys:
            raise MissingKey(f"{place}: key {key_id} stands there twice")
        keys[key_id] = key
    return keys


def _entry(line: str, place: str) -> tuple[int, bytes]:
    match = re.fullmatch(r"([0-9]{1,10})[ \t]+([A-Za-z0-9+/=]+)", line)
    try:
        if match is not None:
            return int(match[1]), base64.b64decode(match[2], validate=True)
    except binascii.Error:
        pass
    raise MissingKey(f"{place}: a line is not of the form 'id base64'")
