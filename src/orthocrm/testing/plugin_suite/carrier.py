"""A carrier for tests: a real HTTP server on this machine, which can do everything that goes wrong.

>>> import urllib.request
>>> with HttpCarrier(accepted=Reply(body=b"ok")) as carrier:
...     with urllib.request.urlopen(carrier.url + "/letters") as answer:
...         answer.read()
b'ok'
>>> carrier.received[0].path
'/letters'
"""

import ssl
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SO_LINGER, SOL_SOCKET, gethostname
from threading import Event, Thread
from types import TracebackType
from typing import Protocol, Self

from attrs import field, frozen

_CUT = struct.pack("ii", 1, 0)
_DRIP_SECONDS = 0.05


class Mood(Enum):
    """How a carrier treats whoever comes."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    FAIL = "fail"
    HASTE = "haste"
    STALL = "stall"
    DRIP = "drip"
    HANG_UP = "hang_up"


@frozen(kw_only=True)
class Received:
    """One letter, as it came; the names of headers are in lower case."""

    path: str = ""
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""
    method: str = "POST"


@frozen(kw_only=True)
class Reply:
    """What the carrier answers."""

    status: int = 200
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""


class Carrier(Protocol):
    """What the suite needs of a carrier, so that you may bring one of another protocol."""

    mood: Mood

    @property
    def received(self) -> list[Received]:
        """Every letter that came in, whatever was made of it."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


class HttpCarrier:
    """Answers every request by its mood; STALL never answers, DRIP answers a byte at a time.

    Attributes:
        accepted: The answer to a letter that is taken, or a function of what came.
        refused: The answer to a letter that will never be taken.
        failing: The answer of a carrier that is out of order.
        haste: The answer to whoever comes too often.
    """

    def __init__(
        self,
        *,
        accepted: Reply | Callable[[Received], Reply] = Reply(),
        refused: Reply = Reply(status=400),
        failing: Reply = Reply(status=503),
        haste: Reply = Reply(status=429, headers={"Retry-After": "7"}),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.mood = Mood.ACCEPT
        self.received: list[Received] = []
        self._replies = {Mood.REFUSE: refused, Mood.FAIL: failing, Mood.HASTE: haste}
        self._accepted = accepted
        self._closing = Event()
        self._server = _server(self)
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more, and let go of whoever waits."""
        if not self._closing.is_set():
            self._closing.set()
            self._server.shutdown()
            self._server.server_close()

    def counts(self, received: Received) -> bool:  # noqa: ARG002 - for those who override it
        """Whether a request is a letter."""
        return True

    def treat(self, caller: "_Caller", received: Received) -> None:
        """Answer a request, or do not."""
        if self.counts(received):
            self.received.append(received)
        if self.mood is Mood.STALL:
            self._closing.wait()
        elif self.mood is Mood.DRIP:
            self._drip(caller)
        elif self.mood is Mood.HANG_UP:
            caller.connection.setsockopt(SOL_SOCKET, SO_LINGER, _CUT)
        else:
            caller.answer(self._reply(received))

    def _reply(self, received: Received) -> Reply:
        if self.mood is not Mood.ACCEPT:
            return self._replies[self.mood]
        return self._accepted if isinstance(self._accepted, Reply) else self._accepted(received)

    def _drip(self, caller: "_Caller") -> None:
        caller.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not self._closing.wait(_DRIP_SECONDS):
            caller.wfile.write(b".")


class _Caller(BaseHTTPRequestHandler):
    """One request."""

    carrier: HttpCarrier

    def do_POST(self) -> None:
        """Read the request and hand it over."""
        length = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length)
        received = Received(path=self.path, headers=headers, body=body, method=self.command)
        self.close_connection = True
        with suppress(OSError):
            self.carrier.treat(self, received)

    do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 - http.server looks for these names

    def answer(self, reply: Reply) -> None:
        """Send a reply."""
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    """Callers that hang up are no error here."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # several workers with several hands each call at once

    def server_bind(self) -> None:
        """Bind without asking what this machine is called, which can take long."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = gethostname(), int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


def _server(carrier: HttpCarrier) -> ThreadingHTTPServer:
    caller = type("Caller", (_Caller,), {"carrier": carrier})
    return _Quiet(("127.0.0.1", 0), caller)
