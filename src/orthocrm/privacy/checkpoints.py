"""Checkpoints: signed statements of how far a chain stood, and what they show of it later.

They are kept outside of the database (`CheckpointSink`). A chain that ends before a checkpoint was
cut off, or an older backup was put back; a chain that is whole and differs from a checkpoint was
written anew by somebody who had the key. What came after the last checkpoint can be cut off without
a trace.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from orthocrm.core.audit import ChainHead, Checkpoint
from orthocrm.core.errors import InvalidInput, MissingKey
from orthocrm.core.ids import ClinicId
from orthocrm.core.ports import Signer
from orthocrm.core.time import instant
from orthocrm.privacy.chain import Fault, Finding

EVERY: Final = timedelta(hours=1)
"""How often workers state a checkpoint of a trail that grows; the choice is ours."""

MANY: Final = 1_000
"""After so many entries workers do not wait for the hour to end."""

_PURPOSE: Final = b"orthocrm audit checkpoint\n"
_FIELDS: Final = {
    "clinic_id": str,
    "position": int,
    "seal": str,
    "at": str,
    "previous": str,
    "is_restored": bool,
    "key_id": int,
    "signature": str,
}


def written(checkpoint: Checkpoint) -> str:
    """Write a checkpoint as one line of JSON, its keys sorted."""
    values = {name: getattr(checkpoint, name) for name in _FIELDS}
    values["at"] = instant(checkpoint.at, "at").isoformat(timespec="microseconds")
    return json.dumps(values, separators=(",", ":"), sort_keys=True)


def read(line: str) -> Checkpoint:
    """Read what `written` wrote; raises `InvalidInput` at `checkpoint` for anything else."""
    try:
        values = json.loads(line)
        if {name: type(value) for name, value in values.items()} != _FIELDS:
            raise _unreadable()
        return Checkpoint(**{**values, "at": instant(datetime.fromisoformat(values["at"]), "at")})
    except (ValueError, AttributeError):
        raise _unreadable() from None


def _unreadable() -> InvalidInput:
    return InvalidInput.at("checkpoint", "unreadable", "this is no checkpoint")


def digest(checkpoint: Checkpoint) -> str:
    """Give the SHA-256 of a checkpoint with its signature, by which the next one knows it."""
    return hashlib.sha256(written(checkpoint).encode("ascii")).hexdigest()


def is_due(
    last: Checkpoint | None, head: ChainHead, now: datetime, *, at_once: bool = False
) -> bool:
    """Whether a chain has grown enough for another checkpoint, by time or by entries.

    Asked for `at_once`, one entry is enough.
    """
    if last is None:
        return head.position > 0
    grown = head.position - last.position
    return grown >= MANY or (grown > 0 and (at_once or now - last.at >= EVERY))


def signed(
    clinic: ClinicId,
    head: ChainHead,
    at: datetime,
    before: Checkpoint | None,
    signer: Signer,
    *,
    is_restored: bool = False,
) -> Checkpoint:
    """State that a chain stands at `head`, after the checkpoint `before`."""
    made = Checkpoint(
        clinic_id=clinic,
        position=head.position,
        seal=head.seal,
        at=at,
        previous="" if before is None else digest(before),
        is_restored=is_restored,
        key_id=signer.active(),
    )
    return evolve(made, signature=signer.sign(_message(made)).hex())


def _message(checkpoint: Checkpoint) -> bytes:
    """Give what is signed: everything but the signature itself."""
    return _PURPOSE + written(evolve(checkpoint, signature="")).encode("ascii")


def is_signed(checkpoint: Checkpoint, signer: Signer, trusted: Collection[bytes] = ()) -> bool:
    """Whether a checkpoint bears the signature of a live key, or of one of the `trusted` ones.

    `trusted` are public keys of 32 bytes that are no longer live.
    """
    with suppress(MissingKey):
        trusted = [*trusted, signer.public(checkpoint.key_id)]
    return any(_verifies(key, checkpoint) for key in trusted)


def _verifies(key: bytes, checkpoint: Checkpoint) -> bool:
    try:
        signature = bytes.fromhex(checkpoint.signature)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, _message(checkpoint))
    except (InvalidSignature, ValueError):
        return False
    return True


def order_faults(
    checkpoints: Sequence[Checkpoint], signer: Signer, trusted: Collection[bytes] = ()
) -> list[Finding]:
    """Find checkpoints that nobody here has signed, and those that were left out or exchanged."""
    found, previous = [], ""
    for one in checkpoints:
        if not is_signed(one, signer, trusted):
            found.append(Finding(fault=Fault.CHECKPOINT_FORGED, position=one.position))
        elif one.previous != previous:
            found.append(Finding(fault=Fault.CHECKPOINT_MISSING, position=one.position))
        previous = digest(one)
    return found


@frozen(kw_only=True)
class Judged:
    """What checkpoints say of a chain.

    Attributes:
        findings: Where the chain is not the one that they know.
        confirmed: The last position that a checkpoint confirms; 0 when none does.
        given_up: Checkpoints that hold no longer, because it is known that the database was put
            back to an older state after them.
    """

    findings: tuple[Finding, ...] = ()
    confirmed: int = 0
    given_up: tuple[Checkpoint, ...] = ()


def judged(
    checkpoints: Iterable[Checkpoint],
    seals: Mapping[int, str],
    head: ChainHead,
    broken_at: int | None = None,
) -> Judged:
    """Compare a chain with checkpoints, given in their order, by its links at their positions.

    What lies behind `broken_at`, where the chain itself is broken, needs no other explanation.
    """
    held: list[int] = []
    lost: list[Checkpoint] = []
    given_up: list[Checkpoint] = []
    for one in checkpoints:
        if seals.get(one.position) != one.seal:
            lost.append(one)
            continue
        held.append(one.position)
        if one.is_restored:
            given_up += lost
            lost.clear()
    return Judged(
        findings=(*_rewritten(lost, held, head, broken_at), *_cut_off(lost, head)),
        confirmed=max(held, default=0),
        given_up=tuple(given_up),
    )


def _cut_off(lost: Sequence[Checkpoint], head: ChainHead) -> list[Finding]:
    last = max((one.position for one in lost), default=0)
    if last <= head.position:
        return []
    return [Finding(fault=Fault.CUT_OFF, position=head.position + 1, upto=last)]


def _rewritten(
    lost: Sequence[Checkpoint], held: Sequence[int], head: ChainHead, broken_at: int | None
) -> list[Finding]:
    """Say between which positions a whole chain becomes another one."""
    there = [one.position for one in lost if one.position <= head.position]
    if not there or (broken_at is not None and broken_at <= min(there)):
        return []
    before = max((position for position in held if position < min(there)), default=0)
    return [Finding(fault=Fault.REWRITTEN, position=before + 1, upto=min(there))]
