"""A CalDAV server of the tests, which keeps entries and etags."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

LOGIN = "Basic " + base64.b64encode(b"lee:pass:word").decode()


class Collection(BaseHTTPRequestHandler):
    """One collection of a CalDAV server, as far as entries and their versions go."""

    entries: ClassVar[dict[str, tuple[str, bytes]]] = {}
    asked: ClassVar[list[tuple[str, str]]] = []
    answer: ClassVar[int | None] = None
    tells_etags: ClassVar[bool] = True
    rival: ClassVar[bool] = False

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path))
        if self.answer is not None:
            self._told(self.answer)
        elif self.headers.get("Authorization") != LOGIN:
            self._told(HTTPStatus.UNAUTHORIZED)
        elif self.path in self.entries:
            self._told(HTTPStatus.OK, self.entries[self.path][0])
        else:
            self._told(HTTPStatus.NOT_FOUND)
        if type(self).rival:
            self.entries[self.path] = ('"rival"', b"somebody else's")

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._is_refused():
            return
        version = f'"{len(self.asked)}"'
        self.entries[self.path] = (version, body)
        self._told(HTTPStatus.CREATED, version)

    def do_DELETE(self) -> None:
        if self._is_refused():
            return
        found = self.entries.pop(self.path, None)
        self._told(HTTPStatus.NO_CONTENT if found else HTTPStatus.NOT_FOUND)

    def _is_refused(self) -> bool:
        self.asked.append((self.command, self.path))
        present = self.entries.get(self.path, ("", b""))[0]
        wanted = self.headers.get("If-Match")
        if self.answer is not None:
            self._told(self.answer)
        elif self.headers.get("Authorization") != LOGIN:
            self._told(HTTPStatus.UNAUTHORIZED)
        elif (wanted is not None and not _fits(wanted, present)) or (
            self.headers.get("If-None-Match") == "*" and present
        ):
            self._told(HTTPStatus.PRECONDITION_FAILED)
        else:
            return False
        return True

    def _told(self, status: int, version: str | None = None) -> None:
        self.send_response(status)
        if version is not None and self.tells_etags:
            self.send_header("ETag", version)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _fits(wanted: str, present: str) -> bool:
    return bool(present) if wanted == "*" else wanted == present


@contextmanager
def collection() -> Iterator[str]:
    """Run an empty collection on this machine, and give its address."""
    Collection.entries.clear()
    Collection.asked.clear()
    Collection.answer = None
    Collection.tells_etags = True
    Collection.rival = False
    with ThreadingHTTPServer(("127.0.0.1", 0), Collection) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/calendars/lee/"
        server.shutdown()
        thread.join()
