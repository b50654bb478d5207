"""Several steps of a flush as one statement of PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from attrs import evolve
from sqlalchemy.engine import make_url

from orthocrm.backends.sql import SqlBackend, texts
from orthocrm.backends.sql.bundles import bundle, kinds_of
from orthocrm.backends.sql.language import POSTGRESQL
from orthocrm.backends.sql.postgres import PostgresDriver
from orthocrm.backends.sql.rows import LEAD, SHAPES
from orthocrm.backends.sql.session import Contest, Step
from orthocrm.core.errors import StaleVersion
from orthocrm.testing.factories import a_lead
from orthocrm.testing.suite.arranged import a_practice, store, the_lead
from tests.unit.backends.sql.conftest import a_backend

NOTES = ("plain", "", 'a "quoted" \\ text', "{1,2}", "NULL", "ä\t\n🦷", None)


@pytest.fixture
def connection(postgres_url: str) -> Iterator[psycopg.Connection[Any]]:
    url = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as made:
        made.execute("CREATE TEMPORARY TABLE notes (id TEXT, notes TEXT, sealed BYTEA, at DATE)")
        yield made


def a_step(*rows: tuple[Any, ...], **fields: Any) -> Step:
    return Step(
        kind="note",
        sql="INSERT INTO notes VALUES ($1, $2, $3, $4::DATE)",
        at_once="INSERT INTO notes SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::BYTEA[],"
        " $4::DATE[])",
        rows=rows,
        free=True,
        **fields,
    )


def an_update(*rows: tuple[Any, ...]) -> Step:
    return Step(
        kind="note",
        sql="UPDATE notes SET notes = $1 WHERE id = $2",
        at_once="UPDATE notes SET notes = given.notes"
        " FROM unnest($1::TEXT[], $2::TEXT[]) AS given (notes, id) WHERE notes.id = given.id",
        rows=rows,
        all_there=True,
        free=True,
    )


def run(connection: psycopg.Connection[Any], *steps: Step) -> None:
    psycopg.RawCursor(connection).execute(*bundle(steps))


def in_table(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    cursor = connection.execute("SELECT id, notes, sealed, at::TEXT FROM notes ORDER BY id")
    return cursor.fetchall()


@pytest.mark.parametrize("count", [1, len(NOTES)])
def test_every_value_arrives_as_it_is(connection: psycopg.Connection[Any], count: int) -> None:
    rows = [
        (str(number), note, None if note is None else note.encode(), "2026-11-02" if note else None)
        for number, note in enumerate(NOTES[:count])
    ]
    run(connection, a_step(*rows))
    assert in_table(connection) == rows


def test_steps_keep_their_own_values(connection: psycopg.Connection[Any]) -> None:
    run(
        connection,
        a_step(("1", "a", None, None)),
        a_step(("2", "b", b"b", None), ("3", "c", None, None)),
    )
    run(
        connection,
        an_update(("A", "1")),
        a_step(("4", "d", None, None)),
        an_update(("B", "2"), ("C", "3")),
    )
    assert [row[:2] for row in in_table(connection)] == [
        ("1", "A"), ("2", "B"), ("3", "C"), ("4", "d"),
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [[("x", "9")], [("x", "1"), ("y", "9")], [("x", "8"), ("y", "9")]])
def test_a_row_that_is_not_met_fails_the_whole(
    connection: psycopg.Connection[Any], rows: list[tuple[str, str]]
) -> None:
    run(connection, a_step(("1", "a", None, None)))
    with pytest.raises(psycopg.Error) as failed:
        run(connection, an_update(*rows), a_step(("2", "b", None, None)))
    refusal = PostgresDriver().refusal(failed.value)
    assert isinstance(refusal, StaleVersion)
    assert refusal.kind == "note"


def test_tables_with_unique_names_are_written_by_themselves() -> None:
    named = {shape.name for shape in SHAPES if texts.has_names(shape.table)}
    assert {"stages", "sources"} <= named
    assert not named & {"leads", "stage_visits", "activities", "tasks", "audit_entries", "outbox"}


@pytest.mark.parametrize("count", [1, 2, 5])
def test_one_stale_lead_among_several_drops_everything(postgres_url: str, count: int) -> None:
    backend: SqlBackend = a_backend(postgres_url)
    backend.migrate()
    clinic = a_practice(backend)
    leads = [a_lead(clinic) for _ in range(count)]
    store(backend, clinic, "leads", leads)
    with backend.begin(clinic.id) as unit:
        [newer] = unit.leads.save(leads[-1:])
    with pytest.raises(StaleVersion), backend.begin(clinic.id) as unit:
        unit.leads.save(leads)
    assert [the_lead(backend, clinic, lead) for lead in leads] == [*leads[:-1], newer]
    backend.close()


def test_an_update_of_many_is_one_statement_of_arrays() -> None:
    assert texts.update_at_once(LEAD, ("owner",), POSTGRESQL) == (
        "UPDATE leads SET owner = given.g0"
        " FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::BIGINT[])"
        " AS given (g0, g1, g2, g3) WHERE leads.clinic_id = given.g1"
        " AND leads.id = given.g2 AND leads.version = given.g3"
    )


def a_contest(*names: str) -> Step:
    rows = [(name, None, None, None) for name in names]
    step = a_step(*rows, all_there=True, contest=Contest(column="id", wanted=names))
    unless_taken = " ON CONFLICT DO NOTHING"
    return evolve(step, sql=f"{step.sql}{unless_taken}", at_once=f"{step.at_once}{unless_taken}")


@pytest.mark.parametrize(
    "names,lost",
    [
        (["thing/1"], ["thing"]),
        (["free/2", "thing/1"], ["thing"]),
        (["user/1", "free/2", "thing/1", "user/3"], ["thing", "user"]),
    ],
)
def test_a_contest_that_is_lost_tells_the_kinds(
    connection: psycopg.Connection[Any], names: list[str], lost: list[str]
) -> None:
    connection.execute("ALTER TABLE notes ADD UNIQUE (id)")
    run(connection, a_contest("user/1", "thing/1", "user/3"), a_step(("4", None, None, None)))
    assert [row[0] for row in in_table(connection)] == ["4", "thing/1", "user/1", "user/3"]
    with pytest.raises(psycopg.errors.InvalidTextRepresentation) as error:
        run(connection, a_step(("5", None, None, None)), a_contest(*names))
    assert kinds_of(error.value) == lost


def test_a_contest_that_loses_what_it_cannot_name_fails_as_well(
    connection: psycopg.Connection[Any],
) -> None:
    step = a_contest("user/1", "user/2")
    nothing = "INSERT INTO notes SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::BYTEA[],"
    nothing += " $4::DATE[]) WHERE FALSE"
    with pytest.raises(psycopg.errors.InvalidTextRepresentation) as error:
        run(connection, evolve(step, at_once=nothing, contest=Contest(column="id", wanted=[])))
    assert kinds_of(error.value) == []
