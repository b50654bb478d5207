"""A migration is killed, or two run at once: the schema is the old one or the new one."""

import random
from typing import Any

import pytest
import sqlalchemy as sa

from orthocrm import MigrationNeeded
from orthocrm.backends.sql.tables import metadata
from orthocrm.backends.sql.version import TABLE
from tests.faults.processes import a_clinic, ended, opened, started

STATEMENTS = 40
"""The fewest statements that a migration of the whole schema takes."""


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(request: pytest.FixtureRequest, backend: str) -> str:
    return str(request.getfixturevalue(f"{backend}_url"))


def tables(url: str) -> set[str]:
    engine = sa.create_engine(url)
    found = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    return found


WHOLE = {*metadata.tables, TABLE}


def _kill_at(url: str, statement: int) -> bool:
    """Kill a migration before a statement; tells whether it came so far."""
    process = started("migrate", url, str(statement))
    process.communicate("go\n")
    return process.returncode != 0


def _is_old_or_new(url: str) -> None:
    assert tables(url) in (set(), WHOLE)
    with opened(url) as crm:
        crm.migrate()
        assert tables(url) == WHOLE
        assert a_clinic(crm).id in {clinic.id for clinic in crm.clinics()}


def test_a_killed_migration_leaves_nothing_half(url: str) -> None:
    assert _kill_at(url, random.Random(url).randint(2, STATEMENTS))
    _is_old_or_new(url)


@pytest.mark.faults
@pytest.mark.slow
def test_a_migration_killed_at_every_statement_leaves_nothing_half(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    statement, came_so_far = 0, True
    while came_so_far:
        statement += 1
        if backend == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('killed') / 'practice.db'}"
            came_so_far = _kill_at(url, statement)
            _is_old_or_new(url)
        else:
            server: Any = request.getfixturevalue("postgres_server")
            with server.database() as url:
                came_so_far = _kill_at(url, statement)
                _is_old_or_new(url)
    assert statement > STATEMENTS


def test_processes_that_migrate_at_once_all_succeed(url: str) -> None:
    racing = [started("migrate", url) for _ in range(3)]
    for process in racing:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    counted = sorted(int(ended(process)[-1]) for process in racing)
    assert counted[-1] > STATEMENTS
    assert tables(url) == WHOLE
    with opened(url) as crm:
        assert a_clinic(crm).id in {clinic.id for clinic in crm.clinics()}


def test_an_unmigrated_database_says_so(postgres_url: str) -> None:
    with opened(postgres_url) as crm, pytest.raises(MigrationNeeded):
        crm.clinics()
