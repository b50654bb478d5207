"""What reaches the database: nothing personal in clear, only what changed, all or nothing."""

import contextlib
import re
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from orthocrm.backends.sql import SqlBackend
from orthocrm.backends.sql.backend import MANY_LEADS
from orthocrm.backends.sql.flush import Save, _updates
from orthocrm.backends.sql.keys import ClinicVaults, Keys
from orthocrm.backends.sql.postgres import BULK
from orthocrm.backends.sql.rows import LEAD
from orthocrm.backends.sql.session import Session
from orthocrm.backends.sql.sqlite import SqliteEngine
from orthocrm.core.errors import AlreadyExists, BackendError, NotFound, UnknownBackend
from orthocrm.core.lead import Enquiry, Lead
from orthocrm.core.money import Money
from orthocrm.core.settings import Clinic
from orthocrm.privacy.cipher import PlainVault
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import (
    a_consent,
    a_lead,
    a_message,
    a_source,
    a_staff_contact,
    a_task,
    a_visit,
    an_activity,
    another_clinic_id,
)
from orthocrm.testing.suite.arranged import a_practice, store, the_lead
from tests.unit.backends.sql.conftest import a_backend

CANARY = "Kanarienvogel"


def test_nothing_personal_is_in_the_file(sqlite_url: str) -> None:
    backend = a_backend(sqlite_url)
    backend.migrate()
    clinic = a_practice(backend)
    lead = a_lead(clinic, patient=f"{CANARY} Keller", email=f"{CANARY}@example.com")
    with backend.begin(clinic.id) as unit:
        unit.leads.add([lead])
        unit.activities.add([an_activity(lead, notes=CANARY)])
        unit.tasks.add([a_task(lead, title=CANARY)])
        unit.messages.add([a_message(clinic, lead, to=CANARY), a_message(clinic, body=CANARY)])
        unit.contacts.add([a_staff_contact(clinic, email=CANARY)])
        unit.consents.add([a_consent(clinic, f"email:{CANARY}", evidence=CANARY)])
    stored = [
        path.read_bytes() for path in Path(make_url(sqlite_url).database or "").parent.iterdir()
    ]
    backend.close()
    assert [CANARY.encode() in content for content in stored] == [False] * len(stored)
    assert any(lead.id.encode() in content for content in stored)


def many_leads(clinic: Clinic, count: int) -> list[Lead]:
    return [a_lead(clinic, phone=f"+1312{number:07}") for number in range(count)]


@pytest.mark.parametrize("count", [1, 3, BULK, BULK + 1])
def test_any_number_of_leads_is_written_at_once(backend: SqlBackend, count: int) -> None:
    clinic = a_practice(backend)
    leads = many_leads(clinic, count)
    with backend.begin(clinic.id) as unit:
        unit.leads.add(leads)
        unit.visits.add([a_visit(lead) for lead in leads])
        unit.activities.add([an_activity(lead, notes="ä\t\n\\N") for lead in leads])
    with backend.begin(clinic.id) as unit:
        assert unit.leads.get([lead.id for lead in leads]) == {lead.id: lead for lead in leads}
        assert unit.leads.sharing_key(["phone:+13120000000"]) == {
            "phone:+13120000000": (leads[0].id,)
        }
        assert [unit.visits.count(), unit.activities.count()] == [count, count]
        assert {activity.notes for activity in unit.activities.find().items} == {"ä\t\n\\N"}


@pytest.mark.parametrize("count", [1, BULK + 1])
def test_a_taken_id_drops_everything(backend: SqlBackend, count: int) -> None:
    clinic = a_practice(backend)
    taken, others = a_lead(clinic), many_leads(clinic, count)
    with backend.begin(clinic.id) as unit:
        unit.leads.add([taken])
    with pytest.raises(AlreadyExists) as refused, backend.begin(clinic.id) as unit:
        unit.leads.add([*others, taken])
    assert (refused.value.kind, refused.value.path) == ("lead", "id")
    with backend.begin(clinic.id) as unit:
        assert unit.leads.count() == 1


def store_and_overlook(backend: SqlBackend, clinic: Clinic, lead: Lead) -> None:
    with backend.begin(clinic.id) as unit:
        unit.leads.add([lead])
        unit.sources.add([a_source(clinic, "dr. weber")])
        with contextlib.suppress(AlreadyExists):
            unit.sources.count()


def test_a_refusal_that_was_caught_still_drops_everything(backend: SqlBackend) -> None:
    clinic = a_practice(backend)
    lead = a_lead(clinic)
    with pytest.raises(AlreadyExists):
        store_and_overlook(backend, clinic, lead)
    assert the_lead(backend, clinic, lead) is None


