"""Every operation of the inbox with arguments that would be accepted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs

from orthocrm import BackendError, Delivered, Desk
from orthocrm.core.forms import FormDefinition, FormField
from orthocrm.core.inbox import Inbound, InboundKind, InboundState
from orthocrm.testing.factories import an_inbound
from tests.flows.practice import House
from tests.security.notified import Owl

BODY = b'{"first_name": "Ann", "last_name": "Lee", "phone": "3125550142"}'
JSON = {"content-type": "application/json"}


@attrs.frozen(kw_only=True)
class Shelf:
    """What an operation is tried on: deliveries that are claimed, and one that is parked."""

    enquiry: Inbound
    report: Inbound
    parked: Inbound


Call = Callable[[Desk, Shelf], Any]

DELIVERING: dict[str, Call] = {
    "inbox.take_leads": lambda desk, _: desk.inbox.take_leads(
        "web_form", Delivered(body=BODY, headers=JSON, form="inbox")
    ),
    "inbox.take_reports": lambda desk, _: desk.inbox.take_reports("owl", {}, b"hoo", "x"),
    "inbox.claim": lambda desk, _: desk.inbox.claim(),
    "inbox.capture": lambda desk, shelf: desk.inbox.capture(shelf.enquiry),
    "inbox.apply": lambda desk, shelf: desk.inbox.apply(shelf.report),
    "inbox.fail": lambda desk, shelf: desk.inbox.fail(shelf.report, BackendError("busy")),
    "inbox.deliveries": lambda desk, _: desk.inbox.deliveries(),
    "inbox.open": lambda desk, shelf: desk.inbox.open(shelf.parked.id),
    "inbox.retry": lambda desk, shelf: desk.inbox.retry([shelf.parked.id]),
    "inbox.drop": lambda desk, shelf: desk.inbox.drop([shelf.parked.id]),
    "inbox.forget": lambda desk, _: desk.inbox.forget(),
}


def shelved(house: House) -> Shelf:
    """Give a practice a form, a carrier, and deliveries."""
    house.crm._plugins.__dict__["notifiers"] = {"owl": Owl()}
    fields = tuple(FormField(name=name) for name in ("first_name", "last_name", "phone"))
    form = FormDefinition(slug="inbox", title="Contact", fields=fields, signed=False)
    house.admin.settings.save_form(form)
    now, later = house.clock(), house.clock() + timedelta(hours=1)
    of_form: dict[str, Any] = {"name": "web_form", "form": "inbox", "body": BODY, "headers": JSON}
    claimed: dict[str, Any] = {"received_at": now, "fence": 1, "attempts": 1}
    shelf = Shelf(
        enquiry=an_inbound(house.clinic, later, kind=InboundKind.LEADS, **of_form, **claimed),
        report=an_inbound(house.clinic, later, name="owl", body=b"hoo", **claimed),
        parked=an_inbound(house.clinic, now, state=InboundState.PARKED, settled_at=now),
    )
    with house.crm._backend.begin(house.clinic.id) as store:
        store.inbox.add(attrs.astuple(shelf, recurse=False))
    return shelf
