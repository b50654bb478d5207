"""What a check comes to: stretches add up, the first bad position, and what cannot be shown."""

import pytest
from attrs import evolve

from orthocrm.core.audit import ChainHead, Checkpoint
from orthocrm.core.ids import AuditId
from orthocrm.privacy.chain import Fault, Finding
from orthocrm.privacy.verdicts import MOST_FINDINGS, Examined, Limit, Stated, Verdict, verdict
from tests.unit.privacy.signers import SIGNER, STRANGER, a_checkpoint

HEAD = ChainHead(position=9, seal="seal 9")
WALK = Examined(head=HEAD, entries=9, seals={4: "seal 4", 9: "seal 9"})


def stated(*known: Checkpoint, head: ChainHead = HEAD) -> Stated:
    return Stated(checkpoints=known, head=head)


def at(position: int) -> Checkpoint:
    return a_checkpoint(ChainHead(position=position, seal=f"seal {position}"))


def changed(position: int | None, fault: Fault = Fault.CHANGED) -> Finding:
    return Finding(fault=fault, position=position)


def concluded(walk: Examined, *known: Checkpoint) -> Verdict:
    return verdict(walk, stated(*known), SIGNER, ())


def test_stretches_add_up() -> None:
    first = Examined(
        head=ChainHead(position=5, seal="s"),
        entries=5,
        findings=(changed(3),),
        seals={4: "a"},
    )
    second = Examined(
        head=HEAD, entries=4, findings=(changed(1), changed(None)), seals={9: "b"}, is_last=True
    )
    assert first + second == Examined(
        head=HEAD,
        entries=9,
        findings=(changed(1), changed(3), changed(None)),
        seals={4: "a", 9: "b"},
        is_last=True,
    )


def test_only_the_first_findings_are_kept() -> None:
    many = Examined(findings=tuple(changed(place) for place in range(200, 0, -1)))
    kept = (many + Examined()).findings
    assert [one.position for one in kept] == [*range(1, MOST_FINDINGS + 1)]


def test_a_sound_trail_is_confirmed_by_its_checkpoints() -> None:
    known = at(4)
    assert concluded(WALK, known) == Verdict(
        head=HEAD,
        entries=9,
        waiting=0,
        findings=(),
        confirmed=4,
        checkpoints=1,
        limits=(Limit.AFTER_LAST_CHECKPOINT,),
    )


def test_the_first_bad_position_is_the_least_of_the_chain() -> None:
    walk = evolve(WALK, findings=(changed(6), changed(8)))
    found = concluded(walk)
    assert (found.is_sound, found.first_bad) == (False, 6)


def test_entries_without_a_place_and_checkpoints_have_no_bad_position() -> None:
    forged = a_checkpoint(ChainHead(position=4, seal="seal 4"), signer=STRANGER)
    walk = evolve(
        WALK, findings=(Finding(fault=Fault.FOREIGN, entry_id=AuditId("x")), changed(None))
    )
    found = concluded(walk, forged)
    assert [one.fault for one in found.findings] == [
        Fault.CHECKPOINT_FORGED,
        Fault.FOREIGN,
        Fault.CHANGED,
    ]
    assert (found.is_sound, found.first_bad) == (False, None)


def test_a_forged_checkpoint_confirms_and_accuses_nothing() -> None:
    forged = a_checkpoint(ChainHead(position=20, seal="?"), signer=STRANGER)
    found = concluded(WALK, forged)
    assert [one.fault for one in found.findings] == [Fault.CHECKPOINT_FORGED]
    assert (found.confirmed, found.checkpoints) == (0, 1)


def test_without_a_signer_nothing_can_be_said_of_signatures() -> None:
    assert verdict(WALK, stated(at(4)), None, ()).findings == ()


def test_a_chain_is_judged_as_it_stood_before_the_check() -> None:
    grown = evolve(WALK, head=ChainHead(position=30, seal="later"))
    found = verdict(grown, stated(at(20)), SIGNER, ())
    assert found.findings == (Finding(fault=Fault.CUT_OFF, position=10, upto=20),)


@pytest.mark.parametrize("fault", [Fault.PERSONAL_CHANGED, Fault.PERSONAL_MISSING])
def test_what_is_wrong_with_personal_rows_explains_no_other_chain(fault: Fault) -> None:
    walk = evolve(WALK, findings=(changed(2, fault),), seals={4: "other"})
    assert [one.fault for one in concluded(walk, at(4)).findings] == [Fault.REWRITTEN, fault]


def test_a_broken_chain_explains_another_checkpoint() -> None:
    walk = evolve(WALK, findings=(changed(2),), seals={4: "other"})
    assert concluded(walk, at(4)).findings == (changed(2),)


def test_what_cannot_be_shown_is_said() -> None:
    walk = evolve(WALK, waiting=1, has_key=False)
    assert concluded(walk).limits == (Limit.NO_CHECKPOINTS, Limit.NOT_SEALED_YET, Limit.NO_KEY)
    assert concluded(evolve(WALK, waiting=0), at(4)).limits == (Limit.AFTER_LAST_CHECKPOINT,)
