"""Canaries: texts in every personal field, looked for wherever personal data must not be."""

import logging
import traceback
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest
import sqlalchemy as sa
from attrs import evolve

import orthocrm
from orthocrm import (
    Cond,
    CustomField,
    Document,
    FieldKind,
    InvalidInput,
    LeadEdit,
    LogEntry,
    Loss,
    MissingKey,
    NewTask,
    OrthoCRMError,
    Role,
    Settings,
)
from orthocrm.core.activity import LeadActivityType
from orthocrm.core.errors import BackendError
from orthocrm.core.ids import LeadId, MessageId, UserId
from orthocrm.core.lead import Channel, Lead
from orthocrm.core.masking import personal_paths
from orthocrm.core.notifying import MessageChannel, PushTarget
from orthocrm.core.task import LeadTaskType
from orthocrm.leads.intake import Intake
from orthocrm.privacy.consent import NewConsent
from orthocrm.privacy.keys import KeyFile, StaticKeys
from orthocrm.services import deliveries
from orthocrm.services.notifications.contacts import ContactDetails
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.factories import a_consent, a_message, a_staff_contact
from tests.flows import files
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.support.postgres import as_superuser

INTAKE: dict[str, Any] = {
    "first_name": "Qzcanaryfirstname",
    "last_name": "Qzcanarylastname",
    "patient_first_name": "Qzcanarypatientfirst",
    "patient_last_name": "Qzcanarypatientlast",
    "patient_born_on": date(2011, 3, 29),
    "patient_age": 117,
    "email": "qzcanarymail@qzcanarydomain.example",
    "phone": "+1 312 555 0173",
    "phone_alt": "+1 312 555 0187",
    "preferred_time": "Qzcanarypreferredtime",
    "address_line1": "Qzcanarylineone 5",
    "address_line2": "Qzcanarylinetwo",
    "city": "Qzcanarycity",
    "state": "Qzcanarystate",
    "postal_code": "Qzcanary60614",
    "source_detail": "Qzcanarysourcedetail",
    "referrer_name": "Qzcanaryreferrername",
    "insurance_carrier": "Qzcanarycarrier",
    "insurance_member_id": "Qzcanarymember",
    "notes": "Qzcanarynotes\nof two lines",
    "external_ref": "Qzcanaryexternalref",
    "custom": {"nickname": "Qzcanarynickname"},
}
DIGITS = ("3125550173", "3125550187", "555-0173", "2011-03-29", "20110329")
"""What stands for the phones and the birth date; two digits of an age are found everywhere."""

ENQUIRY = Intake(
    channel=Channel.WEB_FORM,
    relationship="CHILD",
    source="Doctor referral",
    delivery_key="Qzcanarydeliverykey",
    **INTAKE,
)
BY_CONTENT = attrs.evolve(ENQUIRY, delivery_key=None, notes="Qzcanaryothernotes")
CARRIERS = ("qzcanary", *DIGITS)


def test_every_personal_field_of_an_enquiry_has_its_canary() -> None:
    assert set(personal_paths(Intake)) == set(INTAKE)


@attrs.frozen
class Filled:
    """A house with canaries in every field, and everything that its verbs gave back."""

    house: House
    results: list[Any]
    errors: list[BaseException]


OWN_FIELDS = (CustomField(name="nickname", label="Nickname", kind=FieldKind.TEXT),)
PLAN = Document(name="Qzcanaryplan", reference="https://files.example/qzcanaryplan.pdf")


