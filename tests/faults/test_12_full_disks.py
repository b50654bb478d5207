"""Fault 12. The disk is full: a clear error, nothing torn, and work goes on once there is room.

SQLite is told how many pages it may have, or lies on a small disk in memory, as the tables of
PostgreSQL do: such a disk needs the right to mount, without which its tests say so and are skipped.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from orthocrm import Actor, BackendError, Clinic, Intake, OrthoCRM, Role
from tests.faults.processes import a_clinic, opened, whole_leads
from tests.faults.victim import enquiry
from tests.support import postgres
from tests.support.postgres import OWNER, SUPERUSER

MOST = 20_000
"""So many captures are more than fit."""


def _fill(crm: OrthoCRM, clinic: Clinic, batch: int = 1) -> tuple[list[str], list[BackendError]]:
    """Capture until there is no room three times in a row; give what was acknowledged."""
    desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id)).leads
    acknowledged: list[str] = []
    errors: list[BackendError] = []
    for number in range(0, MOST, batch):
        given = [enquiry(number + one) for one in range(batch)]
        try:
            acknowledged += [one.lead.id for one in desk.capture_many(given)]  # type: ignore[union-attr]  # none is refused
        except BackendError as error:
            errors.append(error)
            if len(errors) == 3:
                break
    return acknowledged, errors


def _check(
    crm: OrthoCRM,
    clinic: Clinic,
    filled: tuple[list[str], list[BackendError]],
    make_room: Callable[[], object],
) -> None:
    """Check that what was acknowledged is there whole, and that work goes on with more room."""
    acknowledged, errors = filled
    assert len(errors) == 3
    assert acknowledged
    assert {str(error) for error in errors} == {"the disk of the database is full; make room"}
    make_room()
    assert {lead.id for lead in whole_leads(crm, clinic)} == set(acknowledged)
    desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id)).leads
    later = desk.capture(Intake(first_name="Ann", last_name="Lee", phone="+1 312 555 0199")).lead
    assert {lead.id for lead in whole_leads(crm, clinic)} == {*acknowledged, later.id}
    assert crm.work().errors == ()


@pytest.mark.parametrize("batch", [1, 20])
def test_a_database_that_may_not_grow_says_so_and_tears_nothing(
    migrated_sqlite_url: str, batch: int
) -> None:
    with opened(migrated_sqlite_url) as crm:
        clinic = a_clinic(crm)
        engine: sa.Engine = crm._backend._engine.engine  # type: ignore[attr-defined]  # an SQL backend

        def limit(pages: str) -> None:
            with closing(engine.raw_connection()) as lent:
                lent.cursor().execute(f"PRAGMA max_page_count = {pages}")

        with closing(engine.raw_connection()) as lent:
            [(now,)] = lent.cursor().execute("PRAGMA page_count").fetchall()
        limit(str(now + 40))
        filled = _fill(crm, clinic, batch)
        _check(crm, clinic, filled, lambda: limit("1073741823"))


# --- a small disk


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A directory with a disk of its own, half of which a ballast takes."""
    path = Path("/tmp") / f"orthocrm-disk-{uuid4().hex}"  # noqa: S108 - a name of our own
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m,mode=777", "tmpfs", str(path)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        done = None
    if done is None or done.returncode != 0:
        path.rmdir()
        pytest.skip("this user may not mount a small disk")
    (path / "ballast").write_bytes(b"x" * (24 << 20))
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)
    path.rmdir()


@pytest.mark.faults
@pytest.mark.slow
def test_sqlite_on_a_full_disk_says_so_and_tears_nothing(small_disk: Path) -> None:
    with opened(f"sqlite:///{small_disk / 'practice.db'}") as crm:
        clinic = a_clinic(crm)
        (small_disk / "more").write_bytes(b"x" * (16 << 20))
        filled = _fill(crm, clinic)
        _check(crm, clinic, filled, (small_disk / "ballast").unlink)


@pytest.fixture
def on_small_disk(postgres_server: postgres.Server, small_disk: Path) -> Iterator[str]:
    """A PostgreSQL database whose tables lie on the small disk."""
    name, place = f"small_{uuid4().hex}", small_disk / "tables"
    place.mkdir(mode=0o700)
    address = f"host={postgres_server.socket_directory} user={SUPERUSER} dbname=postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        data = connection.execute("SHOW data_directory").fetchone()
        assert data is not None
        owner = Path(data[0]).stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        names = {"name": sql.Identifier(name), "place": sql.Literal(str(place))}
        create = sql.SQL("CREATE TABLESPACE {name} LOCATION {place}").format(**names)
        connection.execute(create)
        made = "CREATE DATABASE {name} TABLESPACE {name} OWNER {owner} STRATEGY file_copy"
        connection.execute(sql.SQL(made).format(owner=sql.Identifier(OWNER), **names))
        yield postgres_server.url(name)
        connection.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))
        connection.execute("CHECKPOINT")
        connection.execute(sql.SQL("DROP TABLESPACE {name}").format(**names))


@pytest.mark.faults
@pytest.mark.slow
def test_postgresql_on_a_full_disk_says_so_and_tears_nothing(
    on_small_disk: str, small_disk: Path
) -> None:
    with opened(on_small_disk) as crm:
        clinic = a_clinic(crm)
        left = os.statvfs(small_disk)
        room = left.f_bavail * left.f_frsize - (1 << 20)
        (small_disk / "more").write_bytes(b"x" * max(room, 0))
        filled = _fill(crm, clinic)
        _check(crm, clinic, filled, (small_disk / "ballast").unlink)
