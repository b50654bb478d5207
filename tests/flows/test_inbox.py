"""What others deliver: kept when it is verified, and worked off exactly once, whatever happens."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import attrs
import pytest

from orthocrm import (
    Answer,
    BackendError,
    Callback,
    Delivered,
    InvalidInput,
    MessageState,
    Role,
    StatusReport,
    Unverified,
)
from orthocrm.core.inbox import Inbound, InboundState
from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import Reported
from orthocrm.core.outside import Outside
from orthocrm.core.retention import Retention
from orthocrm.leads.channels.signatures import sign
from orthocrm.privacy.secrets import StaticSecrets
from orthocrm.services.inbox import working
from orthocrm.services.inbox.arriving import Arrived
from orthocrm.services.inbox.desk import Processed
from orthocrm.services.inbox.keeping import DeliveriesWait
from orthocrm.services.inbox.working import NotYours
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.suite.arranged import together
from tests.flows import receiving
from tests.flows.carrying import SMS, Bird, configure, of_user
from tests.flows.practice import House
from tests.unit.leads.channels.arranged import OLD_SECRET, SECRET
from tests.unit.leads.channels.test_signatures import TAMPERED

SECRETS = Outside(secrets=StaticSecrets(receiving.SECRETS))
ONE, NOTHING = Processed(done=1), Processed()
NO_LIST: Any = "nothing"
FORM_USER = "system:web_form"
WEEK, SECOND = timedelta(days=7), timedelta(seconds=1)
NUMBERS = ("+13125550142", "+13125550143")

Opened = Callable[..., House]


@attrs.define
class Wire(Bird):
    """A carrier that believes whatever is sent, and reports values of ours by their bodies."""

    said: dict[bytes, Sequence[Reported]] = attrs.field(factory=dict)
    fails: int = 0

    def reports(self, callback: Callback) -> Sequence[Reported]:
        if self.fails and callback.received_at < self.clock():
            self.fails -= 1
            raise BackendError("the carrier's own database is gone")
        return self.said[callback.body]

    clock: Any = None


class Killed(BaseException):
    """The process ends."""


@pytest.fixture
def opened(url: str) -> Iterator[Opened]:
    with ExitStack() as stack:

        def enter(*plugins: object, outside: Outside = SECRETS) -> House:
            house = receiving.opened(url, FrozenClock(), outside, *plugins)
            return stack.enter_context(house)

        yield enter


def deliver(house: House, delivered: Delivered) -> Arrived:
    return house.desk(Role.WEB_FORM).inbox.take_leads("web_form", delivered)


def report(house: House, body: bytes) -> Arrived:
    return house.desk(Role.WORKER).inbox.take_reports("wire", {}, body, "https://x.example")


def wired(opened: Opened, **said: Sequence[Reported]) -> tuple[House, Wire]:
    wire = Wire(name="wire", channel=SMS, said={n.encode(): told for n, told in said.items()})
    house = opened(wire)
    wire.clock = house.clock
    configure(house, messaging=Messaging(carriers=((SMS, "wire"),)), rules=())
    return house, wire


def kept(house: House) -> list[Inbound]:
    with house.crm._backend.begin(house.clinic.id) as store:
        return sorted(everything(store.inbox), key=lambda one: one.id)


def states(house: House) -> list[tuple[InboundState, str | None]]:
    return [(one.state, one.because) for one in kept(house)]


def an_answer(text: str, house: House, number: str = NUMBERS[0]) -> Answer:
    return Answer(channel=SMS, sender=number, text=text, at=house.clock(), ref=f"{number}-{text}")


# --- arrival


def test_a_delivery_is_kept_until_it_is_worked_off(opened: Opened) -> None:
    house = opened()
    arrived = deliver(house, receiving.posted(house))
    assert receiving.leads(house) == []
    (one,) = kept(house)
    assert (one.id, one.state, one.received_at) == (
        arrived.inbound_id,
        InboundState.PENDING,
        house.clock(),
    )
    house.clock.advance(timedelta(minutes=20))
    assert house.crm.process_inbox() == ONE
    (lead,) = receiving.leads(house)
    assert (lead.stamps.created_at, lead.stamps.created_by) == (one.received_at, FORM_USER)
    assert house.crm.process_inbox() == NOTHING


def test_the_same_delivery_a_hundred_times_at_once_is_one(opened: Opened) -> None:
    house = opened()
    form, delivered = house.desk(Role.WEB_FORM).inbox, receiving.posted(house)
    arrived = together(*[lambda: [form.take_leads("web_form", delivered) for _ in range(10)]] * 10)
    places = [one for share in arrived for one in share]
    assert len({one.inbound_id for one in places}) == 1
    assert sorted(one.is_repeat for one in places) == [False] + [True] * 99
    done = together(*[house.crm.process_inbox] * 4)
    assert (sum(one.done for one in done), len(receiving.leads(house))) == (1, 1)


def test_a_repetition_with_another_body_is_the_first_one(opened: Opened) -> None:
    house = opened()
    first = deliver(house, receiving.posted(house))
    again = deliver(house, receiving.posted(house, first_name="Eve"))
    assert again == Arrived(inbound_id=first.inbound_id, is_repeat=True)
    house.crm.process_inbox()
    assert [lead.contact.first_name for lead in receiving.leads(house)] == ["Maria"]


@pytest.mark.parametrize("url", ["memory"], indirect=True)
def test_what_is_not_verified_is_not_kept(opened: Opened) -> None:
    house = opened()
    good = receiving.posted(house)
    for bad in (attrs.evolve(good, body=b"first_name=Eve"), attrs.evolve(good, headers={})):
        with pytest.raises(Unverified):
            deliver(house, bad)
    house.clock.advance(timedelta(minutes=5) + SECOND)
    with pytest.raises(Unverified):
        deliver(house, good)
    with pytest.raises(InvalidInput):
        deliver(house, attrs.evolve(good, body={"first_name": "Ann"}))
    assert kept(house) == []


@pytest.mark.parametrize("url", ["memory"], indirect=True)
def test_nothing_that_was_tampered_with_is_kept(opened: Opened) -> None:
    live = {"*": {"web_form/contact": [SECRET.decode(), OLD_SECRET.decode()]}}
    house = opened(outside=Outside(secrets=StaticSecrets(live)))
    for spoilt in TAMPERED.values():
        with pytest.raises(Unverified):
            deliver(house, attrs.evolve(spoilt, form="contact"))
    assert kept(house) == []


@pytest.mark.parametrize("url", ["memory"], indirect=True)
def test_what_holds_nothing_is_not_kept(opened: Opened) -> None:
    house, _ = wired(opened, nothing=())
    assert report(house, b"nothing") == Arrived()
    filled = f"first_name=Bot&{receiving.FORM.honeypot}=x".encode()
    assert deliver(house, _signed(house, filled)) == Arrived()
    assert kept(house) == []


def _signed(house: House, body: bytes, identity: str = "msg_9") -> Delivered:
    headers = sign(body, identity=identity, secret=receiving.SECRET.encode(), now=house.clock())
    return Delivered(body=body, form="contact", headers=headers)


@pytest.mark.parametrize("url", ["memory"], indirect=True)
def test_cookies_are_not_kept(opened: Opened) -> None:
    house = opened()
    given = receiving.posted(house)
    deliver(house, attrs.evolve(given, headers={**given.headers, "Cookie": "session=1"}))
    assert [name for one in kept(house) for name in one.headers if "ookie" in name] == []


# --- faults


def test_a_process_that_is_killed_leaves_no_half_of_a_delivery(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after it was stored, after it was claimed, and when its lead was made."""
    house = opened()
    deliver(house, receiving.posted(house))
    desk = house.desk(Role.WORKER).inbox
    (lost,) = desk.claim()
    assert house.crm.process_inbox() == NOTHING
    house.clock.advance(working.LEASE)
    with monkeypatch.context() as patch:
        patch.setattr(working, "_ended", _killed)
        with pytest.raises(Killed):
            house.crm.process_inbox()
    assert receiving.leads(house) == []
    assert house.crm.process_inbox() == NOTHING
    house.clock.advance(working.LEASE)
    assert house.crm.process_inbox() == ONE
    assert len(receiving.leads(house)) == 1
    with pytest.raises(NotYours):
        house.desk(Role.WEB_FORM).inbox.capture(lost)
    assert len(receiving.leads(house)) == 1


