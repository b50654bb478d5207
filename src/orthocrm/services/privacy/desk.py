"""`desk.privacy`: who did what, whether that can be believed, and who was told."""

from collections.abc import Collection, Sequence

from attrs import evolve, frozen

from orthocrm.core.actor import Permission
from orthocrm.core.audit import AuditEntry, ChainHead, Checkpoint
from orthocrm.core.errors import InvalidInput
from orthocrm.core.facts import AUDIT
from orthocrm.core.query import EVERYTHING, Page, Sort, Where
from orthocrm.privacy import verdicts
from orthocrm.privacy.chain import START
from orthocrm.privacy.signing import public_pem
from orthocrm.privacy.verdicts import Examined, Stated, Verdict
from orthocrm.services.gate import composed, verb
from orthocrm.services.privacy import checking, restoring, sealing
from orthocrm.services.privacy.breaking import BreakingGlass
from orthocrm.services.privacy.deidentifying import DeIdentifying
from orthocrm.services.privacy.persons import Persons
from orthocrm.services.privacy.reporting import Reporting
from orthocrm.services.privacy.sealing import Sealed
from orthocrm.services.work import Work

_NEWEST_FIRST = (Sort("at", descending=True),)


@frozen(kw_only=True)
class AuditPage:
    """One page of the audit trail; `cursor` opens the next one, None at the end."""

    entries: tuple[AuditEntry, ...]
    cursor: str | None = None


class Privacy(Reporting, BreakingGlass, DeIdentifying, Persons, area="privacy"):
    """The audit trail: reading it, sealing it, and checking it; and what is of persons."""

    @verb(Permission.AUDIT_READ)
    def trail(
        self, work: Work, where: Where = EVERYTHING, *, size: int = 50, cursor: str | None = None
    ) -> AuditPage:
        """Read the audit trail, newest first; the reading itself is on it afterwards."""
        cursors, wanted = work.cursors, AUDIT.checked(where)
        after = None
        if cursor is not None:
            after = cursors.read(work.clinic_id, wanted, _NEWEST_FIRST, cursor, AUDIT)
        found = work.store.audit.find(wanted, _NEWEST_FIRST, Page(size, after))
        following = None
        if found.after is not None:
            following = cursors.write(work.clinic_id, wanted, _NEWEST_FIRST, found.after)
        return AuditPage(entries=found.items, cursor=following)

    @verb(Permission.AUDIT_SEAL)
    def seal(self, work: Work) -> Sealed:
        """Give waiting entries their places in the chain, at most 1,000 at a time.

        Only PostgreSQL has any: elsewhere entries are sealed as they are written. Several may
        seal at once. An entry that was not written by this installation waits on, and the check
        names it.
        """
        return sealing.seal(work)

    @verb(Permission.AUDIT_SEAL)
    def checkpoint(
        self, work: Work, *, when_due: bool = False, after_restore: bool = False
    ) -> Checkpoint | None:
        """Sign where the chain stands and hand that to the sink outside of the database.

        None when there is no sink, or nothing that the last checkpoint does not cover. Host
        applications whose own transaction a unit of work joins ask for it outside of that one.

        With `when_due` it is only made when the last one is an hour old or 1,000 entries back. With
        `after_restore` the database was put back to an older state, and that is known: what
        checkpoints say of entries that are lost by that holds no longer, and messages and events
        that were due by now are parked, since they may have gone before.

        Raises:
            TrailBroken: the chain is not the one that the last checkpoint knows.
            BackendError: the sink fails.
        """
        witness = self._office.witness
        if witness is None:
            return None
        if after_restore:
            restoring.park(work)
        return sealing.state(work, witness, when_due=when_due, after_restore=after_restore)

    @verb(Permission.AUDIT_READ)
    def checkpoints(self, work: Work) -> Stated:
        """List the checkpoints of the clinic as the sink holds them, and where the chain stands."""
        witness = self._office.witness
        known = () if witness is None else witness.sink.of(work.clinic_id)
        return Stated(checkpoints=tuple(known), head=work.store.audit.head())

    @verb(Permission.AUDIT_READ)
    def public_key(self, work: Work) -> str | None:  # noqa: ARG002 - as every verb
        """Give the public key that verifies checkpoints, in PEM; None when there is no sink."""
        witness = self._office.witness
        return None if witness is None else public_pem(witness.signer)

    @verb(Permission.AUDIT_READ)
    def examine(
        self, work: Work, after: ChainHead = START, *, watched: Collection[int] = ()
    ) -> Examined:
        """Examine up to 5,000 entries that follow a place in the chain: a part of `verify`.

        `after` is the `head` of the stretch before; `watched` are the positions whose links are
        asked for.
        """
        if not isinstance(after, ChainHead):
            raise InvalidInput.at("after", "wrong_type", "give the head of a stretch")
        return checking.stretch(work.store, after, frozenset(watched))

    @verb(Permission.AUDIT_READ)
    def examine_aside(self, work: Work) -> Examined:
        """Examine the entries that are not in the chain: a part of `verify`."""
        return checking.aside(work.store)

    @composed
    def verify(self, *, public_keys: Sequence[bytes] = ()) -> Verdict:
        """Check the whole trail: its chain, personal digests, and checkpoints.

        It reads in stretches, so that others work on meanwhile.

        Args:
            public_keys: keys of 32 bytes that signed checkpoints once and are no longer live.
        """
        stated = self.checkpoints()
        watched = frozenset(one.position for one in stated.checkpoints)
        walk = self.examine(watched=watched)
        while not walk.is_last:
            walk += self.examine(walk.head, watched=watched)
        aside = self.examine_aside()
        walk = evolve(walk + evolve(aside, head=walk.head), is_last=True)
        witness = self._office.witness
        signer = None if witness is None else witness.signer
        return verdicts.verdict(walk, stated, signer, public_keys)
