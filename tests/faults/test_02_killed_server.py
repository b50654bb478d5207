"""Fault 2. PostgreSQL itself is killed: what it acknowledged is there, of each unit all or nothing.

Whoever writes tries again under the same key until the server is back: each enquiry is one lead.
"""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.processes import a_clinic, killed, opened, started, whole_leads
from tests.support import postgres, watch

WRITERS = 2
ROUNDS = 20

pytestmark = [
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc"),
]


@pytest.fixture
def directory() -> Iterator[Path]:
    """A server of the test's own."""
    made = postgres.reserve()
    yield made
    watch.stop(made)


def test_a_killed_server_keeps_what_it_acknowledged(directory: Path) -> None:
    chance = random.Random(ROUNDS)
    server = postgres.running(directory)
    url = server.url(server.create())
    with opened(url) as crm:
        clinic = a_clinic(crm)
    writers = [started("persist", url, clinic.id, f"w{n}") for n in range(WRITERS)]
    try:
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.1, 0.4))
            postgres.killed(directory)
            postgres.revived(directory)
        time.sleep(0.2)
    finally:
        acknowledged = [line.strip() for writer in writers for line in killed(writer)]
    with opened(url) as crm:
        found = {lead.id for lead in whole_leads(crm, clinic)}
    assert acknowledged
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= found
    assert len(found - set(acknowledged)) <= WRITERS
    print(f"{ROUNDS} kills, {len(acknowledged)} acknowledged, {len(found)} there")  # noqa: T201 - a figure for the log
