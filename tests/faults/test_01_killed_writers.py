"""A writer is killed: what it acknowledged is there, and of every unit of work all or nothing."""

import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from orthocrm import Clinic, OrthoCRM, Role
from orthocrm.core.audit import DONE
from orthocrm.core.query import Cond
from orthocrm.services.work import everything
from tests.faults.processes import a_clinic, ended, killed, opened, started, whole_leads
from tests.faults.victim import BATCH, Rows, enquiry, leads
from tests.flows.practice import House

SHORT, LONG = 2, 60
ROUNDS = pytest.mark.parametrize(
    "rounds", [SHORT, pytest.param(LONG, marks=[pytest.mark.faults, pytest.mark.slow])]
)
ROWS = 20 * BATCH


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


def _events(crm: OrthoCRM, clinic: Clinic) -> "Counter[str]":
    """Count the waiting events by lead."""
    with crm._backend.begin(clinic.id) as store:
        items = store.outbox.claim(datetime.now(UTC), timedelta(0), 1_000_000)
    return Counter(item.payload["lead_id"] for item in items if item.kind == "lead_captured")


@ROUNDS
def test_a_killed_writer_leaves_whole_units_of_work(url: str, rounds: int) -> None:
    chance = random.Random(rounds)
    with opened(url) as crm:
        clinic = a_clinic(crm)
    acknowledged: set[str] = set()
    for _ in range(rounds):
        writer = started("capture", url, clinic.id)
        time.sleep(chance.uniform(0.02, 0.25))
        acknowledged |= {line.strip() for line in killed(writer)}
    with opened(url) as crm:
        found = whole_leads(crm, clinic)
        ids = {lead.id for lead in found}
        assert acknowledged <= ids
        assert len(ids - acknowledged) <= rounds
        assert _events(crm, clinic) == Counter(ids)
        with crm._backend.begin(clinic.id) as store:
            entries = everything(store.audit, Cond("operation", "eq", "leads.capture"))
        assert [entry.outcome for entry in entries] == [DONE] * len(ids)
        desk = House(crm, clinic, None).desk(Role.OPERATOR)  # type: ignore[arg-type]  # as above
        assert desk.leads.capture(enquiry(1_000_000)).lead.id not in ids


@ROUNDS
def test_a_killed_import_leaves_whole_batches_and_can_be_repeated(url: str, rounds: int) -> None:
    chance = random.Random(rounds)
    with opened(url) as crm:
        clinic = a_clinic(crm)
    told = present = 0
    for _ in range(max(rounds // 4, 1)):
        loader = started("load", url, clinic.id, str(ROWS))
        time.sleep(chance.uniform(0.05, 0.3))
        told = max([told, *(int(line) for line in killed(loader))])
        with opened(url) as crm:
            present = len(whole_leads(crm, clinic))
        assert present % BATCH == 0
        assert told <= present <= ROWS
    with opened(url) as crm:
        desk = House(crm, clinic, None).desk(Role.OPERATOR)  # type: ignore[arg-type]  # as above
        tally = desk.imports.run(Rows(ROWS), leads()).tally  # type: ignore[arg-type]  # it is only read
        assert (tally.created, tally.unchanged) == (ROWS - present, present)
        assert len(whole_leads(crm, clinic)) == ROWS


@pytest.mark.parametrize(
    "few, many, more_megabytes",
    [
        pytest.param(1_000, 5_000, 6, marks=pytest.mark.slow),
        pytest.param(20_000, 100_000, 20, marks=[pytest.mark.faults, pytest.mark.slow]),
    ],
)
def test_an_import_holds_no_more_for_a_longer_file(
    sqlite_url: str, few: int, many: int, more_megabytes: int
) -> None:
    held = []
    for rows in (few, many):
        with opened(sqlite_url) as crm:
            clinic = a_clinic(crm)
        held.append(int(ended(started("measure", sqlite_url, clinic.id, str(rows)))[-1]))
    assert held[1] - held[0] <= more_megabytes
