"""Lists of leads: filters, orders, pages, and who sees what, on every backend."""

import base64
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve

import orthocrm
from orthocrm import (
    AllOf,
    AnyOf,
    Channel,
    Cond,
    Forbidden,
    Intake,
    InvalidInput,
    Lead,
    LeadStatus,
    Move,
    NotFound,
    Role,
    Settings,
    Sort,
)
from orthocrm.core import limits
from orthocrm.core.ids import UserId
from orthocrm.core.query import Where
from orthocrm.leads.exporting import EXPORTED
from orthocrm.services.leads.viewing import NEWEST_FIRST
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House, enquiry

MINUTE = timedelta(minutes=1)
EXPORT = "leads.export_page"


@pytest.fixture
def leads(house: House) -> list[Lead]:
    """Seven leads, one a minute: of two coordinators, in several stages."""
    made = []
    for number in range(7):
        fields = dict[str, Any](phone=f"312-555-{number:04}", email=None)
        if number == 3:
            fields |= {"channel": Channel.WALK_IN, "interests": ["INVISALIGN", "RETAINER"]}
        made.append(house.front.leads.capture(enquiry(**fields)).lead)
        house.clock.advance(MINUTE)
    desk = house.coordinator.pipeline
    desk.move(made[1].id, "consultation_scheduled")
    desk.move(made[2].id, "contacted")
    desk.lose(made[4].id, "RELOCATED")
    desk.convert(made[5].id)
    return [house.coordinator.leads.get(lead.id) for lead in made]


def found(house: House, where: Where | None = None, **paging: Any) -> list[str]:
    page = house.admin.leads.find(where, **paging)
    return [lead.id for lead in page.leads]


def ids(leads: list[Lead], *places: int) -> list[str]:
    return [leads[place].id for place in places]


# --- filters and orders


CONDITIONS: list[tuple[Where | None, list[int]]] = [
    (None, [6, 5, 4, 3, 2, 1, 0]),
    (Cond("status", "eq", LeadStatus.NEW), [6, 0]),
    (Cond("status", "in", [LeadStatus.LOST, LeadStatus.CONVERTED]), [5, 4]),
    (Cond("stage", "eq", "contacted"), [2]),
    (Cond("stage_order", "ge", 3), [5, 4, 1]),
    (Cond("furthest_order", "lt", 2), [6, 4, 3, 0]),
    (Cond("owner", "eq", "tc-2"), [5, 3, 1]),
    (Cond("channel", "ne", Channel.MANUAL), [3]),
    (Cond("interest", "has", "INVISALIGN"), [3]),
    (Cond("lost_reason", "present"), [4]),
    (Cond("converted_at", "absent"), [6, 4, 3, 2, 1, 0]),
    (AllOf((Cond("owner", "eq", "tc-1"), Cond("status", "eq", "NEW"))), [6, 0]),
    (AnyOf((Cond("stage", "eq", "contacted"), Cond("status", "eq", "LOST"))), [4, 2]),
    (AllOf(()), [6, 5, 4, 3, 2, 1, 0]),
    (AnyOf(()), []),
]
"""Which of the seven leads satisfy a condition, the newest first."""


def test_leads_are_found_by_condition(house: House, leads: list[Lead]) -> None:
    for where, places in CONDITIONS:
        assert found(house, where) == ids(leads, *places)


def test_leads_are_found_by_time(house: House, leads: list[Lead]) -> None:
    third = leads[2].stamps.created_at
    assert found(house, Cond("created_at", "lt", third)) == ids(leads, 1, 0)
    assert found(house, Cond("created_at", "ge", third - MINUTE / 2)) == ids(leads, 6, 5, 4, 3, 2)


def test_a_search_finds_the_newest_leads_of_whoever_is_in_reach(
    house: House, leads: list[Lead]
) -> None:
    def searched(text: str, where: Where | None = None, **size: int) -> list[str]:
        return [lead.id for lead in house.coordinator.leads.search(text, where, **size)]

    assert searched("5550003") == ids(leads, 3)
    assert searched("312-555-0", size=2) == ids(leads, 6, 5)
    assert searched("312-555-0", Cond("stage", "eq", "contacted")) == ids(leads, 2)
    assert searched("nobody of this name") == []
    present = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(present, own_leads_only=True))
    assert searched("312-555-0") == ids(leads, 6, 4, 2, 0)
    for wrong in ({"text": ""}, {"text": "lee", "size": 0}):
        with pytest.raises(InvalidInput):
            house.coordinator.leads.search(**wrong)


