"""`desk.privacy`: who did what, whether that can be believed, and who was told."""

from collections.abc import Collection, Sequence
from datetime import datetime

from attrs import evolve, frozen

from orthocrm.core.actor import Permission
from orthocrm.core.audit import AuditEntry, ChainHead, Checkpoint
from orthocrm.core.errors import ConfigurationError, InvalidInput
from orthocrm.core.facts import AUDIT
from orthocrm.core.ids import LeadId
from orthocrm.core.query import EVERYTHING, Cond, Page, Sort, Where, both
from orthocrm.privacy import reports, verdicts
from orthocrm.privacy.chain import START
from orthocrm.privacy.reports import Access, Disclosure, GlassBroken
from orthocrm.privacy.signing import public_pem
from orthocrm.privacy.verdicts import Examined, Verdict
from orthocrm.services.gate import composed, verb
from orthocrm.services.privacy import accounting, checking, sealing
from orthocrm.services.privacy.accounting import NewDisclosure
from orthocrm.services.privacy.deidentifying import DeIdentifying
from orthocrm.services.privacy.sealing import Sealed
from orthocrm.services.privacy.witness import Witness
from orthocrm.services.work import Work

_NEWEST_FIRST = (Sort("at", descending=True),)


@frozen(kw_only=True)
class AuditPage:
    """One page of the audit trail; `cursor` opens the next one, None at the end."""

    entries: tuple[AuditEntry, ...]
    cursor: str | None = None


@frozen(kw_only=True)
class DisclosurePage:
    """Some disclosures, oldest first; `cursor` opens the next ones, None at the end."""

    rows: tuple[Disclosure, ...]
    cursor: str | None = None


@frozen(kw_only=True)
class AccessPage:
    """Some operations about one person, oldest first; `cursor` opens the next ones."""

    rows: tuple[Access, ...]
    cursor: str | None = None


@frozen(kw_only=True)
class GlassPage:
    """Some operations behind broken glass, oldest first; `cursor` opens the next ones."""

    rows: tuple[GlassBroken, ...]
    cursor: str | None = None


