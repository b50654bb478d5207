"""The ledger of consent as a machine: whoever says what in whichever order, late or at once.

The model is a plain list of what was said. After every step each address stands as the list says,
a revocation has ended what waited for everybody who shares the address, and a worker gets exactly
the messages that the list allows.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from attrs import define, field, frozen
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from orthocrm import Answer, Callback, OptOut, Role
from orthocrm.core.ids import ConsentId, MessageId
from orthocrm.core.lead import Lead
from orthocrm.core.messaging import QuietHours
from orthocrm.core.notifying import Message, MessageChannel, MessageState, Purpose, Reported
from orthocrm.privacy.consent import NewConsent
from tests.flows.carrying import EMAIL, SMS, Bird, a_practice, held, put
from tests.flows.practice import House

CARE, MARKETING = Purpose.CARE, Purpose.MARKETING
HOUR = timedelta(hours=1)
ALWAYS = QuietHours(start=datetime.min.time(), end=datetime.min.time())
OURS, THEIRS = "+13125550142", "+13125550177"
MARIA, PAUL = "maria@example.com", "paul@example.com"
FAMILIES = (
    {"phone": OURS, "email": MARIA},
    {"phone": OURS, "email": PAUL, "patient_first_name": "Ben"},
    {"phone": THEIRS, "phone_alt": OURS, "email": MARIA, "patient_first_name": "Leo"},
)
ADDRESSES = ((SMS, OURS), (SMS, THEIRS), (EMAIL, MARIA), (EMAIL, PAUL))

late = st.integers(0, 48).map(lambda hours: hours * HOUR)
purposes = st.sampled_from([CARE, MARKETING])
addresses = st.sampled_from(ADDRESSES)


@frozen
class Said:
    """One thing that somebody said."""

    channel: MessageChannel
    address: str
    granted: bool
    purpose: Purpose | None
    at: datetime


@define(slots=False, eq=False)
class Parrot(Bird):
    """A carrier that reports what it is given."""

    name: str = "raven"
    channel: MessageChannel = SMS
    told: Sequence[Reported] = field(factory=list)

    def reports(self, _: Callback) -> Sequence[Reported]:
        return self.told


class Ledger(RuleBasedStateMachine):
    """Families that share numbers and addresses, a desk, a carrier, a worker."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.parrot = Parrot()
        self.said: list[Said] = []
        self.kept: set[ConsentId] = set()
        self.ended: set[MessageId] = set()
        self.number = 0

    @initialize()
    def open(self) -> None:
        self.house: House = self.stack.enter_context(
            a_practice(Bird(), self.parrot, quiet=ALWAYS, caps=())
        )
        self.leads: list[Lead] = [self.house.lead(**family) for family in FAMILIES]

    def teardown(self) -> None:
        self.stack.close()

    @rule(
        who=st.integers(0, 2),
        channel=st.sampled_from([SMS, EMAIL]),
        granted=st.booleans(),
        purpose=st.none() | purposes,
        ago=late,
    )
    def tell_the_desk(
        self,
        who: int,
        channel: MessageChannel,
        purpose: Purpose | None,
        ago: timedelta,
        *,
        granted: bool,
    ) -> None:
        at = self.house.clock() - ago
        evidence = "signed" if granted else None
        given = NewConsent(
            channel=channel, granted=granted, purpose=purpose, at=at, evidence=evidence
        )
        self.house.front.notifications.record_consent(self.leads[who].id, given)
        address = FAMILIES[who]["phone" if channel is SMS else "email"]
        self.hear(Said(channel, address, granted=granted, purpose=purpose, at=at))

    @rule(at_address=addresses, stop=st.booleans(), ago=late)
    def answer(self, at_address: tuple[MessageChannel, str], ago: timedelta, *, stop: bool) -> None:
        channel, sender = at_address
        at = self.house.clock() - ago
        text = "please stop texting me" if stop else "START"
        self.report(Answer(channel=channel, sender=sender, text=text, at=at, ref=self.ref()))
        self.hear(Said(channel, sender, granted=not stop, purpose=None, at=at))

    @rule(at_address=addresses, ago=late)
    def tell_the_carrier(self, at_address: tuple[MessageChannel, str], ago: timedelta) -> None:
        channel, address = at_address
        at = self.house.clock() - ago
        self.report(
            OptOut(channel=channel, address=address, at=at, ref=self.ref(), reason="unsubscribe")
        )
        self.hear(Said(channel, address, granted=False, purpose=None, at=at))

    @rule(who=st.integers(0, 2), channel=st.sampled_from([SMS, EMAIL]), purpose=purposes)
    def queue(self, who: int, channel: MessageChannel, purpose: Purpose) -> None:
        to = FAMILIES[who]["phone" if channel is SMS else "email"]
        put(self.house, self.leads[who], channel=channel, purpose=purpose, to=to, key=self.ref())

    @rule()
    def work(self) -> None:
        waiting = self.waiting()
        taken = self.house.desk(Role.WORKER).notifications.take()
        gone = {one.message.id for one in taken.outgoing}
        because = {m.id: self.because(m) for m in waiting}
        assert gone == {i for i, reason in because.items() if reason is None}
        after = held(self.house, *waiting) if waiting else []
        assert {m.id: m.because for m in after} == because
        assert {m.state for m in after if m.id not in gone} <= {MessageState.SKIPPED}

    @rule(hours=st.integers(1, 30))
    def pass_time(self, hours: int) -> None:
        self.house.clock.advance(hours * HOUR)
        self.house.desk(Role.WORKER).notifications.take()  # nothing is in anybody's hands then

    @invariant()
    def every_address_stands_as_the_list_says(self) -> None:
        for lead in self.leads if self.said else ():
            for one in self.house.front.notifications.consent(lead.id).standings:
                assert one.because == self.stands(one.channel, one.address, one.purpose)

    @invariant()
    def nothing_ends_but_what_was_objected_to(self) -> None:
        if not self.number:
            return
        ended = [m for m in held(self.house) if m.state is MessageState.CANCELLED]
        for message in ended:
            assert message.id in self.ended or self.because(message) == "opted_out"
        self.ended |= {message.id for message in ended}

    @invariant()
    def nothing_is_ever_taken_out_of_the_ledger(self) -> None:
        if not self.said:
            return
        entries = {
            entry.id
            for lead in self.leads
            for entry in self.house.front.notifications.consent(lead.id).entries
        }
        assert self.kept <= entries
        assert len(entries) == len(self.said)
        self.kept = entries

    def hear(self, said: Said) -> None:
        """Note what was said: a revocation that holds has ended what waited."""
        self.said.append(said)
        for message in [] if said.granted else self.waiting():
            if (message.channel, message.to) == (said.channel, said.address):
                is_meant = said.purpose in (None, message.purpose)
                assert not (is_meant and self.because(message) == "opted_out")

    def report(self, *told: Any) -> None:
        self.parrot.told = told
        self.house.desk(Role.WORKER).notifications.reports("raven", {}, b"", "https://a.example")

    def ref(self) -> str:
        self.number += 1
        return f"ref-{self.number}"

    def waiting(self) -> list[Message]:
        return [
            message
            for message in held(self.house)
            if message.state is MessageState.PENDING and message.due_at <= self.house.clock()
        ]

    def because(self, message: Message) -> str | None:
        return self.stands(message.channel, message.to, message.purpose)

    def stands(self, channel: MessageChannel, address: str, purpose: Purpose) -> str | None:
        """Say once more what the ledger should: the newest holds, and of two the revocation."""
        about = [
            said
            for said in self.said
            if (said.channel, said.address) == (channel, address)
            and said.purpose in (None, purpose)
        ]
        if not about:
            return "no_consent" if channel is SMS else None
        newest = max(said.at for said in about)
        is_granted = all(said.granted for said in about if said.at == newest)
        return None if is_granted else "opted_out"


Ledger.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestLedger = Ledger.TestCase
