"""Faults 9 and 10. Webhooks twenty times at once, or in any order: one effect, one end."""

from collections import Counter
from datetime import timedelta
from itertools import permutations

import attrs
import pytest

from orthocrm import Answer, Callback, Message, MessageState, Role, StatusReport
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import Reported
from orthocrm.core.outside import Outside
from orthocrm.privacy.secrets import StaticSecrets
from orthocrm.services.leads.receiving import Accepted
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.suite.arranged import together
from tests.flows import receiving
from tests.flows.carrying import NUMBER, SMS, Bird, a_practice, agree, held, put
from tests.flows.practice import House

AT_ONCE = 20
DAY = timedelta(days=1)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://"
    return str(request.getfixturevalue(f"migrated_{request.param}_url"))


def test_the_same_webhook_twenty_times_at_once_makes_one_lead(url: str) -> None:
    outside = Outside(secrets=StaticSecrets(receiving.SECRETS))
    with receiving.opened(url, FrozenClock(), outside) as house:
        form = house.desk(Role.WEB_FORM).leads
        delivered = receiving.posted(house)
        answers = together(*[lambda: form.receive("web_form", delivered)] * AT_ONCE)
        assert {type(answer) for (answer,) in answers} == {Accepted}
        assert len({answer for (answer,) in answers}) == 1
        assert len(receiving.leads(house)) == 1
        with house.crm._backend.begin(house.clinic.id) as store:
            assert (store.visits.count(), store.activities.count()) == (1, 1)


# --- any order


@attrs.define
class Wire(Bird):
    """A carrier whose callbacks are values of ours, named by their bodies."""

    said: dict[bytes, Reported] = attrs.field(factory=dict)

    def reports(self, callback: Callback) -> tuple[Reported, ...]:
        return (self.said[callback.body],)


def _said(house: House, number: str, ref: str) -> dict[bytes, Reported]:
    """Everything that can be told of a text and of its number, each at its own instant."""
    at, minute = house.clock(), timedelta(minutes=1)
    sent, delivered = (
        StatusReport(ref=ref, state=state, at=at + minute)
        for state in (MessageState.SENT, MessageState.DELIVERED)
    )
    minutes = {"thank you": 2, "STOP": 3}
    thanks, stop = (
        Answer(channel=SMS, sender=number, text=text, at=at + later * minute, ref=f"{ref}-{later}")
        for text, later in minutes.items()
    )
    return {
        b"sent": sent,
        b"delivered": delivered,
        b"delivered again": delivered,
        b"thanks": thanks,
        b"stop": stop,
    }


def _end(house: House, lead: Lead, text: Message, later: Message) -> object:
    """Give what is left when everything was told: the text, the next one, consent, timeline."""
    standings = house.front.notifications.consent(lead.id).standings
    allowed = [one.allowed for one in standings if one.channel is SMS]
    timeline = house.coordinator.leads.timeline(lead.id).entries
    kinds = Counter((entry.what, entry.by) for entry in timeline)
    return [message.state for message in held(house, text, later)], allowed, sorted(kinds.items())


@pytest.mark.parametrize(
    "url",
    [
        "memory",
        *(
            pytest.param(engine, marks=[pytest.mark.faults, pytest.mark.slow])
            for engine in ("sqlite", "postgres")
        ),
    ],
    indirect=True,
)
def test_webhooks_in_any_order_come_to_one_end(url: str) -> None:
    wire = Wire(name="wire", channel=SMS)
    with a_practice(wire, url=url, carriers=((SMS, "wire"),)) as house:
        desk, ends = house.desk(Role.WORKER).notifications, []
        for number, order in enumerate(permutations(_said(house, NUMBER, ""))):
            phone, ref = f"+1312555{number:04}", f"ref-{number}"
            lead = house.lead(phone=phone, email=f"ann{number}@example.com")
            agree(house, lead)
            sent = {"state": MessageState.SENT, "carrier": "wire", "carrier_ref": ref}
            text = put(house, lead, channel=SMS, to=phone, **sent)
            later = put(house, lead, channel=SMS, to=phone, due_at=house.clock() + DAY)
            wire.said = _said(house, phone, ref)
            for body in order:
                desk.reports("wire", {}, body, "https://practice.example/hooks/wire")
            ends.append(_end(house, lead, text, later))
    assert len(ends) == 120
    assert ends[0][:2] == ([MessageState.DELIVERED, MessageState.CANCELLED], [False, False])  # type: ignore[index]  # a tuple
    assert ends == [ends[0]] * len(ends)
