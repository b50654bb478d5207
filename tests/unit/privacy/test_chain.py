"""The chain of audit entries: what it proves, and where it breaks."""

import hashlib
from datetime import datetime, timedelta, timezone
from random import Random
from types import MappingProxyType
from typing import Any

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.audit import AuditEntry, ChainHead
from orthocrm.core.ids import AuditId, UserId
from orthocrm.privacy.chain import (
    START,
    Fault,
    Finding,
    Unreadable,
    aside_faults,
    canonical,
    chained,
    has_key,
    is_genuine,
    link,
    mark,
    marked,
    walked,
)
from orthocrm.privacy.verdicts import Examined, Stated, verdict
from tests.unit.privacy.chains import (
    FIELDS,
    TAMPERINGS,
    a_chain,
    an_entry,
    mac,
    other_mac,
)
from tests.unit.privacy.signers import SIGNER, a_checkpoint

LENGTH = 24


def test_the_canonical_form_is_this() -> None:
    assert canonical(an_entry(1)) == (
        b'[1,"bright","entry-001","2026-11-02T15:01:00.000000+00:00","tc-1",'
        b'["treatment_coordinator"],"leads.edit","done","treatment","session:s-1",["ann","ben"],'
        b'["patient.first_name"],[{"kind":"lead_edited","n":1}],["' + b"d" * 64 + b'"]]'
    )


def test_every_field_but_place_seal_and_version_is_proved() -> None:
    names = {attribute.name for attribute in fields(AuditEntry)}
    assert names - FIELDS.keys() == {"position", "seal", "version"}


@pytest.mark.parametrize("name", FIELDS)
def test_another_value_has_another_mark(name: str) -> None:
    entry = an_entry()
    changed: dict[str, Any] = {name: FIELDS[name](entry)}
    other = evolve(entry, **changed)
    assert mark(other, mac) != mark(entry, mac)


def test_place_seal_and_version_do_not_change_the_mark() -> None:
    entry = an_entry()
    assert mark(evolve(entry, position=5, seal="s", version=9), mac) == mark(entry, mac)


def test_what_storage_does_to_json_does_not_show() -> None:
    before = an_entry(
        changes=({"b": 1.0, "a": (1, {2: MappingProxyType({"z": -0.0})}), "c": 1e20, "d": True},)
    )
    after = an_entry(
        changes=({"a": [1, {"2": {"z": 0}}], "b": 1, "c": 100_000_000_000_000_000_000, "d": True},)
    )
    assert canonical(before) == canonical(after)


def test_keys_are_in_the_order_of_texts() -> None:
    before, after = ({10: "a", 9: "b"},), ({"9": "b", "10": "a"},)
    assert canonical(an_entry(changes=before)) == canonical(an_entry(changes=after))
    assert b'{"10":"a","9":"b"}' in canonical(an_entry(changes=before))


def test_a_flag_is_no_number_and_a_fraction_stays() -> None:
    assert canonical(an_entry(changes=({"a": True},))) != canonical(an_entry(changes=({"a": 1},)))
    assert b'"a":1.5' in canonical(an_entry(changes=({"a": 1.5},)))


def test_an_instant_is_the_same_in_every_zone() -> None:
    entry = an_entry()
    there = entry.at.astimezone(timezone(timedelta(hours=-6)))
    assert canonical(evolve(entry, at=there)) == canonical(entry)
    assert canonical(evolve(entry, at=entry.at + timedelta(microseconds=1))) != canonical(entry)


def test_mark_and_link_are_keyed_digests_of_different_things() -> None:
    entry = an_entry()
    own = mark(entry, mac)
    assert own == mac(b"entry\n" + canonical(entry)).hex()
    assert link(7, "before", own, mac) == mac(f"link\n7\nbefore\n{own}".encode()).hex()
    assert mark(entry, other_mac) != own


def test_a_seal_needs_a_key_or_does_not() -> None:
    assert has_key(mac)
    assert not has_key(lambda message: hashlib.sha256(message).digest())


def test_a_chain_goes_on_where_it_ended() -> None:
    whole = a_chain(4)
    first = chained(START, [an_entry(1), an_entry(2)], mac)
    head = ChainHead(position=2, seal=first[-1].seal or "")
    assert [*first, *chained(head, [an_entry(3), an_entry(4)], mac)] == whole
    assert [entry.position for entry in whole] == [1, 2, 3, 4]
    assert len({entry.seal for entry in whole}) == 4


def test_marked_entries_are_genuine_and_wait() -> None:
    (entry,) = marked([an_entry()], mac)
    assert (entry.position, entry.seal) == (None, mark(an_entry(), mac))
    assert is_genuine(entry, mac)
    assert not is_genuine(entry, other_mac)
    assert not is_genuine(an_entry(), mac)


def test_a_whole_chain_is_sound() -> None:
    chain = a_chain(5)
    walk = walked(START, chain, mac, {2, 5, 9})
    assert walk.head == ChainHead(position=5, seal=chain[4].seal or "")
    assert walk.findings == ()
    assert walk.seals == {2: chain[1].seal, 5: chain[4].seal}


