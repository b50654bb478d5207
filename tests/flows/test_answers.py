"""What families answer and carriers report, on every backend, in Twilio's own format and signed."""

import base64
import hashlib
import hmac
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import permutations
from typing import Any
from urllib.parse import urlencode

import pytest

from orthocrm import (
    SIX_TOUCH,
    Answer,
    Callback,
    CarrierError,
    InvalidInput,
    LeadActivityType,
    MessageState,
    NotFound,
    OptOut,
    PluginError,
    Role,
    Sent,
    StatusReport,
    Unverified,
)
from orthocrm.core.activity import ActivityDirection, CallOutcome
from orthocrm.core.notifying import Purpose, Reported
from orthocrm.followup.attempts import LogEntry
from orthocrm.notifiers.twilio import Twilio
from orthocrm.privacy.consent import NewConsent
from orthocrm.services.notifications.callbacks import Received
from orthocrm.services.notifications.settling import Outcome, Settled
from orthocrm.testing.plugin_suite import HttpCarrier, Reply
from tests.flows.carrying import (
    EMAIL,
    NUMBER,
    SMS,
    Bird,
    a_practice,
    agree,
    configure,
    held,
    of_user,
    put,
    states,
)
from tests.flows.practice import House
from tests.notifiers.arranged import HERE, secrets

ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "12345"
URL = "https://practice.example/hooks/twilio"
DAY = timedelta(days=1)
PENDING, CANCELLED = MessageState.PENDING, MessageState.CANCELLED

Opened = Callable[..., House]


def twilio(server: HttpCarrier | None = None) -> Twilio:
    return Twilio(
        account=ACCOUNT,
        sender="+13125550100",
        secrets=secrets(twilio=TOKEN),
        base_url=server.url if server else "https://api.twilio.com",
        status_url=URL,
        wire=HERE,
        seconds=5,
    )


@pytest.fixture
def opened(url: str) -> Iterator[Opened]:
    with ExitStack() as stack:

        def open_(*plugins: object) -> House:
            carriers = ((EMAIL, "pigeon"), (SMS, "twilio"))
            return stack.enter_context(
                a_practice(Bird(), *(plugins or [twilio()]), url=url, carriers=carriers)
            )

        yield open_


def call_back(house: House, url: str = URL, **told: str) -> Received:
    """Deliver what Twilio tells, signed as it signs."""
    fields = {"AccountSid": ACCOUNT, **told}
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.digest(TOKEN.encode(), signed.encode(), hashlib.sha1)
    headers = {"X-Twilio-Signature": base64.b64encode(digest).decode()}
    desk = house.desk(Role.WORKER).notifications
    return desk.reports("twilio", headers, urlencode(fields).encode(), url)


def answer(house: House, text: str, number: int = 1, sender: str = NUMBER, **more: str) -> Received:
    return call_back(house, MessageSid=f"SM{number:032x}", From=sender, Body=text, **more)


def allowed(house: House, lead: Any) -> list[bool]:
    standings = house.front.notifications.consent(lead.id).standings
    return [one.allowed for one in standings if one.channel is SMS]


# --- answers


def test_an_answer_is_logged_with_every_sibling_and_ends_the_row_of_attempts(
    opened: Opened,
) -> None:
    house = opened()
    configure(house, sequences=(SIX_TOUCH,))
    leads = [house.lead(), house.lead(patient_first_name="Ben")]
    missed = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.NO_ANSWER)
    for lead in leads:
        house.coordinator.followups.log(lead.id, missed)
        house.coordinator.followups.start_sequence(lead.id, "six_touch")

    assert answer(house, "Tuesday would be fine") == Received(answers=1)
    for lead in leads:
        after = house.coordinator.leads.get(lead.id)
        (sequence,) = house.coordinator.followups.sequences(lead.id)
        assert (after.milestones.unanswered, sequence.because) == (0, "answered")
        with house.crm._backend.begin(house.clinic.id) as store:
            logged = [
                a
                for a in store.activities.find().items
                if a.lead_id == lead.id and a.type is LeadActivityType.SMS
            ]
        assert [(a.direction, a.notes) for a in logged] == [
            (ActivityDirection.INBOUND, "Tuesday would be fine")
        ]


