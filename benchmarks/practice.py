"""One practice, kept twice: by the library, and by hand-written SQL beside it."""

import io
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from itertools import count, islice

from attrs import define, field

import orthocrm
from benchmarks import people
from benchmarks.engines import Engine, Pair
from benchmarks.floor import COORDINATORS, Floor
from orthocrm import Actor, Clinic, Desk, OrthoCRM, Role
from orthocrm.core.ids import UserId
from orthocrm.leads import mapping as mappings
from orthocrm.leads.mapping import LeadMapping, OutcomeMapping
from orthocrm.privacy.keys import StaticKeys
from orthocrm.services.imports.runs import ImportReport

_FILE = 20_000
"""Families in one file of those that fill a large database."""

LARGE = 100_000
"""The number of leads for which the bounds of pages, duplicates and reports are set."""

MILLION = 1_000_000
"""The number of leads of a chain of practices."""

KEYS = StaticKeys({1: bytes(range(32))})
"""The key of the measured databases, which hold nobody's data."""

parsed = cache(mappings.parse)


@define(kw_only=True)
class House:
    """A practice with four coordinators; `leads` counts the families of its files."""

    engine: Engine
    pair: Pair
    crm: OrthoCRM
    clinic: Clinic
    floor: Floor
    leads: int = 0
    newcomers: int = field(default=1_000_000)

    @property
    def on(self) -> str:
        """The name of the engine."""
        return self.engine.name

    @property
    def is_large(self) -> bool:
        """Whether bounds that are set for a large practice apply."""
        return self.leads >= LARGE

    @property
    def admin(self) -> Desk:
        """The desk of the clinic's administrator."""
        return desk(self.crm, self.clinic, Role.CLINIC_ADMIN, "adm")

    @property
    def importer(self) -> Desk:
        """The desk of imports."""
        return desk(self.crm, self.clinic, Role.IMPORTER, "importer")

    @property
    def coordinator(self) -> Desk:
        """The desk of a treatment coordinator."""
        return desk(self.crm, self.clinic, Role.TREATMENT_COORDINATOR, "tc-1")

    def enquiries(self, many: int) -> list[orthocrm.Intake]:
        """Give enquiries of families that nobody has heard of."""
        first, self.newcomers = self.newcomers, self.newcomers + many
        return [people.enquiry(number) for number in range(first, self.newcomers)]

    def strangers(self, many: int) -> list[orthocrm.Intake]:
        """Give enquiries of families of whom no two are kin, so that each takes a turn."""
        singles = (one for one in count(self.newcomers) if not people.is_sibling(one))
        chosen = list(islice(singles, many))
        self.newcomers = chosen[-1] + 1
        return [people.enquiry(number) for number in chosen]

    def fill(self, leads: int, *, settled: bool = True) -> None:
        """Bring the practice to so many leads, spread over all stages, and `settled` outcomes."""
        while self.leads < leads:
            numbers = range(self.leads, min(self.leads + _FILE, leads))
            file = people.leads_file(numbers)
            imported(self.importer, file, people.STAGED, len(numbers))
            self.floor.load(file, datetime.now(UTC))
            if settled:
                imported(self.importer, people.outcomes_file(numbers), people.OUTCOMES)
                self.floor.spread(map(people.family, numbers))
            self.leads = numbers.stop
        self.floor.analyse()

    def close(self) -> None:
        """Close both."""
        self.floor.close()
        self.crm.close()


def desk(crm: OrthoCRM, clinic: Clinic, role: Role, user: str) -> Desk:
    """Give the desk of somebody."""
    return crm.acting_as(Actor(user=UserId(user), clinic=clinic.id, roles={role}))


def opened(url: str) -> tuple[OrthoCRM, Clinic]:
    """Open an empty database, and make a clinic with four coordinators in it."""
    crm = orthocrm.connect(url, keys=KEYS, discover_plugins=False)
    crm.migrate()
    return crm, founded(crm)


def founded(crm: OrthoCRM) -> Clinic:
    """Make a clinic with four coordinators."""
    clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
    admin = desk(crm, clinic, Role.CLINIC_ADMIN, "adm")
    for user in COORDINATORS:
        admin.settings.add_coordinator(UserId(user), user.upper())
    return clinic


def house(engine: Engine) -> House:
    """Set up an empty practice on an engine."""
    pair = engine.pair()
    crm, clinic = opened(pair.url)
    return House(engine=engine, pair=pair, crm=crm, clinic=clinic, floor=engine.floor(pair))


def imported(importer: Desk, file: bytes, mapping: str, created: int = 0) -> ImportReport:
    """Import a file, and make sure that all of it was understood."""
    wanted: LeadMapping | OutcomeMapping = parsed(mapping)
    report = importer.imports.run(io.BytesIO(file), wanted)
    assert report.tally.refused == 0, report.tally.problems[:3]
    assert report.tally.created == created, report.tally
    return report


def numbers_of_file(first: int, rows: int) -> Iterable[int]:
    """Number the families of a file in which every hundredth row repeats the one before."""
    return (first + row - 1 if row % 100 == 99 else first + row for row in range(rows))
