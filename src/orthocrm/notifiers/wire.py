"""One HTTP request to a carrier: to an address that was judged, within its time, no redirects.

A connection serves one request. Errors are codes, and their causes are left out, since those may
quote an address; for the same reason nothing is sent through `httpx.Client`, which logs URLs.

Carriers of plug-ins may use it like ours.
"""

import ssl
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

from attrs import field, frozen

from orthocrm.core.errors import MissingExtra
from orthocrm.core.notifying import CarrierError
from orthocrm.notifiers.reach import Barred, Reach, Unresolved

try:  # optional dependency
    import httpcore
    import httpx
    import stamina
except ImportError:  # pragma: no cover - a test starts a process without it
    raise MissingExtra("carriers", "sending over HTTP") from None

__all__ = ["Answered", "Reach", "Wire", "a_request"]

_HTTP, _HTTPS = "http", "https"
_SCHEMES = frozenset({_HTTP, _HTTPS})
_LAST_PORT = 65_535
_TRIES = 3
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.5
_LONGEST_WAIT = timedelta(days=1)
_PIECE = 16_384
_SUCCESS = range(200, 300)
_REDIRECTS = range(300, 400)
_REFUSALS = range(400, 500)
_NOT_ITS_FAULT = frozenset({401, 402, 403, 408, 425, 429})
"""Refusals that say nothing about the letter: keys, quotas, haste."""


class _NotConnected(Exception):
    """No connection was made, so nothing was sent."""


@frozen(kw_only=True)
class Answered:
    """What a carrier answered; the body is cut where the request's `most` ends."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def succeeded(self) -> bool:
        """Whether the request was taken."""
        return self.status in _SUCCESS

    def wait(self, header: str = "Retry-After") -> timedelta | None:
        """Read for how long we should come no more: seconds, or an instant by its own clock."""
        told = self.headers.get(header, "").strip()
        if told.isascii() and told.isdigit():
            return min(timedelta(seconds=int(told[:9])), _LONGEST_WAIT)
        until, now = _date(told), _date(self.headers.get("Date", ""))
        if until is None or now is None:
            return None
        return min(max(until - now, timedelta(0)), _LONGEST_WAIT)

    def refusal(self, reason: str | None = None) -> CarrierError:
        """Make the error of an answer that is none of success."""
        permanent = self.status not in _NOT_ITS_FAULT and (
            self.status in _REDIRECTS or self.status in _REFUSALS
        )
        code = reason or f"http_{self.status}"
        return CarrierError(code, permanent=permanent, wait=self.wait())


@frozen(kw_only=True)
class Wire:
    """How a carrier is reached.

    Attributes:
        reach: The addresses that may be connected to.
        tls: Whom to trust; left open, the authorities that browsers trust.
    """

    reach: Reach = field(factory=Reach)
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def post(self, request: httpx.Request, *, seconds: float, most: int = 0) -> Answered:
        """Send a request, and read at most so many bytes of the answer's body.

        Raises:
            CarrierError: there is no answer, for any reason.
        """
        url = request.url
        if url.scheme not in _SCHEMES or not url.host or url.userinfo or not _is_port(url.port):
            raise CarrierError("bad_url", permanent=True)
        line = _Line(self.reach, url.scheme, seconds)
        try:
            return self._answered(request, line, most)
        except Barred:
            raise CarrierError("address_not_allowed", permanent=True) from None
        except (_NotConnected, Unresolved, httpcore.ConnectError, httpcore.ConnectTimeout):
            raise CarrierError("unreachable") from None
        except httpcore.TimeoutException:
            raise CarrierError("time_out", uncertain=True) from None
        except httpcore.LocalProtocolError:
            raise CarrierError("bad_request", permanent=True) from None
        except (httpcore.NetworkError, httpcore.ProtocolError):
            raise CarrierError("connection_lost", uncertain=True) from None

    def _answered(self, request: httpx.Request, line: "_Line", most: int) -> Answered:
        tls = self.tls or _browsers_tls()
        with _Transport(httpcore.ConnectionPool(tls, network_backend=line)) as transport:
            answer = transport.handle_request(request)
            try:
                body = _cut(answer.iter_raw(), most)
            finally:
                answer.close()
        return Answered(status=answer.status_code, headers=answer.headers, body=body)


def a_request(url: str, *, method: str = "POST", **content: Any) -> httpx.Request:  # noqa: ANN401 - what httpx takes
    """Make a request; what cannot be written or addressed is refused."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "orthocrm", "Connection": "close"}
    headers.update(content.pop("headers", {}))
    try:
        return httpx.Request(method, url, headers=headers, **content)
    except UnicodeError:
        raise CarrierError("unwritable", permanent=True) from None
    except (httpx.InvalidURL, TypeError):
        raise CarrierError("bad_url", permanent=True) from None