ORDERS: list[tuple[Sequence[Sort], list[int]]] = [
    (NEWEST_FIRST, [6, 5, 4, 3, 2, 1, 0]),
    ([], [0, 1, 2, 3, 4, 5, 6]),
    ([Sort("created_at")], [0, 1, 2, 3, 4, 5, 6]),
    ([Sort("owner", descending=True), *NEWEST_FIRST], [5, 3, 1, 6, 4, 2, 0]),
    ([Sort("stage_order", descending=True)], [4, 5, 1, 2, 0, 3, 6]),
    ([Sort("lost_at")], [4, 0, 1, 2, 3, 5, 6]),
    ([Sort("lost_at", descending=True)], [4, 0, 1, 2, 3, 5, 6]),
]
"""How the seven leads stand in an order: missing values last, ties by age."""


def test_leads_stand_in_a_total_order(house: House, leads: list[Lead]) -> None:
    for sort, places in ORDERS:
        assert found(house, sort=sort) == ids(leads, *places)


UNREADABLE: list[Where] = [
    Cond("first_name", "eq", "Maria"),
    Cond("status", "has", "NEW"),
    Cond("interest", "eq", "INVISALIGN"),
    Cond("stage", "in", "contacted"),
    Cond("stage_order", "eq", value=True),
    Cond("stage_order", "eq", "3"),
    Cond("created_at", "lt", "2026-11-02"),
]


def test_what_cannot_be_read_is_refused(house: House) -> None:
    for where in UNREADABLE:
        with pytest.raises(InvalidInput):
            house.admin.leads.find(where)
    sorts: list[Any] = [[Sort("first_name")], Sort("created_at"), "created_at"]
    for sort in sorts:
        with pytest.raises(InvalidInput):
            house.admin.leads.find(sort=sort)


def test_a_page_has_1_to_500_leads(house: House) -> None:
    sizes: list[Any] = [0, -1, 501, True, "50", 2.0]
    for size in sizes:
        with pytest.raises(InvalidInput) as refusal:
            house.admin.leads.find(size=size)
        assert [problem.path for problem in refusal.value.problems] == ["page.size"]


# --- pages


def walk(house: House, size: int, **query: Any) -> Iterator[str]:
    cursor: str | None = None
    while True:
        page = house.admin.leads.find(size=size, cursor=cursor, **query)
        assert len(page.leads) <= size
        yield from (lead.id for lead in page.leads)
        cursor = page.cursor
        if cursor is None:
            return
        assert len(page.leads) == size


def test_pages_together_are_the_whole_list(house: House, leads: list[Lead]) -> None:
    fields = ("created_at", "owner", "lost_at", "next_action_at")
    for sort in ([Sort(f, descending)] for f in fields for descending in (False, True)):
        whole = found(house, sort=sort)
        assert sorted(whole) == sorted(lead.id for lead in leads)
        for size in (1, 2, 3, 7, 8):
            assert list(walk(house, size, sort=sort)) == whole


def test_a_page_goes_on_where_the_last_one_ended(house: House, leads: list[Lead]) -> None:
    first = house.admin.leads.find(size=3)
    house.lead(phone="312-555-7777", email=None)  # stands before the first page
    second = house.admin.leads.find(size=3, cursor=first.cursor)

    assert [lead.id for lead in first.leads] == ids(leads, 6, 5, 4)
    assert [lead.id for lead in second.leads] == ids(leads, 3, 2, 1)