def _fill(house: House) -> Filled:
    results: list[Any] = []
    desk = house.coordinator
    settings = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(attrs.evolve(settings, custom_fields=OWN_FIELDS))
    captured = desk.leads.capture(ENQUIRY)
    lead = captured.lead.id
    results += [captured, desk.leads.capture(ENQUIRY), desk.leads.capture(BY_CONTENT)]
    results.append(
        desk.leads.edit(lead, LeadEdit(notes="Qzcanaryedited", first_name="Qzcanarynewname"))
    )
    call = LogEntry(type=LeadActivityType.NOTE, outcome="Qzcanaryoutcome", notes="Qzcanaryactivity")
    results.append(desk.followups.log(lead, call))
    results += [PLAN, desk.leads.attach(lead, PLAN)]
    task = _task(house)
    results.append(desk.followups.add_task(lead, task))
    results.append(desk.followups.complete(results[-1].id))
    results.append(desk.followups.add_task(lead, task))
    results.append(desk.pipeline.lose(lead, "OTHER", "Qzcanarylostnotes"))
    results.append(desk.pipeline.reopen(lead, "Qzcanaryreopened"))
    results += [call, task, Loss(lead_id=lead, reason="OTHER", notes="Qzcanarylostnotes"), ENQUIRY]
    results += [_imported(house, "Qzcanaryimported"), _imported(house, "Qzcanarychanged")]
    now = house.clock()
    results.append(
        house.admin.settings.add_absence(
            "tc-1", now, now + timedelta(days=1), reason="Qzcanaryabsence"
        )
    )
    _write_to_everybody(house, captured.lead)
    results += _notified(house, captured.lead)
    results += [desk.leads.find(mine=False), desk.leads.timeline(lead), desk.followups.open_tasks()]
    results += [desk.leads.duplicates(ENQUIRY), desk.pipeline.board(), house.admin.privacy.trail()]
    return Filled(house, results, list(_errors(house, lead)))


def _task(house: House) -> NewTask:
    return NewTask(
        type=LeadTaskType.CALL,
        title="Qzcanarytitle",
        description="Qzcanarydescription",
        due_at=house.clock(),
    )


def _write_to_everybody(house: House, lead: Lead) -> None:
    """Store what is written to the family and to staff, and what the family said about it."""
    clinic, canary = house.clinic, "qzcanary{}@qzcanarydomain.example".format
    push = PushTarget(endpoint="Qzcanaryendpoint", p256dh="Qzcanaryp256dh", auth="Qzcanaryauth")
    words: dict[str, Any] = {"subject": "Qzcanarysubject", "body": "Qzcanarybody"}
    contact = a_staff_contact(
        clinic, "tc-9", email=canary("staff"), phone="+13125550187", push=(push,)
    )
    phone, email = "phone:+13125550173", "email:" + canary("consent")
    with house.crm._backend.begin(clinic.id) as store:
        store.messages.add([a_message(clinic, lead, to=canary("to"), **words)])
        store.messages.add([a_message(clinic, to="+13125550187", **words)])
        store.contacts.add([contact])
        store.consents.add(
            [
                a_consent(clinic, phone, lead_id=lead.id, evidence="Qzcanaryevidence"),
                a_consent(clinic, email, evidence="Qzcanaryclinicevidence"),
            ]
        )
    with house.crm._backend.begin(clinic.id) as store:
        [claimed, _] = store.messages.claim(house.clock(), timedelta(minutes=1), 2)
        assert store.messages.settle(evolve(claimed, carrier="smtp"))
        assert {
            address: len(held) for address, held in store.consents.of([phone, email]).items()
        } == {
            phone: 1,
            email: 1,
        }


def _notified(house: House, lead: Lead) -> list[Any]:
    """Record consent, choose how one is reached, and let a worker take what is due."""
    desk = house.coordinator.notifications
    yes = NewConsent(
        channel=MessageChannel.SMS, granted=True, evidence="Qzcanaryagreed", address="+13125550173"
    )
    details = ContactDetails(
        email="qzcanaryreach@qzcanarydomain.example",
        phone="+13125550187",
        channels=(MessageChannel.EMAIL,),
    )
    made = [desk.record_consent(lead.id, yes), desk.set_contact(details), yes, details]
    taken = house.desk(Role.WORKER).notifications.take()
    return [*made, taken, desk.consent(lead.id), desk.messages(lead.id), desk.contact()]


def _imported(house: House, name: str) -> Any:
    rows = [
        files.a_row(
            1,
            first=name,
            last="Qzcanarylast",
            email="qzcanaryrow@example.com",
            notes="Qzcanarycell",
        ),
        files.a_row(2, first=name, phone="Qzcanarybadphone", email="qzcanary@bad@qz"),
    ]
    return files.run(house.desk(Role.IMPORTER), rows)


