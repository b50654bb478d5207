"""Starting processes that are meant to die, and looking at what they leave behind."""

import base64
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orthocrm
from orthocrm import Clinic, OrthoCRM, Settings
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.ports import UnitOfWork
from orthocrm.privacy.keys import VARIABLE
from orthocrm.services.work import everything
from tests.faults import victim
from tests.flows.conftest import KEYS
from tests.flows.practice import House

ROOT = Path(__file__).parents[2]
SOURCE = Path(orthocrm.__file__).parents[1]


def started(work: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a victim, and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, victim.__file__, work, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, VARIABLE: _key(), "PYTHONPATH": f"{SOURCE}{os.pathsep}{ROOT}"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _key() -> str:
    return f"1 {base64.b64encode(KEYS.key(1)).decode()}"


def killed(process: subprocess.Popen[str]) -> list[str]:
    """Kill a victim at once, and give what it had said by then."""
    process.kill()
    said, _ = process.communicate()
    return [line for line in said.splitlines(keepends=True) if line.endswith("\n")]


def ended(process: subprocess.Popen[str]) -> list[str]:
    """Let a victim live to its end, and give what it said."""
    said, _ = process.communicate("go\n")
    assert process.returncode == 0
    return said.splitlines()


@contextmanager
def opened(url: str) -> Iterator[OrthoCRM]:
    """Open an installation of this process's own."""
    with orthocrm.connect(url, keys=KEYS, discover_plugins=False) as crm:
        yield crm


def a_clinic(crm: OrthoCRM) -> Clinic:
    """Make a clinic with two coordinators who take turns, families or not."""
    crm.migrate()
    settings = Settings(fallback=UserId("manager"), assignment=("round_robin",))
    clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC", settings=settings)
    admin = House(crm, clinic, None).admin  # type: ignore[arg-type]  # nobody asks for the time
    for user in ("tc-1", "tc-2"):
        admin.settings.add_coordinator(user, user)
    return clinic


def whole_leads(crm: OrthoCRM, clinic: Clinic) -> tuple[Lead, ...]:
    """Give the leads, after checking that of each unit of work all rows are there or none."""
    with crm._backend.begin(clinic.id) as store:
        leads = everything(store.leads)
        ids = Counter(lead.id for lead in leads)
        _check_rows(store, leads, ids)
        keys = {key for lead in leads for key in lead.keys}
        found = store.leads.sharing_key(keys, len(leads)) if keys else {}
        assert found == {key: tuple(i.id for i in leads if key in i.keys) for key in keys}
        owners = Counter(lead.ownership.owner for lead in leads)
        assert abs(owners[UserId("tc-1")] - owners[UserId("tc-2")]) <= 1
    return leads


def _check_rows(store: UnitOfWork, leads: tuple[Lead, ...], ids: "Counter[LeadId]") -> None:
    visits = everything(store.visits)
    assert {visit.id for visit in visits} == {lead.position.visit_id for lead in leads}
    assert Counter(visit.lead_id for visit in visits) == ids
    assert Counter(task.lead_id for task in everything(store.tasks)) == ids
    assert Counter(activity.lead_id for activity in everything(store.activities)) == ids
    audited = [o for entry in everything(store.audit) for o in entry.objects]
    assert set(ids) <= set(audited)