def refused(house: House, cursor: Any, **query: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        house.admin.leads.find(cursor=cursor, **query)
    assert [problem.path for problem in refusal.value.problems] == ["cursor"]


def test_a_cursor_belongs_to_its_query(house: House, leads: list[Lead]) -> None:
    cursor = house.admin.leads.find(size=len(leads) - 1).cursor
    assert cursor is not None
    refused(house, cursor, where=Cond("status", "eq", "NEW"))
    refused(house, cursor, sort=[Sort("created_at")])
    refused(house, cursor, mine=True)
    assert house.admin.leads.find(cursor=cursor).leads == (leads[0],)


def test_a_cursor_belongs_to_its_clinic(house: House, leads: list[Lead]) -> None:
    cursor = house.admin.leads.find(size=len(leads) - 1).cursor
    other = house.crm.create_clinic(name="Braces & Co", timezone="UTC")
    there = House(house.crm, other, house.clock)
    refused(there, cursor)


def test_a_cursor_that_was_changed_is_refused(house: House, leads: list[Lead]) -> None:
    cursor = house.admin.leads.find(size=len(leads) - 1).cursor
    assert cursor is not None
    for place in range(0, len(cursor) - 3, 5):
        sign = "A" if cursor[place] != "A" else "B"
        refused(house, cursor[:place] + sign + cursor[place + 1 :])
    raw = bytearray(base64.urlsafe_b64decode(cursor))
    for place in range(len(raw)):
        raw[place] ^= 1
        refused(house, base64.urlsafe_b64encode(raw).decode())
        raw[place] ^= 1


def test_what_is_no_cursor_is_refused(house: House) -> None:
    for cursor in ("", "AAAA", "%%%", "é", "=", 7, b"AAAA", "A" * 10_000):
        refused(house, cursor)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_cursor_is_read_by_every_process(
    engine: str, request: pytest.FixtureRequest, clock: FrozenClock
) -> None:
    url = str(request.getfixturevalue(f"migrated_{engine}_url"))
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        crm.migrate()
        here = House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)
        captured = [here.front.leads.capture(enquiry()).lead for _ in range(2)]
        cursor = here.admin.leads.find(size=1, sort=[], mine=False).cursor
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        there = House(crm, here.clinic, clock)
        assert there.admin.leads.find(cursor=cursor, sort=[], mine=False).leads == (captured[1],)


# --- who sees what


def test_coordinators_see_their_own_leads_unless_they_ask(house: House, leads: list[Lead]) -> None:
    own = house.coordinator.leads.find()
    every = house.coordinator.leads.find(mine=False)
    assert [lead.id for lead in own.leads] == ids(leads, 6, 4, 2, 0)
    assert [lead.id for lead in every.leads] == ids(leads, 6, 5, 4, 3, 2, 1, 0)
    assert found(house) == found(house, mine=False)
    assert house.front.leads.find(mine=True).leads == ()
    other = house.coordinator.leads.get(leads[1].id)
    assert other.ownership.owner == "tc-2"


@pytest.fixture
def bounded(house: House, leads: list[Lead]) -> House:
    """A practice that keeps coordinators to their own and unassigned leads, once it has some."""
    assert leads
    present = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(present, own_leads_only=True))
    return house


def test_bounded_coordinators_see_their_own_and_unassigned_leads(
    bounded: House, leads: list[Lead]
) -> None:
    present = bounded.admin.settings.practice()
    for person in present.coordinators:
        bounded.admin.settings.change_coordinator(evolve(person, is_active=False))
    settings: Settings = present.clinic.settings
    bounded.admin.settings.change(evolve(settings, fallback=None))
    orphan = bounded.front.leads.capture(enquiry(phone="312-555-0199", email=None)).lead
    desk = bounded.coordinator
    seen = [lead.id for lead in desk.leads.find(mine=False).leads]

    assert seen == [orphan.id, *ids(leads, 6, 4, 2, 0)]
    assert sum(column.count for column in desk.pipeline.board().columns) == len(seen)
    assert {task.assigned_to for task in desk.followups.open_tasks()} == {"tc-1"}
    assert desk.followups.open_tasks("tc-2") == desk.followups.open_tasks()
    assert len(bounded.admin.leads.find().leads) == len(leads) + 1


