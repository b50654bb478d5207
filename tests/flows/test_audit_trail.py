"""Whoever tampers with the audit trail is found out, on every backend."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

import orthocrm
from orthocrm import LeadEdit, Role
from orthocrm.core.audit import AuditEntry, Checkpoint
from orthocrm.core.errors import Forbidden, InvalidInput, TrailBroken
from orthocrm.core.query import Cond
from orthocrm.privacy.chain import Fault, Finding
from orthocrm.privacy.checkpoint_file import CheckpointFile
from orthocrm.privacy.checkpoints import signed
from orthocrm.privacy.keys import StaticKeys
from orthocrm.privacy.signing import DerivedSigner, read_public_pem
from orthocrm.privacy.verdicts import Limit
from orthocrm.services.privacy import sealing
from orthocrm.services.privacy.desk import Privacy
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.flows.tampering import TAMPERINGS, vandal_of

SHORT, LONG = 2, 100


@pytest.fixture
def sink(tmp_path: Path) -> CheckpointFile:
    return CheckpointFile(tmp_path / "checkpoints")


@pytest.fixture
def house(url: str, clock: FrozenClock, sink: CheckpointFile) -> Iterator[House]:
    """An installation whose trail holds a few edits, all of it sealed and witnessed."""
    with orthocrm.connect(
        url, keys=KEYS, clock=clock, checkpoints=sink, discover_plugins=False
    ) as crm:
        house = House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)
        house.admin.settings.add_coordinator("tc-1", "Ana")
        lead = house.lead()
        for notes in ("one", "two", "three"):
            house.coordinator.leads.edit(lead.id, LeadEdit(notes=notes))
        with pytest.raises(Forbidden):
            house.desk(Role.DOCTOR).leads.get(lead.id)
        operating(house).seal()
        yield house


def operating(house: House) -> Privacy:
    return house.desk(Role.OPERATOR).privacy


def stated(house: House, *, after_restore: bool = False) -> Checkpoint:
    """State a checkpoint, which is due."""
    made = operating(house).checkpoint(after_restore=after_restore)
    assert made is not None
    return made


def sealed(house: House) -> list[AuditEntry]:
    with house.crm._backend.begin(house.clinic.id) as store:
        found = everything(store.audit, Cond("position", "present"))
    return sorted(found, key=lambda entry: entry.position or 0)


def test_every_entry_has_its_place_in_the_chain(house: House) -> None:
    entries = sealed(house)
    assert [entry.position for entry in entries] == [*range(1, len(entries) + 1)]
    names = [entry.operation for entry in entries]
    assert names[:2] == ["clinics.create", "settings.add_coordinator"]
    assert names.count("leads.edit") == 3
    assert ("leads.get", "forbidden") in [(entry.operation, entry.outcome) for entry in entries]


def test_a_trail_that_nobody_touched_is_sound(house: House) -> None:
    last = stated(house)
    verdict = house.admin.privacy.verify()
    assert (verdict.is_sound, verdict.first_bad) == (True, None)
    assert (verdict.confirmed, verdict.checkpoints) == (last.position, 1)
    assert verdict.entries == verdict.head.position >= last.position
    assert verdict.limits[:1] == (Limit.AFTER_LAST_CHECKPOINT,)


def test_without_a_checkpoint_the_check_says_what_it_cannot_show(house: House) -> None:
    verdict = house.admin.privacy.verify()
    assert verdict.is_sound
    assert (verdict.confirmed, verdict.limits[0]) == (0, Limit.NO_CHECKPOINTS)


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_tampering_is_found_with_the_first_bad_position(house: House, kind: str) -> None:
    tried(house, kind, SHORT)


@pytest.mark.faults
@pytest.mark.parametrize("kind", TAMPERINGS)
def test_tampering_of_many_sorts_is_found(house: House, kind: str) -> None:
    tried(house, kind, LONG)


def tried(house: House, kind: str, seeds: int) -> None:
    """Tamper with the same trail again and again, each time otherwise."""
    last = stated(house).position
    vandal = vandal_of(house)
    entries, personal = vandal.read()
    witnessed = [row for row in entries if row["position"] and row["position"] <= last]
    for seed in range(seeds):
        spoilt = [dict(row) for row in witnessed], [dict(row) for row in personal]
        first_bad = TAMPERINGS[kind](*spoilt, Random(f"{kind} {seed}"))
        vandal.write(*spoilt)
        verdict = house.admin.privacy.verify()
        assert (verdict.is_sound, verdict.first_bad) == (False, first_bad), seed
    vandal.write(witnessed, personal)
    assert house.admin.privacy.verify().is_sound


def test_an_entry_beside_the_chain_is_found(house: House) -> None:
    vandal = vandal_of(house)
    entries, personal = vandal.read()
    forged = {**entries[0], "id": "0190c0de-0000-7000-8000-00000000f0f0", "position": None}
    vandal.write([*entries, forged], personal)
    assert operating(house).seal().entries == len([e for e in entries if e["position"] is None])
    verdict = house.admin.privacy.verify()
    assert [finding.entry_id for finding in verdict.findings] == [forged["id"]]
    assert verdict.first_bad is None
    assert verdict.findings[0].fault in (Fault.FOREIGN, Fault.UNSEALED)


def test_an_entry_before_the_chain_is_found(house: House) -> None:
    vandal = vandal_of(house)
    entries, personal = vandal.read()
    forged = {**entries[0], "id": "0190c0de-0000-7000-8000-00000000f0f0", "position": -1}
    vandal.write([*entries, forged], personal)
    verdict = house.admin.privacy.verify()
    assert verdict.findings == (Finding(fault=Fault.FOREIGN, position=-1, entry_id=forged["id"]),)


def test_an_older_backup_that_was_restored_is_told(house: House) -> None:
    operating(house).checkpoint()
    vandal = vandal_of(house)
    backup = vandal.read()
    house.coordinator.leads.find()
    operating(house).seal()
    later = stated(house)
    vandal.write(*backup)
    head = max(row["position"] or 0 for row in backup[0])
    verdict = house.admin.privacy.verify()
    found = [finding for finding in verdict.findings if finding.fault is Fault.CUT_OFF]
    assert [(finding.upto,) for finding in found] in ([(later.position,)], [])
    assert (verdict.is_sound, verdict.first_bad is not None) == (False, True)
    assert (verdict.first_bad or 0) > head - 1


def test_after_a_restore_nothing_is_stated_until_somebody_says_so(house: House) -> None:
    first = stated(house)
    vandal = vandal_of(house)
    backup = vandal.read()
    for _ in range(8):
        house.coordinator.leads.find()
    operating(house).seal()
    lost = stated(house)
    vandal.write(*backup)
    with pytest.raises(TrailBroken):
        operating(house).checkpoint()
    assert "trail" in [error.step for error in house.crm.work().errors]
    assert not house.admin.privacy.verify().is_sound
    operating(house).seal()
    again = stated(house, after_restore=True)
    verdict = house.admin.privacy.verify()
    assert (verdict.is_sound, verdict.given_up) == (True, (lost,))
    assert (again.is_restored, again.position > first.position) == (True, True)
    assert verdict.confirmed == again.position


def test_the_worker_seals_and_states(house: House, clock: FrozenClock) -> None:
    done = house.crm.work()
    assert (done.errors, done.checkpoints) == ((), 1)
    assert house.crm.work().checkpoints == 0
    clock.advance(timedelta(hours=1))
    assert house.crm.work().checkpoints == 1
    assert house.admin.privacy.verify().is_sound


def test_the_checks_themselves_are_on_the_trail(house: House) -> None:
    house.admin.privacy.verify()
    operations = {entry.operation for entry in house.admin.privacy.trail().entries}
    assert {"privacy.examine", "privacy.examine_aside", "privacy.checkpoints"} <= operations


def test_a_checkpoint_in_the_sink_that_nobody_here_signed_is_named(
    house: House, sink: CheckpointFile
) -> None:
    real = stated(house)
    stranger = DerivedSigner(StaticKeys({1: bytes(32)}))
    forged = signed(
        house.clinic.id, house.admin.privacy.verify().head, house.clock(), real, stranger
    )
    sink.add(forged)
    verdict = house.admin.privacy.verify()
    assert [finding.fault for finding in verdict.findings] == [Fault.CHECKPOINT_FORGED]
    assert verdict.first_bad is None
    assert house.admin.privacy.verify(public_keys=[stranger.public(1)]).is_sound


def test_the_public_key_is_exported(house: House) -> None:
    pem = house.admin.privacy.public_key()
    assert pem is not None
    assert read_public_pem(pem.encode()) == DerivedSigner(KEYS).public(1)


def test_an_installation_without_a_sink_states_nothing(url: str, clock: FrozenClock) -> None:
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        house = House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)
        desk = operating(house)
        assert (desk.checkpoint(), desk.checkpoints().checkpoints) == (None, ())
        assert desk.public_key() is None


def test_a_person_who_was_erased_leaves_a_sound_trail(house: House) -> None:
    (lead,) = house.coordinator.leads.find().leads
    house.admin.privacy.erase(lead.id)
    operating(house).seal()
    assert house.admin.privacy.verify().findings == ()


def test_a_stretch_is_asked_for_by_a_head(house: House) -> None:
    with pytest.raises(InvalidInput) as caught:
        house.admin.privacy.examine(7)  # type: ignore[arg-type] # on purpose
    assert [problem.path for problem in caught.value.problems] == ["after"]


def test_several_sealers_at_once_make_one_chain(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "TOGETHER", 5)
    for _ in range(30):
        house.coordinator.leads.find()
    errors: list[Exception] = []

    def seal() -> None:
        try:
            while operating(house).seal().is_more:
                pass
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)

    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = sealed(house)
    assert errors == []
    assert [entry.position for entry in entries] == [*range(1, len(entries) + 1)]
    assert house.admin.privacy.verify().is_sound


def test_a_sealer_that_is_interrupted_leaves_nothing_half_done(house: House) -> None:
    house.coordinator.leads.find()
    before = sealed(house)

    class Killed(BaseException):
        """What ends a sealer in the middle."""

    def seal_and_die() -> None:
        with house.crm._backend.begin(house.clinic.id) as store:
            office = house.desk(Role.OPERATOR).office
            permission = orthocrm.Permission.AUDIT_SEAL
            sealing.seal(office._open(store, "privacy.seal", permission, house.clock()))
            raise Killed

    with pytest.raises(Killed):
        seal_and_die()
    assert sealed(house) == before
    operating(house).seal()
    assert house.admin.privacy.verify().is_sound
