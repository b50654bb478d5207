"""Fault 18. Conflicting edits: one wins, each of the others gets a `Conflict`."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

import orthocrm
from orthocrm import Conflict, OrthoCRM
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.suite.arranged import outcomes
from tests.flows.conftest import KEYS
from tests.flows.practice import House

SHORT, LONG = 4, 16
EDITORS = pytest.mark.parametrize(
    "editors", [SHORT, pytest.param(LONG, marks=[pytest.mark.faults, pytest.mark.slow])]
)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    engine, clock = request.param, FrozenClock()
    name = f"migrated_{engine}_url"
    url = "memory://" if engine == "memory" else str(request.getfixturevalue(name))
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        house = House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)
        house.admin.settings.add_coordinator("tc-1", "Ana")
        yield house


def _told(*edits: Callable[[], object]) -> "Counter[str]":
    """Let everybody edit at once, and tell how many won and what the others got."""
    errors = [outcome.error for outcome in outcomes(*edits)]
    assert all(error is None or isinstance(error, Conflict) for error in errors)
    return Counter("won" if error is None else "conflict" for error in errors)


def _one(editors: int) -> dict[str, int]:
    return {"won": 1, "conflict": editors - 1}


@EDITORS
def test_of_those_who_edit_one_lead_from_one_reading_one_wins(house: House, editors: int) -> None:
    lead, crm = house.lead(), house.crm

    def edit(number: int) -> Callable[[], object]:
        enquiry = attrs.evolve(lead.enquiry, notes=f"editor {number}")
        return lambda: _saved(crm, attrs.evolve(lead, enquiry=enquiry))

    assert _told(*map(edit, range(editors))) == _one(editors)
    kept = house.coordinator.leads.get(lead.id)
    assert kept.version == lead.version + 1
    assert (kept.enquiry.notes or "").startswith("editor ")


def _saved(crm: OrthoCRM, lead: Any) -> None:
    with crm._backend.begin(lead.clinic_id) as store:
        store.leads.save([lead])


@EDITORS
def test_of_those_who_change_one_source_from_one_reading_one_wins(
    house: House, editors: int
) -> None:
    desk = house.admin.sources
    source = desk.add("Flyer", "OTHER")

    def rename(number: int) -> Callable[[], object]:
        return lambda: desk.change(attrs.evolve(source, name=f"Flyer {number}"))

    assert _told(*map(rename, range(editors))) == _one(editors)
    (kept,) = [one for one in desk.all() if one.id == source.id]
    assert kept.version == source.version + 1


@EDITORS
def test_of_those_who_change_one_stage_from_one_reading_one_wins(
    house: House, editors: int
) -> None:
    desk = house.admin.settings
    stage = desk.practice().stage("contacted")

    def rename(number: int) -> Callable[[], object]:
        return lambda: desk.change_stage(attrs.evolve(stage, name=f"Contacted {number}"))

    assert _told(*map(rename, range(editors))) == _one(editors)
    assert desk.practice().stage("contacted").version == stage.version + 1
