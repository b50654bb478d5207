"""Every endpoint x every role: whoever lacks the right is refused, and nothing changes.

Both are made of tables: nothing is picked by hand. What a role may do the matrix of the verbs
holds against the source documents.
"""

from collections.abc import Iterator

import pytest

import orthocrm
from orthocrm.core.actor import LITERAL, Role
from orthocrm.core.audit import DONE
from orthocrm.core.query import Cond, Page, Sort
from orthocrm.testing.clock import FrozenClock
from orthocrm.web.declaring import Endpoint
from orthocrm.web.endpoints import ENDPOINTS
from tests.flows.practice import House
from tests.security.digest import digest
from tests.web.asking import least, path_of, query_of
from tests.web.knocking import PATIENT, Knocking, knocking

GUARDED = [endpoint for endpoint in ENDPOINTS if not endpoint.is_public]


@pytest.fixture(scope="module")
def office() -> Iterator[tuple[House, Knocking]]:
    """One practice for all: those who are refused change nothing of it."""
    clock = FrozenClock()
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        house = House(crm, clinic, clock)
        found = knocking(house, PATIENT)
        with found.client:
            yield house, found


@pytest.mark.parametrize("endpoint", GUARDED, ids=lambda e: e.id)
def test_whoever_lacks_the_right_is_refused_and_nothing_changes(
    office: tuple[House, Knocking], endpoint: Endpoint
) -> None:
    house, api = office
    assert endpoint.permission is not None
    body = None if endpoint.body is None else least(endpoint.body)
    before, entries = digest(house.crm), refusals(house)
    lacking = [role for role in Role if endpoint.permission not in LITERAL.get(role, {})]
    for role in lacking:
        told = api.ask(
            endpoint.method, path_of(endpoint), body, role=role, params=query_of(endpoint)
        )
        assert (told.status_code, told.json()["code"]) == (403, "forbidden"), (role, told.text)
    assert digest(house.crm) == before
    assert refusals(house) == entries + len(lacking)


def refusals(house: House) -> int:
    """Count the refusals in the audit trail, one page after the other."""
    with house.crm._backend.begin(house.clinic.id) as store:
        count, page = 0, Page(500)
        while True:
            found = store.audit.find(Cond("outcome", "ne", DONE), [Sort("at")], page)
            count += len(found.items)
            if found.after is None:
                return count
            page = Page(500, found.after)
