"""The chain of audit entries: what proves an entry, and where the proof breaks.

An entry's *mark* is a keyed digest of what it says. Its *link* is a keyed digest of its position,
of the link before it, and of its mark. Where writers of a clinic follow each other, an entry gets
position and link as it is written; elsewhere it bears its mark until a sealer gives it both.
Whoever lacks the key can neither change, take out, put in nor exchange entries unseen, but can cut
off the newest ones: that is for checkpoints (`orthocrm.privacy.checkpoints`) to show.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from attrs import evolve, frozen

from orthocrm.core.audit import AuditEntry, ChainHead
from orthocrm.core.ids import AuditId
from orthocrm.core.time import instant

Mac = Callable[[bytes], bytes]
"""HMAC-SHA256 under the clinic's key for its trail."""

START: Final = ChainHead()
"""Before the first entry."""

_FORM: Final = 1
"""The version of the canonical form."""


class Fault(StrEnum):
    """What is wrong with a trail."""

    CHANGED = "changed"
    """The entry is not the one that was sealed at this position."""
    MISSING = "missing"
    """The entry of this position is gone."""
    UNSEALED = "unsealed"
    """The entry has no position, although entries get theirs as they are written."""
    FOREIGN = "foreign"
    """The entry, not sealed yet, was not written by this installation, or changed since."""
    PERSONAL_CHANGED = "personal_changed"
    """What the entry changed in personal fields is not what its digests stand for."""
    PERSONAL_MISSING = "personal_missing"
    """What the entry changed in personal fields is gone, although nobody was erased."""
    CUT_OFF = "cut_off"
    """A checkpoint knows of this position; the chain ends before it."""
    REWRITTEN = "rewritten"
    """The chain is whole, and is not the one that a checkpoint knows from here on."""
    CHECKPOINT_FORGED = "checkpoint_forged"
    """The signature of a checkpoint is none of this installation's keys."""
    CHECKPOINT_MISSING = "checkpoint_missing"
    """A checkpoint was left out: the next one knows of another before it."""


@frozen(kw_only=True)
class Finding:
    """One thing that is wrong; `upto` is the last position that it may concern, if not `position`.

    An entry that has no position is named by its id.
    """

    fault: Fault
    position: int | None = None
    upto: int | None = None
    entry_id: AuditId | None = None


def canonical(entry: AuditEntry) -> bytes:
    """Write what an entry says in the one form that proofs are about.

    A JSON array in ASCII: the version of this form, then clinic, id, instant (UTC, microseconds),
    user, roles, operation, outcome, purpose, credential, objects, fields, changes and digests.
    Objects are sorted by key, and a number without a fraction is an integer: what databases do to
    JSON does not show. Position, seal and version are no part of it.
    """
    said = (
        _FORM,
        entry.clinic_id,
        entry.id,
        instant(entry.at, "at").isoformat(timespec="microseconds"),
        entry.user,
        entry.roles,
        entry.operation,
        entry.outcome,
        entry.purpose,
        entry.credential,
        entry.objects,
        entry.fields,
        [_settled(change) for change in entry.changes],
        entry.digests,
    )
    return _written(said).encode("ascii")


_written = json.JSONEncoder(separators=(",", ":"), sort_keys=True, allow_nan=False).encode


def _settled(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Give a value the form that it has after storage."""
    if isinstance(value, Mapping):
        return {str(name): _settled(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_settled(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def mark(entry: AuditEntry, mac: Mac) -> str:
    """Prove an entry by itself: 64 hexadecimal digits."""
    return mac(b"entry\n" + canonical(entry)).hex()


def _would_be(entry: AuditEntry, mac: Mac) -> str:
    """Give the mark that an entry ought to have, nothing for what no operation can have written."""
    try:
        return mark(entry, mac)
    except (ValueError, TypeError):
        return ""


def link(position: int, previous: str, own: str, mac: Mac) -> str:
    """Prove an entry of a mark at a position after a link: 64 hexadecimal digits."""
    return mac(f"link\n{position}\n{previous}\n{own}".encode()).hex()


def has_key(mac: Mac) -> bool:
    """Whether a seal needs a key: a database that is kept in clear has a plain SHA-256."""
    return mac(b"") != hashlib.sha256(b"").digest()


def marked(entries: Iterable[AuditEntry], mac: Mac) -> list[AuditEntry]:
    """Give entries their marks, for a sealer that comes later."""
    return [evolve(entry, seal=mark(entry, mac)) for entry in entries]


def chained(head: ChainHead, entries: Iterable[AuditEntry], mac: Mac) -> list[AuditEntry]:
    """Give entries their positions after `head`, in the order given, and their links."""
    position, seal, done = head.position, head.seal, []
    for entry in entries:
        position += 1
        seal = link(position, seal, mark(entry, mac), mac)
        done.append(evolve(entry, position=position, seal=seal))
    return done


def is_genuine(entry: AuditEntry, mac: Mac) -> bool:
    """Whether an entry that waits for its sealer is as this installation wrote it."""
    own = _would_be(entry, mac)
    return own != "" and entry.seal == own


def aside_faults(entries: Iterable[AuditEntry], mac: Mac, *, sealed_at_once: bool) -> list[Finding]:
    """Find what is wrong with entries that stand beside the chain: they may wait for a sealer."""
    faults = []
    for entry in entries:
        if entry.position is not None:  # before the first one, where nobody walks
            faults.append(Finding(fault=Fault.FOREIGN, position=entry.position, entry_id=entry.id))
        elif sealed_at_once:
            faults.append(Finding(fault=Fault.UNSEALED, entry_id=entry.id))
        elif not is_genuine(entry, mac):
            faults.append(Finding(fault=Fault.FOREIGN, entry_id=entry.id))
    return faults


@frozen(kw_only=True)
class Unreadable:
    """What lies at a position where no entry can be read."""

    position: int


@frozen(kw_only=True)
class Walked:
    """How far a chain was walked, what was wrong, and the links at positions that were asked for.

    `head` is the last entry as it is stored, so that the walk goes on behind a fault.
    """

    head: ChainHead
    findings: tuple[Finding, ...]
    seals: Mapping[int, str]


def walked(
    head: ChainHead,
    entries: Iterable[AuditEntry | Unreadable],
    mac: Mac,
    asked: Collection[int] = (),
) -> Walked:
    """Walk entries that follow `head`, by position: each has to carry the link of its place."""
    findings: list[Finding] = []
    seals: dict[int, str] = {}
    for entry in entries:
        finding = _fault(head, entry, mac)
        if finding is not None:
            findings.append(finding)
        head = _head_of(entry)
        if head.position in asked:
            seals[head.position] = head.seal
    return Walked(head=head, findings=tuple(findings), seals=seals)


def _head_of(entry: AuditEntry | Unreadable) -> ChainHead:
    seal = entry.seal if isinstance(entry, AuditEntry) else None
    return ChainHead(position=entry.position or 0, seal=seal or "")


def _fault(head: ChainHead, entry: AuditEntry | Unreadable, mac: Mac) -> Finding | None:
    """Say what is wrong with an entry after those that were walked."""
    position, expected = entry.position or 0, head.position + 1
    if position > expected:
        upto = position - 1 if position - 1 > expected else None
        return Finding(fault=Fault.MISSING, position=expected, upto=upto)
    if isinstance(entry, Unreadable):
        return Finding(fault=Fault.CHANGED, position=position)
    own = _would_be(entry, mac)
    right = link(expected, head.seal, own, mac)
    if position == expected and own and entry.seal == right:
        return None
    return Finding(fault=Fault.CHANGED, position=position, entry_id=entry.id)
