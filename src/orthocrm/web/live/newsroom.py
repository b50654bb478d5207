"""One thread of each process reads what happens, in all clinics that somebody follows.

It keeps the latest of it for every clinic. Readers take it from there at their own pace, and
nothing is kept for any of them: who is further behind reads from the database.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Final, Protocol

from attrs import define, field

from orthocrm.core.errors import OrthoCRMError
from orthocrm.core.ids import ClinicId, UserId
from orthocrm.core.ports import Watch
from orthocrm.crm import OrthoCRM
from orthocrm.services.live.marks import Mark
from orthocrm.services.live.reading import News
from orthocrm.services.live.seeing import Item
from orthocrm.web.live.leaving import is_leaving
from orthocrm.web.settings import Streams

_LOG = logging.getLogger("orthocrm.web")

KEPT: Final = 2_000
"""So many of the latest events of a clinic are kept."""

TOGETHER: Final = 200
"""So many events are read and told at a time."""

LOOK_SECONDS: Final = 1.0
"""How long nobody looks where nobody has announced anything."""


class Listening(Protocol):
    """A reader, as the newsroom knows it."""

    @property
    def clinic(self) -> ClinicId:
        """Whose events they follow."""
        ...

    @property
    def user(self) -> UserId:
        """Who they are."""
        ...

    def wake(self) -> None:
        """Let them look; any thread does so."""
        ...


@define(eq=False)
class Room:
    """The latest events of a clinic: all of them behind `begins`, up to `mark`."""

    begins: Mark
    mark: Mark
    readers: set[Listening] = field(factory=set)
    _items: deque[Item] = field(factory=deque)

    def take(self, found: News) -> None:
        """Keep what was read, and forget the oldest."""
        if found.is_reset:
            self._items.clear()
            self.begins = found.mark
        self._items.extend(found.items)
        while len(self._items) > KEPT:
            self.begins = self._items.popleft().mark
        self.mark = found.mark

    def after(self, mark: Mark) -> Sequence[Item] | None:
        """Give what is kept behind a mark, at most `TOGETHER`; None: it is not known here."""
        if not self.begins <= mark <= self.mark:
            return None
        behind = list(takewhile(lambda item: item.mark > mark, reversed(self._items)))
        return behind[: -TOGETHER - 1 : -1]


@define(eq=False)
class Newsroom:
    """The rooms of one application. Its thread lives as long as somebody reads."""

    crm: OrthoCRM
    limits: Streams = field(factory=Streams)
    is_leaving: Callable[[], bool] = is_leaving
    _rooms: dict[ClinicId, Room] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _is_closed: bool = field(default=False, init=False)

    def has_room(self, clinic: ClinicId, user: UserId) -> bool:
        """Whether somebody may open another stream."""
        with self._lock:
            everybody = [one for room in self._rooms.values() for one in room.readers]
        own = sum(1 for one in everybody if (one.clinic, one.user) == (clinic, user))
        return not self._is_closed and len(everybody) < self.limits.most and own < self.limits.each

    def enter(self, reader: Listening, mark: Mark) -> None:
        """Wake a reader from now on whenever something happens; they know it up to a mark."""
        with self._lock:
            room = self._rooms.setdefault(reader.clinic, Room(begins=mark, mark=mark))
            room.readers.add(reader)
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._run, name="orthocrm-live", daemon=True)
                self._thread.start()

    def leave(self, reader: Listening) -> None:
        """Forget a reader, and the room of a clinic that nobody follows any more."""
        with self._lock:
            room = self._rooms.get(reader.clinic)
            if room is not None:
                room.readers.discard(reader)
                if not room.readers:
                    del self._rooms[reader.clinic]

    def holds(self, reader: Listening) -> bool:
        """Whether a reader goes on being told; else its stream has to end."""
        with self._lock:
            room = self._rooms.get(reader.clinic)
            return not self._is_closed and room is not None and reader in room.readers

    def kept(self, clinic: ClinicId, mark: Mark) -> News | None:
        """Give what happened after a mark, None where only the database knows that."""
        with self._lock:
            room = self._rooms.get(clinic)
            kept = None if room is None else room.after(mark)
            if room is None or kept is None:
                return None
            behind = kept[-1].mark if len(kept) == TOGETHER else room.mark
            return News(items=tuple(kept), mark=behind, is_more=behind < room.mark)

    def read(self, clinic: ClinicId, mark: Mark) -> News:
        """Give what happened after a mark, from the database."""
        return self.crm.news(clinic, mark, TOGETHER)

    def close(self) -> None:
        """End every stream, and accept no other."""
        self._is_closed = True
        self._wake(list(self._rooms.values()))

    def _run(self) -> None:
        try:
            with self.crm.watching() as watch:
                while self._goes_on():
                    self._look_and_wait(watch)
        except Exception as error:  # noqa: BLE001 - whatever it is, readers come again to a new thread
            _LOG.error("live events cannot be read: %s", type(error).__name__)
            self._end_all()

    def _goes_on(self) -> bool:
        with self._lock:
            if self._rooms and not self._is_closed:
                return True
            self._thread = None
            return False

    def _end_all(self) -> None:
        """Let every reader go: they come again, and so does the thread."""
        with self._lock:
            rooms, self._thread = list(self._rooms.values()), None
            self._rooms.clear()
        self._wake(rooms)

    def _look_and_wait(self, watch: Watch) -> None:
        with self._lock:
            rooms = dict(self._rooms)
        for clinic, room in rooms.items():
            try:
                self._look(clinic, room)
            except OrthoCRMError as error:
                kind = type(error).__name__
                _LOG.warning("the events of clinic %s cannot be read now: %s", clinic, kind)
        if self.is_leaving():
            self.close()
            return
        watch.wait(LOOK_SECONDS)

    def _look(self, clinic: ClinicId, room: Room) -> None:
        is_more = True
        while is_more and room.readers:
            found = self.crm.news(clinic, room.mark, TOGETHER)
            is_more = found.is_more
            if found.mark != room.mark:
                with self._lock:
                    room.take(found)
                self._wake([room])

    def _wake(self, rooms: Sequence[Room]) -> None:
        with self._lock:
            readers = [reader for room in rooms for reader in room.readers]
        for reader in readers:
            reader.wake()
