"""How tests knock at the API: as somebody whom a word in the request names."""

from collections.abc import Iterable
from typing import Any

from attrs import define, frozen
from litestar.testing import TestClient

from orthocrm.core.access import Credentials
from orthocrm.core.actor import Actor, Role
from orthocrm.core.ids import UserId
from orthocrm.web import application
from orthocrm.web.limiting import Rate, Rates
from orthocrm.web.settings import Streams, WebSettings
from tests.flows.practice import House

FAMILY = {
    "firstName": "Maria",
    "lastName": "Lopez",
    "patientFirstName": "Sofia",
    "patientLastName": "Lopez",
    "patientRelationship": "CHILD",
    "phone": "+1 312 555 0142",
    "email": "maria@example.com",
}


@frozen
class ByName:
    """An authenticator that believes `role user`, for the clinic that it was made for."""

    house: House

    def authenticate(self, credentials: Credentials) -> Actor | None:
        """Give whom the bearer token names."""
        role, _, user = (credentials.bearer or "").partition(" ")
        if role not in set(Role):
            return None
        return Actor(user=UserId(user or role), clinic=self.house.clinic.id, roles={Role(role)})


@define
class Knocking:
    """A client for each role; `ask` gives the status and the JSON."""

    client: TestClient[Any]

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        role: Role | None = Role.ADMIN,
        user: str = "manager",
        headers: dict[str, str] | None = None,
        params: Iterable[tuple[str, str]] = (),
    ) -> Any:
        stated = {} if role is None else {"Authorization": f"Bearer {role} {user}"}
        return self.client.request(
            method,
            path,
            headers={**stated, **(headers or {})},
            params=list(params) or None,
            json=body,
        )


OFTEN = Rate(per_minute=10**6, burst=10**6)
PATIENT = WebSettings(
    rates=Rates(address=OFTEN, visitor=OFTEN, actor=OFTEN, clinic=OFTEN),
    streams=Streams(longest_seconds=0),
)
"""For tests that ask more often than anybody may, and wait for no stream to end by itself."""


def knocking(house: House, settings: WebSettings | None = None) -> Knocking:
    """Open the API of a house without a network."""
    app = application(house.crm, [ByName(house)], settings=settings, clock=house.clock)
    return Knocking(TestClient(app, raise_server_exceptions=False))