def test_the_coordinator_is_told_of_an_answer(opened: Opened) -> None:
    house = opened()
    house.lead(owner="tc-1")
    answer(house, "Yes please")
    house.crm.work()
    assert [notice.kind for notice in of_user(house, "tc-1")] == ["answer_received"]


def test_an_upset_answer_makes_one_urgent_task_for_the_family(opened: Opened) -> None:
    house = opened()
    leads = [house.lead(), house.lead(patient_first_name="Ben")]
    for _ in range(2):
        answer(house, "Nobody called us back, we went with another orthodontist.")
    open_tasks = [t for lead in leads for t in house.admin.leads.timeline(lead.id).open_tasks]
    upset = [task for task in open_tasks if task.rule == "upset_family"]
    assert [task.priority for task in upset] == ["URGENT"]


def test_the_same_answer_again_changes_nothing(opened: Opened) -> None:
    house = opened()
    lead = house.lead()
    assert [answer(house, "STOP").answers for _ in range(3)] == [1, 0, 0]
    assert len(house.front.notifications.consent(lead.id).entries) == 1


@pytest.mark.parametrize("text", ["STOP", "please stop texting me", "No me manden mensajes"])
def test_a_stop_holds_at_once_for_everybody_who_shares_the_number(
    opened: Opened, text: str
) -> None:
    house = opened()
    configure(house, sequences=(SIX_TOUCH,))
    sofia, ben = house.lead(), house.lead(patient_first_name="Ben")
    agree(house, sofia, at=house.clock() - DAY)
    house.coordinator.followups.start_sequence(ben.id, "six_touch")
    texts = [put(house, lead, channel=SMS, due_at=house.clock() + DAY) for lead in (sofia, ben)]
    mail = put(house, ben, due_at=house.clock() + DAY)

    done = answer(house, text)

    assert (done.answers, done.objections) == (1, 1)
    assert [allowed(house, lead) for lead in (sofia, ben)] == [[False, False]] * 2
    assert states(house, *texts) == [(CANCELLED, "opted_out")] * 2
    assert states(house, mail) == [(PENDING, None)]
    (sequence,) = house.coordinator.followups.sequences(ben.id)
    assert sequence.because == "opted_out"


def test_who_says_start_is_written_to_again(opened: Opened) -> None:
    house = opened()
    lead = house.lead()
    answer(house, "STOP", 1)
    house.clock.advance(timedelta(minutes=1))
    answer(house, "START", 2)
    assert allowed(house, lead) == [True, True]


def test_twilios_own_opt_out_is_one_objection_with_its_answer(opened: Opened) -> None:
    house = opened()
    lead = house.lead()
    done = answer(house, "Ende", OptOutType="STOP")
    assert (done.answers, done.objections) == (1, 1)
    assert allowed(house, lead) == [False, False]


def test_a_stop_from_somebody_unknown_is_kept_for_later(opened: Opened) -> None:
    house = opened()
    assert answer(house, "STOP").objections == 1
    lead = house.lead()
    assert allowed(house, lead) == [False, False]
    (entry,) = house.front.notifications.consent(lead.id).entries
    assert (entry.lead_id, entry.purpose) == (None, None)
    assert answer(house, "hello?", 2, "+13125550199") == Received(ignored=1)
    assert answer(house, "STOP", 3, "short") == Received(ignored=1)


def test_a_stop_of_a_number_does_not_cross_clinics(opened: Opened) -> None:
    house = opened()
    other = House(house.crm, house.crm.create_clinic(name="O", timezone="UTC"), house.clock)
    other.admin.settings.add_coordinator("tc-1", "Ana")
    lead = other.lead()
    agree(other, lead)
    answer(house, "STOP")
    assert allowed(other, lead) == [True, True]


def test_an_older_agreement_that_is_written_down_late_changes_nothing(opened: Opened) -> None:
    house = opened()
    lead = house.lead()
    answer(house, "STOP")
    agree(house, lead, at=house.clock() - DAY)
    assert allowed(house, lead) == [False, False]
    house.clock.advance(timedelta(hours=1))
    agree(house, lead)
    assert allowed(house, lead) == [True, True]