def test_what_hangs_on_no_lead_is_refused(backend: SqlBackend) -> None:
    clinic = a_practice(backend)
    with pytest.raises(NotFound), backend.begin(clinic.id) as unit:
        unit.activities.add([an_activity(a_lead(clinic))])
    with pytest.raises(BackendError), backend.begin(clinic.id) as unit:
        unit.visits.add([a_visit(a_lead(clinic))])


def test_what_cannot_be_stored_is_refused_whole(backend: SqlBackend) -> None:
    clinic = a_practice(backend)
    for unfit in (a_source(clinic, "\ud800"), a_source(clinic, monthly_cost=Money(2**63, "USD"))):
        with pytest.raises(BackendError):
            store(backend, clinic, "sources", [unfit])
    with backend.begin(clinic.id) as unit:
        assert unit.sources.count() == 1


def test_a_unit_of_work_that_ended_is_refused(backend: SqlBackend) -> None:
    clinic = a_practice(backend)
    with backend.begin(clinic.id) as unit:
        pass
    with pytest.raises(BackendError):
        unit.leads.count()


def test_errors_name_no_values(backend: SqlBackend) -> None:
    clinic = a_practice(backend)
    with pytest.raises(AlreadyExists) as refused, backend.begin(clinic.id) as unit:
        unit.sources.add([a_source(clinic, "DR. WEBER")])
    assert str(refused.value) == "a source with this name exists"


def changed_columns(before: Lead, after: Lead) -> list[str]:
    """Give the columns that a save of a lead that was read sets."""
    engine = SqliteEngine(make_url("sqlite://"))
    with engine.transaction() as connection:
        session = Session(engine, connection, before.clinic_id)
        vaults = ClinicVaults(PlainVault())
        vaults.opened[before.clinic_id] = "1", PlainVault().clinic(before.clinic_id, [])
        keys = Keys(session, vaults, live="1")
        keys.new_lead(before.id)
        [step] = _updates(LEAD, [Save(before.version, before, after)], keys)
    engine.engine.dispose()
    return re.findall(r"(\w+)=\?", step.sql)


def test_a_save_sets_only_what_changed(backend: SqlBackend) -> None:
    lead = a_lead(a_practice(backend))
    later = attrs.evolve(lead.stamps, updated_at=MONDAY_MORNING + timedelta(hours=1))
    assert changed_columns(lead, attrs.evolve(lead, version=2, stamps=later)) == [
        "version",
        "updated_at",
    ]
    noted = attrs.evolve(lead, version=2, enquiry=Enquiry(notes="twins"))
    assert changed_columns(lead, noted) == ["version", "sealed"]


def test_the_report_of_all_leads_reads_an_index_alone(sqlite_url: str) -> None:
    backend = SqlBackend(sqlite_url, PlainVault())
    backend.migrate()
    backend.close()
    engine = sa.create_engine(sqlite_url)
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT furthest, furthest_order, count(*), count(converted_at), "
            "count(lost_at) FROM leads WHERE clinic_id = 'c' AND deleted_at IS NULL "
            "GROUP BY furthest, furthest_order"
        ).all()
    engine.dispose()
    assert [row[3] for row in plan] == [
        "SEARCH leads USING COVERING INDEX ix_leads_funnel (clinic_id=?)"
    ]


def test_tables_are_measured_after_many_new_leads(backend: SqlBackend) -> None:
    measured: list[int] = []
    backend.analyse = lambda: measured.append(1)  # type: ignore[method-assign]  # counts the calls
    backend._count(MANY_LEADS - 1)
    backend._count(1)
    backend._count(MANY_LEADS - 1)
    assert measured == [1]
    backend._count(1)
    assert measured == [1, 1]


def test_measuring_changes_nothing(backend: SqlBackend) -> None:
    clinic = a_practice(backend)
    lead = a_lead(clinic)
    with backend.begin(clinic.id) as unit:
        unit.leads.add([lead])
    backend.analyse()
    assert the_lead(backend, clinic, lead) == lead


def test_memory_can_be_the_database() -> None:
    backend = SqlBackend("sqlite://", PlainVault())
    backend.migrate()
    clinic = a_practice(backend)
    assert list(backend.clinics()) == [clinic]
    with backend.begin(another_clinic_id()) as unit:
        assert unit.revision() is None
    backend.close()


def test_another_database_is_refused() -> None:
    with pytest.raises(UnknownBackend):
        SqlBackend("mysql://localhost/leads", PlainVault())
