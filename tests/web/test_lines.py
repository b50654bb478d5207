"""What comes over the line before and behind a body has an end, and trailers are no headers."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from threading import Thread
from typing import Any

import pytest
import uvicorn

from orthocrm.web.lines import MOST, PROTOCOL


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the headers as they stand once the whole body is there."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    told = {"body": len(body), "headers": [name.decode() for name, _ in scope["headers"]]}
    content = json.dumps(told).encode()
    length = str(len(content)).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
    )
    await send({"type": "http.response.body", "body": content})


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    config = uvicorn.Config(echo, port=0, http=PROTOCOL, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with closing(config.bind_socket()) as listening:
        listening.listen()
        serving = Thread(target=server.run, kwargs={"sockets": [listening]})
        serving.start()
        yield listening.getsockname()
        server.should_exit = True
        serving.join()


def told(address: tuple[str, int], *parts: bytes) -> bytes:
    """Send parts one after the other, and read until the other side has no more to say."""
    with socket.create_connection(address) as line:
        try:
            for part in parts:
                line.sendall(part)
        except OSError:
            pass  # it was closed meanwhile
        read, more = b"", b"x"
        while more and not read.endswith(b"}"):
            try:
                more = line.recv(65_536)
            except ConnectionError:
                break
            read += more
        return read


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
FILLING = [b"a" * 16_384] * (2 * MOST // 16_384)


def test_a_request_is_read_with_its_body(address: tuple[str, int]) -> None:
    body = b"b" * (4 * MOST)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = json.loads(told(address, head, body).partition(b"\r\n\r\n")[2])
    assert answer == {"body": len(body), "headers": ["host", "content-length"]}


@pytest.mark.parametrize(
    "parts",
    [
        [b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", *FILLING],
        [b"GET /", *FILLING],
        [HEAD, b"3;", *FILLING],
        [HEAD, b"3\r\nabc\r\n0\r\nX-Trailer: ", *FILLING],
    ],
    ids=["header", "path", "chunk", "trailer"],
)
def test_nothing_goes_on_for_ever(address: tuple[str, int], parts: list[bytes]) -> None:
    answer = told(address, *parts)
    assert not answer.startswith(b"HTTP/1.1 200")


def test_a_trailer_is_no_header(address: tuple[str, int]) -> None:
    answer = told(address, HEAD, b"3\r\nabc\r\n0\r\nAuthorization: Bearer x\r\n\r\n")
    headers = json.loads(answer.partition(b"\r\n\r\n")[2])["headers"]
    assert headers == ["host", "transfer-encoding"]


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Bad : y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Bad: y\r\n folded\x00\r\n\r\n",
    ],
    ids=["both lengths", "two lengths", "signed length", "blank before colon", "NUL"],
)
def test_what_two_readers_could_read_differently_is_refused(
    address: tuple[str, int], head: bytes
) -> None:
    assert told(address, head + b"abc}").startswith(b"HTTP/1.1 400")
