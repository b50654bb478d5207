"""Carriers of calendar entries with one fault each: the suite for them finds every one."""

from collections.abc import Callable
from itertools import count

import pytest
from attrs import evolve

from orthocrm import CarrierError, Letter, MessageChannel, Sent
from orthocrm.notifiers.caldav import Calendars
from orthocrm.testing.plugin_suite import CalendarCarrier, CalendarSuite
from orthocrm.testing.plugin_suite.notifiers import CANARY
from tests.notifiers.arranged import HERE, secrets
from tests.support.rules import fails

Send = Callable[[Letter], Sent]
Fault = Callable[[Send, Letter, CalendarCarrier], Sent]
_NUMBERS = count()


class Planted:
    """A carrier that does as a sound one does, but for its fault."""

    seconds = 5.0

    def __init__(
        self, carrier: CalendarCarrier, fault: Fault | None, channel: MessageChannel
    ) -> None:
        self.channel = channel
        self._carrier, self._fault = carrier, fault
        self._sound = Calendars(secrets=secrets(caldav__suite="lee:pw"), wire=HERE, seconds=5)

    def send(self, letter: Letter) -> Sent:
        if self._fault is None:
            return self._sound.send(letter)
        return self._fault(self._sound.send, letter, self._carrier)


def never_takes_away(send: Send, letter: Letter, _: CalendarCarrier) -> Sent:
    return send(letter) if letter.body else Sent(ref=letter.uid)


def changes_the_text(send: Send, letter: Letter, _: CalendarCarrier) -> Sent:
    return send(evolve(letter, body=letter.body.replace("\r\n", "\n")))


def adds_another_each_time(send: Send, letter: Letter, _: CalendarCarrier) -> Sent:
    return send(evolve(letter, uid=f"{letter.uid}-{next(_NUMBERS)}"))


def knows_one_entry(send: Send, letter: Letter, _: CalendarCarrier) -> Sent:
    return send(evolve(letter, uid="visit"))


def wants_to_find_what_it_takes_away(send: Send, letter: Letter, carrier: CalendarCarrier) -> Sent:
    if not letter.body and not carrier.entries:
        raise CarrierError("gone")
    return send(letter)


def takes_a_uid_for_a_path(send: Send, letter: Letter, _: CalendarCarrier) -> Sent:
    *folders, name = (letter.uid or "").split("/")
    return send(evolve(letter, to=f"{letter.to}{'/'.join(folders)}", uid=name))


def takes_a_rival_for_the_end(send: Send, letter: Letter, _: CalendarCarrier) -> Sent:
    try:
        return send(letter)
    except CarrierError as error:
        raise CarrierError(error.reason, permanent=True) from None


def writes_over_a_rival(send: Send, letter: Letter, carrier: CalendarCarrier) -> Sent:
    try:
        return send(letter)
    except CarrierError:
        carrier.rival = None
        return send(letter)


def keeps_what_is_there(send: Send, letter: Letter, carrier: CalendarCarrier) -> Sent:
    is_there = any(letter.uid in path for path in carrier.entries if letter.uid)
    return Sent(ref=letter.uid) if is_there and letter.body else send(letter)


def invents_a_name(send: Send, letter: Letter, _: CalendarCarrier) -> Sent:
    return send(evolve(letter, uid=letter.uid or "unnamed"))


FAULTS: dict[Fault, str] = {
    never_takes_away: "an_entry_is_added_replaced_and_taken_away",
    changes_the_text: "an_entry_is_added_replaced_and_taken_away",
    adds_another_each_time: "an_entry_is_added_replaced_and_taken_away",
    knows_one_entry: "other_entries_stay",
    wants_to_find_what_it_takes_away: "what_is_not_there_any_more_is_taken_away",
    takes_a_uid_for_a_path: "no_name_leads_out_of_the_calendar",
    takes_a_rival_for_the_end: "what_is_written_in_the_same_moment_is_not_written_over",
    writes_over_a_rival: "what_is_written_in_the_same_moment_is_not_written_over",
    keeps_what_is_there: "what_somebody_changed_is_put_right",
    invents_a_name: "a_letter_without_an_entry_is_refused_for_good",
}


def judged(
    rule: str, fault: Fault | None, channel: MessageChannel = MessageChannel.CALENDAR
) -> bool:
    """Tell whether a rule of the suite finds fault."""
    suite = CalendarSuite()
    with CalendarCarrier() as carrier:
        type(suite).to = f"{carrier.address}{CANARY}/"
        given = {"carrier": carrier, "notifier": Planted(carrier, fault, channel)}
        return fails(getattr(suite, f"test_{rule}"), given)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_fault_of_a_calendar_is_found(fault: Fault) -> None:
    assert judged(FAULTS[fault], fault)
    assert not judged(FAULTS[fault], None)


def test_a_carrier_of_something_else_is_found() -> None:
    assert judged("it_is_a_carrier_of_calendars", None, MessageChannel.SMS)
    assert not judged("it_is_a_carrier_of_calendars", None)