def test_an_older_revocation_that_is_written_down_late_ends_nothing(opened: Opened) -> None:
    house = opened()
    lead = house.lead()
    agree(house, lead)
    text = put(house, lead, channel=SMS, due_at=house.clock() + DAY)
    no = NewConsent(channel=SMS, granted=False, at=house.clock() - DAY)
    house.front.notifications.record_consent(lead.id, no)
    assert (allowed(house, lead), states(house, text)) == ([True, True], [(PENDING, None)])


def test_a_revocation_for_one_purpose_leaves_the_others(opened: Opened) -> None:
    house = opened()
    lead = house.lead()
    agree(house, lead, at=house.clock() - DAY)
    due = house.clock() + DAY
    care = put(house, lead, channel=SMS, due_at=due)
    ad = put(house, lead, channel=SMS, due_at=due, purpose=Purpose.MARKETING)
    no = NewConsent(channel=SMS, granted=False, purpose=Purpose.MARKETING)
    house.front.notifications.record_consent(lead.id, no)
    assert states(house, care, ad) == [(PENDING, None), (CANCELLED, "opted_out")]


@pytest.mark.parametrize("text", ["\x00\ud800 odd\x07 signs", "x" * 20_000, "", "👍"])
def test_any_answer_is_logged_as_far_as_it_can_be(opened: Opened, text: str) -> None:
    class Parrot(Bird):
        def reports(self, callback: Callback) -> tuple[Reported, ...]:
            at = callback.received_at + DAY
            return (Answer(channel=SMS, sender=NUMBER, text=text, at=at, ref="1"),)

    house = opened(Parrot(name="twilio", channel=SMS))
    house.lead()
    desk = house.desk(Role.WORKER).notifications
    assert desk.reports("twilio", {}, b"", URL) == Received(answers=1)


# --- reports


@pytest.mark.parametrize("order", [*permutations(["sent", "delivered", "delivered"])])
def test_reports_come_in_any_order_and_more_than_once(
    opened: Opened, order: tuple[str, ...]
) -> None:
    sid = "SM" + "a" * 32
    with HttpCarrier(accepted=Reply(status=201, body=f'{{"sid": "{sid}"}}'.encode())) as server:
        house = opened(twilio(server))
        lead = house.lead()
        agree(house, lead)
        message = put(house, lead, channel=SMS)
        house.crm.work()
    assert held(house, message)[0].carrier_ref == sid
    url = f"{URL}?message={message.id}"
    for status in order:
        call_back(house, url, MessageSid=sid, MessageStatus=status)
    assert held(house, message)[0].state is MessageState.DELIVERED


def test_a_bounce_outweighs_a_delivery_in_either_order(opened: Opened) -> None:
    ends = []
    for order in permutations(["delivered", "undelivered"]):
        house = opened()
        lead = house.lead()
        sent = {"state": MessageState.SENT, "carrier": "twilio", "carrier_ref": "SM" + "b" * 32}
        message = put(house, lead, channel=SMS, **sent)
        for status in order:
            code = {"ErrorCode": "30005"} if status == "undelivered" else {}
            call_back(house, MessageSid=f"SM{'b' * 32}", MessageStatus=status, **code)
        ends.append(states(house, message))
    assert ends == [[(MessageState.BOUNCED, "30005")]] * 2


def test_a_report_that_overtakes_the_worker_settles_the_message(opened: Opened) -> None:
    house = opened()
    lead = house.lead()
    agree(house, lead)
    message = put(house, lead, channel=SMS)
    desk = house.desk(Role.WORKER).notifications
    (one,) = desk.take().outgoing
    sid = "SM" + "c" * 32
    done = call_back(
        house, f"{URL}?message={message.id}", MessageSid=sid, MessageStatus="delivered"
    )

    assert done == Received(settled=1)
    assert desk.settle([Outcome(outgoing=one, result=Sent(ref=sid))]) == Settled(late=1)
    (after,) = held(house, message)
    assert (after.state, after.carrier_ref) == (MessageState.DELIVERED, sid)
    house.clock.advance(DAY)
    assert house.crm.work().sent == 0


