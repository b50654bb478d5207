"""What every carrier of calendar entries promises beside what every notifier does."""

from collections.abc import Iterator
from http import HTTPStatus
from threading import Lock
from typing import Any

import pytest

from orthocrm.core.notifying import CarrierError, Letter, MessageChannel, Notifier, Sent
from orthocrm.testing.plugin_suite.carrier import HttpCarrier, Received, Reply
from orthocrm.testing.plugin_suite.notifiers import CANARY, NotifierSuite

COLLECTION = "/calendars/suite/"


class CalendarCarrier(HttpCarrier):
    """A collection of a CalDAV server, as far as entries and their versions go (RFC 4791).

    Attributes:
        entries: What is there, by path: its etag and its text.
        rival: What somebody else writes over an entry as soon as its version has been asked for.
    """

    def __init__(self, **replies: Any) -> None:  # noqa: ANN401 - those of `HttpCarrier`
        self.entries: dict[str, tuple[str, bytes]] = {}
        self.rival: bytes | None = None
        self._turn = Lock()
        self._version = 0
        super().__init__(accepted=self._kept, **replies)

    @property
    def address(self) -> str:
        """The address of the collection."""
        return f"{self.url}{COLLECTION}"

    def counts(self, received: Received) -> bool:
        """Whether it is a letter: looking changes nothing."""
        return received.method in ("PUT", "POST", "DELETE")

    def put(self, path: str, text: bytes) -> None:
        """Write an entry as somebody else does."""
        self._version += 1
        self.entries[path] = (f'"{self._version}"', text)

    def _kept(self, received: Received) -> Reply:
        with self._turn:
            if received.method not in ("PUT", "DELETE"):
                return self._seen(received.path)
            if not self._is_known(received):
                return Reply(status=HTTPStatus.PRECONDITION_FAILED)
            if received.method == "DELETE":
                gone = self.entries.pop(received.path, None)
                return Reply(status=HTTPStatus.NO_CONTENT if gone else HTTPStatus.NOT_FOUND)
            self.put(received.path, received.body)
            etag = self.entries[received.path][0]
            return Reply(status=HTTPStatus.CREATED, headers={"ETag": etag})

    def _seen(self, path: str) -> Reply:
        found = self.entries.get(path)
        if self.rival is not None:
            self.put(path, self.rival)
        if found is None:
            return Reply(status=HTTPStatus.NOT_FOUND)
        return Reply(headers={"ETag": found[0]}, body=found[1])

    def _is_known(self, received: Received) -> bool:
        """Whether what is written over is what the writer believes to be there."""
        present = self.entries.get(received.path, ("", b""))[0]
        wanted, nothing = received.headers.get("if-match"), received.headers.get("if-none-match")
        if nothing == "*" and present:
            return False
        return wanted is None or wanted == present or (wanted == "*" and bool(present))


