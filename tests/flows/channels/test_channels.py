"""Web forms and channels of plug-ins, from a delivery to an assigned lead, on every backend."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import attrs
import pytest

import orthocrm
from orthocrm import (
    Captured,
    Forbidden,
    Intake,
    InvalidInput,
    LeadStatus,
    MissingKey,
    NotFound,
    PluginError,
    Refused,
    Role,
    hook,
)
from orthocrm.core.lead import Channel
from orthocrm.core.outside import Outside
from orthocrm.leads.channels.delivery import Delivered, Reason
from orthocrm.leads.channels.signatures import Unverified
from orthocrm.privacy.secrets import StaticSecrets
from orthocrm.services.leads.receiving import Accepted
from orthocrm.testing.clock import FrozenClock
from tests.flows.practice import House
from tests.flows.receiving import FORM, POST, SECRETS, leads, opened, posted
from tests.security.digest import digest


def test_a_signed_form_becomes_an_assigned_lead(house: House) -> None:
    (result,) = house.coordinator.leads.receive("web_form", posted(house, utm_campaign="autumn"))
    assert isinstance(result, Captured)
    (lead,) = leads(house)
    assert result.lead == lead
    assert (lead.contact.name, lead.origin.channel) == ("Maria Lopez", Channel.WEB_FORM)
    assert (lead.origin.campaign, lead.ownership.owner) == ("autumn", "tc-1")
    assert (lead.status, [task.title for task in result.tasks]) == (
        LeadStatus.NEW,
        ["Call the new lead"],
    )


def test_the_form_itself_learns_only_that_it_was_accepted(bare: House) -> None:
    form = bare.desk(Role.WEB_FORM)
    bare.lead(phone="3125550142")
    fresh = form.leads.receive("web_form", posted(bare))
    again = form.leads.receive("web_form", posted(bare))
    trapped = form.leads.receive("web_form", posted(bare, website="http://spam.example"))
    assert fresh == again == trapped == (Accepted(),)
    assert len(leads(bare)) == 2


def test_a_filled_honeypot_stores_nothing_and_is_audited(bare: House) -> None:
    before = [lead.id for lead in leads(bare)]
    desk = bare.coordinator
    answered = desk.leads.receive("web_form", posted(bare, website="x"))
    assert answered == (Accepted(ignored=Reason.HONEYPOT),)
    assert [lead.id for lead in leads(bare)] == before
    entry = next(e for e in bare.admin.privacy.trail().entries if e.operation == "leads.take_in")
    assert (entry.objects, entry.fields) == (("channel:web_form",), ("ignored.honeypot",))


def test_a_replayed_delivery_is_one_lead_however_late(house: House) -> None:
    first = posted(house)
    (made,) = house.coordinator.leads.receive("web_form", first)
    house.clock.advance(timedelta(minutes=5))
    (again,) = house.coordinator.leads.receive("web_form", first)
    assert isinstance(made, Captured)
    assert isinstance(again, Captured)
    assert (again.lead.id, again.replayed) == (made.lead.id, True)
    house.clock.advance(timedelta(seconds=1))
    with pytest.raises(Unverified):
        house.coordinator.leads.receive("web_form", first)
    signed_anew = posted(house)
    (later,) = house.coordinator.leads.receive("web_form", signed_anew)
    assert isinstance(later, Captured)
    assert later.replayed
    assert len(leads(house)) == 1


def test_one_delivery_twenty_times_at_once_is_one_lead(house: House) -> None:
    delivery = posted(house)
    with ThreadPoolExecutor(8) as pool:
        desks = [house.desk(Role.TREATMENT_COORDINATOR, "tc-1") for _ in range(20)]
        waiting = [pool.submit(d.leads.receive, "web_form", delivery) for d in desks]
        results = [result for each in waiting for result in each.result()]
    (lead,) = leads(house)
    assert [isinstance(r, Captured) and r.lead.id == lead.id for r in results] == [True] * 20


def test_one_id_with_another_content_is_refused(bare: House) -> None:
    bare.coordinator.leads.receive("web_form", posted(bare))
    (result,) = bare.coordinator.leads.receive("web_form", posted(bare, last_name="Other"))
    assert isinstance(result, Refused)
    assert (result.error.code, len(leads(bare))) == ("delivery_misused", 1)


def test_deliveries_out_of_order_end_alike(clock: FrozenClock) -> None:
    ends = []
    for order in ((1, 2, 3), (3, 2, 1), (2, 1, 3, 2, 1)):
        with opened("memory://", clock, Outside(secrets=StaticSecrets(SECRETS))) as house:
            for i in order:
                delivery = posted(house, f"msg_{i}", phone=f"312555014{i}")
                house.coordinator.leads.receive("web_form", delivery)
            phones = [lead.contact.phone for lead in leads(house)]
            ends.append(sorted(phone.number for phone in phones if phone))
    assert ends[0] == ends[1] == ends[2] == ["+13125550141", "+13125550142", "+13125550143"]


def test_a_keyless_form_is_one_enquiry_for_five_minutes(house: House) -> None:
    house.admin.settings.save_form(attrs.evolve(FORM, signed=False))
    delivery = Delivered(body=POST, form="contact")
    for seconds in (0, 300, 1):
        house.clock.advance(timedelta(seconds=seconds))
        house.coordinator.leads.receive("web_form", delivery)
    assert len(leads(house)) == 2


REFUSED: dict[str, Callable[[House], Delivered]] = {
    "unsigned": lambda h: attrs.evolve(posted(h), headers={}),
    "tampered": lambda h: attrs.evolve(posted(h), body=posted(h).raw(999) + b"&stage=lost"),
    "oversize": lambda _: Delivered(body=b"x" * 70_000, form="contact"),
    "of another type": lambda h: attrs.evolve(posted(h), body="text"),  # type: ignore[arg-type] # the subject
    "of an unknown form": lambda h: attrs.evolve(posted(h), form="other"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_delivery_changes_nothing(bare: House, case: str) -> None:
    before = digest(bare.crm)
    with pytest.raises((Unverified, InvalidInput, NotFound)):
        bare.desk(Role.WEB_FORM).leads.receive("web_form", REFUSED[case](bare))
    assert digest(bare.crm) == before


def test_a_form_with_a_wrong_field_is_told_which(bare: House) -> None:
    delivery = posted(bare, phone="call me", website="", stage="lost")
    (result,) = bare.desk(Role.WEB_FORM).leads.receive("web_form", delivery)
    assert isinstance(result, Refused)
    assert str(result.error) == "stage: the form has no such field"
    (result,) = bare.desk(Role.WEB_FORM).leads.receive("web_form", posted(bare, phone="call me"))
    assert isinstance(result, Refused)
    assert "call me" not in str(result.error)
    assert leads(bare) == []


def test_what_is_typed_is_kept_as_it_is(house: House) -> None:
    said = '=HYPERLINK("http://x","y")<script>alert(1)</script>'
    delivery = posted(house, first_name="محمد 🦷", last_name="<b>علي</b>", notes=said)
    house.coordinator.leads.receive("web_form", delivery)
    (lead,) = leads(house)
    assert (lead.contact.first_name, lead.contact.last_name) == ("محمد 🦷", "<b>علي</b>")
    assert lead.enquiry.notes == said


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.CLINIC_ADMIN, Role.PATIENT])
def test_who_may_not_create_leads_receives_nothing(bare: House, role: Role) -> None:
    before = digest(bare.crm)
    with pytest.raises(Forbidden):
        bare.desk(role).leads.receive("web_form", posted(bare))
    assert digest(bare.crm) == before


class Fax:
    """A channel of a plug-in."""

    def __init__(self, answer: object = None) -> None:
        self.answer = answer

    @hook
    def register_channels(self) -> Mapping[str, Any]:
        return {"fax": self}

    def read(self, delivered: Delivered, reception: object) -> Any:  # noqa: ARG002 - the channel's names
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or (Intake(first_name=delivered.raw(9).decode(), no_contact=True),)


def test_a_plug_in_brings_a_channel(clock: FrozenClock) -> None:
    with opened("memory://", clock, Outside(), Fax()) as house:
        house.coordinator.leads.receive("fax", Delivered(body=b"Maria"))
        assert [lead.contact.first_name for lead in leads(house)] == ["Maria"]


@pytest.mark.parametrize("answer", [ValueError("secret"), [7], "x", {"a": 1}])
def test_a_channel_that_fails_is_named(clock: FrozenClock, answer: object) -> None:
    with opened("memory://", clock, Outside(), Fax(answer)) as house:
        with pytest.raises(PluginError, match="plug-in fax: the channel") as refusal:
            house.coordinator.leads.receive("fax", Delivered(body=b"Maria"))
        assert "secret" not in str(refusal.value)
        assert leads(house) == []


def test_a_channel_of_a_name_that_is_taken_stops_the_start() -> None:
    class Impostor:
        @hook
        def register_channels(self) -> Mapping[str, Any]:
            return {"web_form": Fax()}

    with pytest.raises(PluginError, match="web_form is taken"):
        orthocrm.connect("memory://", plugins=[Impostor()], discover_plugins=False)


def test_a_channel_that_cannot_read_stops_the_start() -> None:
    class Mute:
        @hook
        def register_channels(self) -> Mapping[str, Any]:
            return {"mute": object()}

    with pytest.raises(PluginError, match="plug-in mute"):
        orthocrm.connect("memory://", plugins=[Mute()], discover_plugins=False)


@pytest.mark.parametrize("name", ["smoke signals", "", None, 7])
def test_an_unknown_channel_is_not_found(bare: House, name: Any) -> None:
    with pytest.raises(NotFound):
        bare.coordinator.leads.receive(name, posted(bare))


def test_only_deliveries_are_received(bare: House) -> None:
    odd: Any = POST
    with pytest.raises(InvalidInput):
        bare.coordinator.leads.receive("web_form", odd)


def test_without_secrets_nothing_signed_is_accepted(
    clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORTHOCRM_SECRETS", raising=False)
    with opened("memory://", clock, Outside()) as house, pytest.raises(MissingKey):
        house.coordinator.leads.receive("web_form", posted(house))


def test_secrets_come_from_the_environment(
    clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORTHOCRM_SECRETS", json.dumps(SECRETS))
    with opened("memory://", clock, Outside()) as house:
        house.coordinator.leads.receive("web_form", posted(house))
        assert len(leads(house)) == 1
