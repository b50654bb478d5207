"""Asks a server over connections that stay open, and notes how long each answer took.

It does no more than it must, since it takes its time from the server on the same machine.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from time import perf_counter

from attrs import define, field

Ask = Callable[[], tuple[bytes, int]]
"""Gives the bytes of the next request, and the status of its answer."""


@define
class Asked:
    """What came of the requests: how long each took in seconds, and which were not as they should.

    `refused` counts the other statuses; 0 stands for a connection that broke.
    """

    took: list[float] = field(factory=list)
    refused: dict[int, int] = field(factory=dict)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers as they should be, per second."""
        return (len(self.took) - self.errors) / self.seconds

    @property
    def errors(self) -> int:
        """How many answers were not as they should be."""
        return sum(self.refused.values())

    def within(self, share: float) -> float:
        """Give the milliseconds in which a share of the answers came."""
        return sorted(self.took)[min(len(self.took) - 1, int(len(self.took) * share))] * 1_000


async def closely(host: str, port: int, connections: int, seconds: float, ask: Ask) -> Asked:
    """Ask over each connection again as soon as its answer is there."""
    asked, end = Asked(), perf_counter() + seconds

    async def one(exchange: "_Exchange") -> None:
        while (begun := perf_counter()) < end:
            await _note(asked, exchange, ask, begun)

    await _over(host, port, connections, one)
    asked.seconds = seconds
    return asked


async def at_times(
    host: str, port: int, connections: int, seconds: float, rate: float, ask: Ask
) -> Asked:
    """Ask so often a second, whether answers have come or not; waiting for a connection counts."""
    asked, begun = Asked(), perf_counter()
    numbers: Iterator[int] = iter(count())

    async def one(exchange: "_Exchange") -> None:
        while (due := begun + next(numbers) / rate) < begun + seconds:
            await asyncio.sleep(max(0.0, due - perf_counter()))
            await _note(asked, exchange, ask, due)

    await _over(host, port, connections, one)
    asked.seconds = perf_counter() - begun
    return asked


async def _over(
    host: str, port: int, connections: int, each: "Callable[[_Exchange], Awaitable[None]]"
) -> None:
    exchanges = [await _Exchange.open(host, port) for _ in range(connections)]
    await asyncio.gather(*map(each, exchanges))
    for exchange in exchanges:
        exchange.writer.close()


async def _note(asked: Asked, exchange: "_Exchange", ask: Ask, begun: float) -> None:
    request, wanted = ask()
    try:
        status = await exchange.status(request)
    except (OSError, asyncio.IncompleteReadError):
        status = 0
        await exchange.renew()
    asked.took.append(perf_counter() - begun)
    if status != wanted:
        asked.refused[status] = asked.refused.get(status, 0) + 1


@define
class _Exchange:
    host: str
    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, host: str, port: int) -> "_Exchange":
        return cls(host, port, *await asyncio.open_connection(host, port))

    async def renew(self) -> None:
        self.writer.close()
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)

    async def status(self, request: bytes) -> int:
        """Send a request, and read the whole answer."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        await self.reader.readexactly(_length(head))
        return int(head[9:12])


def _length(head: bytes) -> int:
    at = head.lower().index(b"\r\ncontent-length:") + 17
    return int(head[at : head.index(b"\r\n", at)])
