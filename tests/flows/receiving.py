"""What the flows of the channels share: a practice with a form, secrets, and a world outside."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import attrs

import orthocrm
from orthocrm.core.forms import FormDefinition, FormField
from orthocrm.core.ids import ClinicId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.outside import CallerDetails, Outside
from orthocrm.leads.channels.delivery import Delivered
from orthocrm.leads.channels.signatures import sign
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House

PROJECT = Path(__file__).parents[2]
SAMPLES = PROJECT / ".." / "shared" / "data" / "webhook_samples"

FORM = FormDefinition(
    slug="contact",
    title="Contact",
    fields=tuple(
        FormField(name=name)
        for name in ("first_name", "last_name", "phone", "email", "interests", "notes")
    ),
)
NO_TEXT: Any = 7
POST = {"first_name": "Maria", "last_name": "Lopez", "phone": "3125550142"}
SECRET = "a secret of the form"
SECRETS = {"*": {"web_form/contact": [SECRET], "meta": ["app"], "google": ["key"]}}


@attrs.define
class Carrier:
    """Caller ID and the leads of a page, from a dictionary; an error is raised."""

    names: Mapping[str, str] = attrs.field(factory=dict)
    leads: Mapping[str, object] = attrs.field(factory=dict)
    asked: list[str] = attrs.field(factory=list)

    def look_up(self, number: str) -> CallerDetails | None:
        self.asked.append(number)
        if not self.names:
            raise TimeoutError
        return CallerDetails(name=self.names[number]) if number in self.names else None

    def detail(self, clinic: ClinicId, leadgen_id: str) -> Any:
        self.asked.append(f"{clinic}/{leadgen_id}")
        found = self.leads.get(leadgen_id)
        if isinstance(found, Exception):
            raise found
        return found


@contextmanager
def opened(url: str, clock: FrozenClock, outside: Outside, *plugins: object) -> Iterator[House]:
    with orthocrm.connect(
        url, keys=KEYS, clock=clock, discover_plugins=False, outside=outside, plugins=plugins
    ) as crm:
        crm.migrate()
        clinic = crm.create_clinic(
            name="Bright Smiles",
            timezone="America/Chicago",
            settings=orthocrm.Settings(fallback=UserId("manager"), forms=(FORM,)),
        )
        house = House(crm, clinic, clock)
        house.admin.settings.add_coordinator(UserId("tc-1"), "Ana")
        yield house


def posted(house: House, identity: str = "msg_1", **fields: str) -> Delivered:
    body = urlencode({**POST, **fields}).encode()
    headers = sign(body, identity=identity, secret=SECRET.encode(), now=house.clock())
    return Delivered(body=body, form="contact", headers=headers)


def leads(house: House) -> list[Lead]:
    return list(house.admin.leads.find().leads)


def source_name(house: House, lead: Lead) -> str:
    practice = house.admin.settings.practice()
    assert lead.origin.source_id is not None
    return practice.source_by_id[lead.origin.source_id].name