class CalendarSuite(NotifierSuite):
    """Tests of one carrier of calendar entries: those of `NotifierSuite`, and its own.

    Give `notifier`, which writes to the collection at `carrier.address`. The calendar is called
    `suite`, for a carrier that looks for its secret.
    """

    @pytest.fixture
    def carrier(self) -> Iterator[CalendarCarrier]:
        """Give an empty collection."""
        with CalendarCarrier(refused=self.refused, failing=self.failing) as carrier:
            type(self).to = f"{carrier.address}{CANARY}/"
            yield carrier

    def key_of(self, received: Received) -> str | None:
        """Find the address of the entry: whatever comes there again is the same entry."""
        return received.path

    def letter(self, number: int = 1, **fields: Any) -> Letter:  # noqa: ANN401 - any field of a letter
        """Write a letter with an entry; letters of other numbers are about other entries."""
        usual = {
            "channel": MessageChannel.CALENDAR,
            "uid": f"visit-{number}@suite",
            "body": _entry(number),
        }
        return super().letter(number, **{**usual, **fields})

    def test_it_is_a_carrier_of_calendars(self, notifier: Notifier) -> None:
        """The engine hands it entries, and nothing else."""
        assert notifier.channel is MessageChannel.CALENDAR

    def test_an_entry_is_added_replaced_and_taken_away(
        self, notifier: Notifier, carrier: CalendarCarrier
    ) -> None:
        """One entry, to the byte as it was given; an empty text takes it away."""
        kept = []
        for text in (_entry(1), _entry(1, "Moved, näher"), ""):
            notifier.send(self.letter(body=text))
            kept.append([body for _, body in carrier.entries.values()])
        assert kept == [[_entry(1).encode()], [_entry(1, "Moved, näher").encode()], []]

    def test_what_is_not_there_any_more_is_taken_away(
        self, notifier: Notifier, carrier: CalendarCarrier
    ) -> None:
        """Somebody may have deleted it by hand: nothing is left to do."""
        assert isinstance(notifier.send(self.letter(body="")), Sent)
        assert carrier.entries == {}

    def test_what_somebody_changed_is_put_right(
        self, notifier: Notifier, carrier: CalendarCarrier
    ) -> None:
        """The appointments of the practice are the truth."""
        notifier.send(self.letter())
        [path] = carrier.entries
        carrier.put(path, b"moved by hand")
        notifier.send(self.letter())
        assert carrier.entries[path][1] == _entry(1).encode()

    def test_what_is_written_in_the_same_moment_is_not_written_over(
        self, notifier: Notifier, carrier: CalendarCarrier
    ) -> None:
        """Neither a new entry nor a change of one; it is tried again later."""
        carrier.rival = b"theirs"
        for text in (_entry(1), ""):
            with pytest.raises(CarrierError) as refusal:
                notifier.send(self.letter(body=text))
            assert not refusal.value.permanent
            assert [body for _, body in carrier.entries.values()] == [b"theirs"]
        carrier.rival = None
        notifier.send(self.letter())
        assert [body for _, body in carrier.entries.values()] == [_entry(1).encode()]

    def test_other_entries_stay(self, notifier: Notifier, carrier: CalendarCarrier) -> None:
        """Whether they are ours or somebody else's."""
        carrier.put(f"{COLLECTION}{CANARY}/private.ics", b"private")
        for number in (1, 2):
            notifier.send(self.letter(number))
        notifier.send(self.letter(1, body=""))
        bodies = sorted(body for _, body in carrier.entries.values())
        assert bodies == sorted([b"private", _entry(2).encode()])

    def test_no_name_leads_out_of_the_calendar(
        self, notifier: Notifier, carrier: CalendarCarrier
    ) -> None:
        """A UID may hold anything: each is an entry of its own, right in the collection."""
        names = ("a/b@x", "../other@x", "a b@x", "a?b@x", "a#b@x", "a%2Fb@x", "ä@x", "a;b@x")
        for name in names:
            notifier.send(self.letter(uid=name))
        inside = f"{COLLECTION}{CANARY}/"
        assert len(carrier.entries) == len(names)
        assert [path for path in carrier.entries if not path.startswith(inside)] == []
        assert [path for path in carrier.entries if "/" in path.removeprefix(inside)] == []

    def test_a_letter_without_an_entry_is_refused_for_good(
        self, notifier: Notifier, carrier: CalendarCarrier
    ) -> None:
        """Nothing says where it belongs."""
        with pytest.raises(CarrierError) as refusal:
            notifier.send(self.letter(uid=None))
        assert refusal.value.permanent
        assert (carrier.entries, carrier.received) == ({}, [])


def _entry(number: int, words: str = CANARY) -> str:
    """Write the entry of a visit (RFC 5545)."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//suite//EN",
        "BEGIN:VEVENT",
        f"UID:visit-{number}@suite",
        "DTSTAMP:20261102T150000Z",
        "DTSTART:20261105T150000Z",
        "DTEND:20261105T160000Z",
        f"SUMMARY:{words}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{line}\r\n" for line in lines)
