"""A stand-in for the line to PostgreSQL, which is cut at a commit."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs

NAME = ".s.PGSQL.5432"
COMMIT = b"COMMIT\0"
"""How the statement ends, and the server's answer to it too."""


READY = b"Z\0\0\0\x05"
"""How the server says that it awaits the next statement; one byte of state follows."""


class Cut(Enum):
    """When the line breaks: the commit never arrives, or its answer does not."""

    BEFORE = "before"
    AFTER = "after"


@attrs.define
class Line:
    """Counts commits, and cuts the connection of one of them."""

    server: Path
    commits: int = 0
    wanted: tuple[int, Cut] | None = None
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def cut(self, commit: int, when: Cut) -> None:
        """Cut at the commit of that number from now on, counted from 1; later ones pass."""
        self.commits, self.wanted = 0, (commit, when)

    def verdict(self) -> Cut | None:
        """Count a commit, and tell what becomes of it."""
        with self._lock:
            self.commits += 1
            if self.wanted is not None and self.wanted[0] == self.commits:
                return self.wanted[1]
        return None

    def accept(self, listening: socket.socket) -> None:
        """Serve whoever connects, until the socket is closed."""
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self.server))
                _Pair(self, client, server).start()


@attrs.define
class _Pair:
    """The two halves of one connection."""

    line: Line
    client: socket.socket
    server: socket.socket
    awaits_cut: bool = False

    def start(self) -> None:
        for work in (self._upwards, self._downwards):
            threading.Thread(target=work, daemon=True).start()

    def _upwards(self) -> None:
        with suppress(OSError):
            while data := self.client.recv(1 << 16):
                what = self.line.verdict() if COMMIT in data else None
                if what is Cut.BEFORE:
                    break
                self.awaits_cut = self.awaits_cut or what is Cut.AFTER
                self.server.sendall(data)
        if not self.awaits_cut:
            self._end()

    def _downwards(self) -> None:
        with suppress(OSError):
            heard = b""
            while data := self.server.recv(1 << 16):
                if self.awaits_cut:
                    heard += data
                    if COMMIT in heard or READY in heard[-6:]:  # or something else was wrong
                        break
                    continue
                self.client.sendall(data)
        self._end()

    def _end(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def between(socket_directory: str) -> Iterator[tuple[Line, str]]:
    """Listen in a directory of our own: the line, and the directory to connect to."""
    with TemporaryDirectory(prefix="line-") as made, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(Path(made) / NAME))
        listening.listen()
        line = Line(Path(socket_directory) / NAME)
        threading.Thread(target=line.accept, args=[listening], daemon=True).start()
        yield line, made
        listening.shutdown(socket.SHUT_RDWR)