def _killed(*_: object) -> None:
    raise Killed


def test_a_delivery_over_which_workers_are_lost_is_parked(opened: Opened) -> None:
    house = opened()
    deliver(house, receiving.posted(house))
    desk = house.desk(Role.WORKER).inbox
    for _ in range(working.MOST_ATTEMPTS):
        assert len(desk.claim()) == 1
        house.clock.advance(working.LEASE)
    assert desk.claim() == ()
    assert states(house) == [(InboundState.PARKED, working.LOST)]


def test_what_fails_is_tried_again_and_then_parked(opened: Opened) -> None:
    house, wire = wired(
        opened, sent=[StatusReport(ref="r", state=MessageState.SENT, at=FrozenClock()())]
    )
    wire.fails = working.MOST_ATTEMPTS
    report(house, b"sent")
    house.clock.advance(SECOND)
    waits = []
    while (done := house.crm.process_inbox()).parked == 0:
        assert done == Processed(retried=1)
        (one,) = kept(house)
        waits.append(one.due_at - house.clock())
        assert house.crm.process_inbox() == NOTHING
        house.clock.advance(waits[-1])
    assert [int(wait.total_seconds()) for wait in waits] == [30, 120, 480, 1920, 3600, 3600, 3600]
    assert states(house) == [(InboundState.PARKED, "backend")]
    (parked,) = house.admin.inbox.deliveries().deliveries
    house.admin.inbox.retry([parked.id])
    assert house.crm.process_inbox() == ONE


