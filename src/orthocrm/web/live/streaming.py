"""One live stream: what its reader may see, heartbeats between, and an end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeVar

import msgspec
from anyio import create_task_group, fail_after
from attrs import define, field
from litestar import Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send

from orthocrm.core.errors import OrthoCRMError
from orthocrm.core.happening import Happening
from orthocrm.core.ids import ClinicId, UserId
from orthocrm.services.live.marks import Mark
from orthocrm.services.live.reading import News
from orthocrm.services.live.seeing import Sight
from orthocrm.web.live.newsroom import Newsroom
from orthocrm.web.settings import Streams
from orthocrm.web.wire.annotations import codec_of

T = TypeVar("T")

_CODEC: Final = codec_of(Happening)
_COME_BACK_MS: Final = 2_000
"""After so long a browser comes back when the connection was lost."""

_END: Final = b'event: end\ndata: {"because":"ended"}\n\n'

Away = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Does something in a thread."""


@define(eq=False, kw_only=True)
class Reader:
    """Somebody who follows from `mark` on, as far as their `sight`.

    `look` gives their sight anew, None when they are not known any more.
    """

    clinic: ClinicId
    user: UserId
    sight: Sight
    mark: Mark
    is_reset: bool
    newsroom: Newsroom
    limits: Streams
    look: Callable[[], Sight | None] = field(repr=False)
    away: Away = field(repr=False)
    _told: asyncio.Event = field(factory=asyncio.Event, init=False, repr=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False, repr=False)

    def wake(self) -> None:
        """Let it look; any thread does so."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._told.set)

    async def tell(self, send: Send) -> bool:
        """Send what happens until it ends; False: the reader takes nothing more."""
        self._loop = asyncio.get_running_loop()
        self.newsroom.enter(self, self.mark)
        try:
            await self._follow(send)
        except TimeoutError:
            return False
        finally:
            self.newsroom.leave(self)
        return True

    async def _follow(self, send: Send) -> None:
        await self._send(send, self._beginning())
        end = time.monotonic() + self.limits.longest_seconds
        beat = time.monotonic() + self.limits.heartbeat_seconds
        while self.newsroom.holds(self) and time.monotonic() < end:
            self._told.clear()
            is_more = await self._tell_news(send)
            if time.monotonic() >= beat:
                if not await self._still_sees():
                    await self._send(send, _END)
                    return
                await self._send(send, b":\nid: %s\n\n" % str(self.mark).encode())
                beat = time.monotonic() + self.limits.heartbeat_seconds
            if not is_more:
                await self._wait(min(beat, end) - time.monotonic())

    async def _tell_news(self, send: Send) -> bool:
        found = self.newsroom.kept(self.clinic, self.mark)
        if found is None:
            found = await self._read()
        if found is None:
            return False
        text = b"".join(self._texts(found))
        if found.is_reset:
            text = _reset(found.mark)
        if text:
            await self._send(send, text)
        self.mark = found.mark
        return found.is_more

    async def _read(self) -> News | None:
        """Read from the database; while it is away there is no news."""
        try:
            found: News = await self.away(lambda: self.newsroom.read(self.clinic, self.mark))
        except OrthoCRMError:
            return None
        return found

    def _texts(self, found: News) -> Iterable[bytes]:
        for item in found.items:
            told = self.sight.of(item)
            if told is not None:
                content = msgspec.json.encode(_CODEC.write(told))
                yield b"id: %s\ndata: %s\n\n" % (told.id.encode(), content)

    async def _still_sees(self) -> bool:
        """Look again how far the reader sees: session, key or rights may have ended."""
        try:
            sight: Sight | None = await self.away(self.look)
        except OrthoCRMError:
            return False
        if sight is None or not sight.is_open:
            return False
        self.sight = sight
        return True

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._told.wait()
        except TimeoutError:
            return

    async def _send(self, send: Send, text: bytes) -> None:
        with fail_after(self.limits.stalled_seconds):
            await send({"type": "http.response.body", "body": text, "more_body": True})

    def _beginning(self) -> bytes:
        first = b"retry: %d\n:\nid: %s\n\n" % (_COME_BACK_MS, str(self.mark).encode())
        return first + _reset(self.mark) if self.is_reset else first


def _reset(mark: Mark) -> bytes:
    return b'event: reset\nid: %s\ndata: {"mark":"%s"}\n\n' % ((str(mark).encode(),) * 2)


class LiveStream(Response[bytes]):
    """The answer of an endpoint that goes on answering."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(b"", media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._reader = reader

    def to_asgi_response(self, *_: Any, **given: Any) -> ASGIResponse:  # noqa: ANN401 - Litestar's own
        """Give what answers."""
        return _Streamed(
            self._reader,
            headers={**(given.get("headers") or {}), **self.headers},
            media_type=self.media_type,
            status_code=self.status_code,
        )


class _Streamed(ASGIResponse):
    __slots__ = ("_reader",)
    _should_set_content_length = False

    def __init__(self, reader: Reader, **given: Any) -> None:  # noqa: ANN401 - Litestar's own
        super().__init__(**given)
        self._reader = reader

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Send until the stream or the connection ends."""
        async with create_task_group() as both:

            async def tell() -> None:
                if await self._reader.tell(send):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                both.cancel_scope.cancel()

            both.start_soon(tell)
            while (await receive())["type"] != "http.disconnect":
                pass
            both.cancel_scope.cancel()