def test_a_report_about_an_uncertain_letter_keeps_it_from_going_twice(opened: Opened) -> None:
    house = opened()
    lead = house.lead()
    agree(house, lead)
    message = put(house, lead, channel=SMS)
    desk = house.desk(Role.WORKER).notifications
    (one,) = desk.take().outgoing
    desk.settle([Outcome(outgoing=one, result=CarrierError("time_out", uncertain=True))])
    url = f"{URL}?message={message.id}"
    call_back(house, url, MessageSid="SM" + "d" * 32, MessageStatus="sent")
    house.clock.advance(DAY)
    assert desk.take().outgoing == ()
    assert held(house, message)[0].state is MessageState.SENT


def test_reports_about_unknown_messages_and_those_of_others_change_nothing(
    opened: Opened,
) -> None:
    house = opened()
    lead = house.lead()
    of_pigeon = {"state": MessageState.SENT, "carrier": "pigeon", "carrier_ref": "SM" + "e" * 32}
    message = put(house, lead, **of_pigeon)
    for url in (URL, f"{URL}?message={message.id}", f"{URL}?message=nothing"):
        done = call_back(house, url, MessageSid="SM" + "e" * 32, MessageStatus="delivered")
        assert done == Received(ignored=1)
    assert states(house, message) == [(MessageState.SENT, None)]


# --- requests that are none


def test_what_is_not_signed_is_not_read(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    house = opened()
    lead = house.lead()
    body = urlencode({"MessageSid": "SM" + "1" * 32, "From": NUMBER, "Body": "STOP"}).encode()
    with caplog.at_level(logging.DEBUG), pytest.raises(Unverified):
        house.desk(Role.WORKER).notifications.reports("twilio", {}, body, URL)
    assert house.front.notifications.consent(lead.id).entries == ()
    assert "STOP" not in caplog.text


@pytest.mark.parametrize(
    "headers, body, address",
    [
        (None, b"", URL),
        ({}, "text", URL),
        ({}, b"x" * 4_000_001, URL),
        ({}, b"", None),
    ],
)
def test_requests_of_other_types_are_refused_by_name(
    opened: Opened, headers: Any, body: Any, address: Any
) -> None:
    house = opened()
    with pytest.raises(InvalidInput):
        house.desk(Role.WORKER).notifications.reports("twilio", headers, body, address)


@pytest.mark.parametrize("carrier", ["pigeon", "nobody", 5, None, ["twilio"]])
def test_a_carrier_that_reports_nothing_is_not_there(opened: Opened, carrier: Any) -> None:
    house = opened()
    with pytest.raises(NotFound):
        house.desk(Role.WORKER).notifications.reports(carrier, {}, b"", URL)


@pytest.mark.parametrize("nonsense", [None, "text", (5,), RuntimeError("Maria Lopez")])
def test_a_carrier_that_reports_nonsense_is_named_and_nothing_of_it_is_told(
    opened: Opened, nonsense: Any
) -> None:
    class Parrot(Bird):
        def reports(self, _: Callback) -> Any:
            if isinstance(nonsense, Exception):
                raise nonsense
            return nonsense

    house = opened(Parrot(name="twilio", channel=SMS))
    with pytest.raises(PluginError) as refusal:
        house.desk(Role.WORKER).notifications.reports("twilio", {}, b"", URL)
    chain: BaseException | None = refusal.value
    while chain is not None:
        assert "Maria" not in str(chain) or chain.__suppress_context__
        chain = chain.__cause__


def test_an_objection_told_by_e_mail_carriers_ends_e_mail_only(opened: Opened) -> None:
    class Owl(Bird):
        def reports(self, callback: Callback) -> tuple[Reported, ...]:
            at = callback.received_at
            left = OptOut(
                channel=EMAIL, address="MARIA@example.com", at=at, ref="1", reason="unsubscribe"
            )
            return (left, StatusReport(ref="r", state=MessageState.DELIVERED, at=at))

    house = opened(Owl(name="twilio"))
    lead = house.lead()
    agree(house, lead)
    mail = put(house, lead, due_at=house.clock() + DAY)
    sent = put(house, lead, state=MessageState.SENT, carrier="twilio", carrier_ref="r")
    done = house.desk(Role.WORKER).notifications.reports("twilio", {}, b"", URL)
    assert done == Received(objections=1, settled=1)
    assert states(house, mail, sent) == [
        (CANCELLED, "opted_out"),
        (MessageState.DELIVERED, None),
    ]
    assert allowed(house, lead) == [True, True]
