"""HTTP off the line by httptools: in C, and with the bounds that it does not have by itself.

A head, trailers, or the lengths of chunks may go on for ever; here they end after 64 KiB, as with
h11, the parser in Python that takes its place where httptools is not installed. Trailers are no
headers: whoever has judged a request by its headers sees no others afterwards.
"""

from typing import Any, Final

from attrs import define, field

try:
    import httptools  # noqa: F401 - whether it is there
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ImportError:  # pragma: no cover - it has no wheel for every platform
    PROTOCOL = "h11"
else:

    class Bounded(HttpToolsProtocol):
        """A connection that is closed once too much comes that is neither body nor the end."""

        def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as uvicorn calls it
            super().__init__(*args, **options)
            self._between = Between()

        def data_received(self, data: bytes) -> None:
            """Read what has come, a little at a time, so that little of it goes uncounted."""
            for start in range(0, len(data), _SLICE):
                part = data[start : start + _SLICE]
                self._between.count += len(part)
                super().data_received(part)
                if self._between.is_too_much and not self.transport.is_closing():
                    self.send_400_response("Too much of a head.")
                if self.transport.is_closing():
                    return

        def on_message_begin(self) -> None:
            """Begin with a head."""
            self._between = Between(is_head=True)
            super().on_message_begin()

        def on_header(self, name: bytes, value: bytes) -> None:
            """Take a header; a trailer is none."""
            if self._between.is_head:
                super().on_header(name, value)

        def on_headers_complete(self) -> None:
            """Go on with the body."""
            self._between = Between()
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            """Take a part of the body."""
            self._between = Between()
            super().on_body(body)

        def on_message_complete(self) -> None:
            """End a request."""
            self._between = Between()
            super().on_message_complete()

    PROTOCOL = "orthocrm.web.lines:Bounded"  # as text, so that processes begin at once

MOST: Final = 64 * 1024
_SLICE: Final = 16 * 1024


@define
class Between:
    """What has come since the last part of a body, or the end of a head or of a request."""

    is_head: bool = False
    count: int = field(default=0)

    @property
    def is_too_much(self) -> bool:
        """Whether nobody needs so much."""
        return self.count > MOST
