"""Carriers with one fault each: the suite for authors of plug-ins finds every one of them."""

import logging
import time
from collections.abc import Mapping
from typing import Any

import pytest

from orthocrm import CarrierError, Letter, MessageChannel, Sent
from orthocrm.notifiers.wire import Answered, a_request
from orthocrm.testing.plugin_suite import HttpCarrier, Mood, NotifierSuite, Received
from tests.notifiers.arranged import HERE
from tests.support.rules import fails


class Good:
    """A carrier without a fault, from which the others differ."""

    channel: Any = MessageChannel.SMS
    seconds: Any = 0.3

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, letter: Letter) -> Sent:
        answer = self.posted(letter)
        if not answer.succeeded:
            raise answer.refusal()
        return Sent(ref=letter.identity)

    def posted(self, letter: Letter, **headers: str) -> Answered:
        named = {"Idempotency-Key": self.key(letter), **headers}
        request = a_request(self.url, content=letter.body.encode(), headers=named)
        return HERE.post(request, seconds=self.limit())

    def key(self, letter: Letter) -> str:
        return letter.identity

    def limit(self) -> float:
        return float(self.seconds)


class NoChannel(Good):
    channel = "sms"


class Patient(Good):
    seconds = 900.0


class SendsTwice(Good):
    def send(self, letter: Letter) -> Sent:
        super().send(letter)
        return super().send(letter)


class SendsNothing(Good):
    def send(self, letter: Letter) -> Sent:
        return Sent(ref=letter.identity)


class AnswersOddly(Good):
    def send(self, letter: Letter) -> Any:
        return self.posted(letter).status


class GivesUpAtOnce(Good):
    def send(self, letter: Letter) -> Sent:
        try:
            return super().send(letter)
        except CarrierError as error:
            raise CarrierError(error.reason, permanent=True) from None


class NeverGivesUp(Good):
    def send(self, letter: Letter) -> Sent:
        try:
            return super().send(letter)
        except CarrierError as error:
            raise CarrierError(error.reason) from None


class LetsEverythingThrough(Good):
    def send(self, letter: Letter) -> Sent:
        try:
            return super().send(letter)
        except CarrierError as error:
            raise OSError(error.reason) from None


class HasNoLimit(Good):
    def limit(self) -> float:
        return 100.0


class NewKeyEachTime(Good):
    def key(self, letter: Letter) -> str:
        return f"{letter.identity}{time.monotonic_ns()}"


class OneKeyForAll(Good):
    def key(self, letter: Letter) -> str:
        return letter.clinic_id


class QuotesTheLetter(Good):
    def send(self, letter: Letter) -> Sent:
        try:
            return super().send(letter)
        except CarrierError:
            raise CarrierError(f"no answer for {letter.to}") from None


class ChainsTheLetter(Good):
    def send(self, letter: Letter) -> Sent:
        try:
            return super().send(letter)
        except CarrierError:
            raise CarrierError("failed") from ValueError(letter.body)


class LogsTheLetter(Good):
    def send(self, letter: Letter) -> Sent:
        logging.getLogger("planted").debug("sending to %s", letter.to)
        return super().send(letter)


class WritesHeadersByHand(Good):
    def send(self, letter: Letter) -> Sent:
        from http.client import HTTPConnection  # noqa: PLC0415 - of this fault only

        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=5)
        connection.connect()
        head = f"POST / HTTP/1.1\r\nHost: x\r\nX-To: {letter.to}\r\nContent-Length: 0\r\n\r\n"
        connection.sock.sendall(head.encode())
        connection.sock.recv(100)
        connection.close()
        return Sent()


class RemembersOneLetter(Good):
    letter: Letter

    def send(self, letter: Letter) -> Sent:
        self.letter = letter
        time.sleep(0.02)
        if self.letter is not letter:
            raise CarrierError("mixed_up")
        return super().send(letter)


NOTIFIERS: dict[str, tuple[type[Good], str, dict[str, Any]]] = {
    "no channel of ours": (NoChannel, "it_names_its_channel_and_its_time", {}),
    "a limit that is none": (Patient, "it_names_its_channel_and_its_time", {}),
    "sends twice": (SendsTwice, "a_letter_arrives_once", {}),
    "sends nothing": (SendsNothing, "a_letter_arrives_once", {}),
    "answers oddly": (AnswersOddly, "a_letter_arrives_once", {}),
    "gives up at once": (
        GivesUpAtOnce,
        "trouble_of_the_carrier_is_temporary",
        {"mood": Mood.FAIL},
    ),
    "gives up when nobody is there": (
        GivesUpAtOnce,
        "a_carrier_that_is_not_there_is_temporary",
        {},
    ),
    "never gives up": (NeverGivesUp, "a_refused_letter_is_refused_for_good", {}),
    "lets everything through": (
        LetsEverythingThrough,
        "trouble_of_the_carrier_is_temporary",
        {"mood": Mood.HANG_UP},
    ),
    "lets a late answer through": (
        LetsEverythingThrough,
        "it_gives_up_in_time",
        {"mood": Mood.STALL},
    ),
    "a new key each time": (NewKeyEachTime, "a_repeat_can_be_recognised", {}),
    "one key for all": (OneKeyForAll, "a_repeat_can_be_recognised", {}),
    "quotes the letter": (
        QuotesTheLetter,
        "nothing_personal_is_in_errors_and_logs",
        {"mood": Mood.FAIL},
    ),
    "chains the letter": (
        ChainsTheLetter,
        "nothing_personal_is_in_errors_and_logs",
        {"mood": Mood.FAIL},
    ),
    "logs the letter": (
        LogsTheLetter,
        "nothing_personal_is_in_errors_and_logs",
        {"mood": Mood.ACCEPT},
    ),
    "writes headers by hand": (WritesHeadersByHand, "an_address_adds_no_headers", {}),
    "remembers one letter": (RemembersOneLetter, "several_threads_may_use_it", {}),
}


class OfNotifiers(NotifierSuite):
    def key_of(self, received: Received) -> str | None:
        return received.headers.get("idempotency-key")


def notifier_fails(
    kind: type[Good], rule: str, given: Mapping[str, Any], caplog: pytest.LogCaptureFixture
) -> bool:
    caplog.clear()
    with HttpCarrier() as carrier:
        every = {"carrier": carrier, "notifier": kind(carrier.url), "caplog": caplog, **given}
        return fails(getattr(OfNotifiers(), f"test_{rule}"), every)


@pytest.mark.parametrize("fault", NOTIFIERS)
def test_the_fault_of_a_notifier_is_found(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    kind, rule, given = NOTIFIERS[fault]
    assert notifier_fails(kind, rule, given, caplog)
    assert not notifier_fails(Good, rule, given, caplog)


def test_a_notifier_without_a_limit_is_found(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orthocrm.testing.plugin_suite.notifiers._SLACK_SECONDS", 0.3)
    given = {"mood": Mood.DRIP}
    assert notifier_fails(HasNoLimit, "it_gives_up_in_time", given, caplog)
