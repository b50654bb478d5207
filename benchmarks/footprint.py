"""A fresh process that uses an embedded practice, and prints the most memory it ever held."""

import re
import resource
import sys
from pathlib import Path

import orthocrm
from benchmarks import people
from orthocrm import Actor, Clinic, Desk, OrthoCRM, Role
from orthocrm.core.ids import UserId
from orthocrm.leads import mapping
from orthocrm.privacy.keys import StaticKeys

KEYS = StaticKeys({1: bytes(range(32))})
_STATUS = Path("/proc/self/status")


def peak() -> float:
    """Give the most resident memory of this process so far, in MB.

    Linux counts the parent's into what `getrusage` tells, but not into its own file.
    """
    if _STATUS.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def use(url: str) -> None:
    """Open a database, capture and move a lead, read a page and the funnel."""
    with _connect(url) as crm:
        (clinic,) = crm.clinics()
        ours = _desk(crm, clinic, Role.TREATMENT_COORDINATOR)
        lead = ours.leads.capture(people.enquiry(1_000_000)).lead
        ours.pipeline.move(lead.id, "contacted")
        assert ours.leads.find(mine=False, size=50).leads
        assert _desk(crm, clinic, Role.CLINIC_ADMIN).analytics.funnel().total.leads


def take_in(url: str, file: str) -> None:
    """Import a file into a new database."""
    with _connect(url) as crm, Path(file).open("rb") as stream:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        _desk(crm, clinic, Role.CLINIC_ADMIN).settings.add_coordinator(UserId("tc-1"), "TC-1")
        report = _desk(crm, clinic, Role.IMPORTER).imports.run(stream, mapping.parse(people.LEADS))
        assert report.tally.created == report.tally.rows


def _connect(url: str) -> OrthoCRM:
    return orthocrm.connect(url, keys=KEYS, discover_plugins=False)


def _desk(crm: OrthoCRM, clinic: Clinic, role: Role) -> Desk:
    return crm.acting_as(Actor(user=UserId("tc-1"), clinic=clinic.id, roles={role}))


if __name__ == "__main__":
    database, *files = sys.argv[1:]
    if files:
        take_in(database, *files)
    else:
        use(database)
    print(peak())