def test_a_walk_in_stretches_is_one_walk() -> None:
    chain = a_chain(6)
    first = walked(START, chain[:3], mac)
    assert walked(first.head, chain[3:], mac) == walked(START, chain, mac)


def test_a_chain_of_another_key_is_bad_from_its_start() -> None:
    assert walked(START, a_chain(3), other_mac).findings[0].position == 1


def test_one_changed_entry_is_named_and_no_other() -> None:
    chain = a_chain(5)
    chain[2] = evolve(chain[2], user=UserId("tc-9"))
    finding = Finding(fault=Fault.CHANGED, position=3, entry_id=chain[2].id)
    assert walked(START, chain, mac).findings == (finding,)


def test_missing_entries_are_told_by_their_positions() -> None:
    chain = a_chain(8)
    left = [*chain[:2], *chain[3:4], *chain[6:]]
    assert walked(START, left, mac).findings == (
        Finding(fault=Fault.MISSING, position=3),
        Finding(fault=Fault.MISSING, position=5, upto=6),
    )


def test_what_cannot_be_read_is_bad_where_it_lies() -> None:
    chain = a_chain(4)
    walk = walked(START, [chain[0], Unreadable(position=2), *chain[2:]], mac)
    assert walk.findings[0] == Finding(fault=Fault.CHANGED, position=2)
    assert walk.head == ChainHead(position=4, seal=chain[3].seal or "")


def test_a_gap_before_what_cannot_be_read_is_a_gap() -> None:
    walk = walked(START, [Unreadable(position=3)], mac)
    assert walk.findings == (Finding(fault=Fault.MISSING, position=1, upto=2),)
    assert walk.head == ChainHead(position=3)


def test_a_value_that_no_operation_writes_is_bad_and_does_not_stop_the_walk() -> None:
    chain = a_chain(3)
    chain[1] = evolve(chain[1], changes=({"n": float("nan")},))
    assert [f.position for f in walked(START, chain, mac).findings] == [2]
    assert not is_genuine(evolve(chain[1], seal=""), mac)


def test_no_seal_makes_up_for_an_entry_without_a_form() -> None:
    odd = an_entry(1, changes=({"n": float("inf")},), position=1, seal=link(1, "", "", mac))
    assert [f.fault for f in walked(START, [odd], mac).findings] == [Fault.CHANGED]


def test_two_entries_at_one_position_are_bad_there() -> None:
    chain = a_chain(3)
    twice = evolve(chain[1], id=AuditId("copy"))
    assert walked(START, [chain[0], chain[1], twice, chain[2]], mac).findings[0].position == 2


def test_an_entry_that_keeps_its_link_is_bad_at_another_position() -> None:
    chain = a_chain(3)
    chain[2] = evolve(chain[2], position=2)
    assert [f.position for f in walked(START, chain, mac).findings] == [2]


def test_entries_beside_the_chain_wait_only_where_sealers_come() -> None:
    (waits,) = marked([an_entry(1)], mac)
    forged = an_entry(2, seal="f" * 64)
    before = an_entry(3, position=0)
    assert aside_faults([waits, forged, before], mac, sealed_at_once=False) == [
        Finding(fault=Fault.FOREIGN, entry_id=forged.id),
        Finding(fault=Fault.FOREIGN, position=0, entry_id=before.id),
    ]
    assert aside_faults([waits, forged], mac, sealed_at_once=True) == [
        Finding(fault=Fault.UNSEALED, entry_id=waits.id),
        Finding(fault=Fault.UNSEALED, entry_id=forged.id),
    ]


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("kind", TAMPERINGS)
def test_tampering_is_found_with_the_first_bad_position(kind: str, seed: int) -> None:
    random = Random(f"{kind} {seed}")
    chain = a_chain(LENGTH)
    known = a_checkpoint(ChainHead(position=LENGTH, seal=chain[-1].seal or ""))
    spoilt, first_bad = TAMPERINGS[kind](chain, random)
    walk = walked(START, spoilt, mac, {LENGTH})
    examined = Examined(head=walk.head, findings=walk.findings, seals=walk.seals)
    concluded = verdict(examined, Stated(checkpoints=(known,), head=walk.head), SIGNER, ())
    assert not concluded.is_sound
    assert concluded.first_bad == first_bad


@given(st.integers(1, 12), st.data())
def test_any_prefix_with_its_own_checkpoint_is_sound(length: int, data: st.DataObject) -> None:
    chain = a_chain(length)
    cut = data.draw(st.integers(1, length))
    known = a_checkpoint(ChainHead(position=cut, seal=chain[cut - 1].seal or ""))
    walk = walked(START, chain, mac, {cut})
    stated = Stated(checkpoints=(known,), head=walk.head)
    concluded = verdict(Examined(head=walk.head, seals=walk.seals), stated, SIGNER, ())
    assert (concluded.is_sound, concluded.first_bad, concluded.confirmed) == (True, None, cut)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_json_has_no_form(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical(an_entry(changes=({"n": number},)))


def test_naive_instants_have_no_form() -> None:
    assert not is_genuine(an_entry(at=datetime(2026, 3, 2)), mac)  # noqa: DTZ001 - on purpose
