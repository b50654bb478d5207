"""An erased person is found nowhere, in no verb, table or file; the others are untouched."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from attrs import evolve

import orthocrm
from orthocrm import (
    SIX_TOUCH,
    CustomField,
    FieldKind,
    Intake,
    LeadActivityType,
    LeadEdit,
    LeadTaskType,
    LogEntry,
    MessageChannel,
    NewReferrer,
    NewTask,
    NewTouch,
    NotFound,
    OrthoCRM,
    OrthoCRMError,
    Role,
    Settings,
)
from orthocrm.core.activity import Document
from orthocrm.core.ids import ImportId, LeadId, TaskId, TimeOffId, UserId
from orthocrm.core.lead import Channel, Lead
from orthocrm.core.query import Cond
from orthocrm.privacy.consent import NewConsent
from orthocrm.privacy.erasing import LegalHold, VisitsAhead
from orthocrm.services.deliveries import AlreadyErased
from orthocrm.services.scheduling.waiting import NewWaitlistEntry
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.factories import a_message
from tests.flows import files
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.flows.scheduling import open_the_diary, wish
from tests.security.operations import Target
from tests.security.prepared import CALLS
from tests.security.test_canaries import SQL, dumped

ANN, BEN = "qzann", "qzben"
PHONES = {ANN: ("+13125550171", "+13125550172"), BEN: ("+13125550181", "+13125550182")}
SHARED = "+13125550199"
"""The number of the household."""


def canaries(name: str) -> list[str]:
    """Give what must be found nowhere of a person."""
    return [name, *PHONES[name]]


def an_enquiry(name: str, **fields: Any) -> Intake:
    """Give an enquiry with a canary in every personal field."""
    first, second = PHONES[name]
    usual: dict[str, Any] = {
        "channel": Channel.WEB_FORM,
        "relationship": "CHILD",
        "first_name": f"{name}first",
        "last_name": f"{name}last",
        "patient_first_name": f"{name}child",
        "patient_last_name": f"{name}childlast",
        "email": f"{name}@{name}.example",
        "phone": first,
        "phone_alt": second,
        "preferred_time": f"{name}time",
        "address_line1": f"{name}street 5",
        "city": f"{name}city",
        "source": "Doctor referral",
        "source_detail": f"{name}detail",
        "referrer_name": "Dr. Weber",
        "insurance_carrier": f"{name}carrier",
        "insurance_member_id": f"{name}member",
        "notes": f"{name}notes",
        "external_ref": f"{name}ref",
        "delivery_key": f"{name}delivery",
        "custom": {"nickname": f"{name}nick"},
    }
    return Intake(**{**usual, **fields})


def a_life(house: House, name: str, *, opts_out: bool = True) -> Lead:
    """Let a person leave traces of every kind, and give their lead."""
    desk, first = house.coordinator, PHONES[name][0]
    lead = desk.leads.capture(an_enquiry(name)).lead
    again = desk.leads.capture(
        an_enquiry(name, delivery_key=None, notes=f"{name}again", external_ref=None)
    ).lead
    desk.leads.merge(lead.id, again.id)
    stranger = desk.leads.capture(
        an_enquiry(name, delivery_key=None, email=None, external_ref=None, phone=SHARED)
    ).lead
    merged = desk.leads.merge(lead.id, stranger.id)
    desk.leads.unmerge(merged.id)
    house.admin.privacy.erase(stranger.id, with_export=False)
    desk.leads.edit(lead.id, LeadEdit(notes=f"{name}edited"))
    note = LogEntry(type=LeadActivityType.NOTE, outcome=f"{name}outcome", notes=f"{name}said")
    desk.followups.log(lead.id, note)
    file = Document(name=f"{name}plan", reference=f"https://files.example/{name}.pdf")
    desk.leads.attach(lead.id, file)
    due = house.clock() + timedelta(days=2)
    task = NewTask(
        type=LeadTaskType.CALL, title=f"{name}title", description=f"{name}what", due_at=due
    )
    desk.followups.complete(desk.followups.add_task(lead.id, task).id)
    desk.followups.add_task(lead.id, task)
    desk.sources.add_touch(lead.id, NewTouch(source="Print advertising", detail=f"{name}touch"))
    if opts_out:
        stop = NewConsent(
            channel=MessageChannel.SMS, granted=False, evidence=f"{name}evidence", address=first
        )
        desk.notifications.record_consent(lead.id, stop)
    _visited(house, lead, name)
    desk.followups.start_sequence(lead.id, SIX_TOUCH.name)
    _written(house, lead, name)
    row = files.a_row(
        [ANN, BEN].index(name),
        ref=f"{name}ref",
        first=f"{name}imported",
        last=f"{name}last",
        phone=first,
        email=f"{name}@{name}.example",
        notes=f"{name}cell",
    )
    files.run(house.desk(Role.IMPORTER), [row])
    house.admin.sources.add_referrer(
        NewReferrer(kind="PATIENT", name=f"{name}first {name}last", phone=first)
    )
    return desk.leads.get(lead.id)


def _visited(house: House, lead: Lead, name: str) -> None:
    past = house.clock() - timedelta(days=1 if name == ANN else 2)
    visit = house.front.scheduling.book(
        wish(lead, starts_at=past, is_manual=True, reason=f"{name}reason", notes=f"{name}visit")
    )
    house.front.scheduling.complete(visit.appointment.id)
    house.front.scheduling.join_waitlist(NewWaitlistEntry(type="consultation", lead_id=lead.id))


def _written(house: House, lead: Lead, name: str) -> None:
    """Leave messages: one that waits, and one to the staff about a visit."""
    with house.crm._backend.begin(house.clinic.id) as store:
        (visit,) = everything(store.appointments, Cond("lead_id", "eq", lead.id))
        words: dict[str, Any] = {"subject": f"{name}subject", "body": f"{name}body"}
        store.messages.add(
            [
                a_message(house.clinic, lead, to=f"{name}@to.example", **words),
                a_message(house.clinic, to="x@y.example", appointment_id=visit.id, **words),
            ]
        )


@pytest.fixture
def crm(url: str, clock: FrozenClock) -> Iterator[OrthoCRM]:
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        crm.migrate()
        yield crm


def a_house(crm: OrthoCRM, clock: FrozenClock) -> House:
    """Set up a practice whose diary is open."""
    nickname = CustomField(name="nickname", label="Nickname", kind=FieldKind.TEXT)
    settings = Settings(
        fallback=UserId("manager"), sequences=(SIX_TOUCH,), custom_fields=(nickname,)
    )
    clinic = crm.create_clinic(name="Bright", timezone="UTC", settings=settings)
    house = House(crm, clinic, clock)
    house.admin.settings.add_coordinator("tc-1", "Ana")
    open_the_diary(house)
    return house


@pytest.fixture
def house(crm: OrthoCRM, clock: FrozenClock) -> House:
    return a_house(crm, clock)


def said(value: Any) -> str:
    """Write all that a result holds, masked or not."""
    if attrs.has(type(value)):
        values = (getattr(value, each.name) for each in attrs.fields(type(value)))
        return " ".join(map(said, values))
    if isinstance(value, Mapping):
        return " ".join(f"{said(key)} {said(item)}" for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return " ".join(map(said, value))
    return str(value.value if isinstance(value, Enum) else value)


def found(text: str, name: str) -> list[str]:
    """Give the canaries of a person that a text holds, in clear or as hexadecimal digits."""
    low = text.lower()
    return [c for c in canaries(name) if c in low or c.encode().hex() in low]


def everything_stored(house: House) -> str:
    """Read every noun of every kind through the storage itself."""
    from tests.security.digest import KINDS  # noqa: PLC0415 - it lists the kinds of nouns

    with house.crm._backend.begin(house.clinic.id) as store:
        kept: list[Any] = [everything(getattr(store, kind)) for kind in (*KINDS, "audit")]
        kept.append(store.outbox.claim(house.clock(), timedelta(minutes=1), 5_000))
        return said(kept)


def test_an_erased_person_is_found_by_no_verb(house: House) -> None:
    ann, ben = a_life(house, ANN), a_life(house, BEN)
    assert found(everything_stored(house), ANN) == canaries(ANN)
    erased = house.admin.privacy.erase(ann.id)
    assert erased.export is not None
    assert found(everything_stored(house), ANN) == []
    assert found(everything_stored(house), BEN) == canaries(BEN)
    heard = []
    for lead in (ann.id, ben.id):
        target = Target(
            house=house,
            lead=lead,
            task=TaskId("nothing"),
            import_id=ImportId("nothing"),
            absence=TimeOffId("nothing"),
        )
        desk = house.desk(Role.OPERATOR)
        others = [call for name, call in CALLS.items() if name != "privacy.erase"]
        heard += [_heard(partial(call, desk, target)) for call in others]
    assert found(" ".join(heard), ANN) == []
    assert found(" ".join(heard), BEN)
    house.crm.work()
    assert found(everything_stored(house), ANN) == []


def _heard(call: Callable[[], Any]) -> str:
    try:
        return said(call())
    except (OrthoCRMError, AssertionError, LookupError, TypeError, ValueError) as error:
        return f"{error!r}"


def test_a_person_is_given_out_as_a_whole(house: House) -> None:
    ann = a_life(house, ANN)
    a_life(house, BEN)
    given = house.admin.privacy.export(ann.id)
    told = json.loads(given.document)
    words = "first last child childlast time street detail carrier member notes ref nick"
    more = "edited said outcome plan title what touch evidence reason visit subject body imported"
    for text in (given.document, given.page):
        assert [w for w in f"{words} {more}".split() if f"{ANN}{w}" not in text] == []
        assert found(text, ANN) == canaries(ANN)
        assert found(text, BEN) == []
    assert told["lead_id"] == ann.id
    assert given.page.startswith("<!DOCTYPE html>")
    (entry,) = house.admin.privacy.trail(Cond("operation", "eq", "privacy.export")).entries
    assert ann.id in entry.objects
    assert found(repr(given), ANN) == []


def test_what_is_erased_is_audited_told_and_still_opted_out(house: House) -> None:
    ann = a_life(house, ANN)
    house.admin.privacy.erase(ann.id)
    for call in (
        house.coordinator.leads.get,
        house.admin.privacy.erase,
        house.admin.privacy.export,
    ):
        with pytest.raises(NotFound):
            call(ann.id)
    erasing = house.admin.privacy.trail(Cond("operation", "eq", "privacy.erase")).entries
    events = [change for one in erasing for change in one.changes]
    assert ann.id in [change["lead_id"] for change in events if change["kind"] == "lead_erased"]
    later = house.coordinator.leads.capture(
        Intake(first_name="New", last_name="Family", phone=PHONES[ANN][0])
    ).lead
    standing = house.coordinator.notifications.consent(later.id)
    sms = [one for one in standing.standings if one.channel is MessageChannel.SMS]
    assert {(one.allowed, one.because) for one in sms} == {(False, "opted_out")}
    assert [entry.evidence for entry in standing.entries] == [None]
    assert [entry.lead_id for entry in standing.entries] == [None]
    assert house.admin.privacy.verify().is_sound


def test_somebody_who_is_expected_or_on_hold_stays(house: House) -> None:
    ann = house.coordinator.leads.capture(an_enquiry(ANN)).lead
    visit = house.front.scheduling.book(wish(ann)).appointment
    with pytest.raises(VisitsAhead) as ahead:
        house.admin.privacy.erase(ann.id)
    assert (ahead.value.count, found(str(ahead.value), ANN)) == (1, [])
    house.front.scheduling.cancel(visit.id)
    assert house.admin.privacy.hold(ann.id) == (ann.id,)
    with pytest.raises(LegalHold):
        house.admin.privacy.erase(ann.id)
    assert house.coordinator.leads.get(ann.id).patient == ann.patient
    assert house.admin.privacy.lift_hold(ann.id) == ()
    assert house.admin.privacy.erase(ann.id, with_export=False).export is None


def test_a_converted_lead_is_erased_and_the_host_hears_whose_patient_it_was(house: House) -> None:
    ann = house.lead()
    converted = house.coordinator.pipeline.convert(ann.id).lead
    house.admin.privacy.erase(ann.id)
    with house.crm._backend.begin(house.clinic.id) as store:
        items = store.outbox.claim(house.clock(), timedelta(minutes=1), 500)
    (event,) = (item.payload for item in items if item.kind == "lead_erased")
    assert converted.conversion is not None
    assert event["patient_ref"] == converted.conversion.patient_ref


@SQL
def test_the_database_itself_forgets(url: str, clock: FrozenClock) -> None:
    """In clear, since of what is sealed nothing could be found anyway.

    Nobody opted out: in clear an index is the number itself.
    """
    with orthocrm.connect(url, allow_plaintext=True, clock=clock, discover_plugins=False) as crm:
        crm.migrate()
        house = a_house(crm, clock)
        ann = a_life(house, ANN, opts_out=False)
        a_life(house, BEN)
        assert found(dumped(url), ANN) == canaries(ANN)
        house.admin.privacy.erase(ann.id)
        _checkpointed(url)
        assert found(dumped(url), ANN) == []
        assert found(dumped(url), BEN) == canaries(BEN)


def _checkpointed(url: str) -> None:
    """Bring what SQLite has written to its file, as the last one to close it does."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        connection.close()