def test_bounded_coordinators_reach_nothing_else(bounded: House, leads: list[Lead]) -> None:
    desk, foreign = bounded.coordinator, leads[1]
    for verb in (
        desk.leads.get,
        desk.leads.timeline,
        desk.pipeline.convert,
        desk.assignment.assign,
        lambda lead_id: desk.pipeline.move(lead_id, "pending_decision"),
    ):
        with pytest.raises(NotFound):
            verb(foreign.id)
    stranger = {"first_name": "Otto", "patient_first_name": "Otto", "patient_last_name": "Braun"}
    twin = desk.leads.capture(enquiry(phone="312-555-0001", email=None, **stranger))
    assert (twin.duplicates, twin.hidden_duplicates) == ((), 1)
    assert bounded.admin.leads.get(foreign.id) == foreign


def test_a_wider_role_is_not_bounded(bounded: House, leads: list[Lead]) -> None:
    both = orthocrm.Actor(
        user=UserId("tc-1"),
        clinic=bounded.clinic.id,
        roles={Role.TREATMENT_COORDINATOR, Role.FRONT_DESK},
    )
    assert len(bounded.crm.acting_as(both).leads.find().leads) == len(leads)


def test_agents_reach_their_own_leads_only(house: House, leads: list[Lead]) -> None:
    agent = house.desk(Role.AGENT, "tc-2")
    seen = [lead.id for lead in agent.leads.find(mine=False).leads]
    assert seen == ids(leads, 5, 3, 1)
    with pytest.raises(NotFound):
        agent.leads.get(leads[0].id)


# --- what a list costs


class Counting(sqlite3.Connection):
    """Counts the statements that the program sends; many rows of one statement are one."""

    sent = 0

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(factory or CountingCursor)


class CountingCursor(sqlite3.Cursor):
    """Counts for `Counting`."""

    def execute(self, *given: Any) -> Any:
        Counting.sent += 1
        return super().execute(*given)

    def executemany(self, *given: Any) -> Any:
        Counting.sent += 1
        return super().executemany(*given)


@pytest.fixture
def counted(migrated_sqlite_url: str, clock: FrozenClock) -> Iterator[House]:
    """A practice on SQLite whose statements are counted."""
    with orthocrm.connect(
        migrated_sqlite_url, keys=KEYS, clock=clock, discover_plugins=False
    ) as crm:
        engine = crm._backend._engine.engine  # type: ignore[attr-defined] # an SQL backend
        engine.dispose()

        def count(_: object, __: object, ___: object, given: dict[str, Any]) -> None:
            given["factory"] = Counting

        sa.event.listen(engine, "do_connect", count)
        house = House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)
        house.admin.settings.add_coordinator("tc-1", "Ana")
        yield house


def cost(verb: Callable[[], object]) -> int:
    """Count the statements of a verb, those that open and end its transaction apart."""
    before = Counting.sent
    verb()
    return Counting.sent - before


def moves(house: House, number: int) -> list[Move]:
    phones = [f"312-555-{number}{n:03}" for n in range(number)]
    leads = [house.lead(phone=phone, email=None) for phone in phones]
    return [Move(lead_id=lead.id, stage="consultation_completed") for lead in leads]


@pytest.mark.parametrize("number", [1, 3])
def test_a_list_takes_four_statements_however_long_it_is(counted: House, number: int) -> None:
    moves(counted, number)
    assert cost(lambda: counted.admin.leads.find(size=number)) == 4


@pytest.mark.parametrize("number", [1, 3])
def test_moves_take_eleven_statements_however_many_they_are(counted: House, number: int) -> None:
    wanted = moves(counted, number)
    assert cost(lambda: counted.coordinator.pipeline.move_many(wanted)) == 11


@pytest.mark.parametrize("number", [1, 3])
def test_a_board_takes_as_many_statements_however_many_leads_it_shows(
    counted: House, number: int
) -> None:
    """A page of each of the eight columns, one more of who is observed, counts, and tasks."""
    counted.lead()
    wanted = moves(counted, number)
    counted.coordinator.pipeline.observe(wanted[0].lead_id, date(2030, 1, 1))
    assert cost(counted.coordinator.pipeline.board) == 15
    assert cost(lambda: counted.coordinator.pipeline.column("new_lead")) == 6


@pytest.mark.parametrize("number", [1, 3])
def test_recalls_take_as_many_statements_however_many_they_are(counted: House, number: int) -> None:
    for move in moves(counted, number):
        counted.coordinator.pipeline.observe(move.lead_id, date(2027, 1, 4))
    counted.clock.advance(timedelta(days=400))
    worker = counted.desk(Role.WORKER)
    assert cost(worker.pipeline.recall_due) == 12