def origin_of(request: httpx.Request) -> str:
    """Give scheme, host and port of a request, the usual port left out."""
    url = request.url
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}" + (f":{url.port}" if url.port is not None else "")


class _Line(httpcore.NetworkBackend):
    """Connects to judged addresses only, and lets nothing last beyond the end of its time."""

    def __init__(self, reach: Reach, scheme: str, seconds: float) -> None:
        self._reach = reach
        self._scheme = scheme
        self._network = httpcore.SyncBackend()
        self._ends = time.monotonic() + seconds

    def left(self, late: type[Exception] = httpcore.ReadTimeout) -> float:
        """Tell how many seconds are left; when there are none, it is too late."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise late
        return left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - our own limit holds
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Judge what a name stands for, once, and connect to that."""
        addresses = self._reach.addresses(host, port, self.left(Unresolved))
        if self._scheme == _HTTP and not all(map(self._reach.is_own, addresses)):
            raise Barred
        for attempt in stamina.retry_context(
            _NotConnected,
            attempts=_TRIES,
            timeout=self.left(Unresolved),
            wait_initial=_FIRST_PAUSE,
            wait_max=_LONGEST_PAUSE,
            wait_jitter=_FIRST_PAUSE,
        ):
            with attempt:
                return self._connected(addresses, port, local_address, socket_options)
        raise _NotConnected  # pragma: no cover - the last attempt raises it

    def _connected(
        self,
        addresses: Iterable[str],
        port: int,
        local_address: str | None,
        socket_options: Iterable[Any] | None,
    ) -> httpcore.NetworkStream:
        for address in addresses:
            try:
                opened = self._network.connect_tcp(
                    address, port, self.left(Unresolved), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
            return _Stream(opened, self)
        raise _NotConnected


class _Stream(httpcore.NetworkStream):
    """A connection on which every wait ends with the time of the whole."""

    def __init__(self, opened: httpcore.NetworkStream, line: _Line) -> None:
        self._opened = opened
        self._line = line

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as above
        return self._opened.read(max_bytes, self._line.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        for start in range(0, len(buffer), _PIECE):
            self._opened.write(buffer[start : start + _PIECE], self._line.left())

    def close(self) -> None:
        self._opened.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - as above
    ) -> httpcore.NetworkStream:
        secured = self._opened.start_tls(ssl_context, server_hostname, self._line.left())
        return _Stream(secured, self._line)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore declares it
        return self._opened.get_extra_info(info)


class _Body(httpx.SyncByteStream):
    """The answer's body, as httpx wants to read it."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Transport(httpx.BaseTransport):
    """httpx's requests over a pool of our own: httpx itself offers no way to pin an address."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method, url, headers=request.headers.raw, content=request.content
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


def _is_port(port: int | None) -> bool:
    return port is None or 0 < port <= _LAST_PORT


@cache
def _browsers_tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _cut(parts: Iterator[bytes], most: int) -> bytes:
    body = b""
    while len(body) < most and (part := next(parts, b"")):
        body += part
    return body[:most]


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