class Privacy(DeIdentifying, area="privacy"):
    """The audit trail: reading it, sealing it, checking it, and reports out of it."""

    @verb(Permission.AUDIT_READ)
    def trail(
        self, work: Work, where: Where = EVERYTHING, *, size: int = 50, cursor: str | None = None
    ) -> AuditPage:
        """Read the audit trail, newest first; the reading itself is on it afterwards."""
        cursors, wanted = self._office.cursors, AUDIT.checked(where)
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

        Args:
            when_due: only when the last one is an hour old or 1,000 entries back.
            after_restore: the database was put back to an older state, and that is known: what
                checkpoints say of entries that are lost by that holds no longer.

        Raises:
            TrailBroken: the chain is not the one that the last checkpoint knows.
            BackendError: the sink fails.
        """
        witness = self._office.witness
        if witness is None:
            return None
        return sealing.state(work, witness, when_due=when_due, after_restore=after_restore)

    @verb(Permission.AUDIT_READ)
    def checkpoints(self, work: Work) -> tuple[Checkpoint, ...]:
        """List the checkpoints of the clinic as the sink holds them, oldest first."""
        witness = self._office.witness
        return () if witness is None else tuple(witness.sink.of(work.clinic_id))

    @verb(Permission.AUDIT_READ)
    def public_key(self, work: Work) -> str:  # noqa: ARG002 - as every verb
        """Give the public key that verifies checkpoints, in PEM, for whoever keeps them.

        Raises:
            ConfigurationError: there is no sink, so nothing is signed.
        """
        return public_pem(self._witness().signer)

    def _witness(self) -> Witness:
        if self._office.witness is None:
            raise ConfigurationError("give a sink for the checkpoints of the audit trail")
        return self._office.witness

    @verb(Permission.AUDIT_READ)
    def examine(
        self, work: Work, after: ChainHead = START, *, watched: Collection[int] = ()
    ) -> Examined:
        """Examine up to 5,000 entries that follow a place in the chain: a part of `verify`.

        Args:
            after: `head` of the stretch before.
            watched: the positions whose links are asked for.
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
        known = self.checkpoints()
        watched = frozenset(one.position for one in known)
        walk = self.examine(watched=watched)
        while not walk.is_last:
            walk += self.examine(walk.head, watched=watched)
        aside = self.examine_aside()
        walk = evolve(walk + evolve(aside, head=walk.head), is_last=True)
        witness = self._office.witness
        return verdicts.verdict(walk, known, witness and witness.signer, public_keys)

    @verb(Permission.PRIVACY_EXPORT)
    def disclose(
        self, work: Work, lead_ids: Sequence[LeadId], disclosure: NewDisclosure
    ) -> None:
        """Note that somebody outside was told of persons, by letter, telephone or otherwise.

        It stands in the encrypted half of the audit entry, and in their accountings.
        """
        accounting.disclose(work, lead_ids, disclosure)

    @verb(Permission.AUDIT_READ)
    def disclosure_page(
        self,
        work: Work,
        lead_id: LeadId | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
    ) -> DisclosurePage:
        """Read some disclosures, of one person or of all: a part of `disclosures`.

        With a cursor, `since` and `until` have to be given as before.
        """
        period = accounting.between(work.now, since, until)
        where = both(period, Cond("operation", "in", reports.DISCLOSING))
        read = accounting.stretch(work, self._office.cursors, where, cursor)
        told = accounting.told(work.store, read.entries)
        rows = [
            row
            for entry in read.entries
            for row in reports.disclosures(entry, told.get(entry.id, ()), lead_id)
        ]
        work.seek([row.lead_id for row in rows])
        return DisclosurePage(rows=tuple(rows), cursor=read.cursor)

    @composed
    def disclosures(
        self,
        lead_id: LeadId | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Disclosure, ...]:
        """Account for disclosures of one person, or of all, oldest first (45 CFR 164.528).

        `[since, until)` begins six years ago unless said. `orthocrm.privacy.reports.as_csv`
        writes them for a spreadsheet.
        """
        since = since or reports.years_before(self._office.clock())
        page = self.disclosure_page(lead_id, since=since, until=until)
        rows = list(page.rows)
        while page.cursor is not None:
            page = self.disclosure_page(lead_id, since=since, until=until, cursor=page.cursor)
            rows += page.rows
        return tuple(rows)

    @verb(Permission.AUDIT_READ)
    def access_page(
        self,
        work: Work,
        lead_id: LeadId,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
    ) -> AccessPage:
        """Read some of the operations about one person: a part of `access_report`.

        With a cursor, `since` and `until` have to be given as before.
        """
        work.seek([lead_id])
        where = accounting.between(work.now, since, until)
        read = accounting.stretch(work, self._office.cursors, where, cursor)
        found = (entry for entry in read.entries if accounting.names(entry, lead_id))
        return AccessPage(rows=tuple(map(reports.access, found)), cursor=read.cursor)

    @composed
    def access_report(
        self, lead_id: LeadId, *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Access, ...]:
        """Tell who looked at a person's data, changed them, or was refused, oldest first.

        `[since, until)` begins six years ago unless said. The person may have been erased since.
        """
        since = since or reports.years_before(self._office.clock())
        page = self.access_page(lead_id, since=since, until=until)
        rows = list(page.rows)
        while page.cursor is not None:
            page = self.access_page(lead_id, since=since, until=until, cursor=page.cursor)
            rows += page.rows
        return tuple(rows)

    @verb(Permission.AUDIT_READ)
    def glass_page(
        self,
        work: Work,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
    ) -> GlassPage:
        """Read some of what was done behind broken glass: a part of `glass_broken`.

        With a cursor, `since` and `until` have to be given as before.
        """
        where = accounting.between(work.now, since, until)
        read = accounting.stretch(work, self._office.cursors, where, cursor)
        found = (entry for entry in read.entries if reports.is_glass(entry))
        return GlassPage(rows=tuple(map(reports.glass, found)), cursor=read.cursor)

    @composed
    def glass_broken(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[GlassBroken, ...]:
        """Tell who broke the glass, when, why and what they did behind it, oldest first.

        `[since, until)` begins six years ago unless said.
        """
        since = since or reports.years_before(self._office.clock())
        page = self.glass_page(since=since, until=until)
        rows = list(page.rows)
        while page.cursor is not None:
            page = self.glass_page(since=since, until=until, cursor=page.cursor)
            rows += page.rows
        return tuple(rows)
