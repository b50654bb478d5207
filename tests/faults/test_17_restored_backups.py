"""Fault 17: yesterday's backup is put back. The check says so, and nothing is sent again."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

import orthocrm
from orthocrm.core.ids import ClinicId
from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import MessageChannel, MessageState
from orthocrm.core.query import Cond
from orthocrm.privacy.checkpoint_file import CheckpointFile
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.factories import a_message
from tests.faults.post import Post
from tests.flows.conftest import KEYS
from tests.flows.practice import House

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@contextmanager
def opened(directory: Path, clock: FrozenClock, post: Post) -> Iterator[House]:
    with orthocrm.connect(
        f"sqlite:///{directory}/practice.db",
        keys=KEYS,
        clock=clock,
        plugins=[post],
        checkpoints=CheckpointFile(directory / "checkpoints"),
        discover_plugins=False,
    ) as crm:
        known = crm.clinics()
        clinic = known[0] if known else crm.create_clinic(name="Bright", timezone="UTC")
        yield House(crm, clinic, clock)


def write_to_somebody(house: House) -> None:
    """Queue a message that is due now."""
    lead = house.desk(orthocrm.Role.OPERATOR).leads.find().leads[0]
    assert lead.contact.email is not None
    message = a_message(house.clinic, lead, house.clock(), to=lead.contact.email.address)
    with house.crm._backend.begin(house.clinic.id) as store:
        store.messages.add([message])


def states(house: House, clinic: ClinicId) -> list[tuple[MessageState, str | None]]:
    with house.crm._backend.begin(clinic) as store:
        found = store.messages.find(Cond("state", "ne", MessageState.SENT)).items
    return [(message.state, message.because) for message in found]


def test_a_backup_that_was_put_back_sends_nothing_again(tmp_path: Path, clock: FrozenClock) -> None:
    post, database = Post(), tmp_path / "practice.db"
    with opened(tmp_path, clock, post) as house:
        settings = house.admin.settings.practice().clinic.settings
        messaging = Messaging(carriers=((MessageChannel.EMAIL, "post"),))
        house.admin.settings.change(attrs.evolve(settings, messaging=messaging, rules=()))
        house.admin.settings.add_coordinator("tc-1", "Ana")
        house.lead()
        write_to_somebody(house)
    shutil.copy(database, tmp_path / "backup")

    with opened(tmp_path, clock, post) as house:
        assert house.crm.work().sent == 1
        clock.advance(HOUR)
        house.crm.work()
    for part in ("practice.db-wal", "practice.db-shm"):
        (tmp_path / part).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup", database)

    with opened(tmp_path, clock, post) as house:
        assert not house.admin.privacy.verify().is_sound
        done = house.crm.work()
        assert {(failed.step, failed.error) for failed in done.errors} == {
            ("messages", "TrailBroken"),
            ("trail", "TrailBroken"),
        }
        house.desk(orthocrm.Role.OPERATOR).privacy.checkpoint(after_restore=True)
        assert states(house, house.clinic.id) == [(MessageState.PARKED, "restored")]
        write_to_somebody(house)
        done = house.crm.work()
        assert (done.errors, done.sent) == ((), 1)
        assert house.admin.privacy.verify().is_sound
    assert len({letter.key for letter in post.letters}) == len(post.letters) == 2