# --- what a person has to look at


def test_an_enquiry_that_cannot_be_read_waits_for_a_person(opened: Opened) -> None:
    house = opened()
    deliver(house, _signed(house, b"first_name=Maria&shoe_size=9"))
    assert house.crm.work().stuck == 1
    (parked,) = house.admin.inbox.deliveries().deliveries
    assert (parked.name, parked.form, parked.because) == ("web_form", "contact", "invalid_input")
    assert house.crm.waiting().parked_deliveries == 1
    found = [one for one in house.crm.check(audit=False) if one.name == "queues"]
    assert [one.says for one in found] == ["1 delivery came to nothing"]
    assert "delivery_parked" in {notice.kind for notice in of_user(house, "manager")}
    assert "shoe_size=9" in house.admin.inbox.open(parked.id).text
    assert "Maria" not in repr(house.admin.inbox.open(parked.id))
    house.admin.inbox.retry([parked.id])
    assert house.crm.process_inbox() == Processed(parked=1)
    assert house.admin.inbox.drop([parked.id]) == 1
    again = deliver(house, _signed(house, b"first_name=Maria&shoe_size=9"))
    assert (again.is_repeat, kept(house)) == (True, [])


@pytest.mark.parametrize("url", ["memory"], indirect=True)
def test_only_what_is_parked_is_retried(opened: Opened) -> None:
    house = opened()
    place = deliver(house, receiving.posted(house)).inbound_id
    assert place is not None
    with pytest.raises(InvalidInput) as refused:
        house.admin.inbox.retry([place])
    assert [problem.code for problem in refused.value.problems] == ["not_parked"]
    with pytest.raises(InvalidInput):
        house.admin.inbox.drop(NO_LIST)


