"""What every notifier promises."""

import logging
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import StrEnum
from queue import SimpleQueue
from threading import Thread
from typing import Any, ClassVar

import pytest

from orthocrm.core.ids import ClinicId, MessageId
from orthocrm.core.notifying import CarrierError, Letter, MessageChannel, Notifier, Sent
from orthocrm.testing.plugin_suite.carrier import Carrier, HttpCarrier, Mood, Received, Reply

CLINIC = ClinicId("00000000-0001-7000-8000-00000000000a")
CANARY = "zanzibarcanary"
"""Stands in the text of every letter, and may be found in no error and no log."""

USUAL_SECONDS = 20.0
BRIEF_SECONDS = 0.4

_MOST_SECONDS = 120.0
_SLACK_SECONDS = 5.0
_THREADS = 8


class Ability(StrEnum):
    """What a notifier may lack without being wrong; say so in `NotifierSuite.lacking`."""

    KEYS = "keys"
    """Repeats can be recognised by something that `key_of` finds."""

    REFUSALS = "refusals"
    """The carrier tells letters that it will never take from trouble of its own."""


class NotifierSuite:
    """Tests of one notifier; give `notifier`, and `key_of` unless repeats are not recognised.

    `carrier` is an HTTP server of the suite's; a notifier of another protocol overrides the
    fixture. Give the notifier the time limit of the fixture `seconds`: where nothing answers, the
    suite waits it out. Loggers of a carrier that runs in the same process are named in
    `loggers_of_the_carrier`.
    """

    lacking: ClassVar[Mapping[Ability, str]] = {}
    accepted: ClassVar[Reply] = Reply()
    refused: ClassVar[Reply] = Reply(status=400)
    failing: ClassVar[Reply] = Reply(status=503)
    to: ClassVar[str] = "+13125550142"
    body: ClassVar[str] = f"Hello {CANARY}"
    loggers_of_the_carrier: ClassVar[tuple[str, ...]] = ()

    @pytest.fixture
    def carrier(self) -> Iterator[Carrier]:
        """Give a carrier that is in order."""
        with HttpCarrier(
            accepted=self.answer, refused=self.refused, failing=self.failing
        ) as carrier:
            yield carrier

    @pytest.fixture
    def seconds(self) -> float:
        """Give the time limit of the notifier."""
        return USUAL_SECONDS

    @pytest.fixture
    def notifier(self, carrier: Carrier, seconds: float) -> Notifier:
        """Give the notifier, set up to use `carrier` within `seconds`."""
        raise NotImplementedError("give the fixture `notifier`")

    def answer(self, received: Received) -> Reply:  # noqa: ARG002 - for those who override it
        """Answer a letter that is taken."""
        return self.accepted

    def key_of(self, received: Received) -> str | None:
        """Find the key by which the carrier, or who reads the letter, recognises a repeat."""
        raise NotImplementedError("give `key_of`, or name Ability.KEYS in `lacking`")

    def letter(self, number: int = 1, **fields: Any) -> Letter:  # noqa: ANN401 - any field of a letter
        """Write a letter; letters of other numbers are other letters."""
        usual: dict[str, Any] = {
            "clinic_id": CLINIC,
            "message_id": MessageId(f"00000000-{number:04}-7000-8000-00000000000b"),
            "channel": MessageChannel.SMS,
            "to": self.to,
            "body": self.body,
            "subject": "News",
            "key": f"suite:{number}",
            "target": "suite",
        }
        return Letter(**{**usual, **fields})

    def test_it_names_its_channel_and_its_time(self, notifier: Notifier) -> None:
        """The engine asks for both before it sends anything."""
        assert isinstance(notifier, Notifier)
        assert isinstance(notifier.channel, MessageChannel)
        assert 0 < notifier.seconds <= _MOST_SECONDS

    def test_a_letter_arrives_once(self, notifier: Notifier, carrier: Carrier) -> None:
        """What it accepts has gone out, once."""
        sent = notifier.send(self.letter())
        assert isinstance(sent, Sent)
        assert sent.ref is None or 0 < len(sent.ref) <= 255
        assert len(carrier.received) == 1

    def test_a_refused_letter_is_refused_for_good(
        self, notifier: Notifier, carrier: Carrier
    ) -> None:
        """Another attempt would be of no use."""
        self._needs(Ability.REFUSALS)
        carrier.mood = Mood.REFUSE
        assert self._refusal(notifier).permanent

    @pytest.mark.parametrize("mood", [Mood.FAIL, Mood.HANG_UP], ids=lambda mood: mood.value)
    def test_trouble_of_the_carrier_is_temporary(
        self, notifier: Notifier, carrier: Carrier, mood: Mood
    ) -> None:
        """The engine tries again later."""
        carrier.mood = mood
        assert not self._refusal(notifier).permanent

    def test_a_carrier_that_is_not_there_is_temporary(
        self, notifier: Notifier, carrier: Carrier
    ) -> None:
        """Nothing listens; the letter was certainly not taken."""
        carrier.close()
        error = self._refusal(notifier)
        assert (error.permanent, error.uncertain) == (False, False)

    @pytest.mark.parametrize("seconds", [BRIEF_SECONDS])
    @pytest.mark.parametrize("mood", [Mood.STALL, Mood.DRIP], ids=lambda mood: mood.value)
    def test_it_gives_up_in_time(self, notifier: Notifier, carrier: Carrier, mood: Mood) -> None:
        """A carrier that does not answer, or does so endlessly, holds nobody up."""
        carrier.mood = mood
        ended: SimpleQueue[Exception | None] = SimpleQueue()
        call = Thread(target=self._ending, args=(notifier, ended), daemon=True)
        call.start()
        call.join(notifier.seconds + _SLACK_SECONDS)
        assert not call.is_alive(), "the call lasts longer than `seconds`"
        error = ended.get_nowait()
        assert isinstance(error, CarrierError)
        assert not error.permanent

    def test_a_repeat_can_be_recognised(self, notifier: Notifier, carrier: Carrier) -> None:
        """The same letter carries the same key at every attempt, and another letter another."""
        self._needs(Ability.KEYS)
        for number in (1, 1, 2):
            notifier.send(self.letter(number))
        first, again, other = [self.key_of(received) for received in carrier.received]
        assert first is not None
        assert (first == again, first == other) == (True, False)

    @pytest.mark.parametrize("seconds", [BRIEF_SECONDS])
    @pytest.mark.parametrize("mood", list(Mood), ids=lambda mood: mood.value)
    def test_nothing_personal_is_in_errors_and_logs(
        self,
        notifier: Notifier,
        carrier: Carrier,
        caplog: pytest.LogCaptureFixture,
        mood: Mood,
    ) -> None:
        """Neither the address nor the text, whatever happens and whoever listens at DEBUG."""
        carrier.mood = mood
        caplog.set_level(logging.DEBUG)
        try:
            notifier.send(self.letter())
        except CarrierError as error:
            told = "".join(traceback.format_exception(error)) + error.reason
        else:
            told = ""
        records = [r for r in caplog.records if r.name not in self.loggers_of_the_carrier]
        lines = [record.getMessage() for record in records]
        assert self._personal("\n".join([told, repr(notifier), *lines])) == []

    def test_an_address_adds_no_headers(self, notifier: Notifier, carrier: Carrier) -> None:
        """Line breaks in any field do not become headers of what is sent."""
        for name in ("to", "subject", "sender_name", "reply_to", "unsubscribe_url", "target"):
            broken = {name: f"{self.to}\r\nX-Planted: yes\r\n\r\nplanted"}
            with suppress(CarrierError):
                notifier.send(self.letter(1, **broken))
        planted = [one for one in carrier.received if "x-planted" in one.headers]
        assert planted == []

    def test_several_threads_may_use_it(self, notifier: Notifier, carrier: Carrier) -> None:
        """Workers share it."""
        letters = [self.letter(number) for number in range(1, _THREADS + 1)]
        with ThreadPoolExecutor(_THREADS) as pool:
            sent = list(pool.map(notifier.send, letters))
        assert [type(one) for one in sent] == [Sent] * _THREADS
        assert len(carrier.received) == _THREADS

    def _needs(self, ability: Ability) -> None:
        if ability in self.lacking:
            pytest.skip(f"{ability}: {self.lacking[ability]}")

    def _ending(self, notifier: Notifier, ended: "SimpleQueue[Exception | None]") -> None:
        try:
            notifier.send(self.letter())
        except Exception as error:  # noqa: BLE001 - the test judges it
            ended.put(error)
        else:
            ended.put(None)

    def _refusal(self, notifier: Notifier) -> CarrierError:
        with pytest.raises(CarrierError) as refusal:
            notifier.send(self.letter())
        return refusal.value

    def _personal(self, text: str) -> list[str]:
        return [secret for secret in (CANARY, self.to) if secret in text]