def test_the_key_of_an_erased_lead_is_nowhere_in_the_file(
    migrated_sqlite_url: str, clock: FrozenClock
) -> None:
    path = Path(migrated_sqlite_url.removeprefix("sqlite:///"))
    with orthocrm.connect(
        migrated_sqlite_url, keys=KEYS, clock=clock, discover_plugins=False
    ) as crm:
        house = a_house(crm, clock)
        ann, ben = (house.coordinator.leads.capture(an_enquiry(n)).lead for n in (ANN, BEN))
        kept = {lead: _stored(path, lead.id) for lead in (ann, ben)}
        house.admin.privacy.erase(ann.id)
    _checkpointed(migrated_sqlite_url)
    content = path.read_bytes()
    assert [[value in content for value in kept[lead]] for lead in (ann, ben)] == [
        [False, False],
        [True, True],
    ]
    assert not any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))


def _stored(path: Path, lead: LeadId) -> tuple[bytes, bytes]:
    with sqlite3.connect(path) as connection:
        row: tuple[bytes, bytes] = connection.execute(
            "SELECT data_key, sealed FROM leads WHERE id = ?", [lead]
        ).fetchone()
    connection.close()
    return row


def test_only_the_named_lead_of_a_household_is_erased(house: House) -> None:
    ann = house.coordinator.leads.capture(an_enquiry(ANN, phone=SHARED)).lead
    ben = house.coordinator.leads.capture(an_enquiry(BEN, phone=SHARED)).lead
    house.coordinator.leads.link_household([ann.id, ben.id])
    house.admin.privacy.erase(ann.id)
    assert house.coordinator.leads.get(ben.id).patient == ben.patient
    assert house.coordinator.leads.links(ben.id).links == ()
    again = house.coordinator.leads.capture(
        evolve(an_enquiry(ANN), phone=SHARED, email=None, phone_alt=None, delivery_key="anew")
    )
    assert again.replayed is False
    assert [one.lead_id for one in again.duplicates] == [ben.id]


def test_a_delivery_that_comes_again_brings_nobody_back(house: House) -> None:
    """Of what is known of it nothing but the digest of its key is left."""
    ann = house.coordinator.leads.capture(an_enquiry(ANN)).lead
    house.admin.privacy.erase(ann.id)
    for again in (an_enquiry(ANN), an_enquiry(ANN, notes="something else")):
        with pytest.raises(AlreadyErased):
            house.coordinator.leads.capture(again)
    assert house.coordinator.leads.capture(an_enquiry(ANN, delivery_key="anew")).duplicates == ()
