"""What a check of the audit trail came to, and what it cannot show."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final

from attrs import evolve, field, frozen

from orthocrm.core.audit import ChainHead, Checkpoint
from orthocrm.core.ports import Signer
from orthocrm.privacy import checkpoints as rules
from orthocrm.privacy.chain import START, Fault, Finding

MOST_FINDINGS: Final = 100
"""So many findings are kept, the first ones: one cut shifts all entries behind it."""

_OF_CHECKPOINTS: Final = (Fault.CHECKPOINT_FORGED, Fault.CHECKPOINT_MISSING)
_OF_PERSONAL: Final = (Fault.PERSONAL_CHANGED, Fault.PERSONAL_MISSING)
_NOWHERE: Final = 2**63


class Limit(StrEnum):
    """What a check cannot show."""

    AFTER_LAST_CHECKPOINT = "after_last_checkpoint"
    """Entries after the last checkpoint may have been cut off without a trace."""
    NO_CHECKPOINTS = "no_checkpoints"
    """There is no checkpoint: the newest entries, or all, may have been cut off; a database that
    was put back to an older state looks the same."""
    NOT_SEALED_YET = "not_sealed_yet"
    """Entries that wait for their sealer: one of them can be taken out without a trace."""
    NO_KEY = "no_key"
    """The database is kept in clear, so that whoever writes to it can compute every seal."""


@frozen(kw_only=True)
class Examined:
    """What was found in one stretch of a trail; stretches add up.

    Attributes:
        head: The last entry of the stretch as it is stored; the next stretch begins behind it.
        entries: How many entries it holds.
        findings: What is wrong, at most `MOST_FINDINGS`.
        seals: The links at the positions that were asked for.
        is_last: Whether the chain ends here.
        waiting: How many entries of the clinic have no position yet.
        has_key: Whether seals need a key that the database does not hold.
    """

    head: ChainHead = START
    entries: int = 0
    findings: tuple[Finding, ...] = ()
    seals: Mapping[int, str] = field(factory=dict)
    is_last: bool = False
    waiting: int = 0
    has_key: bool = True

    def __add__(self, other: "Examined") -> "Examined":
        return evolve(
            other,
            entries=self.entries + other.entries,
            findings=_first((*self.findings, *other.findings)),
            seals={**self.seals, **other.seals},
        )


@frozen(kw_only=True)
class Stated:
    """The checkpoints of a chain in their order, and where it stood when they were read.

    A check goes on the trail itself, so that a chain that was cut off grows again by it.
    """

    checkpoints: tuple[Checkpoint, ...]
    head: ChainHead


@frozen(kw_only=True)
class Verdict:
    """What a check of a clinic's audit trail came to.

    Attributes:
        head: Where the chain ends.
        entries: How many entries it holds.
        waiting: How many entries have no position yet.
        findings: What is wrong, by position, at most `MOST_FINDINGS`; empty for a sound trail.
        confirmed: The last position that a checkpoint confirms; 0 when none does.
        checkpoints: How many checkpoints there are.
        given_up: Those that a known return to an older state has made void.
        limits: What the check cannot show.
    """

    head: ChainHead
    entries: int
    waiting: int
    findings: tuple[Finding, ...]
    confirmed: int
    checkpoints: int
    given_up: tuple[Checkpoint, ...] = ()
    limits: tuple[Limit, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def first_bad(self) -> int | None:
        """The first position of the trail that is bad; None when no position is.

        Faults of checkpoints, and of entries that have no position, count as none.
        """
        places = (
            one.position
            for one in self.findings
            if one.position is not None and one.fault not in _OF_CHECKPOINTS
        )
        return min(places, default=None)


def verdict(
    walk: Examined, stated: Stated, signer: Signer | None, trusted: Collection[bytes]
) -> Verdict:
    """Conclude from a walk over the whole chain, and from what was stated of it."""
    known = stated.checkpoints
    signed, faults = list(known), []
    if signer is not None:
        signed = [one for one in known if rules.is_signed(one, signer, trusted)]
        faults = rules.order_faults(known, signer, trusted)
    judged = rules.judged(signed, walk.seals, stated.head, _broken_at(walk.findings))
    return Verdict(
        head=walk.head,
        entries=walk.entries,
        waiting=walk.waiting,
        findings=_first((*walk.findings, *judged.findings, *faults)),
        confirmed=judged.confirmed,
        checkpoints=len(known),
        given_up=judged.given_up,
        limits=_limits(walk, judged),
    )


def _broken_at(findings: Sequence[Finding]) -> int | None:
    """Give the first position at which the chain itself does not hold."""
    places = [f.position for f in findings if f.fault not in _OF_PERSONAL and f.position]
    return min(places, default=None)


def _first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    ordered = sorted(findings, key=lambda one: _NOWHERE if one.position is None else one.position)
    return tuple(ordered[:MOST_FINDINGS])


def _limits(walk: Examined, judged: rules.Judged) -> tuple[Limit, ...]:
    applies = {
        Limit.NO_CHECKPOINTS: judged.confirmed == 0,
        Limit.AFTER_LAST_CHECKPOINT: judged.confirmed > 0,
        Limit.NOT_SEALED_YET: walk.waiting > 0,
        Limit.NO_KEY: not walk.has_key,
    }
    return tuple(limit for limit, is_so in applies.items() if is_so)
