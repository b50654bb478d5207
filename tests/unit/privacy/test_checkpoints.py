"""Checkpoints: who signed them, whether one is missing, and what they say of a chain."""

from datetime import timedelta

import pytest
from attrs import evolve, fields

from orthocrm.core.audit import ChainHead, Checkpoint
from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.privacy.chain import Fault, Finding
from orthocrm.privacy.checkpoints import (
    EVERY,
    MANY,
    Judged,
    digest,
    is_due,
    is_signed,
    judged,
    order_faults,
    read,
    written,
)
from orthocrm.testing.clock import MONDAY_MORNING
from tests.unit.privacy.chains import CLINIC
from tests.unit.privacy.signers import SIGNER, STRANGER, a_checkpoint


def head(position: int) -> ChainHead:
    return ChainHead(position=position, seal=f"seal {position}")


SEALS = {position: f"seal {position}" for position in range(1, 100)}


def test_a_checkpoint_is_one_line_that_is_read_again() -> None:
    one = a_checkpoint(head(7))
    assert written(one) == (
        '{"at":"2026-11-02T15:00:00.000000+00:00","clinic_id":"bright","is_restored":false,'
        f'"key_id":1,"position":7,"previous":"","seal":"seal 7","signature":"{one.signature}"}}'
    )
    assert read(written(one)) == one