def _errors(house: House, lead: LeadId) -> Iterator[BaseException]:
    desk = house.coordinator
    calls: tuple[Callable[[], object], ...] = (
        lambda: desk.leads.capture(
            attrs.evolve(
                ENQUIRY,
                delivery_key=None,
                phone="Qzcanaryphone",
                email="qzcanary@a@qz",
                source="Qzcanarysource",
            )
        ),
        lambda: desk.leads.capture(attrs.evolve(ENQUIRY, notes="Qzcanarymisused")),
        lambda: desk.leads.edit(lead, LeadEdit(email="qzcanary@a@qz", phone="Qzcanaryphone")),
        lambda: desk.pipeline.move(lead, "Qzcanarystage"),
        lambda: desk.pipeline.lose(lead, "Qzcanaryreason", "Qzcanarynote"),
        lambda: desk.leads.get(LeadId("Qzcanaryidentity")),
        lambda: desk.leads.find(Cond("Qzcanaryfield", "eq", "Qzcanaryvalue")),
        lambda: desk.leads.find(cursor="Qzcanarycursor"),
        lambda: desk.notifications.record_consent(
            lead,
            NewConsent(channel=MessageChannel.SMS, granted=True, address="Qzcanaryaddress"),
        ),
        lambda: desk.notifications.set_contact(
            ContactDetails(email="qzcanary@bad@qz", phone="Qzcanaryphone")
        ),
        lambda: desk.notifications.cancel(MessageId("Qzcanarymessage")),
        lambda: house.desk(Role.WORKER).notifications.reports(
            "Qzcanarycarrier", {}, b"Qzcanarybody", "https://qzcanary.example"
        ),
    )
    for call in calls:
        with pytest.raises(OrthoCRMError) as refusal:
            call()
        yield refusal.value


