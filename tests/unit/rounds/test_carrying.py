"""Carriers that are quick, slow, stuck, missing or mad: every letter has one result, in time."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orthocrm import CarrierError, Letter, MessageChannel, Sent
from orthocrm.core.ids import ClinicId, MessageId
from orthocrm.rounds import carrying
from orthocrm.rounds.carrying import HANDS, MOST_LATE, Carriers
from orthocrm.services.notifications.gating import Outgoing
from orthocrm.services.notifications.settling import Outcome
from orthocrm.testing.factories import a_clinic, a_message

CLINIC = a_clinic()


class Bird:
    """A carrier that does what it is told."""

    channel = MessageChannel.EMAIL

    def __init__(self, answer: Callable[[Letter], Any], seconds: Any = 5.0) -> None:
        self.answer = answer
        self._seconds = seconds

    @property
    def seconds(self) -> Any:
        if isinstance(self._seconds, Exception):
            raise self._seconds
        return self._seconds

    def send(self, letter: Letter) -> Any:
        return self.answer(letter)


def fine(letter: Letter) -> Sent:
    return Sent(ref=letter.key)


def outgoing(key: str, carrier: str = "pigeon") -> Outgoing:
    message = a_message(CLINIC, key=key)
    letter = Letter(
        clinic_id=ClinicId(CLINIC.id),
        message_id=MessageId(message.id),
        channel=MessageChannel.EMAIL,
        to="maria@example.com",
        body="b",
        key=key,
    )
    return Outgoing(message=message, letter=letter, carrier=carrier)


def carried(carriers: Carriers, *letters: Outgoing, **options: Any) -> dict[str, Any]:
    """Give the result of every letter by its key."""
    found: list[Outcome] = [one for some in carriers.carry(letters, **options) for one in some]
    results = {one.outgoing.letter.key: one.result for one in found}
    assert len(found) == len(results) == len(letters)
    return results


def reasons(results: dict[str, Any]) -> list[str | None]:
    return [getattr(result, "reason", None) for _, result in sorted(results.items())]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What stuck carriers wait for; they are let go at the end."""
    monkeypatch.setattr(carrying, "GRACE", 0.05)
    opened = threading.Event()
    yield opened
    opened.set()


def test_every_letter_has_its_own_result() -> None:
    letters = [outgoing(f"{number:03}") for number in range(60)]
    results = carried(Carriers({"pigeon": Bird(fine)}), *letters)
    assert results == {letter.letter.key: Sent(ref=letter.letter.key) for letter in letters}


def test_a_carrier_gets_several_letters_at_once_and_no_more() -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def count(letter: Letter) -> Sent:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.005)
        with lock:
            busy -= 1
        return fine(letter)

    carried(Carriers({"pigeon": Bird(count)}), *[outgoing(f"{n:03}") for n in range(40)])
    assert 1 < most <= HANDS


def test_what_a_carrier_raises_or_gives_is_an_answer() -> None:
    told: dict[str, Any] = {
        "a": CarrierError("busy"),
        "b": RuntimeError("maria@example.com"),
        "c": SystemExit(1),
        "d": None,
        "e": "sent",
    }

    def answer(letter: Letter) -> Any:
        value = told[letter.key]
        if isinstance(value, BaseException):
            raise value
        return value

    results = carried(Carriers({"pigeon": Bird(answer)}), *map(outgoing, told))
    assert reasons(results) == [
        "busy",
        "carrier_raised",
        "carrier_raised",
        "carrier_nonsense",
        "carrier_nonsense",
    ]
    assert [results[key].uncertain for key in "bcde"] == [True] * 4


def test_a_carrier_that_is_not_there_keeps_nobody_waiting() -> None:
    results = carried(Carriers({"pigeon": Bird(fine)}), outgoing("a", "dodo"), outgoing("b"))
    assert reasons(results) == ["carrier_missing", None]


def test_who_hangs_is_left_to_itself_and_the_others_are_served(gate: threading.Event) -> None:
    def hang_at_a(letter: Letter) -> Sent:
        if letter.key == "a":
            gate.wait()
        return fine(letter)

    carriers = Carriers({"pigeon": Bird(hang_at_a, 0.1)})
    results = carried(carriers, *[outgoing(key) for key in "abcdef"])
    assert reasons(results) == ["time_out", None, None, None, None, None]
    assert results["a"].uncertain


def test_a_carrier_that_hangs_again_and_again_is_let_alone(
    gate: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    def hang(_: Letter) -> Sent:
        gate.wait()
        return Sent()

    carriers = Carriers({"snail": Bird(hang, 0.05), "pigeon": Bird(fine)})
    slow = [outgoing(f"s{n:02}", "snail") for n in range(HANDS + 5)]
    results = carried(carriers, *slow, outgoing("p"))
    (fine_one, *told) = reasons(results)
    assert fine_one is None
    assert set(told) == {"time_out", "carrier_down"}
    assert told.count("time_out") >= MOST_LATE
    assert reasons(carried(carriers, outgoing("later", "snail"))) == ["carrier_down"]
    assert "carrier snail does not answer in time, and is let alone" in caplog.messages


def test_a_result_that_comes_after_its_time_is_not_heard(gate: threading.Event) -> None:
    def late(letter: Letter) -> Sent:
        gate.wait()
        return fine(letter)

    def let_go(letter: Letter) -> Sent:
        time.sleep(0.3)
        gate.set()
        time.sleep(0.05)
        return fine(letter)

    carriers = Carriers({"snail": Bird(late, 0.05), "pigeon": Bird(let_go)})
    results = carried(carriers, outgoing("a", "snail"), outgoing("b"))
    assert reasons(results) == ["time_out", None]


def test_no_call_is_begun_that_could_outlast_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "WITHIN", 3.0)
    carriers = Carriers({"pigeon": Bird(fine, 1.0), "snail": Bird(fine, 60.0)})
    results = carried(carriers, outgoing("a"), outgoing("b", "snail"))
    assert results == {"a": Sent(ref="a"), "b": None}


def test_letters_that_nobody_got_round_to_have_no_result() -> None:
    carriers = Carriers({"pigeon": Bird(fine)})
    assert carried(carriers, outgoing("a"), outgoing("b"), stop=lambda: True) == {
        "a": None,
        "b": None,
    }


@pytest.mark.parametrize("seconds", [RuntimeError(), "soon", None, -1, 0, float("nan"), 10**9])
def test_a_time_that_makes_no_sense_is_replaced(seconds: Any) -> None:
    results = carried(Carriers({"pigeon": Bird(fine, seconds)}), outgoing("a"))
    assert results == {"a": Sent(ref="a")}