def test_a_checkpoint_states_head_time_and_the_one_before() -> None:
    first = a_checkpoint(head(7))
    second = a_checkpoint(head(9), first, MONDAY_MORNING + EVERY, is_restored=True)
    assert (second.clinic_id, second.position, second.seal) == (CLINIC, 9, "seal 9")
    assert (second.at, second.previous) == (MONDAY_MORNING + EVERY, digest(first))
    assert (first.previous, first.is_restored, second.is_restored) == ("", False, True)
    assert (len(first.signature), len(digest(first))) == (128, 64)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nonsense",
        "[]",
        "null",
        "7",
        "{}",
        written(a_checkpoint(head(7))).replace('"position":7', '"position":"7"'),
        written(a_checkpoint(head(7))).replace('"position":7', '"position":true'),
        written(a_checkpoint(head(7))).replace('"key_id":1', '"key_id":1,"more":1'),
        written(a_checkpoint(head(7))).replace("2026-11-02T15:00:00.000000+00:00", "today"),
        written(a_checkpoint(head(7))).replace("+00:00", ""),
        written(a_checkpoint(head(7)))[:-5],
    ],
)
def test_what_is_no_checkpoint_is_refused(line: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(line)
    told = Problem("checkpoint", "unreadable", "this is no checkpoint")
    assert caught.value.problems == (told,)


OTHERS: dict[str, object] = {
    "clinic_id": "other",
    "position": 8,
    "seal": "seal 8",
    "at": MONDAY_MORNING + timedelta(seconds=1),
    "previous": "p",
    "is_restored": True,
    "signature": "00" * 64,
}


@pytest.mark.parametrize("name", OTHERS)
def test_everything_that_a_checkpoint_says_is_signed(name: str) -> None:
    one = a_checkpoint(head(7))
    assert is_signed(one, SIGNER)
    assert not is_signed(evolve(one, **{name: OTHERS[name]}), SIGNER)  # type: ignore[arg-type]


def test_no_field_is_left_out_of_the_signature() -> None:
    assert {a.name for a in fields(Checkpoint)} == {*OTHERS, "key_id"}


@pytest.mark.parametrize("signature", ["", "zz", "00", "ü"])
def test_what_is_no_signature_verifies_nothing(signature: str) -> None:
    assert not is_signed(evolve(a_checkpoint(head(7)), signature=signature), SIGNER)


def test_a_key_that_is_gone_verifies_while_it_is_trusted() -> None:
    one = a_checkpoint(head(7), signer=STRANGER)
    assert not is_signed(one, SIGNER)
    assert is_signed(one, SIGNER, [STRANGER.public(1)])
    unknown = evolve(one, key_id=9)
    assert not is_signed(unknown, SIGNER)
    assert not is_signed(one, SIGNER, [b"short"])


def test_checkpoints_in_their_order_are_sound() -> None:
    first = a_checkpoint(head(2))
    second = a_checkpoint(head(4), first)
    third = a_checkpoint(head(6), second)
    assert order_faults([], SIGNER) == []
    assert order_faults([first, second, third], SIGNER) == []
    missing = [Finding(fault=Fault.CHECKPOINT_MISSING, position=6)]
    assert order_faults([first, third], SIGNER) == missing
    assert order_faults([second, third], SIGNER) == [
        Finding(fault=Fault.CHECKPOINT_MISSING, position=4)
    ]
    assert [f.position for f in order_faults([first, third, second], SIGNER)] == [6, 4]


def test_a_forged_checkpoint_is_named() -> None:
    first = a_checkpoint(head(2))
    forged = a_checkpoint(head(4), first, signer=STRANGER)
    assert order_faults([first, forged], SIGNER) == [
        Finding(fault=Fault.CHECKPOINT_FORGED, position=4)
    ]
    assert order_faults([first, forged], SIGNER, [STRANGER.public(1)]) == []


def test_a_chain_that_agrees_is_confirmed_up_to_the_last_checkpoint() -> None:
    known = [a_checkpoint(head(2)), a_checkpoint(head(5))]
    assert judged(known, SEALS, head(9)) == Judged(confirmed=5)
    assert judged([], SEALS, head(9)) == Judged()


def test_a_chain_that_ends_too_early_was_cut_off() -> None:
    known = [a_checkpoint(head(2)), a_checkpoint(head(7)), a_checkpoint(head(9))]
    seals = {2: "seal 2", 5: "seal 5"}
    assert judged(known, seals, head(5)) == Judged(
        findings=(Finding(fault=Fault.CUT_OFF, position=6, upto=9),), confirmed=2
    )


def test_a_chain_that_ends_at_its_last_checkpoint_is_whole() -> None:
    assert judged([a_checkpoint(head(5))], SEALS, head(5)).findings == ()


def test_a_chain_written_anew_is_told_from_the_last_agreement_on() -> None:
    known = [a_checkpoint(head(2)), a_checkpoint(head(4)), a_checkpoint(head(7))]
    seals = {2: "seal 2", 4: "other", 7: "another"}
    rewritten = Finding(fault=Fault.REWRITTEN, position=3, upto=4)
    assert judged(known, seals, head(9)).findings == (rewritten,)
    assert judged(known[1:], seals, head(9)).findings == (
        Finding(fault=Fault.REWRITTEN, position=1, upto=4),
    )


def test_an_agreement_between_two_differences_explains_neither() -> None:
    known = [a_checkpoint(head(position)) for position in (2, 4, 5, 8)]
    seals = {2: "seal 2", 4: "other", 5: "seal 5", 8: "another"}
    assert judged(known, seals, head(9)).findings == (
        Finding(fault=Fault.REWRITTEN, position=3, upto=4),
    )


def test_a_chain_that_differs_at_its_very_end_was_written_anew() -> None:
    assert judged([a_checkpoint(head(5))], {5: "other"}, head(5)).findings == (
        Finding(fault=Fault.REWRITTEN, position=1, upto=5),
    )


def test_a_signature_is_for_checkpoints_and_nothing_else() -> None:
    one = a_checkpoint(head(7))
    message = b"orthocrm audit checkpoint\n" + written(evolve(one, signature="")).encode()
    assert one.signature == SIGNER.sign(message).hex()


def test_a_later_agreement_does_not_excuse_an_earlier_difference() -> None:
    known = [a_checkpoint(head(4)), a_checkpoint(head(7))]
    assert judged(known, {4: "other", 7: "seal 7"}, head(9)).findings == (
        Finding(fault=Fault.REWRITTEN, position=1, upto=4),
    )


def test_a_restored_backup_that_went_on_is_both() -> None:
    known = [a_checkpoint(head(2)), a_checkpoint(head(4)), a_checkpoint(head(8))]
    found = judged(known, {2: "seal 2", 4: "other"}, head(5)).findings
    assert found == (
        Finding(fault=Fault.REWRITTEN, position=3, upto=4),
        Finding(fault=Fault.CUT_OFF, position=6, upto=8),
    )


@pytest.mark.parametrize("broken_at, count", [(None, 1), (3, 0), (4, 0), (5, 1)])
def test_a_broken_chain_explains_what_lies_behind(broken_at: int | None, count: int) -> None:
    known = [a_checkpoint(head(4))]
    assert len(judged(known, {4: "other"}, head(9), broken_at).findings) == count


def test_a_restore_that_was_stated_gives_up_what_was_lost() -> None:
    kept, lost = a_checkpoint(head(2)), a_checkpoint(head(8))
    stated = a_checkpoint(head(5), lost, is_restored=True)
    later = a_checkpoint(head(6), stated)
    assert judged([kept, lost, stated, later], SEALS | {8: "other"}, head(9)) == Judged(
        confirmed=6, given_up=(lost,)
    )


def test_a_statement_that_does_not_hold_itself_gives_nothing_up() -> None:
    lost = a_checkpoint(head(8))
    stated = a_checkpoint(head(5), lost, is_restored=True)
    assert [f.fault for f in judged([lost, stated], {5: "other"}, head(6)).findings] == [
        Fault.REWRITTEN,
        Fault.CUT_OFF,
    ]


def test_what_is_lost_after_a_stated_restore_counts_again() -> None:
    known = [a_checkpoint(head(5), is_restored=True), a_checkpoint(head(8))]
    assert judged(known, {5: "seal 5"}, head(6)).findings == (
        Finding(fault=Fault.CUT_OFF, position=7, upto=8),
    )


@pytest.mark.parametrize(
    "grown, waited, at_once, due",
    [
        (0, 100 * EVERY, True, False),
        (1, EVERY - timedelta(microseconds=1), False, False),
        (1, EVERY, False, True),
        (1, timedelta(0), True, True),
        (MANY - 1, timedelta(0), False, False),
        (MANY, timedelta(0), False, True),
    ],
)
def test_checkpoints_come_by_time_or_by_entries(
    *, grown: int, waited: timedelta, at_once: bool, due: bool
) -> None:
    last = a_checkpoint(head(5))
    now = MONDAY_MORNING + waited
    assert is_due(last, head(5 + grown), now, at_once=at_once) is due


def test_the_first_checkpoint_is_due_with_the_first_entry() -> None:
    assert is_due(None, head(1), MONDAY_MORNING)
    assert not is_due(None, ChainHead(), MONDAY_MORNING, at_once=True)
    assert not is_due(a_checkpoint(head(5)), head(6), MONDAY_MORNING)


def test_a_shorter_chain_is_no_reason_for_a_checkpoint() -> None:
    assert not is_due(a_checkpoint(head(5)), head(3), MONDAY_MORNING + EVERY, at_once=True)
