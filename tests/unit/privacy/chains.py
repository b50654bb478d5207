"""What the tests of the audit chain share: a key, entries, and ways to tamper with them."""

import hmac
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from attrs import evolve

from orthocrm.core.audit import AuditEntry
from orthocrm.core.ids import AuditId, ClinicId, UserId
from orthocrm.privacy.chain import START, chained
from orthocrm.testing.clock import MONDAY_MORNING

CLINIC = ClinicId("bright")


def mac(message: bytes) -> bytes:
    """HMAC-SHA256 under the key of the tests."""
    return hmac.digest(b"k" * 32, message, "sha256")


def other_mac(message: bytes) -> bytes:
    """HMAC-SHA256 under another key."""
    return hmac.digest(b"x" * 32, message, "sha256")


def an_entry(number: int = 1, **fields: Any) -> AuditEntry:
    """Make an entry that nobody has sealed."""
    entry = AuditEntry(
        id=AuditId(f"entry-{number:03}"),
        clinic_id=CLINIC,
        at=MONDAY_MORNING + timedelta(minutes=number),
        user=UserId("tc-1"),
        roles=("treatment_coordinator",),
        operation="leads.edit",
        purpose="treatment",
        credential="session:s-1",
        objects=("ann", "ben"),
        fields=("patient.first_name",),
        changes=({"kind": "lead_edited", "n": 1},),
        digests=("d" * 64,),
    )
    return evolve(entry, **fields)


def a_chain(length: int) -> list[AuditEntry]:
    """Make a chain."""
    return chained(START, [an_entry(number) for number in range(1, length + 1)], mac)


FIELDS: dict[str, Callable[[AuditEntry], Any]] = {
    "id": lambda entry: AuditId(entry.id + "x"),
    "clinic_id": lambda _: ClinicId("other"),
    "at": lambda entry: entry.at + timedelta(microseconds=1),
    "user": lambda _: UserId("tc-2"),
    "roles": lambda entry: (*entry.roles, "admin"),
    "operation": lambda _: "leads.get",
    "outcome": lambda _: "forbidden",
    "purpose": lambda _: None,
    "credential": lambda _: "key:k-1",
    "objects": lambda entry: entry.objects[::-1],
    "fields": lambda _: (),
    "changes": lambda _: ({"kind": "lead_edited", "n": 2},),
    "digests": lambda _: ("e" * 64,),
}
"""Every field that an entry's proof is about, and how to change it."""

Tampering = Callable[[list[AuditEntry], Random], tuple[Sequence[AuditEntry], int]]
"""Spoils a chain, and tells the first position that is bad then."""


def change_a_field(chain: list[AuditEntry], random: Random) -> tuple[list[AuditEntry], int]:
    """Change one field of one entry, but the digests."""
    at = random.randrange(len(chain))
    name = random.choice([name for name in FIELDS if name != "digests"])
    changed: dict[str, Any] = {name: FIELDS[name](chain[at])}
    chain[at] = evolve(chain[at], **changed)
    return chain, at + 1


def change_a_digest(chain: list[AuditEntry], random: Random) -> tuple[list[AuditEntry], int]:
    """Let an entry stand for other personal data."""
    at = random.randrange(len(chain))
    chain[at] = evolve(chain[at], digests=FIELDS["digests"](chain[at]))
    return chain, at + 1


def delete_a_row(chain: list[AuditEntry], random: Random) -> tuple[list[AuditEntry], int]:
    """Take an entry out, but the last, and close the gap or leave it."""
    at = random.randrange(len(chain) - 1)
    del chain[at]
    if random.random() < 0.5:
        chain[at:] = [evolve(e, position=(e.position or 0) - 1) for e in chain[at:]]
    return chain, at + 1


def insert_a_row(chain: list[AuditEntry], random: Random) -> tuple[list[AuditEntry], int]:
    """Put an entry in, sealed by guesswork or with a seal of another one."""
    at = random.randrange(len(chain) + 1)
    seal = random.choice([random.randbytes(32).hex(), random.choice(chain).seal, None, ""])
    forged = an_entry(900 + at, position=at + 1, seal=seal)
    chain[at:] = [forged, *(evolve(e, position=(e.position or 0) + 1) for e in chain[at:])]
    return chain, at + 1


def swap_two_rows(chain: list[AuditEntry], random: Random) -> tuple[list[AuditEntry], int]:
    """Exchange two entries, with their seals or without."""
    first, second = sorted(random.sample(range(len(chain)), 2))
    one, two = chain[first], chain[second]
    seals = (one.seal, two.seal) if random.random() < 0.5 else (two.seal, one.seal)
    chain[first] = evolve(two, position=one.position, seal=seals[0])
    chain[second] = evolve(one, position=two.position, seal=seals[1])
    return chain, first + 1


def cut_the_end_off(chain: list[AuditEntry], random: Random) -> tuple[list[AuditEntry], int]:
    """Take the newest entries away."""
    left = random.randrange(len(chain))
    return chain[:left], left + 1


TAMPERINGS: dict[str, Tampering] = {
    "change a field": change_a_field,
    "change a digest": change_a_digest,
    "delete a row": delete_a_row,
    "insert a row": insert_a_row,
    "swap two rows": swap_two_rows,
    "cut the end off": cut_the_end_off,
}
