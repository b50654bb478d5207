"""Whatever is sent: an answer that the document describes, and never one that says 5xx.

What the document allows is never malformed, what it does not allow is refused, and whoever brings
no credentials gets nothing. The long form runs over SQLite and PostgreSQL, in several roles.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from litestar import Litestar
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

import orthocrm
from orthocrm.core.actor import Role
from orthocrm.testing.clock import FrozenClock
from orthocrm.web import application
from orthocrm.web.endpoints import ENDPOINTS
from orthocrm.web.openapi.document import document
from tests.flows.practice import House
from tests.web.knocking import PATIENT, ByName

UNTOLD = {"bad_instant", "not_a_period", "not_a_wall_time", "not_money", "too_deep", "unknown_zone"}
"""What no schema can say: that a day exists or is not too far, that an end comes after a start."""

# The document says what a request looks like; which of them the practice accepts, the rules say.
BY_RULES = [positive_data_acceptance]
STATED = {"Authorization": "Bearer admin manager"}


@pytest.fixture(scope="module")
def described() -> Any:
    return schemathesis.openapi.from_dict(document(ENDPOINTS))


@pytest.fixture(scope="module")
def app() -> Iterator[Litestar]:
    """One for all: to make an application takes longer than to ask it."""
    clock = FrozenClock()
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        yield application(crm, [ByName(House(crm, clinic, clock))], clock=clock, settings=PATIENT)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.id)
def test_any_request_is_answered_as_described(described: Any, app: Litestar, endpoint: Any) -> None:
    tried(described, app, endpoint, 2, STATED)


@pytest.mark.faults
@pytest.mark.parametrize("role", [Role.ADMIN, Role.TREATMENT_COORDINATOR, Role.DOCTOR])
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.id)
def test_many_requests_in_many_roles(
    described: Any, house: House, endpoint: Any, role: Role
) -> None:
    app = application(house.crm, [ByName(house)], clock=house.clock, settings=PATIENT)
    tried(described, app, endpoint, 20, {"Authorization": f"Bearer {role} tc-1"})


def tried(
    described: Any, app: Litestar, endpoint: Any, number: int, headers: dict[str, str]
) -> None:
    described.app = app
    operation = described[endpoint.pattern][endpoint.method]

    @settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def each(case: Any) -> None:
        answer = case.call(headers=headers)
        case.validate_response(answer, excluded_checks=BY_RULES)
        if answer.status_code == 400 and case.meta.generation.mode is GenerationMode.POSITIVE:
            codes = {problem["code"] for problem in answer.json()["problems"]}
            assert codes <= UNTOLD, answer.text

    each()