class Log(logging.Handler):
    """Everything that any logger says, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [self.format(record), repr(record.args)]


@pytest.fixture
def log() -> Iterator[Log]:
    handler, root = Log(), logging.getLogger()
    named = [root, *map(logging.getLogger, ("sqlalchemy", "psycopg", "orthocrm", "alembic"))]
    levels = [logger.level for logger in named]
    root.addHandler(handler)
    for logger in named:
        logger.setLevel(logging.DEBUG)
    yield handler
    for logger, level in zip(named, levels, strict=True):
        logger.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def filled(url: str, clock: FrozenClock, log: Log) -> Iterator[Filled]:  # noqa: ARG001 - it listens from the start
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        yield _fill(_a_house(crm, clock))


def _a_house(crm: orthocrm.OrthoCRM, clock: FrozenClock) -> House:
    crm.migrate()
    settings = Settings(fallback=UserId("manager"))
    house = House(crm, crm.create_clinic(name="Bright", timezone="UTC", settings=settings), clock)
    house.admin.settings.add_coordinator("tc-1", "Ana")
    return house


def found(text: str) -> list[str]:
    """Give the canaries that a text holds, in clear or as hexadecimal digits."""
    low = text.lower()
    return [c for c in CARRIERS if c in low or c.encode().hex() in low]


def dumped(url: str) -> str:
    """Give everything that a database holds, as its files or its own dump show it."""
    if url.startswith("sqlite"):
        file = Path(url.removeprefix("sqlite:///"))
        parts = sorted(file.parent.glob(file.name + "*"))
        return "".join(p.read_bytes().decode("latin-1") for p in parts if p.suffix != ".keys")
    with psycopg.connect(as_superuser(url)) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        return "".join(_copied(connection, name) for (name,) in tables)


def _copied(connection: psycopg.Connection[Any], table: str) -> str:
    query = psycopg.sql.SQL("COPY {} TO STDOUT").format(psycopg.sql.Identifier(table))
    with connection.cursor().copy(query) as copy:
        return b"".join(bytes(part) for part in copy).decode()


SQL = pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)


@SQL
def test_no_database_holds_personal_data_in_clear(filled: Filled, url: str) -> None:
    assert found(dumped(url)) == []
    filled.house.crm.close()
    assert found(dumped(url)) == []


@SQL
def test_no_database_holds_what_personal_data_can_be_guessed_from(filled: Filled, url: str) -> None:
    content = dumped(url)
    assert filled.results
    for enquiry in (ENQUIRY, BY_CONTENT):
        assert deliveries.fingerprint(enquiry) not in content


@SQL
def test_without_encryption_the_canaries_are_found(url: str, clock: FrozenClock) -> None:
    with orthocrm.connect(url, allow_plaintext=True, clock=clock, discover_plugins=False) as crm:
        _fill(_a_house(crm, clock))
        assert "3125550173" in found(dumped(url))
        for name in (
            "Qzcanarylostnotes",
            "Qzcanarydescription",
            "Qzcanaryabsence",
            "Qzcanaryimported",
            "Qzcanarysubject",
            "Qzcanarybody",
            "Qzcanaryendpoint",
            "email:qzcanaryconsent",
            "Qzcanaryevidence",
            "Qzcanaryclinicevidence",
        ):
            content = dumped(url).lower()
            assert name.lower() in content or name.encode().hex() in content


def test_what_is_audited_and_sent_on_holds_no_personal_data(filled: Filled) -> None:
    house = filled.house
    with house.crm._backend.begin(house.clinic.id) as store:
        entries = everything(store.audit)
        items = store.outbox.claim(house.clock(), timedelta(minutes=1), 500)
    assert len(entries) > 20
    assert len(items) > 10
    assert found(repr([*map(attrs.asdict, entries), *map(attrs.asdict, items)])) == []


def test_no_repr_shows_personal_data(filled: Filled) -> None:
    house = filled.house
    with house.crm._backend.begin(house.clinic.id) as store:
        kept: list[Any] = [
            everything(getattr(store, kind))
            for kind in ("leads", "activities", "tasks", "time_off", "import_changes")
        ]
        kept += [everything(store.messages), everything(store.contacts)]
        kept.append(store.consents.of(["phone:+13125550173"])["phone:+13125550173"])
        kept.append(everything(store.personal_changes))
    assert all(kept)
    shown = [*filled.results, *kept, house.crm, house.coordinator, filled.errors]
    assert [found(repr(noun)) for noun in shown] == [[]] * len(shown)


def test_no_error_repeats_what_was_given(filled: Filled) -> None:
    for error in filled.errors:
        assert found(f"{error} {error!r} {error.args!r}") == []
        assert found("".join(_traceback(error).format())) == []
        if isinstance(error, InvalidInput):
            assert found(repr(error.problems)) == []


def _traceback(error: BaseException) -> traceback.TracebackException:
    """Give a traceback with everything that led to it, but for the lines of these tests."""
    told: traceback.TracebackException | None = traceback.TracebackException.from_exception(error)
    first = told
    while told is not None:
        told.stack[:] = [frame for frame in told.stack if frame.filename != __file__]
        told = told.__cause__ or told.__context__
    assert first is not None
    return first


def test_no_log_shows_personal_data(filled: Filled, log: Log) -> None:
    assert filled.errors
    assert [line for line in log.lines if found(line)] == []


@pytest.fixture
def broken(filled: Filled, url: str) -> Iterator[Filled]:
    """A database that lacks a table meanwhile."""
    _run(url, "ALTER TABLE activities RENAME TO gone")
    yield filled
    _run(url, "ALTER TABLE gone RENAME TO activities")


def _all_powerful(url: str) -> sa.Engine:
    """Connect as somebody whom no policy and no owner of tables hinders."""
    is_file = url.startswith("sqlite")
    address = url if is_file else as_superuser(url).replace("postgresql", "postgresql+psycopg", 1)
    return sa.create_engine(address, hide_parameters=True)


def _run(url: str, statement: str) -> None:
    engine = _all_powerful(url)
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


@SQL
def test_a_database_that_fails_says_nothing_of_the_data(broken: Filled, log: Log) -> None:
    filled = broken
    lead = filled.house.coordinator.leads.find(mine=False).leads[0].id
    with pytest.raises(BackendError) as failure:
        filled.house.coordinator.followups.log(
            lead, LogEntry(type=LeadActivityType.NOTE, notes="Qzcanaryfailed")
        )
    chain: BaseException | None = failure.value
    while chain is not None:
        assert found(f"{chain} {chain!r} {chain.args!r}") == []
        chain = chain.__cause__ or chain.__context__
    assert [line for line in log.lines if found(line)] == []


# --- keys


@SQL
@pytest.mark.parametrize("keys", [{1: bytes(32)}, {2: bytes(range(32))}])
def test_another_key_opens_nothing(
    filled: Filled, url: str, clock: FrozenClock, keys: dict[int, bytes]
) -> None:
    house = filled.house
    with orthocrm.connect(url, keys=StaticKeys(keys), clock=clock, discover_plugins=False) as crm:
        stranger = House(crm, house.clinic, clock).coordinator
        for call in (
            lambda: stranger.leads.find(mine=False),
            lambda: stranger.leads.capture(ENQUIRY),
        ):
            with pytest.raises(MissingKey) as refusal:
                call()
            assert found(str(refusal.value)) == []


@SQL
def test_a_database_with_keys_is_not_opened_without(
    filled: Filled, url: str, clock: FrozenClock
) -> None:
    with orthocrm.connect(url, allow_plaintext=True, clock=clock, discover_plugins=False) as crm:
        desk = House(crm, filled.house.clinic, clock).coordinator
        with pytest.raises(MissingKey):
            desk.leads.find(mine=False)


def test_a_database_without_its_key_file_does_not_open(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORTHOCRM_KEYS", raising=False)
    orthocrm.connect(sqlite_url, discover_plugins=False).close()
    (keys,) = Path(sqlite_url.removeprefix("sqlite:///")).parent.glob("*.keys")
    assert KeyFile(keys).active() == 1
    assert keys.stat().st_mode & 0o777 == 0o600
    keys.unlink()
    with pytest.raises(MissingKey):
        orthocrm.connect(sqlite_url, discover_plugins=False)


def test_postgresql_without_keys_is_refused(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORTHOCRM_KEYS", raising=False)
    with pytest.raises(MissingKey):
        orthocrm.connect(postgres_url, discover_plugins=False)


MOVED = {
    "sealed": "SELECT sealed FROM leads WHERE id = :other",
    "data_key": "SELECT data_key FROM leads WHERE id = :other",
}


@SQL
@pytest.mark.parametrize("columns", [["sealed"], ["data_key"], ["sealed", "data_key"]])
def test_a_sealed_value_opens_only_where_it_was_sealed(
    filled: Filled, url: str, columns: list[str]
) -> None:
    desk = filled.house.coordinator
    lead, other, *_ = [lead.id for lead in desk.leads.find(mine=False).leads]
    engine = _all_powerful(url)
    with engine.begin() as connection:
        for column in columns:
            moved = connection.scalar(sa.text(MOVED[column]), {"other": other})
            connection.execute(
                sa.table("leads", sa.column("id"), sa.column(column))
                .update()
                .where(sa.column("id") == lead)
                .values({column: moved})
            )
    engine.dispose()
    assert desk.leads.get(other).id == other
    with pytest.raises(MissingKey):
        desk.leads.get(lead)


# --- deliveries


@SQL
def test_deliveries_are_known_again_by_their_blind_index(filled: Filled) -> None:
    desk = filled.house.coordinator
    first, again, by_content = filled.results[:3]
    assert (again.lead.id, again.replayed) == (first.lead.id, True)
    assert desk.leads.capture(BY_CONTENT).lead.id == by_content.lead.id
    with pytest.raises(OrthoCRMError) as misuse:
        desk.leads.capture(attrs.evolve(ENQUIRY, city="Qzcanaryelsewhere"))
    assert misuse.value.code == "delivery_misused"