def test_leads_that_are_only_announced_are_fetched(opened: Opened) -> None:
    carrier = receiving.Carrier(leads={"1": ConnectionError("busy")})
    house = opened(outside=Outside(secrets=StaticSecrets(receiving.SECRETS), meta_leads=carrier))
    body = b'{"entry": [{"changes": [{"field": "leadgen", "value": {"leadgen_id": "1"}}]}]}'
    signed = {"X-Hub-Signature-256": _hub(body)}
    house.desk(Role.WEB_FORM).inbox.take_leads("meta", Delivered(body=body, headers=signed))
    assert house.crm.process_inbox() == Processed(retried=1)
    assert states(house) == [(InboundState.PENDING, "detail_unavailable")]
    answers = [{"name": "full_name", "values": ["Ann Lee"]}]
    answers.append({"name": "phone_number", "values": ["3125550142"]})
    carrier.leads = {"1": {"field_data": answers}}
    house.clock.advance(working.FIRST_PAUSE)
    assert house.crm.process_inbox() == ONE
    assert [lead.contact.first_name for lead in receiving.leads(house)] == ["Ann"]


def _hub(body: bytes) -> str:
    return "sha256=" + hmac.new(b"app", body, hashlib.sha256).hexdigest()


# --- order


def test_what_one_person_says_keeps_its_order(opened: Opened) -> None:
    """The first waits for another try; what the same number says later waits behind it."""
    clock = FrozenClock()()
    told = [
        Answer(channel=SMS, sender=number, text=text, at=clock, ref=f"{number}{text}")
        for number, text in ((NUMBERS[0], "START"), (NUMBERS[0], "STOP"), (NUMBERS[1], "STOP"))
    ]
    house, wire = wired(opened, **{name: [one] for name, one in zip("abc", told, strict=True)})
    report(house, b"a")
    house.clock.advance(SECOND)
    report(house, b"b")
    report(house, b"c")
    wire.fails = 1
    assert house.crm.process_inbox() == Processed(done=1, retried=1)
    assert [one.state for one in kept(house)] == [
        InboundState.PENDING,
        InboundState.PENDING,
        InboundState.DONE,
    ]
    house.clock.advance(working.FIRST_PAUSE)
    assert house.crm.process_inbox() == Processed(done=2)


# --- how long it is kept


def test_what_was_worked_off_is_forgotten_and_stays_known(opened: Opened) -> None:
    house = opened()
    configure(house, retention=Retention(deliveries_for=7))
    deliver(house, receiving.posted(house))
    house.crm.work()
    house.clock.advance(WEEK)
    house.crm.work()
    assert len(kept(house)) == 1
    house.clock.advance(SECOND)
    house.crm.work()
    assert kept(house) == []
    assert deliver(house, receiving.posted(house)).is_repeat


def test_an_erasure_finds_bodies_and_a_repetition_makes_nobody_again(opened: Opened) -> None:
    house = opened()
    deliver(house, receiving.posted(house))
    deliver(house, receiving.posted(house, "msg_2", phone="3125550143", first_name="Ben"))
    house.crm.process_inbox()
    unread = _signed(house, b"first_name=Maria&shoe_size=9&phone=%28312%29+555-0142", "msg_3")
    deliver(house, unread)
    house.crm.process_inbox()
    waiting = receiving.posted(house, "msg_4", notes="once more")
    deliver(house, waiting)
    maria = next(one for one in receiving.leads(house) if one.contact.first_name == "Maria")
    house.admin.privacy.erase(maria.id)
    assert kept(house) == []
    for delivered in (receiving.posted(house), unread, waiting):
        assert deliver(house, delivered).is_repeat
    direct = house.desk(Role.WEB_FORM).leads.receive("web_form", receiving.posted(house))
    assert house.crm.process_inbox() == NOTHING
    assert len(direct) == 1
    assert [one.contact.first_name for one in receiving.leads(house)] == ["Ben"]


@pytest.mark.parametrize("url", ["memory"], indirect=True)
def test_nobody_is_erased_over_deliveries_about_others(opened: Opened) -> None:
    house, wire = wired(opened)
    lead = house.lead(phone=NUMBERS[0])
    wire.said = {b"both": [an_answer("hello", house, number) for number in NUMBERS]}
    report(house, b"both")
    with pytest.raises(DeliveriesWait):
        house.admin.privacy.erase(lead.id)
    assert house.crm.process_inbox() == ONE
    house.admin.privacy.erase(lead.id)
    assert kept(house) == []