@pytest.mark.parametrize("number", [1, 3])
def test_captures_take_thirteen_statements_however_many_they_are(
    counted: House, number: int
) -> None:
    counted.lead()
    enquiries = [newcomer(n) for n in range(number)]
    assert cost(lambda: counted.front.leads.capture_many(enquiries)) == 13


@pytest.mark.parametrize("number", [1, 3])
def test_duplicates_take_two_statements_more_however_many_they_are(
    counted: House, number: int
) -> None:
    """Whoever is alike is read, and the links are stored."""
    counted.lead()
    enquiries = [enquiry(phone=f"312-555-9{n:03}", email=None) for n in range(number)]
    assert cost(lambda: counted.front.leads.capture_many(enquiries)) == 15


def newcomer(number: int) -> Intake:
    """Give the enquiry of a family that is like no other."""
    name = ("Braun", "Haddad", "Nowak")[number]
    names = {"first_name": name, "last_name": name, "patient_last_name": name}
    return enquiry(phone=f"312-555-9{number:03}", email=None, **names)


# --- exports


def test_an_export_gives_the_leads_of_a_condition_or_a_view(
    house: House, leads: list[Lead]
) -> None:
    desk = house.front.leads
    chosen = Cond("channel", "eq", "WALK_IN")
    view = desk.save_view("Walk-ins", chosen)
    table = desk.export(chosen, columns=["id", "phone", "interests", "source"])

    assert table.columns == ("id", "phone", "interests", "source")
    rows = [*table.rows]
    assert [row[:3] for row in rows] == [(leads[3].id, "+13125550003", "INVISALIGN;RETAINER")]
    assert [*desk.export(view=view.id, columns=["id"]).rows] == [(leads[3].id,)]
    assert [row[0] for row in desk.export(columns=["id"]).rows] == [lead.id for lead in leads]
    assert [*desk.export(Cond("tag", "has", "none")).csv()] == [",".join(EXPORTED) + "\r\n"]
    assert "".join(desk.export(Cond("tag", "has", "none")).json()) == "[]\n"


def test_an_export_is_bounded_by_reach_and_on_record(house: House, leads: list[Lead]) -> None:
    agent = house.desk(Role.AGENT, "tc-2").leads
    own = [lead.id for lead in leads if house.admin.leads.get(lead.id).ownership.owner == "tc-2"]
    assert [row[0] for row in agent.export(columns=["id"]).rows] == own
    (entry,) = house.admin.privacy.trail(Cond("operation", "eq", EXPORT)).entries
    assert (entry.user, entry.operation, sorted(entry.objects)) == ("tc-2", EXPORT, sorted(own))
    with pytest.raises(Forbidden):
        house.desk(Role.DOCTOR).leads.export()


@pytest.mark.parametrize(
    "columns, code",
    [
        ([], "not_a_list"),
        ("id", "not_a_list"),
        (["id", "keys"], "unknown_column"),
        ([["id"]], "unknown_column"),
        (["id", "id"], "repeated"),
        (["custom.pets"], "unknown_column"),
    ],
)
def test_columns_that_make_no_sense_are_refused(house: House, columns: Any, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        house.front.leads.export(columns=columns)
    assert [(p.path, p.code) for p in caught.value.problems] == [("columns", code)]


def test_an_export_reads_a_page_when_its_rows_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, house: House, leads: list[Lead]
) -> None:
    with monkeypatch.context() as small:
        small.setattr(limits, "PAGE", 3)
        rows = house.front.leads.export(columns=["id", "tags"]).rows
        assert [next(rows)[0] for _ in range(3)] == [lead.id for lead in leads[:3]]
        house.front.leads.tag([leads[6].id], ["late"])
        assert [*rows] == [*((lead.id, None) for lead in leads[3:6]), (leads[6].id, "late")]
    reads = house.admin.privacy.trail(Cond("operation", "eq", EXPORT)).entries
    assert [len(entry.objects) for entry in reads] == [3, 3, 1]
