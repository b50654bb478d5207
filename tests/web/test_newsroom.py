"""The newsroom keeps a little for all, nothing for anybody; who takes nothing is cut off."""

import asyncio
from typing import Any

import pytest

from orthocrm.core.actor import Permission
from orthocrm.core.happening import Happening
from orthocrm.core.ids import ClinicId, UserId
from orthocrm.services.live.marks import Mark
from orthocrm.services.live.reading import News
from orthocrm.services.live.seeing import Item, Reach, Sight
from orthocrm.testing.clock import FrozenClock
from orthocrm.web.live.newsroom import KEPT, TOGETHER, Newsroom, Room
from orthocrm.web.live.streaming import Reader
from orthocrm.web.settings import Streams
from tests.flows.practice import House

EVERYTHING = Sight(user=UserId("me"), permissions=frozenset(Permission), leads=Reach.ALL)


def item(position: int) -> Item:
    at = FrozenClock()()
    told = Happening(id=f"{position}-0", kind="lead_captured", at=at, by=UserId("x"))
    return Item(mark=Mark(position, 0), told=told, owners={})


def test_a_room_keeps_the_latest_and_sends_who_is_further_behind_to_the_database() -> None:
    room = Room(begins=Mark(0), mark=Mark(0))
    last = KEPT + 10
    for position in range(1, last + 1):
        room.take(News(items=(item(position),), mark=Mark(position)))
    assert room.after(Mark(9)) is None
    assert room.after(Mark(last + 1)) is None
    assert room.after(Mark(last)) == []
    assert [one.mark for one in room.after(Mark(last - 2)) or ()] == [
        Mark(last - 1, 0),
        Mark(last, 0),
    ]
    first = room.after(Mark(10, 0)) or ()
    assert [one.mark.position for one in first] == list(range(11, 11 + TOGETHER))


def test_a_room_forgets_what_a_restored_database_never_had() -> None:
    room = Room(begins=Mark(0), mark=Mark(0))
    room.take(News(items=(item(5),), mark=Mark(5)))
    room.take(News(items=(), mark=Mark(2), is_reset=True))
    assert room.after(Mark(5)) is None
    assert room.after(Mark(2)) == []


def reader(newsroom: Newsroom, clinic: ClinicId, limits: Streams, **fields: Any) -> Reader:
    async def away(act: Any) -> Any:
        return act()

    given: dict[str, Any] = {
        "clinic": clinic,
        "user": UserId("me"),
        "sight": EVERYTHING,
        "mark": Mark(0),
        "is_reset": False,
        "newsroom": newsroom,
        "limits": limits,
        "look": lambda: EVERYTHING,
        "away": away,
    }
    return Reader(**{**given, **fields})


def test_whoever_takes_nothing_is_cut_off_and_forgotten(here: House) -> None:
    limits = Streams(stalled_seconds=0.01)
    newsroom = Newsroom(here.crm, limits)

    async def stalled(_: object) -> None:
        await asyncio.Event().wait()

    assert asyncio.run(reader(newsroom, here.clinic.id, limits).tell(stalled)) is False
    assert newsroom.kept(here.clinic.id, Mark(0)) is None
    newsroom.close()


def test_a_stream_tells_what_lies_behind_and_ends_when_the_right_has_ended(here: House) -> None:
    limits = Streams(heartbeat_seconds=0)
    newsroom = Newsroom(here.crm, limits)
    lead = here.lead()
    sent: list[bytes] = []

    async def send(event: Any) -> None:
        sent.append(event["body"])

    def look() -> Sight | None:
        return None if lead.id.encode() in b"".join(sent) else EVERYTHING

    ended = reader(newsroom, here.clinic.id, limits, look=look)
    assert asyncio.run(ended.tell(send)) is True
    assert sent[-1].startswith(b"event: end\n")
    newsroom.close()


def test_a_leaving_server_ends_its_streams(here: House) -> None:
    newsroom = Newsroom(here.crm, Streams(), is_leaving=lambda: True)
    sent: list[bytes] = []

    async def send(event: Any) -> None:
        sent.append(event["body"])

    following = reader(newsroom, here.clinic.id, Streams())
    assert asyncio.run(following.tell(send)) is True
    assert not newsroom.has_room(here.clinic.id, UserId("me"))


def test_where_nobody_can_look_any_more_the_streams_end(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Any:
        raise RuntimeError

    monkeypatch.setattr(here.crm, "watching", broken)
    newsroom = Newsroom(here.crm, Streams())

    async def send(_: object) -> None:
        await asyncio.sleep(0)

    assert asyncio.run(reader(newsroom, here.clinic.id, Streams()).tell(send)) is True
    assert newsroom.has_room(here.clinic.id, UserId("me"))
